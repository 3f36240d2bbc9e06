"""``manage.py restored --since INSTANT``: after a backup was put back, before anything is started."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend import clock
from backend.selectors.people import open_program_ids
from reminders.services.restored import hold_since


class Command(BaseCommand):
    help = (
        "Say that the database was restored to its state at INSTANT. Texts that were due since then are not sent "
        "again: the provider's list tells which left. Run it before the sweep and the workers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", required=True, metavar="INSTANT", help="such as 2026-03-03T09:00:00-05:00")

    def handle(self, *args: Any, since: str, **options: Any) -> None:
        now = clock.now()
        try:
            instant = datetime.fromisoformat(since)
        except ValueError as error:
            raise CommandError("--since is an instant such as 2026-03-03T09:00:00-05:00.") from error
        if instant.tzinfo is None:
            raise CommandError("--since needs a zone, such as 2026-03-03T09:00:00-05:00.")
        if instant > now:
            raise CommandError("--since lies in the future.")
        held = hold_since(program_ids=open_program_ids(), since=instant, now=now)
        self.stdout.write(f"{held} texts are held and looked for at the provider; now start the sweep and the workers")
