"""``manage.py verify_messages``: whether the promises about texts hold right now (I1 to I10 of M 5.3)."""

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend import clock
from backend.selectors.people import closed_program_ids, open_program_ids
from reminders.selectors.invariants import Violation
from reminders.services.invariants import verify_messages

# What a task may be called with: nothing. A tick finds its work in the database.
_PLAIN = (int, float, bool, type(None))


class Command(BaseCommand):
    help = "Check the invariants of messages; ends with status 1 when one is broken. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
        parser.add_argument("--no-hashes", action="store_true", help="leave out the hashes of the audit chain")

    def handle(self, *args: Any, json: bool, no_hashes: bool, **options: Any) -> None:
        report = verify_messages(
            program_ids=[*open_program_ids(), *closed_program_ids()], now=clock.now(), hashes=not no_hashes
        )
        said = broker_says(settings.REDIS_URL)
        if said is not None:
            report.checked.append("I9")
            report.violations += said
        if json:
            self.stdout.write(_as_json(report.checked, report.violations))
        else:
            for one in report.violations:
                self.stdout.write(f"{one.invariant} {one.object_kind} {one.object_id}: {one.about}")
            self.stdout.write(f"{len(report.checked)} invariants checked, {len(report.violations)} violations")
        if not report.holds:
            raise CommandError("An invariant is broken.", returncode=1)


def _as_json(checked: list[str], violations: list[Violation]) -> str:
    order = sorted(checked, key=lambda name: int(name[1:]))
    content = {"holds": not violations, "checked": order, "violations": [asdict(one) for one in violations]}
    return json.dumps(content)


def broker_says(url: str) -> list[Violation] | None:
    """I9: what waits in the broker names no one. None when there is no broker, or it does not answer."""
    if not url.startswith("redis"):
        return None
    import redis

    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        waiting = [entry for entry in client.lrange("celery", 0, 1000) if isinstance(entry, bytes)]
        unacked = [entry for entry in client.hvals("unacked") if isinstance(entry, bytes)]
    except redis.RedisError:
        return None
    return [
        Violation("I9", "a task in the broker carries more than numbers", "task", number)
        for number, entry in enumerate([*waiting, *unacked])
        if not _is_plain(entry)
    ]


def _is_plain(entry: bytes) -> bool:
    """Whether a queued task is called with numbers only."""
    import base64

    try:
        message = json.loads(entry)
        message = message[0] if isinstance(message, list) else message
        body = message["body"]
        if message.get("properties", {}).get("body_encoding") == "base64":
            body = base64.b64decode(body)
        args, kwargs, *_ = json.loads(body)
    except (ValueError, KeyError, TypeError, IndexError):
        return False
    values = [*args, *kwargs.values()] if isinstance(args, list) and isinstance(kwargs, dict) else ["?"]
    return all(
        isinstance(value, _PLAIN) or (isinstance(value, list) and all(isinstance(one, _PLAIN) for one in value))
        for value in values
    )
