"""Two sets of screening questions about drinking: AUDIT-C and CAGE. Verbatim, English only; not a diagnosis."""

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
    sum_of,
)
from recovery.rules.policy import Policy
from recovery.rules.words import Language

_YES_NO = (Option(1, english("Yes")), Option(0, english("No")))


def _options(*texts: str) -> tuple[Option, ...]:
    return tuple(Option(value, english(text)) for value, text in enumerate(texts))


def _audit_c(instrument: Instrument, answers: Answers, asked: Sequence[str], policy: Policy) -> Score:
    """Two cuts are published, one for women and one for men; sex is not stored, so both are named."""
    total = sum_of(instrument, answers, asked)
    band = ""
    if total is not None:
        band = "below"
        if total >= policy.audit_c_at_women:
            band = "at_or_above_women"
        if total >= policy.audit_c_at_men:
            band = "at_or_above"
    return Score(total=total, of=12, band=band, complete=is_complete(instrument, asked, answers))


def _cage(instrument: Instrument, answers: Answers, asked: Sequence[str], policy: Policy) -> Score:
    total = sum_of(instrument, answers, asked)
    band = "" if total is None else "at_or_above" if total >= policy.cage_at else "below"
    return Score(total=total, of=4, band=band, complete=is_complete(instrument, asked, answers))


AUDIT_C = Instrument(
    key=InstrumentKey.AUDIT_C,
    version="1998",
    title=english("Three questions about drinking"),
    items=(
        Item(
            key="audit_1",
            text=english("How often do you have a drink containing alcohol?"),
            options=_options(
                "Never", "Monthly or less", "2 to 4 times a month", "2 to 3 times a week", "4 or more times a week"
            ),
        ),
        Item(
            key="audit_2",
            text=english("How many drinks containing alcohol do you have on a typical day when you are drinking?"),
            options=_options("1 or 2", "3 or 4", "5 or 6", "7 to 9", "10 or more"),
            only_if=OnlyIf("audit_1"),
        ),
        Item(
            key="audit_3",
            text=english("How often do you have six or more drinks on one occasion?"),
            options=_options("Never", "Less than monthly", "Monthly", "Weekly", "Daily or almost daily"),
            only_if=OnlyIf("audit_1"),
        ),
    ),
    languages=frozenset({Language.ENGLISH}),
    filled_by=frozenset(Filler),
    scorer=_audit_c,
    licence=Licence(
        text="the three questions are in the public domain (SAMHSA, VA); the WHO manual they come from may be freely "
        "reproduced, not for sale and not for commercial purposes",
        source="Bush et al. 1998; AUDIT, World Health Organization, WHO/MSD/MSB/01.6a",
        notice="AUDIT: World Health Organization, 2001.",
    ),
    loinc="72109-2",
    loinc_total="75626-2",
)
CAGE = Instrument(
    key=InstrumentKey.CAGE,
    version="1984",
    title=english("CAGE"),
    items=tuple(
        Item(key=f"cage_{number}", text=english(text), options=_YES_NO)
        for number, text in enumerate(
            (
                "Have you ever felt you should cut down on your drinking?",
                "Have people annoyed you by criticizing your drinking?",
                "Have you ever felt bad or guilty about your drinking?",
                "Have you ever had a drink first thing in the morning to steady your nerves or to get rid of a "
                "hangover (eye-opener)?",
            ),
            start=1,
        )
    ),
    languages=frozenset({Language.ENGLISH}),
    # What its author asks for: clinicians who put the four questions into history-taking.
    filled_by=frozenset({Filler.STAFF}),
    scorer=_cage,
    licence=Licence(
        text="no fee and no permission asked: the author's article asks all clinicians to use the four questions in "
        "history-taking; held to be in the public domain",
        source="Ewing 1984, JAMA 252:1905-1907",
        notice="CAGE: J. A. Ewing, 1984.",
    ),
)
