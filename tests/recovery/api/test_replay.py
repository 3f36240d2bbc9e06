"""A phone repeats a request until it is answered: the first answer again, one row, and no other content."""

import json

import pytest

from tests.recovery.api.bodies import changes
from tests.recovery.api.clinic import refused, send, signed_in

pytestmark = pytest.mark.django_db

REPLAYED = (
    "logCraving",
    "addTrigger",
    "reportDose",
    "recordDose",
    "recordInjection",
    "stateFact",
    "recordStatement",
    "recordCondition",
    "recordStay",
    "enrolPatient",
    "startQuestions",
    "answerQuestion",
    "pausePrompts",
    "recordPause",
)


@pytest.mark.parametrize("operation", REPLAYED)
def test_the_same_again_finds_the_first(clinic, operation):
    change = changes(clinic)[operation]
    client = signed_in(getattr(clinic, change.who))
    first = send(client, change.method, change.path, change.body)
    assert first.status_code == 201, first.content
    stored = clinic.rows()
    again = send(client, change.method, change.path, change.body)
    assert again.status_code == 200, again.content
    assert json.loads(again.content)["id"] == json.loads(first.content)["id"]
    assert clinic.rows() == stored


@pytest.mark.parametrize("operation", REPLAYED)
def test_the_same_id_with_other_content(clinic, operation):
    change = changes(clinic)[operation]
    client = signed_in(getattr(clinic, change.who))
    assert send(client, change.method, change.path, change.body).status_code == 201
    stored = clinic.rows()
    for name, value in change.other.items():
        refused(send(client, change.method, change.path, {**change.body, name: value}), 409, "id-reused")
    assert clinic.rows() == stored


def test_what_a_craving_answers(clinic):
    change = changes(clinic)["logCraving"]
    answer = json.loads(send(signed_in(clinic.phone), change.method, change.path, change.body).content)
    assert answer == {
        "id": answer["id"],
        "client_id": change.path.split("/")[-2],
        "intensity": 4,
        "substance": "opioid",
        "confidence": 7,
        "felt_at": "2026-03-03T14:50:00Z",
        "received_at": "2026-03-03T15:00:00Z",
        "note": "after work",
    }


def test_what_an_injection_answers(clinic):
    change = changes(clinic)["recordInjection"]
    answer = json.loads(send(signed_in(clinic.clinician), change.method, change.path, change.body).content)
    assert answer["next_due_on"] == "2026-03-30"


def test_a_second_injection_on_one_day(clinic):
    client = signed_in(clinic.coordinator)
    first, second = (changes(clinic)["recordInjection"] for _ in range(2))
    assert send(client, first.method, first.path, first.body).status_code == 201
    stored = clinic.rows()
    response = send(client, second.method, second.path, second.body)
    assert response.status_code in (400, 409), response.content
    assert response["Content-Type"] == "application/problem+json"
    assert clinic.rows() == stored
