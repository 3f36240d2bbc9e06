"""The ways of sending that ``bench dispatch`` compares, as rivals: ours, and a bare client that keeps nothing.

The third, a Celery task for each patient, is ``bench.support.celery_naive``.
"""

import asyncio
import atexit
import secrets
from collections import deque
from datetime import datetime
from typing import Any

import aiohttp

from bench.support.fake_provider import ACCOUNT, SERVICE

TEXT = "Riverside: it is time for your check. Reply 1 yes, 2 no, 3 later."
AUTH_TOKEN = "t" * 32


def ours(*, program_id: int, now: str, base_url: str) -> dict[str, int]:
    """Send what is due as a worker's tick does, with every safeguard on."""
    from dataclasses import asdict

    from reminders.services.dispatch import dispatch_due

    provider = provider_at(base_url)
    counts = dispatch_due(program_ids=[program_id], now=datetime.fromisoformat(now), provider=provider, runner="bench")
    return asdict(counts)


_providers: dict[str, Any] = {}


def provider_at(base_url: str) -> Any:
    """The provider that production uses, one for each address, kept with its connections."""
    from django.conf import settings

    from reminders.providers.twilio_sms import TwilioSms

    if base_url not in _providers:
        settings.TWILIO_BASE_URL = base_url
        _providers[base_url] = TwilioSms.from_settings()
    return _providers[base_url]


class _Bare:
    """One aiohttp session that posts: no rows, no checks, no library on top."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None
        atexit.register(self.close)

    def close(self) -> None:
        if self._session is not None:
            self._runner.run(self._session.close())
        self._runner.close()

    def post(self, base_url: str, count: int) -> int:
        return self._runner.run(self._post(base_url, count))

    async def _post(self, base_url: str, count: int) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Authorization": aiohttp.encode_basic_auth(ACCOUNT, AUTH_TOKEN)},
                connector=aiohttp.TCPConnector(limit=self._connections),
                timeout=aiohttp.ClientTimeout(total=10),
            )
        url = f"{base_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        waiting = deque(range(count))
        took = 0

        async def work(session: aiohttp.ClientSession) -> None:
            nonlocal took
            while waiting:
                number = waiting.popleft()
                form = {
                    "To": f"+1202{5550000 + number % 10000}",
                    "MessagingServiceSid": SERVICE,
                    "Body": TEXT,
                    "StatusCallback": f"http://localhost:8000/hooks/twilio/status/{secrets.token_urlsafe(24)}",
                    "ValidityPeriod": "10800",
                    "SmartEncoded": "true",
                }
                async with session.post(url, data=form) as answer:
                    body = await answer.json()
                    took += answer.status == 201 and bool(body["sid"])

        await asyncio.gather(*(work(self._session) for _ in range(self._connections)))
        return took


_bare: dict[int, _Bare] = {}


def bare(*, base_url: str, count: int, connections: int) -> dict[str, int]:
    """Post as many requests as fast as the connections allow."""
    if connections not in _bare:
        _bare[connections] = _Bare(connections)
    return {"accepted": _bare[connections].post(base_url, count)}
