"""How push services know us (RFC 8292): a key of our own, and a signed note for each of them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from datetime import datetime, timedelta
from functools import lru_cache

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
LASTS = timedelta(hours=12)  # at most 24 by RFC 8292


def text_of(data: bytes) -> str:
    """Base64url without padding, as everything about Web Push is written."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def private_key() -> ec.EllipticCurvePrivateKey:
    """The key of VAPID_PRIVATE_KEY; a demonstration without one has a key made from its SECRET_KEY.

    Raises ValueError when it is not 32 bytes in base64url.
    """
    return _key(settings.VAPID_PRIVATE_KEY, settings.SECRET_KEY)


@lru_cache(maxsize=4)
def _key(text: str, secret: str) -> ec.EllipticCurvePrivateKey:
    if not text:
        made = HKDF(algorithm=hashes.SHA256(), length=48, salt=None, info=b"vapid").derive(secret.encode())
        return ec.derive_private_key(int.from_bytes(made, "big") % (_ORDER - 1) + 1, CURVE)
    try:
        number = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Error, ValueError):
        raise ValueError("not a key") from None
    if len(number) != 32 or not 0 < int.from_bytes(number, "big") < _ORDER:
        raise ValueError("not a key")
    return ec.derive_private_key(int.from_bytes(number, "big"), CURVE)


def public_key() -> str:
    """The public half, as a browser's subscription asks for it: an uncompressed point in base64url."""
    return text_of(private_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def authorization(*, audience: str, now: datetime) -> str:
    """The Authorization header for one push service, ``audience`` being its origin."""
    claims = {"aud": audience, "exp": int((now + LASTS).timestamp()), "sub": settings.VAPID_SUBJECT}
    token = jwt.encode(claims, private_key(), algorithm="ES256")
    return f"vapid t={token}, k={public_key()}"
