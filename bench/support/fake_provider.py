"""A provider on loopback that takes texts as fast as Python can: one process, one port per delay.

``python -m bench.support.fake_provider '[[0, 0.1], null]'`` prints ``{"ports": [...]}``; each line on its input is
answered with the counts so far. It answers like Twilio's "create message" and remembers nothing but how many and how
many different ones. One more port remembers: whom it was given texts for, and its list, so that lost and doubled
texts can be counted. The rig that lies, fails and forgets is tests/faults, not this.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "AC" + "0" * 32
SERVICE = "MG" + "0" * 32
_BODY = {
    "account_sid": ACCOUNT,
    "api_version": "2010-04-01",
    "body": "Hi, this is Riverside. Please open your app when you can.",
    "date_created": "Tue, 03 Mar 2026 14:00:00 +0000",
    "date_sent": None,
    "date_updated": "Tue, 03 Mar 2026 14:00:00 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": None,
    "messaging_service_sid": SERVICE,
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": None,
    "sid": "SID-GOES-HERE",
    "status": "accepted",
    "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SID-GOES-HERE/Media.json"},
    "to": "+12025550100",
    "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SID-GOES-HERE.json",
}
_PARTS = json.dumps(_BODY).encode().split(b"SID-GOES-HERE")
_SID_BYTES = 34
_LENGTH = sum(map(len, _PARTS)) + _SID_BYTES * (len(_PARTS) - 1)
_HEAD = b"HTTP/1.1 201 CREATED\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % _LENGTH


@dataclass(slots=True)
class Counts:
    """What arrived at one port."""

    posts: int = 0
    seen: set[int] = field(default_factory=set)
    body_bytes: int = 0
    people: dict[str, int] = field(default_factory=dict)

    def shown(self) -> dict[str, int]:
        return {
            "posts": self.posts,
            "distinct": len(self.seen),
            "body_bytes": self.body_bytes,
            "people": len(self.people),
        }


class Taker(asyncio.Protocol):
    """One connection, kept alive; one request at a time, as clients without pipelining send them."""

    def __init__(self, counts: Counts, delay_s: float) -> None:
        self._counts, self._delay_s = counts, delay_s
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end]
            length = _content_length(head)
            stop = end + 4 + length
            if len(self._buffer) < stop:
                return
            body, self._buffer = self._buffer[end + 4 : stop], self._buffer[stop:]
            self._take(head, body)

    def _take(self, head: bytes, body: bytes) -> None:
        counts = self._counts
        counts.posts += 1
        counts.body_bytes += len(body)
        counts.seen.add(hash(body))
        sid = b"SM%032x" % counts.posts
        answer = _HEAD + sid.join(_PARTS)
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._answer, answer)
        else:
            self._answer(answer)

    def _answer(self, answer: bytes) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(answer)


class Keeper(Taker):
    """A port that remembers who was texted, by number, and answers its list of one number's texts."""

    def __init__(self, counts: Counts, delay_s: float, kept: dict[str, list[dict[str, Any]]], ahead_s: float) -> None:
        super().__init__(counts, delay_s)
        self._kept, self._ahead_s = kept, ahead_s

    def _take(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET "):
            to = parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query).get("To", [""])[0]
            self._list(to)
            return
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        counts, to = self._counts, form["To"]
        counts.people[to] = counts.people.get(to, 0) + 1
        now = datetime.now(UTC) + timedelta(seconds=self._ahead_s)
        text = _BODY | {"to": to, "body": form["Body"], "date_created": format_datetime(now)}
        self._kept.setdefault(to, []).append(text | {"sid": f"SM{counts.posts + 1:032x}"})
        super()._take(head, body)

    def _list(self, to: str) -> None:
        texts = self._kept.get(to, [])
        uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        shown = {"messages": texts[::-1], "page": 0, "page_size": 50, "start": 0, "end": max(0, len(texts) - 1)}
        shown |= {"uri": uri, "first_page_uri": uri, "next_page_uri": None, "previous_page_uri": None}
        body = json.dumps(shown).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._answer(head + body)


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def serve(delays: list[float], keeper: tuple[float, float] | None = None) -> None:
    """A port for each delay, in order, and a last one that remembers: its delay, and how far its clock is ahead."""
    loop = asyncio.get_running_loop()
    counts = [Counts() for _ in delays]
    makers: list[Callable[[], Taker]] = [
        lambda c=each, d=delay: Taker(c, d)  # type: ignore[misc]
        for each, delay in zip(counts, delays, strict=True)
    ]
    if keeper is not None:
        delay_s, ahead_s = keeper
        mine, kept = Counts(), {}
        counts.append(mine)
        makers.append(lambda: Keeper(mine, delay_s, kept, ahead_s))
    servers = [await loop.create_server(make, "127.0.0.1", 0, backlog=1024) for make in makers]
    print(json.dumps({"ports": [server.sockets[0].getsockname()[1] for server in servers]}), flush=True)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        print(json.dumps([each.shown() for each in counts]), flush=True)


class FakeProvider:
    """The running provider: its address for each delay, and what it has taken."""

    def __init__(self, delays: list[float], keeper: tuple[float, float] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.support.fake_provider", json.dumps([delays, keeper])],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.urls = [f"http://127.0.0.1:{port}" for port in self._read()["ports"]]

    def _read(self):
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The fake provider ended; its error is above.")
        return json.loads(line)

    def counts(self) -> list[dict[str, int]]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def fake_provider(delays: list[float], *, keeper: tuple[float, float] | None = None) -> Iterator[FakeProvider]:
    """A provider with a port for each delay; ``keeper`` (delay, seconds ahead) adds one that remembers."""
    provider = FakeProvider(delays, keeper)
    try:
        yield provider
    finally:
        provider.stop()


if __name__ == "__main__":
    asyncio.run(serve(*json.loads(sys.argv[1])))
