"""Days without prompts, and how the check-in is announced: the phone's side and the care team's."""

import json
import uuid

import pytest
from django.apps import apps

from backend.db import programs
from recovery.models import CheckInWish, PromptPause
from tests.recovery.api.clinic import refused, send, signed_in

pytestmark = pytest.mark.django_db
ME = "/api/v1/me/prompts/"


def pause(client, first, last, client_id=None):
    path = f"/api/v1/me/pauses/{client_id or uuid.uuid4()}/"
    return send(client, "PUT", path, {"first_day": first, "last_day": last})


def test_without_a_word_it_is_announced_in_the_app_at_six(clinic):
    assert json.loads(send(signed_in(clinic.phone), "GET", ME).content) == {
        "check_in": "app",
        "check_in_at": "18:00",
        "pause": None,
    }


def test_a_choice_is_kept_with_its_history(clinic):
    phone = signed_in(clinic.phone)
    for how, at in (("text", "12:30"), ("none", "08:00")):
        shown = json.loads(send(phone, "POST", ME, {"check_in": how, "check_in_at": at}).content)
        assert (shown["check_in"], shown["check_in_at"]) == (how, at)
    with programs([clinic.north.pk]):
        row = CheckInWish.objects.get(patient=clinic.patient)
        assert (row.how, row.source, row.changed_by_id) == ("none", "app", clinic.phone.pk)
        events = apps.get_model("recovery", "CheckInWishEvent").objects.filter(pgh_obj_id=row.pk)
        assert list(events.order_by("pgh_id").values_list("how", flat=True)) == ["text", "none"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"check_in": "text", "check_in_at": "07:59"}, "check_in_at", id="before-the-window"),
        pytest.param({"check_in": "text", "check_in_at": "20:31"}, "check_in_at", id="it-would-leave-too-late"),
        pytest.param({"check_in": "text", "check_in_at": "6 pm"}, "check_in_at", id="no-time"),
        pytest.param({"check_in": "letter", "check_in_at": "18:00"}, "check_in", id="no-such-way"),
        pytest.param({"check_in": "app"}, "check_in_at", id="missing"),
    ],
)
def test_a_choice_that_cannot_be(clinic, body, field):
    answer = send(signed_in(clinic.phone), "POST", ME, body)
    assert answer.status_code == 400
    assert json.loads(answer.content)["errors"][0]["field"] == field
    with programs([clinic.north.pk]):
        assert not CheckInWish.objects.exists()


def test_a_pause_stands_until_another_takes_its_place_or_it_is_ended(clinic):
    phone, first, second = signed_in(clinic.phone), uuid.uuid4(), uuid.uuid4()
    assert pause(phone, "2026-03-05", "2026-03-09", first).status_code == 201
    assert pause(phone, "2026-03-10", "2026-03-12", second).status_code == 201
    shown = json.loads(send(phone, "GET", ME).content)["pause"]
    assert (shown["client_id"], shown["first_day"], shown["ended_at"]) == (str(second), "2026-03-10", None)
    for _ in range(2):
        ended = send(phone, "POST", f"/api/v1/me/pauses/{second}/end/", {})
        assert json.loads(ended.content)["ended_at"] == "2026-03-03T15:00:00Z"
    assert json.loads(send(phone, "GET", ME).content)["pause"] is None
    with programs([clinic.north.pk]):
        assert PromptPause.objects.filter(ended_at__isnull=True).count() == 0


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param("2026-03-05", "2026-03-04", id="out-of-order"),
        pytest.param("2026-02-20", "2026-03-02", id="over"),
        pytest.param("2026-03-05", "2026-03-19", id="15-days"),
    ],
)
def test_days_that_cannot_be(clinic, first, last):
    document = refused(pause(signed_in(clinic.phone), first, last), 400, "bad-pause")
    assert document["errors"][0]["field"] == "last_day"


def test_somebody_elses_pause_is_not_there(clinic):
    mine = uuid.uuid4()
    assert pause(signed_in(clinic.phone), "2026-03-05", "2026-03-09", mine).status_code == 201
    refused(send(signed_in(clinic.neighbour_phone), "POST", f"/api/v1/me/pauses/{mine}/end/", {}), 404, "not-found")
    care = f"/api/v1/care/patients/{clinic.patient.pk}/pauses/{mine}/end/"
    refused(send(signed_in(clinic.southern), "POST", care, {}), 404, "not-found")
    assert send(signed_in(clinic.coordinator), "POST", care, {}).status_code == 200


def test_the_care_team_reads_and_records_it(clinic):
    nurse = signed_in(clinic.coordinator)
    care = f"/api/v1/care/patients/{clinic.patient.pk}"
    body = {"first_day": "2026-03-05", "last_day": "2026-03-09"}
    made = json.loads(send(nurse, "PUT", f"{care}/pauses/{uuid.uuid4()}/", body).content)
    assert made["said_by"] == "staff"
    send(nurse, "POST", f"{care}/prompts/", {"check_in": "text", "check_in_at": "09:00"})
    shown = json.loads(send(nurse, "GET", f"{care}/prompts/").content)
    assert (shown["check_in"], shown["pause"]["id"]) == ("text", made["id"])
