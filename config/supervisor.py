"""Starts real processes, keeps them running, and leaves none behind.

Standard library only and no Django: ``manage.py up`` runs its children with
``Supervisor``, ``config.embedded`` runs the two servers with ``Process``.

    with Supervisor(var=var, url=url) as supervisor:   # Refusal when one runs already
        supervisor.start(postgres, valkey)             # waits until each is ready
        supervisor.run_once(migrate)
        supervisor.start(web, worker, beat)
        supervisor.wait()                              # until Ctrl-C, SIGTERM or a child that keeps dying
    sys.exit(supervisor.exit_code)

Each child leads its own session and process group. Three things end it with
its supervisor: an orderly stop, the kernel's parent-death signal, and a watcher
process (``config/launch.py``) that outlives a supervisor killed with -9.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Any

LAUNCH = Path(__file__).with_name("launch.py")

LAST_LINES = 20
LOG_CAP_BYTES = 5_000_000
MAX_DEATHS = 3
QUICK_DEATH_S = 15.0
RESTART_DELAYS_S = (0.2, 1.0)
WATCH_GRACE_S = 10.0
SAME_SIGNAL_S = 1.0


class Refusal(Exception):
    """Something a person can put right. Its text is one line with the way out."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM arrived; ``Supervisor`` swallows it after stopping."""


class _GaveUp(Exception):
    """A child keeps dying; already told, swallowed by ``Supervisor``."""


@dataclass(frozen=True)
class Child:
    """One program to run. ``argv[0]`` is looked up on PATH.

    ``env`` is the whole environment (None: ours). ``stop_signal`` goes to the
    program, and after ``grace_s`` seconds its whole group is killed. ``ready``
    is asked until it says yes; ``before`` runs ahead of every start and restart.
    ``user`` is (uid, gid) to run as when we are root.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    stop_signal: int = signal.SIGTERM
    grace_s: float = 10.0
    ready: Callable[[], bool] | None = None
    ready_timeout_s: float = 60.0
    before: Callable[[], None] | None = None
    user: tuple[int, int] | None = None
    cwd: Path | None = None


class Log:
    """A log file with a size cap (one older file is kept) and its last lines in memory."""

    def __init__(self, path: Path, *, cap_bytes: int = LOG_CAP_BYTES, keep_lines: int = LAST_LINES) -> None:
        self.path = path
        self.last: deque[str] = deque(maxlen=keep_lines)
        self._cap = cap_bytes
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] | None = None

    def write(self, line: bytes) -> None:
        """Add one line. A full disk loses the line, never the program that wrote it."""
        with self._lock:
            self.last.append(line.decode("utf-8", "replace").rstrip("\n"))
            with contextlib.suppress(OSError):
                if self._file is None:
                    self._file = self.path.open("ab", buffering=0)
                    self.path.chmod(0o600)
                if self._file.tell() + len(line) > self._cap:
                    self._file.close()
                    self.path.replace(self.path.with_name(self.path.name + ".1"))
                    self._file = self.path.open("ab", buffering=0)
                    self.path.chmod(0o600)
                self._file.write(line)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


class Process:
    """One running ``Child``: its own session, its output in a ``Log``.

    To be made in the main thread: the kernel sends the parent-death signal when
    the *thread* that started the child ends.
    """

    def __init__(self, child: Child, log: Log) -> None:
        self.child = child
        self.log = log
        self.started = time.monotonic()
        user, group = (str(child.user[0]), str(child.user[1])) if child.user else ("-", "-")
        launch = [
            sys.executable,
            "-I",
            "-S",
            str(LAUNCH),
            "exec",
            str(os.getpid()),
            str(int(child.stop_signal)),
        ]
        self._popen = subprocess.Popen(
            [*launch, user, group, "--", *child.argv],
            env=None if child.env is None else dict(child.env),
            cwd=child.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"log-{child.name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as output:
            while line := output.readline(65_536):
                self.log.write(line)

    def status(self) -> int | None:
        """Return None while it runs, else its exit status (negative: the signal)."""
        return self._popen.poll()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; False when ``timeout_s`` was too short."""
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def ask_to_stop(self) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(self.child.stop_signal)

    def kill_group(self) -> None:
        """Kill what is left of its process group, then collect it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        # Whatever it said last must be readable; a descendant that left the group may hold the pipe open.
        self._reader.join(1.0)

    def stop(self, *, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask, wait for the grace period (or until ``hurry`` says so), then kill the group."""
        self.ask_to_stop()
        until = time.monotonic() + self.child.grace_s
        while not self.wait(0.05) and time.monotonic() < until and not hurry():
            pass
        self.kill_group()


def describe(status: int) -> str:
    """Say how a process ended: "exit status 3", "signal SIGKILL"."""
    if status >= 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-status).name}"
    return f"signal {-status}"


class Watcher:
    """The process that stops the children of a supervisor that was killed."""

    def __init__(self, grace_s: float = WATCH_GRACE_S) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCH), "watch", str(grace_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _tell(self, line: str) -> None:
        assert self._popen.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._popen.stdin.write(line.encode())
            self._popen.stdin.flush()

    def add(self, process: Process) -> None:
        self._tell(f"+ {process.pid} {int(process.child.stop_signal)}\n")

    def remove(self, process: Process) -> None:
        self._tell(f"- {process.pid}\n")

    def close(self) -> None:
        assert self._popen.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._popen.stdin.close()
        self._popen.wait()


def open_lock(path: Path) -> int:
    """Open a lock file (made if missing) and return its descriptor. The kernel frees a dead holder's lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise Refusal(
            f"{path.parent} belongs to another user. Run as that user, or remove the folder to start afresh."
        ) from error


def lock_is_held(path: Path) -> bool:
    """Say whether some process holds the lock at ``path`` exclusively."""
    if not path.exists():
        return False
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Replace ``path`` by JSON that only we can read; readers see the old or the new, never a part."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object stored at ``path``, or an empty one if there is none to be read."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def running(var: Path) -> dict[str, Any] | None:
    """Return what the running supervisor of ``var`` wrote about itself, or None when none runs.

    Empty while that supervisor is still starting. Whether it runs is asked of
    the kernel (a lock), so a run.json left by ``kill -9`` misleads nobody.
    """
    if not lock_is_held(var / "run.lock"):
        return None
    return read_json(var / "run.json")


def free_port() -> int:
    """Return a loopback TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a server could listen on ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except (OSError, OverflowError):
            return False
        return True


def check_port(port: int, host: str = "127.0.0.1") -> None:
    """Raise Refusal, with the way out, when nobody can listen on ``port``."""
    if not port_is_free(port, host):
        other = next((p for p in range(port + 1, port + 50) if port_is_free(p, host)), free_port())
        raise Refusal(f"Port {port} is taken by another program. Choose another one: PORT={other} ./run")


class Supervisor:
    """Runs children until it is told to stop, or until one of them keeps dying.

    Used as a context manager in the main thread, see the module. Entering
    raises Refusal when another supervisor of the same ``var`` runs. A child that
    dies is started again with one line on ``out``; ``max_deaths`` deaths in a
    row, each within ``quick_death_s`` of its start, end the run: its last lines
    are shown and ``exit_code`` is 1. On the way out every child is stopped in
    reverse order; a second Ctrl-C kills them at once.
    """

    def __init__(
        self,
        children: Sequence[Child] = (),
        var: Path = Path("var"),
        out: Callable[[str], None] = lambda line: print(line, flush=True),
        *,
        url: str = "",
        quick_death_s: float = QUICK_DEATH_S,
        max_deaths: int = MAX_DEATHS,
        restart_delays_s: Sequence[float] = RESTART_DELAYS_S,
        log_cap_bytes: int = LOG_CAP_BYTES,
        watch_grace_s: float = WATCH_GRACE_S,
    ) -> None:
        self.exit_code = 0
        self._first = list(children)
        self._var = var
        self._out = out
        self._url = url
        self._quick_death_s = quick_death_s
        self._max_deaths = max_deaths
        self._restart_delays_s = restart_delays_s
        self._log_cap_bytes = log_cap_bytes
        self._watch_grace_s = watch_grace_s
        self._logs: dict[str, Log] = {}
        self._processes: dict[str, Process] = {}  # in the order of their start
        self._deaths: dict[str, int] = {}
        self._restart_at: dict[str, tuple[float, Child]] = {}
        self._signals = 0
        self._signalled_at = 0.0
        self._raise_on_signal = False

    # The context ------------------------------------------------------------------------------------

    def __enter__(self) -> "Supervisor":
        self._lock = open_lock(self._var / "run.lock")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise Refusal(self._running_already()) from None
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._old_wakeup = signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._old_handlers = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if not (number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN)  # nohup
        }
        # A handler, though it does nothing: without one the kernel does not wake `_sleep` when a child dies.
        self._old_handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        self._watcher = Watcher(self._watch_grace_s)
        self._write_run_json()
        self._raise_on_signal = self._signals == 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._raise_on_signal = False
        self._stop_all()
        self._watcher.close()
        (self._var / "run.json").unlink(missing_ok=True)
        for log in self._logs.values():
            log.close()
        for number, handler in self._old_handlers.items():
            # Once asked to stop, we are on the way out: an impatient third Ctrl-C must not show a traceback.
            asked = self._signals and number != signal.SIGCHLD
            signal.signal(number, signal.SIG_IGN if asked else handler)
        signal.set_wakeup_fd(self._old_wakeup)
        os.close(self._wake_read)
        os.close(self._wake_write)
        os.close(self._lock)
        return isinstance(error, Stopped | _GaveUp)

    def _running_already(self) -> str:
        other = read_json(self._var / "run.json")
        where = f" at {other['url']}" if other.get("url") else ""
        pid = other.get("pid")
        way_out = f"Stop it with Ctrl-C where it runs, or: kill {pid}" if pid else "Stop it with Ctrl-C where it runs."
        return f"Holdfast is already running{where}. {way_out}"

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # `timeout` and some shells signal the process and its group: twice at once is once.
        if self._signals and time.monotonic() - self._signalled_at < SAME_SIGNAL_S:
            return
        self._signals += 1
        self._signalled_at = time.monotonic()
        if self._raise_on_signal:
            self._raise_on_signal = False
            raise Stopped

    # What callers do --------------------------------------------------------------------------------

    def run(self) -> int:
        """Start the children given to the constructor, wait, stop; return the exit code."""
        with self:
            self.start(*self._first)
            self.wait()
        return self.exit_code

    def start(self, *children: Child) -> None:
        """Start ``children`` in this order, each once the one before it is ready.

        Ends the ``with`` block when one keeps dying or is not ready in time.
        """
        with self._quiet_signals():
            for child in children:
                self._spawn(child)
                self._await_ready(child)

    def run_once(self, child: Child) -> None:
        """Run ``child`` to its end, while the others are kept running.

        An exit status other than 0 ends the ``with`` block with its last lines.
        """
        with self._quiet_signals():
            process = Process(child, self._log(child))
            self._watcher.add(process)
            try:
                while process.status() is None:
                    self._look_after()
                    self._sleep(0.5)
            finally:
                process.stop(hurry=lambda: self._signals > 1)
                self._watcher.remove(process)
            if status := process.status():
                self._give_up(child, f"failed ({describe(status)})")

    def wait(self) -> None:
        """Keep the children running until Ctrl-C, SIGTERM, or one that keeps dying (ends the block)."""
        with self._quiet_signals():
            while True:
                self._look_after()
                self._sleep(1.0)

    def pids(self) -> dict[str, int]:
        """Return the process id of each running child."""
        return {name: process.pid for name, process in self._processes.items()}

    # Starting and restarting ------------------------------------------------------------------------

    @contextlib.contextmanager
    def _quiet_signals(self) -> Iterator[None]:
        """Within our own loops a signal is noticed between two steps, so that no child gets lost."""
        self._raise_on_signal = False
        try:
            if self._signals:
                raise Stopped
            yield
        finally:
            self._raise_on_signal = self._signals == 0
        if self._signals:
            raise Stopped

    def _sleep(self, seconds: float) -> None:
        """Wait for a signal, a dead child or ``seconds``; raise Stopped when asked to stop."""
        if not self._signals:
            soonest = min((at for at, _ in self._restart_at.values()), default=None)
            if soonest is not None:
                seconds = max(0.0, min(seconds, soonest - time.monotonic()))
            select.select([self._wake_read], [], [], seconds)
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)
        if self._signals:
            raise Stopped

    def _log(self, child: Child) -> Log:
        if child.name not in self._logs:
            path = self._var / "log" / f"{child.name}.log"
            self._logs[child.name] = Log(path, cap_bytes=self._log_cap_bytes)
        return self._logs[child.name]

    def _spawn(self, child: Child) -> None:
        log = self._log(child)
        if child.before is not None:
            try:
                child.before()
            except Refusal:
                raise
            except Exception as error:  # its next start may succeed; three failures end the run like three deaths
                log.write(f"before the start: {error}\n".encode())
                self._note_death(child, f"could not be started ({error})", lived_s=0.0)
                return
        process = Process(child, log)
        self._processes[child.name] = process
        self._watcher.add(process)
        self._write_run_json()

    def _await_ready(self, child: Child) -> None:
        if child.ready is None:
            return
        until = time.monotonic() + child.ready_timeout_s
        while True:
            self._look_after()
            if child.name in self._processes and child.ready():
                return
            if time.monotonic() > until:
                self._give_up(child, f"did not become ready within {child.ready_timeout_s:.0f} s")
            self._sleep(0.1)

    def _look_after(self) -> None:
        """Notice the dead, start again what is due."""
        for name, process in list(self._processes.items()):
            status = process.status()
            if status is None:
                continue
            del self._processes[name]
            process.kill_group()
            self._watcher.remove(process)
            lived_s = time.monotonic() - process.started
            self._note_death(process.child, f"stopped ({describe(status)})", lived_s=lived_s)
            self._write_run_json()
        for name, (at, child) in list(self._restart_at.items()):
            if time.monotonic() >= at:
                del self._restart_at[name]
                self._spawn(child)

    def _note_death(self, child: Child, what: str, *, lived_s: float) -> None:
        streak = self._deaths.get(child.name, 0) + 1 if lived_s < self._quick_death_s else 0
        self._deaths[child.name] = streak
        if streak >= self._max_deaths:
            self._give_up(child, f"{what}, {streak} times in a row")
        self._say(f"holdfast: {child.name} {what}, starting it again")
        delay = self._restart_delays_s[min(max(streak, 1), len(self._restart_delays_s)) - 1]
        self._restart_at[child.name] = (time.monotonic() + delay, child)

    def _give_up(self, child: Child, what: str) -> None:
        log = self._log(child)
        self.exit_code = 1
        self._say(f"holdfast: {child.name} {what}. Its last lines, from {log.path}:")
        for line in log.last:
            self._say(f"    {line}")
        raise _GaveUp(child.name)

    def _stop_all(self) -> None:
        asked = self._signals
        for name, process in reversed(list(self._processes.items())):
            process.stop(hurry=lambda: self._signals > asked)
            self._watcher.remove(process)
            del self._processes[name]

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone; stopping goes on
            self._out(line)

    def _write_run_json(self) -> None:
        write_private(self._var / "run.json", {"pid": os.getpid(), "url": self._url, "children": self.pids()})
