"""Twilio's calls through HTTP: signed, and only signed."""

from datetime import date, timedelta

import pytest
from twilio.request_validator import RequestValidator

from backend.db import programs
from reminders.models import InboundMessage, Message, OptOut, ProviderEvent
from reminders.services import dispatch
from reminders.services.senders import register_sender

pytestmark = pytest.mark.django_db
DUE = timedelta(minutes=10)
OURS = "+18005550100"


@pytest.fixture
def twilio(client, settings, time_machine, now):
    """Calls a hook as Twilio does: against the public address, signed with a token."""
    settings.PUBLIC_BASE_URL, settings.TWILIO_AUTH_TOKEN = "https://care.example.org", "token-now"
    time_machine.move_to(now + DUE, tick=False)

    def call(path, params, *, token="token-now", url=None, signature=None, method="post"):
        url = url or "https://care.example.org" + path
        header = RequestValidator(token).compute_signature(url, params) if signature is None else signature
        headers = {"X-Twilio-Signature": header} if header else {}
        return getattr(client, method)(path, params, headers=headers)

    return call


@pytest.fixture
def stop(texted, program):
    from recovery.selectors import reminding

    register_sender(program_id=program, address=OURS, provider="twilio")
    return {
        "MessageSid": "SM" + "a" * 32,
        "From": reminding.contacts([texted.pk])[texted.pk].phone,
        "To": OURS,
        "Body": "please stop",
        "NumMedia": "0",
        "FromCity": "",
    }


def test_a_signed_text_is_taken(twilio, stop):
    answer = twilio("/hooks/twilio/sms", stop)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
    assert b"<Message" not in answer.content
    assert OptOut.objects.get().source == "text"


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        pytest.param({"signature": ""}, {}, id="no-header"),
        pytest.param({"signature": "bm9ib2R5"}, {}, id="forged"),
        pytest.param({"token": "token-of-another"}, {}, id="another-token"),
        pytest.param({"url": "http://care.example.org/hooks/twilio/sms"}, {}, id="signed-for-http"),
        pytest.param({"url": "https://care.example.org/hooks/twilio/sms/"}, {}, id="signed-with-a-slash"),
        pytest.param({"url": "https://testserver/hooks/twilio/sms"}, {}, id="signed-for-what-the-request-says"),
        pytest.param({"token": ""}, {"TWILIO_AUTH_TOKEN": ""}, id="no-token-configured"),
    ],
)
def test_what_is_not_signed_is_refused_and_leaves_no_row(twilio, stop, settings, changes, setting):
    for name, value in setting.items():
        setattr(settings, name, value)
    assert twilio("/hooks/twilio/sms", stop, **changes).status_code == 403
    assert InboundMessage.objects.count() == OptOut.objects.count() == 0


def test_a_parameter_more_or_less_breaks_the_signature(twilio, stop):
    signature = RequestValidator("token-now").compute_signature("https://care.example.org/hooks/twilio/sms", stop)
    assert twilio("/hooks/twilio/sms", stop | {"Body": "1"}, signature=signature).status_code == 403


def test_both_tokens_count_during_a_rotation(twilio, stop, settings):
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_OLD = "token-next", "token-now"
    assert twilio("/hooks/twilio/sms", stop, token="token-now").status_code == 200
    assert twilio("/hooks/twilio/sms", stop | {"MessageSid": "SM2"}, token="token-next").status_code == 200


def test_only_post(twilio, stop):
    assert twilio("/hooks/twilio/sms", stop, method="get").status_code == 405


def test_the_same_text_a_hundred_times_is_one_row(twilio, stop):
    for _ in range(100):
        assert twilio("/hooks/twilio/sms", stop).status_code == 200
    assert InboundMessage.objects.count() == 1
    assert Message.objects.filter(message_class="opt_out_confirm").count() == 1


@pytest.mark.parametrize("body", ["STOP", " stop ", "Unsubscribe"])
def test_a_keyword_is_answered_by_twilio_and_not_by_us(twilio, stop, body):
    twilio("/hooks/twilio/sms", stop | {"Body": body})
    assert OptOut.objects.count() == 1
    assert not Message.objects.filter(message_class="opt_out_confirm").exists()


def test_a_receipt_moves_its_text(twilio, texted, plan, program, company, now):
    plan()
    dispatch.dispatch_due(program_ids=[program], now=now + DUE, provider=company)
    path = f"/hooks/twilio/status/{company.sent[0].token}"
    params = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+12125550000"}
    assert twilio(path, params).status_code == 204
    assert twilio(path, params).status_code == 204
    assert Message.objects.get(slot_on=date(2026, 3, 3), step="1.first").state == "delivered"
    assert ProviderEvent.objects.count() == 1
    assert twilio("/hooks/twilio/status/guess", params).status_code == 404
    assert twilio(path, params, token="other").status_code == 403


def test_a_hook_opens_no_scope_of_its_own(twilio, stop, program):
    twilio("/hooks/twilio/sms", stop)
    with programs([program]):
        assert InboundMessage.objects.get().program_id == program
