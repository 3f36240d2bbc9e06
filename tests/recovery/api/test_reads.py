"""What today, the lists and the worklist say."""

import json
import uuid
from datetime import timedelta

import pytest

from backend.db import programs
from backend.models import AuditEvent
from recovery.models import Appointment, Dose, Patient
from recovery.rules.states import DoseState
from recovery.rules.words import Language
from recovery.selectors.records import open_treatment
from recovery.selectors.today import STATE_WORDS
from tests.recovery.api.bodies import changes
from tests.recovery.api.clinic import send, signed_in, stamp

pytestmark = pytest.mark.django_db


def read(user, path):
    response = send(signed_in(user), "GET", path)
    assert response.status_code == 200, response.content
    return json.loads(response.content)


def test_today_has_the_doses_of_the_dosing_day(clinic):
    found = read(clinic.phone, "/api/v1/me/today/")
    assert (found["day"], found["calendar_day"], found["zone"]) == ("2026-03-03", "2026-03-03", "America/New_York")
    assert found["clinic_phone"] == "+12125550100"
    assert found["next_visit"] is None
    assert found["doses"] == [
        {
            "id": clinic.doses[3].pk,
            "dosing_day": "2026-03-03",
            "ordinal": 1,
            "due_at": "2026-03-03T13:00:00Z",
            "opens_at": "2026-03-03T10:00:00Z",
            "closes_at": "2026-03-03T16:00:00Z",
            "state": "due",
            "taken_at": None,
            "can_report": True,
            "words": "It is time for this one.",
        }
    ]


@pytest.mark.parametrize(
    ("hours", "day", "state"),
    [
        pytest.param(0, "2026-03-03", "due", id="10:00, window open"),
        pytest.param(2, "2026-03-03", "overdue", id="12:00, window over"),
        pytest.param(16, "2026-03-03", "overdue", id="02:00 belongs to the day before"),
        pytest.param(18, "2026-03-04", "scheduled", id="04:00, the next day begins"),
        pytest.param(19, "2026-03-04", "due", id="05:00, its window opens"),
    ],
)
def test_today_follows_the_clock_of_the_patient(clinic, time_machine, hours, day, state):
    time_machine.move_to(clinic.now + timedelta(hours=hours), tick=False)
    found = read(clinic.phone, "/api/v1/me/today/")
    assert found["day"] == day
    assert [(dose["dosing_day"], dose["state"]) for dose in found["doses"]] == [(day, state)]


def test_a_report_shows_today(clinic):
    change = changes(clinic)["reportDose"]
    assert send(signed_in(clinic.phone), change.method, change.path, change.body).status_code == 201
    [dose] = read(clinic.phone, "/api/v1/me/today/")["doses"]
    assert (dose["state"], dose["taken_at"]) == ("taken", "2026-03-03T14:50:00Z")


def test_cancelled_doses_and_those_of_others_are_not_shown(clinic):
    with programs([clinic.north.pk]):
        Dose.objects.filter(pk=clinic.doses[3].pk).update(state=DoseState.CANCELLED.value)
    assert read(clinic.phone, "/api/v1/me/today/")["doses"] == []


@pytest.mark.parametrize(
    ("days", "language", "words"),
    [
        pytest.param(2, "en", "Your next visit is on Thursday 5 March.", id="to come"),
        pytest.param(0, "en", "Your next visit is on Tuesday 3 March.", id="today"),
        pytest.param(-1, "en", "Your visit date has passed. Want help finding a new time?", id="passed"),
        pytest.param(2, "es", "Su próxima visita es el jueves 5 de marzo.", id="Spanish"),
    ],
)
def test_the_next_visit(clinic, days, language, words):
    with programs([clinic.north.pk]):
        Patient.objects.filter(pk=clinic.patient.pk).update(language=language)
        Appointment.objects.create(
            program=clinic.north,
            patient=clinic.patient,
            treatment=open_treatment(clinic.patient),
            kind="injection",
            due_on=(clinic.now + timedelta(days=days)).date(),
            created_at=clinic.now,
        )
    visit = read(clinic.phone, "/api/v1/me/today/")["next_visit"]
    assert (visit["words"], visit["has_passed"]) == (words, days < 0)


@pytest.mark.parametrize("language", list(Language))
def test_every_state_has_words_and_nobody_missed_by_silence(language):
    assert set(STATE_WORDS[language]) == set(DoseState) - {DoseState.CANCELLED}
    for state, words in STATE_WORDS[language].items():
        assert "miss" not in words.lower(), state


@pytest.mark.parametrize(
    ("name", "body", "at"),
    [
        pytest.param("cravings", {"intensity": 3}, "felt_at", id="cravings"),
        pytest.param("triggers", {"origin": "internal", "kind": "physical"}, "happened_at", id="triggers"),
    ],
)
def test_lists_come_newest_first_a_page_at_a_time(clinic, name, body, at):
    client = signed_in(clinic.phone)
    # Two at the same instant: the place in the list is the instant and the id.
    for minutes in (30, 10, 20, 20, 40):
        path = f"/api/v1/me/{name}/{uuid.uuid4()}/"
        assert (
            send(client, "PUT", path, {**body, at: stamp(clinic.now - timedelta(minutes=minutes))}).status_code == 201
        )
    whole = read(clinic.phone, f"/api/v1/me/{name}/")
    assert whole["next"] is None
    assert [item[at][14:16] for item in whole["items"]] == ["50", "40", "40", "30", "20"]

    paged, after = [], ""
    while after is not None:
        page = read(clinic.phone, f"/api/v1/me/{name}/?limit=2" + (f"&after={after}" if after else ""))
        paged += page["items"]
        after = page["next"]
    assert paged == whole["items"]
    assert read(clinic.neighbour_phone, f"/api/v1/me/{name}/")["items"] == []


def test_a_high_craving_is_on_the_worklist_and_the_read_is_audited(clinic):
    change = changes(clinic)["logCraving"]
    body = {**change.body, "intensity": 10, "confidence": 1}
    assert send(signed_in(clinic.phone), change.method, change.path, body).status_code == 201

    page = read(clinic.coordinator, "/api/v1/care/worklist/")
    assert page["count"] == 2
    assert {row["kind"] for row in page["items"]} == {"craving_high", "ran_out"}
    assert all(row["patient_id"] == clinic.patient.pk and row["name"] == "Ada Longname" for row in page["items"])
    assert all(row["sentence"] for row in page["items"])
    with programs([clinic.north.pk]):
        read_of = AuditEvent.objects.filter(action="worklist.read", actor_id=clinic.coordinator.pk)
        assert list(read_of.values_list("patient_id", flat=True)) == [clinic.patient.pk] * 2

    second = read(clinic.coordinator, "/api/v1/care/worklist/?limit=1&offset=1")
    assert (second["count"], second["items"]) == (2, page["items"][1:])


def test_a_worklist_ends_at_the_program(clinic):
    [row] = read(clinic.southern, "/api/v1/care/worklist/")["items"]
    assert row["flag_id"] == clinic.southern_flag.pk


def test_a_flag_is_taken_given_back_put_aside_and_closed(clinic):
    client = signed_in(clinic.coordinator)

    def act(name, body=None):
        response = send(client, "POST", f"/api/v1/care/flags/{clinic.flag.pk}/{name}/", body)
        return response.status_code, json.loads(response.content)

    status, flag = act("own")
    assert (status, flag["status"], flag["owner_id"]) == (200, "owned", clinic.coordinator.pk)
    status, flag = act("release", {})
    assert (status, flag["status"], flag["owner_id"]) == (200, "open", None)
    status, problem = act("release")
    assert (status, problem["type"]) == (409, "/problems/conflict")
    status, problem = act("confirm")
    assert (status, problem["type"]) == (409, "/problems/conflict")
    changed = changes(clinic)
    status, flag = act("snooze", changed["snoozeFlag"].body)
    assert (status, flag["status"], flag["snoozed_until"]) == (200, "snoozed", "2026-03-04T15:00:00Z")
    status, flag = act("close", changed["closeFlag"].body)
    assert (status, flag["status"], flag["outcome"]) == (200, "closed", "reached")
    status, problem = act("close", changed["closeFlag"].body)
    assert (status, problem["type"]) == (409, "/problems/conflict")
    assert clinic.rows()["Outreach"] == 1
