"""The pages of tests and checklists, and one path through HTTP from a late injection to an order that runs out."""

import re
import uuid
from datetime import timedelta

import pytest

from backend.access import NOBODY
from backend.db import programs
from backend.models import AuditEvent
from backend.rules.roles import Role
from backend.services import people
from recovery.models import (
    Challenge,
    Checklist,
    Hold,
    LabResult,
    PlannedStop,
    Procedure,
    ReversalAgent,
    Task,
    UrineScreen,
)
from recovery.rules.checklists import ChecklistCause, ChecklistKind
from recovery.rules.instruments.catalogue import INSTRUMENTS
from recovery.rules.instruments.definition import InstrumentKey
from recovery.rules.tasks import TASK_RULES
from recovery.services.checklists import open_checklist
from recovery.services.due_work import make_due_work
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.instruments import record_form
from tests.recovery.api.clinic import signed_in


@pytest.fixture
def clinician(clinic):
    return signed_in(clinic.clinician)


@pytest.fixture
def nurse(clinic):
    user = people.create_staff(
        email=f"{uuid.uuid4().hex}@example.test", roles={clinic.north.pk: [Role.NURSE]}, now=clinic.now
    )
    return signed_in(user)


@pytest.fixture
def page(clinic):
    return f"/care/patients/{clinic.patient.pk}/tests/"


def of(clinic, model, **where):
    with programs([clinic.north.pk]):
        return list(model.objects.filter(patient_id=clinic.patient.pk, **where).order_by("pk"))


def text(response):
    return response.content.decode()


def test_an_empty_page_says_so_and_is_audited(clinic, coordinator, page):
    shown = text(coordinator.get(page))
    assert "None recorded." in shown and "Not asked yet." in shown
    assert "Liver tests were due" in shown  # the treatment began 60 days ago
    with programs([clinic.north.pk]):
        assert AuditEvent.objects.filter(action="patient.read", patient_id=clinic.patient.pk).exists()


def test_liver_tests_are_recorded_read_and_shown_against_their_limit(clinic, coordinator, clinician, page):
    sent = {
        "client_id": str(uuid.uuid4()),
        "taken_on": "2026-03-03",
        "alt": "130",
        "alt_limit": "40",
        "note": "fasting",
    }
    missing = coordinator.post(f"{page}labs/", sent | {"alt_limit": ""})
    assert missing.status_code == 422 and "upper limit that the laboratory printed" in text(missing)
    assert of(clinic, LabResult) == []
    for _ in range(2):  # a form that is sent twice is stored once
        assert coordinator.post(f"{page}labs/", sent).status_code == 302
    [row] = of(clinic, LabResult)
    shown = text(coordinator.get(page))
    assert "130 U/L" in shown and "3.2 times" in shown and "fasting" in shown
    assert "Liver tests in multiples of the upper limit: ALT 3.2" in text(coordinator.get("/care/"))
    assert coordinator.post(f"{page}labs/{row.pk}/review/").status_code == 403
    clinician.post(f"{page}labs/{row.pk}/review/")
    assert of(clinic, LabResult)[0].reviewed_by_id == clinic.clinician.pk
    coordinator.post(f"{page}labs/{row.pk}/void/")
    assert "entered in error" in text(coordinator.get(page))


def test_a_positive_screen_is_for_staff_and_waits_for_a_prescriber(clinic, coordinator, clinician, phone, page):
    sent = {
        "client_id": str(uuid.uuid4()),
        "taken_on": "2026-03-03",
        "panel": "opiates_only",
        "method": "immunoassay",
        "stage": "presumptive",
    }
    nothing = coordinator.post(f"{page}screens/", sent)
    assert nothing.status_code == 422 and "Say what was tested." in text(nothing)
    assert coordinator.post(f"{page}screens/", sent | {"opiates": "positive"}).status_code == 302
    shown = text(coordinator.get(page))
    assert "Opiates positive" in shown and "A prescriber has not read it yet." in shown
    assert "Not closed by a negative:</strong> opiates" in shown
    assert "positive" not in text(phone.get("/me/"))
    assert len(of(clinic, Hold)) == 1
    [row] = of(clinic, UrineScreen)
    clinician.post(f"{page}screens/{row.pk}/read/", {"said": "false_positive"})
    assert "Read as: false positive" in text(coordinator.get(page))


def test_what_was_entered_in_error_says_so_on_the_hold_until_a_prescriber_lifts_it(
    clinic, coordinator, clinician, page
):
    care = page.removesuffix("tests/")
    done = {"done_on": "2026-03-02", "route": "nasal", "result": "failed"}
    coordinator.post(f"{page}challenges/", done | {"client_id": str(uuid.uuid4())})
    [row] = of(clinic, Challenge)
    assert "What opened it was entered in error" not in text(coordinator.get(f"{care}safety/"))
    assert "Entered in error" in text(coordinator.get(page))
    assert coordinator.post(f"{page}challenges/{row.pk}/void/").status_code == 302
    assert "What opened it was entered in error" in text(coordinator.get(f"{care}safety/"))
    assert "what opened it was entered in error" in text(clinician.get("/care/tasks/"))
    [hold] = of(clinic, Hold)
    clinician.post(f"{care}safety/lift/", {"hold": hold.pk, "reason": "in_error"})
    assert "what opened it was entered in error" not in text(clinician.get("/care/tasks/"))

    coordinator.post(f"{page}challenges/", done | {"client_id": str(uuid.uuid4())})
    again = of(clinic, Challenge)[-1]
    assert clinician.post(f"{page}challenges/{again.pk}/void/").status_code == 302
    assert [each.lift_reason for each in of(clinic, Hold)] == ["in_error", "in_error"]
    assert "None is open." in text(coordinator.get(f"{care}safety/"))


def test_challenges_procedures_and_the_reversal_agent(clinic, coordinator, clinician, page):
    coordinator.post(
        f"{page}challenges/",
        {"client_id": str(uuid.uuid4()), "done_on": "2026-03-02", "route": "subcutaneous", "result": "passed"},
    )
    coordinator.post(
        f"{page}reversal/",
        {
            "client_id": str(uuid.uuid4()),
            "has_it": "yes",
            "expires_on": "2027-01-01",
            "offered": "on",
            "trained": "true",
            "note": "Brother Leo",
        },
    )
    coordinator.post(
        f"{page}procedures/",
        {"client_id": str(uuid.uuid4()), "kind": "dental", "planned_on": "2026-03-20", "opioid_expected": "yes"},
    )
    assert len(of(clinic, Challenge)) == len(of(clinic, ReversalAgent)) == 1
    [row] = of(clinic, Procedure)
    shown = text(clinician.get(page))
    assert "Brother Leo" in shown and "Dental treatment, 20 March" in shown
    assert "Naltrexone tablet: 17 March" in shown  # 72 hours before, information only
    late = clinician.post(f"{page}procedures/{row.pk}/hold/", {"hold_from": "2026-03-25"})
    assert late.status_code == 422 and "Choose a day from today" in text(late)
    assert coordinator.post(f"{page}procedures/{row.pk}/hold/", {"hold_from": "2026-03-17"}).status_code == 403
    clinician.post(f"{page}procedures/{row.pk}/hold/", {"hold_from": "2026-03-17"})
    assert "The hold begins 17 March." in text(clinician.get(page))
    coordinator.post(f"{page}procedures/{row.pk}/end/", {"said": "cancelled"})
    assert of(clinic, Procedure)[0].status == "cancelled"


@pytest.mark.parametrize("path", ["cola/", "labs/1/burn/", "reversal/999999/void/"])
def test_addresses_that_lead_nowhere(coordinator, page, path):
    assert coordinator.post(page + path, {}).status_code == 404


def test_staff_of_another_program_change_nothing(clinic, page):
    southern = signed_in(clinic.southern)
    for path in (
        page + "labs/",
        page + "labs/1/void/",
        page.replace("tests", "stop"),
        page.replace("tests", "checklists") + "1/",
    ):
        assert southern.post(path, {}).status_code == 404


def test_every_task_leads_to_a_page_that_exists(clinic, coordinator):
    from django.urls import reverse

    for rule in TASK_RULES.values():
        if rule.page is not None and rule.page.startswith(("patient-tests", "patient-checklists")):
            assert coordinator.get(reverse(rule.page, args=[clinic.patient.pk])).status_code == 200


def answers_of(html):
    """An answer to each question on the page that speaks against nothing, from the form as it is shown."""
    good = {
        "opioid_free_long_enough": "yes", "interactions": "yes", "reversal_agent": "yes", "overdose_talk": "yes",
        "card_given": "yes", "urine_test": "negative", "challenge": "passed", "liver_tests": "in_order",
        "last_opioid_kind": "short_acting", "last_opioid_use": "2025-12-01", "needle_length": "1.5",
        "pregnancy": "no", "last_given": "2026-01-26", "baseline_alt": "31",
    }  # fmt: skip
    form = html.split('value="save"')[0].rsplit("<form", 1)[1]
    names = [name for name in re.findall(r'name="([a-z0-9_]+)"', form) if name != "csrfmiddlewaretoken"]
    return {name: good.get(name, "no") for name in names}


def test_an_injection_36_days_ago_to_a_signed_order_that_expires(clinic, coordinator, nurse, clinician, time_machine):
    """DSL 36: a task, a checklist that is filled, refused while incomplete, signed by the clinician, and runs out."""
    given_on = (clinic.now - timedelta(days=36)).date()
    with programs([clinic.north.pk]):
        record_injections(
            actor=NOBODY,
            injections=[
                GivenInjection(
                    client_id=uuid.uuid4(),
                    patient_id=clinic.patient.pk,
                    given_on=given_on,
                    medicine="naltrexone_injection",
                    dose_mg=380,
                )
            ],
            now=clinic.now - timedelta(days=36),
        )
    make_due_work(program_ids=[clinic.north.pk], now=clinic.now)
    page = f"/care/patients/{clinic.patient.pk}/checklists/"
    tasks = text(clinician.get("/care/tasks/"))
    assert "Fill and sign the restart checklist" in tasks and "36 days since the last one" in tasks
    assert page in tasks
    [row] = of(clinic, Checklist, kind="restart")
    form = f"{page}{row.pk}/"
    shown = text(nurse.get(page))
    assert "Opened because the injection is late" in shown and "A prescriber signs it." in shown
    answers = answers_of(shown)
    assert nurse.post(form, answers | {"urine_test": "", "act": "save"}).status_code == 302
    assert coordinator.post(form, answers | {"act": "save"}).status_code == 403
    assert nurse.post(form, {"act": "sign"}).status_code == 403
    refused = clinician.post(form, {"act": "sign"})
    assert refused.status_code == 422
    assert "This cannot be signed yet." in text(refused) and "<li>Urine test today" in text(refused)
    against = clinician.post(form, {"urine_test": "positive", "act": "sign"})
    assert against.status_code == 422 and "say why it is signed over" in text(against)
    assert 'name="urine_test_reason"' in text(against)
    signed = clinician.post(form, {"urine_test": "negative", "act": "sign"})
    assert (signed.status_code, signed["Location"]) == (302, f"{page}?done=task")
    assert "Signed, good until 10 March." in text(clinician.get(page))
    assert of(clinic, Task, kind="restart_checklist")[0].outcome == "signed"
    time_machine.move_to(clinic.now + timedelta(days=8), tick=False)
    make_due_work(program_ids=[clinic.north.pk], now=clinic.now + timedelta(days=8))
    assert [each.status for each in of(clinic, Checklist, kind="restart")] == ["expired", "open"]
    again = text(signed_in(clinic.clinician).get(page))
    assert "the last signature ran out before it was used" in again and "ran out before it was used" in again


def test_row_34_what_was_filled_stands_beside_the_question_about_it(clinic, coordinator):
    page = f"/care/patients/{clinic.patient.pk}/checklists/"
    with programs([clinic.north.pk]):
        open_checklist(
            actor=NOBODY,
            patient=clinic.patient,
            kind=ChecklistKind.START,
            cause=ChecklistCause.ORDERED,
            now=clinic.now,
        )
        assert "Filled here" not in text(coordinator.get(page))
        for instrument in ("cage", "audit_c"):
            answers = {item.key: 1 for item in INSTRUMENTS[InstrumentKey(instrument)].items}
            record_form(
                actor=NOBODY,
                patient=clinic.patient,
                client_id=uuid.uuid4(),
                instrument=instrument,
                answers=answers,
                now=clinic.now,
            )
    shown = text(coordinator.get(page))
    assert "Filled here:</strong> AUDIT-C: 3 of 12, " in shown and "; CAGE: 4 of 4, " in shown


def test_a_stop_is_planned_with_the_talk_and_taken_back(clinic, coordinator, clinician):
    page = f"/care/patients/{clinic.patient.pk}/checklists/"
    path = f"/care/patients/{clinic.patient.pk}/stop/"
    assert "It is planned by a prescriber" in text(coordinator.get(page))
    wrong = clinician.post(path, {"planned_for": "2026-01-01", "reason": "feels_stable"})
    assert wrong.status_code == 422 and "Choose a day from today" in text(wrong)
    plan = {"planned_for": "2026-04-01", "reason": "feels_stable"}
    assert coordinator.post(path, plan).status_code == 403
    clinician.post(path, plan)
    assert "was not held yet" in text(coordinator.get(page))
    coordinator.post(path, {"act": "talk"})
    assert "The talk about overdose after stopping was held." in text(coordinator.get(page))
    clinician.post(path, {"act": "cancel"})
    [row] = of(clinic, PlannedStop)
    assert row.cancelled_at is not None and row.counselled_at is not None
    assert coordinator.post(path, {"act": "end_care"}).status_code == 404
