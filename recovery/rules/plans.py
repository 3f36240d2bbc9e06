"""A person's own plan and goals: what they hold, and what the team may see of them (C 1 rows 40, 78-82, 101, N15)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from recovery.rules.flags import reported_drink_severity
from recovery.rules.policy import Policy
from recovery.rules.records import TriggerKind
from recovery.rules.states import Goal, Indication, Severity
from recovery.rules.words import Language


class PlanPart(StrEnum):
    """A part of the plan. Each is shared with the team, or not, as the person chose."""

    REASONS = "reasons"
    EXIT = "exit"
    PEOPLE = "people"
    STRESS = "stress"
    STRATEGIES = "strategies"


class GoalAbout(StrEnum):
    """What a goal is about. Alcohol and opioids are never one goal (N15)."""

    OPIOID = "opioid"
    ALCOHOL = "alcohol"
    LIFE = "life"


class GoalOutcome(StrEnum):
    """How a goal ended. None of them is a failure."""

    REACHED = "reached"
    CHANGED = "changed"
    SET_ASIDE = "set_aside"


MOST_PEOPLE = 6


@dataclass(frozen=True, slots=True)
class SafePerson:
    """Somebody who does the person good. ``phone`` as they wrote it, '' for none."""

    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one version of the plan says. Empty parts are parts that nobody wrote yet."""

    reasons: str = ""
    exit: str = ""
    people: tuple[SafePerson, ...] = ()
    stress: str = ""
    strategies: Mapping[TriggerKind, str]

    def has(self, part: PlanPart) -> bool:
        """Whether something is written there."""
        value = getattr(self, part.value)
        return any(value.values()) if part is PlanPart.STRATEGIES else bool(value)

    def only(self, parts: Collection[PlanPart]) -> Plan:
        """Return the plan with these parts; the others are empty."""
        return Plan(
            reasons=self.reasons if PlanPart.REASONS in parts else "",
            exit=self.exit if PlanPart.EXIT in parts else "",
            people=self.people if PlanPart.PEOPLE in parts else (),
            stress=self.stress if PlanPart.STRESS in parts else "",
            strategies=self.strategies if PlanPart.STRATEGIES in parts else {},
        )


def aims_of(about: GoalAbout) -> tuple[Goal, ...]:
    """Return the aims that a goal about this may have; a life goal has none, its words say it.

    Opioids: abstinence only. Less of an opioid under a blocker is no plan that a program can support.
    """
    return {GoalAbout.OPIOID: (Goal.ABSTINENCE,), GoalAbout.ALCOHOL: tuple(Goal), GoalAbout.LIFE: ()}[about]


def drink_severity(*, goal: Goal | None, indication: Indication) -> Severity | None:
    """Return how a stated drink is read, None for no concern (contract 3, N15).

    By the alcohol goal where one stands. Without one: as under abstinence for who is treated for
    alcohol; no concern for who is treated for opioids alone.
    """
    if goal is None:
        return None if indication is Indication.OPIOID else reported_drink_severity(Goal.ABSTINENCE)
    return reported_drink_severity(goal)


def first_review(*, today: date, policy: Policy) -> date:
    """Return the day on which a new goal is looked at again."""
    return today + timedelta(days=policy.goal_review_days)


_AIMS: Mapping[tuple[GoalAbout, Goal], tuple[str, str]] = {
    (GoalAbout.OPIOID, Goal.ABSTINENCE): ("No opioids", "Nada de opioides"),
    (GoalAbout.ALCOHOL, Goal.ABSTINENCE): ("No alcohol", "Nada de alcohol"),
    (GoalAbout.ALCOHOL, Goal.REDUCTION): ("Drink less", "Beber menos"),
}


def aim_words(about: GoalAbout, aim: Goal | None, language: Language = Language.ENGLISH) -> str:
    """Return "Drink less"; "" for a life goal, whose own words say it."""
    return _AIMS[about, aim][0 if language is Language.ENGLISH else 1] if aim is not None else ""
