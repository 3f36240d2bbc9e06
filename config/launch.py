"""Start one program that cannot outlive its parent, or watch that none does.

Run as a script by ``config.supervisor``; standard library only and never
imported by the application, so that starting it costs a few milliseconds.

    launch.py exec PARENT SIGNAL USER GROUP -- PROGRAM ARGUMENT...
    launch.py watch GRACE_SECONDS

``exec`` asks the kernel to send SIGNAL when PARENT dies (Linux), gives up
root for USER:GROUP ("-" keeps them) and becomes PROGRAM. ``watch`` reads
"+ GROUP SIGNAL" and "- GROUP" lines; when its input ends it stops every group
still listed. It covers what the kernel's request cannot: grandchildren,
programs that ignore the signal, systems without it.
"""

import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
CANNOT_START = 127


def become(parent: int, death_signal: int, user: str, group: str, argv: list[str]) -> None:
    """Replace this process by ``argv``; never returns."""
    if group != "-":
        os.setgroups([])
        os.setgid(int(group))
    if user != "-":
        os.setuid(int(user))
    # After the change of user: the kernel forgets the request at a change of credentials.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:  # it died before the request was made
        os._exit(CANNOT_START)
    # Python ignores SIGPIPE and a child would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"cannot start {argv[0]}: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(CANNOT_START)


def _signal_group(group: int, number: int) -> bool:
    """Signal a process group; False once nobody is left in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def watch(grace_s: float) -> None:
    """Stop the groups that are still listed when the input ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        words = line.split()
        if words[:1] == ["+"]:
            groups[int(words[1])] = int(words[2])
        elif words[:1] == ["-"]:
            groups.pop(int(words[1]), None)

    for group, stop_signal in groups.items():
        _signal_group(group, stop_signal)
    until = time.monotonic() + grace_s
    while groups and time.monotonic() < until:
        time.sleep(0.05)
        groups = {group: stop for group, stop in groups.items() if _signal_group(group, 0)}
    for group in groups:
        _signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1] == "exec":
        become(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5], sys.argv[7:])
    else:
        watch(float(sys.argv[2]))
