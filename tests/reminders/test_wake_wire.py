"""Wake-ups on the wire: what push services, FCM and a mail server on this machine are given, and what comes of it."""

import base64
import json
import logging
import socketserver
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import jwt
import pytest
from aiohttp.abc import AbstractResolver
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from reminders.providers import vapid
from reminders.providers.base import Outgoing, ProviderError, stopwatch
from reminders.providers.fcm import Fcm
from reminders.providers.fcm_account import read_account
from reminders.providers.mail import Mail
from reminders.providers.registry import wake_providers
from reminders.providers.web_push import WebPush, encrypt
from reminders.rules.states import Channel

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
LINE = "You have an update."
MOZILLA = "https://updates.push.services.mozilla.com/wpush/v2/secret-endpoint"


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """The other end of a push: it has the subscription's private key."""

    def __init__(self, endpoint: str = MOZILLA) -> None:
        self.private, self.auth, self.endpoint = ec.generate_private_key(ec.SECP256R1()), b"s" * 16, endpoint

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @property
    def subscription(self) -> str:
        keys = {"p256dh": vapid.text_of(self.public), "auth": vapid.text_of(self.auth)}
        return json.dumps({"endpoint": self.endpoint, **keys})

    def opened(self, body: bytes) -> bytes:
        """RFC 8291, from the reader's side."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert (size, length) == (4096, 65)
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self.private.exchange(ec.ECDH(), theirs)
        seed = derive(shared, self.auth, b"WebPush: info\0" + self.public + sender, 32)
        key = derive(seed, salt, b"Content-Encoding: aes128gcm\0", 16)
        plain = AESGCM(key).decrypt(derive(seed, salt, b"Content-Encoding: nonce\0", 12), sealed, None)
        assert plain[-1:] == b"\x02"
        return plain[:-1]


def derive(secret, salt, info, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


class Server(ThreadingHTTPServer):
    """Answers with the next of ``answers`` (status, headers, body), then 201; keeps what it was asked."""

    daemon_threads = True

    def __init__(self):
        self.asked, self.answers = [], []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.asked.append((self.path, dict(self.headers), body))
                status, headers, content = server.answer(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def answer(self, path):
        return self.answers.pop(0) if self.answers else (201, {}, b"")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running(server):
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def service():
    with running(Server()) as server:
        yield server


def wake(to: str, **changes) -> Outgoing:
    values = {"message_id": 1, "program_id": 1, "patient_id": 1, "to": to, "body": LINE, "token": "t" * 32}
    return Outgoing(**{**values, "valid_for_s": 10_000, "topic": "ab" * 16, **changes})


@pytest.fixture
def push(service, settings):
    settings.VAPID_SUBJECT = "mailto:ops@example.org"
    provider = WebPush(timeout_s=2, connections=2, base_url=service.url)
    yield provider
    provider.close()


# --- Web Push -----------------------------------------------------------------------------------------


def test_the_example_of_the_standard():
    """RFC 8291, appendix A: with its keys and its salt our bytes are its bytes."""
    own = ec.derive_private_key(
        int.from_bytes(raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    sealed = encrypt(
        b"When I grow up, I want to be a watermelon",
        key=raw("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        secret=raw("BTBZMqHH6r4Tts7J_aSIgg"),
        salt=raw("DGv6ra1nlYgDCS1FRnbzlw"),
        own=own,
    )
    assert vapid.text_of(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl9"
        "5bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_push_is_for_one_browser_alone_and_says_nothing(push, service):
    browser = Browser()
    [result] = push.send_batch([wake(browser.subscription)], now=NOW)
    assert (result.outcome, result.sid[:2]) == ("accepted", "WP")
    [(path, headers, body)] = service.asked
    assert path == "/updates.push.services.mozilla.com/wpush/v2/secret-endpoint"
    content = json.loads(browser.opened(body))
    assert content.keys() == {"k", "i"} and content["k"] == "wake"
    assert "t" * 32 not in str(content)  # the token proves acceptance: it stays here
    assert (headers["TTL"], headers["Topic"], headers["Content-Encoding"]) == ("10000", "ab" * 16, "aes128gcm")


def test_we_sign_for_the_push_service_alone(push, service):
    push.send_batch([wake(Browser().subscription)], now=NOW)
    [(_, headers, _)] = service.asked
    kind, _, rest = headers["Authorization"].partition(" ")
    token, key = (part.partition("=")[2] for part in rest.split(", "))
    assert (kind, key) == ("vapid", vapid.public_key())
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(key))
    claims = jwt.decode(
        token,
        public,
        algorithms=["ES256"],
        audience="https://updates.push.services.mozilla.com",
        options={"verify_exp": False},
    )
    assert claims["sub"] == "mailto:ops@example.org"
    assert claims["exp"] - NOW.timestamp() == 12 * 3600


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "failure"),
    [
        pytest.param(404, {}, "not_processed", "gone", id="404"),
        pytest.param(410, {}, "not_processed", "gone", id="410"),
        pytest.param(413, {}, "rejected", "bug", id="413"),
        pytest.param(429, {"Retry-After": "7"}, "not_processed", "throttled", id="429"),
        pytest.param(503, {}, "unknown", "unknown", id="503"),
        pytest.param(302, {"Location": "http://127.0.0.1:9/inside"}, "rejected", "refused_here", id="redirect"),
    ],
)
def test_what_a_push_service_answers(push, service, status, headers, outcome, failure):
    service.answers = [(status, headers, b"")]
    [result] = push.send_batch([wake(Browser().subscription)], now=NOW)
    assert (result.outcome, result.failure) == (outcome, failure)
    assert result.retry_after == (timedelta(seconds=7) if status == 429 else None)
    assert len(service.asked) == 1  # nothing is followed


@pytest.mark.parametrize(
    "to",
    [
        pytest.param(Browser("https://169.254.169.254/latest").subscription, id="inner-address"),
        pytest.param(Browser("http://fcm.googleapis.com/x").subscription, id="not-https"),
        pytest.param("not a subscription", id="nonsense"),
        pytest.param("[]", id="no-object"),
    ],
)
def test_an_endpoint_is_looked_at_again_before_the_post(push, service, to):
    [result] = push.send_batch([wake(to)], now=NOW)
    assert (result.outcome, result.failure) == ("rejected", "refused_here")
    assert service.asked == []


class Inside(AbstractResolver):
    """A name server that answers with an address of ours."""

    async def resolve(self, host, port=0, family=0):
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self):
        pass


def test_a_name_that_leads_inside_leads_nowhere():
    provider = WebPush(timeout_s=2, resolver=Inside())
    [result] = provider.send_batch([wake(Browser().subscription)], now=NOW)
    provider.close()
    assert (result.outcome, result.failure) == ("not_processed", "not_sent")


def test_what_stood_still_for_too_long_is_not_posted(push, service):
    [result] = push.send_batch([wake(Browser().subscription, post_before=stopwatch() - 1)], now=NOW)
    assert (result.outcome, service.asked) == ("not_processed", [])


# --- FCM ----------------------------------------------------------------------------------------------


class Google(Server):
    """Exchanges assertions for tokens and takes messages."""

    def __init__(self):
        super().__init__()
        self.token_status = 200

    def answer(self, path):
        if path == "/token":
            content = {"access_token": f"token-{len(self.of('/token'))}", "expires_in": 3600}
            return self.token_status, {}, json.dumps(content).encode()
        return self.answers.pop(0) if self.answers else (200, {}, b'{"name": "projects/p/messages/0:1"}')

    def of(self, path):
        return [one for one in self.asked if one[0] == path]


SEND = "/v1/projects/neutral-1/messages:send"
TOKEN = "app-token:" + "x" * 30


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("fcm") / "account.json"
    content = {"project_id": "neutral-1", "client_email": "sender@neutral-1.example", "private_key_id": "k1"}
    path.write_text(json.dumps({**content, "private_key": text.decode()}))
    return path


@pytest.fixture
def google():
    with running(Google()) as server:
        yield server


@pytest.fixture
def fcm(google, key_file):
    provider = Fcm(account=read_account(str(key_file)), timeout_s=2, connections=4, base_url=google.url)
    yield provider
    provider.close()


def test_an_app_is_woken_with_one_neutral_line(fcm, google, key_file):
    [result] = fcm.send_batch([wake(TOKEN)], now=NOW)
    assert (result.outcome, result.sid[:2]) == ("accepted", "FC")
    [(_, _, form)] = google.of("/token")
    fields = parse_qs(form.decode())
    assert fields["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assertion = fields["assertion"][0]
    public = read_account(str(key_file)).key.public_key()
    claims = jwt.decode(
        assertion,
        public,
        algorithms=["RS256"],
        audience="https://oauth2.googleapis.com/token",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["iss"] == "sender@neutral-1.example"
    assert claims["scope"].endswith("/firebase.messaging")
    assert claims["exp"] - claims["iat"] == 3600
    assert jwt.get_unverified_header(assertion)["kid"] == "k1"
    [(_, headers, body)] = google.of(SEND)
    assert headers["Authorization"] == "Bearer token-1"
    sent = json.loads(body)["message"]
    assert (sent["token"], sent["notification"], sent["data"]["k"]) == (TOKEN, {"body": LINE}, "wake")
    assert sent["android"]["collapse_key"] == sent["apns"]["headers"]["apns-collapse-id"] == "ab" * 16
    assert (sent["android"]["ttl"], sent["apns"]["headers"]["apns-expiration"]) == (
        "10000s",
        str(int(NOW.timestamp()) + 10_000),
    )


def test_one_sign_in_serves_everybody_until_it_ends(fcm, google):
    fcm.send_batch([wake(TOKEN) for _ in range(4)], now=NOW)
    fcm.send_batch([wake(TOKEN)], now=NOW + timedelta(minutes=50))
    assert len(google.of("/token")) == 1
    fcm.send_batch([wake(TOKEN)], now=NOW + timedelta(minutes=56))
    assert len(google.of("/token")) == 2


def error(status, code, *details, **headers):
    content = {"error": {"code": status, "message": TOKEN, "status": code, "details": list(details)}}
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(content).encode()


@pytest.mark.parametrize(
    ("answer", "outcome", "failure"),
    [
        pytest.param(
            error(404, "NOT_FOUND", {"errorCode": "UNREGISTERED"}), "not_processed", "gone", id="unregistered"
        ),
        pytest.param(
            error(400, "INVALID_ARGUMENT", {"fieldViolations": [{"field": "message.token"}]}),
            "not_processed",
            "gone",
            id="not-a-token",
        ),
        pytest.param(error(400, "INVALID_ARGUMENT"), "rejected", "bug", id="our-payload"),
        pytest.param(
            error(429, "RESOURCE_EXHAUSTED", {"errorCode": "QUOTA_EXCEEDED"}, Retry_After="60"),
            "not_processed",
            "throttled",
            id="quota",
        ),
        pytest.param(error(401, "UNAUTHENTICATED"), "not_processed", "config", id="sign-in"),
        pytest.param((500, {}, b"<html>"), "unknown", "unknown", id="a-fault-inside"),
        pytest.param((200, {}, b"<html>"), "unknown", "unknown", id="no-answer"),
    ],
)
def test_what_fcm_answers(fcm, google, answer, outcome, failure):
    google.answers = [answer]
    [result] = fcm.send_batch([wake(TOKEN)], now=NOW)
    assert (result.outcome, result.failure) == (outcome, failure)
    assert result.retry_after == (timedelta(seconds=60) if answer[0] == 429 else None)


def test_a_token_that_was_withdrawn_is_asked_for_again(fcm, google):
    google.answers = [error(401, "UNAUTHENTICATED")]
    for _ in range(2):
        fcm.send_batch([wake(TOKEN)], now=NOW)
    assert len(google.of("/token")) == 2


@pytest.mark.parametrize(("status", "failure"), [(503, "not_sent"), (429, "throttled"), (400, "config")])
def test_without_a_sign_in_nothing_of_the_message_leaves(fcm, google, status, failure):
    google.token_status = status
    [result] = fcm.send_batch([wake(TOKEN)], now=NOW)
    assert (result.outcome, result.failure) == ("not_processed", failure)
    assert google.of(SEND) == []


def test_a_key_file_that_is_none_says_nothing_of_itself(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"private_key": "secret"}')
    for name in (path, tmp_path / "nowhere"):
        with pytest.raises(ValueError, match="not the key file"):
            read_account(str(name))


# --- mail ---------------------------------------------------------------------------------------------


class Post(socketserver.ThreadingTCPServer):
    """A mail server of a few words. ``says`` replaces its answer to a command."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        self.mails, self.says, self.greetings = [], {}, 0
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                server.greetings += 1
                self.say("220 ready")
                for line in self.rfile:
                    word = line.split()[0].upper().decode()
                    if word == "DATA" and "DATA" not in server.says:
                        self.say("354 go on")
                        content = b""
                        while (one := self.rfile.readline()) != b".\r\n":
                            content += one
                        if server.says.get("END") == "cut":
                            return
                        server.mails.append(content)
                        self.say(server.says.get("END", "250 taken"))
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say(server.says.get(word, "250 ok"))

            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def post():
    with running(Post()) as server:
        yield server


@pytest.fixture
def mail(post):
    provider = Mail(
        host="127.0.0.1",
        port=post.server_address[1],
        security="none",
        sender="reminders@example.org",
        start_page="https://care.example.org/",
        timeout_s=2,
    )
    yield provider
    provider.close()


def test_a_mail_is_one_line_and_the_start_page(mail, post):
    [result] = mail.send_batch([wake("ana@example.net")], now=NOW)
    assert (result.outcome, result.sid[:2]) == ("accepted", "ML")
    [content] = post.mails
    sent = message_from_bytes(content)
    assert (sent["From"], sent["To"], sent["Subject"]) == (
        "reminders@example.org",
        "ana@example.net",
        "You have an update",
    )
    assert sent.get_payload().split() == [*LINE.split(), "https://care.example.org/"]
    assert sent["Auto-Submitted"] == "auto-generated"


def test_the_mail_that_asks_for_a_confirmation_leads_there(mail, post):
    mail.send_batch([wake("ana@example.net", link="https://care.example.org/mail/abc/")], now=NOW)
    assert b"https://care.example.org/mail/abc/" in post.mails[0]


def test_many_mails_share_few_greetings(mail, post):
    results = mail.send_batch([wake("ana@example.net", message_id=number) for number in range(10)], now=NOW)
    assert [one.outcome for one in results] == ["accepted"] * 10
    assert (len(post.mails), post.greetings) == (10, 4)


@pytest.mark.parametrize(
    ("says", "outcome", "failure"),
    [
        pytest.param({"RCPT": "550 no such user"}, "not_processed", "gone", id="no-mailbox"),
        pytest.param({"RCPT": "450 busy"}, "not_processed", "soft", id="busy"),
        pytest.param({"MAIL": "530 sign in"}, "not_processed", "config", id="sign-in"),
        pytest.param({"MAIL": "550 not you"}, "not_processed", "config", id="our-sender"),
        pytest.param({"END": "554 spam"}, "rejected", "permanent_unknown", id="unwanted"),
        pytest.param({"END": "550 spam"}, "rejected", "permanent_unknown", id="unwanted-as-550"),
        pytest.param({"END": "cut"}, "unknown", "unknown", id="cut-after-the-data"),
        pytest.param({"EHLO": "421 closing", "HELO": "421 closing"}, "not_processed", "throttled", id="closes"),
    ],
)
def test_what_a_mail_server_answers(mail, post, says, outcome, failure):
    post.says = says
    [result] = mail.send_batch([wake("ana@example.net")], now=NOW)
    assert (result.outcome, result.failure) == (outcome, failure)


def test_a_mail_server_that_is_not_there(post):
    port = post.server_address[1]
    post.shutdown()
    post.server_close()
    provider = Mail(host="127.0.0.1", port=port, security="none", sender="a@example.org", start_page="https://x.org/")
    results = provider.send_batch([wake("ana@example.net")] * 2, now=NOW)
    assert [(one.outcome, one.failure) for one in results] == [("not_processed", "not_sent")] * 2


def test_nothing_is_sent_to_what_is_no_mailbox(mail, post):
    [result] = mail.send_batch([wake("ana@example.net\r\nBcc: eve@example.net")], now=NOW)
    assert (result.failure, post.mails) == ("refused_here", [])


# --- all of them --------------------------------------------------------------------------------------


def test_no_address_reaches_a_log(push, fcm, mail, service, google, post, caplog):
    caplog.set_level(logging.DEBUG)
    service.answers, google.answers, post.says = [(410, {}, b"")], [(500, {}, b"")], {"RCPT": "550 ana@example.net"}
    for provider, to in ((push, Browser().subscription), (fcm, TOKEN), (mail, "ana@example.net")):
        provider.send_batch([wake(to)], now=NOW)
    assert not any(secret in caplog.text for secret in ("secret-endpoint", TOKEN, "ana@example.net"))


@pytest.mark.parametrize("channel", [Channel.PUSH, Channel.APP, Channel.EMAIL])
def test_none_has_a_list(push, fcm, mail, channel):
    provider = {Channel.PUSH: push, Channel.APP: fcm, Channel.EMAIL: mail}[channel]
    assert provider.find([]) == [] and provider.cancel(["x"]) == [False]
    assert provider.receipt == ""


def test_a_channel_that_is_badly_configured_is_left_out(settings):
    settings.PUSH_PROVIDER, settings.APP_PROVIDER, settings.MAIL_PROVIDER = "outbox", "fcm", "off"
    settings.FCM_CREDENTIALS_FILE = "/nowhere"
    with pytest.raises(ProviderError):
        Fcm.from_settings()
    assert list(wake_providers()) == [Channel.PUSH]
