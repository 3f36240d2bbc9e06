"""``manage.py replay_trial``: the people of a trial through the live services, against an independent count."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from backend.db import programs
from backend.selectors.people import closed_program_ids, open_program_ids, program_by_slug
from config.replay.synthetic import write_folder
from config.ticks import all_ticks
from recovery.selectors.replayed import totals
from reminders.selectors.outcome_counts import messages_by_state
from tests.config import trial_count
from tests.servers import TestServers

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "tests" / "data" / "trial_small"
ZEROS = dict.fromkeys(("flags_early", "flags_duplicate", "flags_after_injection", "messages_without_outcome"), 0)

Run = Callable[[Path], dict[str, Any]]


@pytest.fixture
def run(servers: TestServers, clone_database: str) -> Run:
    """The command as people call it, in a process and a database of its own."""

    def call(folder: Path) -> dict[str, Any]:
        environment = os.environ | {"DATABASE_URL": servers.at(clone_database), "DATABASE_OWNER_URL": ""}
        done = subprocess.run(
            [sys.executable, "manage.py", "replay_trial", str(folder), "--json"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return call


def check(found: dict[str, Any], folder: Path) -> None:
    counted = trial_count.count(folder)
    assert {key: found[key] for key in counted} == counted
    assert {key: found[key] for key in ZEROS} == ZEROS
    assert found["adherence"] == trial_count.adherence(folder)
    # Each time that an injection came late there was one flag, and one only.
    assert found["flags_by_kind"]["injection_late"] == counted["crossed"]["29"]


@pytest.mark.timeout(600)
def test_the_made_up_people_give_the_numbers_of_the_independent_count(run: Run) -> None:
    found = run(SMALL)
    check(found, SMALL)
    assert found["flags_by_kind"]["silence"] > 0
    assert found["messages_by_state"]["delivered"] > 0
    assert found["warnings"]["people_with_doses_and_no_arm"] == 2


@pytest.mark.trial_data
@pytest.mark.timeout(3600)
def test_the_people_of_the_trial_give_the_numbers_of_the_independent_count(run: Run) -> None:
    if not settings.TRIAL_DATA_DIR:
        pytest.skip("TRIAL_DATA_DIR is not set.")
    folder = Path(settings.TRIAL_DATA_DIR)
    found = run(folder)
    check(found, folder)
    # Memory does not grow with the days.
    assert found["memory_mb"]["160"] < found["memory_mb"]["20"] * 1.2


def call(*arguments: str) -> str:
    out = StringIO()
    call_command("replay_trial", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def two_weeks(tmp_path: Path) -> str:
    write_folder(tmp_path, people=40, seed=3)
    return str(tmp_path)


def standing(program_id: int) -> tuple[object, ...]:
    """What there is of a program: everything that a tick could change."""
    with programs([program_id]):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), max(dosing_day), count(closed_at) FROM recovery_dose")
            doses = cursor.fetchone()
        ids = [program_id]
        return totals(program_ids=ids), messages_by_state(program_ids=ids), doses


@pytest.mark.django_db
def test_a_program_that_is_kept_is_left_alone_by_the_ticks_of_the_present(two_weeks: str, now: Any) -> None:
    found = json.loads(call(two_weeks, "--json", "--keep", "--until", "10"))
    program = program_by_slug(found["program"])
    assert program is not None and program.pk in open_program_ids()
    before = standing(program.pk)
    for tick in all_ticks():
        tick.run([program.pk], now)
    assert standing(program.pk) == before


@pytest.mark.django_db
def test_each_run_has_a_program_of_its_own_and_closes_it(two_weeks: str) -> None:
    slugs = [json.loads(call(two_weeks, "--json", "--until", "0"))["program"] for _ in range(2)]
    ids = [program.pk for slug in slugs if (program := program_by_slug(slug))]
    assert len(set(ids)) == 2
    assert set(ids) <= set(closed_program_ids())
    for program_id in ids:
        with programs([program_id]):
            assert totals(program_ids=[program_id]).people == 40


@pytest.mark.django_db
def test_what_lies_after_the_last_day_played_is_not_there(two_weeks: str) -> None:
    found = json.loads(call(two_weeks, "--json", "--until", "5"))
    assert found["injections"] == sum(
        0 <= int(row["when"]) <= 5
        for row in {(r["who"], r["when"]): r for r in trial_count.rows(Path(two_weeks), "treatment.csv")}.values()
        if trial_count.first_arms(Path(two_weeks)).get(row["who"]) == trial_count.NALTREXONE
    )
    assert set(found["crossed"].values()) == {0}


@pytest.mark.django_db
def test_without_json_it_prints_tables(two_weeks: str) -> None:
    text = call(two_weeks, "--until", "0")
    assert "Days since injection" in text and "people" in text and ", closed" in text
    assert "\x1b" not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(lambda made: (made / "treatment.csv").unlink(), "treatment.csv is missing", id="no file"),
        pytest.param(
            lambda made: (made / "treatment.csv").open("a").write("1,1.0,soon\n"), "when must be", id="a bad last row"
        ),
    ],
)
def test_a_folder_that_cannot_be_read_loads_nobody(two_weeks: str, spoil: Callable[[Path], object], words: str) -> None:
    spoil(Path(two_weeks))
    there = (open_program_ids(), closed_program_ids())
    with pytest.raises(CommandError, match=words) as refused:
        call(two_weeks)
    assert "\n" not in str(refused.value)
    assert (open_program_ids(), closed_program_ids()) == there


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["-1", "169"])
def test_a_day_that_is_not_of_the_trial_is_refused(two_weeks: str, day: str) -> None:
    with pytest.raises(CommandError, match="from 0 to 168"):
        call(two_weeks, f"--until={day}")
