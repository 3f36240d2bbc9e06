"""A morning's peak in real time: how long does a text wait from its moment to the provider's "accepted"?

100,000 texts fall due over ten minutes and no sender has a limit. As many processes as there are cores tick every
five seconds, as production's runners do, against a provider on loopback that takes 100 ms. ``--minutes`` with fewer
patients keeps the rate and shortens the run; fewer minutes for the same patients is harder than what is asked.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.support import NOW, report
from bench.support.fake_provider import ACCOUNT, SERVICE, fake_provider
from bench.support.rivals import rivals, together
from bench.support.senders import AUTH_TOKEN
from bench.support.servers import ground
from bench.support.stats import Figure, figure

TICK_S = 5.0
DELAY_S = 0.1
BAR_P99_S = 15
LEFT_OVER_S = 30

_SPREAD = """
UPDATE reminders_message m SET due_at = u.at, send_after = u.at, expires_at = u.at + interval '3 hours'
FROM (
  SELECT id, %(begin)s::timestamptz + ((row_number() OVER (ORDER BY id) * 7919) %% %(count)s)
    * %(lasts)s::interval / %(count)s AS at
  FROM reminders_message WHERE program_id = %(program)s AND state = 'planned' AND slot_on = %(day)s
    AND step = '1.first'
) u WHERE m.id = u.id
"""
_DWELL = """
SELECT count(*), count(*) FILTER (WHERE state = 'accepted'),
  percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM accepted_at - send_after))
FROM reminders_message WHERE program_id = %(program)s AND slot_on = %(day)s AND step = '1.first'
"""


def tick_until(*, program_id: int, base_url: str, ahead_s: float, ends: float) -> int:
    """Tick every five seconds until ``ends`` (``time.time()``); returns how many were accepted."""
    from bench.support.senders import provider_at
    from reminders.services.dispatch import dispatch_due

    provider, accepted = provider_at(base_url), 0
    while (began := time.time()) < ends:
        now = datetime.now(UTC) + timedelta(seconds=ahead_s)
        accepted += dispatch_due(program_ids=[program_id], now=now, provider=provider, runner="bench").accepted
        time.sleep(max(0.0, began + TICK_S - time.time()))
    return accepted


def main(argv: list[str]) -> int:
    options = report.parser("peak", __doc__, patients=100_000, rounds=1)
    options.add_argument("--minutes", type=float, default=10, help="how long the peak lasts: %(default)s")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="%(default)s")
    options = options.parse_args(argv)
    say = report.progress(options.json)
    found: list[dict[str, Any]] = []
    with (
        fake_provider([DELAY_S]) as provider,
        ground(
            SMS_PROVIDER="twilio",
            TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_AUTH_TOKEN=AUTH_TOKEN,
            TWILIO_MESSAGING_SERVICE_SID=SERVICE,
            TWILIO_BASE_URL=provider.urls[0],
        ) as base,
        rivals(*["bench.peak:tick_until"] * options.processes) as runners,
    ):
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}: {options.patients:,} people")
            found.append(_peak(number, options, provider, base, runners, say))
    say("")

    def each(name: str) -> Figure:
        return figure([one[name] for one in found])

    lines = [
        report.Line("p50_s", "half of the texts waited at most, s", each("p50")),
        report.Line("p99_s", "99 of 100 waited at most, s", each("p99"), most=BAR_P99_S),
        report.Line("longest_s", "the longest wait, s", each("longest")),
        report.Line("lost", "texts that did not leave", each("lost"), most=0, digits=0),
        report.Line("doubled", "texts that left twice", each("doubled"), most=0, digits=0),
        report.Line("peak_rss_mb", "peak memory of a process in MB", each("rss"), digits=0),
    ]
    about = base.about | {
        "rounds": str(options.rounds),
        "patients": options.patients,
        "minutes": options.minutes,
        "rate": f"{options.patients / options.minutes / 60:.0f} a second",
        "processes": options.processes,
    }
    return report.publish(lines=lines, about=about, as_json=options.json)


def _peak(number: int, options: Any, provider: Any, base: Any, runners: Any, say: Any) -> dict[str, Any]:
    from django.db import connection

    from backend.db import programs
    from bench.support import people

    program_id = people.make_program(f"peak-{number}")
    for first in range(0, options.patients, 5_000):
        count = min(5_000, options.patients - first)
        people.make_reachable(program_id, count, now=NOW, first_number=number * options.patients + first)
        say(f"{first + count:,} people")
    people.plan_texts(program_id, now=NOW)
    lasts = timedelta(minutes=options.minutes)
    values = {"program": program_id, "count": options.patients, "lasts": lasts, "day": NOW.date()}
    # The peak begins in a few seconds; the re-prompts lie an hour further on and are not part of it.
    base.analyze()
    before = provider.counts()[0]
    ahead_s = (NOW - datetime.now(UTC)).total_seconds()
    begins = time.time() + TICK_S
    with programs([program_id]), connection.cursor() as cursor:
        cursor.execute(_SPREAD, values | {"begin": NOW + timedelta(seconds=begins - (NOW.timestamp() - ahead_s))})
    say(f"round {number + 1} of {options.rounds}: the peak")
    order = {
        "program_id": program_id,
        "base_url": provider.urls[0],
        "ahead_s": ahead_s,
        "ends": begins + lasts.total_seconds() + LEFT_OVER_S,
    }
    _, answers = together(runners, [order] * len(runners))
    after = provider.counts()[0]
    with programs([program_id]), connection.cursor() as cursor:
        cursor.execute(_DWELL, values)
        planned, accepted, (p50, p99, longest) = cursor.fetchone()
    if planned != options.patients:
        raise RuntimeError(f"{planned} texts of {options.patients} people: the bench and the planner disagree.")
    return {
        "p50": p50,
        "p99": p99,
        "longest": longest,
        "lost": planned - accepted,
        "doubled": after["posts"] - before["posts"] - accepted,
        "rss": max(answer.peak_rss_mb for answer in answers),
    }
