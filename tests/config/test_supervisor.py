"""The supervisor, with real processes: restarts, giving up, stopping, and what is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config import supervisor
from tests.config.processes import alive, gone, python, until

DRIVER = """
import json, os
from pathlib import Path
from config.supervisor import Child, Refusal, Supervisor

spec = json.loads(sys.argv[1])

def child(name, code, ready_file=None, **rest):
    ready = Path(ready_file).exists if ready_file else None
    return Child(name=name, argv=[sys.executable, "-u", "-c", code], ready=ready, **rest)

run = Supervisor(var=Path(spec["var"]), url="http://localhost:8765", **spec["options"])
try:
    with run:
        print("started", flush=True)
        if spec["once"]:
            run.run_once(child("once", spec["once"]))
        run.start(*[child(**c) for c in spec["children"]])
        print("all ready", flush=True)
        run.wait()
except Refusal as refusal:
    print("refused:", refusal)
    sys.exit(3)
sys.exit(run.exit_code)
"""

SLEEPER = "import signal; print('up'); signal.pause()"

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf')\nwhile True: signal.pause()"


def deaf_with_grandchild(note: Path) -> str:
    return (
        f"import pathlib, subprocess, sys; g = subprocess.Popen([sys.executable, '-c', {DEAF!r}]); "
        f"pathlib.Path({str(note)!r}).write_text(str(g.pid)); " + DEAF
    )


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def start(var: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(children: list[dict[str, Any]], once: str = "", **options: Any) -> "subprocess.Popen[str]":
        spec = {"var": str(var), "children": children, "once": once, "options": {"watch_grace_s": 0.2, **options}}
        started.append(python(DRIVER, json.dumps(spec)))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def pids(var: Path, *names: str) -> dict[str, int]:
    """Wait until run.json names these children."""

    def look() -> dict[str, int]:
        children = supervisor.read_json(var / "run.json").get("children", {})
        return children if set(names) <= set(children) else {}

    return until(look, f"{names} in run.json")


def line_with(process: "subprocess.Popen[str]", part: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if part in line:
            return line
    raise AssertionError(f"the supervisor ended without saying {part!r}")


def test_killed_child_is_started_again_with_one_line(start: Start, var: Path) -> None:
    process = start([{"name": "web", "code": SLEEPER}])
    first = pids(var, "web")["web"]

    os.kill(first, signal.SIGKILL)

    assert "web stopped (signal SIGKILL), starting it again" in line_with(process, "holdfast:")
    second = until(lambda: supervisor.read_json(var / "run.json")["children"].get("web", first) != first)
    assert second and alive(pids(var, "web")["web"])


def test_three_quick_deaths_end_the_run_with_the_last_lines(start: Start, var: Path) -> None:
    dying = "print(*[f'line {n}' for n in range(1, 31)], sep='\\n'); raise SystemExit(3)"
    process = start([{"name": "other", "code": SLEEPER}, {"name": "bad", "code": dying}], restart_delays_s=[0.01])
    other = pids(var, "other")["other"]

    said, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert said.count("starting it again") == 2
    assert "bad stopped (exit status 3), 3 times in a row" in said
    shown = [line.strip() for line in said.splitlines() if line.startswith("    ")]
    assert shown == [f"line {n}" for n in range(11, 31)]
    gone(other)
    assert not (var / "run.json").exists()


def test_deaths_that_come_late_never_end_the_run(start: Start, var: Path, tmp_path: Path) -> None:
    note = tmp_path / "starts"
    code = f"open({str(note)!r}, 'a').write('x')"
    process = start([{"name": "brief", "code": code}], quick_death_s=0.0, restart_delays_s=[0.0])

    until(lambda: note.exists() and len(note.read_text()) >= 6)

    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_every_child_in_reverse_order(
    start: Start, var: Path, tmp_path: Path, number: signal.Signals
) -> None:
    note = tmp_path / "order"

    def telling(name: str) -> str:
        return (
            "import signal, sys\n"
            f"def end(*_): open({str(note)!r}, 'a').write('{name} '); sys.exit()\n"
            f"signal.signal(signal.SIGTERM, end); open({str(note)!r} + '{name}', 'w')\n"
            "while True: signal.pause()"
        )

    names = ["first", "second", "third"]
    process = start([{"name": n, "code": telling(n), "ready_file": f"{note}{n}"} for n in names])
    line_with(process, "all ready")
    children = pids(var, *names)

    process.send_signal(number)
    process.communicate(timeout=30)

    assert process.returncode == 0
    assert note.read_text().split() == ["third", "second", "first"]
    gone(*children.values())
    assert not (var / "run.json").exists()


def test_a_child_that_does_not_listen_is_killed_with_its_group(start: Start, var: Path, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    process = start([{"name": "deaf", "code": deaf_with_grandchild(note), "grace_s": 0.2, "ready_file": str(note)}])
    line_with(process, "all ready")
    grandchild = int(until(note.read_text))

    process.terminate()
    process.communicate(timeout=30)

    assert process.returncode == 0
    gone(grandchild)


def test_a_second_ctrl_c_waits_for_nobody(start: Start, var: Path, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    process = start([{"name": "deaf", "code": deaf_with_grandchild(note), "grace_s": 600.0, "ready_file": str(note)}])
    line_with(process, "all ready")

    def press() -> bool:
        process.send_signal(signal.SIGINT)
        return process.poll() is not None

    until(press)
    process.communicate()
    assert process.returncode == 0
    gone(int(note.read_text()))


def test_kill_9_of_the_supervisor_leaves_no_process(start: Start, var: Path, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    process = start(
        [
            {"name": "plain", "code": SLEEPER},
            {"name": "deaf", "code": deaf_with_grandchild(note), "ready_file": str(note)},
        ]
    )
    line_with(process, "all ready")
    children = pids(var, "plain", "deaf")
    grandchild = int(until(note.read_text))

    process.kill()

    gone(*children.values(), grandchild)


def test_what_a_killed_run_left_misleads_nobody(start: Start, var: Path) -> None:
    first = start([{"name": "web", "code": SLEEPER}])
    child = pids(var, "web")["web"]
    first.kill()
    first.communicate()
    gone(child)
    assert (var / "run.json").exists()
    assert supervisor.running(var) is None

    start([{"name": "web", "code": SLEEPER}])

    until(lambda: supervisor.read_json(var / "run.json").get("children", {}).get("web") not in (None, child))
    about = supervisor.running(var)
    assert about is not None and alive(about["children"]["web"])


def test_a_second_run_is_refused_with_the_address_of_the_first(start: Start, var: Path) -> None:
    first = start([{"name": "web", "code": SLEEPER}])
    pids(var, "web")

    second = start([{"name": "web", "code": SLEEPER}])
    said, _ = second.communicate(timeout=30)

    assert second.returncode == 3
    assert said.count("\n") == 1
    assert "already running at http://localhost:8765" in said
    assert f"kill {first.pid}" in said


def test_run_json_is_private(start: Start, var: Path) -> None:
    start([{"name": "web", "code": SLEEPER}])
    pids(var, "web")
    assert (var / "run.json").stat().st_mode & 0o777 == 0o600


def test_a_step_that_fails_ends_the_run_with_its_last_lines(start: Start, var: Path) -> None:
    process = start([], once="print('no such table'); raise SystemExit(2)")
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "once failed (exit status 2)" in said
    assert "    no such table\n" in said
    assert "all ready" not in said


def test_a_step_can_be_interrupted(start: Start, var: Path) -> None:
    process = start([], once=SLEEPER)
    until((var / "log" / "once.log").exists)

    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "Traceback" not in said


def test_the_next_child_waits_until_the_one_before_is_ready(start: Start, var: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    start([{"name": "slow", "code": SLEEPER, "ready_file": str(gate)}, {"name": "next", "code": SLEEPER}])
    assert "next" not in pids(var, "slow")

    gate.touch()

    pids(var, "slow", "next")


def test_a_child_that_is_never_ready_ends_the_run(start: Start, var: Path, tmp_path: Path) -> None:
    never = {"name": "slow", "code": SLEEPER, "ready_file": str(tmp_path / "never"), "ready_timeout_s": 0.2}
    said, _ = start([never]).communicate(timeout=30)
    assert "slow did not become ready within 0 s" in said


def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    said: list[str] = []
    child = supervisor.Child(name="odd", argv=["/no/such/program"])
    run = supervisor.Supervisor([child], tmp_path / "var", said.append, restart_delays_s=[0.0])
    assert run.run() == 1
    assert said[-1].strip() == "cannot start /no/such/program: No such file or directory"


def test_a_hook_that_fails_counts_as_a_death(tmp_path: Path) -> None:
    def hook() -> None:
        raise OSError("the disk is full")

    said: list[str] = []
    child = supervisor.Child(name="odd", argv=[sys.executable, "-c", SLEEPER], before=hook)
    run = supervisor.Supervisor([child], tmp_path / "var", said.append, restart_delays_s=[0.0])
    assert run.run() == 1
    assert len(said) == 6
    assert "the disk is full" in said[-1]


def test_a_log_keeps_to_its_cap_and_remembers_the_end(tmp_path: Path) -> None:
    log = supervisor.Log(tmp_path / "log" / "web.log", cap_bytes=1000, keep_lines=3)
    for n in range(200):
        log.write(f"line {n}\n".encode())
    log.close()

    sizes = {path.name: path.stat().st_size for path in (tmp_path / "log").iterdir()}
    assert set(sizes) == {"web.log", "web.log.1"}
    assert max(sizes.values()) <= 1000
    assert list(log.last) == ["line 197", "line 198", "line 199"]
    assert (tmp_path / "log" / "web.log").read_text().endswith("line 199\n")


def test_a_taken_port_is_named_with_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(supervisor.Refusal) as refusal:
            supervisor.check_port(port)
    text = str(refusal.value)
    assert text.startswith(f"Port {port} is taken")
    other = int(text.rsplit("PORT=", 1)[1].split()[0])
    assert other != port and supervisor.port_is_free(other)


def test_a_free_port_is_not_refused() -> None:
    supervisor.check_port(supervisor.free_port())
