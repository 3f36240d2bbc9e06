"""The ticks in three places at once, each a process with its own connection."""

import json
import os
import subprocess
import sys

import psycopg

from tests.recovery.services.together import PEOPLE
from tests.servers import ROOT

RUNNERS = 3
BARRIER = 5150


def start(database_url: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.recovery.services.together", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen) -> dict:
    out, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    return json.loads(out)


def test_three_runners_make_each_row_once(servers, clone_database):
    url = servers.at(clone_database)
    program = answer(start(url, "seed"))["program"]
    with psycopg.connect(servers.at(clone_database, owner=True), autocommit=True) as db:
        db.execute("SELECT pg_advisory_lock(%s)", [BARRIER])
        runners = [start(url, "work", str(program), str(BARRIER), str(n)) for n in range(RUNNERS)]
        waiting = 0
        while waiting < RUNNERS and all(runner.poll() is None for runner in runners):
            [(waiting,)] = db.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            ).fetchall()
        db.execute("SELECT pg_advisory_unlock(%s)", [BARRIER])
        done = [answer(runner) for runner in runners]
        total = {name: sum(each[name] for each in done) for name in ("made", "crossed", "closed")}

        half = PEOPLE // 2
        days_ahead = 36
        assert total["made"] == half * days_ahead
        assert total["closed"] == half * days_ahead  # 3 March to 7 April; 8 April is not over
        assert total["crossed"] == half * 5  # due_soon, due, overdue_1, overdue_4, overdue_8

        def count(sql: str) -> int:
            return db.execute(sql).fetchone()[0]

        assert count("SELECT count(*) FROM recovery_dose WHERE state = 'not_reported'") == half * days_ahead
        assert count("SELECT count(*) FROM recovery_dose") == half * (days_ahead + 4)
        assert count("SELECT count(*) FROM recovery_coverevent") == half * 6
        assert count("SELECT count(*) FROM recovery_flag WHERE kind = 'injection_late' AND severity = 'red'") == half
        assert count("SELECT count(*) FROM recovery_flag WHERE kind = 'silence' AND severity = 'amber_plus'") == half
        assert count("SELECT count(*) FROM recovery_flag") == 2 * half
        assert count("SELECT count(DISTINCT (evidence ->> 'run')) FROM recovery_flag WHERE kind = 'silence'") == 1
        assert count("SELECT min((evidence ->> 'run')::int) FROM recovery_flag WHERE kind = 'silence'") == days_ahead
