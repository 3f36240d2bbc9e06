"""What lies ahead on a phone: procedures, naloxone at hand, a tablet when it is wanted."""

import json
import re
import uuid
from datetime import date
from decimal import Decimal

import pytest

from backend.access import NOBODY
from backend.db import programs
from backend.services import people
from recovery.models import Dose, DoseReport, Patient, Procedure, ReversalAgent, Task
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.doses import BadReport, DoseStatement, report_doses
from recovery.services.labs import NewLab, record_labs
from recovery.services.patients import NewPatient, enrol
from recovery.services.regimens import start_regimen
from tests.recovery.api.clinic import signed_in
from tests.recovery.own.test_pages import ident, text

pytestmark = pytest.mark.django_db


def spanish(clinic):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language="es")


def test_n17_a_procedure_is_told_from_the_phone_and_the_card_is_one_tap_away(clinic, phone, coordinator):
    form = ident(kind="dental", planned_on="2026-03-20", note="two teeth")
    assert phone.post("/me/ahead/procedure/", form)["Location"] == "/me/ahead/?done=procedure"
    phone.post("/me/ahead/procedure/", form)  # a double tap
    with programs([clinic.north.pk]):
        [row] = Procedure.objects.all()
        assert (row.kind, row.source, row.planned_on) == ("dental", "app", date(2026, 3, 20))
        assert Task.objects.get(kind="procedure_plan").status == "open"
        assert "procedure_planned" in {flag.kind for flag in live_flags(clinic.patient.pk)}
    page = text(phone.get("/me/ahead/"))
    assert "The dentist, 20 March 2026" in page and "two teeth" in page and "Please tell the other clinic" in page
    assert "/me/card/" in phone.get("/me/ahead/").content.decode()
    assert "call us with the date" in text(phone.get("/me/"))
    card = text(phone.get("/me/card/"))
    assert "For the other clinic" in card and "regional or non-opioid relief first" in card
    assert "Dental treatment" in text(coordinator.get(f"/care/patients/{clinic.patient.pk}/tests/"))


def test_n17_the_day_that_the_prescriber_entered_stands_on_the_phone(clinic, phone):
    phone.post("/me/ahead/procedure/", ident(kind="surgery", planned_on="2026-04-20"))
    with programs([clinic.north.pk]):
        Procedure.objects.update(hold_from=date(2026, 4, 17), hold_set_at=clinic.now, hold_set_by=clinic.clinician)
    assert "talk with us before any dose from 17 April 2026" in text(phone.get("/me/ahead/"))


@pytest.mark.parametrize(
    ("form", "says"),
    [
        pytest.param({"kind": "dental", "planned_on": "2026-03-02"}, "Please choose a day from today on.", id="past"),
        pytest.param({"kind": "dental", "planned_on": "2126-03-02"}, "Please choose a day from today on.", id="far"),
        pytest.param({"kind": "dental", "planned_on": "31 Feb"}, "Please enter a day that exists.", id="no_day"),
        pytest.param({"kind": "tattoo", "planned_on": "2026-03-20"}, "Please choose one of these.", id="no_choice"),
        pytest.param({"planned_on": "2026-03-20"}, "Please choose one of these.", id="nothing"),
        pytest.param(
            {"kind": "dental", "planned_on": "2026-03-20", "note": "x" * 2001}, "at most 2000 characters", id="long"
        ),
        pytest.param({"kind": "dental", "planned_on": "2026-03-20", "note": "a\x00b"}, "cannot be saved", id="nul"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_what_was_typed_stays(clinic, phone, form, says):
    answer = phone.post("/me/ahead/procedure/", ident(**{"note": "do not lose this", **form}))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert says in page and 'aria-invalid="true"' in page
    if "note" not in form:
        assert "do not lose this</textarea>" in page
    with programs([clinic.north.pk]):
        assert not Procedure.objects.exists()
        assert not Task.objects.filter(kind="procedure_plan").exists()


def test_what_cannot_be_is_said_in_spanish(clinic, phone):
    spanish(clinic)
    answer = phone.post("/me/ahead/procedure/", ident(kind="dental", planned_on="2026-03-02"))
    assert "elija un día a partir de hoy" in text(answer)


def test_n3_naloxone_at_hand_is_answered_confirmed_and_watched(clinic, phone, coordinator):
    form = ident(has_it="yes", expires_on="2026-05-31", trained="true")
    assert phone.post("/me/ahead/at-hand/", form)["Location"] == "/me/ahead/?done=at_hand"
    page = phone.get("/me/ahead/")
    assert "at hand" in text(page) and "good until 31 May 2026" in text(page)
    still = page.content.decode().split("It is still there")[0]
    assert 'name="has_it" value="yes"' in still and 'name="expires_on" value="2026-05-31"' in still
    phone.post("/me/ahead/at-hand/", ident(has_it="yes", expires_on="2026-05-31"))
    with programs([clinic.north.pk]):
        assert [(row.has_it, row.trained, row.source) for row in ReversalAgent.objects.order_by("pk")] == [
            ("yes", True, "app"),
            ("yes", None, "app"),
        ]
        assert not Task.objects.filter(kind="reversal_agent").exists()
    phone.post("/me/ahead/at-hand/", ident(has_it="yes", expires_on="2026-03-03"))
    assert "Its date has passed" in text(phone.get("/me/ahead/"))


def test_n3_none_at_hand_is_work_at_once_and_once(clinic, phone, coordinator):
    for _ in range(2):
        phone.post("/me/ahead/at-hand/", ident(has_it="no", expires_on="2026-05-31"))
    with programs([clinic.north.pk]):
        [task] = Task.objects.filter(kind="reversal_agent")
        assert (task.status, task.facts["reason"]) == ("open", "not_at_hand")
        assert ReversalAgent.objects.filter(expires_on__isnull=False).count() == 0
    assert "The patient said that none is at hand" in text(coordinator.get("/care/tasks/?whose=all"))
    phone.post("/me/ahead/at-hand/", ident(has_it="yes"))
    with programs([clinic.north.pk]):
        assert Task.objects.get(kind="reversal_agent").status != "open"


@pytest.mark.parametrize(
    "form",
    [
        {"has_it": "maybe"},
        {},
        {"has_it": "yes", "expires_on": "soon"},
        {"has_it": "yes", "expires_on": "1999-01-01"},
    ],
)
def test_n3_what_cannot_be_stores_nothing(clinic, phone, form):
    assert phone.post("/me/ahead/at-hand/", ident(**form)).status_code == 422
    with programs([clinic.north.pk]):
        assert not ReversalAgent.objects.exists()


def test_s18_nobody_treated_for_alcohol_only_is_asked_for_naloxone(clinic, phone):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(indication="alcohol", opioid_history="none")
    assert "Naloxone" not in text(phone.get("/me/ahead/"))
    phone.post("/me/ahead/at-hand/", ident(has_it="no"))
    with programs([clinic.north.pk]):
        assert not Task.objects.filter(kind="reversal_agent").exists()


def test_a_blood_test_whose_day_passed_is_no_plan(clinic, phone, time_machine):
    assert re.search(r"One was planned for \d+ \w+ 2026\. Please call us", text(phone.get("/me/ahead/")))
    with programs([clinic.north.pk]):
        for analyte in ("alt", "ast"):
            new = NewLab(
                client_id=uuid.uuid4(),
                analyte=analyte,
                value=Decimal(20),
                upper_limit=Decimal(40),
                taken_on=date(2026, 3, 2),
            )
            record_labs(actor=NOBODY, patient=clinic.patient, results=[new], now=clinic.now)
    assert "Blood test" not in text(phone.get("/me/ahead/"))


def test_an_act_that_is_not_there_and_somebody_elses_page(clinic, phone, coordinator):
    assert phone.post("/me/ahead/nothing/", ident()).status_code == 404
    assert coordinator.get("/me/ahead/").status_code in (403, 404)


# --- a tablet when it is wanted (C 1 row 17) ---


@pytest.fixture
def drinker(clinic):
    """Somebody with targeted use, and another medicine three times a day."""
    with programs([clinic.north.pk]):
        new = NewPatient(
            name="Dora Third", phone="+12125550109", zone="America/New_York", indication="alcohol",
            opioid_history="none", treatment_from=date(2026, 2, 1),
        )  # fmt: skip
        [person] = enrol(actor=NOBODY, program_id=clinic.north.pk, people=[new], now=clinic.now)
        treatment = open_treatment(person)
        start_regimen(actor=NOBODY, treatment=treatment, kind="acamprosate", starts_on=date(2026, 3, 3), now=clinic.now)
        start_regimen(
            actor=NOBODY, treatment=treatment, kind="targeted_prn", starts_on=date(2026, 3, 3), now=clinic.now
        )
        return person


def test_row_17_one_tap_is_one_report_and_fills_no_slot(clinic, drinker):
    user = people.create_patient_account(program_id=clinic.north.pk, patient_id=drinker.pk, now=clinic.now)
    phone = signed_in(user)
    assert "I had one before a hard time" in text(phone.get("/me/"))
    form = ident()
    assert phone.post("/me/today/one/", form)["Location"] == "/me/?done=today-yes"
    phone.post("/me/today/one/", form)
    with programs([clinic.north.pk]):
        [report] = DoseReport.objects.filter(patient_id=drinker.pk)
        assert (report.dose_id, report.statement, report.taken_at, report.on_day) == (
            None,
            "taken",
            None,
            date(2026, 3, 3),
        )
        assert not Dose.objects.filter(patient_id=drinker.pk, state="taken").exists()
    assert "Told today: 1" in text(phone.get("/me/"))
    today = json.loads(phone.get("/api/v1/me/today/").content)
    assert (today["when_wanted"], today["taken_when_wanted"]) == (True, 1)
    path = f"/api/v1/me/dose-reports/{uuid.uuid4()}/"
    body = {"statement": "taken", "unplanned": True}
    assert [phone.put(path, body, content_type="application/json").status_code for _ in range(2)] == [201, 200]
    assert phone.post("/me/today/one/", {"client_id": "x"}).status_code == 422


def test_row_17_nobody_else_is_offered_it(clinic, phone):
    assert "before a hard time" not in text(phone.get("/me/"))


@pytest.mark.parametrize("changes", [{"statement": "skipped"}, {"dose_id": 1}])
def test_row_17_only_what_was_taken_and_has_no_name_is_unplanned(clinic, drinker, changes):
    said = {"statement": "taken", **changes}
    statement = DoseStatement(client_id=uuid.uuid4(), patient_id=drinker.pk, source="app", unplanned=True, **said)
    with programs([clinic.north.pk]), pytest.raises(BadReport) as refusal:
        report_doses(actor=NOBODY, statements=[statement], now=clinic.now)
    assert refusal.value.field == "unplanned"
