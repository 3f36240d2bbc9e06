"""Injections, the bands of their cover, and the concern that follows them (contract 2, S 16, S W1, S W10)."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from backend.errors import IdReused, InFuture, NotFound
from recovery.models import Appointment, CoverEvent, Flag, Injection, Task, Treatment
from recovery.selectors.records import live_flags, next_injection_visit, open_treatment
from recovery.services.cover import advance_bands
from recovery.services.doses import DoseStatement, report_doses
from recovery.services.injections import BadInjection, GivenInjection, GivenThatDay, NoTreatment, record_injections
from recovery.services.regimens import start_regimen
from recovery.services.treatments import close_treatment
from recovery.services.zones import set_zone

DAY = timedelta(days=1)


@pytest.fixture
def give(staff, patient):
    def given(day, *, at=None, **changes):
        values = {
            "client_id": uuid.uuid4(),
            "patient_id": patient.pk,
            "given_on": day,
            "medicine": "naltrexone_injection",
            "dose_mg": 380,
        }
        at = at or datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
        [result] = record_injections(actor=staff, injections=[GivenInjection(**(values | changes))], now=at)
        return result

    return given


def tick(program, at):
    return advance_bands(program_ids=[program], now=at)


def bands():
    return list(CoverEvent.objects.order_by("at", "id").values_list("band", "dsl", "on_day", "at"))


def test_bands_midnights_and_a_move_west(program, staff, patient, give):
    """S W1: 10 Feb 2026 23:50 New York."""
    given_at = datetime(2026, 2, 11, 4, 50, tzinfo=UTC)
    give(date(2026, 2, 10), at=given_at, given_at=given_at)
    assert tick(program, datetime(2026, 3, 3, 4, 59, tzinfo=UTC)) == 0
    assert tick(program, datetime(2026, 3, 3, 5, 0, tzinfo=UTC)) == 1
    assert tick(program, datetime(2026, 3, 10, 4, 0, tzinfo=UTC)) == 1
    assert tick(program, datetime(2026, 3, 11, 4, 0, tzinfo=UTC)) == 1
    assert [(band, at) for band, _, _, at in bands()] == [
        ("covered", given_at),
        ("due_soon", datetime(2026, 3, 3, 5, tzinfo=UTC)),
        ("due", datetime(2026, 3, 10, 4, tzinfo=UTC)),
        ("overdue_1", datetime(2026, 3, 11, 4, tzinfo=UTC)),
    ]
    set_zone(actor=staff, patient=patient, zone="America/Los_Angeles", now=datetime(2026, 3, 11, 5, tzinfo=UTC))
    assert tick(program, datetime(2026, 3, 11, 7, tzinfo=UTC)) == 0
    assert Treatment.objects.get().cover_band == "overdue_1"
    assert tick(program, datetime(2026, 3, 14, 6, 59, tzinfo=UTC)) == 0
    assert tick(program, datetime(2026, 3, 14, 7, tzinfo=UTC)) == 1
    assert bands()[-1][0] == "overdue_4"


def test_a_late_tick_writes_each_band_with_its_own_instant(program, give):
    give(date(2026, 2, 10))
    assert tick(program, datetime(2026, 4, 20, 12, tzinfo=UTC)) == 7
    assert tick(program, datetime(2026, 4, 20, 12, tzinfo=UTC)) == 0
    assert [(band, dsl, on) for band, dsl, on, _ in bands()] == [
        ("covered", 0, date(2026, 2, 10)),
        ("due_soon", 21, date(2026, 3, 3)),
        ("due", 28, date(2026, 3, 10)),
        ("overdue_1", 29, date(2026, 3, 11)),
        ("overdue_4", 32, date(2026, 3, 14)),
        ("overdue_8", 36, date(2026, 3, 18)),
        ("lapsed", 43, date(2026, 3, 25)),
        ("discontinued", 57, date(2026, 4, 8)),
    ]
    assert [at for *_, at in bands()[1:3]] == [
        datetime(2026, 3, 3, 5, tzinfo=UTC),
        datetime(2026, 3, 10, 4, tzinfo=UTC),
    ]
    assert Treatment.objects.get().cover_next_at is None
    assert Task.objects.get().kind == "close_or_continue"


@pytest.mark.parametrize(
    ("day", "returned_from"),
    [
        pytest.param(date(2026, 3, 3), "", id="DSL 28 is due, not late"),
        pytest.param(date(2026, 3, 4), "overdue_1", id="DSL 29 has crossed"),
        pytest.param(date(2026, 3, 10), "overdue_4", id="DSL 35"),
        pytest.param(date(2026, 3, 11), "overdue_8", id="DSL 36"),
        pytest.param(date(2026, 3, 18), "lapsed", id="DSL 43"),
        pytest.param(date(2026, 4, 1), "discontinued", id="DSL 57"),
    ],
)
@pytest.mark.parametrize("ticked", [True, False], ids=["the tick came first", "the tick is late"])
def test_an_injection_returns_from_the_band_of_its_day(program, give, day, returned_from, ticked):
    give(date(2026, 2, 3))
    if ticked:
        tick(program, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    give(day)
    event = CoverEvent.objects.get(cause="given", on_day=day)
    assert (event.returned_from, event.dsl) == (returned_from, (day - date(2026, 2, 3)).days)
    crossed = set(CoverEvent.objects.filter(cause="time").values_list("band", flat=True))
    assert ("overdue_1" in crossed) == bool(returned_from)
    assert not Flag.objects.filter(kind="injection_late", status__in=["open", "owned", "snoozed"]).exists()


def test_an_injection_entered_late_was_given_in_time(program, patient, give):
    give(date(2026, 2, 3))
    tick(program, datetime(2026, 3, 6, 12, tzinfo=UTC))
    assert [flag.kind for flag in live_flags(patient.pk)] == ["injection_late"]
    give(date(2026, 3, 3), at=datetime(2026, 3, 6, 13, tzinfo=UTC))
    assert CoverEvent.objects.get(cause="given", on_day=date(2026, 3, 3)).returned_from == ""
    assert live_flags(patient.pk) == []


def test_one_kind_whose_severity_follows_the_band(program, patient, give):
    give(date(2026, 2, 3))
    seen = []
    for dsl in (28, 29, 31, 32, 35, 36, 43, 57):
        tick(program, datetime(2026, 2, 3, 12, tzinfo=UTC) + dsl * DAY)
        seen.append([(flag.severity, flag.evidence["days_late"]) for flag in live_flags(patient.pk)])
    assert seen == [
        [],
        [("amber", 1)],
        [("amber", 3)],
        [("amber_plus", 4)],
        [("amber_plus", 7)],
        [("red", 8)],
        [("red", 15)],
        [("red", 29)],
    ]
    assert Flag.objects.count() == 1


def test_alcohol_only_is_never_red(program, give, make_patient):
    person = make_patient(program, indication="alcohol", opioid_history="none")
    give(date(2026, 2, 3), patient_id=person.pk)
    for dsl, severity in ((29, "amber"), (35, "amber"), (36, "amber_plus"), (56, "amber_plus")):
        tick(program, datetime(2026, 2, 3, 12, tzinfo=UTC) + dsl * DAY)
        assert [flag.severity for flag in live_flags(person.pk)] == [severity]


def test_a_booked_visit_makes_the_first_late_days_info(program, patient, give):
    give(date(2026, 2, 3))
    Appointment.objects.update(status="booked", starts_at=datetime(2026, 3, 6, 15, tzinfo=UTC))  # DSL 31
    tick(program, datetime(2026, 3, 4, 12, tzinfo=UTC))
    assert [(flag.severity, flag.evidence["visit_on"]) for flag in live_flags(patient.pk)] == [("info", "2026-03-06")]
    tick(program, datetime(2026, 3, 7, 12, tzinfo=UTC))
    assert [flag.severity for flag in live_flags(patient.pk)] == ["amber_plus"]


def test_a_confirmed_bridge_holds_the_severity(program, staff, patient, give):
    """S W10: injection 2 March; bridge confirmed to 4 April; 5 April is DSL 34, 7 April DSL 36."""
    give(date(2026, 3, 2))
    start_regimen(
        actor=staff,
        treatment=open_treatment(patient),
        kind="oral_daily",
        starts_on=date(2026, 3, 30),
        now=datetime(2026, 3, 30, 12, tzinfo=UTC),
    )
    from recovery.services.regimens import extend_doses

    for day in range(6):
        at = datetime(2026, 3, 30, 12, 5, tzinfo=UTC) + day * DAY
        extend_doses(program_ids=[program], now=at)
        tick(program, at)
        report_doses(
            actor=staff,
            statements=[
                DoseStatement(
                    client_id=uuid.uuid4(), patient_id=patient.pk, statement="taken", source="app", taken_at=at
                )
            ],
            now=at,
        )
    late = Flag.objects.get(kind="injection_late")
    assert (late.severity, late.evidence["bridge_holds"]) == ("amber", True)
    tick(program, datetime(2026, 4, 5, 4, 1, tzinfo=UTC))
    late.refresh_from_db()
    assert late.severity == "amber"
    tick(program, datetime(2026, 4, 5, 15, 6, tzinfo=UTC))  # a day and the window after 4 April 08:05
    late.refresh_from_db()
    assert (late.severity, late.evidence["bridge_holds"], late.evidence["dsl"]) == ("amber_plus", False, 34)
    tick(program, datetime(2026, 4, 7, 4, 1, tzinfo=UTC))
    late.refresh_from_db()
    assert (late.severity, late.evidence["dsl"]) == ("red", 36)


def test_red_is_returned_and_amber_closes(program, patient, give):
    give(date(2026, 2, 3))
    tick(program, datetime(2026, 3, 5, 12, tzinfo=UTC))
    give(date(2026, 3, 5))
    flag = Flag.objects.get()
    assert (flag.status, flag.outcome, flag.evidence["ended_by"]) == ("closed", "reason_ended", "injection_given")
    tick(program, datetime(2026, 4, 10, 12, tzinfo=UTC))
    give(date(2026, 4, 10))
    red = Flag.objects.exclude(pk=flag.pk).get()
    assert (red.status, red.closed_at) == ("returned", None)
    tick(program, datetime(2026, 5, 12, 12, tzinfo=UTC))
    assert [flag.severity for flag in live_flags(patient.pk)] == ["amber_plus"]  # a returned one blocks no new one


def test_the_next_visit_is_28_days_on_and_the_last_was_kept(patient, give):
    assert give(date(2026, 2, 3)).next_due_on == date(2026, 3, 3)
    assert next_injection_visit(patient.pk).due_on == date(2026, 3, 3)
    give(date(2026, 3, 2), remind=False)
    visit = next_injection_visit(patient.pk)
    assert (visit.due_on, visit.remind, visit.after_injection.given_on) == (date(2026, 3, 30), False, date(2026, 3, 2))
    assert list(Appointment.objects.order_by("id").values_list("status", flat=True)) == ["kept", "planned"]


def test_another_medicines_interval_and_no_bands(patient, give):
    """S W9: Sublocade 2 March, second 9 March, third earliest 4 April."""
    give(date(2026, 3, 2), medicine="sublocade", dose_mg=300)
    assert give(date(2026, 3, 9), medicine="sublocade", dose_mg=300).warnings == []
    third = give(date(2026, 4, 3), medicine="sublocade", dose_mg=300)
    assert (third.warnings, third.next_due_on) == (["early"], date(2026, 5, 1))
    assert CoverEvent.objects.count() == 0


def test_a_patients_word_moves_no_date(patient, give):
    give(date(2026, 2, 3))
    result = give(date(2026, 2, 20), verified=False, source="app")
    assert result.next_due_on is None
    assert Treatment.objects.get().cover_from == date(2026, 2, 3)
    assert next_injection_visit(patient.pk).due_on == date(2026, 3, 3)


def test_an_older_injection_entered_later_moves_no_date(patient, give):
    give(date(2026, 3, 2))
    result = give(date(2026, 2, 3), at=datetime(2026, 3, 3, 15, tzinfo=UTC))
    assert result.next_due_on is None
    assert Treatment.objects.get().cover_from == date(2026, 3, 2)
    assert CoverEvent.objects.filter(cause="given").count() == 1


def test_a_history_in_one_batch_in_any_order(program, staff, patient, now):
    days = [date(2026, 2, 24), date(2025, 12, 2), date(2026, 1, 5)]
    results = record_injections(
        actor=staff,
        injections=[
            GivenInjection(
                client_id=uuid.uuid4(),
                patient_id=patient.pk,
                given_on=day,
                medicine="naltrexone_injection",
                dose_mg=Decimal("380"),
            )
            for day in days
        ],
        now=now,
    )
    assert [Injection.objects.get(pk=each.injection_id).given_on for each in results] == days
    given = CoverEvent.objects.filter(cause="given").order_by("on_day").values_list("on_day", "dsl", "returned_from")
    assert list(given) == [
        (date(2025, 12, 2), 0, ""),
        (date(2026, 1, 5), 34, "overdue_4"),
        (date(2026, 2, 24), 50, "lapsed"),
    ]
    assert Treatment.objects.get().cover_from == date(2026, 2, 24)
    assert Appointment.objects.get().due_on == date(2026, 3, 24)


def test_warnings_never_refuse(patient, give):
    give(date(2026, 2, 3), site="left")
    result = give(date(2026, 2, 20), site="left", lot="A1", lot_expires_on=date(2026, 1, 31))
    assert result.warnings == ["early", "same_side", "expired_lot"]


def test_given_with_an_open_gate_is_recorded_and_told(staff, patient, give, now):
    from recovery.rules.gates import GateEvent
    from recovery.services.gates import note_event

    note_event(actor=staff, patient=patient, event=GateEvent.OPIOID_TAKEN, evidence={}, now=now)
    assert give(date(2026, 3, 2)).is_new
    assert not Injection.objects.get().with_open_gate, "the day before the hold"
    assert give(date(2026, 3, 3)).is_new
    assert Injection.objects.get(given_on=date(2026, 3, 3)).with_open_gate
    assert Flag.objects.filter(kind="given_with_open_gate", severity="amber_plus").exists()


def test_a_repeat_finds_the_first(give):
    pk = uuid.uuid4()
    first = give(date(2026, 3, 3), client_id=pk, lot="A1", operator="RN Lee")
    again = give(date(2026, 3, 3), client_id=pk, lot="A1", operator="RN Lee")
    assert (again.injection_id, again.is_new, again.next_due_on) == (first.injection_id, False, first.next_due_on)
    for changes in ({"lot": "A2"}, {"lot": "A1", "operator": "RN May"}, {"lot": "A1", "dose_mg": 190}):
        with pytest.raises(IdReused):
            give(date(2026, 3, 3), client_id=pk, **changes)
    assert Injection.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        pytest.param({"given_on": date(2026, 3, 4)}, InFuture, "given_on", id="tomorrow"),
        pytest.param({"given_on": date(1989, 12, 31)}, BadInjection, "given_on", id="before birth"),
        pytest.param({"given_at": datetime(2026, 3, 3, 18, tzinfo=UTC)}, InFuture, "given_at", id="in an hour"),
        pytest.param({"given_at": datetime(2026, 3, 2, 18, tzinfo=UTC)}, BadInjection, "given_at", id="another day"),
        pytest.param({"dose_mg": 0}, BadInjection, "dose_mg", id="0 mg"),
        pytest.param({"dose_mg": 3800}, BadInjection, "dose_mg", id="a slip of the keys"),
        pytest.param({"medicine": "naltrexone_tablet"}, BadInjection, "medicine", id="a tablet"),
        pytest.param({"site": "arm"}, BadInjection, "site", id="arm"),
    ],
)
def test_what_cannot_be_is_refused(program, make_patient, give, changes, error, field):
    person = make_patient(program, born_on=date(1990, 1, 1))
    values = {"given_on": date(2026, 3, 3), "patient_id": person.pk} | changes
    day = values.pop("given_on")
    with pytest.raises(error) as refusal:
        give(day, at=datetime(2026, 3, 3, 17, tzinfo=UTC), **values)
    assert refusal.value.field == field
    assert Injection.objects.count() == 0


def test_two_on_one_day_and_no_treatment(program, make_patient, give):
    give(date(2026, 3, 3))
    with pytest.raises(GivenThatDay):
        give(date(2026, 3, 3))
    person = make_patient(program, treatment_from=None)
    with pytest.raises(NoTreatment):
        give(date(2026, 3, 3), patient_id=person.pk)
    with pytest.raises(NotFound):
        give(date(2026, 3, 3), patient_id=10**9)


def test_a_closed_treatment_is_followed_no_more(program, staff, patient, give):
    give(date(2026, 2, 3))
    close_treatment(
        actor=staff,
        treatment=open_treatment(patient),
        ended_on=date(2026, 2, 20),
        reason="moved",
        now=datetime(2026, 2, 20, 15, tzinfo=UTC),
    )
    assert tick(program, datetime(2026, 5, 1, tzinfo=UTC)) == 0
    assert next_injection_visit(patient.pk) is None
