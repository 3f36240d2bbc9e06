"""Closing the day for 100,000 patients, against an idiomatic loop over the ORM. Bar: 20 times, aim 50.

Each round is the next day: everybody had a dose and nobody has reported it when the day ends (reports come
in later, between the rounds), so every patient has a row to write. 15 in 100 said nothing on the days before
either, in runs of three days, so that in every round flags are raised, rise, and go on. The loop does the same
for a sample in the same tables; rates are compared per patient. Then the rows that both wrote are compared.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from bench.support import report
from bench.support.rivals import rivals
from bench.support.servers import ground
from bench.support.stats import figure, ratios

LOOP_SAMPLE = 1_000
HISTORY_DAYS = 8
CYCLE = 20
SILENT_DAYS = 3
BAR, AIM = 20, 50


def ours(*, program_id: int, now: str) -> int:
    from recovery.services.doses import close_doses

    return close_doses(program_ids=[program_id], now=datetime.fromisoformat(now)).closed


def silent_on(day: date) -> list[int]:
    """Whose silence covers this day: remainders of running numbers by CYCLE. A run has SILENT_DAYS days."""
    return [(day.toordinal() + back) % CYCLE for back in range(SILENT_DAYS)]


def end_of(day: date) -> datetime:
    """An instant at which ``day`` is over in every zone of the bench."""
    from backend.rules import wall_time
    from bench.support import people

    return max(wall_time.day_end(day, zone) for zone in people.ZONES)


def prepare(program_id: int, count: int, first: date, *, analyze: Callable[[], None] = lambda: None) -> None:
    """People with a history up to the day before ``first``. ``analyze`` is called once they are there:
    without statistics the first day of many people would be joined row by row.
    """
    from bench.support import people

    people.make_people(program_id, count, daily=True, planned_until=date.max)
    analyze()
    for back in range(HISTORY_DAYS, 0, -1):
        day = first - timedelta(days=back)
        people.make_doses(program_id, day, over=True, silent=silent_on(day), cycle=CYCLE)


def begin_day(program_id: int, day: date) -> None:
    """What happens between two closings: late reports come in for the day before, and a new day's doses are there."""
    from bench.support import people

    people.report_late(program_id, day - timedelta(days=1), silent=silent_on(day - timedelta(days=1)), cycle=CYCLE)
    people.make_doses(program_id, day, over=False, cycle=CYCLE)


def main(argv: list[str]) -> int:
    options = report.parser("closing", __doc__, patients=100_000).parse_args(argv)
    say = report.progress(options.json)
    say("starting servers")
    with ground() as base:
        from bench.support import people

        first = people.NOW.date()
        sizes = {"ours": options.patients, "loop": min(LOOP_SAMPLE, options.patients)}
        ids = {}
        for name, size in sizes.items():
            say(f"making {size:,} people with {HISTORY_DAYS} days behind them for {name}")
            ids[name] = people.make_program(name)
            prepare(ids[name], size, first, analyze=base.analyze)
        base.analyze()
        with rivals("bench.closing:ours", "bench.support.orm:close_in_a_loop") as started:
            runners = dict(zip(sizes, started, strict=True))
            found = _rounds(runners, ids, first, options.rounds, say)
        differ = _differences(ids["ours"], ids["loop"], sizes["loop"])
        found["flags"] = [len(people.written_flags(ids["ours"], sizes["ours"]))]
    say("")
    return _publish(found, sizes, differ, base.about | {"rounds": str(options.rounds)}, as_json=options.json)


def _rounds(runners: dict[str, Any], ids: dict[str, int], first: date, rounds: int, say: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in ("ours", "loop", "ours_s", "second_s", "second_rows", "rss")}
    order = list(runners)
    for number in range(rounds + 1):  # the first one warms caches and is not counted
        day = first + timedelta(days=number)
        now = end_of(day).isoformat()
        for name in order[number % 2 :] + order[: number % 2]:
            say(f"round {number} of {rounds}: the day of {name}")
            begin_day(ids[name], day)
            say(f"round {number} of {rounds}: {name} closes it")
            answer = runners[name].run(program_id=ids[name], now=now)
            if number:
                found[name].append(answer.result / answer.seconds)
            if name == "ours":
                again = runners[name].run(program_id=ids[name], now=now)
                found["second_rows"].append(again.result)
                if number:
                    found["ours_s"].append(answer.seconds)
                    found["second_s"].append(again.seconds)
                    found["rss"].append(again.peak_rss_mb)
    return found


def _differences(ours_id: int, loop_id: int, count: int) -> int:
    """How many of the rows that both should have written differ: doses, flags, audit of the same running numbers."""
    from bench.support import people

    doses = people.written_doses(ours_id, count) ^ people.written_doses(loop_id, count)
    flags = people.written_flags(ours_id, count) ^ people.written_flags(loop_id, count)
    audit = set(people.written_audit(ours_id, count)) ^ set(people.written_audit(loop_id, count))
    return len(doses) + len(flags) + len(audit)


def _publish(
    found: dict[str, list[Any]], sizes: dict[str, int], differ: int, about: dict[str, Any], *, as_json: bool
) -> int:
    lines = [
        report.Line("ratio_orm_loop", "ours / ORM loop", ratios(found["ours"], found["loop"]), least=BAR, digits=1),
        report.Line("patients_per_second", "ours, patients a second", figure(found["ours"]), digits=0),
        report.Line("seconds", f"ours, seconds for {sizes['ours']:,} patients", figure(found["ours_s"])),
        report.Line("orm_patients_per_second", "ORM loop, patients a second", figure(found["loop"]), digits=0),
        report.Line("second_run_rows", "second run, doses closed", figure(found["second_rows"]), most=0, digits=0),
        report.Line("second_run_seconds", "second run, seconds", figure(found["second_s"]), digits=3),
        report.Line("rows_that_differ", "rows that the two wrote differently", figure([differ]), most=0, digits=0),
        report.Line("flags", "flags that ours wrote in all rounds", figure(found["flags"]), digits=0),
        report.Line("peak_rss_mb", "ours, peak memory in MB", figure(found["rss"]), digits=0),
    ]
    notes = [
        f"The loop ran on a sample of {sizes['loop']:,} patients in the same tables. The aim is {AIM} times.",
    ]
    return report.publish(lines=lines, about=about | {"patients": sizes["ours"]}, notes=notes, as_json=as_json)
