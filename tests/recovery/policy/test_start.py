"""Production refuses numbers that nobody signed, and says which; elsewhere they run."""

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from backend.models import PolicyOverride
from backend.rules.roles import Role
from backend.services.programs import close_program
from config.start import policy_faults
from recovery.rules.flags import FLAG_RULES
from recovery.rules.policy import default_policy, numbers
from recovery.rules.standing import standing
from recovery.services.policy import sign_numbers

EVERY_KEY = [
    *(number.key for number in numbers(default_policy())),
    *(f"flag:{kind.value}" for kind in FLAG_RULES),
    *standing(),
]


@pytest.fixture
def production(settings):
    settings.PRODUCTION = True


def refusals():
    return [error.msg for error in run_checks(databases=["default"]) if error.id == "holdfast.E021"]


def test_production_refuses_and_lists_every_number_of_every_program(production, program, make_program, director, now):
    from backend.selectors.people import programs_by_id

    other = make_program()
    sign_numbers(actor=director, program_id=program, keys=EVERY_KEY[:-2], now=now)
    slugs = {pk: row.slug for pk, row in programs_by_id([program, other]).items()}
    [text] = refusals()
    assert f"{slugs[program]} (2): {EVERY_KEY[-2]}, {EVERY_KEY[-1]}" in text
    assert f"{slugs[other]} ({len(EVERY_KEY)}): " in text
    assert all(key in text for key in EVERY_KEY)


def test_production_starts_once_each_is_signed(production, program, director, now):
    assert refusals()
    sign_numbers(actor=director, program_id=program, keys=EVERY_KEY, now=now)
    assert refusals() == []


def test_a_closed_program_stops_nobody(production, program, director, now):
    close_program(actor=director, program_id=program, now=now)
    assert refusals() == []


def test_demo_and_staging_run_with_unsigned_numbers(program):
    assert refusals() == []


def test_a_number_that_cannot_be_stops_every_start(program, director, now):
    PolicyOverride.objects.create(
        program_id=program,
        key="craving_high_at",
        value=11,
        version=1,
        reason="before its range became smaller",
        signed_by_id=director.user_id,
        signed_at=now,
    )
    [(text, _)] = policy_faults()
    assert "craving_high_at" in text


def test_the_command_lists_what_is_unsigned(program, make_staff, director, now, capsys):
    from backend.selectors.people import programs_by_id

    slug = programs_by_id([program])[program].slug
    sign_numbers(actor=director, program_id=program, keys=[k for k in EVERY_KEY if k != "due_at_dsl"], now=now)
    with pytest.raises(SystemExit) as ended:
        call_command("policy_unsigned", program=slug)
    assert ended.value.code == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{slug}: 1 unsigned"
    assert said[1].split() == ["due_at_dsl", "28", "days", "since", "last", "dose", "(PI-V,", "C", "3.3)"]

    second = make_staff(program, Role.MEDICAL_DIRECTOR)
    sign_numbers(actor=second, program_id=program, keys=["due_at_dsl"], now=now)
    call_command("policy_unsigned", program=slug)
    assert capsys.readouterr().out == f"{slug}: 0 unsigned\n"


def test_the_command_knows_its_programs(program):
    with pytest.raises(CommandError):
        call_command("policy_unsigned", program="nowhere")
