"""A stand-in for Twilio's messages on loopback, as a process of its own.

It keeps what it was given: texts with ids, who opted out, what it called back. Faults are
scripted per request through a control port. It imports nothing of the product, so that its
signature and its ledger are a second opinion. It is held against Twilio's own description in
``test_twilio_contract.py``.

    python -m tests.faults.fake_twilio '{"api_port": 1, "control_port": 2, ...}'
"""

import asyncio
import base64
import hashlib
import hmac
import json
import random
import re
import secrets
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

API_VERSION = "2010-04-01"
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
START_WORDS = {"START", "YES", "UNSTOP"}
LONGEST_BODY = 1600
MAX_VALIDITY_S = 36_000
E164 = re.compile(r"\+[1-9]\d{6,14}")
# What Twilio's own test numbers answer (M 1.8), so that a play can have them without a script.
ERRORS = {
    20003: (401, "Authenticate"),
    20429: (429, "Too Many Requests"),
    21211: (400, "Invalid 'To' Phone Number"),
    21602: (400, "Message body is required"),
    21604: (400, "A 'To' phone number is required"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21703: (400, "The Messaging Service does not exist"),
}


def sign(token: str, url: str, form: dict[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 of the address and the sorted parameters (M 1.6)."""
    text = url + "".join(key + form[key] for key in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@dataclass
class Config:
    api_port: int
    control_port: int
    account: str
    token: str
    service: str
    clock_file: str = ""
    seed: int = 0


@dataclass
class Text:
    """One text that was taken."""

    sid: str
    to: str
    body: str
    service: str
    callback: str
    validity_s: int
    created_at: datetime
    taken_at: float  # monotonic
    status: str = "accepted"
    date_sent: datetime | None = None
    error_code: int | None = None
    history: list[tuple[str, str]] = field(default_factory=list)
    callbacks: list[tuple[str, int]] = field(default_factory=list)

    @property
    def left(self) -> bool:
        """Whether it is on its way to a phone, or will be: everything that was not taken back in time."""
        return self.status != "canceled"


@dataclass
class Rule:
    """A fault for the next requests of a kind. ``times`` -1 is for ever."""

    on: str
    fault: dict[str, Any]
    times: int = -1
    skip: int = 0
    to: str = ""


class Twilio:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.random = random.Random(config.seed)
        self.texts: dict[str, Text] = {}
        self.order: list[str] = []
        self.opted_out: set[str] = set()
        self.rules: list[Rule] = []
        self.requests: list[dict[str, Any]] = []
        # how: normal, never, shuffled, doubled, early; step_s between receipts; final status; hold keeps texts queued
        self.receipts: dict[str, Any] = {"how": "normal", "step_s": 0.02, "final": "delivered", "retries": 1}
        self.hold = False
        self.list_lag_s = 0.0
        self._jobs: set[asyncio.Task[None]] = set()
        self._released = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None

    # --- time and identity -------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The clock that the processes of the cell share."""
        offset = 0.0
        if self.config.clock_file:
            try:
                offset = float(Path(self.config.clock_file).read_text() or 0)
            except (FileNotFoundError, ValueError):
                offset = 0.0
        return datetime.now(UTC) + timedelta(seconds=offset)

    # --- the API -----------------------------------------------------------------------------------------

    def api(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        base = f"/{API_VERSION}/Accounts/{{account}}/Messages"
        app.router.add_post(f"{base}.json", self._guarded("create", self.create))
        app.router.add_get(f"{base}.json", self._guarded("list", self.list))
        app.router.add_get(f"{base}/{{sid}}.json", self._guarded("get", self.get))
        app.router.add_post(f"{base}/{{sid}}.json", self._guarded("update", self.update))
        return app

    def _guarded(
        self, kind: str, handler: Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            form = dict(await request.post()) if request.method == "POST" else {}
            to = str(form.get("To", "")) or request.query.get("To", "")
            entry: dict[str, Any] = {"kind": kind, "to": to, "form": form, "query": dict(request.query)}
            self.requests.append(entry)
            fault = self._fault(kind, to)
            request["form"] = form
            if fault.get("delay_s"):
                await asyncio.sleep(fault["delay_s"])
            if fault.get("reset") == "before":
                return self._reset(request)
            wanted = aiohttp.encode_basic_auth(self.config.account, self.config.token)
            if not hmac.compare_digest(request.headers.get("Authorization", ""), wanted):
                answer: web.StreamResponse = self.error(20003)
            elif request.match_info["account"] != self.config.account:
                answer = self.error(20404, 404, "Not found")
            elif "code" in fault and not fault.get("accept"):
                answer = self._scripted(fault)
            else:
                answer = await handler(request, fault)
                if fault.get("reset") == "after":
                    return self._reset(request)
                if fault.get("never"):
                    await asyncio.sleep(3600)
                if fault.get("delay_after_s"):
                    await asyncio.sleep(fault["delay_after_s"])
                if "code" in fault or "status" in fault:
                    answer = self._scripted(fault)
                if fault.get("body"):
                    answer = _odd_body(fault["body"], answer.status)
            entry["status"] = answer.status
            return answer

        return handle

    def _fault(self, kind: str, to: str) -> dict[str, Any]:
        for rule in self.rules:
            if rule.on != kind or rule.to not in ("", to) or rule.times == 0:
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            rule.times -= 1 if rule.times > 0 else 0
            return rule.fault
        return {}

    @staticmethod
    def _reset(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        if transport is not None:
            raw = transport.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        return web.Response(status=500)

    def _scripted(self, fault: dict[str, Any]) -> web.Response:
        code = fault.get("code")
        status = fault.get("status") or (ERRORS.get(code, (400, ""))[0] if code else 500)
        headers = {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}
        if code is None:
            return web.Response(status=status, text="<html>fault</html>", content_type="text/html", headers=headers)
        return self.error(code, status, headers=headers)

    @staticmethod
    def error(code: int, status: int = 0, message: str = "", headers: dict[str, str] | None = None) -> web.Response:
        known = ERRORS.get(code, (400, "Fault"))
        body = {
            "code": code,
            "message": message or known[1],
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status or known[0],
        }
        return web.json_response(body, status=status or known[0], headers=headers)

    async def create(self, request: web.Request, fault: dict[str, Any]) -> web.Response:
        form = {key: str(value) for key, value in request["form"].items()}
        to, body, service = form.get("To", ""), form.get("Body", ""), form.get("MessagingServiceSid", "")
        refused = self._refusal(to, body, service)
        if refused:
            return self.error(refused)
        text = Text(
            sid="SM" + secrets.token_hex(16),
            to=to,
            body=body,
            service=service,
            callback=form.get("StatusCallback", ""),
            validity_s=int(form.get("ValidityPeriod", MAX_VALIDITY_S)),
            created_at=self.now(),
            taken_at=time.monotonic(),
        )
        self.texts[text.sid] = text
        self.order.append(text.sid)
        answer = web.json_response(self.shown(text), status=201)
        if self.receipts["how"] == "early":
            self._move(text, "queued")
            await self._call_back(text, "queued")
        self._later(self._deliver(text))
        return answer

    def _refusal(self, to: str, body: str, service: str) -> int:
        if not to:
            return 21604
        if not E164.fullmatch(to):
            return 21211
        if service != self.config.service:
            return 21703
        if not body:
            return 21602
        if len(body) > LONGEST_BODY:
            return 21617
        return 21610 if to in self.opted_out else 0

    async def list(self, request: web.Request, fault: dict[str, Any]) -> web.Response:
        size = min(int(request.query.get("PageSize", 50)), 1000)
        page = int(request.query.get("Page", 0))
        to = request.query.get("To", "")
        seen = time.monotonic() - self.list_lag_s
        rows = [
            text
            for text in (self.texts[sid] for sid in reversed(self.order))
            if (not to or text.to == to) and text.taken_at <= seen
        ]
        uri = f"/{API_VERSION}/Accounts/{self.config.account}/Messages.json"
        return web.json_response(
            {
                "messages": [self.shown(text) for text in rows[page * size : (page + 1) * size]],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": max(page * size, min(len(rows), (page + 1) * size) - 1),
                "uri": f"{uri}?{urlencode({'To': to, 'PageSize': size, 'Page': page})}",
                "first_page_uri": f"{uri}?{urlencode({'To': to, 'PageSize': size, 'Page': 0})}",
                "next_page_uri": f"{uri}?{urlencode({'To': to, 'PageSize': size, 'Page': page + 1})}"
                if len(rows) > (page + 1) * size
                else None,
                "previous_page_uri": None,
            }
        )

    async def get(self, request: web.Request, fault: dict[str, Any]) -> web.Response:
        text = self.texts.get(request.match_info["sid"])
        return web.json_response(self.shown(text)) if text else self.error(20404, 404, "Not found")

    async def update(self, request: web.Request, fault: dict[str, Any]) -> web.Response:
        text = self.texts.get(request.match_info["sid"])
        if text is None:
            return self.error(20404, 404, "Not found")
        if request["form"].get("Status") != "canceled":
            return self.error(20001, 400, "Invalid status")
        if text.status not in ("accepted", "queued", "scheduled"):
            return self.error(30409, 409, "Message cannot be canceled")
        self._move(text, "canceled")
        self._later(self._call_back(text, "canceled"))
        return web.json_response(self.shown(text))

    def shown(self, text: Text) -> dict[str, Any]:
        uri = f"/{API_VERSION}/Accounts/{self.config.account}/Messages/{text.sid}"
        return {
            "account_sid": self.config.account,
            "api_version": API_VERSION,
            "body": text.body,
            "date_created": format_datetime(text.created_at),
            "date_sent": format_datetime(text.date_sent) if text.date_sent else None,
            "date_updated": format_datetime(text.created_at),
            "direction": "outbound-api",
            "error_code": text.error_code,
            "error_message": None,
            "from": None,
            "messaging_service_sid": text.service,
            "num_media": "0",
            "num_segments": "0",
            "price": None,
            "price_unit": None,
            "sid": text.sid,
            "status": text.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": text.to,
            "uri": f"{uri}.json",
        }

    # --- receipts ----------------------------------------------------------------------------------------

    def _move(self, text: Text, status: str) -> None:
        text.status = status
        text.history.append((status, self.now().isoformat()))
        if status == "sent":
            text.date_sent = self.now()

    def _later(self, job: Any) -> None:
        task = asyncio.ensure_future(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def _deliver(self, text: Text) -> None:
        how, step, final = self.receipts["how"], self.receipts["step_s"], self.receipts["final"]
        code = self.receipts.get("error_code")
        while self.hold:
            await self._released.wait()
        await asyncio.sleep(step)
        if text.status == "canceled":
            return
        statuses = ["sent", final] if final != "sent" else ["sent"]
        if how == "never":
            for status in statuses:
                self._move(text, status)
            return
        if how in ("shuffled", "doubled"):
            told = ["queued", "sending", *statuses] * (2 if how == "doubled" else 1)
            self.random.shuffle(told)
            for status in statuses:
                self._move(text, status)
            text.error_code = code
            await asyncio.gather(*(self._call_back(text, status, code) for status in told))
            return
        for status in statuses:
            self._move(text, status)
            if status == final:
                text.error_code = code
            await self._call_back(text, status, code)
            await asyncio.sleep(step)

    async def _call_back(self, text: Text, status: str, code: int | None = None) -> None:
        if not text.callback:
            return
        form = {
            "AccountSid": self.config.account,
            "ApiVersion": API_VERSION,
            "MessageSid": text.sid,
            "MessageStatus": status,
            "MessagingServiceSid": text.service,
            "SmsSid": text.sid,
            "SmsStatus": status,
            "To": text.to,
        }
        if code and status in ("failed", "undelivered"):
            form["ErrorCode"] = str(code)
        for attempt in range(int(self.receipts.get("retries", 1)) + 1):
            answered = await self._post(text.callback, form)
            text.callbacks.append((status, answered))
            if 200 <= answered < 500:
                return
            await asyncio.sleep(min(1.0, 0.1 * (attempt + 1)))

    async def _post(self, url: str, form: dict[str, str], token: str | None = None) -> int:
        """POST a signed form; 0 when nobody answered."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=120, sock_connect=5), trust_env=False
            )
        headers = {"X-Twilio-Signature": sign(self.config.token if token is None else token, url, form)}
        try:
            async with self._session.post(url, data=form, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    # --- the control port ----------------------------------------------------------------------------------

    def control(self, listen: Callable[[bool], Awaitable[None]]) -> web.Application:
        app = web.Application()

        async def ready(_: web.Request) -> web.Response:
            return web.json_response({"ok": True})

        async def script(request: web.Request) -> web.Response:
            for one in await request.json():
                self.rules.append(Rule(**one))
            return web.json_response(len(self.rules))

        async def heal(_: web.Request) -> web.Response:
            self.rules.clear()
            self.list_lag_s = 0.0
            return web.json_response({})

        async def settings(request: web.Request) -> web.Response:
            given = await request.json()
            self.receipts |= given.get("receipts", {})
            self.list_lag_s = given.get("list_lag_s", self.list_lag_s)
            if "hold" in given:
                self.hold = given["hold"]
                if self.hold:
                    self._released.clear()
                else:
                    self._released.set()
            if "listening" in given:
                await listen(given["listening"])
            for number in given.get("opted_out", []):
                self.opted_out.add(number)
            return web.json_response({})

        async def ledger(_: web.Request) -> web.Response:
            return web.json_response(
                [
                    {
                        "sid": one.sid,
                        "to": one.to,
                        "body": one.body,
                        "token": one.callback.rpartition("/")[2],
                        "validity_s": one.validity_s,
                        "created_at": one.created_at.isoformat(),
                        "status": one.status,
                        "left": one.left,
                        "history": one.history,
                        "callbacks": one.callbacks,
                    }
                    for one in (self.texts[sid] for sid in self.order)
                ]
            )

        async def requests(_: web.Request) -> web.Response:
            return web.json_response(self.requests)

        async def inbound(request: web.Request) -> web.Response:
            """A phone texts us: {"url", "from", "to", "body", "sid"?, "token"?}. Tells the status of our hook."""
            given = await request.json()
            word = given["body"].strip().upper()
            form = {
                "AccountSid": self.config.account,
                "ApiVersion": API_VERSION,
                "Body": given["body"],
                "From": given["from"],
                "MessageSid": given.get("sid") or "SM" + secrets.token_hex(16),
                "MessagingServiceSid": self.config.service,
                "NumMedia": "0",
                "NumSegments": "1",
                "SmsStatus": "received",
                "To": given["to"],
            }
            if word in STOP_WORDS:
                self.opted_out.add(given["from"])
                form["OptOutType"] = "STOP"
            elif word in START_WORDS:
                self.opted_out.discard(given["from"])
                form["OptOutType"] = "START"
            times = int(given.get("times", 1))
            answers = await asyncio.gather(*(self._post(given["url"], form, given.get("token")) for _ in range(times)))
            return web.json_response({"sid": form["MessageSid"], "answers": answers})

        async def repeat(request: web.Request) -> web.Response:
            """Send every receipt of every text again, ``times`` times, in any order, all at once."""
            given = await request.json()
            jobs = [(text, status) for text in self.texts.values() for status, _ in text.history] * int(
                given.get("times", 1)
            )
            self.random.shuffle(jobs)
            await asyncio.gather(*(self._call_back(text, status, text.error_code) for text, status in jobs))
            return web.json_response(len(jobs))

        app.router.add_get("/ready", ready)
        app.router.add_post("/script", script)
        app.router.add_post("/heal", heal)
        app.router.add_post("/settings", settings)
        app.router.add_get("/ledger", ledger)
        app.router.add_get("/requests", requests)
        app.router.add_post("/inbound", inbound)
        app.router.add_post("/repeat", repeat)
        return app


def _odd_body(kind: str, status: int) -> web.Response:
    bodies = {
        "html": b"<html><body>Service</body></html>",
        "empty": b"",
        "huge": b'{"sid": "' + b"S" * (2 << 20) + b'"}',
        "not_utf8": b'{"sid": "\xff\xfe\xfa"}',
        "list": b"[]",
    }
    return web.Response(body=bodies[kind], status=status, content_type="application/json")


async def serve(config: Config) -> None:
    twilio = Twilio(config)
    api = web.AppRunner(twilio.api(), access_log=None)
    await api.setup()
    site: web.TCPSite | None = None

    async def listen(wanted: bool) -> None:
        nonlocal site
        if wanted and site is None:
            site = web.TCPSite(api, "127.0.0.1", config.api_port, reuse_address=True)
            await site.start()
        elif not wanted and site is not None:
            await site.stop()
            site = None
            # Connections that are kept alive would still be served.
            for server in list(api.server.connections if api.server else []):
                server.force_close()

    await listen(True)
    control = web.AppRunner(twilio.control(listen), access_log=None)
    await control.setup()
    await web.TCPSite(control, "127.0.0.1", config.control_port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Config(**json.loads(sys.argv[1]))))
