"""Orders, visits, enrolment and a patient's own visits as pages, without JavaScript."""

import re
import uuid
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from backend.db import programs
from backend.models import AuditEvent
from backend.selectors.people import actor_of
from recovery.models import Appointment, Dose, Injection, OralBridge, Patient, Regimen, TabletCount, Task, Treatment
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.regimens import stop_regimen
from recovery.services.supply import watch_supply
from tests.recovery.api.clinic import signed_in

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TODAY = date(2026, 3, 3)


@pytest.fixture
def care(clinic):
    return f"/care/patients/{clinic.patient.pk}"


@pytest.fixture
def prescriber(clinic):
    return signed_in(clinic.clinician)


@pytest.fixture
def inject(clinic):
    def given(day, **changes):
        values = {
            "client_id": uuid.uuid4(),
            "patient_id": clinic.patient.pk,
            "given_on": day,
            "medicine": "naltrexone_injection",
            "dose_mg": 380,
        } | changes
        with programs([clinic.north.pk]):
            [result] = record_injections(
                actor=actor_of(user_id=clinic.coordinator.pk),
                injections=[GivenInjection(**values)],
                now=clinic.now,
            )
        return result.injection_id

    return given


def stop_all(clinic):
    with programs([clinic.north.pk]):
        for row in Regimen.objects.filter(patient=clinic.patient, ends_at=None):
            stop_regimen(actor=actor_of(user_id=clinic.clinician.pk), regimen=row, reason="test", now=clinic.now)


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def initial(answer):
    """What a browser would send back of a form: the values of its inputs."""
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', answer.content.decode()))
    found |= {
        name: value
        for value, name in re.findall(r'<input[^>]*value="([^"]*)"[^>]*name="([^"]+)"', answer.content.decode())
    }
    return {name: value for name, value in found.items() if name not in ("csrfmiddlewaretoken", "warnings_read")}


# --- orders -----------------------------------------------------------------------------------------------------------


def test_the_team_reads_and_only_a_prescriber_is_offered_to_order(clinic, care, coordinator, prescriber):
    seen = text_of(coordinator.get(f"{care}/regimens/"))
    assert "Naltrexone tablets: 50 mg a day" in seen
    assert "Order something" not in seen
    offered = text_of(prescriber.get(f"{care}/regimens/?q=vivitrol"))
    assert "Naltrexone injection: 380 mg every 28 days" in offered
    assert "Acamprosate" not in offered
    assert coordinator.get(f"{care}/regimens/new/xr_im_28d/").status_code == 403
    assert coordinator.post(f"{care}/regimens/new/xr_im_28d/").status_code == 403


def test_a_prescriber_orders_what_was_read(clinic, care, prescriber):
    stop_all(clinic)
    page = prescriber.get(f"{care}/regimens/new/oral_start/")
    assert "not recommended for opioid use disorder" in text_of(page)
    body = initial(page) | {"reminders": "on"}
    unread = prescriber.post(f"{care}/regimens/new/oral_start/", body)
    assert unread.status_code == 422
    assert "Confirm that this was read." in text_of(unread)
    done = prescriber.post(f"{care}/regimens/new/oral_start/", body | {"warnings_read": "oral_for_opioid"})
    assert done.status_code == 302, text_of(done)
    with programs([clinic.north.pk]):
        row = Regimen.objects.get(patient=clinic.patient, ends_at=None)
        assert [step["dose_mg"] for step in row.plan["steps"]] == [25, 50]
        assert row.ordered_by_id == clinic.clinician.pk


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        pytest.param("oral_start", {"step_2_from": "1"}, "Two steps claim the same day.", id="overlapping steps"),
        pytest.param("oral_start", {"step_1_mg": "0"}, "above 0 and at most 200 mg", id="a dose of 0"),
        pytest.param("oral_daily", {"step_1_mg": "5000"}, "above 0 and at most 200 mg", id="a dose of 5,000 mg"),
        pytest.param("oral_daily", {"time_1": "06:00"}, "Texts go from 08:00 to 21:00.", id="outside the window"),
        pytest.param("oral_daily", {"last_day": "2026-03-01"}, "before the first", id="ends before it begins"),
        pytest.param("oral_q2d", {"every_days": "0"}, "greater than or equal to 1", id="every 0 days"),
        pytest.param("oral_mwf", {"day_0_mg": "-1"}, "above 0 and at most 200 mg", id="less than nothing on Monday"),
    ],
)
def test_an_order_that_cannot_be_is_said_on_the_form(clinic, care, prescriber, kind, changes, said):
    stop_all(clinic)
    body = initial(prescriber.get(f"{care}/regimens/new/{kind}/")) | {
        "warnings_read": ["oral_for_opioid", "long_interval"],
        "reminders": "on",
    }
    answer = prescriber.post(f"{care}/regimens/new/{kind}/", body | changes)
    assert answer.status_code == 422
    assert said in text_of(answer)
    with programs([clinic.north.pk]):
        assert not Regimen.objects.filter(patient=clinic.patient, ends_at=None).exists()


def test_a_change_and_a_stop_on_the_page(clinic, care, prescriber):
    with programs([clinic.north.pk]):
        old = Regimen.objects.get(patient=clinic.patient)
    path = f"{care}/regimens/{old.pk}/change/"
    body = initial(prescriber.get(path)) | {
        "time_1": "20:00",
        "keep_cycle": "on",
        "reminders": "on",
        "warnings_read": "oral_for_opioid",
    }
    assert prescriber.post(path, body).status_code == 302
    with programs([clinic.north.pk]):
        new = Regimen.objects.get(patient=clinic.patient, ends_at=None)
        assert (new.version, new.plan["times"], new.starts_on) == (2, ["20:00"], old.starts_on)
        due = Dose.objects.filter(regimen=new, state="scheduled").values_list("due_at", flat=True)
        assert {at.astimezone(clinic.now.tzinfo).hour for at in due} == {1}
    refused = prescriber.post(f"{care}/regimens/{new.pk}/stop/", {"reason": "tired of it"})
    assert refused.status_code == 422
    assert prescriber.post(f"{care}/regimens/{new.pk}/stop/", {"reason": "side effects"}).status_code == 302
    assert prescriber.get(path).status_code == 404
    assert "ended" in text_of(prescriber.get(f"{care}/regimens/"))


# --- visits -----------------------------------------------------------------------------------------------------------


def test_from_a_booked_visit_to_one_that_brought_nothing_and_the_next(clinic, care, coordinator, phone, inject):
    """The journey of N5 and N6: booked, confirmed on the phone, the medicine is late, nothing given, a new visit."""
    inject(TODAY - 28 * DAY)
    with programs([clinic.north.pk]):
        visit = Appointment.objects.get()
        assert watch_supply(program_ids=[clinic.north.pk], now=clinic.now).supply == 1
    at = f"{care}/visits/{visit.pk}"
    seen = text_of(coordinator.get(f"{care}/visits/"))
    assert "It was to be here by 24 February" in seen
    booked = coordinator.post(f"{care}/visits/book/", {"kind": "injection", "due_on": "2026-03-03", "at": "15:00"})
    assert booked["Location"] == f"{care}/visits/?done=booked"
    own = phone.get("/me/visits/")
    assert "This day suits me" in text_of(own)
    assert not any(word in text_of(own).lower() for word in ("injection", "naltrexone", "mg", "tablet", "dose"))
    assert phone.post(f"/me/visits/{visit.pk}/suits/").status_code == 302
    assert "The patient confirmed" in text_of(coordinator.get(f"{care}/visits/"))
    assert coordinator.post(f"{at}/supply/", {"supply": "shipped", "on_day": "2026-03-02"}).status_code == 302
    for body, said in (
        ({"outcome": "not_given"}, "Choose why."),
        ({"outcome": "not_given", "reason": "transport"}, "Choose a reason from the list."),
        ({"outcome": "kept"}, "Record the injection, or why it was not given."),
    ):
        refused = coordinator.post(f"{at}/end/", body)
        assert refused.status_code == 422
        assert said in text_of(refused)
    assert coordinator.post(f"{at}/end/", {"outcome": "not_given", "reason": "not_delivered"}).status_code == 302
    with programs([clinic.north.pk]):
        open_now = set(Task.objects.filter(status="open").values_list("kind", flat=True))
        assert open_now >= {"find_visit"}
        assert not open_now & {"supply_not_on_site", "another_time"}
    assert "nothing could be given The medicine had not arrived" in text_of(coordinator.get(f"{care}/visits/"))
    late = coordinator.post(f"{care}/visits/book/", {"kind": "injection", "due_on": "2026-03-06"})
    assert "warn=late" in late["Location"]
    assert "later than the days" in text_of(coordinator.get(late["Location"]))
    with programs([clinic.north.pk]):
        assert not Task.objects.filter(status="open", kind="find_visit").exists()


def test_a_record_entered_in_error_on_the_page(clinic, care, coordinator, inject):
    inject(TODAY - 28 * DAY)
    wrong = inject(TODAY)
    assert coordinator.post(f"{care}/visits/given/{wrong}/void/", {}).status_code == 422
    done = coordinator.post(f"{care}/visits/given/{wrong}/void/", {"reason": "twice"})
    assert done.status_code == 302
    assert "entered in error" in text_of(coordinator.get(f"{care}/visits/"))
    with programs([clinic.north.pk]):
        assert Treatment.objects.get(patient=clinic.patient).cover_from == TODAY - 28 * DAY
        assert AuditEvent.objects.filter(action="injection.voided", object_id=wrong).exists()


def test_what_a_patient_says_of_a_visit_elsewhere_waits_for_staff(clinic, care, coordinator, phone, inject):
    inject(TODAY - 28 * DAY)
    said = {"client_id": str(uuid.uuid4()), "given_on": (TODAY - DAY).isoformat()}
    assert phone.post("/me/visits/elsewhere/", said).status_code == 302
    assert phone.post("/me/visits/elsewhere/", said).status_code == 302
    assert phone.post("/me/visits/elsewhere/", said | {"given_on": "2027-01-01"}).status_code == 422
    with programs([clinic.north.pk]):
        [stated] = Injection.objects.filter(verified=False)
    assert "does not count yet" in text_of(coordinator.get(f"{care}/visits/"))
    assert coordinator.post(f"{care}/visits/given/{stated.pk}/verify/").status_code == 302
    with programs([clinic.north.pk]):
        assert Treatment.objects.get(patient=clinic.patient).cover_from == TODAY - DAY


def test_a_visit_whose_day_has_passed_is_not_to_be_confirmed(clinic, care, coordinator, phone, inject):
    inject(TODAY - 30 * DAY)
    own = text_of(phone.get("/me/visits/"))
    assert "This date has passed. Want help finding a new time?" in own
    assert "This day suits me" not in own
    assert "Its day has passed" in text_of(coordinator.get(f"{care}/visits/"))


def test_tablets_and_a_bridge_on_the_page(clinic, care, coordinator, prescriber, phone, inject):
    page = coordinator.get(f"{care}/visits/")
    body = {
        "client_id": initial(page)["client_id"],
        "kind": "picked_up",
        "medicine": "naltrexone_tablet",
        "on_day": "2026-03-03",
        "tablets": "30",
        "tablet_mg": "50",
        "source": "pharmacy",
    }
    assert coordinator.post(f"{care}/visits/tablets/", body | {"tablets": "0"}).status_code == 422
    assert coordinator.post(f"{care}/visits/tablets/", body).status_code == 302
    assert "30 tablets of 50 mg" in text_of(coordinator.get(f"{care}/visits/"))
    left = {"client_id": str(uuid.uuid4()), "tablets": "4"}
    assert phone.post("/me/visits/left/", left).status_code == 302
    assert phone.post("/me/visits/left/", {"client_id": str(uuid.uuid4()), "tablets": "-4"}).status_code == 422
    with programs([clinic.north.pk]):
        assert list(TabletCount.objects.order_by("pk").values_list("kind", "tablets", "source")) == [
            ("picked_up", 30, "pharmacy"),
            ("counted", 4, "app"),
        ]
    stop_all(clinic)
    inject(TODAY - 28 * DAY)
    order = {"starts_on": "2026-03-03", "last_day": "2026-03-09", "agreed_on": "2026-03-03"}
    assert coordinator.post(f"{care}/visits/bridge/", order).status_code == 403
    assert prescriber.post(f"{care}/visits/bridge/", order | {"last_day": "2026-03-01"}).status_code == 422
    assert prescriber.post(f"{care}/visits/bridge/", order).status_code == 302
    with programs([clinic.north.pk]):
        assert OralBridge.objects.get().ordered_by_id == clinic.clinician.pk


def test_w8_a_closed_day_ahead_is_on_the_worklist_until_it_is_seen(clinic, coordinator, prescriber, care):
    from backend.models import Program

    Program.objects.filter(pk=clinic.north.pk).update(holidays=["2026-03-09"])
    stop_all(clinic)
    body = initial(prescriber.get(f"{care}/regimens/new/oral_mwf/")) | {
        "warnings_read": ["oral_for_opioid", "long_interval"]
    }
    assert prescriber.post(f"{care}/regimens/new/oral_mwf/", body).status_code == 302
    with programs([clinic.north.pk]):
        assert watch_supply(program_ids=[clinic.north.pk], now=clinic.now).closings == 1
    assert "1 closed day ahead leaves somebody without cover" in text_of(coordinator.get("/care/"))
    page = coordinator.get("/care/closings/")
    assert "2 days without cover, 1 patient" in text_of(page)
    assert signed_in(clinic.southern).post("/care/closings/", {"notice": initial(page)["notice"]}).status_code == 404
    assert coordinator.post("/care/closings/", {"notice": initial(page)["notice"]}).status_code == 302
    assert "closed day" not in text_of(coordinator.get("/care/"))


# --- enrolment --------------------------------------------------------------------------------------------------------


def test_a_person_is_enrolled_and_a_treatment_closed_and_opened_again(clinic, coordinator):
    page = coordinator.get("/care/enrol/")
    body = initial(page) | {
        "name": "Dora Newname",
        "phone": "+12125550155",
        "language": "es",
        "indication": "alcohol",
        "opioid_history": "unknown",
        "treatment_from": "2026-03-03",
    }
    for changes, said in (
        ({"zone": "America/Nowhere"}, "zone"),
        ({"phone": "555"}, "with its country"),
        ({"name": ""}, "Enter the name."),
        ({"indication": ""}, "Choose what the treatment is for."),
        ({"born_on": "2026-03-04"}, "This day of birth cannot be."),
        ({"opioid_history": "none"}, "A clinician records that opioids were never used"),
    ):
        refused = coordinator.post("/care/enrol/", body | changes)
        assert refused.status_code == 422
        assert said in text_of(refused)
        assert f'value="{(body | changes)["phone"]}"' in refused.content.decode(), "what was typed is kept"
    for _ in range(2):  # a form that is sent twice enrols one person
        done = coordinator.post("/care/enrol/", body)
        assert done.status_code == 302
    with programs([clinic.north.pk]):
        person = Patient.objects.order_by("-pk").first()
    assert done["Location"] == f"/care/patients/{person.pk}/?done=enrolled"
    path = f"/care/patients/{person.pk}/treatment/"
    assert coordinator.post(path, {"ended_on": "2026-03-02", "reason": "completed"}).status_code == 422
    assert coordinator.post(path, {"ended_on": "2026-03-03", "reason": "completed"}).status_code == 302
    assert coordinator.post(path, {"indication": "alcohol", "started_on": "2026-03-01"}).status_code == 422
    assert coordinator.post(path, {"indication": "alcohol", "started_on": "2026-03-03"}).status_code == 302
    assert "readmission" in text_of(coordinator.get(path))
    refused = coordinator.post(f"{path}history/", {"opioid_history": "none"})
    assert refused.status_code == 422 and "A clinician records" in text_of(refused)
    assert signed_in(clinic.clinician).post(f"{path}history/", {"opioid_history": "none"}).status_code == 302
    assert "<p>None, as a clinician records</p>" in coordinator.get(path).content.decode()
    with programs([clinic.north.pk]):
        assert [
            row.readmission_of_id is not None for row in Treatment.objects.filter(patient=person).order_by("pk")
        ] == [
            False,
            True,
        ]


@pytest.mark.parametrize("page", ["regimens", "visits", "treatment"])
def test_pages_of_a_stranger_are_not_there(clinic, care, phone, page):
    assert signed_in(clinic.southern).get(f"{care}/{page}/").status_code == 404
    assert phone.get(f"{care}/{page}/").status_code == 403


# --- manage.py lot ----------------------------------------------------------------------------------------------------


def lot(*arguments):
    out = StringIO()
    call_command("lot", *arguments, stdout=out)
    return out.getvalue()


def test_lot_names_who_got_it_and_is_audited(clinic, inject):
    inject(TODAY - 28 * DAY, lot="A-17")
    inject(TODAY, lot="B-18")
    asked = ("--program", clinic.north.slug, "--by", clinic.operator.email)
    said = lot("a-17 ", *asked)
    assert "2026-02-03  record 1  Ada Longname  +12125550101" in said
    assert said.endswith("1 person got lot a-17.\n")
    assert lot("Z-99", *asked) == "0 people got lot Z-99.\n"
    with programs([clinic.north.pk]):
        assert list(
            AuditEvent.objects.filter(action="lot.read").order_by("pk").values_list("actor_id", "patient_id")
        ) == [(clinic.operator.pk, clinic.patient.pk), (clinic.operator.pk, None)]
    for wrong in (
        ("--program", clinic.north.slug, "--by", clinic.southern.email),
        ("--program", clinic.north.slug, "--by", clinic.coordinator.email),
        ("--program", "nowhere", "--by", clinic.operator.email),
    ):
        with pytest.raises(CommandError):
            lot("A-17", *wrong)
