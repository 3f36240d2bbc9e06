"""Regimens, visits and supply through the API: who may, what is answered, what cannot be."""

import json
import uuid
from datetime import date, timedelta

import pytest

from backend.db import programs
from backend.rules.roles import Role
from backend.services import people
from recovery.models import Appointment, Dose, Injection, OralBridge, Regimen, TabletCount
from recovery.rules.medicines import CATALOGUE, Cadence
from recovery.rules.regimen_words import LABELS
from tests.recovery.api.clinic import refused, send, signed_in, stamp

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TODAY = date(2026, 3, 3)


@pytest.fixture
def care(clinic):
    return f"/api/v1/care/patients/{clinic.patient.pk}"


@pytest.fixture
def prescriber(clinic):
    return signed_in(clinic.clinician)


@pytest.fixture
def coordinator(clinic):
    return signed_in(clinic.coordinator)


@pytest.fixture
def phone(clinic):
    return signed_in(clinic.phone)


def injected(clinic, care, day=TODAY):
    answer = send(
        signed_in(clinic.clinician),
        "PUT",
        f"{care}/injections/{uuid.uuid4()}/",
        {"given_on": day.isoformat(), "medicine": "naltrexone_injection", "dose_mg": 380, "site": "left"},
    )
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def fields(document):
    return {error["field"] for error in document.get("errors", [])}


# --- regimens ---------------------------------------------------------------------------------------------------------


def test_choices_are_found_by_name_and_brand_and_say_what_to_read(coordinator, care):
    every = {each["kind"]: each for each in send(coordinator, "GET", f"{care}/regimen-choices/").json()["items"]}
    assert "xr_im_28d" in every
    assert {"targeted_prn", "implant", "acamprosate", "disulfiram"} & set(every) == set()
    assert [each["code"] for each in every["oral_daily"]["warnings"]] == ["oral_for_opioid"]
    assert [each["code"] for each in every["sublocade"]["warnings"]] == ["antagonist_open"]
    for text, expected in (
        ("vivitrol", {"xr_im_28d"}),
        ("ReVia", {"oral_start", "oral_daily", "oral_wk_sat", "oral_mwf", "oral_q2d", "oral_q3d"}),
        ("brixadi month", {"brixadi_monthly"}),
        ("tea", set()),
    ):
        found = send(coordinator, "GET", f"{care}/regimen-choices/?q={text}").json()["items"]
        assert {each["kind"] for each in found} == expected, text


def test_a_prescriber_orders_changes_and_stops(clinic, care, prescriber, coordinator):
    body = {"kind": "xr_im_28d", "starts_on": TODAY.isoformat()}
    refused(send(coordinator, "POST", f"{care}/regimens/", body), 403, "not-allowed")
    started = send(prescriber, "POST", f"{care}/regimens/", body)
    assert (started.status_code, started.json()["version"]) == (200, 2)
    refused(send(prescriber, "POST", f"{care}/regimens/", body), 409, "conflict")
    [tablets] = [
        row
        for row in send(coordinator, "GET", f"{care}/regimens/").json()["items"]
        if row["medicine"] == "naltrexone_tablet"
    ]
    change = {
        "kind": "oral_daily",
        "starts_on": (TODAY + DAY).isoformat(),
        "times": ["20:00"],
        "warnings_read": ["oral_for_opioid"],
    }
    refused(send(coordinator, "POST", f"{care}/regimens/{tablets['id']}/change/", change), 403, "not-allowed")
    changed = send(prescriber, "POST", f"{care}/regimens/{tablets['id']}/change/", change).json()
    assert (changed["version"], changed["plan"]["times"]) == (3, ["20:00"])
    refused(send(prescriber, "POST", f"{care}/regimens/{tablets['id']}/change/", change), 409, "conflict")
    stopped = send(prescriber, "POST", f"{care}/regimens/{changed['id']}/stop/", {"reason": "side effects"}).json()
    assert (stopped["is_open"], stopped["end_reason"]) == (False, "side effects")
    with programs([clinic.north.pk]):
        left = Dose.objects.filter(regimen_id=changed["id"], state="scheduled", due_at__gt=clinic.now)
        assert not left.exists()


def test_c2_row_11_the_note_is_read_before_tablets_count(clinic, care, prescriber):
    stop_tablets(clinic)
    body = {"kind": "oral_q2d", "starts_on": TODAY.isoformat()}
    document = refused(send(prescriber, "POST", f"{care}/regimens/", body), 409, "warnings-unread")
    assert "oral_for_opioid" in document["detail"]
    assert "long_interval" in document["detail"]
    read = body | {"warnings_read": ["oral_for_opioid", "long_interval"]}
    assert send(prescriber, "POST", f"{care}/regimens/", read).status_code == 200


def test_a_time_outside_the_window_needs_the_patients_choice(clinic, care, prescriber):
    stop_tablets(clinic)
    body = {
        "kind": "oral_daily",
        "starts_on": TODAY.isoformat(),
        "times": ["06:00"],
        "warnings_read": ["oral_for_opioid"],
    }
    document = refused(send(prescriber, "POST", f"{care}/regimens/", body), 400, "outside-window")
    assert fields(document) == {"times"}
    chosen = send(prescriber, "POST", f"{care}/regimens/", body | {"outside_window_ok": True})
    assert (chosen.status_code, chosen.json()["outside_window_ok"]) == (200, True)


def stop_tablets(clinic):
    from backend.access import NOBODY
    from recovery.services.regimens import stop_regimen

    with programs([clinic.north.pk]):
        for row in Regimen.objects.filter(patient=clinic.patient, ends_at=None):
            stop_regimen(actor=NOBODY, regimen=row, reason="test", now=clinic.now)


def test_every_regimen_that_can_be_offered_has_a_name():
    assert set(LABELS) == set(CATALOGUE)


def test_targeted_use_and_implants_are_off_until_the_program_allows_them(clinic, care):
    director = people.create_staff(
        email=f"{uuid.uuid4().hex}@example.test", roles={clinic.north.pk: [Role.MEDICAL_DIRECTOR]}, now=clinic.now
    )
    from backend.selectors.people import actor_of
    from recovery.services.policy import override_numbers

    browser = signed_in(director)
    stop_tablets(clinic)
    body = {"kind": "implant", "starts_on": TODAY.isoformat(), "warnings_read": ["not_approved"]}
    refused(send(browser, "POST", f"{care}/regimens/", body), 400, "not-offered")
    with programs([clinic.north.pk]):
        override_numbers(
            actor=actor_of(user_id=director.pk),
            program_id=clinic.north.pk,
            values={"allow_implant": True, "implant_cover_days": 90},
            reason="our surgeons place them",
            now=clinic.now,
        )
    assert send(browser, "POST", f"{care}/regimens/", body).status_code == 200
    placed = send(
        browser,
        "PUT",
        f"{care}/injections/{uuid.uuid4()}/",
        {"given_on": TODAY.isoformat(), "medicine": "naltrexone_implant", "dose_mg": 2300},
    ).json()
    assert placed["next_due_on"] == (TODAY + 90 * DAY).isoformat()


# --- visits -----------------------------------------------------------------------------------------------------------


def test_a_visit_from_booking_to_its_reason(clinic, care, coordinator, phone):
    injected(clinic, care, TODAY - 28 * DAY)
    [visit] = send(coordinator, "GET", f"{care}/visits/").json()["items"]
    assert (visit["status"], visit["due_on"], visit["supply_late"]) == ("planned", "2026-03-03", True)
    at = f"{care}/visits/{visit['id']}"
    booked = send(
        coordinator,
        "POST",
        f"{care}/visits/",
        {"kind": "injection", "due_on": "2026-03-03", "starts_at": stamp(clinic.now + timedelta(hours=2))},
    ).json()
    assert (booked["visit"]["id"], booked["visit"]["status"], booked["warnings"]) == (visit["id"], "booked", [])
    assert (
        send(coordinator, "POST", f"{at}/supply/", {"supply": "on_site", "on_day": "2026-03-02"}).json()["supply_late"]
        is False
    )
    [own] = send(phone, "GET", "/api/v1/me/visits/").json()["items"]
    assert set(own) == {"id", "due_on", "starts_at", "confirmed_at", "another_time_at"}
    said = f"/api/v1/me/visits/{visit['id']}"
    assert send(phone, "POST", f"{said}/confirm/", {}).json()["confirmed_at"] == stamp(clinic.now)
    assert send(phone, "POST", f"{said}/another-time/", {}).json()["another_time_at"] == stamp(clinic.now)
    moved = send(coordinator, "POST", f"{at}/move/", {"due_on": "2026-03-05"}).json()
    assert (moved["visit"]["another_time_at"], moved["warnings"]) == (None, ["late"])
    assert send(coordinator, "POST", f"{at}/move/", {"due_on": "2026-03-03"}).status_code == 200
    document = refused(
        send(coordinator, "POST", f"{at}/end/", {"outcome": "not_given", "reason": "work"}), 400, "bad-visit"
    )
    assert fields(document) == {"reason"}
    ended = send(coordinator, "POST", f"{at}/end/", {"outcome": "not_given", "reason": "prior_authorization"}).json()
    assert (ended["status"], ended["reason"]) == ("not_given", "prior_authorization")
    refused(send(coordinator, "POST", f"{at}/move/", {"due_on": "2026-03-05"}), 409, "visit-over")
    refused(send(phone, "POST", f"{said}/confirm/", {}), 409, "visit-over")


def test_a_void_and_a_verification(clinic, care, coordinator, phone):
    first = injected(clinic, care, TODAY - 29 * DAY)
    wrong = injected(clinic, care, TODAY - 2 * DAY)
    voided = send(coordinator, "POST", f"{care}/injections/{wrong}/void/", {"reason": "wrong_patient"})
    assert voided.json() == {"id": wrong, "counts": False, "voided": True, "next_due_on": None}
    refused(send(coordinator, "POST", f"{care}/injections/{wrong}/void/", {"reason": "twice"}), 409, "conflict")
    said = uuid.uuid4()
    body = {"given_on": (TODAY - DAY).isoformat()}
    stated = send(phone, "PUT", f"/api/v1/me/visits/elsewhere/{said}/", body)
    assert stated.status_code == 201
    assert send(phone, "PUT", f"/api/v1/me/visits/elsewhere/{said}/", body).status_code == 200
    refused(
        send(phone, "PUT", f"/api/v1/me/visits/elsewhere/{said}/", {"given_on": TODAY.isoformat()}), 409, "id-reused"
    )
    found = send(coordinator, "POST", f"{care}/injections/{stated.json()['id']}/verify/", {})
    assert found.json()["next_due_on"] == (TODAY + 27 * DAY).isoformat()
    with programs([clinic.north.pk]):
        assert list(Injection.objects.filter(voided_at=None).order_by("pk").values_list("pk", "verified")) == [
            (first, True),
            (stated.json()["id"], True),
        ]


def test_tablets_left_from_the_phone(clinic, phone, coordinator, care):
    body = {"kind": "counted", "on_day": "2026-03-02", "tablets": 6, "tablet_mg": 50}
    path = f"/api/v1/me/tablets/{uuid.uuid4()}/"
    said = send(phone, "PUT", path, body)
    assert said.status_code == 201
    assert (said.json()["tablets_left"], said.json()["days_left"]) == (6, 6)
    assert send(phone, "PUT", path, body).status_code == 200
    refused(send(phone, "PUT", path, body | {"tablets": 7}), 409, "id-reused")
    picked = send(
        coordinator,
        "PUT",
        f"{care}/tablets/{uuid.uuid4()}/",
        {"kind": "picked_up", "on_day": "2026-03-03", "tablets": 30, "tablet_mg": 50, "source": "pharmacy"},
    )
    assert picked.json()["tablets_left"] == 36


def test_a_bridge_is_a_prescribers_order(clinic, care, prescriber, coordinator):
    stop_tablets(clinic)
    injected(clinic, care, TODAY - 28 * DAY)
    body = {
        "starts_on": TODAY.isoformat(),
        "last_day": (TODAY + 7 * DAY).isoformat(),
        "agreed_on": TODAY.isoformat(),
    }
    refused(send(coordinator, "POST", f"{care}/bridge/", body), 403, "not-allowed")
    assert send(prescriber, "POST", f"{care}/bridge/", body).status_code == 200
    refused(send(prescriber, "POST", f"{care}/bridge/", body), 409, "conflict")
    with programs([clinic.north.pk]):
        assert OralBridge.objects.count() == 1


# --- who --------------------------------------------------------------------------------------------------------------

PATHS = [
    ("GET", "regimens/"),
    ("POST", "regimens/"),
    ("GET", "regimen-choices/"),
    ("POST", "regimens/1/change/"),
    ("POST", "regimens/1/stop/"),
    ("GET", "visits/"),
    ("POST", "visits/"),
    ("POST", "visits/1/move/"),
    ("POST", "visits/1/end/"),
    ("POST", "visits/1/supply/"),
    ("POST", "injections/1/verify/"),
    ("POST", "injections/1/void/"),
    ("PUT", f"tablets/{uuid.uuid4()}/"),
    ("POST", "bridge/"),
]


def test_another_program_finds_nothing_and_a_patient_may_not(clinic, care, phone):
    before, southern = clinic.rows(), signed_in(clinic.southern)
    for method, path in PATHS:
        body = {} if method != "GET" else None
        refused(send(southern, method, f"{care}/{path}", body), 404, "not-found")
        refused(send(phone, method, f"{care}/{path}", body), 403, "not-allowed")
    assert clinic.rows() == before


def test_a_neighbours_visit_is_not_there(clinic, care, coordinator):
    injected(clinic, care)
    with programs([clinic.north.pk]):
        visit = Appointment.objects.get()
    for act in ("confirm", "another-time"):
        answer = send(signed_in(clinic.neighbour_phone), "POST", f"/api/v1/me/visits/{visit.pk}/{act}/", {})
        refused(answer, 404, "not-found")
    other = f"/api/v1/care/patients/{clinic.neighbour.pk}/visits/{visit.pk}/move/"
    refused(send(coordinator, "POST", other, {"due_on": "2026-03-30"}), 404, "not-found")


# --- bad input (issue 3) ----------------------------------------------------------------------------------------------


def step(first, last, mg=50, hours=24):
    return {"from_day": first, "to_day": last, "dose_mg": mg, "coverage_hours": hours}


ORDER = {"kind": "oral_start", "starts_on": "2026-03-03", "warnings_read": ["oral_for_opioid", "long_interval"]}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        pytest.param({"steps": [step(1, 3), step(3, None)]}, "bad-regimen", "steps", id="overlapping steps"),
        pytest.param({"steps": [step(1, 3), step(5, None)]}, "bad-regimen", "steps", id="a day without a dose"),
        pytest.param({"steps": [step(1, None, mg=0)]}, "bad-regimen", "steps", id="a dose of 0"),
        pytest.param({"steps": [step(1, None, mg=5000)]}, "bad-regimen", "steps", id="a dose of 5,000 mg"),
        pytest.param({"steps": [step(1, None, hours=0)]}, "bad-regimen", "steps", id="a dose that covers nothing"),
        pytest.param({"last_day": "2026-03-02"}, "bad-regimen", "last_day", id="ends before it begins"),
        pytest.param({"times": ["25:00"]}, "bad-regimen", "times", id="no such time"),
        pytest.param({"times": ["08:00", "20:00"]}, "bad-regimen", "times", id="two times for one a day"),
        pytest.param({"kind": "tea"}, "bad-regimen", "kind", id="no such regimen"),
        pytest.param({"kind": "acamprosate"}, "not-offered", "kind", id="not for this indication"),
        pytest.param({"starts_on": "2025-01-01"}, "bad-regimen", "starts_on", id="before the treatment"),
    ],
)
def test_an_order_that_cannot_be(clinic, care, prescriber, changes, code, field):
    stop_tablets(clinic)
    with programs([clinic.north.pk]):
        before = Regimen.objects.count(), Dose.objects.count()
    document = refused(send(prescriber, "POST", f"{care}/regimens/", ORDER | changes), 400, code)
    assert fields(document) == {field}
    with programs([clinic.north.pk]):
        assert (Regimen.objects.count(), Dose.objects.count()) == before


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        pytest.param({"given_on": "2026-03-04"}, 400, "in-the-future", "given_on", id="in the future"),
        pytest.param({"given_on": "1980-01-01"}, 400, "bad-injection", "given_on", id="before birth"),
        pytest.param({"dose_mg": 0}, 400, "invalid-input", "dose_mg", id="0 mg"),
        pytest.param({"dose_mg": 5000}, 400, "bad-injection", "dose_mg", id="5,000 mg"),
        pytest.param({"given_on": "2026-03-02"}, 409, "given-that-day", "given_on", id="two on a day"),
    ],
)
def test_an_injection_that_cannot_be(clinic, care, coordinator, changes, status, code, field):
    from backend.selectors.keys import data_key

    injected(clinic, care, TODAY - DAY)
    with programs([clinic.north.pk]):
        key = data_key(program_id=clinic.north.pk, patient_id=clinic.patient.pk)
        clinic.patient.seal(key, born_on="1990-05-05")
        clinic.patient.save(update_fields=["born_on"])
    before = clinic.rows()
    body = {"given_on": TODAY.isoformat(), "medicine": "naltrexone_injection", "dose_mg": 380} | changes
    document = refused(send(coordinator, "PUT", f"{care}/injections/{uuid.uuid4()}/", body), status, code)
    assert field in fields(document)
    assert clinic.rows() == before


def test_a_craving_of_eleven(clinic, phone):
    before = clinic.rows()
    body = {"intensity": 11, "felt_at": stamp(clinic.now), "substance": "opioid"}
    document = refused(send(phone, "PUT", f"/api/v1/me/cravings/{uuid.uuid4()}/", body), 400, "invalid-input")
    assert fields(document) == {"intensity"}
    assert clinic.rows() == before


def test_a_report_for_somebody_elses_dose(clinic, phone):
    before = clinic.rows()
    body = {"statement": "taken", "dose_id": clinic.neighbour_dose.pk}
    refused(send(phone, "PUT", f"/api/v1/me/dose-reports/{uuid.uuid4()}/", body), 404, "not-found")
    assert clinic.rows() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"kind": "counted", "tablets": 1001}, "tablets", id="more tablets than anybody has"),
        pytest.param({"kind": "counted", "tablets": -1}, "tablets", id="less than none"),
        pytest.param({"kind": "counted", "tablets": 1, "tablet_mg": 0}, "tablet_mg", id="tablets of nothing"),
        pytest.param({"kind": "counted", "tablets": 1, "on_day": "2026-03-04"}, "on_day", id="tomorrow"),
    ],
)
def test_tablets_that_cannot_be(clinic, phone, body, field):
    whole = {"on_day": "2026-03-03", "tablet_mg": 50} | body
    answer = send(phone, "PUT", f"/api/v1/me/tablets/{uuid.uuid4()}/", whole)
    assert answer.status_code == 400
    assert {error["field"] for error in json.loads(answer.content)["errors"]} == {field}
    with programs([clinic.north.pk]):
        assert TabletCount.objects.count() == 0


def test_the_catalogue_holds_every_kind_of_regimen():
    assert {entry.cadence for entry in CATALOGUE.values()} == set(Cadence)
