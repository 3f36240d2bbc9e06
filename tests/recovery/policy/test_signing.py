"""A program's own numbers: who may set them, what is refused, and that the past keeps what it was decided by."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from backend.access import NOBODY
from backend.errors import Conflict, NotAllowed, NotFound
from backend.models import AuditEvent, PolicyOverride
from backend.rules.roles import Role
from backend.selectors.people import actor_of
from backend.selectors.policies import signed_values
from backend.services.people import create_patient_account, create_team
from backend.services.policies import append_overrides
from recovery.models import Flag
from recovery.rules.flags import FLAG_RULES
from recovery.rules.policy import DEFAULT_VERSION, PolicyError, default_policy, defaults_of, numbers
from recovery.rules.standing import standing
from recovery.rules.states import FlagKind, Severity
from recovery.selectors.policy import history_of, numbers_of, policy_for, policy_page, rules_for, unsigned_of
from recovery.selectors.worklist import worklist_rows
from recovery.services.cravings import log_craving
from recovery.services.flags import raise_flag
from recovery.services.policy import (
    ReasonNeeded,
    WrongNumber,
    override_concern,
    override_number,
    override_numbers,
    sign_numbers,
)

EVERY_KEY = [
    *(number.key for number in numbers(default_policy())),
    *(f"flag:{kind.value}" for kind in FLAG_RULES),
    *standing(),
]


@pytest.fixture
def change(director, program, now):
    """Sets a number as the medical director."""

    def changed(key, value, **more):
        values = {"actor": director, "program_id": program, "reason": "our patients", "now": now} | more
        return override_number(key=key, value=value, **values)

    return changed


def test_a_director_sets_a_number_and_the_next_version_names_it(change, program, director, now):
    assert policy_for(program).version == DEFAULT_VERSION
    assert change("craving_high_at", 9) == f"{DEFAULT_VERSION}/p{program}.1"
    assert change("craving_high_at", 7, reason="  too late  ") == f"{DEFAULT_VERSION}/p{program}.2"
    assert policy_for(program).craving_high_at == 7
    assert [
        (row.key, row.value, row.version, row.reason, row.signed_by) for row in signed_values(program_id=program)
    ] == [
        ("craving_high_at", 9, 1, "our patients", director.user_id),
        ("craving_high_at", 7, 2, "too late", director.user_id),
    ]
    told = AuditEvent.objects.filter(action="policy.overridden", program_id=program)
    assert [(row.actor_id, row.role, row.fields) for row in told] == [
        (director.user_id, "medical_director", ["craving_high_at"])
    ] * 2


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param([Role.COORDINATOR], id="coordinator"),
        pytest.param([Role.NURSE], id="nurse"),
        pytest.param([Role.CLINICIAN], id="clinician"),
        pytest.param([Role.OPERATOR], id="operator"),
    ],
)
def test_nobody_else_may(program, make_staff, now, roles):
    actor = make_staff(program, *roles)
    more = {"actor": actor, "program_id": program, "now": now}
    with pytest.raises(NotAllowed):
        override_number(key="craving_high_at", value=9, reason="x", **more)
    with pytest.raises(NotAllowed):
        sign_numbers(keys=["craving_high_at"], **more)
    with pytest.raises(NotAllowed):
        override_concern(kind=FlagKind.SILENCE, columns={"response": "weekly"}, reason="x", **more)
    assert not PolicyOverride.objects.exists()


def test_nor_a_director_of_another_program_nor_nobody(program, make_program, make_staff, now):
    elsewhere = make_staff(make_program(), Role.MEDICAL_DIRECTOR)
    for actor in (elsewhere, NOBODY):
        with pytest.raises(NotAllowed):
            sign_numbers(actor=actor, program_id=program, keys=["craving_high_at"], now=now)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({"no_such_number": 1}, "no_such_number", id="unknown"),
        pytest.param({"craving_high_at": 11}, "craving_high_at", id="off-the-scale"),
        pytest.param({"craving_high_at": "9"}, "craving_high_at", id="text"),
        pytest.param({"craving_high_at": True}, "craving_high_at", id="truth"),
        pytest.param({"craving_high_at": 9, "overdue_4_from_dsl": 29}, "overdue_4_from_dsl", id="one-of-two-is-wrong"),
        pytest.param({"flag:silence": {}}, "flag:silence", id="a-row-of-the-other-table"),
        pytest.param({"version": "mine"}, "version", id="the-version"),
    ],
)
def test_a_wrong_number_is_refused_by_name_and_nothing_is_half_stored(director, program, now, values, field):
    with pytest.raises(WrongNumber) as refused:
        override_numbers(actor=director, program_id=program, values=values, reason="x", now=now)
    assert refused.value.field == field
    assert not PolicyOverride.objects.exists()


def test_thresholds_that_ascend_only_together_are_set_together(director, program, now):
    values = {"lapsed_from_dsl": 60, "discontinued_from_dsl": 90, "overdue_8_from_dsl": 45}
    override_numbers(actor=director, program_id=program, values=values, reason="x", now=now)
    policy = policy_for(program)
    assert (policy.overdue_8_from_dsl, policy.lapsed_from_dsl, policy.discontinued_from_dsl) == (45, 60, 90)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines", "a\x00b"])
def test_a_reason_is_one_line(change, reason):
    with pytest.raises(ReasonNeeded):
        change("craving_high_at", 9, reason=reason)


def test_who_looked_at_older_numbers_is_told_so(change, program):
    seen = policy_for(program).version
    change("craving_high_at", 9, seen=seen)
    with pytest.raises(Conflict):
        change("craving_high_at", 7, seen=seen)
    assert policy_for(program).craving_high_at == 9


def test_everything_can_be_signed_and_then_nothing_is_unsigned(director, program, now):
    assert unsigned_of([program]) == {program: EVERY_KEY}
    sign_numbers(actor=director, program_id=program, keys=EVERY_KEY, now=now)
    assert unsigned_of([program]) == {program: []}
    before, after = default_policy(), policy_for(program)
    assert {n.key: n.value for n in numbers(before)} == {n.key: n.value for n in numbers(after)}


def test_a_regimen_that_changed_since_it_was_signed_is_unsigned_again(director, program, now):
    def left():
        return [key for key in unsigned_of([program])[program] if key in standing()]

    sign_numbers(actor=director, program_id=program, keys=list(standing()), now=now)
    assert left() == []
    # A release with another number in it: what was signed is no longer what stands.
    append_overrides(
        program_id=program,
        values={"regimen:oral_mwf": {**standing()["regimen:oral_mwf"].value, "weekday_doses": []}},
        reason="as an older release had it",
        signed_by=director.user_id,
        now=now,
    )
    assert left() == ["regimen:oral_mwf"]
    sign_numbers(actor=director, program_id=program, keys=left(), now=now)
    assert left() == []


def test_an_override_is_signed_by_who_made_it(change, program):
    change("craving_high_at", 9)
    assert "craving_high_at" not in unsigned_of([program])[program]


@pytest.mark.parametrize(
    ("keys", "field"), [([], "keys"), (["nothing"], "nothing"), (["flag:nothing"], "flag:nothing")]
)
def test_what_is_not_there_cannot_be_signed(director, program, now, keys, field):
    with pytest.raises(WrongNumber) as refused:
        sign_numbers(actor=director, program_id=program, keys=keys, now=now)
    assert refused.value.field == field


def test_one_programs_numbers_are_nothing_to_another(change, program, make_program, open_scope):
    other = make_program()
    change("craving_high_at", 9)
    with open_scope(other):
        assert policy_for(other) is default_policy()
        with pytest.raises(NotFound):
            numbers_of(f"{DEFAULT_VERSION}/p{program}.1")


def test_a_stored_decision_leads_back_to_its_numbers(change, patient, program, director, now):
    def high(at):
        felt = now + timedelta(days=at)
        values = {"patient": patient, "client_id": uuid.uuid4(), "felt_at": felt, "now": felt}
        log_craving(actor=NOBODY, intensity=9, **values)
        return Flag.objects.get(kind=FlagKind.CRAVING_HIGH.value).policy_version

    before = policy_for(program).version
    change("craving_high_at", 9)
    sign_numbers(actor=director, program_id=program, keys=["due_at_dsl", "flag:craving_high"], now=now)
    decided_by = high(0)
    change("craving_high_at", 10)
    change("due_soon_from_dsl", 20)

    assert numbers_of(before) == defaults_of(DEFAULT_VERSION)
    then, today = numbers_of(decided_by), numbers_of(policy_for(program).version)
    assert (then["craving_high_at"], then["due_soon_from_dsl"]) == (9, 21)
    assert (today["craving_high_at"], today["due_soon_from_dsl"]) == (10, 20)
    assert then["flag:craving_high"]["response"] == "one_business_day"
    assert set(then) - {"flag:craving_high"} == set(defaults_of(DEFAULT_VERSION))


@pytest.mark.parametrize("version", ["", "test", "default-0", "default-3/p1", "default-3/px.1", "default-3 ", "٢"])
def test_a_version_that_never_was_is_refused(program, version):
    with pytest.raises(PolicyError):
        numbers_of(version)


def test_a_version_still_to_come_is_not_there(change, program):
    change("craving_high_at", 9)
    with pytest.raises(NotFound):
        numbers_of(f"{DEFAULT_VERSION}/p{program}.2")


def test_a_signed_number_is_never_rewritten(change, program):
    change("craving_high_at", 9)
    for statement in ("UPDATE backend_policyoverride SET value = '1'", "DELETE FROM backend_policyoverride"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_number_that_is_no_more_is_passed_over(program, director, now):
    PolicyOverride.objects.create(
        program_id=program,
        key="long_gone",
        value=3,
        version=1,
        reason="x",
        signed_by_id=director.user_id,
        signed_at=now,
    )
    assert policy_for(program).craving_high_at == 8
    assert policy_for(program).version == f"{DEFAULT_VERSION}/p{program}.1"


def test_a_patient_is_judged_by_the_numbers_of_the_program(change, patient, program, open_scope, now):
    change("craving_high_at", 6)
    user = create_patient_account(program_id=program, patient_id=patient.pk, now=now)
    with open_scope(program, patient=patient.pk):
        log_craving(
            actor=actor_of(user_id=user.pk), patient=patient, client_id=uuid.uuid4(), intensity=6, felt_at=now, now=now
        )
    assert Flag.objects.get().policy_version == f"{DEFAULT_VERSION}/p{program}.1"


def test_a_program_answers_sooner_or_later(director, program, patient, now):
    def answer_by():
        flag = raise_flag(
            program_id=program,
            patient_id=patient.pk,
            treatment_id=None,
            kind=FlagKind.CRAVING_HIGH,
            severity=Severity.AMBER,
            evidence={},
            policy_version=policy_for(program).version,
            now=now,
        )
        found = flag.respond_by
        Flag.objects.filter(pk=flag.pk).update(status="closed", closed_at=now, outcome="reached")
        return found

    assert answer_by() == datetime(2026, 3, 4, 22, tzinfo=UTC)  # closing time of the next working day
    override_concern(
        actor=director,
        program_id=program,
        kind=FlagKind.CRAVING_HIGH,
        columns={"response": "hours_2"},
        reason="small panel",
        now=now,
    )
    assert answer_by() == now + timedelta(hours=2)
    assert rules_for([program])[program].flags[FlagKind.CRAVING_HIGH].signed_by == f"user {director.user_id}"


def test_a_programs_own_severity_and_owner_count_from_now_on_and_the_flag_names_the_version(
    director, make_staff, program, patient, now
):
    def raised(kind, severity=Severity.AMBER):
        flag = raise_flag(
            program_id=program,
            patient_id=patient.pk,
            treatment_id=None,
            kind=kind,
            severity=severity,
            evidence={"on": "2026-03-03"},
            policy_version=policy_for(program).version,
            now=now,
        )
        return flag.severity, flag.policy_version

    assert raised(FlagKind.VOMITED_DOSE)[0] == "amber"
    more = {"actor": director, "program_id": program, "reason": "small panel", "now": now}
    for kind in (FlagKind.VOMITED_DOSE, FlagKind.TABLETS_WITHIN_REACH):
        override_concern(kind=kind, columns={"severity": "amber_plus", "owner": "coordinator"}, **more)
    version = policy_for(program).version
    assert raised(FlagKind.TABLETS_WITHIN_REACH) == ("amber_plus", version)
    assert numbers_of(version)["flag:tablets_within_reach"]["owner"] == "coordinator"
    # What was there keeps its severity until it is found again; then it rises.
    assert Flag.objects.get(kind=FlagKind.VOMITED_DOSE.value).severity == "amber"
    assert raised(FlagKind.VOMITED_DOSE) == ("amber_plus", version)

    viewers = {role: make_staff(program, role) for role in (Role.NURSE, Role.COORDINATOR)}
    for role, viewer in viewers.items():
        rows = worklist_rows(program_ids=[program], now=now, viewer=viewer)
        assert {row.owner_role.value for row in rows} == {"coordinator"}
        assert {row.is_for_my_role for row in rows} == {role is Role.COORDINATOR}


def test_a_programs_own_severity_where_alcohol_alone_is_treated(director, program, make_patient, now):
    alcohol = make_patient(program, indication="alcohol", opioid_history="none")
    override_concern(
        actor=director,
        program_id=program,
        kind=FlagKind.CONTACT_LOST,
        columns={"severity": "red", "alcohol_only": "info"},
        reason="x",
        now=now,
    )
    for person in (alcohol, make_patient(program)):
        raise_flag(
            program_id=program,
            patient_id=person.pk,
            treatment_id=None,
            kind=FlagKind.CONTACT_LOST,
            severity=Severity.AMBER,
            evidence={},
            policy_version="x",
            now=now,
        )
    found = dict(Flag.objects.values_list("patient_id", "severity"))
    assert found.pop(alcohol.pk) == "info"
    assert list(found.values()) == ["red"]


@pytest.mark.parametrize(
    ("kind", "columns", "field"),
    [
        pytest.param(FlagKind.SUICIDE_RISK, {"response": "same_day"}, "response", id="later"),
        pytest.param(FlagKind.FAILED_CHALLENGE, {"severity": "amber"}, "severity", id="milder"),
        pytest.param(FlagKind.POSITIVE_SCREEN, {"owner": "coordinator"}, "owner", id="owner"),
    ],
)
def test_what_safety_fixes_is_refused_by_its_column_and_nothing_is_stored(director, program, now, kind, columns, field):
    with pytest.raises(WrongNumber) as refused:
        override_concern(actor=director, program_id=program, kind=kind, columns=columns, reason="x", now=now)
    assert refused.value.field == field
    assert not PolicyOverride.objects.exists()


def test_the_page_names_who_signed(change, director, program, make_staff, now):
    change("craving_high_at", 9)
    create_team(program_id=program, name="Day", members={director.user_id: ("Dr. Sam Okafor", "")}, now=now)
    second = make_staff(program, Role.MEDICAL_DIRECTOR)
    sign_numbers(actor=second, program_id=program, keys=["due_at_dsl", "flag:silence"], now=now)

    page = policy_page(program_id=program)
    rows = {row.number.key: row for _, section in page.sections for row in section}
    assert set(rows) | {row.key for row in page.concerns} | {each.row.key for each in page.standing} == set(EVERY_KEY)
    high, due = rows["craving_high_at"], rows["due_at_dsl"]
    assert (high.number.value, high.default, high.is_own, high.signer) == (9, 8, True, "Dr. Sam Okafor")
    assert (due.is_own, due.signed.version) == (False, 1)
    assert due.signer.endswith("@example.org")
    assert [row.key for row in page.concerns if row.signed] == ["flag:silence"]
    assert len(page.unsigned) == len(EVERY_KEY) - 3
    assert sorted(page.unsigned) == sorted(unsigned_of([program])[program])
    change("craving_high_at", 8)
    assert [(row.value, name) for row, name in history_of(program_id=program, key="craving_high_at")] == [
        (8, "Dr. Sam Okafor"),
        (9, "Dr. Sam Okafor"),
    ]
