"""The staff's page of a patient, and what is recorded there."""

import uuid
from datetime import timedelta

import pytest

from backend.db import programs
from backend.models import AuditEvent
from backend.selectors.keys import data_key
from recovery.models import Appointment, Dose, DoseReport, Injection, LabResult, Patient, Task, Treatment
from tests.recovery.api.clinic import signed_in


def page_of(clinic):
    return f"/care/patients/{clinic.patient.pk}/"


def test_reading_the_page_is_written_down(clinic, coordinator):
    coordinator.get(page_of(clinic))
    with programs([clinic.north.pk]):
        [event] = AuditEvent.objects.filter(action="patient.read")
        assert (event.patient_id, event.actor_id) == (clinic.patient.pk, clinic.coordinator.pk)


def test_not_reported_is_an_empty_outline_and_never_missed(clinic, coordinator):
    page = coordinator.get(page_of(clinic)).content.decode()
    assert 'class="m-empty"' in page
    assert "not reported" in page
    assert "missed" not in page.lower()


def test_the_drawing_has_a_table_beside_it(clinic, coordinator):
    page = coordinator.get(page_of(clinic)).content.decode()
    assert 'aria-label="Doses of the last six weeks: ' in page
    assert "Read as a table" in page


def test_staff_record_what_the_patient_said(clinic, coordinator):
    dose = clinic.doses[0]
    path = f"{page_of(clinic)}doses/{dose.pk}/"
    form = {"client_id": str(uuid.uuid4()), "statement": "taken", "taken_at": "08:30", "note": "By phone."}
    assert coordinator.post(path, form)["Location"] == f"{page_of(clinic)}?done=dose"
    with programs([clinic.north.pk]):
        row = Dose.objects.get(pk=dose.pk)
        assert (row.state, row.source, row.timeliness) == ("taken", "staff", "on_time")
        assert row.taken_at == dose.due_at + timedelta(minutes=30)
    coordinator.post(path, form)
    with programs([clinic.north.pk]):
        assert DoseReport.objects.filter(dose_id=dose.pk).count() == 1


def test_a_time_after_midnight_belongs_to_the_night_after_the_slot(clinic, coordinator):
    dose = clinic.doses[0]
    form = {"client_id": str(uuid.uuid4()), "statement": "taken", "taken_at": "01:30"}
    coordinator.post(f"{page_of(clinic)}doses/{dose.pk}/", form)
    with programs([clinic.north.pk]):
        assert Dose.objects.get(pk=dose.pk).taken_at == dose.due_at + timedelta(hours=17, minutes=30)


def test_without_a_time_it_stays_unknown(clinic, coordinator):
    form = {"client_id": str(uuid.uuid4()), "statement": "taken"}
    coordinator.post(f"{page_of(clinic)}doses/{clinic.doses[0].pk}/", form)
    with programs([clinic.north.pk]):
        row = Dose.objects.get(pk=clinic.doses[0].pk)
        assert (row.state, row.timeliness, row.taken_at) == ("taken", "unknown", None)


def given(**changes):
    form = {
        "client_id": str(uuid.uuid4()),
        "given_on": "2026-03-03",
        "medicine": "naltrexone_injection",
        "dose_mg": "380",
        "site": "left",
        "lot": "A12",
        "lot_expires_on": "2026-02-01",
        "needle_inches": "1.5",
        "operator": "Sam Okafor",
        "where": "here",
    }
    return form | changes


def test_an_injection_is_recorded_once_with_its_warnings(clinic, coordinator):
    form = given()
    answer = coordinator.post(f"{page_of(clinic)}given/", form, follow=True)
    page = answer.content.decode()
    assert "The lot had expired on that day." in page
    assert "The record is kept." in page
    assert "Covered" in page
    again = coordinator.post(f"{page_of(clinic)}given/", form)
    assert "done=known" in again["Location"]
    with programs([clinic.north.pk]):
        assert Injection.objects.filter(patient_id=clinic.patient.pk).count() == 1
        assert Treatment.objects.get(patient_id=clinic.patient.pk).cover_band == "covered"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        pytest.param({"given_on": "2026-03-04"}, "given_on", "before it is given", id="in the future"),
        pytest.param({"given_on": ""}, "given_on", "Choose the day.", id="no day"),
        pytest.param({"given_on": "1959-12-31"}, "given_on", "before the date of birth", id="before birth"),
        pytest.param({"dose_mg": "0"}, "dose_mg", "above 0 and at most", id="a dose of 0"),
        pytest.param({"dose_mg": "5000"}, "dose_mg", "above 0 and at most", id="a dose of 5,000 mg"),
        pytest.param({"dose_mg": "NaN"}, "dose_mg", "Enter a number.", id="not a number"),
        pytest.param({"medicine": "water"}, "medicine", "Select a valid choice", id="unknown medicine"),
        pytest.param({"needle_inches": "0"}, "needle_inches", "0.1 to 9.9 inches", id="no needle"),
        pytest.param({"where": "the moon"}, "where", "Select a valid choice", id="nowhere"),
        pytest.param({"where": ""}, "where", "Say where it was given.", id="not said where"),
        pytest.param({"client_id": "x"}, "", "Please open this page again.", id="no id"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_what_was_typed_is_kept(clinic, coordinator, changes, field, said):
    born(clinic, "1960-01-01")
    answer = coordinator.post(f"{page_of(clinic)}given/", given(**changes))
    assert answer.status_code == 422
    page = answer.content.decode()
    error = page.split(f'id="given-{field}_error">')[1].split("</small>")[0] if field else page
    assert said in error
    assert 'value="A12"' in page and 'value="Sam Okafor"' in page
    with programs([clinic.north.pk]):
        assert not Injection.objects.exists()


def born(clinic, day):
    with programs([clinic.north.pk]):
        row = Patient.objects.get(pk=clinic.patient.pk)
        row.seal(data_key(program_id=row.program_id, patient_id=row.pk), born_on=day)
        row.save(update_fields=["born_on"])


def test_two_of_a_medicine_on_a_day_are_refused_at_the_day(clinic, coordinator):
    path = f"{page_of(clinic)}given/"
    assert coordinator.post(path, given()).status_code == 302
    assert 'name="dose_mg" value="380"' in coordinator.get(path).content.decode()
    again = coordinator.post(path, given(lot="B13"))
    assert again.status_code == 422
    error = again.content.decode().split('id="given-given_on_error">')[1].split("</small>")[0]
    assert "recorded for this day already" in error
    assert 'value="B13"' in again.content.decode()


@pytest.mark.parametrize(
    ("changes", "done", "task"),
    [
        pytest.param({"where": "seen"}, "given", None, id="elsewhere, with its record"),
        pytest.param({"where": "stated"}, "waits", "verify_given", id="elsewhere, no record yet"),
        pytest.param({"partly_given": "on"}, "waits", "partly_given", id="in part"),
        pytest.param(
            {"medicine": "naltrexone_implant", "dose_mg": "2300", "site": ""},
            "waits",
            None,
            id="an implant, while the program says no days",
        ),
    ],
)
def test_what_moves_a_date_and_what_waits(clinic, coordinator, changes, done, task):
    answer = coordinator.post(f"{page_of(clinic)}given/", given(**changes))
    assert answer["Location"].startswith(f"{page_of(clinic)}?done={done}")
    with programs([clinic.north.pk]):
        [row] = Injection.objects.all()
        assert row.given_elsewhere == ("where" in changes)
        assert row.partly_given == ("partly_given" in changes)
        assert list(Task.objects.filter(status="open").values_list("kind", flat=True)) == ([task] if task else [])
        assert Appointment.objects.filter(kind="injection").exists() == (done == "given")
    assert ("It moves no date yet." in coordinator.get(answer["Location"]).content.decode()) == (done == "waits")


def test_ids_of_somebody_else_are_not_there_on_any_form(clinic, coordinator):
    with programs([clinic.north.pk]):
        lab = LabResult.objects.create(
            program_id=clinic.north.pk,
            patient_id=clinic.neighbour.pk,
            client_id=uuid.uuid4(),
            analyte="alt",
            unit="u_per_l",
            value=30,
            taken_on="2026-03-02",
            recorded_at=clinic.now,
        )
        injection = Injection.objects.create(
            program_id=clinic.north.pk,
            patient_id=clinic.neighbour.pk,
            treatment=Treatment.objects.get(patient_id=clinic.neighbour.pk),
            client_id=uuid.uuid4(),
            medicine="naltrexone_injection",
            dose_mg=380,
            given_on="2026-03-02",
            source="staff",
            verified=True,
            recorded_at=clinic.now,
        )
    for path, body in (
        (f"doses/{clinic.neighbour_dose.pk}/", {"client_id": str(uuid.uuid4()), "statement": "taken"}),
        (f"tests/labs/{lab.pk}/void/", {}),
        (f"visits/given/{injection.pk}/void/", {"reason": "twice"}),
        (f"visits/given/{injection.pk}/verify/", {}),
        (f"regimens/{clinic.neighbour_dose.regimen_id}/stop/", {"reason": "side effects"}),
    ):
        assert coordinator.post(page_of(clinic) + path, body).status_code in (403, 404), path
        prescriber = signed_in(clinic.clinician)
        assert prescriber.post(page_of(clinic) + path, body).status_code == 404, path
    with programs([clinic.north.pk]):
        assert LabResult.objects.get().voided_at is None and Injection.objects.get().voided_at is None
        assert not DoseReport.objects.exists()


def test_a_contact_is_recorded(clinic, coordinator):
    form = {"channel": "call", "result": "left_message", "note": "Asked to call back."}
    page = coordinator.post(f"{page_of(clinic)}contact/", form, follow=True).content.decode()
    assert "Call: left a message" in page
    assert "Asked to call back." in page
    assert coordinator.post(f"{page_of(clinic)}contact/", {"channel": "call"}).status_code == 422
