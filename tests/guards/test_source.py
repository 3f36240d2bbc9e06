"""Habits that a test can hold: who reads the clock, who sets the context, what a test may not do."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("backend", "recovery", "reminders", "config")
SQL_TIME = re.compile(r"\b(now\(\)|current_timestamp|clock_timestamp|statement_timestamp|localtimestamp)", re.I)
# Database time is for the skew check and for audit only (contract 7).
SQL_TIME_ALLOWED = {
    "config/clock_check.py",
    "backend/services/seal.py",
    "backend/models/audit.py",
    "reminders/selectors/invariants.py",
}
CLOCK_ALLOWED = {"backend/clock.py"}


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name:
                yield name, path.read_text()


def calls(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def test_only_the_clock_reads_the_clock():
    readers = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now", "time.time", "now"}
    found = [
        f"{name}:{line} {call}"
        for name, text in sources(*APPS)
        if name not in CLOCK_ALLOWED and not name.startswith("config/")
        for line, call in calls(text)
        if call in readers or call.endswith(".utcnow")
    ]
    assert found == []


def test_below_the_edges_nobody_imports_the_clock():
    found = [
        name
        for name, text in sources("backend", "recovery", "reminders")
        if re.search(r"/(services|selectors|models|rules|providers)/", name)
        and re.search(r"from backend import .*\bclock\b|backend\.clock", text)
    ]
    assert found == []


def test_the_database_does_not_tell_the_time_either():
    found = []
    for name, text in sources(*APPS):
        if name in SQL_TIME_ALLOWED:
            continue
        for node in ast.walk(ast.parse(text)):
            text_of = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if SQL_TIME.search(text_of) and re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE)\b", text_of):
                found.append(f"{name}:{node.lineno}")
            if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
                found.append(f"{name}: {node.arg}")
    assert found == []


def test_one_door_sets_the_context():
    found = [name for name, text in sources(*APPS) if "set_config(" in text and name not in ("backend/db.py",)]
    assert found == []


@pytest.mark.parametrize(
    "habit", [r"transaction\s*=\s*True", r"\btime\.sleep\(", r"assert True\b", r"TransactionTestCase"]
)
def test_tests_do_not(habit):
    # A supervisor is about real time: its tests may wait, in bounded steps.
    allowed = {"tests/guards/test_source.py"} | {n for n, _ in sources("tests") if n.startswith("tests/config/")}
    found = [name for name, text in sources("tests") if name not in allowed and re.search(habit, text)]
    assert found == []


def test_nothing_names_a_place_outside_the_repository():
    """Facts are cited by id, never by a path on somebody's machine."""
    outside = re.compile(r"\.\./shared|\.library/|/work/|/tmp/plan")
    found = []
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        path = ROOT / name
        if not path.is_file():
            continue
        if path.suffix not in (".py", ".md", ".toml", ".yml", ".yaml", ".sh", ".txt", ".html", "") or name.endswith(
            "test_source.py"
        ):
            continue
        if outside.search(path.read_text(errors="ignore")):
            found.append(name)
    assert found == []


def test_celery_tasks_take_ids_only_and_no_eta():
    found = [
        f"{name}:{line} {call}"
        for name, text in sources(*APPS)
        for line, call in calls(text)
        if call.endswith((".apply_async", ".retry"))
    ]
    assert found == []
