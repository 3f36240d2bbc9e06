"""Places where a fault rig kills or stops the process, to show what that leaves behind.

Only in test mode. ``HOLDFAST_CRASH_AT`` names the place; ``name:3`` is the third time it is passed, and
``stop@name`` stands still there instead, once, until somebody sends SIGCONT.
"""

import os
import signal

from django.conf import settings

VARIABLE = "HOLDFAST_CRASH_AT"

_passed: dict[str, int] = {}


def crashpoint(name: str) -> None:
    """Kill this process with SIGKILL, or stop it, if the environment says so."""
    armed = os.environ.get(VARIABLE)
    if not armed or settings.MODE != "test":
        return
    how, _, where = armed.rpartition("@")
    place, _, nth = where.partition(":")
    if place != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if how == "stop" and _passed[name] == int(nth or 1):
        os.kill(os.getpid(), signal.SIGSTOP)
    elif how != "stop" and _passed[name] >= int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
