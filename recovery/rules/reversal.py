"""An overdose reversal agent at home: when to ask, when to offer (S 18, N3, C 8). Opioid indication only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from recovery.rules.flags import reversal_offer_due
from recovery.rules.policy import Policy


class HasIt(StrEnum):
    """Whether the person has one at home, as said."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ReversalReason(StrEnum):
    """Why it is time to speak of it again."""

    ASK = "ask"
    EXPIRES = "expires"
    UNCOVERED = "uncovered"
    NOT_AT_HAND = "not_at_hand"


@dataclass(frozen=True, slots=True)
class ReversalFacts:
    """What is known. ``expires_on`` is of the one at home; ``last_asked_on`` of the last answer."""

    last_asked_on: date | None = None
    last_offer_on: date | None = None
    has_it: HasIt = HasIt.UNKNOWN
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class ReversalDue:
    """Speak of it, and why. ``key`` names this occasion, so that it is asked once."""

    reason: ReversalReason
    key: str


def reversal_due(
    facts: ReversalFacts,
    *,
    started_on: date,
    uncovered_since: date | None,
    today: date,
    counts_as_opioid: bool,
    policy: Policy,
) -> ReversalDue | None:
    """Return why to speak of a reversal agent today, None when there is no reason.

    Somebody who has one that is good for longer than the notice is asked again after the policy's days only.
    Cover that ended offers it once per uncovered run and never within the policy's days of the last offer.
    Nobody on alcohol-only treatment without an opioid history is asked.
    """
    if not counts_as_opioid or today < started_on:
        return None
    notice = timedelta(days=policy.reversal_expiry_notice_days)
    has_one = facts.has_it is HasIt.YES
    if has_one and facts.expires_on is not None and today >= facts.expires_on - notice:
        return ReversalDue(ReversalReason.EXPIRES, f"expires:{facts.expires_on}")
    if not has_one and reversal_offer_due(
        uncovered_since=uncovered_since,
        last_offer_on=facts.last_offer_on,
        today=today,
        counts_as_opioid=counts_as_opioid,
        policy=policy,
    ):
        return ReversalDue(ReversalReason.UNCOVERED, f"uncovered:{uncovered_since}")
    base = facts.last_asked_on or started_on
    since = (today - base).days
    if facts.last_asked_on is None or since >= policy.reversal_ask_every_days:
        return ReversalDue(ReversalReason.ASK, f"ask:{base}:{since // policy.reversal_ask_every_days}")
    return None
