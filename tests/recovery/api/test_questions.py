"""Questionnaires through the phone's door."""

import json
import uuid

import pytest

from backend.db import programs
from backend.models import Program
from backend.rules.roles import Role
from backend.selectors.people import actor_of
from backend.services import people
from recovery.models import Flag, InstrumentForm
from recovery.services import policy
from recovery.services.instruments_ticks import make_due
from tests.recovery.api.clinic import refused, send, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(clinic):
    return signed_in(clinic.phone)


@pytest.fixture
def item_9(clinic, now):
    """A program that works today and asks item 9 on phones."""
    Program.objects.filter(pk=clinic.north.pk).update(clinic_hours={"tue": ["08:00", "17:00"]})
    user = people.create_staff(
        email=f"{uuid.uuid4().hex}@example.test", roles={clinic.north.pk: [Role.MEDICAL_DIRECTOR]}, now=now
    )
    with programs([clinic.north.pk]):
        policy.override_number(
            actor=actor_of(user_id=user.pk),
            program_id=clinic.north.pk,
            key="phq9_on_phone",
            value=True,
            reason="read in hours",
            now=now,
        )


def begin(client, instrument):
    path = f"/api/v1/me/questions/{uuid.uuid4()}/"
    response = send(client, "PUT", path, {"instrument": instrument})
    assert response.status_code == 201, response.content
    return path, json.loads(response.content)


def answer(client, path, item, value):
    response = send(client, "PUT", f"{path}answers/{uuid.uuid4()}/", {"item": item, "value": value})
    assert response.status_code == 201, response.content
    return json.loads(response.content)


def test_what_is_due_is_begun_answered_and_finished(clinic, phone):
    make_due(program_ids=[clinic.north.pk], now=clinic.now)
    waiting = json.loads(send(phone, "GET", "/api/v1/me/questions/").content)["items"]
    assert [(row["instrument"], row["status"]) for row in waiting] == [
        ("phq2", "started"),
        ("daily", "due"),
        ("audit_c", "due"),
    ]
    path = f"/api/v1/me/questions/{waiting[1]['client_id']}/"
    form = json.loads(send(phone, "PUT", path, {"instrument": "daily"}).content)
    assert (form["title"], form["language"], form["next"]) == ("Your daily minute", "en", "craving_opioid")
    item = form["next"]
    while item is not None:
        item = answer(phone, path, item, 1)["next"]
    done = json.loads(send(phone, "POST", f"{path}finish/", {}).content)
    assert (done["status"], done["next"], done["told"]) == ("finished", None, "")
    waiting = json.loads(send(phone, "GET", "/api/v1/me/questions/").content)["items"]
    assert "daily" not in [row["instrument"] for row in waiting]


def test_item_9_is_on_the_list_before_the_answer_comes_back(clinic, phone, item_9):
    path, form = begin(phone, "phq9")
    assert form["notice"].startswith("Developed by Drs.")
    assert form["when_read"] == "Your care team reads this today. It is not for emergencies."
    said = answer(phone, path, "phq_9", 1)
    assert said["told"] == ("Thank you for telling us. We would like to talk with you today. 988 is there any time.")
    with programs([clinic.north.pk]):
        assert Flag.objects.get(kind="suicide_thoughts").severity == "amber_plus"


def test_a_form_that_is_not_asked_here(phone, clinic):
    stored = clinic.rows()
    for instrument in ("phq9", "cssrs", "cage", "bam"):
        response = send(phone, "PUT", f"/api/v1/me/questions/{uuid.uuid4()}/", {"instrument": instrument})
        refused(response, 409, "not-asked")
    assert clinic.rows() == stored


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"item": "phq_1", "value": 4}, "phq_1", id="outside-its-scale"),
        pytest.param({"item": "phq_1", "written": "a lot"}, "phq_1", id="words-for-a-number"),
        pytest.param({"item": "phq_9", "value": 1}, "item", id="not-asked"),
    ],
)
def test_an_answer_outside_its_scale_names_the_question(clinic, phone, body, field):
    stored = clinic.rows()
    path = f"/api/v1/me/questions/{clinic.questions.client_id}/answers/{uuid.uuid4()}/"
    response = send(phone, "PUT", path, body)
    refused(response, 400, "bad-answer")
    assert field in response.content.decode()
    assert clinic.rows() == stored


def test_an_unfinished_form_says_what_waits(clinic, phone):
    path = f"/api/v1/me/questions/{clinic.questions.client_id}/"
    answer(phone, path, "phq_1", 3)
    refused(send(phone, "POST", f"{path}finish/", {}), 400, "not-complete")
    form = json.loads(send(phone, "GET", path).content)
    assert [(row["key"], row["answered"], row["value"]) for row in form["items"]] == [
        ("phq_1", True, 3),
        ("phq_2", False, None),
    ]


def test_not_today_is_taken_without_a_reason(clinic, phone):
    make_due(program_ids=[clinic.north.pk], now=clinic.now)
    with programs([clinic.north.pk]):
        row = InstrumentForm.objects.get(instrument="daily", patient_id=clinic.patient.pk)
    path = f"/api/v1/me/questions/{row.client_id}/not-today/"
    assert send(phone, "POST", path, {}).status_code == 200
    assert send(phone, "POST", path, {}).status_code == 200
    refused(send(phone, "PUT", f"/api/v1/me/questions/{row.client_id}/", {"instrument": "daily"}), 409, "conflict")


def test_somebody_elses_questions_do_not_exist(clinic):
    neighbour = signed_in(clinic.neighbour_phone)
    path = f"/api/v1/me/questions/{clinic.questions.client_id}/"
    stored = clinic.rows()
    refused(send(neighbour, "GET", path), 404, "not-found")
    refused(send(neighbour, "PUT", f"{path}answers/{uuid.uuid4()}/", {"item": "phq_1", "value": 1}), 404, "not-found")
    refused(send(neighbour, "POST", f"{path}finish/", {}), 404, "not-found")
    assert clinic.rows() == stored
