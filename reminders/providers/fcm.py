"""Waking up an app through FCM's HTTP v1 interface. The message holds one neutral line and a random mark.

Sign-in is one signed assertion exchanged for a token of an hour; it needs no package beyond those that are
there (decision 14).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import jwt
from django.conf import settings

from reminders.providers.base import Outgoing, ProviderError
from reminders.providers.fcm_account import TOKEN_URI, Account, read_account
from reminders.providers.wake import Waker, sid_of
from reminders.providers.web_push import LONGEST_TTL_S
from reminders.providers.wire import Answered, Session
from reminders.rules.retry import Result, Transport
from reminders.rules.wake_codes import FCM, classify_wake, fcm_code

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
API = "https://fcm.googleapis.com"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LASTS = timedelta(hours=1)
_RENEW_BEFORE = timedelta(minutes=5)


class Fcm(Waker):
    """Wake-ups of one Firebase project's apps."""

    name = "fcm"
    receipt = ""
    service: str | None = "fcm"

    def __init__(self, *, account: Account, timeout_s: float = 10, connections: int = 50, base_url: str = "") -> None:
        base = base_url.rstrip("/")
        self._account = account
        self._url = f"{base or API}/v1/projects/{account.project}/messages:send"
        self._token_url = f"{base}/token" if base else TOKEN_URI
        self._session = Session(name="fcm", timeout_s=timeout_s, connections=connections)
        self._token = ""
        self._good_until: datetime | None = None
        self._asking: asyncio.Lock | None = None

    @classmethod
    def from_settings(cls) -> "Fcm":
        """The configured project. Raises ProviderError when its key file cannot be read."""
        try:
            account = read_account(settings.FCM_CREDENTIALS_FILE)
        except ValueError:
            raise ProviderError("not-configured", permanent=True) from None
        return cls(
            account=account,
            timeout_s=settings.SEND_TIMEOUT_SECONDS,
            connections=settings.SEND_CONNECTIONS,
            base_url=settings.FCM_BASE_URL,
        )

    def close(self) -> None:
        self._session.close()

    def start_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> Callable[[], list[Result]]:
        jobs: list[Awaitable[Result]] = [self._send(one, now) for one in batch]
        return self._session.start(jobs)

    async def _send(self, one: Outgoing, now: datetime) -> Result:
        if one.too_late:
            return classify_wake(FCM, code=None, transport=Transport.REFUSED)
        token, refused = await self._signed_in(now)
        if refused is not None:
            return refused
        answer = await self._session.post(
            self._url,
            data=json.dumps({"message": message(one, now=now)}).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        content = answer.json()
        taken = answer.transport is None and 200 <= answer.status < 300 and isinstance(content.get("name"), str)
        if answer.status == 401:
            self._good_until = None  # a token that was withdrawn is asked for again
        return classify_wake(
            FCM,
            code=fcm_code(content.get("error")),
            http_status=answer.status or None,
            sid=sid_of("FC", one.token) if taken else None,
            transport=answer.transport,
            retry_after_s=answer.retry_after_s,
        )

    async def _signed_in(self, now: datetime) -> tuple[str, Result | None]:
        """The access token, one question for all that wait; a result when there is none: nothing was sent then."""
        self._asking = self._asking or asyncio.Lock()
        async with self._asking:
            if self._good_until is None or now >= self._good_until:
                answer = await self._exchange(now)
                content = answer.json()
                token, lasts = content.get("access_token"), content.get("expires_in")
                if answer.status != 200 or not isinstance(token, str) or not token:
                    return "", _not_signed_in(answer)
                seconds = lasts if isinstance(lasts, int) and 0 < lasts <= 86_400 else 3600
                self._token, self._good_until = token, now + timedelta(seconds=seconds) - _RENEW_BEFORE
        return self._token, None

    async def _exchange(self, now: datetime) -> Answered:
        claims = {
            "iss": self._account.email,
            "scope": SCOPE,
            "aud": TOKEN_URI,
            "iat": int(now.timestamp()),
            "exp": int((now + _LASTS).timestamp()),
        }
        assertion = jwt.encode(claims, self._account.key, algorithm="RS256", headers={"kid": self._account.key_id})
        return await self._session.post(
            self._token_url,
            data=f"grant_type={_GRANT.replace(':', '%3A')}&assertion={assertion}".encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )


def _not_signed_in(answer: Answered) -> Result:
    """Nothing of the message left: a line that fails, a service that asks for patience, or our account."""
    if answer.transport is not None or answer.status >= 500:
        return classify_wake(FCM, code=None, transport=Transport.REFUSED)
    code = "QUOTA_EXCEEDED" if answer.status == 429 else "UNAUTHENTICATED"
    return classify_wake(FCM, code=code, retry_after_s=answer.retry_after_s)


def message(one: Outgoing, *, now: datetime) -> dict[str, object]:
    """What FCM is given: the one line, the mark, and how long and over what it may lie (PUSH-2, PUSH-3, PUSH-7)."""
    lasts = max(1, min(LONGEST_TTL_S, one.valid_for_s))
    return {
        "token": one.to,
        "data": {"k": "wake", "i": sid_of("", one.token)},
        "notification": {"body": one.body},
        "android": {
            "ttl": f"{lasts}s",
            "priority": "HIGH",
            "collapse_key": one.topic,
            "notification": {"tag": one.topic, "visibility": "PRIVATE"},
        },
        "apns": {
            "headers": {
                "apns-expiration": str(int(now.timestamp()) + lasts),
                "apns-collapse-id": one.topic,
                "apns-priority": "10",
            },
            "payload": {"aps": {"mutable-content": 1}},
        },
    }
