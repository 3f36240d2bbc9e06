"""People around a patient: what each may be told and sent, and who may allow it (N27, S 21).

Pure. Two consents stand behind every supporter: the patient's permission, which ends on a day, and the
supporter's own agreement. Either person ends it, at any time and without a reason. Nothing here follows
from a flag: what a supporter is sent comes on a fixed weekday (SMS 20).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Tier(StrEnum):
    """How far a patient lets somebody in. Stored: never rename one."""

    REACH = "reach"  # staff may ask them to pass on "please call us"
    HELLO = "hello"  # and they get a friendly text once a week
    INFORMED = "informed"  # and staff may tell them what the patient ticked


class Topic(StrEnum):
    """What staff may tell an informed supporter; nothing that is not ticked."""

    VISITS = "visits"
    PLAN = "plan"
    WELL_BEING = "well_being"
    EMERGENCY = "emergency"


class Relation(StrEnum):
    PARTNER = "partner"
    PARENT = "parent"
    SIBLING = "sibling"
    CHILD = "child"
    RELATIVE = "relative"
    FRIEND = "friend"
    PEER = "peer"
    SPONSOR = "sponsor"
    CASE_WORKER = "case_worker"
    OTHER = "other"


class AllowedBy(StrEnum):
    """Who gave the permission that a supporter rests on."""

    PATIENT = "patient"
    GUARDIAN = "guardian"
    BOTH = "both"


class AgreedHow(StrEnum):
    CALL = "call"
    IN_PERSON = "in_person"
    FORM = "form"


class EndedBy(StrEnum):
    PATIENT = "patient"
    SUPPORTER = "supporter"
    STAFF = "staff"
    EXPIRY = "expiry"  # the permission ran out and the patient gave a new one


class SupporterState(StrEnum):
    """Where a supporter stands today; derived, never stored."""

    ASKED = "asked"  # the patient allows it, the supporter has not agreed yet
    ACTIVE = "active"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a tier opens."""

    calendar_text: bool
    staff_may_ask: bool
    staff_may_tell: bool


RIGHTS = {
    Tier.REACH: Rights(calendar_text=False, staff_may_ask=True, staff_may_tell=False),
    Tier.HELLO: Rights(calendar_text=True, staff_may_ask=True, staff_may_tell=False),
    Tier.INFORMED: Rights(calendar_text=True, staff_may_ask=True, staff_may_tell=True),
}
NOTHING = Rights(calendar_text=False, staff_may_ask=False, staff_may_tell=False)


def state_of(*, agreed_at: datetime | None, ended_at: datetime | None, expires_on: date, today: date) -> SupporterState:
    """Return where a supporter stands on the patient's local day ``today``; the last day still counts."""
    if ended_at is not None:
        return SupporterState.ENDED
    if today > expires_on:
        return SupporterState.EXPIRED
    return SupporterState.ASKED if agreed_at is None else SupporterState.ACTIVE


def rights_of(tier: Tier, state: SupporterState) -> Rights:
    """Return what may happen with this supporter today: nothing before they agreed or after it ended."""
    return RIGHTS[tier] if state is SupporterState.ACTIVE else NOTHING


def may_tell(tier: Tier, state: SupporterState, topics: Collection[str]) -> frozenset[Topic]:
    """Return what staff may tell this supporter today."""
    if not rights_of(tier, state).staff_may_tell:
        return frozenset()
    return frozenset(topic for topic in Topic if topic.value in topics)


# --- under age (S 21, 42 CFR 2.14) ------------------------------------------------------------------------


class MinorBasis(StrEnum):
    """What the law of the patient's state says about a minor's consent to this treatment. Stored."""

    ALONE = "alone"  # a minor may consent alone: then only the minor consents to disclosure, parents included
    GUARDIAN_TOO = "guardian_too"  # a guardian's consent is needed: then both must consent to disclosure
    EMANCIPATED = "emancipated"  # counts as an adult


def age_on(born_on: date, day: date) -> int:
    """Return full years; somebody born on 29 February has their day on 1 March in other years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def who_may_allow(*, is_minor: bool, basis: MinorBasis | None) -> frozenset[AllowedBy]:
    """Return whose permission lets others be told anything. Nobody's while a minor's basis is not recorded."""
    if not is_minor or basis is MinorBasis.EMANCIPATED:
        return frozenset({AllowedBy.PATIENT})
    if basis is None:
        return frozenset()
    return frozenset({AllowedBy.PATIENT} if basis is MinorBasis.ALONE else {AllowedBy.BOTH})


def treatment_consent_is_whole(*, basis: MinorBasis, consented_by: AllowedBy) -> bool:
    """Whether those who consented to treatment are those whom the basis asks for."""
    if basis is MinorBasis.GUARDIAN_TOO:
        return consented_by is AllowedBy.BOTH
    return consented_by in (AllowedBy.PATIENT, AllowedBy.BOTH)


def greeting_days(weekday: int, *, first: date, last: date) -> list[date]:
    """Return the days of a fixed weekly calendar (Monday 0), both ends included."""
    day = first + timedelta(days=(weekday - first.weekday()) % 7)
    found = []
    while day <= last:
        found.append(day)
        day += timedelta(days=7)
    return found
