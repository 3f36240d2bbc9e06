"""Who is on call, who is told of a flag, and what happens when nobody answers.

Pure: no Django, no database, no clock. A flag that nobody owns always has a time at
which somebody else is told: the first on call, at half the response time the second,
at its end everybody, and then everybody again. It ends only when a person takes or
closes it (C 7; a stateful test looks for a state with neither owner nor timer).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from backend.rules.wall_time import to_utc


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else for a while: ``starts_at <= t < ends_at``. No people means a gap, on purpose or not."""

    starts_at: datetime
    ends_at: datetime
    people: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rota:
    """Who is on call, by week.

    Week 0 begins on ``anchor`` (a Monday) at ``hand_over`` local; ``turns`` are taken in a circle, each the
    people of one week in the order in which they are told. Of two overrides at once the later one in the
    list holds.
    """

    zone: ZoneInfo
    anchor: date
    turns: tuple[tuple[int, ...], ...]
    hand_over: time = time(8)
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        if self.anchor.weekday() != 0:
            raise ValueError("a rota is anchored on a Monday")


def _week_start(rota: Rota, instant: datetime) -> tuple[date, int]:
    """Return the Monday on which the week of ``instant`` began, and its number."""
    local = instant.astimezone(rota.zone).date()
    monday = local - timedelta(days=local.weekday())
    if instant < to_utc(monday, rota.hand_over, rota.zone):
        monday -= timedelta(days=7)
    return monday, (monday - rota.anchor).days // 7


def on_call(rota: Rota, *, now: datetime) -> tuple[int, ...]:
    """Return who is on call now, in the order in which they are told. Empty is a gap."""
    for override in reversed(rota.overrides):
        if override.starts_at <= now < override.ends_at:
            return override.people
    if not rota.turns:
        return ()
    return rota.turns[_week_start(rota, now)[1] % len(rota.turns)]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch with too few people: ``missing`` of the two that cover needs."""

    starts_at: datetime
    ends_at: datetime
    missing: int


SOME_MONDAY = date(2024, 1, 1)
"""An anchor for a rota that has no turns yet."""

COVER = 2
"""People on call at any time (C 7: two-person cover)."""

GAP_WARNING = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch in which the same people are on call; ``overridden`` when an override and no week says so."""

    starts_at: datetime
    ends_at: datetime
    people: tuple[int, ...]
    overridden: bool


def hand_overs(rota: Rota, *, now: datetime, count: int) -> list[datetime]:
    """Return the next ``count`` instants after ``now`` at which a week of the rota begins."""
    monday = _week_start(rota, now)[0]
    return [to_utc(monday + timedelta(days=7 * week), rota.hand_over, rota.zone) for week in range(1, count + 1)]


def stretches(rota: Rota, *, since: datetime, until: datetime) -> list[Stretch]:
    """Return who is on call when in ``since <= t < until``: without holes, the earliest first. Weeks are kept apart."""
    found: list[Stretch] = []
    weeks = set(_marks(rota, since, until, of_overrides=False))
    for start, end in pairwise(_marks(rota, since, until)):
        people = on_call(rota, now=start)
        overridden = any(each.starts_at <= start < each.ends_at for each in rota.overrides)
        last = found[-1] if found else None
        if last and start not in weeks and (last.people, last.overridden) == (people, overridden):
            found[-1] = replace(last, ends_at=end)
        else:
            found.append(Stretch(start, end, people, overridden))
    return found


def _marks(rota: Rota, since: datetime, until: datetime, *, of_overrides: bool = True) -> list[datetime]:
    """Return ``since``, every instant between at which somebody else may be on call, and ``until``."""
    edges = {since}
    for override in rota.overrides if of_overrides else ():
        edges |= {edge for edge in (override.starts_at, override.ends_at) if since < edge < until}
    monday = _week_start(rota, since)[0]
    while (edge := to_utc(monday, rota.hand_over, rota.zone)) < until:
        if edge > since:
            edges.add(edge)
        monday += timedelta(days=7)
    return [*sorted(edges), until]


def gaps(rota: Rota, *, since: datetime, until: datetime, cover: int = COVER) -> list[Gap]:
    """Return the stretches of ``since <= t < until`` with fewer than ``cover`` different people."""
    found: list[Gap] = []
    for start, end in pairwise(_marks(rota, since, until)):
        missing = cover - len(set(on_call(rota, now=start)))
        if missing <= 0:
            continue
        if found and found[-1].ends_at == start and found[-1].missing == missing:
            found[-1] = replace(found[-1], ends_at=end)
        else:
            found.append(Gap(start, end, missing))
    return found


def gaps_to_warn_of(rota: Rota, *, now: datetime, cover: int = COVER) -> list[Gap]:
    """Return the gaps that have begun or begin within a day."""
    return gaps(rota, since=now, until=now + GAP_WARNING, cover=cover)


# --- the escalation of one flag ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    share: float = 0.5  # of the response time, that each step is given; a program's own number takes its place
    shortest: timedelta = timedelta(minutes=2)  # between two steps, also for "now"
    again_at_least_every: timedelta = timedelta(hours=24)
    longest_snooze: timedelta = timedelta(days=7)


ESCALATION = EscalationPolicy()

STEPS_BEFORE_EVERYBODY = 2
"""The first on call, then the second (C 7)."""


class OverrideReason(StrEnum):
    """Why somebody else is on call for a while: a word from a list, since free text could name somebody."""

    TAKE_OVER = "take_over"
    SWAP = "swap"
    HOLIDAY = "holiday"
    ILL = "ill"
    OTHER = "other"


class Phase(StrEnum):
    WAITING = "waiting"  # nobody owns it: a timer runs
    OWNED = "owned"
    SNOOZED = "snoozed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Escalation:
    """Where the telling of one flag stands, as a value; the caller stores it beside the flag."""

    phase: Phase
    response: timedelta  # within which somebody must have taken it
    next_at: datetime | None  # when the next step is due; None only when closed
    level: int = 0  # steps already taken in this round
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What falls due: tell these people, and store the new state."""

    escalation: Escalation
    recipients: tuple[int, ...]
    level: int  # of this telling; part of the notice's slot
    nobody: bool  # there was nobody to tell: operations must hear of it by another path


def begin(*, response: timedelta, now: datetime, works_from: datetime | None = None) -> Escalation:
    """Return the escalation of a new flag.

    Acute red is told at once. Calendar red passes ``works_from``, the start of the clinic day (S 15).
    """
    return Escalation(Phase.WAITING, response, next_at=now if works_from is None else max(now, works_from))


def _pause(escalation: Escalation, policy: EscalationPolicy) -> timedelta:
    """The program's share of the response time, within bounds: the time that each step is given."""
    return min(max(escalation.response * policy.share, policy.shortest), policy.again_at_least_every)


def is_due(escalation: Escalation, *, now: datetime) -> bool:
    """Tell whether a step is due."""
    return escalation.next_at is not None and escalation.next_at <= now


def step(
    escalation: Escalation,
    *,
    rota: Rota,
    everybody: Iterable[int],
    now: datetime,
    policy: EscalationPolicy = ESCALATION,
) -> Step:
    """Take the step that is due.

    First the first person on call, then the second (the first once more when there is no second), then
    everybody, and everybody again for as long as nobody takes it. A gap in the rota goes straight to
    everybody. A snooze that is over begins a new round. An owner who has not closed it in the response time
    is told again together with those on call, without losing it.

    Raises ``ValueError`` when nothing is due.
    """
    if not is_due(escalation, now=now):
        raise ValueError("no step is due")
    duty = tuple(dict.fromkeys(on_call(rota, now=now)))
    all_of_them = tuple(dict.fromkeys((*duty, *everybody)))
    if escalation.phase is Phase.OWNED:
        assert escalation.owner_id is not None
        recipients = tuple(dict.fromkeys((escalation.owner_id, *duty)))
        wait = min(max(escalation.response, policy.shortest), policy.again_at_least_every)
        following = replace(escalation, level=escalation.level + 1, next_at=now + wait)
        return Step(following, recipients, escalation.level, nobody=False)
    level = 0 if escalation.phase is Phase.SNOOZED else escalation.level
    recipients = duty[level : level + 1] or duty[:1] if level < STEPS_BEFORE_EVERYBODY else all_of_them
    if not recipients:
        recipients = all_of_them
    following = replace(
        escalation,
        phase=Phase.WAITING,
        level=level + 1,
        next_at=now + _pause(escalation, policy),
        owner_id=None,
    )
    return Step(following, recipients, level, nobody=not recipients)


def acknowledge(
    escalation: Escalation, *, user_id: int, now: datetime, policy: EscalationPolicy = ESCALATION
) -> Escalation:
    """Return the state after somebody took the flag, by reply or on the page. The last one to take it has it.

    A closed one stays closed: a late "1" to an old notice reopens nothing.
    """
    if escalation.phase is Phase.CLOSED:
        return escalation
    wait = min(max(escalation.response, policy.shortest), policy.again_at_least_every)
    return replace(escalation, phase=Phase.OWNED, owner_id=user_id, level=0, next_at=now + wait)


def release(escalation: Escalation, *, now: datetime) -> Escalation:
    """Return the state after its owner gave it back, left the program, or was disabled: a new round, at once."""
    if escalation.phase is Phase.CLOSED:
        return escalation
    return replace(escalation, phase=Phase.WAITING, owner_id=None, level=0, next_at=now)


def snooze(
    escalation: Escalation, *, until: datetime, now: datetime, policy: EscalationPolicy = ESCALATION
) -> Escalation:
    """Return the state after a snooze. It is never longer than a week and always ends in a new round."""
    if escalation.phase is Phase.CLOSED:
        return escalation
    until = min(max(until, now), now + policy.longest_snooze)
    return replace(escalation, phase=Phase.SNOOZED, next_at=until, level=0)


def raise_severity(
    escalation: Escalation, *, response: timedelta, now: datetime, works_from: datetime | None = None
) -> Escalation:
    """Return the state after the flag became more severe: unowned or snoozed it starts a new round at once.

    What the calendar raised passes ``works_from``, the start of the clinic day (S 15). An owner keeps it,
    with the shorter time.
    """
    if escalation.phase is Phase.CLOSED:
        return escalation
    shorter = min(response, escalation.response)
    if escalation.phase is Phase.OWNED:
        assert escalation.next_at is not None
        return replace(escalation, response=shorter, next_at=min(escalation.next_at, now + shorter))
    begins = now if works_from is None else max(now, works_from)
    return replace(escalation, phase=Phase.WAITING, response=shorter, level=0, next_at=begins, owner_id=None)


def close(escalation: Escalation) -> Escalation:
    """Return the closed state. Only a person closes a red flag: the caller sees to that (contract 5)."""
    return replace(escalation, phase=Phase.CLOSED, next_at=None, owner_id=None)
