"""What must happen again and again: one recurring service, called by Celery and by the sweep (contract 7).

Each may run twice, late, or in three places at once; either runner alone is enough. The database
remembers: a lost call is followed by the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import shared_task
from django.conf import settings

from backend import clock
from backend.selectors.people import open_program_ids

Run = Callable[[list[int], datetime], object]


@dataclass(frozen=True, slots=True)
class Tick:
    """One recurring service.

    ``task`` is its name in Celery, ``every`` the setting with its interval in seconds; ``run`` takes the
    ids of the programs that are open, and the time.
    """

    name: str
    task: str
    every: str
    run: Run

    @property
    def every_s(self) -> float:
        return float(getattr(settings, self.every))


def tick(book: list[Tick], *, every: str, name: str = "") -> Callable[[Run], Any]:
    """Enter the function below in ``book`` and make it a Celery task that reads the clock and the open programs.

    ``name`` where the function cannot have the tick's own.
    """

    def entered(run: Run) -> Any:
        called = name or run.__name__
        known = Tick(called, f"{run.__module__}.{called}", every, run)
        book.append(known)

        def task(**_later_args: object) -> None:
            run(open_program_ids(), clock.now())

        task.__doc__ = run.__doc__
        return shared_task(name=known.task, ignore_result=True)(task)

    return entered
