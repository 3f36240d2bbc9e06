"""Texts under a sender's real rate: do they leave in order, does one leave too late, was it said beforehand?

A morning's texts of a panel go through a sender that its carrier allows 1, 10 and 100 texts a second. The clock is
the bench's: the tick runs every five seconds of it, with production's services on a real database and a provider
that takes everything. A tenth of the texts is more urgent and falls due at any time.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bench.support import report
from bench.support.servers import ground
from bench.support.stats import figure

RATES = {"1": 1.0, "10": 10.0, "100": 100.0}
TICK = timedelta(seconds=5)
LASTS = timedelta(minutes=10)


@dataclass
class Taker:
    """Takes everything at once and notes when."""

    name: str = "bench"
    receipt: str = ""
    service: str | None = None
    at: datetime | None = None
    took: list[tuple[int, datetime]] = field(default_factory=list)

    def send_batch(self, batch: Any, *, now: datetime) -> Any:
        from reminders.rules.retry import Outcome, Result

        self.took += [(one.message_id, self.at or now) for one in batch]
        return [Result(Outcome.ACCEPTED, sid=f"SM{one.message_id:032d}") for one in batch]

    def find(self, queries: Any) -> Any:
        return [[] for _ in queries]

    def cancel(self, sids: Any) -> Any:
        return [False for _ in sids]


def main(argv: list[str]) -> int:
    options = report.parser("dwell", __doc__, patients=600, rounds=1).parse_args(argv)
    say = report.progress(options.json)
    lines = []
    with ground(DISPATCH_SECONDS=str(TICK.total_seconds())) as base:
        for number, (name, rate) in enumerate(RATES.items()):
            say(f"{options.patients} texts at {name} a second")
            one = _morning(name, rate, options.patients, number * options.patients)
            lines += [
                report.Line(f"left_{name}", f"{name} a second: left", figure([one["left"]]), digits=0),
                report.Line(f"expired_{name}", "expired and never left", figure([one["expired"]]), digits=0),
                report.Line(f"said_expired_{name}", "said beforehand to expire", figure([one["said"]]), digits=0),
                report.Line(f"after_expiry_{name}", "left after expiry", figure([one["late"]]), most=0, digits=0),
                report.Line(
                    f"out_of_order_{name}", "left before one more urgent", figure([one["order"]]), most=0, digits=0
                ),
                report.Line(f"wait_{name}_s", "longest wait, s", figure([one["wait"]]), digits=0),
                report.Line(f"said_wait_{name}_s", "said beforehand, s", figure([one["said_wait"]]), digits=0),
            ]
    say("")
    about = base.about | {"patients": options.patients, "lasts": str(LASTS), "tick": f"{TICK.total_seconds():g} s"}
    return report.publish(lines=lines, about=about, as_json=options.json)


def _morning(name: str, rate: float, count: int, first_number: int) -> dict[str, float]:
    from backend.db import programs
    from bench.support import people
    from reminders.models import Message
    from reminders.rules.fit import Waiting, fit
    from reminders.services import dispatch
    from reminders.services.senders import register_sender

    program_id = people.make_program(f"dwell-{name}")
    people.make_reachable(program_id, count, now=people.NOW, first_number=first_number)
    people.plan_texts(program_id, now=people.NOW)
    service = f"MG{name:0>32}"  # each rate is a sender of its own, with a full bucket at first
    register_sender(program_id=program_id, address=service, provider="bench", segments_per_second=rate)
    begun = people.NOW - timedelta(minutes=10)
    with programs([program_id]):
        due = Message.objects.filter(state="planned", step="1.first", send_after__lte=people.NOW).order_by("pk")
        ids = list(due.values_list("pk", flat=True))
        for place, pk in enumerate(ids):
            at = begun + timedelta(seconds=600 * (place * 7919 % len(ids)) / len(ids))
            urgent = {"message_class": "visit", "priority": 50} if place % 10 == 0 else {}
            Message.objects.filter(pk=pk).update(send_after=at, due_at=at, expires_at=at + LASTS, **urgent)
        facts = {
            pk: (at, priority, expires)
            for pk, at, priority, expires in Message.objects.filter(pk__in=ids).values_list(
                "pk", "send_after", "priority", "expires_at"
            )
        }
    said = fit([Waiting(at, priority, expires) for at, priority, expires in facts.values()], per_second=rate)
    taker, now = Taker(service=service), begun
    while now < begun + 2 * LASTS + TICK:
        taker.at = now
        dispatch.dispatch_due(program_ids=[program_id], now=now, provider=taker)
        now += TICK
    mine = [(pk, at) for pk, at in taker.took if pk in facts]
    when = dict(mine)
    order = sum(_passed_over(pk, at, facts, when) for pk, at in mine)
    with programs([program_id]):
        expired = Message.objects.filter(pk__in=ids, state="expired").count()
    if len(mine) + expired != len(ids):
        raise RuntimeError(f"{len(ids)} texts: {len(mine)} left, {expired} expired.")
    return {
        "left": len(mine),
        "expired": expired,
        "said": said.expired,
        "late": sum(at >= facts[pk][2] for pk, at in mine),
        "order": order,
        "wait": max((at - facts[pk][0]).total_seconds() for pk, at in mine),
        "said_wait": said.longest_wait.total_seconds(),
    }


def _passed_over(pk: int, at: datetime, facts: dict[int, Any], when: dict[int, datetime]) -> int:
    """Whether a more urgent text was due, in time and still waiting when this one left."""
    _, priority, _ = facts[pk]
    return any(
        other_due <= at and other_priority < priority and expires > at and when.get(other, at + TICK) > at
        for other, (other_due, other_priority, expires) in facts.items()
        if other_priority < priority
    )
