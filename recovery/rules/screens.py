"""Urine screens and challenges: what was tested, what it leaves open (S 10, C 1 row 26).

What a reading means for prompts says ``gates.read_screen``. A presumptive
positive is shown to nobody but staff as one: naltrexone itself can turn an
immunoassay positive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from recovery.rules.gates import Analyte
from recovery.rules.medicines import Medicine


class ScreenPanel(StrEnum):
    """What the cup or the order was called; what it tests are its results."""

    OPIATES_ONLY = "opiates_only"
    BASIC = "basic"
    EXTENDED = "extended"
    LABORATORY = "laboratory"


class ScreenMethod(StrEnum):
    """How it was done."""

    IMMUNOASSAY = "immunoassay"
    MASS_SPECTROMETRY = "mass_spectrometry"
    OTHER = "other"


class ScreenStage(StrEnum):
    """Whether a second method has confirmed it."""

    PRESUMPTIVE = "presumptive"
    CONFIRMED = "confirmed"


class AnalyteResult(StrEnum):
    """What a screen says of one analyte."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    INVALID = "invalid"


class ReadAs(StrEnum):
    """What a clinician made of a positive."""

    USE = "use"
    PRESCRIBED = "prescribed"
    FALSE_POSITIVE = "false_positive"
    UNCLEAR = "unclear"


class ChallengeRoute(StrEnum):
    """How the challenge was given; its dose is the label's and is not stored."""

    SUBCUTANEOUS = "subcutaneous"
    INTRAMUSCULAR = "intramuscular"
    INTRAVENOUS = "intravenous"
    NASAL = "nasal"
    TABLET = "tablet"


class ChallengeResult(StrEnum):
    """How it went. Only passed lets a start go on."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


# What a medicine that somebody takes turns positive by itself.
_EXPECTED: Mapping[Medicine, Analyte] = {
    Medicine.BUPRENORPHINE_SUBLINGUAL: Analyte.BUPRENORPHINE,
    Medicine.SUBLOCADE: Analyte.BUPRENORPHINE,
    Medicine.BRIXADI_WEEKLY: Analyte.BUPRENORPHINE,
    Medicine.BRIXADI_MONTHLY: Analyte.BUPRENORPHINE,
    Medicine.METHADONE: Analyte.METHADONE,
}


def expected_positives(medicines: Iterable[Medicine]) -> frozenset[Analyte]:
    """Return the analytes that these medicines turn positive: no sign of use in somebody who takes them."""
    return frozenset(_EXPECTED[each] for each in medicines if each in _EXPECTED)


@dataclass(frozen=True, slots=True)
class ScreenFacts:
    """One screen as the rules see it. ``reading`` None: no clinician has read it."""

    taken_on: date
    results: Mapping[Analyte, AnalyteResult]
    reading: ReadAs | None = None


def still_open(screens: Iterable[ScreenFacts], *, expected: frozenset[Analyte] = frozenset()) -> frozenset[Analyte]:
    """Return the analytes whose last word is a positive (S 10).

    A negative closes only what it tested, a positive that a clinician read as false or prescribed is none,
    an invalid result says nothing. ``expected`` positives come from a prescribed medicine.
    """
    found: set[Analyte] = set()
    for screen in sorted(screens, key=lambda each: each.taken_on):
        for analyte, result in screen.results.items():
            if result is AnalyteResult.NEGATIVE:
                found.discard(analyte)
            elif result is AnalyteResult.POSITIVE and screen.reading not in (
                ReadAs.FALSE_POSITIVE,
                ReadAs.PRESCRIBED,
            ):
                found.add(analyte)
    return frozenset(found) - expected
