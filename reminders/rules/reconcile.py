"""What to do about a message of which nobody knows whether it left.

Pure: no Django, no database, no clock. The order is contract 4: a callback with our
token proves acceptance; else the provider's list is asked twice, 60 s apart; and
only when both looks found nothing is the text sent again, exactly once, before it
expires. Everything else stays ``unknown`` and ends as that: a second text about
treatment is worse than a missing one (M 1.4).

"Exactly one resend" is proved against the fake provider and assumed of Twilio,
whose list is not known to be immediately consistent.

A push service and a mail server have no list (decision 14). What is unclear there was
seen by its person, or waits: a wake-up is repeated once, for the second one takes the
place of the first; a mail is not, for it would be a second mail. The text of the slot
follows all the same when nobody saw either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from reminders.rules.states import Channel


@dataclass(frozen=True, slots=True)
class ReconcilePolicy:
    look_after: timedelta = timedelta(seconds=60)  # since the try began, and between the looks
    looks: int = 2
    resends: int = 1
    again_after_failed_look: timedelta = timedelta(seconds=60)
    started_slack: timedelta = timedelta(seconds=5)  # the provider's clock against ours
    asks: bool = True  # the provider has a list


RECONCILE = ReconcilePolicy()

RECONCILE_BY_CHANNEL: Mapping[Channel, ReconcilePolicy] = MappingProxyType(
    {
        Channel.SMS: RECONCILE,
        Channel.PUSH: ReconcilePolicy(asks=False),
        Channel.APP: ReconcilePolicy(asks=False),
        Channel.EMAIL: ReconcilePolicy(asks=False, resends=0),
    }
)


@dataclass(frozen=True, slots=True)
class UnknownFacts:
    """What is known about one message in ``unknown``.

    ``empty_looks`` counts looks at the list that worked and found nothing since the last try;
    ``last_look_at`` is the last look of any result.
    """

    started_at: datetime  # of the last try
    expires_at: datetime
    sid_from_callback: str | None = None
    sid_from_list: str | None = None
    empty_looks: int = 0
    last_look_at: datetime | None = None
    resends: int = 0
    may_resend: bool = True  # False when the number changed (F55), after an opt-out, or after a restore
    at_least_once: bool = False  # a one-time code: the same code may go twice


@dataclass(frozen=True, slots=True)
class Accept:
    """It left: the provider's id is known."""

    sid: str


@dataclass(frozen=True, slots=True)
class Look:
    """Ask the provider's list now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before this instant; a callback may come meanwhile."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Resend:
    """Back to planned for its one second try."""


@dataclass(frozen=True, slots=True)
class StayUnknown:
    """It keeps this state for good; staff are told once it has expired."""


Step = Accept | Look | Wait | Resend | StayUnknown


def next_step(facts: UnknownFacts, *, now: datetime, policy: ReconcilePolicy = RECONCILE) -> Step:
    """Return what to do about an unknown message now.

    A failing list counts as no look: the message waits for one that works, until it expires. Proof wins at
    any time, also after the expiry. Looking stops at the expiry; a late callback still proves.
    """
    sid = facts.sid_from_callback or facts.sid_from_list
    if sid:
        return Accept(sid)
    if not policy.asks:
        return _without_a_list(facts, now=now, policy=policy)
    if now >= facts.expires_at or facts.resends >= policy.resends:
        return _last_look(facts, now=now, policy=policy)
    if facts.empty_looks >= policy.looks or (facts.at_least_once and facts.empty_looks >= 1):
        return Resend() if facts.may_resend else StayUnknown()
    return _look_or_wait(facts, now=now, policy=policy)


def _without_a_list(facts: UnknownFacts, *, now: datetime, policy: ReconcilePolicy) -> Step:
    if now >= facts.expires_at or facts.resends >= policy.resends or not facts.may_resend:
        return StayUnknown()
    wait_until = facts.started_at + policy.look_after
    return Resend() if now >= wait_until else Wait(wait_until)


def _last_look(facts: UnknownFacts, *, now: datetime, policy: ReconcilePolicy) -> Step:
    """After the resend, or too late for one, looks only settle what to write."""
    if now >= facts.expires_at or facts.empty_looks >= policy.looks:
        return StayUnknown()
    return _look_or_wait(facts, now=now, policy=policy)


def _look_or_wait(facts: UnknownFacts, *, now: datetime, policy: ReconcilePolicy) -> Step:
    due_at = facts.started_at + policy.look_after
    if facts.last_look_at is not None:
        due_at = max(due_at, facts.last_look_at + policy.look_after)
    return Look() if now >= due_at else Wait(due_at)


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the provider's list."""

    sid: str
    created_at: datetime
    body: str
    service: str | None = None


def match(
    listed: Iterable[Listed],
    *,
    started_at: datetime,
    body: str,
    service: str | None,
    known_sids: frozenset[str] = frozenset(),
    policy: ReconcilePolicy = RECONCILE,
) -> str | None:
    """Return the id of the listed text that is ours, None when there is none (MSG-13).

    The same body, the same service, made no earlier than five seconds before our try, and not already the
    id of another message of ours: two patients may share a number and a template. Of several the earliest.
    """
    since = started_at - policy.started_slack
    ours = [
        one
        for one in listed
        if one.created_at >= since
        and one.body == body
        and (service is None or one.service is None or one.service == service)
        and one.sid not in known_sids
    ]
    return min(ours, key=lambda one: (one.created_at, one.sid)).sid if ours else None
