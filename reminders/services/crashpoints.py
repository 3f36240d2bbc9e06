"""Places where a fault rig kills the process, to show what a crash there leaves behind.

Only in test mode. ``HOLDFAST_CRASH_AT`` names the place; ``name:3`` is the third time it is passed.
"""

import os
import signal

from django.conf import settings

VARIABLE = "HOLDFAST_CRASH_AT"

_passed: dict[str, int] = {}


def crashpoint(name: str) -> None:
    """Kill this process with SIGKILL if the environment says so."""
    armed = os.environ.get(VARIABLE)
    if not armed or settings.MODE != "test":
        return
    place, _, nth = armed.partition(":")
    if place != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] >= int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
