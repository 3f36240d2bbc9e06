"""The next day's texts of a million patients: planned once, and a second run changes nothing.

Everybody has a dose on the day and said what they did the day before. What is timed is the tick that a worker runs,
``plan_messages`` with everything that it looks at, in one process. Each round is the next day.
"""

from datetime import date, datetime, timedelta
from typing import Any

from bench.support import NOW, report
from bench.support.rivals import rivals
from bench.support.servers import ground
from bench.support.stats import figure

SECONDS_A_MILLION = 600


def plan(*, program_id: int, now: str) -> int:
    """Returns how many rows were made, moved or ended."""
    from reminders.services.planning import plan_messages

    return plan_messages(program_ids=[program_id], now=datetime.fromisoformat(now))


def main(argv: list[str]) -> int:
    options = report.parser("next_day", __doc__, patients=100_000).parse_args(argv)
    say = report.progress(options.json)
    found: dict[str, list[Any]] = {name: [] for name in ("seconds", "made", "again_s", "again", "rss")}
    say("starting servers")
    with ground() as base:
        from bench.support import people

        say(f"making {options.patients:,} people")
        program_id = people.make_program("next-day")
        people.make_people(program_id, options.patients, daily=True, planned_until=date.max)
        base.analyze()
        with rivals("bench.next_day:plan") as [planner]:
            for number in range(options.rounds + (options.rounds > 1)):  # the first of several is not counted
                now = NOW + timedelta(days=number)
                say(f"round {number} of {options.rounds}: the doses of the day")
                people.end_day(program_id, now)
                people.make_doses(program_id, now.date() + timedelta(days=1), over=False)
                base.analyze()
                say(f"round {number} of {options.rounds}: planning")
                order = {"program_id": program_id, "now": now.isoformat()}
                first, again = planner.run(**order), planner.run(**order)
                found["again"].append(again.result)
                if number or options.rounds == 1:
                    found["seconds"].append(first.seconds)
                    found["made"].append(first.result)
                    found["again_s"].append(again.seconds)
                    found["rss"].append(first.peak_rss_mb)
    say("")
    bar = SECONDS_A_MILLION * options.patients / 1_000_000
    lines = [
        report.Line("seconds", f"the next day of {options.patients:,} patients, s", figure(found["seconds"]), most=bar),
        report.Line("rows", "rows made", figure(found["made"]), least=options.patients, digits=0),
        report.Line("second_run_rows", "second run, rows made or changed", figure(found["again"]), most=0, digits=0),
        report.Line("second_run_seconds", "second run, s", figure(found["again_s"])),
        report.Line("peak_rss_mb", "peak memory in MB", figure(found["rss"]), digits=0),
    ]
    about = base.about | {"rounds": str(options.rounds), "patients": options.patients}
    notes = [f"The bar is {SECONDS_A_MILLION} s for 1,000,000 patients, here in proportion."]
    return report.publish(lines=lines, about=about, notes=notes, as_json=options.json)
