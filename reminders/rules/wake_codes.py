"""What a push service, FCM or a mail server means by its answer, as data (M 2, F59, F60).

Pure: no Django, no database, no clock. Kept apart from Twilio's codes (rules/retry): here a code is a status
or a word. A place that is gone was surely not woken: its message goes back to planned and finds the person's
next place, or none. What nobody has written down is never repeated blindly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import cast

from reminders.rules.retry import ACTIONS, OUTCOMES, Action, FailureClass, Outcome, Result, Transport

_C = FailureClass


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one answer means. ``about`` is for the operator's page, in our own words."""

    failure: FailureClass
    about: str
    alarm: bool = False  # developers look at it although the message goes on


WEB_PUSH: Mapping[int, Meaning] = MappingProxyType(
    {
        301: Meaning(_C.REFUSED_HERE, "a redirect, which we do not follow", alarm=True),
        302: Meaning(_C.REFUSED_HERE, "a redirect, which we do not follow", alarm=True),
        303: Meaning(_C.REFUSED_HERE, "a redirect, which we do not follow", alarm=True),
        307: Meaning(_C.REFUSED_HERE, "a redirect, which we do not follow", alarm=True),
        308: Meaning(_C.REFUSED_HERE, "a redirect, which we do not follow", alarm=True),
        400: Meaning(_C.BUG, "our request is wrong"),
        401: Meaning(_C.CONFIG, "our key is not accepted"),
        403: Meaning(_C.CONFIG, "our key does not fit the subscription"),
        404: Meaning(_C.GONE, "no such subscription"),
        410: Meaning(_C.GONE, "the subscription has ended"),
        413: Meaning(_C.BUG, "our message is too large"),
        429: Meaning(_C.THROTTLED, "too many requests"),
    }
)

FCM: Mapping[str, Meaning] = MappingProxyType(
    {
        "UNREGISTERED": Meaning(_C.GONE, "the app is gone, or its token was replaced"),
        # Only when the token is what is wrong: see ``fcm_code``.
        "INVALID_TOKEN": Meaning(_C.GONE, "not a token"),
        "INVALID_ARGUMENT": Meaning(_C.BUG, "our request is wrong"),
        "SENDER_ID_MISMATCH": Meaning(_C.CONFIG, "the token is of another project"),
        "THIRD_PARTY_AUTH_ERROR": Meaning(_C.CONFIG, "the project has no valid certificate for this kind of phone"),
        "PERMISSION_DENIED": Meaning(_C.CONFIG, "the service account may not send"),
        "UNAUTHENTICATED": Meaning(_C.CONFIG, "sign-in refused"),
        "QUOTA_EXCEEDED": Meaning(_C.THROTTLED, "too many requests"),
        "RESOURCE_EXHAUSTED": Meaning(_C.THROTTLED, "too many requests"),
        # Google asks for a retry after these, and says that nothing was sent.
        "UNAVAILABLE": Meaning(_C.THROTTLED, "overloaded"),
        "INTERNAL": Meaning(_C.UNKNOWN, "a fault inside"),
    }
)

SMTP: Mapping[int, Meaning] = MappingProxyType(
    {
        421: Meaning(_C.THROTTLED, "the server closes"),
        450: Meaning(_C.SOFT, "mailbox busy"),
        451: Meaning(_C.SOFT, "a fault on the way"),
        452: Meaning(_C.SOFT, "no room"),
        454: Meaning(_C.CONFIG, "sign-in or encryption not possible now"),
        530: Meaning(_C.CONFIG, "sign-in needed"),
        534: Meaning(_C.CONFIG, "sign-in refused"),
        535: Meaning(_C.CONFIG, "sign-in refused"),
        550: Meaning(_C.GONE, "no such mailbox"),
        551: Meaning(_C.GONE, "no such mailbox"),
        552: Meaning(_C.SOFT, "the mailbox is full"),
        553: Meaning(_C.GONE, "not a mailbox"),
        554: Meaning(_C.PERMANENT_UNKNOWN, "refused as unwanted"),
    }
)


def classify_wake(
    table: Mapping[int, Meaning] | Mapping[str, Meaning],
    *,
    code: int | str | None,
    http_status: int | None = None,
    sid: str | None = None,
    transport: Transport | None = None,
    retry_after_s: float | None = None,
) -> Result:
    """Return what an answer means. ``sid`` set: it was taken.

    A request that never left is not processed; a timeout, a reset and any 5xx without a word of its own are
    unknown. ``retry_after_s`` is the provider's Retry-After in seconds, believed up to a day.
    """
    wait = None if retry_after_s is None or retry_after_s < 0 else timedelta(seconds=min(retry_after_s, 86_400))
    if transport is Transport.REFUSED:
        return Result(Outcome.NOT_PROCESSED, _C.NOT_SENT)
    if transport is not None:
        return Result(Outcome.UNKNOWN, _C.UNKNOWN)
    if sid:
        return Result(Outcome.ACCEPTED, sid=sid)
    known = cast(Mapping[int | str, Meaning], table).get(code) if code is not None else None
    failure = known.failure if known is not None else _by_status(http_status)
    actions = ACTIONS[failure]
    if known is not None and known.alarm:
        actions = (*actions, Action.ALERT_DEVELOPERS)
    return Result(OUTCOMES[failure], failure, code=code, actions=actions, retry_after=wait)


def _by_status(status: int | None) -> FailureClass:
    if status is None or not 300 <= status < 500 or status == 408:
        return _C.UNKNOWN
    if status == 429:
        return _C.THROTTLED
    if status in (401, 403):
        return _C.CONFIG
    return _C.PERMANENT_UNKNOWN


def fcm_code(error: object) -> str | None:
    """Return FCM's own word for an error, from the ``error`` of its answer; None when it says none.

    INVALID_ARGUMENT becomes INVALID_TOKEN only when the details name ``message.token``: else our payload is
    wrong, and a device that works must not be forgotten for it (F59).
    """
    if not isinstance(error, dict):
        return None
    details = [one for one in _list(error.get("details")) if isinstance(one, dict)]
    own = [one["errorCode"] for one in details if isinstance(one.get("errorCode"), str)]
    code = own[0] if own else error.get("status")
    if not isinstance(code, str):
        return None
    if code == "INVALID_ARGUMENT":
        fields = [violation.get("field") for one in details for violation in _list(one.get("fieldViolations"))
                  if isinstance(violation, dict)]  # fmt: skip
        if "message.token" in fields:
            return "INVALID_TOKEN"
    return code[:20]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
