"""What a replay showed: counts of the rows it left, and what must not be among them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from statistics import median
from typing import Any

from backend.db import programs
from backend.rules.wall_time import local_date
from config.replay.play import ZONE, Replay
from recovery.rules.adherence import Supply, gaps, longest_gap, pdc
from recovery.rules.cover import band_starts
from recovery.rules.policy import Policy, default_policy
from recovery.rules.states import FlagKind, Severity
from recovery.selectors.replayed import FlagLife, crossings, flag_lives, injection_days, taken_days, totals
from reminders.selectors.outcome_counts import messages_by_state, without_outcome

Given = Mapping[int, Sequence[tuple[date, datetime]]]
"""By patient: (day given, when recorded), in the order given."""

# What tells one run of a concern from the next.
_RUN = {FlagKind.INJECTION_LATE: "last_given_on", FlagKind.SILENCE: "since"}


def report(replay: Replay) -> dict[str, Any]:
    """Count what the database says about a replay that is over, as plain JSON values."""
    ids = [replay.program_id]
    policy = default_policy()
    with programs(ids):
        total = totals(program_ids=ids)
        bands = crossings(program_ids=ids, until=replay.last_day)
        lives = flag_lives(program_ids=ids)
        given = injection_days(program_ids=ids)
        states = messages_by_state(program_ids=ids)
        open_ends = without_outcome(program_ids=ids, due_by=replay.ends_at, now=replay.ends_at)
        share = adherence(replay, given=given, taken=taken_days(program_ids=ids), policy=policy)
    begins = {band: str(dsl) for band, dsl in band_starts(policy)}
    return {
        "people": total.people,
        "flags": sum(total.flags.values()),
        "messages": sum(states.values()),
        "randomised_ntx": total.on_kind.get("xr_im_28d", 0),
        "inducted_ntx": total.injected,
        "injections": total.injections,
        "crossed": {begins[band]: crossed for band, (crossed, _) in bands.items()},
        "returned": {begins[band]: returned for band, (_, returned) in bands.items()},
        "flags_early": flags_early(lives, given=given, policy=policy),
        "flags_duplicate": flags_duplicate(lives),
        "flags_after_injection": flags_after_injection(lives, given=given),
        "messages_without_outcome": open_ends,
        "flags_by_kind": total.flags,
        "messages_by_state": states,
        "on_regimen": total.on_kind,
        "adherence": share,
    }


def flags_early(lives: Iterable[FlagLife], *, given: Given, policy: Policy) -> int:
    """How many flags of a late injection had a severity before the day on which it begins."""
    begins = {
        Severity.INFO: policy.overdue_1_from_dsl,
        Severity.AMBER: policy.overdue_1_from_dsl,
        Severity.AMBER_PLUS: policy.late_amber_plus_from_dsl,
        Severity.RED: policy.late_red_from_dsl,
    }
    early = 0
    for life in lives:
        if life.kind is not FlagKind.INJECTION_LATE:
            continue
        for severity, since in life.rises:
            before = [day for day, recorded_at in given.get(life.patient_id, ()) if recorded_at < since]
            if not before or (local_date(since, ZONE) - max(before)).days < begins[severity]:
                early += 1
                break
    return early


def flags_duplicate(lives: Sequence[FlagLife]) -> int:
    """How many flags were live beside another of their kind, or are a second one about the same run."""
    twice = 0
    live_until: dict[tuple[int, FlagKind], datetime | None] = {}
    runs: set[tuple[int, FlagKind, object]] = set()
    for life in sorted(lives, key=lambda life: (life.opened_at, life.flag_id)):
        whose = (life.patient_id, life.kind)
        beside = whose in live_until and (live_until[whose] is None or life.opened_at < _known(live_until[whose]))
        run = (*whose, life.evidence.get(_RUN.get(life.kind, ""), life.flag_id))
        twice += beside or run in runs
        runs.add(run)
        live_until[whose] = life.ended_at
    return twice


def _known(at: datetime | None) -> datetime:
    assert at is not None
    return at


def flags_after_injection(lives: Iterable[FlagLife], *, given: Given) -> int:
    """How many flags of a late injection outlived the next one, or were raised after it about the one before."""
    wrong = 0
    for life in lives:
        if life.kind is not FlagKind.INJECTION_LATE:
            continue
        about = date.fromisoformat(life.evidence["last_given_on"])
        wrong += any(
            day > about and (life.ended_at is None or recorded_at < life.ended_at)
            for day, recorded_at in given.get(life.patient_id, ())
        )
    return wrong


def adherence(
    replay: Replay, *, given: Given, taken: Mapping[int, Sequence[date]], policy: Policy
) -> dict[str, dict[str, Any]]:
    """Per arm of the first randomisation: proportion of days covered, from a person's first dose to the last day.

    An observed dose covers its day, an injection its block of days; blocks do not add up. People without a
    dose or an arm are left out. The gap is a person's longest run of uncovered days.
    """
    end = replay.last_day
    shares: dict[str, list[float]] = {}
    longest: dict[str, list[int]] = {}
    reached: Counter[str] = Counter()
    for person in replay.trial.people:
        if person.arm is None:
            continue
        pk = replay.patient_ids[person.who]
        if person.injected:
            supplies = [Supply.of_days(day, policy.injection_cover_days) for day, _ in given.get(pk, ())]
        else:
            supplies = [Supply.of_days(day, 1) for day in taken.get(pk, ())]
        if not supplies:
            continue
        start = min(supply.day for supply in supplies)
        found = pdc(supplies, start=start, end=end)
        share = None if found is None else found.share.value
        if share is None:
            continue
        gap = longest_gap(gaps(supplies, start=start, end=end))
        shares.setdefault(person.arm, []).append(float(share))
        longest.setdefault(person.arm, []).append(0 if gap is None else gap.days)
        reached[person.arm] += float(share) >= policy.pdc_threshold
    return {
        arm: {
            "n": len(found),
            "mean": round(sum(found) / len(found), 4),
            "at_least_80": reached[arm],
            "median_longest_gap": median(longest[arm]),
        }
        for arm, found in sorted(shares.items())
    }
