"""``manage.py sender_fit``: whether the next day's texts fit the rate of their senders."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend import clock
from backend.db import programs
from backend.selectors.people import open_program_ids, programs_by_id
from reminders.rules.fit import fit_words
from reminders.selectors.sending import sender_fits


class Command(BaseCommand):
    help = (
        "Say for each sender whether the texts of the next 24 hours leave in time. Ends with 1 when one does not fit."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--per-second", type=float, help="as if each sender were allowed this many texts a second")

    def handle(self, *args: Any, per_second: float | None, **options: Any) -> None:
        if per_second is not None and per_second < 0:
            raise CommandError("--per-second is 0 or more; 0 is no limit.")
        now, ids = clock.now(), open_program_ids()
        misfits = 0
        with programs(ids):
            names = {pk: row.slug for pk, row in programs_by_id(ids).items()}
            for program_id in ids:
                found = sender_fits(program_id, now=now, per_second=per_second)
                if not found:
                    self.stdout.write(f"{names[program_id]}: no sender is registered, so nothing limits it")
                for one in found:
                    misfits += not one.fit.fits
                    self.stdout.write(
                        f"{names[program_id]}: sender {one.sender_id}: {fit_words(one.fit, one.per_second)}"
                    )
        if misfits:
            raise CommandError(f"{misfits} senders are too slow for what is planned.", returncode=1)
