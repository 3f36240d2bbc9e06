"""What a provider talks over: connections that are bounded, with timeouts and no log, on a loop of their own.

What was exchanged stays here: an answer is a status, a wait, and at most 64 kB of body for who asked.
"""

import asyncio
import atexit
import json
import logging
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from reminders.rules.devices import is_public_address
from reminders.rules.retry import Transport

LONGEST_ANSWER = 64 * 1024
T = TypeVar("T")

logging.getLogger("aiohttp").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back. ``transport`` is set when nothing readable did; then there is no status."""

    status: int = 0
    body: bytes = b""
    retry_after_s: float | None = None
    transport: Transport | None = None

    def json(self) -> dict[str, Any]:
        """The body as an object; {} when it is none."""
        return as_object(self.body) or {}


class Outside(AbstractResolver):
    """Resolves names to addresses in the open Internet only: a name that leads inside leads nowhere (F60)."""

    def __init__(self, ask: AbstractResolver | None = None) -> None:
        self._ask = ask

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self._ask = self._ask or ThreadedResolver()
        found = await self._ask.resolve(host, port, family)
        public = [one for one in found if is_public_address(one["host"])]
        if not public:
            raise OSError("the name leads inside")
        return public

    async def close(self) -> None:
        if self._ask is not None:
            await self._ask.close()


class Loop:
    """An event loop in a thread of its own, begun by the first thing that is to be done on it."""

    def __init__(self, name: str, *, closing: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """``closing`` is done on the loop before it stops."""
        self._name, self._closing = name, closing
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def start(self, jobs: Sequence[Awaitable[T]]) -> Callable[[], list[T]]:
        """Do these things at the same time; what is returned waits for them."""

        async def all_of_them() -> list[T]:
            return list(await asyncio.gather(*jobs))

        return asyncio.run_coroutine_threadsafe(all_of_them(), self._started()).result

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True).start()
                atexit.register(self.close)
            return self._loop

    def close(self) -> None:
        """Stop the thread; what was done on it is of no use afterwards."""
        with self._starting:
            loop, self._loop = self._loop, None
        # A forked child has the loop's object and not its thread.
        if loop is not None and self._pid == os.getpid():
            asyncio.run_coroutine_threadsafe(self._closing(), loop).result(timeout=5)
            loop.call_soon_threadsafe(loop.stop)


class Connections:
    """The connections of one provider in one process: bounded, with timeouts."""

    def __init__(
        self, *, timeout_s: float, connections: int, resolver: AbstractResolver | None = None, dns_cache: bool = True
    ) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=timeout_s / 2)
        self._connections, self._resolver, self._dns_cache = connections, resolver, dns_cache
        self._session: aiohttp.ClientSession | None = None

    def opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(
                    limit=self._connections,
                    keepalive_timeout=10,
                    resolver=self._resolver,
                    use_dns_cache=self._dns_cache,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                # The environment's proxies and netrc are not ours to obey.
                trust_env=False,
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class Session:
    """What a provider posts with: its connections on a loop of their own."""

    def __init__(
        self,
        *,
        name: str,
        timeout_s: float,
        connections: int,
        resolver: AbstractResolver | None = None,
    ) -> None:
        # A name is asked for again at each connection, so that one that has moved inside is not posted to.
        self._connections = Connections(
            timeout_s=timeout_s, connections=connections, resolver=resolver, dns_cache=False
        )
        loop = Loop(name, closing=self._connections.close)
        self.start, self.close = loop.start, loop.close

    async def post(self, url: str, *, data: bytes, headers: Mapping[str, str]) -> Answered:
        """Exchange one request. Raises nothing."""
        try:
            session = self._connections.opened()
            async with session.post(url, data=data, headers=headers, allow_redirects=False) as answer:
                return Answered(answer.status, await read(answer), seconds(answer.headers.get("Retry-After")))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            # Refused, no name, a name that leads inside, no TLS, no connection in time: before a byte left.
            return Answered(transport=Transport.REFUSED)
        except TimeoutError:
            return Answered(transport=Transport.TIMEOUT)
        except (aiohttp.ClientError, OSError):
            return Answered(transport=Transport.RESET)


async def read(answer: aiohttp.ClientResponse) -> bytes:
    """The body; nothing of one that is longer than ``LONGEST_ANSWER`` bytes."""
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            return b""
    return body


def as_object(body: bytes) -> dict[str, Any] | None:
    """The body as an object; None when it is none."""
    try:
        content = json.loads(body.decode())
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def seconds(header: str | None) -> float | None:
    """What Retry-After says; None without it, or for a date: our own back-off is as good."""
    try:
        return None if header is None else float(header)
    except ValueError:
        return None
