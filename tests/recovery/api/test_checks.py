"""Tests, procedures, reversal agents and checklists through the API."""

import json
import uuid

import pytest

from backend.db import programs
from backend.models import AuditEvent
from recovery.models import Hold, Patient, Procedure, ReversalAgent, Task
from recovery.services.due_work import make_due_work
from tests.recovery.api.clinic import refused, send, signed_in

LAB = {"analyte": "alt", "value": 130, "upper_limit": 40, "taken_on": "2026-03-02"}
SCREEN = {
    "taken_on": "2026-03-03",
    "panel": "extended",
    "method": "immunoassay",
    "stage": "presumptive",
    "results": [{"analyte": "opiates", "result": "positive"}],
}
CHALLENGE = {"done_on": "2026-03-02", "route": "nasal", "result": "failed"}
PROCEDURE = {"kind": "dental", "planned_on": "2026-03-20"}
REVERSAL = {"has_it": "yes", "expires_on": "2027-01-01", "trained": True}


def put(client, clinic, noun, body, new=None, who="care"):
    person = f"care/patients/{clinic.patient.pk}" if who == "care" else "me"
    return send(client, "PUT", f"/api/v1/{person}/{noun}/{new or uuid.uuid4()}/", body)


@pytest.mark.parametrize(
    ("noun", "body", "other"),
    [
        pytest.param("lab-results", LAB, {"value": 131}, id="lab"),
        pytest.param("urine-screens", SCREEN, {"panel": "basic"}, id="screen"),
        pytest.param("challenges", CHALLENGE, {"result": "passed"}, id="challenge"),
        pytest.param("procedures", PROCEDURE, {"kind": "surgery"}, id="procedure"),
        pytest.param("reversal-agents", REVERSAL, {"offered": True}, id="reversal agent"),
    ],
)
def test_each_is_stored_once_and_refused_with_another_body(clinic, noun, body, other):
    client, new = signed_in(clinic.coordinator), uuid.uuid4()
    first = put(client, clinic, noun, body, new)
    assert first.status_code == 201, first.content
    again = put(client, clinic, noun, body, new)
    assert (again.status_code, again.content) == (200, first.content)
    refused(put(client, clinic, noun, body | other, new), 409, "id-reused")
    refused(put(signed_in(clinic.southern), clinic, noun, body), 404, "not-found")
    refused(put(signed_in(clinic.phone), clinic, noun, body), 403, "not-allowed")


@pytest.mark.parametrize(
    ("noun", "body", "field"),
    [
        ("lab-results", LAB | {"upper_limit": None}, "upper_limit"),
        ("lab-results", LAB | {"taken_on": "2026-03-04"}, "taken_on"),
        ("lab-results", LAB | {"value": -1}, "value"),
        ("urine-screens", SCREEN | {"results": []}, "results"),
        ("challenges", CHALLENGE | {"repeat_on": "2026-03-01"}, "repeat_on"),
        ("challenges", CHALLENGE | {"dose_mg": 0.8}, ""),
        ("procedures", PROCEDURE | {"planned_on": "2026-03-01"}, "planned_on"),
        ("reversal-agents", REVERSAL | {"has_it": "no"}, "expires_on"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(clinic, noun, body, field):
    answer = put(signed_in(clinic.coordinator), clinic, noun, body)
    assert answer.status_code == 400
    assert field in answer.content.decode()


def test_a_value_is_reviewed_and_a_screen_read_by_a_prescriber_alone(clinic):
    coordinator, clinician = signed_in(clinic.coordinator), signed_in(clinic.clinician)
    lab = json.loads(put(coordinator, clinic, "lab-results", LAB).content)["id"]
    screen = json.loads(put(coordinator, clinic, "urine-screens", SCREEN).content)["id"]
    care = f"/api/v1/care/patients/{clinic.patient.pk}/"
    reviewed, read = f"{care}lab-results/{lab}/review/", f"{care}urine-screens/{screen}/read/"
    for path, body in ((reviewed, {}), (read, {"reading": "false_positive"})):
        refused(send(coordinator, "POST", path, body), 403, "not-allowed")
        for _ in range(2):
            answer = send(clinician, "POST", path, body)
            assert (answer.status_code, json.loads(answer.content)["voided"]) == (200, False)
    refused(send(clinician, "POST", read, {"reading": "prescribed"}), 409, "conflict")
    refused(send(clinician, "POST", read, {"reading": "perhaps"}), 400, "invalid-input")
    refused(
        send(clinician, "POST", read.replace(str(screen), "999999"), {"reading": "false_positive"}), 404, "not-found"
    )

    refused(send(signed_in(clinic.southern), "GET", f"{care}tests/"), 404, "not-found")
    refused(send(signed_in(clinic.phone), "GET", f"{care}tests/"), 403, "not-allowed")
    shown = json.loads(send(coordinator, "GET", f"{care}tests/").content)
    assert (shown["labs"][0]["times"], shown["labs"][0]["reviewed_at"]) == (3.25, "2026-03-03T15:00:00Z")
    assert shown["screens"][0]["results"] == {"opiates": "positive"}
    assert (shown["screens"][0]["reading"], shown["open_analytes"]) == ("false_positive", [])


def test_entered_in_error(clinic):
    coordinator, clinician = signed_in(clinic.coordinator), signed_in(clinic.clinician)
    care = f"/api/v1/care/patients/{clinic.patient.pk}/"
    for noun, body, holds in (
        ("lab-results", LAB, None),
        ("urine-screens", SCREEN, "positive_screen"),
        ("challenges", CHALLENGE, "failed_challenge"),
    ):
        entry = json.loads(put(coordinator, clinic, noun, body).content)["id"]
        path = f"{care}{noun}/{entry}/void/"
        refused(send(signed_in(clinic.southern), "POST", path, {}), 404, "not-found")
        assert json.loads(send(clinician, "POST", path, {}).content) == {"id": entry, "voided": True}
        refused(send(clinician, "POST", path, {}), 409, "conflict")
        with programs([clinic.north.pk]):
            assert [hold.lift_reason for hold in Hold.objects.filter(cause=holds)] == (["in_error"] if holds else [])
    shown = json.loads(send(coordinator, "GET", f"{care}tests/").content)
    assert [each["voided"] for noun in ("labs", "screens", "challenges") for each in shown[noun]] == [True] * 3


def test_who_says_that_opioids_were_never_used(clinic):
    path = f"/api/v1/care/patients/{clinic.patient.pk}/opioid-history/"
    new = f"/api/v1/care/programs/{clinic.north.pk}/patients/{uuid.uuid4()}/"
    person = {"name": "Ora Quiet", "zone": "America/New_York", "indication": "alcohol", "opioid_history": "none"}
    coordinator, clinician = signed_in(clinic.coordinator), signed_in(clinic.clinician)
    for method, where, body in (("POST", path, {"opioid_history": "none"}), ("PUT", new, person)):
        problem = refused(send(coordinator, method, where, body), 400, "bad-person")
        assert "opioid_history" in json.dumps(problem)
        assert send(clinician, method, where, body).status_code in (200, 201)
    assert send(coordinator, "POST", path, {"opioid_history": "known"}).status_code == 200
    with programs([clinic.north.pk]):
        assert Patient.objects.get(pk=clinic.patient.pk).opioid_history == "known"
        assert Patient.objects.order_by("-pk").first().opioid_history == "none"
        actions = list(AuditEvent.objects.filter(action="patient.opioid_history_set").values_list("fields", flat=True))
    assert actions == [["opioid_history"], ["opioid_history"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"zone": "America/Nowhere"}, "zone", id="zone that does not exist"),
        pytest.param({"phone": "555"}, "phone", id="phone"),
        pytest.param({"name": "  "}, "name", id="name"),
        pytest.param({"born_on": "2026-03-04"}, "born_on", id="born tomorrow"),
        pytest.param({"born_on": "1899-01-01"}, "born_on", id="born too long ago"),
        pytest.param({"born_on": "2020-01-01", "treatment_from": "2019-01-01"}, "treatment_from", id="before birth"),
        pytest.param({"indication": "tea"}, "indication", id="indication"),
    ],
)
def test_who_cannot_be_is_not_enrolled(clinic, change, field):
    person = {"name": "Ora Quiet", "zone": "America/New_York", "indication": "alcohol"} | change
    before = clinic.rows()
    answer = send(
        signed_in(clinic.coordinator),
        "PUT",
        f"/api/v1/care/programs/{clinic.north.pk}/patients/{uuid.uuid4()}/",
        person,
    )
    assert answer.status_code == 400
    assert field in answer.content.decode()
    assert clinic.rows() == before


def test_a_patient_tells_of_a_procedure_and_reads_what_to_say(clinic):
    phone = signed_in(clinic.phone)
    told = json.loads(put(phone, clinic, "procedures", PROCEDURE | {"note": "wisdom tooth"}, who="me").content)
    assert told["say"].startswith("Please tell the other clinic")
    assert any("+12125550100" in line for line in told["card"])
    with programs([clinic.north.pk]):
        row = Procedure.objects.get()
        assert (row.source, Hold.objects.count()) == ("app", 0)
        assert Task.objects.get(kind="procedure_plan").role == "prescriber"
    shown = json.loads(send(phone, "GET", "/api/v1/me/tests/").content)
    assert shown["procedures"] == [{"kind": "dental", "planned_on": "2026-03-20"}]
    assert shown["blood_test_due_on"] is not None
    page = signed_in(clinic.coordinator).get(f"/care/patients/{clinic.patient.pk}/tests/").content.decode()
    assert "told by the patient" in page and "wisdom tooth" in page


def test_a_patient_answers_about_a_reversal_agent(clinic):
    phone = signed_in(clinic.phone)
    assert put(phone, clinic, "reversal-agents", REVERSAL, who="me").status_code == 201
    with programs([clinic.north.pk]):
        assert ReversalAgent.objects.get().source == "app"
    shown = json.loads(send(phone, "GET", "/api/v1/me/tests/").content)
    assert shown["reversal_agent"] == {"on_day": "2026-03-03", "has_it": "yes", "expires_on": "2027-01-01"}


def test_no_result_reaches_the_phone(clinic):
    coordinator, phone = signed_in(clinic.coordinator), signed_in(clinic.phone)
    put(coordinator, clinic, "urine-screens", SCREEN)
    put(coordinator, clinic, "lab-results", LAB)
    shown = send(phone, "GET", "/api/v1/me/tests/").content.decode()
    assert "positive" not in shown and "130" not in shown


def test_a_checklist_is_answered_and_signed(clinic):
    make_due_work(program_ids=[clinic.north.pk], now=clinic.now)
    with programs([clinic.north.pk]):
        from backend.access import NOBODY
        from recovery.rules.checklists import ChecklistCause, ChecklistKind
        from recovery.services.checklists import open_checklist

        row = open_checklist(
            actor=NOBODY,
            patient=clinic.patient,
            kind=ChecklistKind.RESTART,
            cause=ChecklistCause.ORDERED,
            now=clinic.now,
        )
    clinician, base = signed_in(clinic.clinician), f"/api/v1/care/patients/{clinic.patient.pk}/checklists/"
    [shown] = json.loads(send(clinician, "GET", base).content)["items"]
    assert shown["id"] == row.pk and "urine_test" in shown["missing"]
    document = refused(send(clinician, "POST", f"{base}{row.pk}/sign/", {}), 422, "checklist-incomplete")
    assert "Urine test today" in document["detail"]
    wrong = {"answers": [{"item": "urine_test", "value": "perhaps"}]}
    refused(send(clinician, "POST", f"{base}{row.pk}/answers/", wrong), 400, "bad-answer")
    right = {"answers": [{"item": "urine_test", "value": "positive"}]}
    after = json.loads(send(clinician, "POST", f"{base}{row.pk}/answers/", right).content)
    assert "urine_test" not in after["missing"] and after["to_explain"] == ["urine_test"]
    refused(send(signed_in(clinic.coordinator), "POST", f"{base}{row.pk}/sign/", {}), 403, "not-allowed")
    refused(send(signed_in(clinic.southern), "GET", base), 404, "not-found")
