"""manage.py lot LOT --program SLUG --by ADDRESS: who got it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.db import programs
from backend.rules.roles import Access
from backend.selectors.people import actor_of, program_by_slug, staff_user
from backend.services import audit
from recovery.selectors.lots import given_of_lot


class Command(BaseCommand):
    help = "Name the patients who got an injection of a lot, as a recall asks. The read is written into the audit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lot")
        parser.add_argument("--program", required=True, help="the program's short name")
        parser.add_argument("--by", required=True, help="sign-in address of the operator or staff member who asks")

    def handle(self, *args: Any, **options: Any) -> None:
        program = program_by_slug(options["program"])
        user = staff_user(email=options["by"])
        if program is None or user is None:
            raise CommandError("There is no such program, or nobody signs in with this address.")
        actor = actor_of(user_id=user.pk, route="manage.py lot")
        if program.pk not in {*actor.programs_for(Access.OPERATOR), *actor.programs_for(Access.CLINICAL)}:
            raise CommandError("This person is no operator, nurse or prescriber of the program.")
        with programs([program.pk]):
            rows = given_of_lot(program_id=program.pk, lot=options["lot"])
            audit.record_many(
                actor=actor,
                action="lot.read",
                program_id=program.pk,
                objects=[(patient, "patient", patient) for patient in sorted({row.patient_id for row in rows})]
                or [(None, "lot", None)],
                fields=["name", "phone"],
            )
        for row in rows:
            ended = ", entered in error" if row.voided else ""
            self.stdout.write(
                f"{row.given_on.isoformat()}  record {row.number}  {row.name or '(erased)'}  {row.phone}  "
                f"{row.medicine}{ended}"
            )
        people = len({row.patient_id for row in rows if not row.voided})
        self.stdout.write(f"{people} {'person' if people == 1 else 'people'} got lot {options['lot'].strip()}.")
