"""Statements, holds and times away, through the doors that people use."""

import json
import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.access import NOBODY
from backend.db import programs
from backend.models import AuditEvent, Program
from backend.rules.consent import ConsentKind
from backend.services.consents import give_consent
from recovery.models import Dose, DoseReport, Hold, StatedFact, Stay
from recovery.selectors.records import live_flags
from recovery.services.regimens import extend_doses
from reminders.models import Message
from reminders.services import dispatch, planning
from tests.recovery.api.clinic import refused, send, signed_in
from tests.reminders.conftest import PhoneCompany

HOUR = timedelta(hours=1)


def local(day, hour):
    return datetime(2026, 3, day, hour, tzinfo=ZoneInfo("America/New_York"))


@pytest.fixture
def page(clinic):
    return f"/care/patients/{clinic.patient.pk}/safety/"


class Browser:
    """Somebody who signs in anew for each request: days pass here, and a session does not last that long."""

    def __init__(self, user):
        self._user = user

    def __getattr__(self, name):
        return getattr(signed_in(self._user), name)


@pytest.fixture
def phone(clinic):
    return Browser(clinic.phone)


@pytest.fixture
def coordinator(clinic):
    return Browser(clinic.coordinator)


@pytest.fixture
def clinician(clinic):
    return Browser(clinic.clinician)


@pytest.fixture
def states(phone):
    def said(kind, **changes):
        path = f"/api/v1/me/statements/{changes.pop('client_id', uuid.uuid4())}/"
        response = send(phone, "PUT", path, {"kind": kind, **changes})
        assert response.status_code in (200, 201), response.content
        return json.loads(response.content)

    return said


def body(response):
    return response.content.decode()


def test_from_a_stated_use_to_prompts_that_go_on(
    clinic, phone, states, coordinator, clinician, page, time_machine, open_scope
):
    """The patient states use: hold, prompts stop, red flag; staff acknowledge; a clinician lifts; prompts resume."""
    north = clinic.north.pk
    company = PhoneCompany()

    def tick(at):
        time_machine.move_to(at, tick=False)
        planning.plan_messages(program_ids=[north], now=at)
        dispatch.dispatch_due(program_ids=[north], now=at, provider=company)

    with open_scope(north):
        give_consent(
            actor=NOBODY, program_id=north, patient_id=clinic.patient.pk, kind=ConsentKind.SMS,
            wording_version="sms-1", now=clinic.now,
        )  # fmt: skip
        extend_doses(program_ids=[north], now=clinic.now)
    tick(local(3, 12))

    said = states("opioid_used", note="On Sunday evening.")
    assert said["answer"] == "hold"
    assert said["words"].startswith("Thank you for telling us. Please talk with us before your next dose.")
    assert "+12125550100" in said["words"] and said["call_by"]

    today = json.loads(send(phone, "GET", "/api/v1/me/today/").content)
    assert today["hold"]["state"] == "waiting"
    assert today["doses"][0]["state"] == "held"
    assert "We are working on this" in body(phone.get("/me/"))

    [flag] = [row for row in json.loads(send(coordinator, "GET", "/api/v1/care/worklist/").content)["items"]
              if row["kind"] == "reported_use"]  # fmt: skip
    assert (flag["severity"], flag["sentence"]) == ("red", "Opioid use was reported, Tuesday 3 March")

    tick(local(4, 9))
    with open_scope(north):
        mine = Message.objects.filter(patient_id=clinic.patient.pk)
        stopped = mine.filter(message_class="dose", slot_on="2026-03-04", step="1.first")
        assert set(stopped.values_list("state", "why")) <= {("suppressed", "hold")}
        assert mine.get(message_class="hold").state == "accepted"
        [hold] = Hold.objects.all()

    shown = body(coordinator.get(page))
    assert "Opioid use was stated" in shown and "Lift the hold" not in shown
    assert coordinator.post(f"{page}understood/", {"hold": hold.pk}, follow=True).status_code == 200
    refusal = coordinator.post(f"{page}lift/", {"hold": hold.pk, "reason": "checked_clear"})
    assert refusal.status_code == 422 and "Only a prescriber" in body(refusal)
    time_machine.move_to(local(4, 15), tick=False)
    done = clinician.post(
        f"{page}lift/", {"hold": hold.pk, "reason": "checked_clear", "note": "Urine clear."}, follow=True
    )
    assert "Lifted." in body(done) and "Urine clear." in body(done)

    tick(local(5, 9))
    with open_scope(north):
        assert mine.get(message_class="dose", slot_on="2026-03-05", step="1.first").state == "accepted"
    assert json.loads(send(phone, "GET", "/api/v1/me/today/").content)["hold"] is None
    with open_scope(north):
        assert AuditEvent.objects.filter(action__in=["hold.opened", "hold.understood", "hold.lifted"]).count() == 3


def test_the_phone_page_takes_a_statement_without_scripts(clinic, phone):
    assert "Something happened" in body(phone.get("/me/"))
    assert "I used an opioid" in body(phone.get("/me/happened/"))
    answer = phone.post("/me/happened/", {"client_id": uuid.uuid4(), "kind": "allergic_reaction", "how": "lost"})
    assert answer.status_code == 200 and "Call 911 now." in body(answer)
    with programs([clinic.north.pk]):
        assert StatedFact.objects.get().details == {}, "an answer to another choice is left aside"


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        pytest.param({}, "Please choose what happened", id="nothing chosen"),
        pytest.param({"kind": "won"}, "Please choose what happened", id="no such choice"),
        pytest.param({"kind": "new_medicine", "taken": "yes"}, "which medicine", id="which"),
    ],
)
def test_a_statement_that_is_not_whole_is_said_so_and_nothing_is_stored(clinic, phone, sent, says):
    answer = phone.post("/me/happened/", {"client_id": uuid.uuid4(), **sent})
    assert answer.status_code == 422 and says in body(answer)
    with programs([clinic.north.pk]):
        assert not StatedFact.objects.exists()


def test_in_spanish(clinic, phone):
    with programs([clinic.north.pk]):
        clinic.patient.language = "es"
        clinic.patient.save()
    assert "Usé un opioide" in body(phone.get("/me/happened/"))
    answer = phone.post("/me/happened/", {"client_id": uuid.uuid4(), "kind": "ran_out"})
    assert "Podemos ayudarle con eso. Le llamaremos antes de las" in body(answer)


def test_s5_at_night_the_answer_names_an_hour_when_somebody_is_there(clinic, states, time_machine):
    hours = {day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    Program.objects.filter(pk=clinic.north.pk).update(clinic_hours=hours)
    time_machine.move_to(local(3, 23), tick=False)
    assert "by 10 am on Wednesday 4 March" in states("opioid_used")["words"]


def test_a_repeat_gets_the_first_answer(states, time_machine, clinic):
    pk = uuid.uuid4()
    first = states("ran_out", client_id=pk, how="stolen")
    time_machine.move_to(clinic.now + 30 * HOUR, tick=False)
    assert states("ran_out", client_id=pk, how="stolen") == first
    listed = json.loads(send(signed_in(clinic.phone), "GET", "/api/v1/me/statements/").content)
    assert [each["id"] for each in listed["items"]] == [first["id"]]


def test_a_held_dose_can_still_be_told(clinic, phone, states):
    states("opioid_used")
    shown = body(phone.get("/me/"))
    assert "Tell us about this one" in shown
    dose = clinic.doses[3]
    assert phone.post(f"/me/today/{dose.pk}/", {"client_id": uuid.uuid4(), "said": "yes"}).status_code == 302
    with programs([clinic.north.pk]):
        assert Dose.objects.get(pk=dose.pk).state == "taken"
        assert DoseReport.objects.get(dose=dose).with_open_gate


def test_staff_record_a_time_away_and_the_way_back(clinic, coordinator, page, time_machine):
    coordinator.post(
        f"{page}away/",
        {"client_id": uuid.uuid4(), "place": "jail", "began_on": "2026-03-03", "expected_on": "2026-03-20"},
        follow=True,
    )
    shown = body(coordinator.get(page))
    assert "Custody" in shown and "Prompts rest" in shown
    with programs([clinic.north.pk]):
        [stay] = Stay.objects.all()
    time_machine.move_to(local(10, 12), tick=False)
    coordinator.post(f"{page}back/", {"stay": stay.pk, "ended_on": "2026-03-10"}, follow=True)
    refusal = coordinator.post(
        f"{page}settle/", {"stay": stay.pk, "opioids": "no", "doses": "yes", "dose_days": "Monday"}
    )
    assert refusal.status_code == 422 and "Write days as" in body(refusal)
    done = coordinator.post(
        f"{page}settle/", {"stay": stay.pk, "opioids": "yes", "doses": "yes", "dose_days": "2026-03-05"}, follow=True
    )
    assert "An opioid was given while away" in body(done)
    with programs([clinic.north.pk]):
        assert Dose.objects.get(patient=clinic.patient, dosing_day="2026-03-05").state == "taken"


def test_a_prescriber_orders_a_hold_and_staff_state_on_behalf(clinic, clinician, coordinator, page):
    done = clinician.post(f"{page}order/", {"medicine": "naltrexone_tablet", "note": "Before surgery."}, follow=True)
    assert "A prescriber&#x27;s order" in body(done) and "Before surgery." in body(done)
    again = clinician.post(f"{page}order/", {"medicine": "naltrexone_tablet"})
    assert again.status_code == 422 and "There is an order to hold already." in body(again)
    coordinator.post(
        f"{page}fact/",
        {"client_id": uuid.uuid4(), "kind": "severe_pain", "source": "supporter", "note": "Fell from a ladder."},
        follow=True,
    )
    assert "Fell from a ladder." in body(coordinator.get(page))
    with programs([clinic.north.pk]):
        assert "severe_pain" in [flag.kind for flag in live_flags(clinic.patient.pk)]


def test_the_same_through_the_api(clinic, clinician, coordinator, states):
    care = f"/api/v1/care/patients/{clinic.patient.pk}"
    states("liver_symptoms")
    [hold] = json.loads(send(coordinator, "GET", f"{care}/safety/").content)["holds"]
    assert hold["cause"] == "liver_symptoms"
    assert send(coordinator, "POST", f"/api/v1/care/holds/{hold['id']}/understood/", {}).status_code == 200
    assert send(coordinator, "POST", f"/api/v1/care/holds/{hold['id']}/lift/", {"reason": "in_error"}).status_code in (
        403, 404,
    )  # fmt: skip
    lifted = send(clinician, "POST", f"/api/v1/care/holds/{hold['id']}/lift/", {"reason": "symptoms_over"})
    assert json.loads(lifted.content)["lift_reason"] == "symptoms_over"
    refused(
        send(clinician, "POST", f"/api/v1/care/holds/{hold['id']}/lift/", {"reason": "symptoms_over"}), 409, "conflict"
    )
    ordered = send(clinician, "POST", f"{care}/holds/", {"medicine": "acamprosate"})
    assert json.loads(ordered.content)["stops"] == "acamprosate"
    said = send(coordinator, "PUT", f"{care}/statements/{uuid.uuid4()}/", {"kind": "pregnant", "said_by": "supporter"})
    assert said.status_code == 201
    stay = send(coordinator, "PUT", f"{care}/stays/{uuid.uuid4()}/", {"place": "hospital", "began_on": "2026-03-02"})
    pk = json.loads(stay.content)["id"]
    for act, sent in (
        ("expected", {"expected_on": "2026-03-09"}),
        ("back", {"ended_on": "2026-03-03"}),
        ("settle", {"opioids": "unknown", "doses": "no"}),
    ):
        assert send(coordinator, "POST", f"/api/v1/care/stays/{pk}/{act}/", sent).status_code == 200
    found = json.loads(send(coordinator, "GET", f"{care}/safety/").content)["stays"]
    assert [(each["is_open"], each["opioids_inside"]) for each in found] == [(False, "unknown")]


def test_another_programs_rows_are_not_there(clinic, states, page):
    states("opioid_used")
    stranger = signed_in(clinic.southern)
    with programs([clinic.north.pk]):
        hold = Hold.objects.get()
    assert stranger.get(page).status_code == 404
    for path in (f"/api/v1/care/holds/{hold.pk}/understood/", f"/api/v1/care/patients/{clinic.patient.pk}/safety/"):
        method = "POST" if "holds" in path else "GET"
        assert send(stranger, method, path, {} if method == "POST" else None).status_code == 404


def test_a_hold_of_one_patient_is_not_lifted_from_the_page_of_another(clinic, clinician, states):
    states("opioid_used")
    with programs([clinic.north.pk]):
        hold = Hold.objects.get()
    page = f"/care/patients/{clinic.neighbour.pk}/safety/lift/"
    assert clinician.post(page, {"hold": hold.pk, "reason": "in_error"}).status_code == 404


def test_s10_the_persons_own_export_never_calls_a_screen_positive(clinic, phone):
    from recovery.rules.gates import GateEvent
    from recovery.services.gates import note_event

    with programs([clinic.north.pk]):
        note_event(actor=NOBODY, patient=clinic.patient, event=GateEvent.POSITIVE_SCREEN, evidence={}, now=clinic.now)
    [hold] = json.loads(b"".join(phone.get("/api/v1/me/export/")))["sections"]["holds"]
    assert hold["because"] == "test_to_be_read" and "cause" not in hold


def test_s8_the_page_asks_how_the_first_one_was(clinic, phone, time_machine):
    from recovery.models import Regimen
    from recovery.selectors.records import open_treatment
    from recovery.services.regimens import start_regimen, stop_regimen

    with programs([clinic.north.pk]):
        [old] = Regimen.objects.filter(patient=clinic.patient)
        stop_regimen(actor=NOBODY, regimen=old, reason="changed", now=clinic.now)
        Dose.objects.filter(patient=clinic.patient, dosing_day="2026-03-03").update(state="cancelled")
        start_regimen(
            actor=NOBODY, treatment=open_treatment(clinic.patient), kind="oral_start",
            starts_on=clinic.now.date(), times=["12:00"], now=clinic.now,
        )  # fmt: skip
    question = "How did you feel after the first one?"
    assert question not in body(phone.get("/me/")), "not before it was due"
    time_machine.move_to(local(3, 13), tick=False)
    assert question in body(phone.get("/me/"))
    answer = phone.post("/me/happened/", {"client_id": uuid.uuid4(), "kind": "well_after_dose"})
    assert "Thank you. It is written down." in body(answer)
    assert question not in body(phone.get("/me/"))
