"""``manage.py simulate``: years of texts under faults, in simulated time, without a database."""

import json as json_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.simulation.run import simulate
from config.simulation.world import VIOLATIONS


class Command(BaseCommand):
    help = (
        "Play the planner, the last word before the wire and the send protocol over simulated time, with a fault "
        "every 100 sends. The database and the provider are simulated. Ends with status 1 when a text was lost, "
        "doubled, late, outside the window, after a STOP, or left without an outcome; the same seed replays it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--patients", type=int, default=100)
        parser.add_argument("--days", type=int, default=365)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--processes", type=int, default=None, help="default: one a core")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(
        self,
        *args: Any,
        patients: int,
        days: int,
        seed: int,
        processes: int | None,
        json: bool,
        **options: Any,
    ) -> None:
        if patients < 1 or days < 1 or (processes is not None and processes < 1):
            raise CommandError("patients, days and processes are at least 1.")
        answer = simulate(patients=patients, days=days, seed=seed, processes=processes)
        found = answer.as_json()
        if json:
            self.stdout.write(json_module.dumps(found))
        else:
            for name, value in found.items():
                self.stdout.write(f"{name.replace('_', ' '):16} {value:>12,}")
            for line in answer.counts.first:
                self.stdout.write(line)
        if not answer.holds:
            wrong = ", ".join(f"{found[name]} {name.replace('_', ' ')}" for name in VIOLATIONS if found[name])
            raise CommandError(f"{wrong}. Replay: manage.py simulate with the same numbers.", returncode=1)
