"""The Columbia-Suicide Severity Rating Scale, screener. Verbatim, English only; each yes acts at once (S 12).

Asked by staff. On a phone only where the program says that it holds the licence for electronic self-report
(policy ``cssrs_on_phone``): the copyright holder has given those rights to one company.
"""

from __future__ import annotations

from collections.abc import Sequence

from recovery.rules.instruments.definition import (
    Answers,
    Filler,
    Instrument,
    InstrumentKey,
    Item,
    Licence,
    OnlyIf,
    Option,
    Score,
    english,
    is_complete,
    open_items,
)
from recovery.rules.policy import Policy
from recovery.rules.words import Language

_YES_NO = (Option(1, english("Yes")), Option(0, english("No")))
_MONTH = english("Past month")
_THOUGHTS = OnlyIf("cssrs_2")

WISH, THOUGHTS, METHOD, INTENT, PLAN, BEHAVIOUR, RECENT = (
    "cssrs_1",
    "cssrs_2",
    "cssrs_3",
    "cssrs_4",
    "cssrs_5",
    "cssrs_6",
    "cssrs_7",
)
ORDER = (WISH, THOUGHTS, METHOD, INTENT, PLAN, BEHAVIOUR, RECENT)
HIGH = frozenset({INTENT, PLAN, RECENT})
"""A yes to one of these is high risk: intention, plan, or behavior in the past 3 months (C 5)."""
_MODERATE = frozenset({METHOD, BEHAVIOUR})


def level(answers: Answers) -> str:
    """Return "high", "moderate", "low" or "none" of what was answered with yes, whether or not all was asked."""
    yes = {key for key, value in answers.items() if isinstance(value, int) and value >= 1}
    if yes & HIGH:
        return "high"
    if yes & _MODERATE:
        return "moderate"
    return "low" if yes & {WISH, THOUGHTS} else "none"


def _screen(instrument: Instrument, answers: Answers, asked: Sequence[str], policy: Policy) -> Score:
    called = {item.key for item in open_items(instrument, asked, answers)}
    complete = is_complete(instrument, asked, answers) and all(answers.get(key) is not None for key in called)
    found = level({key: value for key, value in answers.items() if key in called})
    return Score(band=found if complete or found != "none" else "", complete=complete)


CSSRS = Instrument(
    key=InstrumentKey.CSSRS,
    version="recent",
    title=english("Safety questions"),
    items=(
        Item(
            key=WISH,
            text=english("Have you wished you were dead or wished you could go to sleep and not wake up?"),
            hint=_MONTH,
            options=_YES_NO,
            loinc="93246-7",
        ),
        Item(
            key=THOUGHTS,
            text=english("Have you actually had any thoughts of killing yourself?"),
            hint=_MONTH,
            options=_YES_NO,
            loinc="93247-5",
        ),
        Item(
            key=METHOD,
            text=english("Have you been thinking about how you might do this?"),
            hint=_MONTH,
            options=_YES_NO,
            only_if=_THOUGHTS,
            loinc="93248-3",
        ),
        Item(
            key=INTENT,
            text=english("Have you had these thoughts and had some intention of acting on them?"),
            hint=_MONTH,
            options=_YES_NO,
            only_if=_THOUGHTS,
            loinc="93249-1",
        ),
        Item(
            key=PLAN,
            text=english(
                "Have you started to work out or worked out the details of how to kill yourself? "
                "Do you intend to carry out this plan?"
            ),
            hint=_MONTH,
            options=_YES_NO,
            only_if=_THOUGHTS,
            loinc="93250-9",
        ),
        Item(
            key=BEHAVIOUR,
            text=english(
                "Have you ever done anything, started to do anything, or prepared to do anything to end your life?"
            ),
            hint=english(
                "Examples: Collected pills, obtained a gun, gave away valuables, wrote a will or suicide note, took "
                "out pills but didn’t swallow any, held a gun but changed your mind or it was grabbed from your hand, "
                "went to the roof but didn’t jump; or actually took pills, tried to shoot yourself, cut yourself, "
                "tried to hang yourself, etc."
            ),
            options=_YES_NO,
            loinc="93267-3",
        ),
        Item(
            key=RECENT,
            text=english("Was this within the past 3 months?"),
            options=_YES_NO,
            only_if=OnlyIf(BEHAVIOUR),
            loinc="93269-9",
        ),
    ),
    languages=frozenset({Language.ENGLISH}),
    filled_by=frozenset(Filler),
    scorer=_screen,
    licence=Licence(
        text="no cost and no license for health providers who ask it and keep it in their record; its electronic "
        "self-report is licensed by one company, so it is on no phone unless the program holds that license",
        source="Columbia Lighthouse Project, cssrs.columbia.edu; Posner et al. 2011",
        notice="C-SSRS: The Research Foundation for Mental Hygiene, Inc.",
    ),
    safety=True,
    loinc_total="93374-7",
)
