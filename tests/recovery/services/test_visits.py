"""Visits booked, moved, not kept, not given; records that were wrong; what was given elsewhere or in part."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from backend.errors import Conflict, NotAllowed, NotFound
from backend.rules.roles import Role
from recovery.models import Appointment, CoverEvent, Flag, Injection, Task, Treatment
from recovery.rules.sentences import sentence
from recovery.rules.states import FlagKind
from recovery.selectors.records import live_flags, next_injection_visit
from recovery.services import visits
from recovery.services.cover import advance_bands
from recovery.services.injections import (
    BadInjection,
    GivenInjection,
    GivenThatDay,
    record_injections,
    verify_injection,
    void_injection,
)

DAY = timedelta(days=1)
FIRST = date(2026, 2, 3)


def at(day, hour=17):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture
def give(staff, patient):
    def given(day=FIRST, *, when=None, by=staff, **changes):
        values = {
            "client_id": uuid.uuid4(),
            "patient_id": patient.pk,
            "given_on": day,
            "medicine": "naltrexone_injection",
            "dose_mg": 380,
        }
        [result] = record_injections(actor=by, injections=[GivenInjection(**(values | changes))], now=when or at(day))
        return result

    return given


@pytest.fixture
def prescriber(program, make_staff):
    return make_staff(program, Role.CLINICIAN)


@pytest.fixture
def visit(patient, give):
    give()
    return next_injection_visit(patient.pk)


def kinds_of_work(**where):
    return set(Task.objects.filter(status="open", **where).values_list("kind", flat=True))


def test_the_planned_visit_gets_its_time_and_keeps_its_row(staff, patient, visit):
    booked = visits.book_visit(
        actor=staff,
        patient=patient,
        kind="injection",
        due_on=date(2026, 3, 3),
        starts_at=datetime(2026, 3, 3, 15, tzinfo=UTC),
        now=at(FIRST + DAY),
    )
    assert (booked.visit.pk, booked.visit.status, booked.warnings) == (visit.pk, "booked", [])
    moved = visits.move_visit(
        actor=staff, visit_id=visit.pk, patient=patient, due_on=date(2026, 3, 5), now=at(FIRST + 2 * DAY)
    )
    assert (moved.visit.due_on, moved.visit.starts_at, moved.warnings) == (date(2026, 3, 5), None, ["late"])
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    ("due_on", "warnings"),
    [
        pytest.param(date(2026, 2, 20), ["early"], id="before day 21"),
        pytest.param(date(2026, 2, 24), [], id="day 21"),
        pytest.param(date(2026, 3, 3), [], id="day 28"),
        pytest.param(date(2026, 3, 4), ["late"], id="after the same date next month"),
        pytest.param(date(2026, 2, 28), ["closed_day"], id="a Saturday"),
    ],
)
def test_a_day_that_does_not_fit_is_told_and_booked(
    make_program, make_staff, make_patient, open_scope, due_on, warnings
):
    hours = {day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    program = make_program(clinic_hours=hours)
    with open_scope(program):
        person, staff = make_patient(program), make_staff(program)
        given = GivenInjection(
            client_id=uuid.uuid4(),
            patient_id=person.pk,
            given_on=FIRST,
            medicine="naltrexone_injection",
            dose_mg=380,
        )
        record_injections(actor=staff, injections=[given], now=at(FIRST))
        found = visits.book_visit(actor=staff, patient=person, kind="injection", due_on=due_on, now=at(FIRST))
        assert found.warnings == warnings


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"kind": "tea"}, "kind", id="no such kind"),
        pytest.param({"due_on": date(2026, 2, 2)}, "due_on", id="a day that has passed"),
        pytest.param({"due_on": date(2028, 2, 2)}, "due_on", id="years ahead"),
        pytest.param({"starts_at": datetime(2026, 3, 4, 15, tzinfo=UTC)}, "starts_at", id="a time on another day"),
        pytest.param({"starts_at": datetime(2026, 3, 3, 15)}, "starts_at", id="a time without a zone"),  # noqa: DTZ001
    ],
)
def test_a_visit_that_cannot_be_is_refused(staff, patient, changes, field):
    values = {"kind": "clinic", "due_on": date(2026, 3, 3)} | changes
    with pytest.raises(visits.BadVisit) as refusal:
        visits.book_visit(actor=staff, patient=patient, now=at(FIRST), **values)
    assert refusal.value.field == field
    assert Appointment.objects.count() == 0


def test_the_patient_confirms_or_asks_for_another_time(staff, patient, visit):
    say = {"actor": staff, "visit_id": visit.pk, "patient": patient, "now": at(FIRST + DAY)}
    assert visits.confirm_visit(**say).confirmed_at == at(FIRST + DAY)
    asked = visits.ask_for_another_time(**say)
    assert (asked.confirmed_at, asked.another_time_at) == (None, at(FIRST + DAY))
    visits.ask_for_another_time(**say)
    assert [(task.kind, task.role) for task in Task.objects.all()] == [("another_time", "coordinator")]
    visits.move_visit(actor=staff, visit_id=visit.pk, patient=patient, due_on=date(2026, 3, 2), now=at(FIRST + DAY))
    assert kinds_of_work() == set()
    assert Task.objects.get().outcome == "recorded"


def test_n5_not_given_blames_nobody_and_asks_for_the_next_visit(program, staff, patient, visit):
    day = date(2026, 3, 3)
    visits.injection_not_given(actor=staff, visit_id=visit.pk, patient=patient, reason="not_delivered", now=at(day))
    visit.refresh_from_db()
    assert (visit.status, visit.reason) == ("not_given", "not_delivered")
    assert kinds_of_work() == {"find_visit"}
    advance_bands(program_ids=[program], now=at(day + 2 * DAY))
    [flag] = live_flags(patient.pk)
    assert "the medicine had not arrived" in sentence(FlagKind.INJECTION_LATE, flag.evidence)
    assert "missed" not in sentence(FlagKind.INJECTION_LATE, flag.evidence)
    visits.book_visit(actor=staff, patient=patient, kind="injection", due_on=day + 3 * DAY, now=at(day + 2 * DAY))
    assert kinds_of_work() == set()


def test_a_visit_that_was_not_kept_says_why(staff, patient, visit):
    with pytest.raises(visits.BadVisit, match="still to come"):
        visits.visit_not_kept(
            actor=staff, visit_id=visit.pk, patient=patient, reason="transport", now=at(visit.due_on - DAY)
        )
    say = {"actor": staff, "visit_id": visit.pk, "patient": patient, "now": at(visit.due_on)}
    for wrong in ("lazy", "", "not_delivered"):
        with pytest.raises(visits.BadVisit) as refusal:
            visits.visit_not_kept(**say, reason=wrong)
        assert refusal.value.field == "reason"
    assert visits.visit_not_kept(**say, reason="transport").status == "not_kept"
    with pytest.raises(visits.VisitOver):
        visits.cancel_visit(**say, reason="patient_asked")
    with pytest.raises(visits.BadVisit):
        visits.visit_kept(
            actor=staff,
            visit_id=visits.book_visit(
                actor=staff, patient=patient, kind="injection", due_on=visit.due_on, now=at(visit.due_on)
            ).visit.pk,
            patient=patient,
            now=at(visit.due_on),
        )


def test_a_visit_of_somebody_else_is_not_there(program, staff, patient, visit, make_patient):
    other = make_patient(program)
    with pytest.raises(NotFound):
        visits.confirm_visit(actor=staff, visit_id=visit.pk, patient=other, now=at(FIRST))
    with pytest.raises(NotFound):
        void_injection(
            actor=staff, injection_id=Injection.objects.get().pk, patient=other, reason="twice", now=at(FIRST)
        )


def test_n6_where_the_medicine_of_a_visit_is(staff, patient, visit):
    say = {"actor": staff, "visit_id": visit.pk, "patient": patient, "now": at(FIRST + 9 * DAY)}
    for state in ("ordered", "approved", "shipped", "on_site"):
        row = visits.set_supply(**say, supply=state, on_day=FIRST + 9 * DAY)
        assert (row.supply, row.supply_on) == (state, FIRST + 9 * DAY)
    for changes, field in (
        ({"supply": "lost"}, "supply"),
        ({"supply": "shipped", "on_day": FIRST + 11 * DAY}, "on_day"),
    ):
        with pytest.raises(visits.BadVisit) as refusal:
            visits.set_supply(**say, **({"on_day": FIRST} | changes))
        assert refusal.value.field == field


# --- entered in error ---------------------------------------------------------------------------------------------


def test_a_void_gives_back_the_cover_the_visit_and_the_concern(program, staff, patient, give):
    """Given 3 February; on 11 March (DSL 36) one is recorded that was somebody else's."""
    give(FIRST)
    visit = next_injection_visit(patient.pk)
    wrong_day = date(2026, 3, 11)
    advance_bands(program_ids=[program], now=at(wrong_day, 12))
    [late] = live_flags(patient.pk)
    assert late.severity == "red"
    wrong = give(wrong_day)
    late.refresh_from_db()
    assert (late.status, Treatment.objects.get().cover_band) == ("returned", "covered")
    later = at(wrong_day + 8 * DAY)
    voided = void_injection(
        actor=staff, injection_id=wrong.injection_id, patient=patient, reason="wrong_patient", now=later
    )
    assert (voided.voided_at, voided.voided_by_id, voided.void_reason) == (later, staff.user_id, "wrong_patient")
    treatment = Treatment.objects.get()
    assert (treatment.cover_from, treatment.cover_band) == (FIRST, "lapsed")
    late.refresh_from_db()
    assert (late.status, late.severity, late.evidence["days_late"]) == ("open", "red", 16)
    assert [row.pk for row in live_flags(patient.pk)] == [late.pk]
    visit.refresh_from_db()
    assert (visit.status, visit.given_id, visit.ended_at) == ("planned", None, None)
    assert list(Appointment.objects.exclude(pk=visit.pk).values_list("status", "reason")) == [("cancelled", "voided")]
    bands = CoverEvent.objects.filter(injection__given_on=FIRST).order_by("at").values_list("band", "at")
    assert bands.last() == ("lapsed", datetime(2026, 3, 18, 4, tzinfo=UTC))
    assert Injection.objects.count() == 2
    give(date(2026, 3, 12), when=later)
    assert Treatment.objects.get().cover_from == date(2026, 3, 12)
    with pytest.raises(Conflict):
        void_injection(actor=staff, injection_id=wrong.injection_id, patient=patient, reason="twice", now=later)


def test_an_amber_concern_that_closed_by_it_is_raised_again(program, staff, patient, give):
    give(FIRST)
    advance_bands(program_ids=[program], now=at(date(2026, 3, 4), 12))
    wrong = give(date(2026, 3, 4))
    assert live_flags(patient.pk) == []
    void_injection(
        actor=staff, injection_id=wrong.injection_id, patient=patient, reason="twice", now=at(date(2026, 3, 5))
    )
    assert [(flag.severity, flag.evidence["days_late"]) for flag in live_flags(patient.pk)] == [("amber", 2)]


def test_the_only_injection_voided_leaves_no_cover(staff, patient, give):
    only = give(FIRST)
    void_injection(actor=staff, injection_id=only.injection_id, patient=patient, reason="wrong_day", now=at(FIRST))
    treatment = Treatment.objects.get()
    assert (treatment.cover_injection_id, treatment.cover_from, treatment.cover_band) == (None, None, "")
    assert next_injection_visit(patient.pk) is None
    give(FIRST - DAY, when=at(FIRST))
    assert Treatment.objects.get().cover_from == FIRST - DAY


def test_voiding_an_older_one_moves_nothing(staff, patient, give):
    first, second = give(FIRST), give(date(2026, 3, 3))
    before = Treatment.objects.values().get()
    with pytest.raises(BadInjection) as refusal:
        void_injection(
            actor=staff, injection_id=first.injection_id, patient=patient, reason="", now=at(date(2026, 3, 3))
        )
    assert refusal.value.field == "reason"
    void_injection(
        actor=staff, injection_id=first.injection_id, patient=patient, reason="other", now=at(date(2026, 3, 3))
    )
    assert Treatment.objects.values().get() == before
    assert next_injection_visit(patient.pk).after_injection_id == second.injection_id


# --- a patient's word, and one given in part -------------------------------------------------------------------------


def test_given_elsewhere_moves_no_date_until_staff_have_seen_the_record(program, staff, patient, give):
    give(FIRST)
    advance_bands(program_ids=[program], now=at(date(2026, 3, 5), 12))
    stated = give(date(2026, 3, 2), when=at(date(2026, 3, 5)), source="app", verified=False, given_elsewhere=True)
    assert Treatment.objects.get().cover_from == FIRST
    assert kinds_of_work(role="nurse") == {"verify_given"}
    result = verify_injection(actor=staff, injection_id=stated.injection_id, patient=patient, now=at(date(2026, 3, 6)))
    assert result.next_due_on == date(2026, 3, 30)
    row = Injection.objects.get(pk=stated.injection_id)
    assert (row.verified, row.verified_by_id, row.source) == (True, staff.user_id, "app")
    assert Treatment.objects.get().cover_from == date(2026, 3, 2)
    assert live_flags(patient.pk) == []
    assert kinds_of_work() == set()
    with pytest.raises(Conflict):
        verify_injection(actor=staff, injection_id=row.pk, patient=patient, now=at(date(2026, 3, 6)))


def test_a_word_and_a_record_of_one_day_stand_side_by_side(staff, patient, give):
    stated = give(FIRST, source="app", verified=False, given_elsewhere=True)
    give(FIRST)
    assert Injection.objects.count() == 2
    with pytest.raises(GivenThatDay):
        verify_injection(actor=staff, injection_id=stated.injection_id, patient=patient, now=at(FIRST))
    with pytest.raises(GivenThatDay):
        give(FIRST)


def test_s20_a_dose_given_in_part_waits_for_the_prescriber(staff, prescriber, patient, give):
    part = give(FIRST, partly_given=True, dose_mg=190)
    assert Treatment.objects.get().cover_from is None
    assert [(flag.kind, flag.severity) for flag in live_flags(patient.pk)] == [("dose_partly_given", "amber_plus")]
    assert kinds_of_work(role="prescriber") == {"partly_given"}
    with pytest.raises(NotAllowed):
        verify_injection(actor=staff, injection_id=part.injection_id, patient=patient, now=at(FIRST))
    verify_injection(actor=prescriber, injection_id=part.injection_id, patient=patient, now=at(FIRST))
    assert Treatment.objects.get().cover_from == FIRST
    assert Flag.objects.get().status == "open"


def test_a_repeat_after_it_was_verified_is_the_first_again(staff, patient, give):
    client_id = uuid.uuid4()
    word = {"client_id": client_id, "source": "app", "verified": False, "given_elsewhere": True}
    stated = give(FIRST, **word)
    verify_injection(actor=staff, injection_id=stated.injection_id, patient=patient, now=at(FIRST))
    assert give(FIRST, **word).is_new is False
