"""What may be registered as a place to be woken up, and in which order channels are tried."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reminders.rules.channels import CHANNELS, WOKEN, beside, brings_text_forward, channel_order
from reminders.rules.devices import NotAllowed, check_mail, check_token, is_public_address, push_host, push_keys
from reminders.rules.dispatch import Why
from reminders.rules.planning import PlannedMessage, SlotKey
from reminders.rules.states import LANES, Channel, MessageClass, MessageState, SubjectKind, lane, priority_of

NEW_YORK = ZoneInfo("America/New_York")
KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QGuQyavXutnMH",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAA%3d",
        "https://fcm.googleapis.com:443/fcm/send/abc",
    ],
)
def test_the_push_services_of_the_browsers_are_let_through(endpoint):
    assert push_host(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("http://fcm.googleapis.com/fcm/send/a", id="plain-http"),
        pytest.param("https://169.254.169.254/latest/meta-data/", id="metadata-service"),
        pytest.param("https://127.0.0.1/x", id="loopback"),
        pytest.param("https://[::1]/x", id="loopback-6"),
        pytest.param("https://2130706433/x", id="loopback-as-a-number"),
        pytest.param("https://fcm.googleapis.com.evil.example/x", id="looks-alike-behind"),
        pytest.param("https://evilfcm.googleapis.com.example/x", id="looks-alike"),
        pytest.param("https://notfcm.googleapis.com@evil.example/x", id="user-part"),
        pytest.param("https://user:secret@fcm.googleapis.com/x", id="credentials"),
        pytest.param("https://fcm.googleapis.com:8443/x", id="other-port"),
        pytest.param("https://fcm.googleapis.com:99999/x", id="no-port"),
        pytest.param("https://fcm.googleapis.com\\@evil.example/x", id="backslash"),
        pytest.param("https://fcm.googleapis.com/x y", id="space"),
        pytest.param("https://fcm.googleapis.com/x\r\nHost: evil", id="line-break"),
        pytest.param("https://fcm.googleapis.com/x#fragment", id="fragment"),
        pytest.param("https://fcm.googleapis.com./x", id="root-dot"),
        pytest.param("https://fcm.googleapis.com/", id="no-path"),
        pytest.param("https://xn--fcm-.googleapis.com/x", id="other-name"),
        pytest.param("https://fcm.googleapis.com/" + "x" * 1000, id="too-long"),
        pytest.param("https://fcm.googleapis.cóm/x", id="letters"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("", id="empty"),
    ],
)
def test_every_other_address_is_refused(endpoint):
    with pytest.raises(NotAllowed) as refusal:
        push_host(endpoint)
    assert "evil" not in str(refusal.value)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("142.250.74.106", True),
        ("2a00:1450:4001:82a::200a", True),
        ("10.0.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("nonsense", False),
    ],
)
def test_a_name_may_not_lead_inside(address, public):
    assert is_public_address(address) is public


def test_the_keys_of_a_subscription_have_their_form():
    key, secret = push_keys(KEY, SECRET)
    assert (len(key), key[0], len(secret)) == (65, 4, 16)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        (KEY[:-4], SECRET),
        (KEY, SECRET[:-2]),
        (KEY, ""),
        ("", SECRET),
        ("A" + KEY[1:], SECRET),
        (KEY + "!", SECRET),
        (KEY, "é" * 16),
    ],
)
def test_other_keys_are_refused(key, secret):
    with pytest.raises(NotAllowed):
        push_keys(key, secret)


@pytest.mark.parametrize("address", ["ana@example.org", "a.b+c@mail.example.org"])
def test_a_plain_mail_address(address):
    check_mail(address)


@pytest.mark.parametrize(
    "address",
    ["", "ana", "ana@example", "Ana <ana@example.org>", "a@example.org,b@example.org", "a@example.org\r\nBcc: b@c.de",
     "ana@exa mple.org", '"ana b"@example.org', "á@example.org", "a" * 65 + "@example.org"],
)  # fmt: skip
def test_other_mail_addresses_are_refused(address):
    with pytest.raises(NotAllowed):
        check_mail(address)


@pytest.mark.parametrize("token", ["", "short", "x" * 1001, "with space in it 12345", "line\nbreak12345678901234"])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(NotAllowed):
        check_token(token)


# --- order ----------------------------------------------------------------------------------------

ALL = set(Channel)


@pytest.mark.parametrize(
    ("devices", "agreed", "first", "order"),
    [
        pytest.param(set(), {Channel.SMS}, None, "sms", id="texts-only"),
        pytest.param({Channel.PUSH}, ALL, None, "push sms", id="browser-before-text"),
        pytest.param({Channel.PUSH, Channel.APP}, ALL, None, "app push sms", id="app-before-browser"),
        pytest.param({Channel.EMAIL}, ALL, None, "sms email", id="mail-only-when-asked-for"),
        pytest.param({Channel.EMAIL, Channel.PUSH}, ALL, Channel.EMAIL, "email push sms", id="mail-first"),
        pytest.param({Channel.PUSH}, ALL, Channel.SMS, "sms push", id="texts-first"),
        pytest.param({Channel.PUSH}, {Channel.PUSH}, Channel.SMS, "push", id="no-agreement-to-texts"),
        pytest.param({Channel.PUSH}, {Channel.SMS}, Channel.PUSH, "sms", id="no-agreement-to-push"),
        pytest.param(set(), ALL, Channel.APP, "sms", id="nothing-to-wake"),
        pytest.param(set(), set(), None, "", id="nothing-agreed"),
    ],
)
def test_the_order_follows_agreement_devices_and_choice(devices, agreed, first, order):
    assert " ".join(channel_order(devices=devices, agreed=agreed, first=first)) == order


# --- a wake-up beside its text ----------------------------------------------------------------------

AT = datetime(2026, 3, 3, 15, 7, tzinfo=UTC)
TEXT = PlannedMessage(
    slot=SlotKey(SubjectKind.DOSE, 7, "1.first", Channel.SMS, date(2026, 3, 3)),
    message_class=MessageClass.DOSE,
    template="dose.daily",
    template_version=1,
    send_after=AT,
    expires_at=AT + timedelta(hours=3),
    priority=70,
    is_question=True,
    patient_id=7,
)
PUSH_FIRST = (Channel.PUSH, Channel.SMS)


def test_the_text_waits_behind_the_wake_up():
    text, wake = beside([TEXT], order=PUSH_FIRST, zone=NEW_YORK)
    assert text == replace(TEXT, send_after=AT + timedelta(minutes=15), instead_of=Channel.PUSH)
    assert (wake.slot.channel, wake.send_after, wake.expires_at) == (Channel.PUSH, AT, TEXT.expires_at)
    assert (wake.priority, wake.is_question, wake.instead_of) == (71, False, None)
    assert replace(wake.slot, channel=Channel.SMS) == TEXT.slot


@pytest.mark.parametrize(
    ("text", "order"),
    [
        pytest.param(TEXT, (), id="no-channel"),
        pytest.param(TEXT, (Channel.SMS, Channel.PUSH), id="texts-first"),
        pytest.param(replace(TEXT, message_class=MessageClass.HOLD), PUSH_FIRST, id="a-hold-says-something"),
        pytest.param(replace(TEXT, acute=True), PUSH_FIRST, id="acute"),
        pytest.param(replace(TEXT, slot=replace(TEXT.slot, step="1.later")), PUSH_FIRST, id="asked-for-by-text"),
        pytest.param(replace(TEXT, expires_at=AT + timedelta(minutes=15)), PUSH_FIRST, id="no-time-left"),
        pytest.param(
            replace(TEXT, send_after=AT + timedelta(hours=10, minutes=45), expires_at=AT + timedelta(hours=13)),
            PUSH_FIRST,
            id="the-window-closes-before",
        ),
    ],
)
def test_the_text_stays_as_it_is(text, order):
    assert beside([text], order=order, zone=NEW_YORK) == [text]


def test_a_chosen_time_outside_the_window_may_be_followed_too():
    late = replace(TEXT, send_after=AT + timedelta(hours=11), expires_at=AT + timedelta(hours=14), allowed_outside=True)
    text, wake = beside([late], order=PUSH_FIRST, zone=NEW_YORK)
    assert (text.instead_of, wake.send_after) == (Channel.PUSH, late.send_after)


def test_without_an_agreement_to_texts_there_is_a_wake_up_however_late():
    text, wake = beside([replace(TEXT, expires_at=AT + timedelta(minutes=5))], order=(Channel.PUSH,), zone=NEW_YORK)
    assert (text.send_after, wake.send_after) == (AT + timedelta(minutes=5, seconds=-1), AT)


@pytest.mark.parametrize("channel", [Channel.PUSH, Channel.APP, Channel.EMAIL])
@pytest.mark.parametrize("message_class", sorted(WOKEN))
def test_every_wake_up_has_its_lane_and_its_time(channel, message_class):
    [text, wake] = beside([replace(TEXT, message_class=message_class)], order=(channel, Channel.SMS), zone=NEW_YORK)
    assert wake.priority in lane(channel)
    assert text.send_after - wake.send_after == CHANNELS.fall_back_after[channel]


def test_no_lane_meets_another():
    every = [priority for channel in Channel for priority in lane(channel)]
    assert len(every) == len(set(every))
    assert {priority_of(one, channel=channel) for one in MessageClass for channel in LANES} <= set(every)


@pytest.mark.parametrize(
    ("state", "why", "forward"),
    [
        (MessageState.FAILED, "413", True),
        (MessageState.SUPPRESSED, Why.NO_ADDRESS.value, True),
        (MessageState.SUPPRESSED, Why.NO_CONSENT.value, True),
        (MessageState.SUPPRESSED, Why.ANSWERED.value, False),
        (MessageState.SUPPRESSED, Why.KILL_SWITCH.value, False),
        (MessageState.EXPIRED, "", False),
        (MessageState.ACCEPTED, "", False),
    ],
)
def test_when_the_text_has_no_more_reason_to_wait(state, why, forward):
    assert brings_text_forward(state, why) is forward
