"""One aiohttp session for a provider: bounded, with timeouts, no redirects, no log; and a loop of its own for it.

What was exchanged stays here: an answer is a status, a wait, and at most 64 kB of body for who asked.
"""

import asyncio
import atexit
import json
import logging
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
        try:
            content = json.loads(self.body.decode())
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


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


class Session:
    """The connections of one provider in one process."""

    def __init__(
        self,
        *,
        name: str,
        timeout_s: float,
        connections: int,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._name = name
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=timeout_s / 2)
        self._connections = connections
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def start(self, jobs: Sequence[Awaitable[T]]) -> Callable[[], list[T]]:
        """Do these things at the same time, on a loop in a thread of its own; what is returned waits for them."""

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
        """Close the connections; of no use afterwards."""
        with self._starting:
            loop, self._loop = self._loop, None
        # A forked child has the loop's object and not its thread.
        if loop is not None and self._pid == os.getpid():
            asyncio.run_coroutine_threadsafe(self._close(), loop).result(timeout=5)
            loop.call_soon_threadsafe(loop.stop)

    async def _close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, *, data: bytes, headers: Mapping[str, str]) -> Answered:
        """Exchange one request. Raises nothing."""
        try:
            async with self._opened().post(url, data=data, headers=headers, allow_redirects=False) as answer:
                return Answered(answer.status, await _read(answer), _seconds(answer.headers.get("Retry-After")))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            # Refused, no name, a name that leads inside, no TLS, no connection in time: before a byte left.
            return Answered(transport=Transport.REFUSED)
        except TimeoutError:
            return Answered(transport=Transport.TIMEOUT)
        except (aiohttp.ClientError, OSError):
            return Answered(transport=Transport.RESET)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(
                    limit=self._connections, keepalive_timeout=10, resolver=self._resolver, use_dns_cache=False
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                # The environment's proxies and netrc are not ours to obey.
                trust_env=False,
            )
        return self._session


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            return b""
    return body


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else float(header)
    except ValueError:
        return None  # a date: our own back-off is as good
