"""Which answers mean danger, and how much (S 12, C 7). They count the moment they are given, form finished or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recovery.rules.instruments import cssrs, month, phq
from recovery.rules.instruments.definition import Answers, InstrumentKey, Score
from recovery.rules.instruments.telling import Danger
from recovery.rules.policy import Policy
from recovery.rules.states import FlagKind, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One concern that an answer or a score raises, with the numbers of its sentence."""

    kind: FlagKind
    severity: Severity
    evidence: Mapping[str, Any]
    safety: bool = False


def findings_of_answer(instrument: InstrumentKey, item: str, answers: Answers, *, policy: Policy) -> list[Finding]:
    """Return what the answer to ``item`` raises at once, given all ``answers`` so far, itself included.

    An answer that says nothing of danger raises nothing. The evidence names every item that was answered with yes, so
    that a second yes adds to the sentence and does not replace it.
    """
    value = answers.get(item)
    if isinstance(value, bool) or not isinstance(value, int):
        return []
    if instrument is InstrumentKey.PHQ9 and item == phq.ITEM_9 and value >= policy.phq9_item_9_at:
        evidence = {"instrument": instrument.value, "value": value}
        return [_found(FlagKind.SUICIDE_THOUGHTS, Severity.AMBER_PLUS, evidence)]
    if instrument is InstrumentKey.CSSRS and value >= 1:
        yes = [key for key in cssrs.ORDER if isinstance(said := answers.get(key), int) and said >= 1]
        evidence = {"instrument": instrument.value, "yes": yes}
        found = [_found(FlagKind.SUICIDE_THOUGHTS, Severity.AMBER_PLUS, evidence)]
        if item in cssrs.HIGH:
            found.append(_found(FlagKind.SUICIDE_RISK, Severity.RED, evidence))
        return found
    if instrument is InstrumentKey.MONTH and item == month.PAIN and value >= policy.pain_high_at:
        return [Finding(kind=FlagKind.PAIN_HIGH, severity=Severity.AMBER, evidence={"pain": value})]
    return []


def findings_of_score(instrument: InstrumentKey, score: Score, *, policy: Policy) -> list[Finding]:
    """Return what a finished form raises by its total."""
    if score.total is None:
        return []
    cut = {InstrumentKey.PHQ2: policy.phq2_at, InstrumentKey.PHQ9: policy.phq9_moderate_at}.get(instrument)
    if cut is None or score.total < cut:
        return []
    evidence = {"instrument": instrument.value, "total": score.total, "of": score.of, "cut": cut}
    return [Finding(kind=FlagKind.LOW_MOOD, severity=Severity.AMBER, evidence=evidence)]


def danger_of(instrument: InstrumentKey, answers: Answers, *, policy: Policy) -> Danger | None:
    """Return what the answers so far say of danger: what the person is told beside the next question."""
    if instrument is InstrumentKey.PHQ9:
        nine = answers.get(phq.ITEM_9)
        return Danger.THOUGHTS if isinstance(nine, int) and nine >= policy.phq9_item_9_at else None
    if instrument is InstrumentKey.CSSRS:
        level = cssrs.level(answers)
        return {"high": Danger.RISK, "none": None}.get(level, Danger.THOUGHTS)
    return None


def unfinished(instrument: InstrumentKey, *, minutes: int) -> Finding:
    """What a form with a safety answer raises when it was not finished in time: red (S 12)."""
    evidence = {"instrument": instrument.value, "unfinished_minutes": minutes}
    return _found(FlagKind.SUICIDE_THOUGHTS, Severity.RED, evidence)


def _found(kind: FlagKind, severity: Severity, evidence: Mapping[str, Any]) -> Finding:
    return Finding(kind=kind, severity=severity, evidence=evidence, safety=True)
