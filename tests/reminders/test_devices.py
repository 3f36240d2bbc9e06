"""Registering a place to be woken up: what is kept, what is refused, and what is planned from then on."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from backend.errors import Conflict, IdReused, NotFound
from backend.models import AuditEvent
from backend.rules.consent import ConsentKind
from backend.selectors.consents import patients_with_consent
from backend.selectors.keys import data_key
from recovery.models import Patient
from recovery.selectors.export import record_of
from reminders.models import Device, Message
from reminders.rules.devices import DEVICES, Ended
from reminders.rules.states import Channel
from reminders.selectors.devices import orders, places
from reminders.services import devices, seen
from tests.rules.reminders.test_devices import KEY, SECRET

pytestmark = pytest.mark.django_db
ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/gAAAA-secret-endpoint"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def register(staff, now):
    def add(person: Patient, **changes: object):
        values = {
            "channel": "push",
            "address": ENDPOINT,
            "p256dh": KEY,
            "auth": SECRET,
            "client_id": uuid4(),
            "now": now,
        }
        if changes.get("channel", "push") != "push":
            values |= {"p256dh": "", "auth": ""}
        return devices.register(actor=staff, patient=person, **{**values, **changes})

    return add


def rows() -> list[tuple[str, str, str, str]]:
    return list(Message.objects.order_by("due_at", "channel").values_list("step", "channel", "state", "instead_of"))


def test_a_browser_is_kept_sealed_with_the_agreement(patient, register, now):
    row, is_new = register(patient)
    assert is_new
    assert ENDPOINT.encode() not in bytes(row.address)
    key = data_key(program_id=patient.program_id, patient_id=patient.pk)
    assert json.loads(row.opened(key, "address")) == {"endpoint": ENDPOINT, "p256dh": KEY, "auth": SECRET}
    assert patients_with_consent(kind=ConsentKind.PUSH, patient_ids=[patient.pk]) == {patient.pk}
    assert AuditEvent.objects.filter(action="device.registered", patient_id=patient.pk, fields=["push"]).count() == 1
    [place] = places([patient.pk], channels=[Channel.PUSH], now=now).values()
    assert (place.device_id, json.loads(place.address)["endpoint"]) == (row.pk, ENDPOINT)
    assert ENDPOINT not in repr(place)


def test_a_repeat_is_the_first_answer_and_says_that_the_place_is_in_use(patient, register, now):
    first, _ = register(patient, client_id=UUID(int=1))
    again, is_new = register(patient, client_id=UUID(int=1), now=now + MINUTE)
    assert (again.pk, is_new) == (first.pk, False)
    assert Device.objects.get().last_seen_at == now + MINUTE


def test_the_same_id_with_another_place_is_refused(patient, register):
    register(patient, client_id=UUID(int=1))
    with pytest.raises(IdReused):
        register(patient, client_id=UUID(int=1), address=ENDPOINT + "2")


def test_the_same_place_under_a_new_id_replaces_the_older_row(patient, register):
    register(patient)
    register(patient)
    assert sorted(Device.objects.values_list("ended_why", flat=True)) == ["", Ended.REPLACED.value]


def test_of_one_channel_the_latest_are_kept(patient, register, now):
    for number in range(DEVICES.most + 2):
        register(patient, channel="app", address=f"token-of-an-app-number-{number}", now=now + number * MINUTE)
    kept = Device.objects.filter(ended_at__isnull=True)
    assert kept.count() == DEVICES.most
    assert min(kept.values_list("registered_at", flat=True)) == now + 2 * MINUTE


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"address": "https://169.254.169.254/x"}, "address", id="inner-address"),
        pytest.param({"address": "http://fcm.googleapis.com/x"}, "address", id="not-https"),
        pytest.param({"p256dh": KEY[:-3] + "AAA"}, "p256dh", id="not-on-the-curve"),
        pytest.param({"auth": ""}, "p256dh", id="no-secret"),
        pytest.param({"channel": "email", "address": "ana"}, "address", id="no-mailbox"),
        pytest.param({"channel": "app", "address": "x"}, "address", id="no-token"),
        pytest.param({"channel": "app", "address": "x" * 40, "auth": SECRET}, "auth", id="an-app-has-no-keys"),
        pytest.param({"channel": "sms", "address": "+12125550100"}, "channel", id="a-number-is-no-device"),
    ],
)
def test_what_cannot_be_woken_is_refused_and_nothing_is_kept(patient, register, changes, field):
    with pytest.raises(devices.BadDevice) as refusal:
        register(patient, **changes)
    assert refusal.value.field == field
    assert not Device.objects.exists()
    assert patients_with_consent(kind=ConsentKind.PUSH, patient_ids=[patient.pk]) == set()


def test_a_channel_that_is_off_is_not_offered(patient, register, settings):
    settings.PUSH_PROVIDER = "off"
    with pytest.raises(Conflict) as refusal:
        register(patient)
    assert refusal.value.code == "channel-off"


def test_with_the_last_place_the_agreement_ends(patient, register, staff, now):
    one, two = UUID(int=1), UUID(int=2)
    register(patient, client_id=one)
    register(patient, client_id=two, channel="app", address="token-of-an-app-number-1")
    devices.remove(actor=staff, patient=patient, client_id=one, now=now)
    assert patients_with_consent(kind=ConsentKind.PUSH, patient_ids=[patient.pk]) == {patient.pk}
    for _ in range(2):
        row = devices.remove(actor=staff, patient=patient, client_id=two, now=now)
        assert row.ended_why == Ended.REMOVED.value
    assert patients_with_consent(kind=ConsentKind.PUSH, patient_ids=[patient.pk]) == set()
    with pytest.raises(NotFound):
        devices.remove(actor=staff, patient=patient, client_id=UUID(int=3), now=now)


def test_what_was_not_heard_of_for_long_is_forgotten(patient, register, program, now):
    register(patient)
    before, after = now + DEVICES.unused_after - MINUTE, now + DEVICES.unused_after
    assert orders([patient.pk], now=before) == {patient.pk: (Channel.PUSH,)}
    assert orders([patient.pk], now=after) == {}  # also before the tick has looked
    assert devices.end_unused(program_ids=[program], now=before) == 0
    assert devices.end_unused(program_ids=[program], now=after) == 1
    assert Device.objects.get().ended_why == Ended.UNUSED.value


def test_the_database_holds_one_live_row_for_a_place(patient, register, now):
    row, _ = register(patient)
    row.pk, row.uid, row.client_id = None, uuid4(), uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


# --- what is planned ----------------------------------------------------------------------------------


def test_with_a_browser_a_wake_up_goes_before_the_text(texted, register, plan):
    register(texted)
    plan()
    first = [row for row in rows() if row[0] == "1.first"][:2]
    assert first == [("1.first", "push", "planned", ""), ("1.first", "sms", "planned", "push")]
    wake, text = Message.objects.filter(step="1.first").order_by("due_at")[:2]
    assert text.send_after - wake.send_after == 15 * MINUTE
    assert (text.is_question, wake.is_question) == (True, False)
    count = Message.objects.count()
    plan()
    assert Message.objects.count() == count


def test_what_was_planned_follows_a_new_device_and_its_end(texted, register, plan, staff, now):
    plan()
    before = rows()
    assert {row[1] for row in before} == {"sms"}
    register(texted, client_id=UUID(int=1))
    assert {(channel, instead_of) for _, channel, _, instead_of in rows()} == {("push", ""), ("sms", "push")}
    devices.remove(actor=staff, patient=texted, client_id=UUID(int=1), now=now)
    assert [row for row in rows() if row[1] == "sms"] == before


def test_somebody_who_wants_texts_first_is_texted(texted, register, plan, staff, now):
    devices.choose_first(actor=staff, patient=texted, first="sms", now=now)
    register(texted)
    plan()
    assert {(channel, instead_of) for _, channel, _, instead_of in rows()} == {("sms", "")}
    devices.choose_first(actor=staff, patient=texted, first="push", now=now)
    assert {(channel, instead_of) for _, channel, _, instead_of in rows()} == {("push", ""), ("sms", "push")}


def test_a_text_that_has_begun_to_leave_gets_no_wake_up_beside_it(texted, register, plan, send, now):
    plan()
    send(now + 10 * MINUTE)
    register(texted, now=now + 10 * MINUTE)
    assert not Message.objects.filter(step="1.first", slot_on="2026-03-03", channel="push").exists()


def test_opening_the_page_counts_what_has_left_as_seen_once(texted, register, plan, staff, now):
    register(texted)
    plan()
    wake = Message.objects.filter(channel="push").order_by("due_at").first()
    Message.objects.filter(pk=wake.pk).update(state="accepted", sending_at=now, accepted_at=now, provider_sid="x")
    look = {"actor": staff, "program_id": texted.program_id, "patient_id": texted.pk}
    assert seen.note_seen(**look, now=now + MINUTE) == 1
    assert seen.note_seen(**look, now=now + 2 * MINUTE) == 0
    wake.refresh_from_db()
    assert (wake.state, wake.seen_at, wake.ended_at) == ("delivered", now + MINUTE, now + MINUTE)
    assert Device.objects.get().last_seen_at == now + MINUTE
    assert AuditEvent.objects.filter(action="messages.seen").count() == 1


def test_a_persons_export_has_the_mailbox_and_no_secret(patient, register, staff):
    register(patient)
    register(patient, channel="email", address="ana@example.org")
    for for_staff in (True, False):
        browser, mailbox = record_of(patient=patient, for_staff=for_staff)["devices"]
        assert (browser["channel"], "address" in browser) == ("push", False)
        assert mailbox["address"] == "ana@example.org"
