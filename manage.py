#!/usr/bin/env python3
"""Every command. Without DATABASE_URL it uses the embedded servers: those of a running ``./run``,
or its own, which it starts, migrates, and stops again.
"""

import os
import sys
from pathlib import Path

# They own the schema; everything else serves under the plain role.
OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "optimizemigration", "squashmigrations"}
# They need no server, or (up) start the servers themselves.
ALONE = {
    "up",
    "db_roles",
    "simulate",
    "help",
    "version",
    "--help",
    "--version",
    "-h",
    "makemessages",
    "compilemessages",
}


def main() -> int:
    """Prepare the environment, then hand over to Django."""
    root = Path(__file__).resolve().parent
    os.chdir(root)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    from config import bootstrap

    try:
        bootstrap.prepare(
            root,
            owner=command in OWNER_COMMANDS,
            servers=command not in ALONE,
            migrate=command not in ALONE | OWNER_COMMANDS,
            starts_them=command == "up",
        )
    except bootstrap.Refusal as refusal:
        print(f"holdfast: {refusal}", file=sys.stderr)
        return 1

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
