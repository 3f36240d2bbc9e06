"""``manage.py texts_off``: switch a class of texts off or on again, when no browser is at hand (N33)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend import clock
from backend.db import programs
from backend.errors import DomainError
from backend.selectors.people import actor_of, program_by_slug, staff_user
from reminders.rules.states import MessageClass
from reminders.rules.stops import StopKind
from reminders.selectors.stops import missed, stops_of
from reminders.services import stops


class Command(BaseCommand):
    help = (
        "Switch a class of texts of a program off (--class NAME --reason WHY), on again (--on), or list what is off. "
        "By an operator or a medical director, named by --as EMAIL. Classes: "
        + ", ".join(one.value for one in MessageClass)
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("program", help="its short name")
        parser.add_argument("--as", dest="email", default="", help="your sign-in address")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--class", dest="message_class", default="")
        which.add_argument("--template", default="")
        parser.add_argument("--reason", default="", help="one line, no names")
        parser.add_argument("--on", action="store_true", help="switch it on again")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        program = program_by_slug(options["program"])
        if program is None:
            raise CommandError("There is no such program.")
        kind = StopKind.TEMPLATE if options["template"] else StopKind.CLASS
        name = options["template"] or options["message_class"]
        with programs([program.pk]):
            if name:
                self._switch(program.pk, kind, name, now=now, **options)
            for row in stops_of(program.pk):
                if row.ended_at is None:
                    held = missed(program.pk, since=row.since)
                    mine = [one for one in held if row.name in (one.message_class, one.template)]
                    self.stdout.write(
                        f"off since {row.since:%Y-%m-%d %H:%M} UTC: {row.kind} {row.name} ({row.reason}); "
                        f"{len(mine)} held back, {sum(one.safety for one in mine)} of them safety"
                    )

    @staticmethod
    def _switch(program_id: int, kind: StopKind, name: str, *, now: Any, **options: Any) -> None:
        user = staff_user(email=options["email"]) if options["email"] else None
        if user is None:
            raise CommandError("Nobody signs in with this address (--as).")
        actor = actor_of(user_id=user.pk, route="texts_off")
        try:
            if options["on"]:
                live = [one for one in stops_of(program_id) if one.ended_at is None]
                row = next((one for one in live if (one.kind, one.name) == (kind.value, name)), None)
                if row is None:
                    raise CommandError("This is not off.")
                stops.switch_on(actor=actor, stop_id=row.pk, now=now)
            else:
                stops.switch_off(
                    actor=actor, program_id=program_id, kind=kind, name=name, reason=options["reason"], now=now
                )
        except DomainError as refusal:
            raise CommandError(refusal.message) from None
