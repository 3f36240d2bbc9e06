"""The rota by API: who is on call, gaps, people without a number, and an override."""

import json
from datetime import date, time, timedelta

import pytest

from backend.db import programs
from backend.models import AuditEvent
from backend.rules.roles import Role
from backend.selectors.people import actor_of
from backend.services import people
from recovery.models import RotaOverride
from recovery.services import rota
from tests.recovery.api.clinic import refused, send, signed_in, stamp

READ = "/api/v1/care/rota/"
ADD = "/api/v1/care/rota/overrides/"
HOUR = timedelta(hours=1)


@pytest.fixture
def crew(clinic):
    """A nurse with a number, a nurse without, and the medical director; a rota of the two nurses."""
    users = {}
    for name, role in (("ann", Role.NURSE), ("cleo", Role.NURSE), ("dora", Role.MEDICAL_DIRECTOR)):
        users[name] = people.create_staff(email=f"{name}@crew.example", roles={clinic.north.pk: [role]}, now=clinic.now)
    with programs([clinic.north.pk]):
        people.create_team(
            program_id=clinic.north.pk,
            name="Crew",
            members={users["ann"].pk: ("Ann", "+12125550111"), users["cleo"].pk: ("Cleo", "")},
            now=clinic.now,
        )
        rota.set_rota(
            actor=actor_of(user_id=users["dora"].pk),
            program_id=clinic.north.pk,
            anchor=date(2026, 3, 2),
            hand_over=time(8),
            turns=[[users["ann"].pk, users["cleo"].pk]],
            now=clinic.now,
        )
    return users


def body(clinic, crew, **changes):
    return {
        "program_id": clinic.north.pk,
        "starts_at": stamp(clinic.now + HOUR),
        "ends_at": stamp(clinic.now + 3 * HOUR),
        "people": [crew["dora"].pk, crew["ann"].pk],
        "reason": "ill",
        **changes,
    }


def overrides(clinic):
    with programs([clinic.north.pk, clinic.south.pk]):
        return RotaOverride.objects.count()


def test_who_is_on_call_and_where_cover_is_missing(clinic, crew):
    answer = send(signed_in(clinic.coordinator), "GET", READ)
    assert answer.status_code == 200, answer.content
    [north] = json.loads(answer.content)["items"]
    both = [crew["ann"].pk, crew["cleo"].pk]
    assert (north["program_id"], north["has_weeks"], north["may_edit"]) == (clinic.north.pk, True, False)
    assert [(each["starts_at"], each["ends_at"], each["people"]) for each in north["on_call"]] == [
        (stamp(clinic.now), "2026-03-09T12:00:00Z", both),
        ("2026-03-09T12:00:00Z", "2026-03-16T12:00:00Z", both),
    ]
    assert north["gaps"] == [{"starts_at": stamp(clinic.now), "ends_at": "2026-03-16T12:00:00Z", "missing": 1}]
    reach = {each["name"]: (each["role"], each["reachable"]) for each in north["people"] if each["name"]}
    assert reach == {"Ann": ("nurse", True), "Cleo": ("nurse", False)}
    assert north["unanswered"] == {"waiting": 0, "told_everybody": 0, "oldest_at": None}
    assert "5550111" not in answer.content.decode()


def test_an_override_is_made_audited_and_read_back(clinic, crew):
    director = signed_in(crew["dora"])
    answer = send(director, "POST", ADD, body(clinic, crew))
    assert answer.status_code == 200, answer.content
    made = json.loads(answer.content)
    assert made == body(clinic, crew) | {"id": made["id"]}
    [north] = json.loads(send(director, "GET", READ).content)["items"]
    assert north["overrides"] == [made] and north["may_edit"]
    assert [each["overridden"] for each in north["on_call"]] == [False, True, False, False]
    with programs([clinic.north.pk]):
        noted = AuditEvent.objects.get(action="rota.override_made")
    assert (noted.actor_id, noted.object_id) == (crew["dora"].pk, made["id"])


BAD = [
    pytest.param({"starts_at": -3, "ends_at": -1}, "bad-override", "ends_at", id="past"),
    pytest.param({"starts_at": 3, "ends_at": 3}, "bad-override", "ends_at", id="no-time-at-all"),
    pytest.param({"ends_at": 24 * 64}, "bad-override", "ends_at", id="too-long"),
    pytest.param({"starts_at": 24 * 400, "ends_at": 24 * 401}, "bad-override", "starts_at", id="too-far"),
    pytest.param({"people": ["dora", "dora"]}, "bad-override", "people", id="the-same-twice"),
    pytest.param({"people": ["southern"]}, "bad-override", "people", id="of-another-program"),
    pytest.param({"people": ["phone"]}, "bad-override", "people", id="a-patient"),
    pytest.param({"people": [10**15]}, "bad-override", "people", id="nobody"),
    pytest.param({"people": ["ann", "cleo", "dora"]}, "invalid-input", "people", id="three"),
    pytest.param({"people": "ann"}, "invalid-input", "people", id="no-list"),
    pytest.param({"reason": "take_over"}, "invalid-input", "reason", id="reason-of-taking-over"),
    pytest.param({"starts_at": "2026-03-04T08:00:00"}, "invalid-input", "starts_at", id="naive"),
    pytest.param({"program_id": "1"}, "invalid-input", "program_id", id="program-as-text"),
]


@pytest.mark.parametrize(("changes", "code", "field"), BAD)
def test_an_override_that_cannot_be(clinic, crew, changes, code, field):
    who = crew | {"southern": clinic.southern, "phone": clinic.phone}
    sent = {}
    for name, value in changes.items():
        if name.endswith("_at") and isinstance(value, int):
            value = stamp(clinic.now + value * HOUR)
        elif isinstance(value, list):
            value = [who[each].pk if each in who else each for each in value]
        sent[name] = value
    found = refused(send(signed_in(crew["dora"]), "POST", ADD, body(clinic, crew, **sent)), 400, code)
    assert field in {error["field"].split(".")[0] for error in found["errors"]}, found
    assert overrides(clinic) == 0


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        pytest.param("coordinator", 403, "not-allowed", id="coordinator"),
        pytest.param("phone", 403, "not-allowed", id="patient"),
        pytest.param("elsewhere", 404, "not-found", id="director-of-another-program"),
        pytest.param("both", 403, "not-allowed", id="director-there-nurse-here"),
    ],
)
def test_who_may_not(clinic, crew, who, status, code):
    roles = {clinic.south.pk: [Role.MEDICAL_DIRECTOR]} | ({clinic.north.pk: [Role.NURSE]} if who == "both" else {})
    if who in ("elsewhere", "both"):
        user = people.create_staff(email="far@crew.example", roles=roles, now=clinic.now)
    else:
        user = getattr(clinic, who)
    refused(send(signed_in(user), "POST", ADD, body(clinic, crew)), status, code)
    assert overrides(clinic) == 0


def test_an_operator_edits_and_a_patient_sees_nothing(clinic, crew):
    operator = signed_in(clinic.operator)
    assert json.loads(send(operator, "GET", READ).content)["items"][0]["may_edit"] is True
    assert send(operator, "POST", ADD, body(clinic, crew, people=[])).status_code == 200
    refused(send(signed_in(clinic.phone), "GET", READ), 403, "not-allowed")
    [south] = json.loads(send(signed_in(clinic.southern), "GET", READ).content)["items"]
    assert (south["program_id"], south["has_weeks"], south["overrides"]) == (clinic.south.pk, False, [])


def dora(crew):
    return signed_in(crew["dora"])


def test_taking_over_by_api(clinic, crew):
    body = {"program_id": clinic.north.pk, "until": stamp(clinic.now + 2 * HOUR)}
    made = send(signed_in(crew["ann"]), "POST", "/api/v1/care/rota/take-over/", body)
    assert made.status_code == 200, made.content
    row = json.loads(made.content)
    assert (row["people"], row["reason"], row["ends_at"]) == ([crew["ann"].pk], "take_over", body["until"])
    late = {**body, "until": stamp(clinic.now + timedelta(days=8))}
    document = refused(send(signed_in(crew["ann"]), "POST", "/api/v1/care/rota/take-over/", late), 400, "bad-override")
    assert document["errors"][0]["field"] == "until"
    refused(send(signed_in(clinic.southern), "POST", "/api/v1/care/rota/take-over/", body), 404, "not-found")


def test_ending_an_override_by_api(clinic, crew):
    pk = json.loads(send(dora(crew), "POST", ADD, body(clinic, crew)).content)["id"]
    end = f"/api/v1/care/rota/overrides/{pk}/end/"
    refused(send(signed_in(crew["cleo"]), "POST", end, {}), 403, "not-allowed")
    refused(send(signed_in(clinic.southern), "POST", end, {}), 404, "not-found")
    assert send(dora(crew), "POST", end, {}).status_code == 204
    refused(send(dora(crew), "POST", end, {}), 409, "conflict")


def test_setting_the_weeks_by_api(clinic, crew):
    weeks = {
        "program_id": clinic.north.pk,
        "anchor": "2026-03-02",
        "hand_over": "09:00",
        "turns": [[crew["cleo"].pk], [crew["ann"].pk, crew["dora"].pk]],
    }
    made = send(dora(crew), "POST", "/api/v1/care/rota/weeks/", weeks)
    assert made.status_code == 200, made.content
    assert json.loads(made.content)["on_call"][0]["people"] == [crew["cleo"].pk]
    for change, field in (
        ({"anchor": "2026-03-03"}, "anchor"),
        ({"turns": [[crew["ann"].pk, crew["ann"].pk]]}, "turns"),
        ({"turns": [[999_999]]}, "turns"),
    ):
        document = refused(send(dora(crew), "POST", "/api/v1/care/rota/weeks/", weeks | change), 400, "bad-rota")
        assert document["errors"][0]["field"] == field
    refused(send(signed_in(clinic.coordinator), "POST", "/api/v1/care/rota/weeks/", weeks), 403, "not-allowed")
