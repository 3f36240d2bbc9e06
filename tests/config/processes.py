"""What the tests of ``config`` need to start real processes and watch them end."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 30.0

Found = TypeVar("Found")


def until(look: Callable[[], Found], what: str = "what was awaited") -> Found:
    """Look again and again until something true comes back; return it."""
    end = time.monotonic() + LIMIT_S
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {LIMIT_S:.0f} s")
        threading.Event().wait(0.02)
    return found


def alive(pid: int) -> bool:
    """Say whether ``pid`` runs; one that ended and was not collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone(*pids: int) -> None:
    """Wait until none of ``pids`` runs."""
    until(lambda: not [pid for pid in pids if alive(pid)], f"the end of {pids}")


def python(code: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a Python program that can import this checkout; its output can be read line by line."""
    prelude = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    return subprocess.Popen(
        [sys.executable, "-c", prelude + code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
