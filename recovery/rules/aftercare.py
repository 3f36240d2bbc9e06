"""Stopping as a plan, and the weeks after cover ended (C 1 rows 19, 21, 112-118; C 3.5; N9; N10; contract 2).

For both drugs and the opioid indication: after a break the body handles much
less, so the weeks after cover ended have a contact each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from recovery.rules.cover import after_care_ends
from recovery.rules.policy import Policy
from recovery.rules.words import Language


class StopReason(StrEnum):
    """Why a person and their clinician plan to stop."""

    FEELS_STABLE = "feels_stable"
    SIDE_EFFECTS = "side_effects"
    OTHER_MEDICINE = "other_medicine"
    PREGNANCY = "pregnancy"
    PROCEDURE = "procedure"
    MOVING_AWAY = "moving_away"
    OWN_CHOICE = "own_choice"
    OTHER = "other"


class AfterCareCause(StrEnum):
    """What began the weeks of after-care."""

    PLANNED_STOP = "planned_stop"
    CLOSED = "closed"
    DISCONTINUED = "discontinued"


class AfterCareEnd(StrEnum):
    """Why they ended."""

    OVER = "over"
    COVERED_AGAIN = "covered_again"
    BY_STAFF = "by_staff"


class DecisionReason(StrEnum):
    """Why the decision to go on or to stop is looked at together (N9)."""

    WANTS_TO_STOP = "wants_to_stop"
    FEELS_CURED = "feels_cured"
    QUIET_AND_LOW = "quiet_and_low"


def stop_reason_said(said: object) -> DecisionReason:
    """Return which wish the evidence ``said`` of a concern about stopping names (N9)."""
    return DecisionReason.FEELS_CURED if said == DecisionReason.FEELS_CURED.value else DecisionReason.WANTS_TO_STOP


@dataclass(frozen=True, slots=True)
class AfterCareWindow:
    """The days of after-care: from the day cover ended to ``until``, both included."""

    begins_on: date
    until: date


def window(cover_ended_on: date, *, policy: Policy) -> AfterCareWindow:
    """Return the days of after-care for cover that ended on ``cover_ended_on`` (the first day without)."""
    return AfterCareWindow(begins_on=cover_ended_on, until=after_care_ends(cover_ended_on, policy=policy))


def next_contact(cover_ended_on: date, *, after: date | None, policy: Policy) -> date | None:
    """Return the day of the next contact later than ``after``; None once the weeks are over.

    Contacts stand weekly from the day cover ended, that day included; ``after`` None gives the first.
    """
    last = window(cover_ended_on, policy=policy).until
    every = policy.after_care_contact_days
    if after is None or after < cover_ended_on:
        return cover_ended_on
    weeks = (after - cover_ended_on).days // every + 1
    day = cover_ended_on + timedelta(days=weeks * every)
    return day if day <= last else None


def quiet_and_low(before: Sequence[int], *, policy: Policy) -> bool:
    """Whether somebody stopped answering while craving was low (N9): a talk about going on, not an alarm.

    ``before`` are the readings of the weeks before the silence; too few say nothing.
    """
    if len(before) < policy.feels_cured_min_readings:
        return False
    return sum(before) / len(before) <= policy.feels_cured_below


# What is said when a stop is planned (N10, C 2 rows 1 and 8): own wording; no taper, no withdrawal.
_COUNSEL = {
    Language.ENGLISH: (
        "The body does not come to need this medicine: stopping brings no withdrawal.",
        "When its cover ends, the body handles much less than before. An amount that was used in the past can kill.",
        "Please keep naloxone nearby and tell somebody close to you how to use it.",
        "We will call once a week for the first weeks. You can come back at any time.",
    ),
    Language.SPANISH: (
        "El cuerpo no llega a necesitar este medicamento: dejarlo no causa abstinencia.",
        "Cuando termina su cobertura, el cuerpo tolera mucho menos que antes. Una cantidad usada en el pasado puede "
        "matar.",
        "Por favor tenga naloxona cerca y explique a alguien cercano cómo usarla.",
        "Llamaremos una vez por semana durante las primeras semanas. Puede volver en cualquier momento.",
    ),
}


def stop_counsel(language: Language) -> tuple[str, ...]:
    """Return what is said to somebody who plans to stop (opioid indication)."""
    return _COUNSEL[language]
