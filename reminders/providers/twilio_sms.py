"""Twilio's messages, through its own package over our own HTTP client.

The package has no timeout by default, writes numbers to its log and into its exceptions, and
loses Retry-After (MSG-1 to MSG-4). Here every failed exchange ends as an ``_Answer`` that holds
a status, a code and a wait, raised ``from None``: nothing that came over the wire goes further.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote_plus, urlsplit

import aiohttp
from django.conf import settings
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from reminders.providers.base import Outgoing, ProviderError, Query
from reminders.providers.wire import Connections, Loop, as_object, read, seconds
from reminders.rules.reconcile import Listed
from reminders.rules.retry import Result, Transport, classify_provider_result

LONGEST_VALIDITY_S = 36_000
LISTED = 50
LOOPBACK = ("127.0.0.1", "localhost", "::1")

for _name in ("twilio", "twilio.http_client", "twilio.async_http_client", "aiohttp"):
    logging.getLogger(_name).setLevel(logging.WARNING)

T = TypeVar("T")


class _Answer(Exception):
    """An exchange that was not a plain success. Holds nothing of what was sent."""

    def __init__(
        self,
        *,
        http_status: int | None = None,
        code: int | None = None,
        transport: Transport | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__("no success")
        self.http_status = http_status
        self.code = code
        self.transport = transport
        self.retry_after_s = retry_after_s

    def result(self) -> Result:
        return classify_provider_result(
            http_status=self.http_status,
            code=self.code,
            transport=self.transport,
            retry_after_s=self.retry_after_s,
        )


class Wire(AsyncHttpClient):
    """One aiohttp session with bounded connections and timeouts. No redirects, no retries, no log."""

    def __init__(self, *, base_url: str, timeout_s: float, connections: int) -> None:
        super().__init__(logging.getLogger("twilio"), True, timeout_s)
        self._base_url = base_url
        self._connections = Connections(timeout_s=timeout_s, connections=connections)

    async def close(self) -> None:
        await self._connections.close()

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Exchange one request. Raises ``_Answer`` for everything that is not a readable 2xx."""
        try:
            async with self._connections.opened().request(
                method,
                self._address(url),
                params=_plain(params),
                data=_form(data),
                headers=_signed(headers, auth),
                allow_redirects=False,
            ) as answer:
                status = answer.status
                retry_after = answer.headers.get("Retry-After")
                body = await read(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            # Refused, no name, no TLS, no connection in time: before a byte of the request left.
            raise _Answer(transport=Transport.REFUSED) from None
        except TimeoutError:
            raise _Answer(transport=Transport.TIMEOUT) from None
        except (aiohttp.ClientError, OSError):
            raise _Answer(transport=Transport.RESET) from None
        content = as_object(body)
        if not 200 <= status < 300:
            code = content.get("code") if content else None
            raise _Answer(
                http_status=status,
                code=code if isinstance(code, int) else None,
                retry_after_s=seconds(retry_after),
            )
        if content is None:
            raise _Answer(transport=Transport.UNREADABLE)
        return Response(status, body.decode(), None)

    def _address(self, url: str) -> str:
        """The real address, or the fake's on this machine (``region`` and ``edge`` cannot name one: MSG-7)."""
        if not self._base_url:
            return url
        parts = urlsplit(url)
        return self._base_url + parts.path + (f"?{parts.query}" if parts.query else "")


def _signed(headers: dict[str, str] | None, auth: tuple[str, str] | None) -> dict[str, str]:
    sent = dict(headers or {})
    if auth:
        sent["Authorization"] = aiohttp.encode_basic_auth(*auth)
    return sent


# Many texts share these; a number or a token is of one text and is not kept.
_SHARED = frozenset({"Body", "MessagingServiceSid", "SmartEncoded", "ValidityPeriod"})
_quoted = lru_cache(maxsize=1024)(quote_plus)


def _form(values: dict[str, object] | None) -> bytes | None:
    """A form, ready for the wire: aiohttp quotes the same few texts again for each number (a fifth of a post)."""
    plain = _plain(values)
    if plain is None:
        return None
    pairs = ((key, _quoted(text) if key in _SHARED else quote_plus(text)) for key, text in plain.items())
    return "&".join(f"{key}={text}" for key, text in pairs).encode()


def _plain(values: dict[str, object] | None) -> dict[str, str] | None:
    if not values:
        return None
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}


class TwilioSms:
    """Texts through one messaging service of one account."""

    name = "twilio"
    receipt = ""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        service: str,
        callback_base: str,
        base_url: str = "",
        timeout_s: float = 10,
        connections: int = 50,
    ) -> None:
        self.service: str | None = service
        self._callback_base = callback_base
        self._wire = Wire(base_url=base_url, timeout_s=timeout_s, connections=connections)
        self._client = Client(account_sid, auth_token, http_client=self._wire, environment={"": ""})
        self._loop = Loop("twilio", closing=self._wire.close)

    @classmethod
    def from_settings(cls) -> "TwilioSms":
        """The configured account. Raises ProviderError when it is incomplete, or real where it may not be."""
        if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.TWILIO_MESSAGING_SERVICE_SID):
            raise ProviderError("not-configured", permanent=True)
        base_url = settings.TWILIO_BASE_URL.rstrip("/")
        if base_url:
            if settings.PRODUCTION or urlsplit(base_url).hostname not in LOOPBACK:
                raise ProviderError("base-url-not-local", permanent=True)
        elif not (settings.PRODUCTION or settings.ALLOW_REAL_SENDING):
            raise ProviderError("real-sending-refused", permanent=True)
        return cls(
            account_sid=settings.TWILIO_ACCOUNT_SID,
            auth_token=settings.TWILIO_AUTH_TOKEN,
            service=settings.TWILIO_MESSAGING_SERVICE_SID,
            callback_base=settings.PUBLIC_BASE_URL,
            base_url=base_url,
            timeout_s=settings.SEND_TIMEOUT_SECONDS,
            connections=settings.SEND_CONNECTIONS,
        )

    def close(self) -> None:
        """Close the connections; the provider is of no use afterwards."""
        self._loop.close()

    def send_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> list[Result]:
        return self.start_batch(batch, now=now)()

    def start_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> Callable[[], list[Result]]:
        return self._loop.start([self._send(one) for one in batch])

    def find(self, queries: Sequence[Query]) -> list[list[Listed] | None]:
        return self._loop.start([self._list(query) for query in queries])()

    def cancel(self, sids: Sequence[str]) -> list[bool]:
        return self._loop.start([self._cancel(sid) for sid in sids])()

    async def _send(self, one: Outgoing) -> Result:
        if one.too_late:
            return classify_provider_result(transport=Transport.REFUSED)
        try:
            made = await self._client.messages.create_async(
                to=one.to,
                messaging_service_sid=self.service or "",
                body=one.body,
                status_callback=f"{self._callback_base}/hooks/twilio/status/{one.token}",
                validity_period=max(1, min(LONGEST_VALIDITY_S, one.valid_for_s)),
                smart_encoded=True,
            )
        except _Answer as answer:
            return answer.result()
        except (ValueError, TypeError, KeyError, AttributeError):
            # The package stumbled over a 2xx: something was taken.
            return classify_provider_result(transport=Transport.UNREADABLE)
        sid = made.sid if isinstance(made.sid, str) and 0 < len(made.sid) <= 64 else None
        return classify_provider_result(http_status=201, sid=sid)

    async def _list(self, query: Query) -> list[Listed] | None:
        # By number only: a text that is still queued has no date sent, which is what dates filter on.
        try:
            page = await self._client.messages.page_async(to=query.to, page_size=LISTED)
            rows = list(page)
        except _Answer:
            return None
        except Exception:
            # The package raises bare exceptions with the answer's text in them; nothing of it goes further.
            return None
        return [
            Listed(
                sid=row.sid, created_at=_utc(row.date_created), body=row.body or "", service=row.messaging_service_sid
            )
            for row in rows
            if isinstance(row.sid, str) and row.date_created is not None
        ]

    async def _cancel(self, sid: str) -> bool:
        try:
            row = await self._client.messages(sid).update_async(status="canceled")
        except _Answer:
            return False
        except (ValueError, TypeError, KeyError, AttributeError):
            return False
        return row.status == "canceled"


def _utc(made_at: datetime | str) -> datetime:
    instant = parsedate_to_datetime(made_at) if isinstance(made_at, str) else made_at
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
