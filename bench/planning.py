"""Dose planning for 100,000 patients, against a loop of get_or_create and against bulk_create.

Each round is the next day: every open regimen gets the doses that its horizon of 72 hours has newly come to
reach. The rivals plan the same day for a sample in the same tables; the figures are rows a second. A second
run of ours in the same round must make nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from bench.support import report
from bench.support.rivals import rivals
from bench.support.servers import ground
from bench.support.stats import figure, ratios

LOOP_SAMPLE = 2_000
BULK_SAMPLE = 10_000
AHEAD_HOURS = 72
OURS, LOOP, BULK = "ours", "get_or_create", "bulk_create"


def ours(*, program_id: int, now: str) -> int:
    from recovery.services.regimens import extend_doses

    return extend_doses(program_ids=[program_id], now=datetime.fromisoformat(now), ahead_hours=AHEAD_HOURS)


def main(argv: list[str]) -> int:
    options = report.parser("planning", __doc__, patients=100_000).parse_args(argv)
    say = report.progress(options.json)
    say("starting servers")
    with ground() as base:
        from bench.support import people

        sizes = {
            OURS: options.patients,
            LOOP: min(LOOP_SAMPLE, options.patients),
            BULK: min(BULK_SAMPLE, options.patients),
        }
        reached = (people.NOW + timedelta(hours=AHEAD_HOURS)).date()
        ids = {}
        for name, size in sizes.items():
            say(f"making {size:,} people for {name}")
            ids[name] = people.make_program(name.replace("_", "-"))
            people.make_people(ids[name], size, planned_until=reached)
        base.analyze()
        with rivals(
            "bench.planning:ours",
            "bench.support.orm:plan_with_get_or_create",
            "bench.support.orm:plan_with_bulk_create",
        ) as started:
            found = _rounds(dict(zip(sizes, started, strict=True)), ids, options.rounds, say)
    say("")
    return _publish(found, sizes, base.about | {"rounds": str(options.rounds)}, as_json=options.json)


def _rounds(runners: dict[str, Any], ids: dict[str, int], rounds: int, say: Any) -> dict[str, list[Any]]:
    from bench.support import people

    found: dict[str, list[Any]] = {name: [] for name in (*runners, "second_s", "second_rows", "ours_s", "ours_rss")}
    order = list(runners)
    for number in range(rounds + 1):  # the first one warms caches and is not counted
        now = (people.NOW + timedelta(days=1 + number)).isoformat()
        for name in order[number % 3 :] + order[: number % 3]:
            say(f"round {number} of {rounds}: {name}")
            extra = {} if name == OURS else {"zones": list(people.ZONES), "ahead_hours": AHEAD_HOURS}
            answer = runners[name].run(program_id=ids[name], now=now, **extra)
            if name == OURS:
                again = runners[name].run(program_id=ids[name], now=now)
                found["second_rows"].append(again.result)
            if not number:
                continue
            if answer.result:
                found[name].append(answer.result / answer.seconds)
            if name == OURS:
                found["ours_s"].append(answer.seconds)
                found["second_s"].append(again.seconds)
                found["ours_rss"].append(again.peak_rss_mb)
    return found


def _publish(found: dict[str, list[Any]], sizes: dict[str, int], about: dict[str, Any], *, as_json: bool) -> int:
    lines = [
        report.Line("rows_per_second", "ours, rows a second", figure(found[OURS]), digits=0),
        report.Line("seconds", f"ours, seconds for {sizes[OURS]:,} patients", figure(found["ours_s"])),
        report.Line("get_or_create_rows_per_second", "get_or_create, rows a second", figure(found[LOOP]), digits=0),
        report.Line("bulk_create_rows_per_second", "bulk_create, rows a second", figure(found[BULK]), digits=0),
        report.Line("ratio_get_or_create", "ours / get_or_create", ratios(found[OURS], found[LOOP]), digits=1),
        report.Line("ratio_bulk_create", "ours / bulk_create", ratios(found[OURS], found[BULK])),
        report.Line("second_run_rows", "second run, rows made", figure(found["second_rows"]), most=0, digits=0),
        report.Line("second_run_seconds", "second run, seconds", figure(found["second_s"]), digits=3),
        report.Line("peak_rss_mb", "ours, peak memory in MB", figure(found["ours_rss"]), digits=0),
    ]
    notes = [
        f"get_or_create ran on a sample of {sizes[LOOP]:,} patients and bulk_create on {sizes[BULK]:,}, in the same "
        "tables; rates are compared per row. bulk_create makes no promise that this one does not make too; it asks "
        "for a second query to know what it made, which is not counted against it."
    ]
    about = about | {"patients": sizes[OURS]}
    return report.publish(lines=lines, about=about, notes=notes, as_json=as_json)
