"""What people say about doses (contract 1, S 9, S W5)."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.errors import IdReused, InFuture, NotFound
from recovery.models import Dose, DoseReport
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.doses import BadReport, DoseStatement, close_doses, report_doses
from recovery.services.regimens import start_regimen


@pytest.fixture
def tablets(program, staff, patient, now):
    """Starts tablets on 3 March 2026, every day at 08:00 unless told otherwise."""

    def start(kind="oral_daily", starts_on=date(2026, 3, 3), person=patient, **changes):
        return start_regimen(
            actor=staff, treatment=open_treatment(person), kind=kind, starts_on=starts_on, now=now, **changes
        )

    return start


@pytest.fixture
def say(staff, patient, now):
    def said(statement="taken", at=now, **changes):
        values = {"client_id": uuid.uuid4(), "patient_id": patient.pk, "source": "app"} | changes
        [result] = report_doses(actor=staff, statements=[DoseStatement(statement=statement, **values)], now=at)
        return result

    return said


def dose(day, ordinal=1):
    return Dose.objects.exclude(state="cancelled").get(dosing_day=day, ordinal=ordinal)


@pytest.mark.parametrize(
    ("statement", "hours_later", "state", "backfilled"),
    [
        pytest.param("taken", 0, "taken", False, id="taken during the day"),
        pytest.param("skipped", 0, "skipped", False, id="a no during the day is skipped"),
        pytest.param("missed", 0, "skipped", False, id="missed said during the day is skipped"),
        pytest.param("missed", 24, "missed", True, id="a no after the day is missed"),
        pytest.param("taken", 24, "taken", True, id="taken, told a day later"),
    ],
)
def test_the_state_follows_what_was_said_and_when(tablets, say, now, statement, hours_later, state, backfilled):
    tablets()
    result = say(statement, at=now + timedelta(hours=hours_later), dosing_day=date(2026, 3, 3))
    assert result.state == state
    row = dose(date(2026, 3, 3))
    assert (row.state, row.backfilled, row.source) == (state, backfilled, "app")
    assert DoseReport.objects.get().statement == statement


@pytest.mark.parametrize(
    ("taken_at", "timeliness"),
    [
        pytest.param(None, "unknown", id="no time stated"),
        pytest.param(datetime(2026, 3, 3, 13, 30, tzinfo=UTC), "on_time", id="08:30"),
        pytest.param(datetime(2026, 3, 3, 16, 1, tzinfo=UTC), "late", id="11:01, the window is over"),
    ],
)
def test_timeliness_comes_from_the_stated_time_alone(tablets, say, now, taken_at, timeliness):
    tablets()
    say(at=now + timedelta(days=2), taken_at=taken_at, dosing_day=date(2026, 3, 3))
    assert dose(date(2026, 3, 3)).timeliness == timeliness


def test_a_repeat_finds_the_first_and_other_content_is_refused(tablets, say):
    tablets()
    pk = uuid.uuid4()
    first = say(client_id=pk, note="with breakfast")
    again = say(client_id=pk, note="with breakfast")
    assert (again.report_id, again.is_new, again.state) == (first.report_id, False, "taken")
    for changes in ({"note": "at noon"}, {"statement": "skipped"}, {"dose_mg": 25, "note": "with breakfast"}):
        with pytest.raises(IdReused):
            say(client_id=pk, **changes)
    assert DoseReport.objects.count() == 1


def test_the_note_is_sealed(tablets, say):
    tablets()
    say(note="with breakfast")
    assert b"breakfast" not in bytes(DoseReport.objects.get().note)


def test_somebody_elses_dose_is_not_there(tablets, say, program, make_patient):
    tablets()
    other = make_patient(program)
    mine = dose(date(2026, 3, 3))
    for changes in ({"patient_id": other.pk, "dose_id": mine.pk}, {"dose_id": mine.pk + 999}, {"patient_id": 10**9}):
        with pytest.raises(NotFound):
            say(**changes)
    assert DoseReport.objects.count() == 0


def test_another_programs_patient_is_not_there(tablets, say, program, make_program, make_patient, open_scope):
    tablets()
    north = make_program()
    with open_scope(north):
        stranger = make_patient(north)
    with pytest.raises(NotFound):
        say(patient_id=stranger.pk)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"taken_at": datetime(2026, 3, 3, 15, 3, tzinfo=UTC)}, InFuture, id="beyond the clock skew"),
        pytest.param({"dosing_day": date(2026, 3, 4)}, InFuture, id="tomorrow"),
        pytest.param({"taken_at": datetime(2026, 3, 3, 9)}, BadReport, id="naive time"),  # noqa: DTZ001
        pytest.param({"statement": "held"}, BadReport, id="unknown statement"),
        pytest.param({"source": "guess"}, BadReport, id="unknown source"),
        pytest.param({"dose_mg": 0}, BadReport, id="0 mg"),
        pytest.param({"dose_mg": -1}, BadReport, id="negative mg"),
        pytest.param(
            {"statement": "skipped", "taken_at": datetime(2026, 3, 3, 14, tzinfo=UTC)},
            BadReport,
            id="skipped at a time",
        ),
        pytest.param({"statement": "skipped", "dosing_day": date(2026, 2, 1)}, NotFound, id="a no about no dose"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(tablets, say, changes, error):
    tablets()
    with pytest.raises(error):
        say(**changes)
    assert DoseReport.objects.count() == 0
    assert dose(date(2026, 3, 3)).state == "scheduled"


def test_a_later_report_supersedes_its_source_and_a_disagreement_is_shown(tablets, say, now):
    tablets()
    first = say("skipped")
    second = say("taken", at=now + timedelta(minutes=5))
    row = dose(date(2026, 3, 3))
    assert (row.state, row.sources_differ) == ("taken", False)
    assert DoseReport.objects.get(pk=second.report_id).supersedes_id == first.report_id

    say("skipped", at=now + timedelta(minutes=10), source="supporter")
    row.refresh_from_db()
    assert (row.state, row.source, row.sources_differ) == ("skipped", "supporter", True)
    assert DoseReport.objects.get(source="supporter").supersedes_id is None

    say("taken", at=now + timedelta(minutes=15), source="supporter")
    row.refresh_from_db()
    assert (row.state, row.sources_differ) == ("taken", False)


def test_a_stated_dose_becomes_untaken_without_a_time_left_behind(tablets, say, now):
    tablets()
    say("taken", taken_at=now)
    say("skipped", at=now + timedelta(minutes=5))
    row = dose(date(2026, 3, 3))
    assert (row.state, row.taken_at, row.timeliness) == ("skipped", None, "unknown")


def test_every_second_day_reported_late(tablets, say, now):
    """S W5: slots 3, 5, 7 March at 08:00."""
    tablets("oral_q2d")
    close_doses(program_ids=[dose(date(2026, 3, 3)).program_id], now=now + timedelta(days=1))
    late = say(at=now + timedelta(days=1), taken_at=datetime(2026, 3, 4, 2, tzinfo=UTC))  # the evening of 3 March
    assert late.dose_id == dose(date(2026, 3, 3)).pk
    row = dose(date(2026, 3, 3))
    assert (row.state, row.timeliness, row.backfilled) == ("taken", "late", True)


def test_a_tablet_on_a_free_day_fills_the_slot_before_it(tablets, say, now):
    """S W5 (b): no slot on 4 March, so it fills 3 March; the time stays the stated one."""
    tablets("oral_q2d")
    at = datetime(2026, 3, 4, 15, tzinfo=UTC)
    result = say(at=now + timedelta(days=1), taken_at=at)
    row = dose(date(2026, 3, 3))
    assert (result.dose_id, row.state, row.taken_at) == (row.pk, "taken", at)
    assert DoseReport.objects.get().on_day == date(2026, 3, 4)


def test_an_extra_tablet_is_recorded_without_a_slot(tablets, say, now):
    tablets("oral_q2d")
    say(taken_at=now)
    extra = say(at=now + timedelta(days=1), taken_at=now + timedelta(days=1))
    assert (extra.dose_id, extra.state, extra.is_new) == (None, "taken", True)
    row = DoseReport.objects.get(pk=extra.report_id)
    assert (row.dose_id, row.on_day) == (None, date(2026, 3, 4))
    repeat = say(at=now + timedelta(days=1), taken_at=now + timedelta(days=1), client_id=row.client_id)
    assert (repeat.report_id, repeat.is_new, repeat.state) == (extra.report_id, False, "taken")


def test_a_batch_fills_the_slots_of_a_day_one_after_the_other(tablets, program, staff, make_patient, now):
    person = make_patient(program, indication="alcohol")
    tablets("acamprosate", person=person)
    statements = [
        DoseStatement(
            client_id=uuid.uuid4(), patient_id=person.pk, statement=word, source="app", dosing_day=date(2026, 3, 3)
        )
        for word in ("taken", "skipped", "taken")
    ]
    results = report_doses(actor=staff, statements=statements, now=now)
    assert [result.state for result in results] == ["taken", "skipped", "taken"]
    assert len({result.dose_id for result in results}) == 3


def test_a_dose_that_the_clinic_cancelled_and_gave_all_the_same_is_a_record(program, staff, patient, now):
    start_regimen(
        actor=staff, treatment=open_treatment(patient), kind="observed_daily", starts_on=date(2026, 3, 3), now=now
    )
    Dose.objects.filter(dosing_day=date(2026, 3, 3)).update(state="cancelled")
    statement = DoseStatement(
        client_id=uuid.uuid4(), patient_id=patient.pk, statement="taken", source="observed", dosing_day=date(2026, 3, 3)
    )
    [result] = report_doses(actor=staff, statements=[statement], now=now)
    assert (result.state, dose(date(2026, 3, 3)).pk) == ("taken", result.dose_id)


def test_all_or_nothing(tablets, patient, staff, now):
    tablets()
    good = DoseStatement(client_id=uuid.uuid4(), patient_id=patient.pk, statement="taken", source="app")
    bad = DoseStatement(client_id=uuid.uuid4(), patient_id=patient.pk, statement="taken", source="app", dose_id=10**9)
    with pytest.raises(NotFound):
        report_doses(actor=staff, statements=[good, bad], now=now)
    assert DoseReport.objects.count() == 0


def test_an_answer_ends_the_silence(tablets, say, program, patient, now):
    tablets()
    for later in range(1, 4):
        close_doses(program_ids=[program], now=now + timedelta(days=later))
    [flag] = live_flags(patient.pk)
    say("missed", at=now + timedelta(days=3), dosing_day=date(2026, 3, 5))
    flag.refresh_from_db()
    assert (flag.status, flag.outcome, flag.evidence["ended_by"]) == ("closed", "reason_ended", "answered")


def test_many_reports_cost_as_many_queries_as_one(tablets, program, staff, make_patient, now):
    people = [make_patient(program) for _ in range(12)]
    for person in people:
        tablets(person=person)

    def queries(chosen):
        statements = [
            DoseStatement(client_id=uuid.uuid4(), patient_id=each.pk, statement="taken", source="app")
            for each in chosen
        ]
        with CaptureQueriesContext(connection) as caught:
            report_doses(actor=staff, statements=statements, now=now)
        return len(caught)

    assert queries(people[:1]) == queries(people[1:])
