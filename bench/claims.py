"""Finding and claiming 1,000 due rows with ten thousand and with ten million rows waiting for later.

Two databases of one server, alike but for what waits in ``reminders_message``, each with a process of its own that
claims as a worker's tick does. Rounds are interleaved and each claim is taken back, so every round finds the same
rows. The waiting rows are made in the database itself, with all indexes and keys in place. At the end EXPLAIN says
which indexes the claim read and how many pages.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bench.support import report
from bench.support.rivals import Rival, environment, rivals
from bench.support.servers import ground
from bench.support.stats import figure, ratios

DUE = 1_000
PEOPLE = 20_000
PAGE = 500_000
FEW, MANY = "few", "many"

_WAITING = """
INSERT INTO reminders_message (program_id, patient_id, audience, subject_kind, subject_id, slot_on, step, channel,
  message_class, acute, own_time, priority, template, template_version, language, "values", is_question, due_at,
  send_after, expires_at, state, why, attempts, crashes, claimed_by, provider, provider_sid, provider_rank, looks,
  question_open, created_at)
SELECT %(program)s, p.id, 'patient', 'hello', n, %(at)s::date, 'only', 'sms', 'dose', false,
  false, 70, 'hello.well_done', 1, 'en', '{}', false, u.at, u.at, u.at + interval '3 hours', 'planned', '', 0, 0, '',
  '', '', 0, 0, false, %(now)s
FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS n
CROSS JOIN LATERAL (SELECT %(at)s::timestamptz + n * interval '1 second' / 100 AS at) u
JOIN recovery_patient p ON p.program_id = %(program)s AND p.number = 1 + n %% %(people)s
"""


def main(argv: list[str]) -> int:
    options = report.parser("claims", __doc__, patients=PEOPLE)
    options.add_argument("--few", type=int, default=10_000, help="rows that wait in one database: %(default)s")
    options.add_argument("--waiting", type=int, default=10_000_000, help="rows that wait in the other: %(default)s")
    options = options.parse_args(argv)
    if options.patients < DUE:
        raise SystemExit(f"--patients is at least {DUE}: each has one row that is due.")
    say = report.progress(options.json)
    sizes = {FEW: options.few, MANY: options.waiting}
    with ground() as base:
        from bench.support import people

        say(f"making {options.patients:,} people")
        program_id = people.make_program("claims")
        people.make_people(program_id, options.patients)
        rows = _Rows(base.owner_url, program_id, options.patients, people.NOW)
        rows.add(DUE, at=people.NOW - timedelta(minutes=5))
        rows.add(options.few, at=people.NOW + timedelta(days=1))
        base.analyze()
        urls = {FEW: _cloned(base.owner_url, os.environ["DATABASE_URL"]), MANY: os.environ["DATABASE_URL"]}
        began = time.monotonic()
        while rows.made < options.waiting + DUE:
            rows.add(min(PAGE, options.waiting + DUE - rows.made), at=people.NOW + timedelta(days=1))
            say(f"{rows.made:,} rows after {time.monotonic() - began:.0f} s")
        base.analyze()
        now = people.NOW.isoformat()
        found: dict[str, list[float]] = {name: [] for name in sizes}
        work = ("bench.claims:claim_and_take_back", "bench.claims:explain")
        with _on(urls[FEW], *work) as few, _on(urls[MANY], *work) as many:
            runners = {FEW: few, MANY: many}
            for number in range(options.rounds + 1):
                say(f"round {number} of {options.rounds}")
                for name in [FEW, MANY][:: -1 if number % 2 else 1]:
                    answer = runners[name][0].run(program_id=program_id, now=now)
                    if number:
                        found[name].append(answer.result * 1000)
            plans = {name: each[1].run(program_id=program_id, now=now).result for name, each in runners.items()}
    say("")
    lines = [
        report.Line(f"{name}_ms", f"claiming {DUE:,} of {DUE + size:,} rows, ms", figure(found[name]), digits=1)
        for name, size in sizes.items()
    ]
    lines.append(report.Line("ratio_many_few", "many waiting / few waiting", ratios(found[MANY], found[FEW])))
    for name in sizes:
        pages, whole = plans[name]["pages"], plans[name]["whole_table"]
        lines += [
            report.Line(f"{name}_pages", f"pages read with {name} waiting", figure([pages]), digits=0),
            report.Line(
                f"{name}_seq",
                f"reads of the whole table, {name} waiting",
                figure([whole]),
                most=0 if name == MANY else None,
                digits=0,
            ),
        ]
    about = base.about | {"rounds": str(options.rounds), "due": DUE, "waiting": f"{options.few:,}, {options.waiting:,}"}
    about |= {f"indexes_{name}": ", ".join(plans[name]["indexes"]) for name in sizes}
    return report.publish(lines=lines, about=about, as_json=options.json)


class _Rows:
    """The rows that wait, made by the owner, counted on from one page to the next."""

    def __init__(self, owner_url: str, program_id: int, people: int, now: datetime) -> None:
        self._url, self._values, self.made = owner_url, {"program": program_id, "people": people, "now": now}, 0

    def add(self, count: int, *, at: datetime) -> None:
        import psycopg

        values = self._values | {"from": self.made + 1, "to": self.made + count, "at": at}
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_WAITING, values)
        self.made += count


def _cloned(owner_url: str, app_url: str) -> str:
    """Make a copy of the database as it is now; returns the serving role's URL for it."""
    import psycopg
    from django.db import connection
    from psycopg import sql

    connection.close()
    name = urlsplit(owner_url).path.lstrip("/")
    with psycopg.connect(_named(owner_url, "postgres"), autocommit=True) as owner:
        owner.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(f"{name}_few"), sql.Identifier(name))
        )
    return _named(app_url, f"{name}_few")


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextmanager
def _on(url: str, *targets: str) -> Iterator[list[Rival]]:
    """Rivals that are served by this database."""
    with environment(DATABASE_URL=url), rivals(*targets) as started:
        yield started


class _TakenBack(Exception):
    pass


def claim_and_take_back(*, program_id: int, now: str) -> float:
    """Claim as a tick does, and roll it back; returns the seconds of the claim."""
    from django.db import transaction

    from reminders.services.dispatch import claim

    seconds = 0.0
    try:
        with transaction.atomic():
            started = time.perf_counter()
            taken = claim(program_ids=[program_id], now=datetime.fromisoformat(now), limit=DUE, owner="bench")
            seconds = time.perf_counter() - started
            if len(taken) != DUE:
                raise RuntimeError(f"{len(taken)} of {DUE} rows were claimed.")
            raise _TakenBack
    except _TakenBack:
        return seconds


def explain(*, program_id: int, now: str) -> dict[str, Any]:
    """How PostgreSQL did the same claim: indexes of the table of messages, whole reads of it, pages touched."""
    from django.db import connection, transaction

    from backend.db import programs

    ran: list[tuple[str, Any]] = []

    def note(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        if "SET state = 'claimed'" in statement:
            ran.append((statement, params))
        return execute(statement, params, many, context)

    with connection.execute_wrapper(note):
        claim_and_take_back(program_id=program_id, now=now)
    [(statement, params)] = ran
    with transaction.atomic(), programs([program_id]), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", params)
        [[plan]] = cursor.fetchall()
        transaction.set_rollback(True)
    top = plan[0]["Plan"]
    nodes = list(_nodes(top))
    return {
        "indexes": sorted({node["Index Name"] for node in nodes if "Index Name" in node}),
        "whole_table": sum(
            node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "reminders_message" for node in nodes
        ),
        "pages": top["Shared Hit Blocks"] + top["Shared Read Blocks"],
    }


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
