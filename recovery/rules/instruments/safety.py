"""Which answers mean danger, and how much (S 12, C 7). They count the moment they are given, form finished or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recovery.rules.instruments import cssrs, month, phq
from recovery.rules.instruments.definition import InstrumentKey, Score
from recovery.rules.policy import Policy
from recovery.rules.states import FlagKind, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One concern that an answer or a score raises, with the numbers of its sentence."""

    kind: FlagKind
    severity: Severity
    evidence: Mapping[str, Any]
    safety: bool = False


def findings_of_answer(instrument: InstrumentKey, item: str, value: object, *, policy: Policy) -> list[Finding]:
    """Return what one answer raises at once. An answer that says nothing of danger raises nothing."""
    if isinstance(value, bool) or not isinstance(value, int):
        return []
    if instrument is InstrumentKey.PHQ9 and item == phq.ITEM_9 and value >= policy.phq9_item_9_at:
        return [_thoughts(Severity.AMBER_PLUS, instrument, item, value)]
    if instrument is InstrumentKey.CSSRS and value >= 1:
        found = [_thoughts(Severity.AMBER_PLUS, instrument, item, value)]
        if item in cssrs.HIGH:
            evidence = {"instrument": instrument.value, "item": item}
            found.append(Finding(kind=FlagKind.SUICIDE_RISK, severity=Severity.RED, evidence=evidence, safety=True))
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


def unfinished(instrument: InstrumentKey, *, minutes: int) -> Finding:
    """What a form with a safety answer raises when it was not finished in time: red (S 12)."""
    evidence = {"instrument": instrument.value, "unfinished_minutes": minutes}
    return Finding(kind=FlagKind.SUICIDE_THOUGHTS, severity=Severity.RED, evidence=evidence, safety=True)


def _thoughts(severity: Severity, instrument: InstrumentKey, item: str, value: int) -> Finding:
    evidence = {"instrument": instrument.value, "item": item, "value": value}
    return Finding(kind=FlagKind.SUICIDE_THOUGHTS, severity=severity, evidence=evidence, safety=True)
