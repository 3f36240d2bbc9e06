"""Whether everything that keeps the promises runs: asked by ``manage.py watch`` and by the health page.

Each ``Problem`` is a sentence that a person without this code can act on; none holds a fact about a patient.
"""

import urllib.error
import urllib.request
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from backend.db import programs
from backend.selectors.people import closed_program_ids, open_program_ids
from config.ticks import all_ticks
from recovery.selectors.rota import unanswered
from reminders.selectors.beats import last_finished, last_runs, late_ticks
from reminders.selectors.health import MessageHealth, message_health
from reminders.services.invariants import verify_messages

PARTS = ("web", "worker", "sweep")
"""What may be watched. Beat has no work of its own: without it the worker's ticks stop."""
PULSE = "dispatch_due"
UNREAD_FOR = timedelta(hours=24)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not work, what to do about it, and since when where that is known (the last time it worked)."""

    part: str
    what: str
    do: str
    since: datetime | None = None


def intervals() -> dict[str, float]:
    """How old the last run of each tick may be, in seconds."""
    return {tick.name: max(tick.every_s * 3, settings.SWEEP_SECONDS * 6) for tick in all_ticks()}


def health(*, now: datetime, program_ids: Collection[int] | None = None) -> MessageHealth:
    """The counts over these programs, all open ones unless told otherwise."""
    ids = open_program_ids() if program_ids is None else list(program_ids)
    if not ids:
        return MessageHealth(without_outcome=0)
    with programs(ids):
        return message_health(now=now)


def problems(
    *,
    now: datetime,
    parts: tuple[str, ...] = (),
    invariants: bool = True,
    program_ids: Collection[int] | None = None,
) -> list[Problem]:
    """Everything that is wrong now; empty means that the promises hold.

    ``parts`` are processes that must be there, of ``PARTS``. ``invariants``: also I1 to I10 of M 5.3, which
    read days of messages (the hashes of the audit chain are left to ``verify_messages``). ``program_ids``: whose
    messages, audit and concerns are counted; None: all open programs.
    """
    last = last_finished()
    found = [
        Problem(
            name,
            f"{name} has not run in the last {intervals()[name]:.0f} seconds.",
            "Start worker and beat, or the sweep. One of them is enough.",
            last.get(name),
        )
        for name in late_ticks(intervals=intervals(), now=now)
    ]
    found += _silent(now=now, parts=parts)
    ids = open_program_ids() if program_ids is None else list(program_ids)
    state = health(now=now, program_ids=ids)
    if state.without_outcome:
        found.append(
            Problem(
                "messages",
                f"{state.without_outcome} texts that were due have no outcome after five minutes.",
                "Look at the log of the worker and the sweep; manage.py verify_messages names the rows.",
            )
        )
    found += _providers(state)
    if state.unsealed:
        found.append(
            Problem(
                "audit",
                f"{state.unsealed} audit entries are not sealed after ten seconds.",
                "The sealing tick does not run or cannot write. Start the sweep.",
            )
        )
    with programs(ids):
        waiting = unanswered(ids)
    forgotten = sum(one.told_everybody for one in waiting)
    if forgotten:
        found.append(
            Problem(
                "on call",
                f"{forgotten} concerns went round to everybody and nobody has taken them.",
                "Call who is on call. The worklist shows which they are.",
                min((one.oldest_at for one in waiting if one.told_everybody and one.oldest_at), default=None),
            )
        )
    if invariants:
        found += _broken(now=now)
    return found


WAKE_PROVIDERS = {"web_push": "Pushes to browsers", "fcm": "Pushes to apps", "smtp": "Mails"}
"""What each of the providers beside texts carries. What they fail to wake is told by its text."""


def _providers(state: MessageHealth) -> list[Problem]:
    """Providers that take nothing, by their answers or because their circuit is open."""
    found = []
    for name in sorted({*state.refusing, *(name for name, (how, _) in state.circuits.items() if how != "closed")}):
        since = state.circuits[name][1] if name in state.circuits else None
        if name in WAKE_PROVIDERS:
            found.append(
                Problem(
                    "wakes",
                    f"{WAKE_PROVIDERS[name]} do not get through; texts are sent in their place.",
                    "Look at the settings and the account of this channel: key, certificate, sign-in.",
                    since,
                )
            )
        else:
            found.append(
                Problem(
                    "provider",
                    "The provider took none of the last texts.",
                    "Look at its status page and at the account: credentials, balance, sender.",
                    since,
                )
            )
    return found


def _silent(*, now: datetime, parts: tuple[str, ...]) -> list[Problem]:
    found = []
    oldest = timedelta(seconds=max(settings.DISPATCH_SECONDS * 6, settings.SWEEP_SECONDS * 6, 3))
    runs = last_runs(tick=PULSE)
    for part, also in (("worker", " and beat"), ("sweep", "")):
        if part in parts and (part not in runs or now - runs[part] > oldest):
            do = f"Start the {part}{also} and read its log."
            found.append(Problem(part, f"The {part} has stopped.", do, runs.get(part)))
    if "web" in parts and not _web_answers():
        found.append(Problem("web", "The web process does not answer.", "Start it, and read its log."))
    return found


def _web_answers() -> bool:
    try:
        with urllib.request.urlopen(f"{settings.WATCH_WEB_URL}/healthz", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _broken(*, now: datetime) -> list[Problem]:
    from config.management.commands.verify_messages import broker_says

    report = verify_messages(program_ids=[*open_program_ids(), *closed_program_ids()], now=now, hashes=False)
    names = sorted({one.invariant for one in [*report.violations, *(broker_says(settings.REDIS_URL) or [])]})
    return [
        Problem("messages", f"{name} does not hold.", "manage.py verify_messages names the rows.") for name in names
    ]


def may_ping(url: str) -> bool:
    """Whether this address may be called: https, or this machine itself outside production. Never with a query."""
    parts = urlsplit(url)
    here = parts.hostname in _LOOPBACK and not settings.PRODUCTION
    return bool(parts.hostname) and not parts.query and (parts.scheme == "https" or (parts.scheme == "http" and here))


def ping(url: str) -> bool:
    """Call the address without a word about anybody; tells whether it answered. Redirects count as no."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - may_ping has looked at it
            return bool(200 <= answer.status < 300)
    except (urllib.error.URLError, OSError, ValueError):
        return False
