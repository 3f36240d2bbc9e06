"""The page that says in plain words what works: what it names, since when, and who may open it."""

from datetime import timedelta

import pytest

from backend.rules.roles import Role
from backend.services import people
from config.pages import AREAS
from config.ticks import all_ticks
from reminders.models import Message
from reminders.services.beats import note_tick
from tests.reminders.conftest import (  # noqa: F401 - fixtures
    agree,
    make_patient,
    make_program,
    make_staff,
    on_tablets,
    open_scope,
    patient,
    plan,
    program,
    staff,
    texted,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_page(client, time_machine, make_staff, program, now):  # noqa: F811
    """The page as a new member of staff sees it; every tick was last run as told, by both runners."""

    def ask(*roles, at=now, late=(), runners=("sweep", "worker")):
        for tick in all_ticks():
            for runner in runners:
                ran = now if tick.name in late else at
                note_tick(tick=tick.name, runner=runner, started_at=ran, finished_at=ran)
        actor = make_staff(program, *roles)
        time_machine.move_to(at, tick=False)
        client.post(people.make_sign_in_link(user_id=actor.user_id, now=at))
        return client.get("/care/health/")

    return ask


def test_while_everything_runs_every_area_works(open_page):
    page = open_page(Role.COORDINATOR)
    assert page.status_code == 200
    text = page.content.decode()
    assert "Everything works" in text
    assert "does not work" not in text
    assert all(area.name in text and area.works in text for area in AREAS)
    assert text.count('href="/care/health/"') == 1


def test_what_stopped_is_named_with_its_last_run_and_what_to_do(open_page, now):
    text = open_page(Role.NURSE, at=now + timedelta(hours=3), late=("escalate",)).content.decode()
    assert "1 thing does not work" in text
    assert "A concern may stay with one person." in text
    assert "escalate has not run" in text
    assert f"{now:%H:%M} UTC" in text
    assert "(3 hours)" in text
    assert "Start worker and beat, or the sweep." in text


def test_several_that_stopped_are_one_line_since_the_first(open_page, now):
    late = ("escalate", "wake_flags")
    text = open_page(Role.NURSE, at=now + timedelta(hours=3), late=late).content.decode()
    assert "2 pieces of work have not run in time: wake_flags, escalate." in text
    assert "(3 hours)" in text


def test_before_anything_ever_ran_nothing_is_called_running(client, time_machine, make_staff, program, now):  # noqa: F811
    time_machine.move_to(now, tick=False)
    client.post(people.make_sign_in_link(user_id=make_staff(program, Role.OPERATOR).user_id, now=now))
    text = client.get("/care/health/").content.decode()
    assert "The worker has stopped." in text
    assert "What works</h2>" not in text
    assert "Since when is not known." in text


def test_texts_without_an_outcome_are_said(open_page, texted, plan, now):  # noqa: F811
    plan()
    Message.objects.update(send_after=now - timedelta(minutes=6))
    text = open_page(Role.OPERATOR).content.decode()
    assert "texts that were due have no outcome" in text
    assert "Since when is not known." in text
    assert "What must not wait: call." in text


def test_a_runner_that_stopped_is_named_though_the_other_goes_on(open_page, now):
    open_page(Role.OPERATOR, runners=("worker",))
    text = open_page(Role.OPERATOR, at=now + timedelta(hours=1), runners=("sweep",)).content.decode()
    assert "The worker has stopped." in text
    assert "The sweep has stopped." not in text


def test_the_counts_are_of_ones_own_programs(open_page, make_program, make_staff, client, texted, plan, now):  # noqa: F811
    plan()
    Message.objects.update(send_after=now - timedelta(minutes=6))
    open_page(Role.COORDINATOR)
    other = make_program()
    actor = make_staff(getattr(other, "pk", other), Role.COORDINATOR)
    client.post(people.make_sign_in_link(user_id=actor.user_id, now=now))
    assert "Everything works" in client.get("/care/health/").content.decode()


def test_a_patient_may_not(client, time_machine, patient, program, now):  # noqa: F811
    user = people.create_patient_account(program_id=program, patient_id=patient.pk, now=now)
    time_machine.move_to(now, tick=False)
    client.post(people.make_sign_in_link(user_id=user.pk, now=now))
    assert client.get("/care/health/").status_code == 403


def test_each_tick_has_one_area():
    """A new tick without a place would fail in silence."""
    for tick in all_ticks():
        assert sum(tick.name in area.parts for area in AREAS) == 1, tick.name
