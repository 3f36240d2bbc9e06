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
from recovery.rules.side_effects import Effect, Strength, effect_words, strength_words
from recovery.rules.states import Response, Role
from recovery.rules.words import Language, counted, long_date

Facts = Mapping[str, Any]


class TaskKind(StrEnum):
    """Every kind of work that a person is asked to do about one patient."""

    ANOTHER_TIME = "another_time"
    FIND_VISIT = "find_visit"
    PARTLY_GIVEN = "partly_given"
    REFILL = "refill"
    SUPPLY_NOT_ON_SITE = "supply_not_on_site"
    VERIFY_GIVEN = "verify_given"
    CLOSE_OR_CONTINUE = "close_or_continue"
    DOSES_CLOSE_TOGETHER = "doses_close_together"
    HOLD_CALL = "hold_call"
    HOLD_IN_ERROR = "hold_in_error"
    RELEASE_PLAN = "release_plan"
    SECOND_DAY_CALL = "second_day_call"
    GOAL_REVIEW = "goal_review"
    NEED_FOOD = "need_food"
    NEED_HOUSING = "need_housing"
    NEED_LEGAL = "need_legal"
    NEED_SAFETY = "need_safety"
    NEED_TRANSPORT = "need_transport"
    NEED_WORK = "need_work"
    SIDE_EFFECT_LOOK = "side_effect_look"
    AFTER_CARE_CONTACT = "after_care_contact"
    CONFIRM_SCREEN = "confirm_screen"
    CRAVING_REVIEW = "craving_review"
    LABS_DUE = "labs_due"
    PROCEDURE_PLAN = "procedure_plan"
    REPEAT_CHALLENGE = "repeat_challenge"
    RESTART_CHECKLIST = "restart_checklist"
    REVERSAL_AGENT = "reversal_agent"
    REVIEW_TREATMENT = "review_treatment"
    SHARED_DECISION = "shared_decision"
    START_CHECKLIST = "start_checklist"
    FIX_NUMBER = "fix_number"
    TEXTS_BLOCKED = "texts_blocked"
    MISSED_TEXT = "missed_text"
    CALL_BACK = "call_back"
    CALL_UNANSWERED = "call_unanswered"
    CHECK_NUMBER = "check_number"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """One kind of work.

    ``words`` say what is to be done, as an order to staff. ``response`` is how
    soon, where the maker names no time. ``outcomes`` are what a person may end it
    with on the list, the first being the usual one. ``page`` is the route of the
    page about the patient where the work is done, None for the overview.
    ``prescriber_only``: only a prescriber ends it. ``contact``: ending it may
    record the contact that was made. ``only_there``: an act on ``page`` ends it and the list cannot, so that
    nobody ticks off what has not happened.
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
    only_there: bool = False


# What a person chooses when work ends, in the words of the list. One meaning each, whatever the kind.
OUTCOME_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "continues": "The treatment continues",
        "treatment_closed": "The treatment was closed",
        "other_care": "Passed on to other care",
        "not_needed": "Looked into, not needed",
        "helped": "Help was found",
        "referred": "Passed on to somebody who can help",
        "no_help": "Nothing could be found yet",
        "talked": "Talked about it",
        "understood": "It was understood",
        "plan_made": "A plan was made",
        "seen": "Looked at",
        "visit_booked": "A visit was booked",
        "not_reached": "Could not be reached",
        "arranged": "It is on its way",
        "on_site": "It is here",
        "record_seen": "The record was seen and the entry corrected",
        "no_record": "There is no record of it",
        "does_not_count": "It does not count; the next full one is planned",
        "declined": "Did not want it",
        "offered": "Offered",
        "booked": "Booked",
        "planned_stop": "A stop is planned together",
        "change_planned": "A change is planned together",
        "decides_later": "Decides later",
        "signed": "Signed",
        "no_opioids": "No opioids are expected",
        "number_corrected": "The number was corrected",
        "other_way": "Reached in another way from now on",
        "told": "Told in person",
        "wants_no_texts": "Wants no texts",
        "texts_wanted": "Wants texts: the number was opened again",
    }
)

# Written by the system when an act elsewhere ended the work, or its reason ended.
DONE_ELSEWHERE = "recorded"
REASON_ENDED = "reason_ended"
_SYSTEM_WORDS = {DONE_ELSEWHERE: "Done, recorded on the patient's page", REASON_ENDED: "Its reason ended by itself"}


def _need(kind: TaskKind, words: str, *, response: Response = Response.TWO_BUSINESS_DAYS) -> TaskRule:
    return TaskRule(
        kind=kind,
        role=Role.COORDINATOR,
        words=words,
        response=response,
        outcomes=("helped", "referred", "no_help", "not_needed"),
        source="C 1 rows 85, 99 (PD)",
        page="patient-plan",
        contact=True,
    )


PROMISED = (TaskKind.CALL_BACK, TaskKind.ANOTHER_TIME)
"""Work that a patient was told of: somebody calls. When its time passes they hear that it is not forgotten."""

_TABLE = (
    TaskRule(
        kind=TaskKind.ANOTHER_TIME,
        role=Role.COORDINATOR,
        words="Find another time for a visit",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("visit_booked", "not_reached", "not_needed"),
        source="C 9, row 111",
        page="visits",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.FIND_VISIT,
        role=Role.COORDINATOR,
        words="Find the next visit: the last one brought nothing",
        response=Response.SAME_DAY,
        outcomes=("visit_booked", "not_reached", "other_care", "not_needed"),
        source="N5",
        page="visits",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.PARTLY_GIVEN,
        role=Role.PRESCRIBER,
        words="Decide whether an injection that was given in part counts",
        response=Response.SAME_DAY,
        outcomes=("does_not_count", "other_care"),
        source="S 20",
        page="visits",
        prescriber_only=True,
    ),
    TaskRule(
        kind=TaskKind.REFILL,
        role=Role.COORDINATOR,
        words="Arrange a refill of tablets",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("arranged", "not_reached", "not_needed"),
        source="S 19",
        page="visits",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.SUPPLY_NOT_ON_SITE,
        role=Role.NURSE,
        words="Find out where the medicine of the next visit is",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("on_site", "arranged", "not_needed"),
        source="N6",
        page="visits",
    ),
    TaskRule(
        kind=TaskKind.VERIFY_GIVEN,
        role=Role.NURSE,
        words="Get the record of an injection given elsewhere",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("record_seen", "no_record", "not_reached"),
        source="S 21, C 0 rule 6",
        page="visits",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.FIX_NUMBER,
        role=Role.COORDINATOR,
        words="Get a phone number that texts reach",
        response=Response.TWO_BUSINESS_DAYS,
        outcomes=("number_corrected", "other_way", "not_reached"),
        source="M 1.3",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.TEXTS_BLOCKED,
        role=Role.COORDINATOR,
        words="Ask whether texts are wanted: the last ones were blocked",
        response=Response.TWO_BUSINESS_DAYS,
        outcomes=("wants_no_texts", "texts_wanted", "other_way", "not_reached"),
        source="M 1.3",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.MISSED_TEXT,
        role=Role.NURSE,
        words="Tell in person what a text would have said: it was held back",
        response=Response.SAME_DAY,
        outcomes=("told", "not_needed", "not_reached"),
        source="N33",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.CALL_BACK,
        role=Role.COORDINATOR,
        words="Call back: a call was promised",
        response=Response.SAME_DAY,
        outcomes=("talked", "visit_booked", "referred", "not_reached", "not_needed"),
        source="contract 5, C 9",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.CALL_UNANSWERED,
        role=Role.COORDINATOR,
        words="Call instead of texting: texts stay without an answer",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("talked", "visit_booked", "other_way", "wants_no_texts", "not_reached"),
        source="contract 4, N29",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.CHECK_NUMBER,
        role=Role.COORDINATOR,
        words="Find out whether the number is still right: somebody wrote that it is not",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("number_corrected", "other_way", "not_reached"),
        source="N21",
        page="patient-texts",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.CLOSE_OR_CONTINUE,
        role=Role.PRESCRIBER,
        words="Decide whether the treatment is closed or continues",
        response=Response.WEEKLY,
        outcomes=("continues", "treatment_closed", "other_care"),
        source="S 16, C 3.3",
    ),
    TaskRule(
        kind=TaskKind.CRAVING_REVIEW,
        role=Role.COORDINATOR,
        words="Talk about cravings that are usually high: a high answer raises no alarm here",
        response=Response.WEEKLY,
        outcomes=("talked", "plan_made", "referred", "not_reached"),
        source="S 17",
        page="patient-plan",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.GOAL_REVIEW,
        role=Role.COORDINATOR,
        words="Look at a goal together again",
        response=Response.WEEKLY,
        outcomes=("talked", "not_needed"),
        source="C 1 row 101 (PD)",
        page="patient-plan",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.SIDE_EFFECT_LOOK,
        role=Role.NURSE,
        words="Call about a side effect",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("seen", "talked", "referred", "not_needed"),
        source="C 1 rows 53-57, 66, N16 (PD)",
        page="patient-plan",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.HOLD_CALL,
        role=Role.NURSE,
        words="Call about the hold, and record that it was understood",
        response=Response.HOURS_2,
        outcomes=("understood",),
        source="S 5",
        page="patient-safety",
        contact=True,
        only_there=True,
    ),
    TaskRule(
        kind=TaskKind.HOLD_IN_ERROR,
        role=Role.PRESCRIBER,
        words="Decide about a hold: what opened it was entered in error",
        response=Response.SAME_DAY,
        outcomes=("seen",),
        source="contract 3, S 5",
        page="patient-safety",
        prescriber_only=True,
    ),
    TaskRule(
        kind=TaskKind.DOSES_CLOSE_TOGETHER,
        role=Role.NURSE,
        words="Call: the last dose was taken late and the next is soon",
        response=Response.SAME_DAY,
        outcomes=("talked", "not_needed"),
        source="S W5",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.SECOND_DAY_CALL,
        role=Role.NURSE,
        words="Call: how the first tablet was, nobody has answered",
        response=Response.HOURS_2,
        outcomes=("talked", "not_needed"),
        source="S 8",
        page="patient-safety",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.RELEASE_PLAN,
        role=Role.COORDINATOR,
        words="Prepare the release: reversal agent, first visit, transport",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("plan_made", "not_needed"),
        source="S 21, N19",
        page="patient-safety",
        contact=True,
    ),
    _need(TaskKind.NEED_HOUSING, "Help with a place to stay"),
    _need(TaskKind.NEED_WORK, "Help with work or training"),
    _need(TaskKind.NEED_LEGAL, "Help with court or papers"),
    _need(TaskKind.NEED_TRANSPORT, "Help with getting to visits"),
    _need(TaskKind.NEED_FOOD, "Help with food"),
    _need(TaskKind.NEED_SAFETY, "Call: they do not feel safe", response=Response.SAME_DAY),
    TaskRule(
        kind=TaskKind.RESTART_CHECKLIST,
        role=Role.PRESCRIBER,
        words="Fill and sign the restart checklist",
        response=Response.SAME_DAY,
        outcomes=("signed",),
        only_there=True,
        source="S 4, C 3.3, C 1 row 115",
        page="patient-checklists",
        prescriber_only=True,
    ),
    TaskRule(
        kind=TaskKind.START_CHECKLIST,
        role=Role.PRESCRIBER,
        words="Fill and sign the start checklist",
        response=Response.TWO_BUSINESS_DAYS,
        outcomes=("signed",),
        only_there=True,
        source="S 13, C 1 rows 23-37",
        page="patient-checklists",
        prescriber_only=True,
    ),
    TaskRule(
        kind=TaskKind.CONFIRM_SCREEN,
        role=Role.NURSE,
        words="Have the urine screen confirmed by a second method",
        response=Response.SAME_DAY,
        outcomes=("not_needed", "declined"),
        source="S 10",
        page="patient-tests",
    ),
    TaskRule(
        kind=TaskKind.REPEAT_CHALLENGE,
        role=Role.PRESCRIBER,
        words="Repeat the challenge",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("not_needed", "declined"),
        source="C 3.3, C 1 row 26",
        page="patient-tests",
        prescriber_only=True,
    ),
    TaskRule(
        kind=TaskKind.LABS_DUE,
        role=Role.NURSE,
        words="Liver tests are due",
        response=Response.WEEKLY,
        outcomes=("booked", "declined", "not_needed"),
        source="C 1 rows 31 and 32",
        page="patient-tests",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.PROCEDURE_PLAN,
        role=Role.PRESCRIBER,
        words="Plan the pain relief of a procedure and enter when the hold begins",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("no_opioids", "not_needed"),
        source="S 4, C 3.3, N17",
        page="patient-tests",
        prescriber_only=True,
    ),
    TaskRule(
        kind=TaskKind.REVERSAL_AGENT,
        role=Role.NURSE,
        words="Speak of a reversal agent at home and record what was said",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("not_reached", "declined", "not_needed"),
        source="S 18, N3",
        page="patient-tests",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.SHARED_DECISION,
        role=Role.PRESCRIBER,
        words="Look together at going on or stopping",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("continues", "decides_later", "planned_stop", "change_planned", "not_reached"),
        source="N9, C 1 rows 19, 21 and 22",
        page="patient-checklists",
        contact=True,
    ),
    TaskRule(
        kind=TaskKind.REVIEW_TREATMENT,
        role=Role.PRESCRIBER,
        words="Review how long the treatment goes on",
        response=Response.WEEKLY,
        outcomes=("continues", "change_planned", "planned_stop", "other_care"),
        source="C 1 rows 5, 8 and 18; C 2 rows 16 and 21",
        page="patient-checklists",
    ),
    TaskRule(
        kind=TaskKind.AFTER_CARE_CONTACT,
        role=Role.COORDINATOR,
        words="Weekly contact after cover ended: how it is going, overdose risk, reversal agent",
        response=Response.ONE_BUSINESS_DAY,
        outcomes=("talked", "not_reached", "declined", "other_care"),
        source="C 3.5, C 1 rows 113, 117 and 118; N10",
        contact=True,
    ),
)

TASK_RULES: Mapping[TaskKind, TaskRule] = MappingProxyType({rule.kind: rule for rule in _TABLE})


def outcome_words(outcome: str) -> str:
    """Return what an outcome says on a page; a code that no table knows is made readable."""
    return OUTCOME_WORDS.get(outcome) or _SYSTEM_WORDS.get(outcome) or outcome.replace("_", " ").capitalize()


def may_end(kind: TaskKind, outcome: str) -> bool:
    """Whether a person may end this kind of work with this outcome."""
    return outcome in TASK_RULES[kind].outcomes and not TASK_RULES[kind].only_there


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


def _goal(facts: Facts) -> str:
    about = {"opioid": "About opioids", "alcohol": "About alcohol", "life": "In their own words"}
    return about.get(str(facts.get("about", "")), "")


def _effect(facts: Facts) -> str:
    effect, strength = facts.get("effect"), facts.get("strength")
    if effect not in set(Effect) or strength not in set(Strength):
        return ""
    return f"{effect_words(Effect(effect))}: {strength_words(Strength(strength)).lower()}"


def _visit_day(facts: Facts) -> str:
    day = fact_day(facts, "due_on")
    return f"The visit was for {day}" if day else ""


def _given_day(facts: Facts) -> str:
    day = fact_day(facts, "given_on")
    return f"Said to be given on {day}" if day else ""


def _refill(facts: Facts) -> str:
    if facts.get("said") == "ran_out":
        return "None are left, as stated"
    day = fact_day(facts, "runs_out_on")
    return f"They last until {day}" if day else ""


def _supply(facts: Facts) -> str:
    day = fact_day(facts, "due_by")
    state = {"": "not ordered", "on_site": "here"}.get(facts.get("supply", ""), facts.get("supply", ""))
    return f"Due here by {day}; {state}" if day else ""


def _expected(facts: Facts) -> str:
    day = fact_day(facts, "expected_on")
    return f"Expected on {day}" if day else ""


_WHY_CHECKLIST = {
    "late_band": "The injection is late",
    "stated_gap": "Several doses in a row were reported as not taken",
    "reported_use": "Opioid use was reported",
    "failed_challenge": "The challenge was not passed",
    "expired": "The last signature ran out before it was used",
}
_WHY_REVERSAL = {
    "ask": "It is time to ask again",
    "expires": "The one at home expires soon",
    "uncovered": "Cover has ended",
    "not_at_hand": "The patient said that none is at hand",
}
_WHY_DECISION = {
    "wants_to_stop": "The wish to stop was said",
    "feels_cured": "Feeling cured was said",
    "quiet_and_low": "Answers stopped while craving was low",
}


def _checklist(facts: Facts) -> str:
    why = _WHY_CHECKLIST.get(str(facts.get("cause")), "")
    dsl = facts.get("dsl")
    if why and isinstance(dsl, int):
        return f"{why}: {counted(dsl, 'day', 'days')} since the last one"
    return why


def _on_day(key: str, before: str) -> Callable[[Facts], str]:
    def words(facts: Facts) -> str:
        day = fact_day(facts, key)
        return f"{before} {day}" if day else ""

    return words


def _one_of(table: Mapping[str, str]) -> Callable[[Facts], str]:
    return lambda facts: table.get(str(facts.get("reason")), "")


def _after_care(facts: Facts) -> str:
    ended, until = fact_day(facts, "cover_ended_on"), fact_day(facts, "until")
    return f"Cover ended {ended}; contacts until {until}" if ended and until else ""


_TEXTS = {
    "visit": "A text about a visit",
    "hold": "A text about a hold",
    "crisis": "The answer to a call for help",
    "staff_notice": "A page about a concern",
}


def _missed_text(facts: Facts) -> str:
    day = fact_day(facts, "on")
    what = _TEXTS.get(str(facts.get("text")), "A text that could not wait")
    return f"{what}, {day}" if day else what


_WHY_CALL = {
    "call_me": "Asked for by text",
    "need_ride": "Help with getting here was asked for by text",
}


_DETAILS: Mapping[TaskKind, Callable[[Facts], str]] = {
    TaskKind.ANOTHER_TIME: _visit_day,
    TaskKind.FIND_VISIT: _visit_day,
    TaskKind.PARTLY_GIVEN: _given_day,
    TaskKind.REFILL: _refill,
    TaskKind.SUPPLY_NOT_ON_SITE: _supply,
    TaskKind.VERIFY_GIVEN: _given_day,
    TaskKind.MISSED_TEXT: _missed_text,
    TaskKind.CALL_BACK: _one_of(_WHY_CALL),
    TaskKind.CALL_UNANSWERED: _on_day("since", "No answer since"),
    TaskKind.CLOSE_OR_CONTINUE: _last_given,
    TaskKind.GOAL_REVIEW: _goal,
    TaskKind.SIDE_EFFECT_LOOK: _effect,
    TaskKind.RELEASE_PLAN: _expected,
    TaskKind.RESTART_CHECKLIST: _checklist,
    TaskKind.START_CHECKLIST: _checklist,
    TaskKind.CONFIRM_SCREEN: _on_day("taken_on", "Taken"),
    TaskKind.REPEAT_CHALLENGE: _on_day("repeat_on", "Planned for"),
    TaskKind.LABS_DUE: _on_day("due_on", "Due"),
    TaskKind.PROCEDURE_PLAN: _on_day("planned_on", "Planned for"),
    TaskKind.REVERSAL_AGENT: _one_of(_WHY_REVERSAL),
    TaskKind.SHARED_DECISION: _one_of(_WHY_DECISION),
    TaskKind.REVIEW_TREATMENT: _on_day("review_on", "Review date"),
    TaskKind.AFTER_CARE_CONTACT: _after_care,
}
