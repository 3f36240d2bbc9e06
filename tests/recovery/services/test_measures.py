"""Adherence out of the record: the worked examples of C 4 and S through the services and the database."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.models import PolicyOverride
from recovery.models import Dose, Injection, Regimen, Stay
from recovery.rules import measures as rules
from recovery.rules.adherence import Gap
from recovery.rules.measures import Substance
from recovery.selectors.measures import measures_of, program_measures, usual_window
from recovery.selectors.records import open_treatment
from recovery.services.doses import DoseStatement, close_doses, report_doses
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.regimens import extend_doses, start_regimen

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def at(day, hour=15):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def days(first, last):
    return [first + timedelta(n) for n in range((last - first).days + 1)]


@pytest.fixture
def person(program, make_patient):
    return make_patient(program, treatment_from=date(2026, 1, 1), at=at(date(2026, 1, 1)))


@pytest.fixture
def takes(program, staff, person):
    """A regimen from a day to a day, what was said of its days (day -> statement), and the days closed."""

    def play(kind, first, last, said, **changes):
        start_regimen(
            actor=staff,
            treatment=open_treatment(person),
            kind=kind,
            starts_on=first,
            last_day=last,
            now=at(first, 10),
            **changes,
        )
        extend_doses(program_ids=[program], now=at(last))
        statements = [
            DoseStatement(client_id=uuid.uuid4(), patient_id=person.pk, statement=what, source="staff", dosing_day=day)
            for day, what in said.items()
        ]
        report_doses(actor=staff, statements=statements, now=at(last + 2 * DAY))
        close_doses(program_ids=[program], now=at(last + 2 * DAY))

    return play


@pytest.fixture
def gets(staff, person):
    """Injections on these days, each recorded on its own."""

    def play(*on):
        for day in on:
            given = GivenInjection(
                client_id=uuid.uuid4(),
                patient_id=person.pk,
                given_on=day,
                medicine="naltrexone_injection",
                dose_mg=380,
                source="staff",
                verified=True,
            )
            record_injections(actor=staff, injections=[given], now=at(day, 20))

    return play


@pytest.fixture
def away(person):
    def play(first, last, place="hospital"):
        Stay.objects.create(
            program_id=person.program_id,
            patient_id=person.pk,
            client_id=uuid.uuid4(),
            place=place,
            began_on=first,
            ended_on=last,
            recorded_at=at(last),
        )

    return play


def found(person, start, end):
    [one] = measures_of(patient=person, start=start, end=end)
    assert one.substance is Substance.NALTREXONE
    return one


def test_e1_oral_daily(person, takes):
    first, last = date(2026, 6, 1), date(2026, 6, 30)
    takes(
        "oral_daily", first, last,
        {day: "missed" if day.day in (4, 11, 12, 25) else "taken" for day in days(first, last)},
    )  # fmt: skip
    one = found(person, first, last)
    assert (one.pdc.covered, one.pdc.days, one.pdc.share.rounded) == (26, 30, 0.8667)
    assert one.longest_gap == Gap(date(2026, 6, 11), date(2026, 6, 12), 2)
    assert (one.doses.doses.part, one.doses.doses.whole) == (26, 30)


def test_e2_an_early_one_with_and_without_carrying_forward(person, gets, staff, now):
    PolicyOverride.objects.create(
        program_id=person.program_id, key="injection_cover_days", value=30, version=1, reason="t",
        signed_by_id=staff.user_id, signed_at=now,
    )  # fmt: skip
    gets(date(2026, 1, 1), date(2026, 1, 26), date(2026, 3, 10))
    one = found(person, date(2026, 1, 1), date(2026, 3, 31))
    assert (one.pdc.share.rounded, one.pdc_carry.share.rounded, one.mpr.rounded) == (0.8556, 0.9111, 1.0)
    assert one.longest_gap == Gap(date(2026, 2, 25), date(2026, 3, 9), 13)
    assert one.gaps_of_at_least == {7: 1, 8: 1, 14: 0, 30: 0}


def test_e3_monday_wednesday_friday(person, takes):
    first, last = date(2026, 3, 2), date(2026, 3, 29)
    due = [day for day in days(first, last) if day.weekday() in (0, 2, 4)]
    missed = (date(2026, 3, 11), date(2026, 3, 20))
    takes("oral_mwf", first, last, {day: "missed" if day in missed else "taken" for day in due})
    one = found(person, first, last)
    assert one.pdc.share.rounded == 0.8214
    assert (one.doses.doses.rounded, one.doses.mg.rounded) == (0.8333, 0.8214)


def test_e4_one_late_injection(person, gets):
    gets(date(2026, 1, 5), date(2026, 2, 2), date(2026, 3, 6), date(2026, 4, 3))
    one = found(person, date(2026, 1, 5), date(2026, 4, 30))
    assert (one.pdc.covered, one.pdc.days, one.pdc.share.rounded) == (112, 116, 0.9655)
    assert one.longest_gap == Gap(date(2026, 3, 2), date(2026, 3, 5), 4)
    assert (one.on_time.part, one.on_time.whole) == (2, 3)
    later = found(person, date(2026, 3, 1), date(2026, 4, 30))
    assert (later.on_time.part, later.on_time.whole) == (1, 2)  # the first of a window is counted from the one before


def test_e5_early_then_stopped(person, gets):
    gets(date(2026, 7, 1), date(2026, 7, 25), date(2026, 8, 22))
    one = found(person, date(2026, 7, 1), date(2026, 12, 31))
    assert (one.pdc.share.rounded, one.pdc_carry.share.rounded, one.mpr.rounded) == (0.4348, 0.4565, 0.4565)
    assert one.persistence_days == 80
    assert one.continuity.reached is False


def test_e6_tablets_that_bridge_count_with_the_injections(person, gets, takes):
    gets(date(2026, 3, 2))
    bridge = days(date(2026, 3, 31), date(2026, 4, 4))
    takes("oral_daily", bridge[0], bridge[-1], dict.fromkeys(bridge, "taken"))
    gets(date(2026, 4, 6))
    one = found(person, date(2026, 3, 2), date(2026, 5, 3))
    assert (one.pdc.covered, one.pdc.days, one.pdc.share.rounded) == (61, 63, 0.9683)
    assert [(gap.first_day, gap.days) for gap in one.gaps] == [(date(2026, 3, 30), 1), (date(2026, 4, 5), 1)]


def test_w5_cover_counts_from_the_stated_day(program, staff, person, takes):
    first, last = date(2026, 6, 2), date(2026, 6, 9)
    takes("oral_q2d", first, last, dict.fromkeys([date(2026, 6, 2), date(2026, 6, 6), date(2026, 6, 8)], "taken"))
    report_doses(
        actor=staff,
        statements=[
            DoseStatement(
                client_id=uuid.uuid4(),
                patient_id=person.pk,
                statement="taken",
                source="app",
                dosing_day=date(2026, 6, 4),
                taken_at=datetime(2026, 6, 5, 14, tzinfo=UTC),
            )
        ],
        now=at(date(2026, 6, 11), 20),
    )
    one = found(person, first, last)
    assert one.pdc.share.rounded == 0.875
    assert one.doses.doses.rounded == 1.0


def test_w6_hospital_shows_three_denominators(person, takes, away):
    first, last = date(2026, 6, 1), date(2026, 6, 30)
    home = [day for day in days(first, last) if not 10 <= day.day <= 16]
    said = dict.fromkeys(home[:20], "taken") | dict.fromkeys(home[20:22], "missed")
    away(date(2026, 6, 10), date(2026, 6, 16))
    takes("oral_daily", first, last, said | dict.fromkeys(days(date(2026, 6, 10), date(2026, 6, 12)), "taken"))
    one = found(person, first, last)
    assert (one.pdc.excluded, one.pdc.not_reported) == (4, 1)
    shares = (one.pdc.share.rounded, one.pdc.known_only.rounded, one.pdc.nothing_excluded.rounded)
    assert shares == (0.8846, 0.92, 0.7667)
    assert one.left_out == [rules.LeftOut(date(2026, 6, 13), date(2026, 6, 16), 4, "hospital")]
    assert one.not_reported == [home[22]]
    assert (one.doses.doses.part, one.doses.doses.whole) == (23, 26)  # what was due away counts only where it is known


def test_w7_depot_days_in_custody_are_known(person, gets, away):
    gets(date(2026, 3, 2))
    away(date(2026, 3, 20), date(2026, 4, 9), "jail")
    gets(date(2026, 4, 10))
    one = found(person, date(2026, 3, 2), date(2026, 4, 30))
    assert (one.pdc.covered, one.pdc.excluded, one.pdc.share.rounded) == (49, 11, 1.0)
    assert one.pdc.nothing_excluded.rounded == 0.8167
    assert one.left_out == [rules.LeftOut(date(2026, 3, 30), date(2026, 4, 9), 11, "jail")]


def test_w8_a_closed_clinic_lowers_cover_and_not_the_count(make_program, make_staff, make_patient, open_scope):
    first, last, closed = date(2026, 5, 4), date(2026, 5, 31), date(2026, 5, 25)
    program = make_program(holidays=["2026-05-25"])
    with open_scope(program):
        staff = make_staff(program)
        person = make_patient(program, treatment_from=first, at=at(first))
        start_regimen(
            actor=staff, treatment=open_treatment(person), kind="oral_mwf", starts_on=first, last_day=last,
            now=at(first, 10),
        )  # fmt: skip
        extend_doses(program_ids=[program], now=at(last))
        report_doses(
            actor=staff,
            statements=[
                DoseStatement(
                    client_id=uuid.uuid4(), patient_id=person.pk, statement="taken", source="observed", dosing_day=day
                )
                for day in days(first, last)
                if day.weekday() in (0, 2, 4) and day != closed
            ],
            now=at(last),
        )
        one = found(person, first, last)
        assert (one.pdc.covered, one.pdc.days, one.pdc.share.rounded) == (26, 28, 0.9286)
        assert (one.doses.doses.part, one.doses.doses.whole) == (11, 11)


def test_what_only_the_patient_says_and_what_was_voided_cover_nothing(person, gets):
    gets(date(2026, 3, 2), date(2026, 4, 1))
    Injection.objects.filter(given_on=date(2026, 3, 2)).update(verified=False)
    Injection.objects.filter(given_on=date(2026, 4, 1)).update(voided_at=at(date(2026, 4, 2)))
    assert measures_of(patient=person, start=date(2026, 3, 1), end=date(2026, 4, 30)) == []


def test_a_second_medicine_is_measured_beside_the_first(person, gets, takes):
    gets(date(2026, 3, 2))
    on = days(date(2026, 3, 2), date(2026, 3, 11))
    takes("buprenorphine_daily", on[0], on[-1], dict.fromkeys(on[:5], "taken"))
    both = {one.substance: one.pdc.share.rounded for one in measures_of(patient=person, start=on[0], end=on[-1])}
    assert both == {Substance.NALTREXONE: 1.0, Substance.BUPRENORPHINE: 0.5}


def test_before_the_first_dose_there_is_no_adherence(person, gets):
    gets(date(2026, 3, 20))
    assert measures_of(patient=person, start=date(2026, 3, 1), end=date(2026, 3, 10)) == []
    one = found(person, date(2026, 3, 1), date(2026, 3, 31))
    assert one.pdc.covered == 12


def test_the_usual_window_begins_with_the_first_confirmed_dose(person, gets):
    assert usual_window(patient=person, now=at(date(2026, 3, 3))) == (date(2026, 1, 1), date(2026, 3, 2))
    assert usual_window(patient=person, now=at(date(2027, 6, 1))) == (date(2026, 6, 1), date(2027, 5, 31))
    assert usual_window(patient=person, now=datetime(2026, 3, 3, 8, 30, tzinfo=UTC))[1] == date(2026, 3, 1)
    gets(date(2026, 2, 2))
    assert usual_window(patient=person, now=at(date(2026, 3, 3))) == (date(2026, 2, 2), date(2026, 3, 2))


# --- random histories against an independent count -----------------------------------------------------------


def _random(seed, person, regimen):
    """Rows of a random history, and what a count of single days, sharing no code with the rules, makes of it."""
    dice = random.Random(seed)
    start = date(2026, 1, 1) + timedelta(dice.randrange(60))
    length = dice.randrange(1, 120)
    span = dice.choice([1, 2, 3])
    doses, depots, covered, silent = [], [], set(), set()
    for offset in range(-6, length, span):
        day = start + timedelta(offset)
        state = dice.choice(["taken", "taken", "missed", "not_reported", "skipped", "held"])
        doses.append((day, state))
        if state == "taken":
            covered |= set(days(day, day + timedelta(span - 1)))
        if state == "not_reported":
            silent |= set(days(day, day + timedelta(span - 1)))
    for offset in sorted(dice.sample(range(-40, length), dice.randrange(0, 3))):
        depots.append(start + timedelta(offset))
        covered |= set(days(depots[-1], depots[-1] + timedelta(27)))
    end = start + timedelta(length - 1)
    stay = (start + timedelta(dice.randrange(length)), dice.randrange(0, 20))
    gone = set(days(stay[0], stay[0] + timedelta(stay[1])))
    common = {"program_id": person.program_id, "patient_id": person.pk, "treatment_id": regimen.treatment_id}
    Dose.objects.bulk_create(
        Dose(
            **common, regimen=regimen, dosing_day=day, ordinal=1, dose_mg=50, coverage_hours=24 * span, state=state,
            due_at=at(day), opens_at=at(day), closes_at=at(day), day_ends_at=at(day),
        )
        for day, state in doses
    )  # fmt: skip
    Injection.objects.bulk_create(
        Injection(
            **common, client_id=uuid.uuid4(), medicine="naltrexone_injection", dose_mg=380, given_on=day,
            source="staff", verified=True, recorded_at=at(day),
        )
        for day in depots
    )  # fmt: skip
    Stay.objects.create(
        program_id=person.program_id, patient_id=person.pk, client_id=uuid.uuid4(), place="hospital",
        began_on=stay[0], ended_on=stay[0] + timedelta(stay[1]), recorded_at=at(start),
    )  # fmt: skip
    window = set(days(start, end))
    any_dose = bool(depots) or any(state == "taken" for _, state in doses)
    excluded = (gone & window) - covered
    unreported = (silent & window) - covered - gone
    return start, end, any_dose, len(covered & window), len(excluded), len(unreported), gone, covered


@pytest.mark.parametrize("seed", range(40))
def test_random_histories_against_a_count_of_single_days(make_patient, program, staff, seed):
    person = make_patient(program, treatment_from=date(2025, 11, 1))
    regimen = Regimen.objects.create(
        program_id=program, patient_id=person.pk, treatment=open_treatment(person), version=1, kind="oral_daily",
        medicine="naltrexone_tablet", plan={}, starts_on=date(2025, 11, 1), ordered_at=at(date(2025, 11, 1)),
    )  # fmt: skip
    start, end, any_dose, covered, excluded, unreported, gone, cover = _random(seed, person, regimen)
    [one] = measures_of(patient=person, start=start, end=end)
    if not any_dose:
        assert one.pdc is None
        return
    assert (one.pdc.covered, one.pdc.days) == (covered, (end - start).days + 1)
    assert (one.pdc.excluded, one.pdc.not_reported) == (excluded, unreported)
    worst = run = 0
    for day in days(start, end):
        run = 0 if day in cover else run if day in gone else run + 1
        worst = max(worst, run)
    assert (one.longest_gap.days if one.longest_gap else 0) == worst


# --- a program ----------------------------------------------------------------------------------------------


def test_a_program_by_month_with_who_is_left_out(program, person, make_patient, gets):
    gets(date(2026, 1, 5), date(2026, 2, 2), date(2026, 3, 6))
    make_patient(program, treatment_from=date(2026, 2, 10))  # no record at all: in no row of this substance
    late = make_patient(program, treatment_from=date(2026, 2, 1))
    Injection.objects.create(
        program_id=program, patient_id=late.pk, treatment=open_treatment(late), client_id=uuid.uuid4(),
        medicine="naltrexone_injection", dose_mg=380, given_on=date(2026, 3, 16), source="staff", verified=True,
        recorded_at=at(date(2026, 3, 16)),
    )  # fmt: skip
    [one] = program_measures(program_id=program, zone="America/New_York", now=at(date(2026, 4, 1)), months=3)
    assert (one.substance, one.people) == (Substance.NALTREXONE, 2)
    january, february, march = one.months
    assert (january.people, january.before_first, january.mean) == (1, 0, 1)  # from the first dose on: 5 to 31 January
    assert (february.people, february.before_first, february.mean) == (1, 1, 1)
    assert (march.people, march.before_first) == (2, 0)
    assert march.mean == (Fraction(27, 31) + 1) / 2  # 2 to 5 March uncovered; the other from 16 March on
    assert (march.at_threshold.part, march.at_threshold.whole) == (2, 2)
    assert (one.on_time.part, one.on_time.whole) == (1, 2)
    assert (one.persisted[30].part, one.persisted[30].whole) == (1, 1)
    assert (one.persisted[180].whole, one.too_recent) == (0, 2)


def test_the_number_of_queries_does_not_grow_with_people(program, make_patient, staff, gets):
    gets(date(2026, 2, 2))

    def asked():
        with CaptureQueriesContext(connection) as queries:
            program_measures(program_id=program, zone="America/New_York", now=at(date(2026, 3, 1)))
        return len(queries)

    few = asked()
    for _ in range(4):
        other = make_patient(program)
        start_regimen(
            actor=staff, treatment=open_treatment(other), kind="oral_daily", starts_on=date(2026, 2, 20),
            now=at(date(2026, 2, 20)),
        )  # fmt: skip
    assert asked() == few
