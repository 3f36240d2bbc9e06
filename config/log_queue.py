"""A log handler that never makes its caller wait: where lines go may be slow, full or dead (F72).

Lines are made by the caller, so that nothing personal is kept in memory, and written by a thread of their own.
When more than ``LINES`` wait, new ones are dropped and counted; the count is written once something is read again.
"""

import atexit
import contextlib
import json
import logging
import os
import queue
import sys
import threading
import weakref
from typing import TextIO

LINES = 10_000
LAST_WORDS_S = 2.0
"""How long the end of a process waits for its last lines to be written."""


class NeverWaits(logging.Handler):
    """Writes to a stream from a thread of its own; starts again after a fork."""

    def __init__(self, stream: TextIO | None = None, lines: int = LINES) -> None:
        super().__init__()
        self._stream = stream
        self._lines = lines
        self._begin()
        handler = weakref.ref(self)
        atexit.register(_finish, handler)
        os.register_at_fork(after_in_child=lambda: _begin_again(handler))

    def _begin(self) -> None:
        self._waiting: queue.Queue[str | None] = queue.Queue(self._lines)
        self._dropped = 0
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            # Not handleError: it prints the record, which may hold what no log may hold.
            line = json.dumps({"event": "a log line could not be made", "level": "error", "logger": record.name})
        if self._thread is None:
            self._start()
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="log", daemon=True)
                self._thread.start()

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            if self._dropped:
                lost, self._dropped = self._dropped, 0
                lost_line = json.dumps({"event": "log lines were dropped", "level": "warning", "count": lost})
                line = f"{lost_line}\n{line}"
            # A closed or broken stream loses its lines and nothing else.
            with contextlib.suppress(OSError, ValueError):
                stream = self._stream or sys.stderr
                stream.write(line + "\n")
                stream.flush()

    def finish(self, patience_s: float = LAST_WORDS_S) -> None:
        """Write what waits, for at most ``patience_s`` seconds."""
        if self._thread is None:
            return
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=patience_s)
        self._thread.join(patience_s)


def _finish(handler: "weakref.ref[NeverWaits]") -> None:
    if (found := handler()) is not None:
        found.finish()


def _begin_again(handler: "weakref.ref[NeverWaits]") -> None:
    """A thread does not live on in a forked child, and the parent's waiting lines are the parent's to write."""
    if (found := handler()) is not None:
        found._begin()
