"""The patient's own half through the API: repeats, refusals with the field named, and whose it is."""

import json
import uuid
from typing import Any

import pytest

from backend.db import programs
from backend.selectors.people import actor_of
from recovery.models import (
    Flag,
    MeetingLog,
    Need,
    PatientGoal,
    PlanVersion,
    Regimen,
    SideEffectReport,
    SkillUse,
    Task,
)
from recovery.services.regimens import stop_regimen
from tests.recovery.api.clinic import refused, send, signed_in

pytestmark = pytest.mark.django_db

PLAN = {
    "reasons": "my son",
    "exit": "go to the door",
    "people": [{"name": "Ray", "phone": "555 0100"}],
    "stress": "breathe",
    "strategies": {"environmental": "another street", "emotional": "", "physical": "rest"},
    "shared": ["exit", "people"],
}
# Operation: what follows the id in the path, a body, a change that makes it another body.
BODIES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "plan": ("plan", PLAN, {"stress": "walk"}),
    "plan shared": ("plan", PLAN, {"shared": []}),
    "goal": ("goals", {"about": "alcohol", "aim": "reduction", "words": "less"}, {"aim": "abstinence"}),
    "life goal": ("goals", {"about": "life", "words": "a job", "review_on": "2026-05-01"}, {"words": "a home"}),
    "journal": ("journal", {"words": "slept well", "written_at": "2026-03-03T14:00:00Z"}, {"shared": True}),
    "skill": ("skills", {"skill": "walk", "used_at": "2026-03-03T14:00:00Z", "helped": True}, {"helped": False}),
    "side effect": ("side-effects", {"effect": "nausea", "strength": "moderate", "note": "n"}, {"strength": "mild"}),
    "site": ("side-effects", {"effect": "site", "signs": ["redness"]}, {"signs": ["redness", "itch"]}),
    "meeting": ("meetings", {"kind": "aa", "attended_on": "2026-03-02", "online": True}, {"online": False}),
    "need": ("needs", {"kind": "transport", "note": "no bus"}, {"note": "no car"}),
}
MODELS = (PlanVersion, PatientGoal, SkillUse, SideEffectReport, MeetingLog, Need, Task, Flag)


def stored(clinic) -> list[int]:
    with programs([clinic.north.pk, clinic.south.pk]):
        return [model.objects.count() for model in MODELS]


def put(client, noun: str, body: Any, client_id: Any = None):
    return send(client, "PUT", f"/api/v1/me/{noun}/{client_id or uuid.uuid4()}/", body)


def read(client, noun: str) -> Any:
    answer = send(client, "GET", f"/api/v1/me/{noun}/")
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def test_a_repeat_finds_the_first_and_other_content_is_refused(clinic, phone):
    neighbour = signed_in(clinic.neighbour_phone)
    for name, (noun, body, other) in BODIES.items():
        client_id = uuid.uuid4()
        first = put(phone, noun, body, client_id)
        assert first.status_code == 201, (name, first.content)
        before = stored(clinic)
        again = put(phone, noun, body, client_id)
        assert again.status_code == 200 and json.loads(again.content) == json.loads(first.content), name
        refused(put(phone, noun, body | other, client_id), 409, "id-reused")
        assert stored(clinic) == before, name
        assert put(neighbour, noun, body, client_id).status_code == 201, name


BAD = [
    ("seven people", "plan", {"people": [{"name": "x"}] * 7}, "people.non_field_errors"),
    ("a person without a name", "plan", {"people": [{"phone": "1"}]}, "people.0.name"),
    ("a part that is none", "plan", {"shared": ["everything"]}, "shared.0"),
    ("a kind that is none", "plan", {"strategies": {"magic": "x"}}, "strategies.non_field_errors"),
    ("less of an opioid", "goals", {"about": "opioid", "aim": "reduction"}, "aim"),
    ("a life goal without words", "goals", {"about": "life"}, "words"),
    ("today", "goals", {"about": "alcohol", "aim": "reduction", "review_on": "2026-03-03"}, "review_on"),
    ("a day as number", "goals", {"about": "alcohol", "aim": "reduction", "review_on": 5}, "review_on"),
    ("nothing written", "journal", {"words": "", "written_at": "2026-03-03T14:00:00Z"}, "words"),
    ("still to come", "journal", {"words": "x", "written_at": "2026-03-03T16:00:00Z"}, "written_at"),
    ("not in the library", "skills", {"skill": "vodka", "used_at": "2026-03-03T14:00:00Z"}, "skill"),
    ("nothing tried", "skills", {"skill": "", "used_at": "2026-03-03T14:00:00Z"}, "skill"),
    ("no zone", "skills", {"skill": "walk", "used_at": "2026-03-03T14:00:00"}, "used_at"),
    ("no such effect", "side-effects", {"effect": "hiccups"}, "effect"),
    ("a sign of another", "side-effects", {"effect": "nausea", "signs": ["blister"]}, "signs"),
    ("tomorrow", "side-effects", {"effect": "sleep", "began_on": "2026-03-04"}, "began_on"),
    ("yes as text", "side-effects", {"effect": "sleep", "still_there": "yes"}, "still_there"),
    ("a meeting tomorrow", "meetings", {"kind": "aa", "attended_on": "2026-03-04"}, "attended_on"),
    ("no such need", "needs", {"kind": "money"}, "kind"),
]


def test_what_cannot_be_is_refused_with_the_field_named(clinic, phone):
    before = stored(clinic)
    for why, noun, body, field in BAD:
        answer = put(phone, noun, body)
        assert answer.status_code == 400, (why, answer.content)
        assert [error["field"] for error in json.loads(answer.content)["errors"]] == [field], why
    assert stored(clinic) == before


def test_what_is_nobodys_is_not_there(clinic, phone):
    before = stored(clinic)
    for noun, body in (
        ("skills", {"skill": "walk", "used_at": "2026-03-03T14:00:00Z", "trigger_id": 10**9}),
        ("side-effects", {"effect": "sleep", "first_id": 10**9}),
        ("side-effects", {"effect": "site", "injection_id": 10**9}),
    ):
        refused(put(phone, noun, body), 404, "not-found")
    assert stored(clinic) == before


def test_a_neighbours_report_is_not_there_either(clinic, phone):
    theirs = put(signed_in(clinic.neighbour_phone), "side-effects", {"effect": "sleep"})
    first_id = json.loads(theirs.content)["first_id"]
    refused(put(phone, "side-effects", {"effect": "sleep", "first_id": first_id}), 404, "not-found")
    refused(send(phone, "POST", f"/api/v1/me/goals/{first_id}/end/", {"outcome": "reached"}), 404, "not-found")


READS = ("plan", "goals", "journal", "coping", "side-effects", "meetings", "therapy", "needs", "learn", "help", "card")


def test_staff_have_no_part_in_the_persons_own_addresses(clinic, coordinator):
    for noun in READS:
        refused(send(coordinator, "GET", f"/api/v1/me/{noun}/"), 403, "not-allowed")


def test_the_plan_goals_and_journal_are_read_back(clinic, phone):
    assert read(phone, "plan") == {"plan": None}
    put(phone, "plan", PLAN)
    shown = read(phone, "plan")["plan"]
    assert {name: shown[name] for name in PLAN} == PLAN and shown["number"] == 1
    goal = json.loads(put(phone, "goals", BODIES["life goal"][1]).content)
    ended = send(phone, "POST", f"/api/v1/me/goals/{goal['id']}/end/", {"outcome": "reached"})
    assert json.loads(ended.content)["outcome"] == "reached"
    assert [item["outcome"] for item in read(phone, "goals")["items"]] == ["reached"]
    put(phone, "journal", BODIES["journal"][1])
    assert [item["words"] for item in read(phone, "journal")["items"]] == ["slept well"]


def test_the_coping_library_comes_with_own_counts(clinic, phone):
    put(phone, "skills", BODIES["skill"][1])
    found = read(phone, "coping")
    assert found["tried"] == [{"skill": "walk", "times": 1, "helped": 1, "did_not": 0, "unsaid": 0}]
    assert {"walk", "breathe"} <= {skill["code"] for skill in found["skills"]}
    assert all(skill["source"] and skill["review_by"] for skill in found["skills"])
    assert "stress" in {tag["code"] for tag in found["triggers"]}


def test_a_side_effect_answers_at_once_and_is_asked_about_again(clinic, phone, time_machine):
    answer = json.loads(put(phone, "side-effects", {"effect": "allergy"}).content)
    assert (answer["answer"], answer["answer_words"]) == ("emergency", "Call 911 now.")
    first = json.loads(put(phone, "side-effects", {"effect": "nausea", "began_on": "2026-02-17"}).content)
    assert read(phone, "side-effects")["ask_again"] == []
    time_machine.move_to("2026-03-04T15:00:00Z", tick=False)
    phone = signed_in(clinic.phone)
    assert first["first_id"] in read(phone, "side-effects")["ask_again"]
    gone = {"effect": "nausea", "first_id": first["first_id"], "still_there": False}
    put(phone, "side-effects", gone)
    items = {item["effect"]: item["still_there"] for item in read(phone, "side-effects")["items"]}
    assert items == {"allergy": True, "nausea": False}


def test_modules_receipts_help_and_card(clinic, phone):
    modules = read(phone, "learn")["items"]
    assert {module["code"] for module in modules} >= {"how", "overdose"}
    assert all(module["read_at"] is None and module["source"] for module in modules)
    path = "/api/v1/me/learn/how/read/"
    assert send(phone, "PUT", path, {"version": 1}).status_code == 201
    assert send(phone, "PUT", path, {"version": 1}).status_code == 200
    refused(send(phone, "PUT", path, {"version": 2}), 409, "conflict")
    refused(send(phone, "PUT", "/api/v1/me/learn/nothing/read/", {"version": 1}), 404, "not-found")
    assert next(m for m in read(phone, "learn")["items"] if m["code"] == "how")["read_at"]
    lines = read(phone, "help")["lines"]
    assert [line["call"] for line in lines[:2]] == ["911", "988"]
    assert all(line["verified_on"] for line in lines)
    card = read(phone, "card")
    assert card["name"] == "Ada Longname" and "naltrexone" in card["statement"]


def test_who_takes_no_blocker_has_no_card_and_nothing_to_read(clinic):
    prescriber = actor_of(user_id=clinic.clinician.pk)
    with programs([clinic.north.pk]):
        for regimen in Regimen.objects.filter(patient_id=clinic.neighbour.pk, ends_at__isnull=True):
            stop_regimen(actor=prescriber, regimen=regimen, reason="finished", now=clinic.now)
    phone = signed_in(clinic.neighbour_phone)
    refused(send(phone, "GET", "/api/v1/me/card/"), 404, "not-found")
    assert read(phone, "learn") == {"items": []}


def test_staff_book_therapy_and_record_a_side_effect_for_somebody(clinic, phone, coordinator):
    care = f"/api/v1/care/patients/{clinic.patient.pk}"
    body = {"kind": "cbt", "starts_at": "2026-03-06T15:00:00Z", "with_whom": "Dr. Osei"}
    path = f"{care}/therapy/{uuid.uuid4()}/"
    assert send(coordinator, "PUT", path, body).status_code == 201
    assert send(coordinator, "PUT", path, body).status_code == 200
    refused(send(coordinator, "PUT", path, body | {"starts_at": "2026-03-07T15:00:00Z"}), 409, "id-reused")
    [visit] = read(phone, "therapy")["items"]
    assert (visit["kind"], visit["with_whom"], visit["status"]) == ("cbt", "Dr. Osei", "booked")
    path = f"{care}/side-effects/{uuid.uuid4()}/"
    assert send(coordinator, "PUT", path, {"effect": "cough", "signs": ["fever"]}).status_code == 201
    assert [item["source"] for item in read(phone, "side-effects")["items"]] == ["staff"]
    refused(send(signed_in(clinic.southern), "PUT", path, {"effect": "cough"}), 404, "not-found")
    refused(send(phone, "PUT", path, {"effect": "cough"}), 403, "not-allowed")
