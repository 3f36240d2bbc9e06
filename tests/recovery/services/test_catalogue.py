"""Every regimen that a program can order, through the services: what falls due, and what a change leaves alone."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from recovery.models import Dose, Regimen
from recovery.rules.medicines import CATALOGUE
from recovery.selectors.records import open_treatment
from recovery.services.doses import DoseStatement, report_doses
from recovery.services.regimens import change_regimen, extend_doses, start_regimen

MONDAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)  # 06:00 in New York
DAY = timedelta(days=1)

# Dose in mg by day of the first nine days, all doses of a day together; what has no slots has none.
NINE_DAYS = {
    "oral_start": [25, *[50] * 8],
    "oral_daily": [50] * 9,
    "oral_wk_sat": [50, 50, 50, 50, 50, 100, 0, 50, 50],
    "oral_mwf": [100, 0, 100, 0, 150, 0, 0, 100, 0],
    "oral_q2d": [100, 0, 100, 0, 100, 0, 100, 0, 100],
    "oral_q3d": [150, 0, 0, 150, 0, 0, 150, 0, 0],
    "observed_daily": [1] * 9,
    "buprenorphine_daily": [16] * 9,
    "methadone_observed": [60] * 9,
    "acamprosate": [1998] * 9,
    "disulfiram": [250] * 9,
    "xr_im_28d": [0] * 9,
    "targeted_prn": [0] * 9,
    "implant": [0] * 9,
    "sublocade": [0] * 9,
    "brixadi_weekly": [0] * 9,
    "brixadi_monthly": [0] * 9,
}


def by_day(**where):
    found = dict.fromkeys((MONDAY + n * DAY for n in range(9)), 0)
    rows = Dose.objects.filter(dosing_day__lt=MONDAY + 9 * DAY, **where).exclude(state="cancelled")
    for day, mg in rows.values_list("dosing_day", "dose_mg"):
        found[day] += float(mg)
    return list(found.values())


def test_the_table_names_every_regimen():
    assert set(NINE_DAYS) == set(CATALOGUE)


@pytest.mark.parametrize("kind", NINE_DAYS)
def test_it_is_planned_changed_and_never_doubled(program, staff, make_patient, kind):
    person = make_patient(program, indication="both", treatment_from=MONDAY)
    first = start_regimen(actor=staff, treatment=open_treatment(person), kind=kind, starts_on=MONDAY, now=NOW)
    extend_doses(program_ids=[program], now=NOW, ahead_hours=9 * 24)
    extend_doses(program_ids=[program], now=NOW, ahead_hours=9 * 24)
    assert by_day(regimen=first) == NINE_DAYS[kind]
    taken = Dose.objects.filter(regimen=first, dosing_day=MONDAY).order_by("ordinal").first()
    if taken is not None:
        said = DoseStatement(
            client_id=uuid.uuid4(), patient_id=person.pk, statement="taken", source="app", dose_id=taken.pk
        )
        report_doses(actor=staff, statements=[said], now=NOW + timedelta(hours=3))
    times = first.plan["times"]
    new = change_regimen(
        actor=staff,
        regimen=first,
        times=[f"{int(at[:2]) + 1:02d}:00" for at in times] if times else None,
        reminders=False,
        outside_window_ok=True,
        now=NOW + timedelta(hours=4),
    )
    extend_doses(program_ids=[program], now=NOW + timedelta(hours=4), ahead_hours=9 * 24)
    assert by_day(treatment=first.treatment) == NINE_DAYS[kind]
    assert Regimen.objects.filter(treatment=first.treatment, ends_at=None).get() == new
    if taken is not None:
        taken.refresh_from_db()
        assert (taken.state, taken.regimen_id) == ("taken", first.pk)
        ahead = Dose.objects.filter(treatment=first.treatment, dosing_day__gt=MONDAY).exclude(state="cancelled")
        assert set(ahead.values_list("regimen_id", flat=True)) == {new.pk}


def test_a_tablet_before_drinking_is_logged_and_never_missed(program, staff, make_patient):
    """C 1 row 17: no slots, no adherence; the log is what was said."""
    person = make_patient(program, indication="alcohol", treatment_from=MONDAY)
    start_regimen(actor=staff, treatment=open_treatment(person), kind="targeted_prn", starts_on=MONDAY, now=NOW)
    said = DoseStatement(
        client_id=uuid.uuid4(),
        patient_id=person.pk,
        statement="taken",
        source="app",
        taken_at=NOW + timedelta(hours=9),
        dose_mg=50,
    )
    [result] = report_doses(actor=staff, statements=[said], now=NOW + timedelta(hours=10))
    assert (result.dose_id, result.state, result.is_new) == (None, "taken", True)
    assert not Dose.objects.exists()
