"""When silence deserves a call (S 14).

Dose prompts and check-ins are one kind of silence. Silence never holds a
medicine (contract 3), and nobody is called silent because of a reminder that
we failed to send.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from recovery.rules.policy import Policy
from recovery.rules.states import Severity


class AskKind(StrEnum):
    """What was asked."""

    DOSE = "dose"
    CHECK_IN = "check_in"


class CallReason(StrEnum):
    """Why the run that makes a call has the length it has."""

    STEADY = "steady"
    USUAL = "usual"
    RARE = "rare"
    NEW_START = "new_start"
    AFTER_BACK = "after_back"
    INTERVAL_END = "interval_end"
    CRAVING_FLAG = "craving_flag"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to a patient whose time is over.

    ``answered`` is any report by anybody, yes or no. ``reached`` is False when
    our message failed: such an ask is left out. Held, cancelled and away doses
    are no asks and are not passed in.
    """

    day: date
    kind: AskKind
    answered: bool
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Silence:
    """A run of days on which something was asked and nothing came back."""

    severity: Severity
    run: int
    unit: str
    since: date
    last_answer: date | None
    call_run: int
    reason: CallReason
    answered_share: float | None
    policy_version: str

    def evidence(self) -> dict[str, object]:
        """Return what the flag stores, as plain JSON values."""
        return {
            "run": self.run,
            "unit": self.unit,
            "since": self.since.isoformat(),
            "last_answer": None if self.last_answer is None else self.last_answer.isoformat(),
            "call_run": self.call_run,
            "reason": self.reason.value,
            "answered_share": self.answered_share,
            "policy_version": self.policy_version,
        }


def assess_silence(
    asks: Iterable[Ask],
    *,
    today: date,
    started_on: date | None,
    back_on: date | None = None,
    dsl: int | None = None,
    live_craving_flag: bool = False,
    counts_as_opioid: bool,
    policy: Policy,
) -> Silence | None:
    """Return the silence that deserves a place on a list, None when there is none.

    ``asks`` are the closed questions of at least the run and the 28 days before
    it, in any order. A day on which anything was answered ends the run: the two
    kinds are one silence. Two in a row are info; the run that makes a call (amber
    plus) is 3 for somebody who answered 80 % or more of the days asked in the 28
    days before the run began, 5 at 50 to 79 %, 7 below. It is always 3 at a new
    start, after being back from away, from DSL 25, or (opioid) with a live
    craving flag. With nothing asked before the run it is 3.

    The share is taken before the run, not up to today: three silent doses of
    twelve would make a steady Monday-Wednesday-Friday answerer look unsteady.
    """
    counted = [ask for ask in asks if ask.reached and ask.day <= today]
    days: dict[date, bool] = {}
    for ask in counted:
        days[ask.day] = days.get(ask.day, False) or ask.answered
    in_order = sorted(days)
    run: list[date] = []
    for day in reversed(in_order):
        if days[day]:
            break
        run.append(day)
    if len(run) < policy.silence_info_run:
        return None
    since = run[-1]
    before = [days[day] for day in in_order if since - timedelta(policy.silence_rate_days) <= day < since]
    share = sum(before) / len(before) if before else None
    call_run, reason = _call_run(
        share,
        since=since,
        started_on=started_on,
        back_on=back_on,
        dsl=dsl,
        live_craving_flag=live_craving_flag and counts_as_opioid,
        policy=policy,
    )
    in_run = [ask.kind for ask in counted if ask.day >= since]
    one_dose_a_day = len(in_run) == len(run) and set(in_run) == {AskKind.DOSE}
    return Silence(
        severity=Severity.AMBER_PLUS if len(run) >= call_run else Severity.INFO,
        run=len(run),
        unit="doses" if one_dose_a_day else "days",
        since=since,
        last_answer=max((day for day in in_order if days[day]), default=None),
        call_run=call_run,
        reason=reason,
        answered_share=None if share is None else round(share, 4),
        policy_version=policy.version,
    )


def _call_run(
    share: float | None,
    *,
    since: date,
    started_on: date | None,
    back_on: date | None,
    dsl: int | None,
    live_craving_flag: bool,
    policy: Policy,
) -> tuple[int, CallReason]:
    steady = policy.silence_run_steady
    if live_craving_flag:
        return steady, CallReason.CRAVING_FLAG
    if dsl is not None and dsl >= policy.silence_from_dsl:
        return steady, CallReason.INTERVAL_END
    if back_on is not None and (since - back_on).days < policy.silence_after_back_days:
        return steady, CallReason.AFTER_BACK
    new_start = started_on is not None and (since - started_on).days < policy.silence_new_start_days
    if share is None or new_start:
        return steady, CallReason.NEW_START
    if share >= policy.silence_steady_rate:
        return steady, CallReason.STEADY
    if share >= policy.silence_usual_rate:
        return policy.silence_run_usual, CallReason.USUAL
    return policy.silence_run_rare, CallReason.RARE
