"""What ./test runs, once the packages are installed: static checks beside the tests, then a summary.

The last line is ``N passed, N failed, N skipped``; each static check counts as one.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import tests.environment  # noqa: F401 - the settings that a test run needs, for every command below

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("backend", "config", "recovery", "reminders")
ONLY_FULL = ("tests/faults/test_faults.py", "tests/fuzz", "tests/full")
SLOWEST = 20
WORKERS = 2

_printing = threading.Lock()


def say(line: str) -> None:
    with _printing:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


@dataclass
class Result:
    """How one step ended: its counts, and what a person needs to see when it failed."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    output: str = ""
    failures: list[str] = field(default_factory=list)


class Commands:
    """Runs programs and, when the run is interrupted, ends those that still run."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[str]] = []
        self._stopped = False

    def run(self, argv: list[str], *, show: bool = False, env: dict[str, str] | None = None) -> tuple[int, str]:
        """Return exit status and output; ``show`` prints the lines as they come."""
        if self._stopped:
            return 1, "not run"
        process = subprocess.Popen(
            argv,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._running.append(process)
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if show:
                say(line.rstrip("\n"))
        process.wait()
        self._running.remove(process)
        return process.returncode, "".join(lines)

    def stop(self) -> None:
        self._stopped = True
        for process in list(self._running):
            process.terminate()


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def check_schema(commands: Commands) -> tuple[int, str]:
    """The committed API document is the one that is served, and is valid."""
    committed = ROOT / "openapi.yaml"
    with tempfile.TemporaryDirectory() as folder:
        served = Path(folder) / "openapi.yaml"
        status, output = commands.run(
            python("manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", str(served))
        )
        if status:
            return status, output
        if committed.is_file() and committed.read_text() == served.read_text():
            return 0, output
    return 1, f"{output}openapi.yaml is not what is served. Write it: manage.py spectacular --file openapi.yaml\n"


def static_checks(commands: Commands) -> dict[str, Callable[[], tuple[int, str]]]:
    def command(*arguments: str) -> Callable[[], tuple[int, str]]:
        return lambda: commands.run(python(*arguments))

    return {
        "lint": command("-m", "ruff", "check", "."),
        "format": command("-m", "ruff", "format", "--check", "."),
        "layers": command("-c", "from importlinter.cli import lint_imports_command as c; c()"),
        "migrations": command("manage.py", "makemigrations", "--check", "--dry-run"),
        "openapi.yaml": lambda: check_schema(commands),
        "types": command("-m", "mypy", *PACKAGES, "manage.py"),
    }


def run_static(commands: Commands, results: list[Result]) -> None:
    for name, check in static_checks(commands).items():
        begun = time.monotonic()
        status, output = check()
        seconds = time.monotonic() - begun
        failed = int(status != 0)
        results.append(Result(name, passed=1 - failed, failed=failed, seconds=seconds, output=output, failures=[name]))
        say(f"{'FAILED' if failed else 'ok':6} {name:14} {seconds:6.1f} s")


def run_pytest(commands: Commands, arguments: list[str], env: dict[str, str]) -> Result:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        options = ["-p", "tests.skips", "--counts", str(counts), "-q", f"--durations={SLOWEST}"]
        status, _ = commands.run(python("-m", "pytest", *options, *arguments), show=True, env=env)
        try:
            found = json.loads(counts.read_text())
        except (OSError, ValueError):
            found = {"passed": 0, "failed": 0, "skipped": 0, "failures": []}
    result = Result("tests", seconds=time.monotonic() - begun, **found)
    if status and not result.failed:  # nothing was collected, or pytest itself broke
        result.failed = 1
        result.failures = [f"pytest ended with exit status {status}"]
    return result


def parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="./test", add_help=False, allow_abbrev=False)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--faults", nargs="*", metavar="ID")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--require-all", action="store_true")
    known, rest = parser.parse_known_args(argv)
    if known.seed is not None and known.faults is None:
        parser.error("--seed goes with --faults")
    return known, rest


def plan(known: argparse.Namespace, rest: list[str]) -> tuple[bool, list[str], dict[str, str]]:
    """Return whether to run the static checks, pytest's arguments, and what to add to its environment.

    The faults learn what is asked of them from FAULTS (ids, empty for all) and FAULTS_SEED.
    """
    arguments = ["--require-all"] if known.require_all else []
    env: dict[str, str] = {}
    if known.faults is not None:
        env["FAULTS"] = " ".join(known.faults)
        if known.seed is not None:
            env["FAULTS_SEED"] = str(known.seed)
        return False, [*arguments, "tests/faults", *rest], env
    if not known.full:
        arguments += ["-m", "not full", *(f"--ignore={folder}" for folder in ONLY_FULL)]
    if rest:
        return False, [*arguments, *rest], env
    # Tests of one browser group share a site and a browser.
    return True, [*arguments, "-n", str(WORKERS), "--dist", "loadgroup"], env


def main(argv: list[str]) -> int:
    known, rest = parse(argv)
    with_static, arguments, env = plan(known, rest)
    if known.full:
        # Other requests each time; the same ones again with the number that is printed.
        env["FUZZ_SEED"] = os.environ.get("FUZZ_SEED") or str(secrets.randbelow(10**6))
        say(f"fuzzing with FUZZ_SEED={env['FUZZ_SEED']}")
    commands = Commands()
    results: list[Result] = []
    static = threading.Thread(target=run_static, args=(commands, results), daemon=True)
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an end asked for is an end: stop what we started
    try:
        if with_static:
            static.start()
        tests_result = run_pytest(commands, arguments, env)
        if with_static:
            static.join()
    except KeyboardInterrupt:
        commands.stop()
        say("interrupted")
        return 130

    for result in results:
        if result.failed:
            say(f"\n---- {result.name}\n{result.output.rstrip()}")
    everything = [*results, tests_result]
    say("")
    for result in everything:
        say(f"{'FAILED' if result.failed else 'ok':6} {result.name:14} {result.seconds:6.1f} s")
        if result.failed:
            for failure in result.failures:
                say(f"           {failure}")
    say(f"took {time.monotonic() - begun:.0f} s")
    passed, failed, skipped = (sum(getattr(r, what) for r in everything) for what in ("passed", "failed", "skipped"))
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
