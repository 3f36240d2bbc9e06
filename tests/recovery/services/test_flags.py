"""The life of a concern (contract 5)."""

from datetime import timedelta

import pytest
from django.db import connection

from backend.access import NOBODY
from backend.errors import Conflict, NotAllowed, NotFound
from recovery.models import Flag, Outreach
from recovery.rules.states import FlagKind, Severity
from recovery.services import flags
from recovery.services.flags import NewOutreach

HOUR = timedelta(hours=1)


@pytest.fixture
def raised(program, patient, now):
    def make(severity=Severity.AMBER, kind=FlagKind.RAN_OUT, evidence=None, at=now):
        return flags.raise_flag(
            program_id=program,
            patient_id=patient.pk,
            treatment_id=None,
            kind=kind,
            severity=severity,
            evidence=evidence or {"on": "2026-03-03"},
            policy_version="test",
            now=at,
        )

    return make


def history(flag):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT severity, status FROM recovery_flagevent WHERE pgh_obj_id = %s ORDER BY pgh_id", [flag.pk]
        )
        return cursor.fetchall()


def test_one_live_flag_that_rises_never_falls_and_keeps_its_history(raised, now):
    first = raised()
    assert first.respond_by > now
    again = raised(Severity.RED, evidence={"on": "2026-03-04"}, at=now + HOUR)
    assert again.pk == first.pk
    assert (again.severity, again.severity_since, again.opened_at) == ("red", now + HOUR, now)
    lower = raised(Severity.INFO, evidence={"on": "2026-03-05"}, at=now + 2 * HOUR)
    assert (lower.severity, lower.evidence["on"]) == ("red", "2026-03-04")
    assert history(first) == [("amber", "open"), ("red", "open")]


def test_the_same_again_writes_nothing(raised, now):
    flag = raised()
    raised(at=now + HOUR)
    assert history(flag) == [("amber", "open")]


def test_a_closed_flag_makes_room_for_a_new_one(raised, staff, now):
    first = raised()
    flags.close_flag(actor=staff, flag_id=first.pk, outcome="reached", now=now)
    second = raised(at=now + HOUR)
    assert second.pk != first.pk


def test_owned_released_snoozed_and_woken(raised, staff, program, now):
    flag = raised()
    assert flags.own_flag(actor=staff, flag_id=flag.pk, now=now).owner_id == staff.user_id
    assert flags.release_flag(actor=staff, flag_id=flag.pk, now=now).status == "open"
    flags.own_flag(actor=staff, flag_id=flag.pk, now=now)
    flags.snooze_flag(actor=staff, flag_id=flag.pk, until=now + HOUR, reason="calls at four", now=now)
    assert flags.wake_flags(program_ids=[program], now=now + HOUR - timedelta(seconds=1)) == 0
    assert flags.wake_flags(program_ids=[program], now=now + HOUR) == 1
    flag.refresh_from_db()
    assert (flag.status, flag.snoozed_until, flag.owner_id) == ("owned", None, staff.user_id)


def test_a_snoozed_flag_that_rises_is_back_at_once(raised, staff, now):
    flag = raised()
    flags.snooze_flag(actor=staff, flag_id=flag.pk, until=now + 48 * HOUR, reason="later", now=now)
    raised(evidence={"on": "2026-03-04"}, at=now + HOUR)
    flag.refresh_from_db()
    assert flag.status == "snoozed"
    raised(Severity.RED, at=now + HOUR)
    flag.refresh_from_db()
    assert (flag.status, flag.snoozed_until) == ("open", None)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"reason": " "}, flags.ReasonNeeded, id="no reason"),
        pytest.param({"until": timedelta(0)}, flags.InThePast, id="until now"),
    ],
)
def test_a_snooze_needs_a_reason_and_a_time_to_come(raised, staff, now, changes, error):
    values = {"reason": "later", "until": HOUR} | changes
    with pytest.raises(error):
        flags.snooze_flag(
            actor=staff, flag_id=raised().pk, until=now + values["until"], reason=values["reason"], now=now
        )


def test_closed_with_an_outcome_a_sealed_note_and_a_contact(raised, staff, now):
    flag = flags.close_flag(
        actor=staff,
        flag_id=raised().pk,
        outcome="plan_made",
        note="Brother brings the tablets",
        outreach=NewOutreach(channel="call", outcome="reached", note="ten minutes"),
        now=now,
    )
    assert (flag.status, flag.outcome, flag.closed_by_id) == ("closed", "plan_made", staff.user_id)
    contact = Outreach.objects.get()
    assert (contact.flag_id, contact.by_id, contact.outcome) == (flag.pk, staff.user_id, "reached")
    assert b"tablets" not in bytes(flag.note)
    with pytest.raises(Conflict):
        flags.close_flag(actor=staff, flag_id=flag.pk, outcome="reached", now=now)


@pytest.mark.parametrize("outcome", ["", "fine", "reason_ended"])
def test_only_known_outcomes_close(raised, staff, now, outcome):
    with pytest.raises(flags.UnknownOutcome):
        flags.close_flag(actor=staff, flag_id=raised().pk, outcome=outcome, now=now)


def test_nobody_closes_nothing(raised, now):
    with pytest.raises(NotAllowed):
        flags.close_flag(actor=NOBODY, flag_id=raised().pk, outcome="reached", now=now)


def test_amber_ends_by_itself_and_red_waits_for_a_person(raised, staff, patient, now):
    amber = raised()
    assert flags.end_reason(patient_id=patient.pk, kind=FlagKind.RAN_OUT, note_key="refilled", now=now)
    amber.refresh_from_db()
    assert (amber.status, amber.closed_by_id, amber.evidence["ended_by"]) == ("closed", None, "refilled")

    red = raised(Severity.RED)
    flags.end_reason(patient_id=patient.pk, kind=FlagKind.RAN_OUT, note_key="refilled", now=now)
    red.refresh_from_db()
    assert (red.status, red.returned_at) == ("returned", now)
    assert raised().pk != red.pk  # it blocks no new one
    assert flags.confirm_returned(actor=staff, flag_id=red.pk, now=now).outcome == "returned"
    with pytest.raises(Conflict):
        flags.confirm_returned(actor=staff, flag_id=red.pk, now=now)
    assert not flags.end_reason(patient_id=patient.pk, kind=FlagKind.COUGH, note_key="x", now=now)


def test_another_programs_flag_is_not_there(raised, make_program, make_staff, open_scope, now):
    flag = raised()
    south = make_program()
    actor = make_staff(south)
    with open_scope(south), pytest.raises(NotFound):
        flags.own_flag(actor=actor, flag_id=flag.pk, now=now)
    assert Flag.objects.get().status == "open"
