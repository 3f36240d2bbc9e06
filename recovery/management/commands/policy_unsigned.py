"""``manage.py policy_unsigned``: the clinical numbers that no medical director signed yet."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.db import programs
from backend.selectors.people import open_program_ids, program_by_slug, programs_by_id
from recovery.rules.flags import FLAG_RULES, flag_kind_of
from recovery.rules.policy import default_policy, numbers
from recovery.rules.policy_doc import shown
from recovery.rules.policy_words import OWNER, RESPONSE, SEVERITY
from recovery.rules.standing import standing
from recovery.selectors.policy import unsigned_of


class Command(BaseCommand):
    help = "List what is unsigned, by program. Production does not start while there is any. Ends with 1 if there is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", metavar="SLUG", help="only this program")

    def handle(self, *args: Any, program: str | None, **options: Any) -> None:
        found = program_by_slug(program) if program else None
        if program and found is None:
            raise CommandError("There is no program of this name.")
        ids = [found.pk] if found else open_program_ids()
        with programs(ids):
            unsigned = unsigned_of(ids)
        slugs = {pk: row.slug for pk, row in programs_by_id(ids).items()}
        known = {number.key: number for number in numbers(default_policy())}
        for pk in ids:
            self.stdout.write(f"{slugs[pk]}: {len(unsigned[pk])} unsigned")
            for key in unsigned[pk]:
                kind = flag_kind_of(key)
                if kind is not None:
                    row = FLAG_RULES[kind]
                    said = f"{SEVERITY[row.severity]}, {OWNER[row.owner].lower()}, {RESPONSE[row.response]}"
                    self.stdout.write(f"  {key:<34} {said} ({row.source})")
                elif key in standing():
                    self.stdout.write(f"  {key:<34} {standing()[key].meaning} ({standing()[key].source})")
                else:
                    number = known[key]
                    self.stdout.write(f"  {key:<34} {shown(number.value)} {number.unit} ({number.source})")
        if any(unsigned.values()):
            raise SystemExit(1)
