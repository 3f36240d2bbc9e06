"""What may be registered as a place to be woken up, and how long it is believed in.

Pure: no Django, no database, no clock. The address that a browser hands us is input from outside to
which we later post: only the push services of the browsers are let through, at registration and again
before each post (PUSH-5, F60, ASVS 1.3.6).
"""

import ipaddress
import re
from base64 import urlsafe_b64decode
from binascii import Error
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from backend.rules.consent import ConsentKind
from reminders.rules.states import Channel


class Ended(StrEnum):
    """Why a device is no longer used."""

    REMOVED = "removed"  # by the person
    REPLACED = "replaced"  # the same place registered again, or one too many
    REFUSED = "refused"  # its provider says that it is gone
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class DevicePolicy:
    """How long and how many. Google calls a token stale after a month without contact; we wait twice as long."""

    unused_after: timedelta = timedelta(days=60)
    most: int = 8  # of one person and channel, the latest


DEVICES = DevicePolicy()

CONSENT = {
    Channel.SMS: ConsentKind.SMS,
    Channel.PUSH: ConsentKind.PUSH,
    Channel.APP: ConsentKind.PUSH,
    Channel.EMAIL: ConsentKind.EMAIL,
}
"""The agreement that each channel needs."""

PUSH_HOSTS = (
    "fcm.googleapis.com",  # Chrome, Opera, Samsung Internet, Brave
    "android.googleapis.com",
    "jmt17.google.com",
    "push.services.mozilla.com",  # Firefox
    "web.push.apple.com",  # Safari
    "notify.windows.com",  # Edge
)
"""The push services of the browsers; a name below one of these is of the same service."""

LONGEST_ENDPOINT = 1000
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_TOKEN = re.compile(r"[A-Za-z0-9_:.~%+/=-]{20,1000}")
# One mailbox, no display name, no quoting, nothing that could end a header.
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class NotAllowed(ValueError):
    """The address is not one that we post to. The message never holds it."""


def push_host(endpoint: str) -> str:
    """Return the host of a browser's push endpoint.

    Raises NotAllowed for everything that is not https on the usual port of a known push service: another
    scheme, a port, a user, a fragment, an IP address, a name that only looks alike, control characters.
    """
    if len(endpoint) > LONGEST_ENDPOINT or not endpoint.isascii() or any(ord(c) <= 32 or c == "\\" for c in endpoint):
        raise NotAllowed("not an address")
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        raise NotAllowed("not an address") from None
    host = parts.hostname or ""
    if parts.scheme != "https" or port not in (None, 443) or parts.username is not None or parts.fragment:
        raise NotAllowed("not a plain https address")
    if not _HOST.fullmatch(host) or parts.path in ("", "/"):
        raise NotAllowed("no push endpoint")
    if not any(host == known or host.endswith("." + known) for known in PUSH_HOSTS):
        raise NotAllowed("no known push service")
    return host


def is_public_address(address: str) -> bool:
    """Tell whether a resolved address lies in the open Internet: a name may point inside (DNS rebinding)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (inner or found).is_global and not (inner or found).is_multicast


def push_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """Return a subscription's public key (an uncompressed point, 65 bytes) and its secret (16 bytes).

    Raises NotAllowed when they are not of that form; whether the point lies on the curve is not asked here.
    """
    key, secret = _decoded(p256dh), _decoded(auth)
    if len(key) != 65 or key[0] != 4 or len(secret) != 16:
        raise NotAllowed("not the keys of a subscription")
    return key, secret


def _decoded(text: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,120}={0,2}", text):
        return b""
    bare = text.rstrip("=")
    try:
        return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (Error, ValueError):
        return b""


def check_token(token: str) -> None:
    """Raises NotAllowed for what cannot be the token of an app."""
    if not _TOKEN.fullmatch(token):
        raise NotAllowed("not a token")


def check_mail(address: str) -> None:
    """Raises NotAllowed for what is not one plain mail address."""
    if len(address) > 254 or not _MAIL.fullmatch(address):
        raise NotAllowed("not a mail address")
