"""The people around a patient, from the patient's word to a concern on the list, through HTTP."""

import json
import uuid

import pytest

from backend.db import programs
from backend.models import AuditEvent, PolicyOverride
from backend.selectors.keys import data_key
from recovery.models import ContactRules, Flag, MinorConsent, Outreach, Patient, RewardEntry, Supporter
from tests.recovery.api.clinic import refused, send, signed_in

SISTER = "+12125559001"


@pytest.fixture
def page(clinic):
    return f"/care/patients/{clinic.patient.pk}/people/"


@pytest.fixture
def act(coordinator, page):
    """Posts a form of the page and follows; the answer is the page afterwards."""

    def post(which, **values):
        return coordinator.post(f"{page}{which}/", values, follow=True)

    return post


def person(**changes):
    return {
        "name": "Bea",
        "phone": SISTER,
        "relation": "sibling",
        "tier": "informed",
        "may_tell": ["visits"],
        **changes,
    }


def new(**changes):
    return {
        "client_id": str(uuid.uuid4()),
        "language": "en",
        "allowed_by": "patient",
        **person(phone="212 555 9001"),
        **changes,
    }


def test_a_supporter_from_the_patients_word_to_a_concern_and_the_end(clinic, coordinator, phone, page, act):
    told = send(phone, "PUT", f"/api/v1/me/people/{uuid.uuid4()}/", person())
    assert told.status_code == 201
    assert (told.json()["state"], told.json()["expires_on"]) == ("asked", "2027-03-03")
    shown = coordinator.get(page).content.decode()
    assert "Has not agreed yet: nothing is sent or told" in shown
    assert "May be told" not in shown.split("Add somebody")[0]

    agreed = act("agreed", supporter=told.json()["id"], how="call").content.decode()
    assert "May be told: days of visits." in agreed
    assert "A friendly text on Wednesdays." in agreed
    assert phone.get("/api/v1/me/people/").json()["items"][0]["state"] == "active"

    act("worried", supporter=told.json()["id"], note="has not slept for days")
    with programs([clinic.north.pk]):
        flag = Flag.objects.get(kind="supporter_concern")
        assert (flag.severity, flag.evidence) == ("amber_plus", {"source": "staff"})
        contact = Outreach.objects.get(flag=flag)
        key = data_key(program_id=clinic.north.pk, patient_id=clinic.patient.pk)
        assert (contact.channel, contact.opened(key, "note")) == ("supporter", "has not slept for days")
    assert "A support person is worried" in coordinator.get("/care/").content.decode()
    own = phone.get("/api/v1/me/export/").json()["sections"]
    assert "has not slept" not in json.dumps(own)
    assert own["supporters"][0]["name"] == "Bea"

    ended = send(phone, "POST", f"/api/v1/me/people/{told.json()['id']}/end/", {})
    assert ended.json()["state"] == "ended"
    assert "May be told" not in coordinator.get(page).content.decode().split("Add somebody")[0]
    with programs([clinic.north.pk]):
        acts = AuditEvent.objects.filter(object_kind="supporter").order_by("pk").values_list("action", "actor_id")
        assert list(acts) == [
            ("supporter.added", clinic.phone.pk),
            ("supporter.agreed", clinic.coordinator.pk),
            ("supporter.concern", clinic.coordinator.pk),
            ("supporter.ended", clinic.phone.pk),
        ]


def test_names_and_numbers_are_sealed(clinic, phone):
    send(phone, "PUT", f"/api/v1/me/people/{uuid.uuid4()}/", person())
    with programs([clinic.north.pk]):
        row = Supporter.objects.get()
        assert b"Bea" not in bytes(row.name)
        assert SISTER.encode() not in bytes(row.phone) + bytes(row.phone_index)


def test_the_same_again_and_other_content(clinic, phone):
    path = f"/api/v1/me/people/{uuid.uuid4()}/"
    first = send(phone, "PUT", path, person())
    assert send(phone, "PUT", path, person()).json()["id"] == first.json()["id"]
    assert send(phone, "PUT", path, person()).status_code == 200
    for other in ({"name": "Cy"}, {"phone": "+12125559002"}, {"tier": "hello", "may_tell": []}):
        refused(send(phone, "PUT", path, person(**other)), 409, "id-reused")
    refused(send(phone, "PUT", f"/api/v1/me/people/{uuid.uuid4()}/", person()), 409, "conflict")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        pytest.param({"tier": "everything"}, "invalid-input", "tier", id="no-such-tier"),
        pytest.param({"tier": "hello"}, "bad-supporter", "may_tell", id="topics-without-the-tier"),
        pytest.param({"phone": "5559001"}, "bad-supporter", "phone", id="no-number"),
        pytest.param({"name": "  "}, "invalid-input", "name", id="no-name"),
        pytest.param({"expires_on": "2026-03-02"}, "bad-supporter", "expires_on", id="ended-before-it-began"),
        pytest.param({"expires_on": "2030-01-01"}, "bad-supporter", "expires_on", id="longer-than-the-policy"),
        pytest.param({"may_tell": ["gossip"]}, "invalid-input", "may_tell.0", id="no-such-topic"),
    ],
)
def test_what_cannot_be_a_supporter(clinic, phone, changes, code, field):
    answer = refused(send(phone, "PUT", f"/api/v1/me/people/{uuid.uuid4()}/", person(**changes)), 400, code)
    assert [error["field"] for error in answer["errors"]] == [field]
    with programs([clinic.north.pk]):
        assert not Supporter.objects.exists()


def test_nobody_ends_somebody_elses(clinic, phone):
    told = send(phone, "PUT", f"/api/v1/me/people/{uuid.uuid4()}/", person()).json()
    neighbour = signed_in(clinic.neighbour_phone)
    refused(send(neighbour, "POST", f"/api/v1/me/people/{told['id']}/end/", {}), 404, "not-found")
    assert neighbour.get("/api/v1/me/people/").json() == {"items": []}
    southern = signed_in(clinic.southern)
    assert (
        southern.post(f"/care/patients/{clinic.patient.pk}/people/end/", {"supporter": told["id"]}).status_code == 404
    )
    assert phone.get("/api/v1/me/people/").json()["items"][0]["state"] == "asked"


def test_under_age_only_those_whom_the_law_names_let_others_be_told(clinic, coordinator, phone, page, act):
    with programs([clinic.north.pk]):
        row = Patient.objects.get(pk=clinic.patient.pk)
        row.seal(data_key(program_id=row.program_id, patient_id=row.pk), born_on="2009-06-01")
        row.save()
    assert "Nobody may be told anything, parents included" in coordinator.get(page).content.decode()
    refused(send(phone, "PUT", f"/api/v1/me/people/{uuid.uuid4()}/", person()), 409, "permission-not-theirs")

    facts = {
        "state_code": "ny",
        "basis": "alone",
        "consented_by": "patient",
        "consented_on": "2026-03-01",
        "note": "22.11",
    }
    act("consent", client_id=uuid.uuid4(), **facts)
    refusal = act("add", **new(relation="parent", allowed_by="guardian"))
    assert refusal.status_code == 422
    assert "Only the person in treatment can allow it." in refusal.content.decode()
    assert send(phone, "PUT", f"/api/v1/me/people/{uuid.uuid4()}/", person()).status_code == 201

    act("consent", client_id=uuid.uuid4(), **{**facts, "basis": "guardian_too"})
    assert "A consent that this basis asks for is missing." in coordinator.get(page).content.decode()
    mother = new(phone="212 555 9009", relation="parent", allowed_by="patient")
    assert "must both allow it" in act("add", **mother).content.decode()
    assert act("add", **{**mother, "allowed_by": "both"}).status_code == 200
    with programs([clinic.north.pk]):
        assert Supporter.objects.count() == 2
        assert MinorConsent.objects.count() == 2


def test_how_to_reach_somebody_is_said_by_them_and_seen_by_whoever_calls(clinic, coordinator, phone, page):
    wishes = {
        "phone_shared": True,
        "safe_to_call": True,
        "safe_voicemail": False,
        "safe_from": "12:00",
        "safe_until": "14:30",
        "agreed_word": "the library",
        "interpreter": "pt",
        "letters_ok": False,
    }
    answer = send(phone, "POST", "/api/v1/me/reach/", wishes)
    assert answer.json() == {**wishes, "letter_address": ""}
    shown = coordinator.get(page).content.decode()
    for line in (
        "Others can read this phone.",
        "Call between 12:00 PM and 2:30 PM.",
        "Leave no voicemail.",
        "Say that it is about: the library.",
        "Interpreter: Portuguese.",
        "Send no letters.",
        "Now is not a safe time to call.",  # it is 10:00 in New York
    ):
        assert line in shown
    listed = coordinator.get("/care/").content.decode()
    assert "Leave no voicemail." in listed
    assert "Interpreter: Portuguese." in listed
    with programs([clinic.north.pk]):
        assert Patient.objects.get(pk=clinic.patient.pk).phone_shared is True
        assert b"library" not in bytes(ContactRules.objects.get().agreed_word)


def test_do_not_call_reaches_an_open_list_at_once(clinic, coordinator, phone):
    before = coordinator.get("/care/list/")
    known = {"If-None-Match": before.context["mark"]}
    assert 'href="tel:' in before.content.decode()
    assert coordinator.get("/care/list/", headers=known).status_code == 304
    send(phone, "POST", "/api/v1/me/reach/", {"safe_to_call": False})
    after = coordinator.get("/care/list/", headers=known)
    assert after.status_code == 200
    assert "Do not call." in after.content.decode()
    assert 'href="tel:' not in after.content.decode()


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        pytest.param({"safe_from": "09:00"}, "bad-reach", "safe_until", id="one-hour-alone"),
        pytest.param({"safe_from": "14:00", "safe_until": "09:00"}, "bad-reach", "safe_until", id="wrong-way-round"),
        pytest.param({"safe_from": "9:00"}, "invalid-input", "safe_from", id="no-such-time"),
        pytest.param({"letters_ok": True}, "bad-reach", "letter_address", id="a-letter-to-nowhere"),
        pytest.param({"interpreter": "xx"}, "invalid-input", "interpreter", id="no-such-language"),
        pytest.param({"safe_to_call": "yes"}, "invalid-input", "safe_to_call", id="a-word-for-true"),
    ],
)
def test_what_cannot_be_said_about_reaching(clinic, phone, changes, code, field):
    answer = refused(send(phone, "POST", "/api/v1/me/reach/", changes), 400, code)
    assert [error["field"] for error in answer["errors"]] == [field]
    with programs([clinic.north.pk]):
        assert not ContactRules.objects.exists()


# --- incentives --------------------------------------------------------------------------------------------


@pytest.fixture
def rewards_on(clinic):
    with programs([clinic.north.pk]):
        signed = {"version": 1, "reason": "t", "signed_by": clinic.clinician, "signed_at": clinic.now}
        for key, value in (("rewards_on", True), ("reward_week_cap_cents", 900)):
            PolicyOverride.objects.create(program=clinic.north, key=key, value=value, **signed)


def test_incentives_are_off_until_a_program_switches_them_on(clinic, coordinator, page, act):
    assert "Incentives" not in coordinator.get(page).content.decode()
    refusal = act("start")
    assert refusal.status_code == 422
    assert "switched off" in refusal.content.decode()


def test_steps_earn_under_a_cap_are_handed_out_and_errors_are_taken_back(
    clinic, coordinator, phone, rewards_on, page, act
):
    act("start")
    step = {"client_id": uuid.uuid4(), "reason": "visit_kept", "on_day": "2026-03-03"}
    act("earned", **step)
    act("earned", **step)  # the button twice
    twice = act("earned", **{**step, "client_id": uuid.uuid4()})
    assert "This has earned on that day already." in twice.content.decode()
    act("earned", client_id=uuid.uuid4(), reason="goal_step", on_day="2026-03-03")
    seen = phone.get("/api/v1/me/rewards/").json()
    assert [entry["cents"] for entry in seen["entries"]] == [400, 500]  # 5 dollars, then what is left of 9 a week
    assert (seen["balance_cents"], seen["phase"]) == (900, "full")
    assert "cut by the cap of the week" in coordinator.get(page).content.decode()

    too_much = act("handed-out", client_id=uuid.uuid4(), dollars="9.01")
    assert "This is more than there is." in too_much.content.decode()
    act("handed-out", client_id=uuid.uuid4(), dollars="6.50")
    wrong = seen["entries"][0]["id"]
    assert "It was handed out already." in act("error", client_id=uuid.uuid4(), entry=wrong).content.decode()
    with programs([clinic.north.pk]):
        handed = RewardEntry.objects.get(kind="redeemed").pk
    act("error", client_id=uuid.uuid4(), entry=handed)
    act("error", client_id=uuid.uuid4(), entry=wrong)
    after = phone.get("/api/v1/me/rewards/").json()
    assert after["balance_cents"] == 500
    assert sum(entry["cents"] for entry in after["entries"]) == 500
    act("stop")
    assert phone.get("/api/v1/me/rewards/").json()["balance_cents"] == 500
    assert len(phone.get("/api/v1/me/export/").json()["sections"]["rewards"][0]["entries"]) == 5


def test_a_day_outside_the_plan_earns_nothing(clinic, rewards_on, act):
    act("start")
    for day, words in (("2026-03-02", "outside the plan"), ("2026-03-04", "has not come yet")):
        answer = act("earned", client_id=uuid.uuid4(), reason="visit_kept", on_day=day)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    with programs([clinic.north.pk]):
        assert not RewardEntry.objects.exists()


def test_every_read_of_the_page_is_written_down(clinic, coordinator, page):
    coordinator.get(page)
    with programs([clinic.north.pk]):
        assert AuditEvent.objects.filter(action="patient.read", patient_id=clinic.patient.pk).count() == 1


def test_who_may_not_open_it(clinic, phone, page):
    assert phone.get(page).status_code == 403
    assert signed_in(clinic.southern).get(page).status_code == 404
