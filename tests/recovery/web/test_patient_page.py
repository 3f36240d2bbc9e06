"""The staff's page of a patient, and what is recorded there."""

import uuid
from datetime import timedelta

import pytest

from backend.db import programs
from backend.models import AuditEvent
from recovery.models import Dose, DoseReport, Injection, Treatment


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
    "changes",
    [
        pytest.param({"given_on": "2026-03-04"}, id="in-the-future"),
        pytest.param({"dose_mg": "0"}, id="nothing-given"),
        pytest.param({"dose_mg": "NaN"}, id="not-a-number"),
        pytest.param({"medicine": "water"}, id="unknown-medicine"),
        pytest.param({"client_id": "x"}, id="no-id"),
    ],
)
def test_what_cannot_be_is_refused_with_a_line(clinic, coordinator, changes):
    answer = coordinator.post(f"{page_of(clinic)}given/", given(**changes))
    assert answer.status_code == 422
    assert b'class="wrong"' in answer.content
    with programs([clinic.north.pk]):
        assert not Injection.objects.exists()


def test_a_contact_is_recorded(clinic, coordinator):
    form = {"channel": "call", "result": "left_message", "note": "Asked to call back."}
    page = coordinator.post(f"{page_of(clinic)}contact/", form, follow=True).content.decode()
    assert "Call: left a message" in page
    assert "Asked to call back." in page
    assert coordinator.post(f"{page_of(clinic)}contact/", {"channel": "call"}).status_code == 422
