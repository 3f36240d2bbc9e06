"""``manage.py sign_in_link ADDRESS``: a link that signs a staff member in once."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend import clock
from backend.selectors.people import staff_user
from backend.services.people import make_sign_in_link


class Command(BaseCommand):
    help = "Print a sign-in link for a staff member. It works once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the staff member's sign-in address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        user = staff_user(email=address)
        if user is None:
            raise CommandError("No active staff account has this address.")
        self.stdout.write(settings.PUBLIC_BASE_URL + make_sign_in_link(user_id=user.pk, now=clock.now()))
