"""Sealing of personal text, and indexes that find it without reading it.

AES-256-GCM with a random 96-bit nonce. A sealed value is ``v1|kid|nonce|ciphertext``
and is bound to its place (model, field, row) by the associated data, so that a value
copied to another row does not open (SEC-40, SEC-43). Data keys, one per patient, are
wrapped by a master key; rotation rewraps keys and touches no row.
"""

import hashlib
import hmac
import os
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"v1"
NONCE_BYTES = 12
INDEX_BYTES = 16
PREFIX_LETTERS = range(3, 9)


class CannotOpen(Exception):
    """A sealed value does not open: wrong key, wrong place, or altered bytes."""


@dataclass(frozen=True, slots=True)
class Key:
    """A 32-byte secret and the short id that is written beside what it seals."""

    kid: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key(kid={self.kid!r})"


def new_secret() -> bytes:
    return AESGCM.generate_key(bit_length=256)


def seal(key: Key, plain: bytes, *, place: str) -> bytes:
    """Encrypt ``plain`` for ``place`` (``app.model.field:uid``)."""
    nonce = os.urandom(NONCE_BYTES)
    body = AESGCM(key.secret).encrypt(nonce, plain, place.encode())
    return b"|".join((VERSION, key.kid.encode(), nonce + body))


def kid_of(sealed: bytes) -> str:
    """The id of the key that sealed this value. Raises CannotOpen for foreign bytes."""
    parts = bytes(sealed).split(b"|", 2)
    if len(parts) != 3 or parts[0] != VERSION:
        raise CannotOpen("not a sealed value")
    return parts[1].decode()


def unseal(key: Key, sealed: bytes, *, place: str) -> bytes:
    """Decrypt a value sealed for ``place``. Raises CannotOpen."""
    if kid_of(sealed) != key.kid:
        raise CannotOpen("sealed with another key")
    blob = bytes(sealed).split(b"|", 2)[2]
    try:
        return AESGCM(key.secret).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError):
        raise CannotOpen("the value does not belong here or was altered") from None


def blind_index(secret: bytes, purpose: str, value: str) -> bytes:
    """A keyed fingerprint of ``value`` (128 bits): equal values match, nothing can be read back."""
    return hmac.new(secret, f"{purpose}|{value}".encode(), hashlib.sha256).digest()[:INDEX_BYTES]


def name_prefixes(name: str) -> set[str]:
    """The unaccented prefixes of 3 to 8 letters of each word, for search by the start of a name."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = "".join(c if c.isalpha() else " " for c in plain if not unicodedata.combining(c)).split()
    return {word[:n] for word in words for n in PREFIX_LETTERS if len(word) >= n}


def token_digest(token: str) -> bytes:
    """What is stored of a random token: enough to recognise it, not to use it."""
    return hashlib.sha256(token.encode()).digest()
