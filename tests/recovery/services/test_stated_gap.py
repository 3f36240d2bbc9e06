"""The stated gap, through the door of reports (S 6, W2-W5, S 9)."""

import uuid
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from recovery.models import Dose, DoseReport, Hold, Task
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.doses import DoseStatement, report_doses
from recovery.services.regimens import extend_doses, start_regimen

MAY_31 = datetime(2026, 5, 31, 16, tzinfo=UTC)


def at(day, hour, minute=0, month=6):
    """A time in New York's summer as an instant."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo("America/New_York"))


@pytest.fixture
def person(program, make_patient):
    return make_patient(program, at=MAY_31, treatment_from=date(2026, 6, 1))


@pytest.fixture
def course(staff, program, person):
    def start(kind, *, starts_on=date(2026, 6, 1), until=14, who=person, **changes):
        start_regimen(actor=staff, treatment=open_treatment(who), kind=kind, starts_on=starts_on, now=MAY_31, **changes)
        extend_doses(program_ids=[program], now=at(until, 12), ahead_hours=24)

    return start


@pytest.fixture
def say(staff, person):
    """Reports, all in one batch: ``(statement, dosing day or time taken)`` each."""

    def said(when, *words, who=person, source="app"):
        statements = [
            DoseStatement(
                client_id=uuid.uuid4(),
                patient_id=who.pk,
                statement=statement,
                source=source,
                dosing_day=date(2026, 6, about) if isinstance(about, int) else None,
                taken_at=None if isinstance(about, int) else about,
            )
            for statement, about in words
        ]
        return report_doses(actor=staff, statements=statements, now=when)

    return said


def kinds(person):
    return [flag.kind for flag in live_flags(person.pk)]


def test_w2_every_third_day_one_missed_opens_the_gate(course, say, person):
    course("oral_q3d")
    say(at(1, 8, 10), ("taken", at(1, 8, 10)))
    assert Hold.objects.count() == 0
    say(at(5, 9), ("missed", 4))
    [hold] = Hold.objects.all()
    assert (hold.cause, hold.from_next_window, hold.stops) == ("stated_gap", True, "antagonist")
    assert (hold.evidence["days"], hold.evidence["first_day"]) == (3, "2026-06-04")
    assert kinds(person) == ["stated_gap"]
    assert Task.objects.filter(kind="hold_call").count() == 1


def test_w2_on_time_is_no_gap(course, say):
    course("oral_q3d")
    say(at(1, 8, 10), ("taken", at(1, 8, 10)))
    say(at(4, 8), ("taken", at(4, 8)))
    assert Hold.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "missed", "opens"),
    [
        pytest.param("oral_daily", [2, 3], False, id="daily, two days"),
        pytest.param("oral_daily", [2, 3, 4], True, id="daily, Tue Wed Thu"),
        pytest.param("oral_q2d", [3], False, id="every second day, one = 2"),
        pytest.param("oral_q2d", [3, 5], True, id="every second day, two = 4"),
        pytest.param("oral_mwf", [1], False, id="MWF, Mon = 2"),
        pytest.param("oral_mwf", [5], True, id="MWF, Fri = 3"),
        pytest.param("oral_mwf", [1, 3], True, id="MWF, Mon and Wed = 4"),
        pytest.param("oral_wk_sat", [6], False, id="weekdays and Sat, Sat = 2"),
        pytest.param("oral_wk_sat", [5, 6], True, id="weekdays and Sat, Fri and Sat = 3"),
    ],
)
def test_w3_other_regimens(course, say, kind, missed, opens):
    course(kind)
    say(at(9, 12), *(("missed", day) for day in missed))
    assert Hold.objects.exists() is opens


def test_w3_not_reported_adds_nothing_and_breaks_nothing(course, say):
    course("oral_daily")
    say(at(5, 9), ("missed", 2), ("missed", 4))
    assert Hold.objects.count() == 0
    say(at(6, 9), ("missed", 5))
    assert Hold.objects.get().evidence["days"] == 3


def test_w4_a_late_batch_with_a_later_dose_calls_and_holds_nothing(course, say, person):
    course("oral_daily")
    say(at(5, 12), ("missed", 2), ("missed", 3), ("missed", 4), ("taken", at(5, 8)))
    assert Hold.objects.count() == 0
    [flag] = live_flags(person.pk)
    assert (flag.kind, flag.severity) == ("dose_after_gap", "amber_plus")
    assert flag.evidence["days"] == 3
    assert Dose.objects.get(dosing_day=date(2026, 6, 6)).state == "scheduled"


def test_w4_the_order_within_a_batch_decides_nothing(course, say, person):
    course("oral_daily")
    say(at(5, 12), ("taken", at(5, 8)), ("missed", 4), ("missed", 3), ("missed", 2))
    assert Hold.objects.count() == 0
    assert kinds(person) == ["dose_after_gap"]


def test_w4_it_does_not_call_again_with_every_later_report(course, say, person, staff):
    from recovery.services.flags import close_flag

    course("oral_daily")
    say(at(5, 12), ("missed", 2), ("missed", 3), ("missed", 4), ("taken", at(5, 8)))
    [flag] = live_flags(person.pk)
    close_flag(actor=staff, flag_id=flag.pk, outcome="reached", now=at(5, 13))
    say(at(6, 12), ("skipped", 6))
    assert kinds(person) == []


def test_w5a_a_report_on_the_next_day_fills_its_slot_and_holds_nothing(course, say):
    course("oral_q2d", starts_on=date(2026, 6, 2))
    say(at(2, 8), ("taken", at(2, 8)))
    say(at(5, 9), ("taken", at(4, 21)))
    dose = Dose.objects.get(dosing_day=date(2026, 6, 4))
    assert (dose.state, dose.timeliness, dose.backfilled) == ("taken", "late", True)
    assert (Hold.objects.count(), Task.objects.count()) == (0, 0)


def test_w5b_taken_the_day_after_asks_a_nurse_before_the_next_window(course, say):
    course("oral_q2d", starts_on=date(2026, 6, 2))
    say(at(2, 8), ("taken", at(2, 8)))
    say(at(5, 10), ("taken", at(5, 10)))
    dose = Dose.objects.get(dosing_day=date(2026, 6, 4))
    assert (dose.state, dose.taken_at) == ("taken", at(5, 10))
    upcoming = Dose.objects.get(dosing_day=date(2026, 6, 6))
    assert upcoming.state == "scheduled", "the prompt goes on"
    [task] = Task.objects.all()
    assert (task.kind, task.role, task.due_at) == ("doses_close_together", "nurse", upcoming.opens_at)
    assert task.facts["hours"] == 22.0


def test_s6_a_gap_counts_only_where_opioids_do(course, say, program, make_patient):
    sober = make_patient(
        program, at=MAY_31, treatment_from=date(2026, 6, 1), indication="alcohol", opioid_history="none"
    )
    course("oral_daily", who=sober)
    say(at(5, 9), ("missed", 2), ("missed", 3), ("missed", 4), who=sober)
    assert Hold.objects.count() == 0


def test_s1_missed_buprenorphine_opens_no_gate(course, say):
    course("buprenorphine_daily")
    say(at(5, 9), ("missed", 2), ("missed", 3), ("missed", 4))
    assert Hold.objects.count() == 0


def test_s9_a_dose_taken_under_a_hold_is_recorded_marked_and_told(course, say, person):
    course("oral_daily")
    say(at(5, 9), ("missed", 2), ("missed", 3), ("missed", 4))
    say(at(5, 10), ("taken", at(5, 9, 30)))
    assert not DoseReport.objects.get(on_day=date(2026, 6, 5)).with_open_gate, "its window was open already"
    assert "given_with_open_gate" not in kinds(person)
    say(at(6, 9), ("taken", at(6, 8)))
    report = DoseReport.objects.get(on_day=date(2026, 6, 6))
    assert (report.with_open_gate, report.dose.state) == (True, "taken")
    assert "given_with_open_gate" in kinds(person)


def test_s9_what_was_taken_before_the_hold_is_not_under_it(course, say, person, staff):
    from recovery.rules.gates import GateEvent
    from recovery.services.gates import note_event

    course("oral_daily")
    note_event(actor=staff, patient=person, event=GateEvent.OPIOID_TAKEN, evidence={}, now=at(5, 9))
    say(at(5, 10), ("taken", at(5, 8)), ("taken", 4))
    assert not DoseReport.objects.filter(with_open_gate=True).exists()
    say(at(5, 10), ("taken", at(5, 9, 30)), source="staff")
    assert DoseReport.objects.get(with_open_gate=True).source == "staff"
