"""Each way of doing the work runs in a process of its own, so that its memory and its warm caches are its own.

``python -m bench.support.rivals module:function`` answers orders: one JSON object of keyword arguments a
line in, ``{"seconds": ..., "result": ..., "peak_rss_mb": ...}`` a line out.
"""

import contextlib
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one order came to. ``seconds`` is measured inside the rival."""

    seconds: float
    result: Any
    peak_rss_mb: float


class RivalFailed(Exception):
    """A rival ended or could not do what it was asked to; its own output says why."""


class Rival:
    """One process that does the work in one way, for as many rounds as it is asked."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.support.rivals", target],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, **keywords: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(keywords) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Answer:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait(timeout=10)
            raise RivalFailed(f"{self._target} ended with code {code}; if it said why, that is above.")
        return Answer(**json.loads(line))

    def run(self, **keywords: Any) -> Answer:
        self.order(**keywords)
        return self.answer()

    def kill(self) -> None:
        """kill -9; ``stop`` may follow and does nothing more."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """What is started inside has these values in its environment."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def rivals(*targets: str) -> Iterator[list[Rival]]:
    """Start a process for each target; all are stopped at the end, whatever happens."""
    started: list[Rival] = []
    try:
        for target in targets:
            started.append(Rival(target))
        yield started
    finally:
        for rival in started:
            rival.stop()


def together(group: Sequence[Rival], orders: Sequence[dict[str, Any]]) -> tuple[float, list[Answer]]:
    """Give each rival its order at once; returns the seconds until the last one was done, and the answers."""
    started = time.perf_counter()
    for rival, keywords in zip(group, orders, strict=True):
        rival.order(**keywords)
    answers = [rival.answer() for rival in group]
    return time.perf_counter() - started, answers


def peak_rss_mb(pid: int | None = None) -> float:
    """The most memory that a process (this one without ``pid``) has held at any time, in MB of 2**20 bytes."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid or 'self'}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20) if sys.platform == "darwin" else most / 1024


def serve(target: str) -> int:
    """Answer orders until the input ends. Whatever the work prints goes to the error output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import django

    django.setup()
    module, _, name = target.partition(":")
    work = getattr(importlib.import_module(module), name)
    for line in sys.stdin:
        keywords = json.loads(line)
        started = time.perf_counter()
        result = work(**keywords)
        seconds = time.perf_counter() - started
        print(
            json.dumps({"seconds": seconds, "result": result, "peak_rss_mb": peak_rss_mb()}), file=answers, flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1]))
