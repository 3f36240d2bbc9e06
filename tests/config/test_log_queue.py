"""Logging never makes a request wait, and says what it could not keep (F72)."""

import json
import logging
import os
import threading

from config.log_queue import NeverWaits
from config.logging import bare_record


class Blocked:
    """A stream whose reader has gone to sleep: a write ends when somebody reads."""

    def __init__(self) -> None:
        self.reads = threading.Event()
        self.blocked = threading.Event()
        self.text = ""

    def write(self, text: str) -> None:
        self.blocked.set()
        self.reads.wait(30)
        self.text += text

    def flush(self) -> None:
        pass


def logger(handler: logging.Handler) -> logging.Logger:
    made = logging.Logger("test")
    made.addHandler(handler)
    return made


def test_a_sink_that_does_not_read_stops_nobody_and_the_loss_is_counted():
    stream = Blocked()
    handler = NeverWaits(stream, lines=5)
    log = logger(handler)
    log.warning("first")
    assert stream.blocked.wait(10)
    for number in range(50):
        log.warning("line %d", number)  # would never end if a write waited
    stream.reads.set()
    handler.finish(10)
    lines = stream.text.splitlines()
    kept = [line for line in lines if line.startswith("line ")]
    assert lines[0] == "first"
    assert len(kept) == 5
    assert json.loads(lines[1])["count"] == 45


class Broken:
    def write(self, _text: str) -> None:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_a_broken_sink_harms_nobody():
    handler = NeverWaits(Broken())
    log = logger(handler)
    log.warning("one")
    log.warning("two")
    handler.finish(10)


def test_the_end_of_a_process_does_not_wait_for_ever():
    stream = Blocked()
    handler = NeverWaits(stream, lines=1)
    logger(handler).warning("one")
    assert stream.blocked.wait(10)
    logger(handler).warning("two")
    handler.finish(0.05)
    stream.reads.set()


def test_a_line_that_cannot_be_made_does_not_show_its_record(capfd):
    class Unwilling:
        def __str__(self) -> str:
            raise ValueError

    stream = Blocked()
    stream.reads.set()
    handler = NeverWaits(stream)
    logger(handler).warning("%s +12025550101", Unwilling())
    handler.finish(10)
    assert "could not be made" in stream.text
    assert "+1202" not in stream.text + "".join(capfd.readouterr())


def test_a_forked_child_logs_with_a_thread_of_its_own():
    reads, writes = os.pipe()
    handler = NeverWaits(os.fdopen(writes, "w"))
    log = logger(handler)
    log.warning("parent")
    handler.finish(10)
    if (child := os.fork()) == 0:
        log.warning("child")
        handler.finish(10)
        os._exit(0)
    os.waitpid(child, 0)
    os.set_blocking(reads, False)
    assert os.read(reads, 1000).decode().split() == ["parent", "child"]
    os.close(reads)


def test_an_exception_is_named_by_its_class_and_its_cause_and_nothing_else():
    try:
        try:
            raise ValueError("+12025550101")
        except ValueError as error:
            raise KeyError("Ada") from error
    except KeyError as error:
        handled = bare_record(None, "", {"event": "tick failed", "exc_info": True})
        given = bare_record(None, "", {"event": "tick failed", "exc_info": (KeyError, error, None)})
    assert handled == given == {"event": "tick failed", "error": "KeyError from ValueError"}
    assert bare_record(None, "", {"event": "fine"}) == {"event": "fine"}
