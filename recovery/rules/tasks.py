"""What each kind of work is: whose, by when, in which words, and how it ends (contract 5).

A Task is work for a named role; a Flag is a concern. One open task per patient
and kind. To add a kind: a value in ``TaskKind`` and a row in ``_TABLE``;
outcomes that nobody used before get their words in ``OUTCOME_WORDS``. Stored
values are never renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from backend.rules.roles import Role as StaffRole
from recovery.rules.states import Response, Role
from recovery.rules.words import Language, long_date

Facts = Mapping[str, Any]


class TaskKind(StrEnum):
    """Every kind of work that a person is asked to do about one patient."""

    CLOSE_OR_CONTINUE = "close_or_continue"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """One kind of work.

    ``words`` say what is to be done, as an order to staff. ``response`` is how
    soon, where the maker names no time. ``outcomes`` are what a person may end it
    with on the list, the first being the usual one. ``page`` is the route of the
    page about the patient where the work is done, None for the overview.
    ``prescriber_only``: only a prescriber ends it. ``contact``: ending it may
    record the contact that was made.
    """

    kind: TaskKind
    role: Role
    words: str
    response: Response
    outcomes: tuple[str, ...]
    source: str
    page: str | None = None
    prescriber_only: bool = False
    contact: bool = False


# What a person chooses when work ends, in the words of the list. One meaning each, whatever the kind.
OUTCOME_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "continues": "The treatment continues",
        "treatment_closed": "The treatment was closed",
        "other_care": "Passed on to other care",
        "not_needed": "Looked into, not needed",
    }
)

# Written by the system when an act elsewhere ended the work, or its reason ended.
DONE_ELSEWHERE = "recorded"
REASON_ENDED = "reason_ended"
_SYSTEM_WORDS = {DONE_ELSEWHERE: "Done, recorded on the patient's page", REASON_ENDED: "Its reason ended by itself"}


_TABLE = (
    TaskRule(
        kind=TaskKind.CLOSE_OR_CONTINUE,
        role=Role.PRESCRIBER,
        words="Decide whether the treatment is closed or continues",
        response=Response.WEEKLY,
        outcomes=("continues", "treatment_closed", "other_care"),
        source="S 16, C 3.3",
    ),
)

TASK_RULES: Mapping[TaskKind, TaskRule] = MappingProxyType({rule.kind: rule for rule in _TABLE})


def outcome_words(outcome: str) -> str:
    """Return what an outcome says on a page; a code that no table knows is made readable."""
    return OUTCOME_WORDS.get(outcome) or _SYSTEM_WORDS.get(outcome) or outcome.replace("_", " ").capitalize()


def may_end(kind: TaskKind, outcome: str) -> bool:
    """Whether a person may end this kind of work with this outcome."""
    return outcome in TASK_RULES[kind].outcomes


def task_roles(roles: Collection[StaffRole]) -> frozenset[Role]:
    """Return whose work a person with these roles in a program does.

    A prescriber is also who is called at night; a medical director prescribes too.
    """
    return frozenset().union(*(_DOES.get(role, frozenset()) for role in roles))


_DOES: Mapping[StaffRole, frozenset[Role]] = {
    StaffRole.COORDINATOR: frozenset({Role.COORDINATOR}),
    StaffRole.NURSE: frozenset({Role.NURSE}),
    StaffRole.CLINICIAN: frozenset({Role.PRESCRIBER, Role.ON_CALL}),
    StaffRole.MEDICAL_DIRECTOR: frozenset({Role.MEDICAL_DIRECTOR, Role.PRESCRIBER, Role.ON_CALL}),
}


# --- one line about this very task, from its facts alone ---


def detail(kind: TaskKind, facts: Facts) -> str:
    """Return what the stored facts add to the words, '' when they add nothing.

    A fact that is missing leaves its clause out: the work itself stays on the list.
    """
    maker = _DETAILS.get(kind)
    return maker(facts) if maker is not None else ""


def fact_day(facts: Facts, key: str) -> str:
    """Return a stored ISO day as "Tuesday 3 March", '' when it is not there."""
    value = facts.get(key)
    return long_date(date.fromisoformat(value), Language.ENGLISH) if isinstance(value, str) else ""


def _last_given(facts: Facts) -> str:
    last = fact_day(facts, "last_given_on")
    return f"The last injection was {last}" if last else ""


_DETAILS: Mapping[TaskKind, Callable[[Facts], str]] = {
    TaskKind.CLOSE_OR_CONTINUE: _last_given,
}
