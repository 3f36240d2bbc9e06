"""``manage.py db_roles``: the SQL that makes the two roles on a PostgreSQL server of your own."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.db_roles import roles_sql


class Command(BaseCommand):
    help = "Print the SQL that makes the owner role, the serving role and the database. Run it before migrate."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", default="holdfast_owner")
        parser.add_argument("--app", default="holdfast_app")
        parser.add_argument("--database", default="holdfast")

    def handle(self, *args: Any, owner: str, app: str, database: str, **options: Any) -> None:
        try:
            lines = roles_sql(owner, app, database)
        except ValueError as error:
            raise CommandError(str(error)) from None
        for line in lines:
            self.stdout.write(line)
