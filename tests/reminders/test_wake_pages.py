"""Devices through HTTP: the app's API, the person's own page, the link in a mail."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from backend.db import programs
from reminders.models import Device, Message
from reminders.providers.registry import wake_providers
from reminders.rules.states import Channel
from reminders.services import dispatch
from tests.recovery.api.clinic import refused, signed_in
from tests.reminders.conftest import PhoneCompany
from tests.rules.reminders.test_devices import KEY, SECRET

pytestmark = pytest.mark.django_db
ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/secret"
BODY = {"channel": "push", "address": ENDPOINT, "p256dh": KEY, "auth": SECRET}


def put(browser, path, body):
    return browser.put(f"/api/v1/me/{path}", json.dumps(body), content_type="application/json")


def post(browser, path, body):
    return browser.post(f"/api/v1/me/{path}", json.dumps(body), content_type="application/json")


def devices(clinic):
    with programs([clinic.north.pk]):
        return list(Device.objects.order_by("pk").values_list("channel", "ended_why"))


def test_a_device_through_the_api(clinic, phone):
    path = f"devices/{uuid4()}/"
    made = put(phone, path, BODY)
    assert made.status_code == 201
    assert ENDPOINT not in made.content.decode() and SECRET not in made.content.decode()
    again = put(phone, path, BODY)
    assert (again.status_code, again.json()) == (200, made.json())
    other = put(phone, path, BODY | {"address": ENDPOINT + "2"})
    refused(other, 409, "id-reused")
    listed = phone.get("/api/v1/me/devices/").json()
    assert [one["channel"] for one in listed["items"]] == ["push"]
    assert set(listed["offered"]) == {"sms", "push", "app", "email"}
    assert len(listed["push_key"]) == 87 and listed["first"] is None
    assert post(phone, "first-channel/", {"first": "sms"}).json()["first"] == "sms"
    gone = phone.delete(f"/api/v1/me/{path}")
    assert (gone.status_code, gone.json()["ended_why"]) == (200, "removed")
    assert phone.delete(f"/api/v1/me/devices/{uuid4()}/").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param({"address": "https://127.0.0.1/x"}, 400, "bad-device", id="inner-address"),
        pytest.param({"address": 5}, 400, None, id="no-text"),
        pytest.param({"channel": "pigeon"}, 400, None, id="no-channel"),
        pytest.param({"more": "x"}, 400, None, id="unknown-field"),
    ],
)
def test_a_bad_device_is_refused_and_not_repeated(clinic, phone, change, status, code):
    answer = put(phone, f"devices/{uuid4()}/", BODY | change)
    assert answer.status_code == status
    assert code is None or refused(answer, status, code)
    assert "127.0.0.1" not in answer.content.decode()
    assert devices(clinic) == []


def test_strangers_and_staff_register_nothing(clinic, client_of_staff):
    assert put(Client(), f"devices/{uuid4()}/", BODY).status_code == 401
    assert put(client_of_staff, f"devices/{uuid4()}/", BODY).status_code == 403


@pytest.fixture
def client_of_staff(clinic):
    return signed_in(clinic.coordinator)


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(lambda browser: browser.get("/me/"), id="own-page"),
        pytest.param(lambda browser: browser.get("/api/v1/me/today/"), id="today"),
        pytest.param(lambda browser: browser.post("/api/v1/me/seen/"), id="said-so"),
    ],
)
def test_opening_today_is_seeing(clinic, phone, look):
    put(phone, f"devices/{uuid4()}/", BODY)
    with programs([clinic.north.pk]):
        wake = Message.objects.filter(channel="push", patient_id=clinic.patient.pk).order_by("due_at").first()
        assert wake is not None
        Message.objects.filter(pk=wake.pk).update(
            state="accepted", sending_at=clinic.now, accepted_at=clinic.now, provider_sid="x", due_at=clinic.now
        )
    assert look(phone).status_code == 200
    with programs([clinic.north.pk]):
        wake.refresh_from_db()
    assert (wake.state, wake.seen_at) == ("delivered", clinic.now)


def test_the_page_works_by_forms_alone(clinic, phone):
    page = phone.get("/me/wake/").content.decode()
    assert "says only that you have an update" in page and "/static/reminders/wake" in page
    form = {"client_id": str(uuid4()), **BODY}
    assert phone.post("/me/wake/", form).status_code == 302
    assert phone.post("/me/wake/", form).status_code == 302  # a double tap
    assert devices(clinic) == [("push", "")]
    assert phone.post("/me/wake/first/", {"first": "sms"}).status_code == 302
    page = phone.get("/me/wake/?done=saved").content.decode()
    assert 'value="sms" selected' in page and "Saved." in page
    [stop] = re.findall(r'action="(/me/wake/[0-9a-f-]+/stop/)"', page)
    assert phone.post(stop).status_code == 302
    assert devices(clinic) == [("push", "removed")]
    assert phone.post("/me/wake/", form | {"client_id": str(uuid4()), "address": "http://x"}).status_code == 422


def test_a_mailbox_is_used_once_its_owner_confirmed(clinic, phone):
    answer = put(phone, f"devices/{uuid4()}/", {"channel": "email", "address": "ana@example.org"})
    assert answer.json()["confirmed"] is False
    post(phone, "first-channel/", {"first": "email"})
    office = PhoneCompany(name="post", service=None)
    dispatch.dispatch_due(
        program_ids=[clinic.north.pk],
        now=clinic.now + timedelta(minutes=1),
        provider=PhoneCompany(),
        wakes={Channel.EMAIL: office},
    )
    [mail] = office.sent
    assert (mail.to, mail.body) == ("ana@example.org", "Please confirm that this address is yours.")
    path = "/" + mail.link.split("/", 3)[3]
    stranger = Client()
    assert stranger.get(path).status_code == 200  # a scanner that opens links confirms nothing
    with programs([clinic.north.pk]):
        assert Device.objects.get().confirmed_at is None
        assert not Message.objects.filter(channel="email", subject_kind="dose").exists()
    assert stranger.post(path).status_code == 200
    assert stranger.post(path).status_code == 200
    with programs([clinic.north.pk]):
        assert Device.objects.get().confirmed_at is not None
        assert Message.objects.filter(channel="email", subject_kind="dose", state="planned").exists()
    assert stranger.post("/mail/of-nobody/").status_code == 404


def test_the_script_is_served_from_the_root():
    answer = Client().get("/sw.js")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/javascript")
    assert b"You have an update." in answer.content


def test_without_any_provider_nothing_is_offered(clinic, phone, settings):
    settings.PUSH_PROVIDER = settings.APP_PROVIDER = settings.MAIL_PROVIDER = "off"
    assert phone.get("/api/v1/me/devices/").json()["offered"] == ["sms"]
    refused(put(phone, f"devices/{uuid4()}/", BODY), 409, "channel-off")
    assert b'id="wake-here"' not in phone.get("/me/wake/").content
    assert wake_providers() == {}
