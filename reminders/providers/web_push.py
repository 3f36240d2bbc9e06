"""Waking up a browser (RFC 8030), encrypted for it alone (RFC 8291) and signed by us (RFC 8292).

The message says nothing: the browser's own script shows the one neutral line (PUSH-2). An endpoint is
looked at again before each post, and a name that leads inside our walls is not posted to (PUSH-5).
"""

import json
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from reminders.providers import vapid
from reminders.providers.base import Outgoing
from reminders.providers.wake import Waker, sid_of
from reminders.providers.wire import Outside, Session
from reminders.rules.devices import NotAllowed, push_host, push_keys
from reminders.rules.retry import FailureClass, Outcome, Result, Transport
from reminders.rules.wake_codes import WEB_PUSH, classify_wake

LONGEST_TTL_S = 28 * 86_400
RECORD = 4096
_SIGN_AGAIN = timedelta(hours=1)
_REFUSED = Result(Outcome.REJECTED, FailureClass.REFUSED_HERE, code="endpoint")


def encrypt(
    plain: bytes,
    *,
    key: bytes,
    secret: bytes,
    salt: bytes | None = None,
    own: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Encrypt for a subscription: ``aes128gcm`` in one record (RFC 8188, RFC 8291).

    ``key`` is its public key as an uncompressed point, ``secret`` its 16 bytes; ``salt`` and ``own`` are random
    and only named to check the example of the standard. Raises ValueError for a point off the curve, or a text
    that needs more than one record.
    """
    if len(plain) > RECORD - 17:
        raise ValueError("one record is all there is")
    salt = salt or os.urandom(16)
    own = own or ec.generate_private_key(vapid.CURVE)
    public = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(vapid.CURVE, key))
    seed = _hkdf(shared, salt=secret, info=b"WebPush: info\x00" + key + public, length=32)
    content_key = _hkdf(seed, salt=salt, info=b"Content-Encoding: aes128gcm\x00", length=16)
    nonce = _hkdf(seed, salt=salt, info=b"Content-Encoding: nonce\x00", length=12)
    header = salt + RECORD.to_bytes(4, "big") + bytes([len(public)]) + public
    return header + AESGCM(content_key).encrypt(nonce, plain + b"\x02", None)


def _hkdf(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


class WebPush(Waker):
    """Wake-ups of browsers, through whichever push service each of them has."""

    name = "web_push"
    receipt = ""
    service: str | None = "web_push"

    def __init__(
        self,
        *,
        timeout_s: float = 10,
        connections: int = 50,
        base_url: str = "",
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        # A fake on this machine is no name; everything else resolves to the open Internet or not at all.
        guard = None if base_url else Outside(resolver)
        self._session = Session(name="web_push", timeout_s=timeout_s, connections=connections, resolver=guard)
        self._signed: dict[str, tuple[datetime, str]] = {}

    @classmethod
    def from_settings(cls) -> "WebPush":
        return cls(
            timeout_s=settings.SEND_TIMEOUT_SECONDS,
            connections=settings.SEND_CONNECTIONS,
            base_url=settings.WEB_PUSH_BASE_URL,
        )

    def close(self) -> None:
        self._session.close()

    def start_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> Callable[[], list[Result]]:
        jobs: list[Awaitable[Result]] = [self._send(one, now) for one in batch]
        return self._session.start(jobs)

    async def _send(self, one: Outgoing, now: datetime) -> Result:
        if one.too_late:
            return classify_wake(WEB_PUSH, code=None, transport=Transport.REFUSED)
        try:
            place = json.loads(one.to)
            endpoint = place["endpoint"]
            host = push_host(endpoint)
            key, secret = push_keys(place["p256dh"], place["auth"])
            body = encrypt(wake_payload(one), key=key, secret=secret)
        except NotAllowed:
            return _REFUSED
        except (ValueError, KeyError, TypeError):
            return _REFUSED
        answer = await self._session.post(
            self._address(endpoint),
            data=body,
            headers={
                "Authorization": self._authorization(f"https://{host}", now),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(max(1, min(LONGEST_TTL_S, one.valid_for_s))),
                "Urgency": "high",
                "Topic": one.topic,
            },
        )
        taken = 200 <= answer.status < 300 and answer.transport is None
        return classify_wake(
            WEB_PUSH,
            code=answer.status or None,
            http_status=answer.status or None,
            sid=sid_of("WP", one.token) if taken else None,
            transport=answer.transport,
            retry_after_s=answer.retry_after_s,
        )

    def _address(self, endpoint: str) -> str:
        if not self._base_url:
            return endpoint
        parts = urlsplit(endpoint)
        return f"{self._base_url}/{parts.hostname}{parts.path}" + (f"?{parts.query}" if parts.query else "")

    def _authorization(self, audience: str, now: datetime) -> str:
        made_at, header = self._signed.get(audience, (None, ""))
        if made_at is None or not timedelta(0) <= now - made_at < _SIGN_AGAIN:
            header = vapid.authorization(audience=audience, now=now)
            self._signed[audience] = (now, header)
        return header


def wake_payload(one: Outgoing) -> bytes:
    """All that a push holds: that there is something, and a random mark that tells two of them apart."""
    return json.dumps({"k": "wake", "i": sid_of("", one.token)}, separators=(",", ":")).encode()
