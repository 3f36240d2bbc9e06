"""Twilio's provider against a server on this machine that answers badly in every way."""

import json
import logging
import socket
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from reminders.providers.base import Outgoing, ProviderError, Query, stopwatch
from reminders.providers.registry import sms_provider
from reminders.providers.twilio_sms import TwilioSms
from reminders.rules.retry import FailureClass, Outcome

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
PHONE = "+12125550123"
BODY = "Hello. It is time for your daily item."


class Server(ThreadingHTTPServer):
    """Answers each request with ``answer(handler)`` and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, answer):
        self.asked = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                server.asked.append((self.command, self.path, parse_qs(self.rfile.read(length).decode()), self.headers))
                answer(self)

            do_GET = do_POST = handle_any

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, *_):
        pass


def reply(status, content, *, headers=None):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()

    def answer(handler):
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def reset(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()


def trickle(handler):
    handler.send_response(201)
    handler.send_header("Content-Length", "10")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.wfile.flush()
    handler.server.hang.wait(30)


def made(**changes):
    return {
        "sid": "SM" + "1" * 32,
        "status": "accepted",
        "body": BODY,
        "to": PHONE,
        "date_created": "Tue, 03 Mar 2026 15:00:01 +0000",
        "messaging_service_sid": "MG" + "2" * 32,
        "account_sid": "AC" + "3" * 32,
        **changes,
    }


@pytest.fixture
def ask():
    """Starts a server with an answer, and a provider that calls it."""
    opened = []

    def start(answer, **changes):
        server = Server(answer)
        server.hang = threading.Event()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        values = {"timeout_s": 0.5, "connections": 8, "base_url": f"http://127.0.0.1:{server.server_port}", **changes}
        provider = TwilioSms(
            account_sid="AC" + "3" * 32,
            auth_token="secret",
            service="MG" + "2" * 32,
            callback_base="https://care.example.org",
            **values,
        )
        opened.append((server, provider))
        return server, provider

    yield start
    for server, provider in opened:
        server.hang.set()
        provider.close()
        server.shutdown()
        server.server_close()


def text(number=1, **changes):
    values = {"message_id": number, "program_id": 1, "patient_id": 1, "to": PHONE, "body": BODY, "token": "tok"}
    return Outgoing(**{**values, "valid_for_s": 900, **changes})


def test_a_text_goes_out_with_everything_it_needs(ask):
    server, provider = ask(reply(201, made()))
    [result] = provider.send_batch([text()], now=NOW)
    assert (result.outcome, result.sid) == (Outcome.ACCEPTED, "SM" + "1" * 32)
    [(method, path, form, headers)] = server.asked
    assert (method, path) == ("POST", f"/2010-04-01/Accounts/AC{'3' * 32}/Messages.json")
    assert form == {
        "To": [PHONE],
        "Body": [BODY],
        "MessagingServiceSid": ["MG" + "2" * 32],
        "StatusCallback": ["https://care.example.org/hooks/twilio/status/tok"],
        "ValidityPeriod": ["900"],
        "SmartEncoded": ["true"],
    }
    assert headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(("left", "given"), [(36_001, "36000"), (0, "1")])
def test_the_validity_stays_in_the_range_of_the_provider(ask, left, given):
    server, provider = ask(reply(201, made()))
    provider.send_batch([text(valid_for_s=left)], now=NOW)
    assert server.asked[0][2]["ValidityPeriod"] == [given]


REFUSED = {"code": 21211, "message": f"The 'To' number {PHONE} is not valid.", "status": 400}


@pytest.mark.parametrize(
    ("answer", "outcome", "failure", "code"),
    [
        pytest.param(reply(400, REFUSED), Outcome.REJECTED, FailureClass.BAD_NUMBER, 21211, id="bad-number"),
        pytest.param(
            reply(400, {"code": 21610, "message": PHONE}),
            Outcome.REJECTED,
            FailureClass.OPTED_OUT,
            21610,
            id="unsubscribed",
        ),
        pytest.param(
            reply(401, {"code": 20003}), Outcome.NOT_PROCESSED, FailureClass.CONFIG, 20003, id="wrong-password"
        ),
        pytest.param(reply(500, {"code": 20500}), Outcome.UNKNOWN, FailureClass.UNKNOWN, 20500, id="fault"),
        pytest.param(reply(503, b"<html>busy</html>"), Outcome.UNKNOWN, FailureClass.UNKNOWN, None, id="html-fault"),
        pytest.param(reply(200, b"<html>ok</html>"), Outcome.UNKNOWN, FailureClass.UNKNOWN, None, id="html-success"),
        pytest.param(reply(201, b""), Outcome.UNKNOWN, FailureClass.UNKNOWN, None, id="empty-success"),
        pytest.param(reply(201, b"\xff\xfe{}"), Outcome.UNKNOWN, FailureClass.UNKNOWN, None, id="not-text"),
        pytest.param(reply(201, b"[]"), Outcome.UNKNOWN, FailureClass.UNKNOWN, None, id="a-list"),
        pytest.param(reply(201, {"sid": 7}), Outcome.UNKNOWN, FailureClass.UNKNOWN, None, id="no-id"),
        pytest.param(
            reply(201, b'{"sid":"' + b"x" * 2_000_000 + b'"}'), Outcome.UNKNOWN, FailureClass.UNKNOWN, None, id="2-mb"
        ),
        pytest.param(
            reply(302, b"", headers={"Location": "http://127.0.0.1:1/"}),
            Outcome.UNKNOWN,
            FailureClass.UNKNOWN,
            None,
            id="redirect-is-not-followed",
        ),
        pytest.param(reset, Outcome.UNKNOWN, FailureClass.UNKNOWN, None, id="reset"),
        pytest.param(trickle, Outcome.UNKNOWN, FailureClass.UNKNOWN, None, id="never-ends"),
    ],
)
def test_every_bad_answer_is_a_result(ask, answer, outcome, failure, code):
    _, provider = ask(answer)
    [result] = provider.send_batch([text()], now=NOW)
    assert (result.outcome, result.failure, result.code) == (outcome, failure, code)


def test_the_wait_that_the_provider_asks_for_is_read(ask):
    _, provider = ask(reply(429, {"code": 20429}, headers={"Retry-After": "7"}))
    [result] = provider.send_batch([text()], now=NOW)
    assert (result.outcome, result.retry_after) == (Outcome.NOT_PROCESSED, timedelta(seconds=7))


def test_a_refused_connection_sent_nothing():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    provider = TwilioSms(
        account_sid="AC1",
        auth_token="x",
        service="MG1",
        callback_base="https://care.example.org",
        base_url=f"http://127.0.0.1:{port}",
        timeout_s=0.5,
    )
    [result] = provider.send_batch([text()], now=NOW)
    provider.close()
    assert (result.outcome, result.failure) == (Outcome.NOT_PROCESSED, FailureClass.NOT_SENT)


def test_a_batch_keeps_its_order_and_one_bad_answer_harms_nobody(ask):
    def by_number(handler):
        [to] = handler.server.asked[-1][2]["To"]
        reply(400, REFUSED)(handler) if to.endswith("2") else reply(201, made(sid="SM" + to[1:]))(handler)

    _, provider = ask(by_number, connections=1)
    results = provider.send_batch([text(n, to=f"+1212555000{n}") for n in range(1, 5)], now=NOW)
    assert [one.sid for one in results] == ["SM12125550001", None, "SM12125550003", "SM12125550004"]


def test_the_list_is_asked_by_number_alone(ask):
    page = {"messages": [made(), made(sid="SM" + "9" * 32, date_created=None)], "page_size": 50, "next_page_uri": None}
    server, provider = ask(reply(200, page))
    [[found]] = provider.find([Query(1, 1, 1, PHONE, NOW)])
    assert (found.sid, found.body, found.created_at) == ("SM" + "1" * 32, BODY, NOW + timedelta(seconds=1))
    assert server.asked[0][1].endswith("/Messages.json?To=%2B12125550123&PageSize=50")


@pytest.mark.parametrize("answer", [reply(500, {}), reply(200, b"<html>"), reply(200, {}), reset])
def test_a_list_that_fails_says_so(ask, answer):
    _, provider = ask(answer)
    assert provider.find([Query(1, 1, 1, PHONE, NOW)]) == [None]


def test_taking_back(ask):
    server, provider = ask(reply(200, made(status="canceled")))
    assert provider.cancel(["SM" + "1" * 32]) == [True]
    assert server.asked[0][2] == {"Status": ["canceled"]}
    _, late = ask(reply(400, {"code": 30409}))
    assert late.cancel(["SM" + "1" * 32]) == [False]


def test_no_number_and_no_text_reach_a_log(ask, caplog):
    caplog.set_level(logging.DEBUG)
    for answer in (reply(201, made()), reply(400, REFUSED), reply(500, {}), reset):
        _, provider = ask(answer)
        provider.send_batch([text()], now=NOW)
        provider.find([Query(1, 1, 1, PHONE, NOW)])
    assert PHONE not in caplog.text
    assert PHONE[1:] not in caplog.text
    assert "daily item" not in caplog.text
    assert PHONE not in repr([text(), Query(1, 1, 1, PHONE, NOW)])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"TWILIO_AUTH_TOKEN": ""}, "not-configured", id="incomplete"),
        pytest.param({}, "real-sending-refused", id="real-account-in-a-demonstration"),
        pytest.param({"TWILIO_BASE_URL": "http://198.51.100.7"}, "base-url-not-local", id="another-machine"),
        pytest.param({"SMS_PROVIDER": "pigeon"}, "unknown-provider", id="unknown"),
    ],
)
def test_nothing_real_is_sent_by_accident(settings, changes, code):
    settings.SMS_PROVIDER = "twilio"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "x"
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG1"
    for name, value in changes.items():
        setattr(settings, name, value)
    with pytest.raises(ProviderError) as refused:
        sms_provider()
    assert (refused.value.code, refused.value.permanent) == (code, True)


def test_a_text_whose_time_on_the_wire_is_over_is_not_posted(ask):
    """A process that stood still must not post what another has sent meanwhile."""
    server, provider = ask(reply(201, made()))
    results = provider.send_batch(
        [text(1, post_before=stopwatch() - 0.001), text(2, post_before=stopwatch() + 60)], now=NOW
    )
    assert [(one.outcome, one.failure) for one in results] == [
        (Outcome.NOT_PROCESSED, FailureClass.NOT_SENT),
        (Outcome.ACCEPTED, None),
    ]
    assert len(server.asked) == 1


def test_two_batches_are_on_the_wire_at_once(ask):
    """The second one is answered while the first still waits."""
    gate = threading.Event()

    def answer(handler):
        [(_, _, form, _)] = handler.server.asked[-1:]
        if form["To"] == [PHONE]:
            gate.wait(10)
        reply(201, made())(handler)

    _, provider = ask(answer, timeout_s=10)
    first = provider.start_batch([text(1)], now=NOW)
    second = provider.start_batch([text(2, to="+12125550999")], now=NOW)
    assert [one.outcome for one in second()] == [Outcome.ACCEPTED]
    gate.set()
    assert [one.outcome for one in first()] == [Outcome.ACCEPTED]
