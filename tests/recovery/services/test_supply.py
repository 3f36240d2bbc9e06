"""What is at hand: tablets, the medicine of a visit, bridges, closed days; asked for as work (S 19, N6, N7, W8-W10)."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from backend.errors import Conflict, IdReused, NotAllowed
from backend.rules.roles import Role
from recovery.models import ClosingNotice, Dose, Injection, OralBridge, Regimen, TabletCount, Task
from recovery.rules.states import FlagKind, Severity
from recovery.selectors.records import live_flags, next_injection_visit, open_treatment
from recovery.selectors.supply import tablets_of
from recovery.services import supply, visits
from recovery.services.cover import advance_bands
from recovery.services.doses import DoseStatement, close_doses, report_doses
from recovery.services.flags import raise_flag
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.regimens import extend_doses, start_regimen

DAY = timedelta(days=1)
FIRST = date(2026, 3, 3)


def at(day, hour=17):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture
def prescriber(program, make_staff):
    return make_staff(program, Role.CLINICIAN)


@pytest.fixture
def tablets(staff, patient):
    def recorded(kind="picked_up", count=30, day=FIRST, *, when=None, **changes):
        values = {"client_id": uuid.uuid4(), "tablet_mg": 50, "source": "staff"} | changes
        return supply.record_tablets(
            actor=staff, patient=patient, kind=kind, on_day=day, tablets=count, now=when or at(day), **values
        )

    return recorded


@pytest.fixture
def daily(staff, patient, now):
    return start_regimen(actor=staff, treatment=open_treatment(patient), kind="oral_daily", starts_on=FIRST, now=now)


def give(actor, patient, day, **changes):
    values = {
        "client_id": uuid.uuid4(),
        "patient_id": patient.pk,
        "given_on": day,
        "medicine": "naltrexone_injection",
        "dose_mg": 380,
    } | changes
    [result] = record_injections(actor=actor, injections=[GivenInjection(**values)], now=at(day))
    return result


def ask(program, day, hour=17):
    return supply.watch_supply(program_ids=[program], now=at(day, hour))


def open_work():
    return list(Task.objects.filter(status="open").order_by("pk").values_list("kind", "role"))


# --- tablets --------------------------------------------------------------------------------------------------------


def test_tablets_left_by_what_was_due_and_said(program, staff, patient, daily, tablets):
    tablets(count=30)
    day = FIRST + 5 * DAY
    extend_doses(program_ids=[program], now=at(day))
    statements = [
        DoseStatement(
            client_id=uuid.uuid4(), patient_id=patient.pk, statement=said, source="app", dosing_day=FIRST + n * DAY
        )
        for n, said in ((0, "taken"), (1, "missed"))
    ]
    report_doses(actor=staff, statements=statements, now=at(day))
    [found] = tablets_of(patient=patient, now=at(day))
    # 3 to 7 March: one said missed is still there, three that nobody reported count as used.
    assert (found.at_hand.tablets, found.at_hand.runs_out_on) == (26, day + 26 * DAY)


def test_a_refill_is_asked_for_once_and_ends_with_the_pick_up(program, daily, tablets):
    tablets(count=10)
    assert ask(program, FIRST + 2 * DAY).refills == 0
    assert ask(program, FIRST + 3 * DAY).refills == 1
    assert ask(program, FIRST + 3 * DAY).refills == 0
    assert open_work() == [("refill", "coordinator")]
    tablets(count=30, day=FIRST + 4 * DAY)
    assert open_work() == []
    assert ask(program, FIRST + 4 * DAY).refills == 0
    assert Task.objects.get().outcome == "recorded"


def test_s19_ran_out_is_a_refill_the_same_day(program, patient, daily, tablets):
    raise_flag(
        program_id=program,
        patient_id=patient.pk,
        treatment_id=None,
        kind=FlagKind.RAN_OUT,
        severity=Severity.AMBER_PLUS,
        evidence={},
        policy_version="test",
        now=at(FIRST),
    )
    assert ask(program, FIRST).refills == 1
    assert ask(program, FIRST + DAY).refills == 0
    assert Task.objects.get().facts == {"said": "ran_out"}
    tablets(day=FIRST + DAY)
    assert live_flags(patient.pk) == []
    assert open_work() == []


def test_a_count_comes_once_and_other_content_is_refused(daily, tablets):
    client_id = uuid.uuid4()
    first, is_new = tablets(client_id=client_id)
    again, is_new_again = tablets(client_id=client_id, when=at(FIRST + DAY))
    assert (is_new, is_new_again, again.pk) == (True, False, first.pk)
    with pytest.raises(IdReused):
        tablets(client_id=client_id, count=31)
    assert TabletCount.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"kind": "lost"}, "kind", id="no such kind"),
        pytest.param({"count": 0}, "tablets", id="picked up nothing"),
        pytest.param({"kind": "counted", "count": -1}, "tablets", id="less than none"),
        pytest.param({"count": 1001}, "tablets", id="too many"),
        pytest.param({"tablet_mg": 0}, "tablet_mg", id="a tablet of nothing"),
        pytest.param({"day": FIRST + DAY, "when": at(FIRST)}, "on_day", id="tomorrow"),
        pytest.param({"day": FIRST - 400 * DAY, "when": at(FIRST)}, "on_day", id="long ago"),
        pytest.param({"source": "rumour"}, "source", id="no such source"),
        pytest.param({"medicine": "naltrexone_injection"}, "medicine", id="not tablets"),
    ],
)
def test_a_count_that_cannot_be_is_refused(daily, tablets, changes, field):
    with pytest.raises(supply.BadCount) as refusal:
        tablets(**changes)
    assert refusal.value.field == field
    assert TabletCount.objects.count() == 0


def test_without_tablets_ordered_say_of_which(tablets):
    with pytest.raises(supply.BadCount) as refusal:
        tablets()
    assert refusal.value.field == "medicine"


# --- the medicine of a visit ------------------------------------------------------------------------------------------


def test_n6_medicine_not_on_site_by_day_21_is_work_once_per_visit(program, staff, patient):
    give(staff, patient, FIRST)
    visit = next_injection_visit(patient.pk)
    visits.set_supply(actor=staff, visit_id=visit.pk, patient=patient, supply="ordered", on_day=FIRST, now=at(FIRST))
    assert ask(program, FIRST + 20 * DAY).supply == 0
    assert ask(program, FIRST + 21 * DAY).supply == 1
    assert ask(program, FIRST + 22 * DAY).supply == 0
    assert open_work() == [("supply_not_on_site", "nurse")]
    assert Task.objects.get().facts == {"visit_id": visit.pk, "due_by": "2026-03-24", "supply": "ordered"}
    assert live_flags(patient.pk) == []
    visits.set_supply(
        actor=staff,
        visit_id=visit.pk,
        patient=patient,
        supply="on_site",
        on_day=FIRST + 22 * DAY,
        now=at(FIRST + 22 * DAY),
    )
    assert open_work() == []
    assert ask(program, FIRST + 23 * DAY).supply == 0


def test_medicine_that_is_here_in_time_is_nobodys_work(program, staff, patient):
    give(staff, patient, FIRST)
    visits.set_supply(
        actor=staff,
        visit_id=next_injection_visit(patient.pk).pk,
        patient=patient,
        supply="on_site",
        on_day=FIRST,
        now=at(FIRST),
    )
    assert ask(program, FIRST + 27 * DAY).supply == 0


# --- the bridge -------------------------------------------------------------------------------------------------------


def bridge(actor, patient, first, last, *, day=None, **changes):
    values = {"agreed_on": day or first} | changes
    return supply.order_bridge(
        actor=actor, patient=patient, starts_on=first, last_day=last, now=at(day or first, 11), **values
    )


def confirm(program, staff, patient, day):
    """The tablet of a day is taken at 08:00 and reported at 09:00."""
    extend_doses(program_ids=[program], now=at(day, 13))
    report_doses(
        actor=staff,
        statements=[
            DoseStatement(
                client_id=uuid.uuid4(),
                patient_id=patient.pk,
                statement="taken",
                source="app",
                dosing_day=day,
                taken_at=at(day, 12),
            )
        ],
        now=at(day, 13),
    )


@pytest.mark.parametrize(
    ("last_confirmed", "seen"),
    [
        pytest.param(
            date(2026, 4, 7),
            {date(2026, 4, 5): "amber", date(2026, 4, 7): "amber"},
            id="confirmed to the day before: amber past day 36",
        ),
        pytest.param(
            date(2026, 4, 4),
            {date(2026, 4, 5): "amber_plus", date(2026, 4, 7): "red"},
            id="an uncovered day takes the band's severity",
        ),
    ],
)
def test_w10_a_bridge_that_is_ordered_and_confirmed(program, staff, prescriber, patient, last_confirmed, seen):
    given = date(2026, 3, 2)
    first, last = date(2026, 3, 30), date(2026, 4, 7)
    give(staff, patient, given)
    order = bridge(prescriber, patient, first, last)
    assert order.after_injection_id == Injection.objects.get().pk
    day = first
    while day <= last:
        if day <= last_confirmed:
            confirm(program, staff, patient, day)
        advance_bands(program_ids=[program], now=at(day, 16))
        if day in seen:
            assert [(flag.kind, flag.severity) for flag in live_flags(patient.pk)] == [("injection_late", seen[day])], (
                day
            )
        day += DAY
    returned = give(staff, patient, date(2026, 4, 8))
    assert returned.next_due_on == date(2026, 5, 6)
    assert Regimen.objects.get(pk=order.regimen_id).ends_reason == "injection_given"


def test_an_injection_ends_the_bridge_and_its_doses(program, staff, prescriber, patient):
    give(staff, patient, date(2026, 3, 2))
    order = bridge(prescriber, patient, date(2026, 3, 30), date(2026, 4, 7))
    give(staff, patient, date(2026, 4, 1))
    assert Regimen.objects.get(pk=order.regimen_id).ends_reason == "injection_given"
    left = Dose.objects.filter(regimen_id=order.regimen_id, state="scheduled").values_list("dosing_day", flat=True)
    assert max(left) <= date(2026, 4, 1)
    close_doses(program_ids=[program], now=at(date(2026, 4, 9)))
    assert not Dose.objects.filter(state="not_reported", dosing_day__gt=date(2026, 4, 1)).exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"first": date(2026, 3, 29)}, "starts_on", id="begins yesterday"),
        pytest.param({"last": date(2026, 3, 29)}, "last_day", id="ends before it begins"),
        pytest.param({"last": date(2026, 5, 29)}, "last_day", id="longer than any wait"),
        pytest.param({"agreed_on": date(2026, 3, 31)}, "agreed_on", id="agreed tomorrow"),
    ],
)
def test_a_bridge_that_cannot_be_is_refused(staff, prescriber, patient, changes, field):
    give(staff, patient, date(2026, 3, 2))
    values = {"first": date(2026, 3, 30), "last": date(2026, 4, 2), "day": date(2026, 3, 30)} | changes
    with pytest.raises(supply.BadBridge) as refusal:
        bridge(prescriber, patient, **values)
    assert refusal.value.field == field
    assert (OralBridge.objects.count(), Regimen.objects.count()) == (0, 0)


def test_only_a_prescriber_orders_one_and_only_after_an_injection(staff, prescriber, patient):
    first, last = date(2026, 3, 30), date(2026, 4, 2)
    with pytest.raises(NotAllowed):
        bridge(staff, patient, first, last)
    with pytest.raises(supply.BadBridge):
        bridge(prescriber, patient, first, last)
    give(staff, patient, date(2026, 3, 2))
    bridge(prescriber, patient, first, last)
    with pytest.raises(Conflict):
        bridge(prescriber, patient, first, last)


# --- other interval medicines -----------------------------------------------------------------------------------------


def test_w9_sublocade_through_the_record(program, staff, patient):
    """300 mg on 2 March; second 9 March; third planned 6 April, given 20 April; fourth earliest 16 May."""
    start_regimen(
        actor=staff,
        treatment=open_treatment(patient),
        kind="sublocade",
        starts_on=date(2026, 3, 2),
        now=at(date(2026, 3, 2)),
    )
    sublocade = {"medicine": "sublocade", "dose_mg": 300}
    assert give(staff, patient, date(2026, 3, 2), **sublocade).warnings == []
    second = give(staff, patient, date(2026, 3, 9), **sublocade)
    assert (second.warnings, second.next_due_on) == ([], date(2026, 4, 6))
    for day in (date(2026, 4, 7), date(2026, 4, 20)):
        assert ask(program, day).late == 0
        assert live_flags(patient.pk) == []
    assert ask(program, date(2026, 4, 21)).late == 1
    [flag] = live_flags(patient.pk)
    assert (flag.kind, flag.severity, flag.evidence["days_late"]) == ("injection_late", "amber", 15)
    third = give(staff, patient, date(2026, 4, 20), **sublocade)
    assert third.next_due_on == date(2026, 5, 18)
    assert live_flags(patient.pk) == []
    fourth = give(staff, patient, date(2026, 5, 15), **sublocade)
    assert fourth.warnings == ["early"]


def test_w9_one_that_is_early_is_warned_of_and_kept(staff, patient):
    for day in (date(2026, 3, 2), date(2026, 3, 9)):
        give(staff, patient, day, medicine="sublocade", dose_mg=300)
    early = give(staff, patient, date(2026, 4, 3), medicine="sublocade", dose_mg=300)
    assert early.warnings == ["early"]
    assert Injection.objects.count() == 3


# --- closed days ------------------------------------------------------------------------------------------------------


def test_w8_the_program_is_warned_seven_days_before(make_program, make_staff, make_patient, open_scope):
    """Mon, Wed, Fri observed; closed on Monday 25 May 2026: two days without cover for each of two patients."""
    program = make_program(holidays=["2026-05-25", "2026-07-03"])
    with open_scope(program):
        staff = make_staff(program)
        for kind in ("oral_mwf", "oral_mwf", "oral_daily"):
            start_regimen(
                actor=staff,
                treatment=open_treatment(make_patient(program)),
                kind=kind,
                starts_on=date(2026, 5, 4),
                now=at(date(2026, 5, 4)),
            )
        assert ask(program, date(2026, 5, 17)).closings == 0
        assert ask(program, date(2026, 5, 18)).closings == 1
        assert ask(program, date(2026, 5, 19)).closings == 0
        [notice] = ClosingNotice.objects.all()
        assert (notice.closed_on, notice.days_uncovered, notice.patients) == (date(2026, 5, 25), 2, 2)
        seen = supply.see_closing(actor=staff, notice_id=notice.pk, program_ids=[program], now=at(date(2026, 5, 18)))
        assert seen.seen_by_id == staff.user_id


def test_the_tick_of_nobody_and_of_a_program_without_anything(program):
    assert supply.watch_supply(program_ids=[], now=at(FIRST)) == supply.Asked(0, 0, 0, 0)
    assert ask(program, FIRST) == supply.Asked(0, 0, 0, 0)
