"""Every zone that there is, one of each group whose clocks change alike, over the days on which they change."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from backend.rules.wall_time import day_end, dosing_day
from recovery.rules.policy import Policy
from recovery.rules.schedule import dose_slots, regimen_from_catalogue
from reminders.rules.dispatch import Send, SendFacts, decide
from reminders.rules.planning import DoseFact, Person, plan_dose
from reminders.rules.states import MessageClass
from reminders.rules.window import Outside

POLICY = Policy()
FIRST, LAST = 2025, 2035
OPENS, CLOSES = time(8), time(21)


def transitions(zone: ZoneInfo) -> tuple[tuple[datetime, timedelta, timedelta], ...]:
    """The instants from 2025 to 2035 at which the clock changes, to the second, with the offsets around them."""
    found = []
    at, end = datetime(FIRST, 1, 1, tzinfo=UTC), datetime(LAST + 1, 1, 1, tzinfo=UTC)
    before = at.astimezone(zone).utcoffset()
    while at < end:
        following = at + timedelta(hours=12)
        after = following.astimezone(zone).utcoffset()
        if after != before:
            low, high = at, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (low, middle) if middle.astimezone(zone).utcoffset() == after else (middle, high)
            found.append((high.replace(microsecond=0), before, after))
        at, before = following, after
    return tuple(found)


@cache
def groups() -> dict[tuple[object, ...], str]:
    """One zone of each group: the same offset in 2025 and equal transitions. Takes seconds."""
    found: dict[tuple[object, ...], str] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        start = datetime(FIRST, 1, 1, tzinfo=UTC).astimezone(zone).utcoffset()
        found.setdefault((start, *transitions(zone)), name)
    return found


def change_days(zone: ZoneInfo) -> list[date]:
    """The local days on which the clock changes, and the same days' eves (a change may be at midnight)."""
    days = set()
    for at, _, _ in transitions(zone):
        days |= {(at - timedelta(seconds=1)).astimezone(zone).date(), at.astimezone(zone).date()}
    return sorted(days)


def faults_of(name: str, day: date, *, every: int = 1) -> Iterator[str]:
    """What goes wrong with texts in this zone on this day: nothing should be yielded.

    A daily dose at each minute of the day: one slot a dosing day, at a time of that dosing day, and each
    text of it in the window by the reader's own clock. Then each minute that really passes: the last word
    before the wire says "send" only while that clock shows a time in the window.
    """
    zone = ZoneInfo(name)
    person = Person(1, zone)
    for minute in range(0, 24 * 60, every):
        at = time(minute // 60, minute % 60)
        regimen = regimen_from_catalogue(
            "oral_daily", zone=name, first_day=day - timedelta(days=7), times=[at], policy=POLICY
        )
        slots = dose_slots(regimen, first_day=day - timedelta(days=1), last_day=day + timedelta(days=1))
        days = [slot.dosing_day for slot in slots]
        if days != sorted(set(days)) or len(days) != 3:
            yield f"{name} {day} {at}: slots of {days}"
        for slot in slots:
            local = slot.due_at.astimezone(zone).time()
            # Where spring skips 03:00 to 04:00, what was meant for then is due on the roll and stays its own day's.
            on_the_roll = local != at and slot.due_at == day_end(slot.dosing_day, name)
            if dosing_day(slot.due_at, name) != slot.dosing_day and not on_the_roll:
                yield f"{name} {day} {at}: {slot.due_at} is not on {slot.dosing_day}"
            dose = DoseFact(1, 1, slot.dosing_day, slot.ordinal, slot.due_at, slot.closes_at)
            texts = plan_dose(dose, person=person)
            firsts = [text for text in texts if text.slot.step.endswith(".first")]
            if len(firsts) != (OPENS <= local < CLOSES):
                yield f"{name} {day} {at}: {len(firsts)} texts for {local}"
            for text in texts:
                if not OPENS <= text.send_after.astimezone(zone).time() < CLOSES:
                    yield f"{name} {day} {at}: planned for {text.send_after}"
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14)
    facts = SendFacts(
        message_class=MessageClass.DOSE,
        send_after=instant - timedelta(hours=1),
        expires_at=instant + timedelta(days=3),
        zone=zone,
        outside=Outside.SUPPRESS,
        consented=True,
        doses_opted_in=1,
    )
    for step in range(0, 52 * 60, every):
        now = instant + timedelta(minutes=step)
        sends = isinstance(decide(facts, now=now), Send)
        if sends != (OPENS <= now.astimezone(zone).time() < CLOSES):
            yield f"{name}: {'sends' if sends else 'holds'} at {now}"
