"""A migration whose small steps share one rendering of the models.

Django renders every related model again after each constraint, index, column and trigger: with a hundred models that is
most of a minute of a first start, and nothing of it is PostgreSQL's. Steps in a row see the state after the last of
them; each still runs its own SQL, in its order.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from django.db import migrations
from django.db.migrations.operations.base import Operation
from pgtrigger.migrations import AddTrigger

NEW_TABLES = (migrations.CreateModel,)
ADDED = (migrations.AddConstraint, migrations.AddIndex, migrations.AddField, AddTrigger)


class Together(Operation):
    """Run steps in a row against the state after the last of them."""

    reversible = False  # backwards each step runs by itself

    def __init__(self, steps: Sequence[Operation]) -> None:
        self.steps = tuple(steps)

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)  # rendered anew when it is asked for, once
        for step in self.steps:
            step.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for step in self.steps:
            step.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"{len(self.steps)} steps"


def together(operations: Iterable[Operation]) -> Iterator[Operation]:
    """The same steps; new tables in a row as one, and what is added to tables in a row as one."""
    for kind, run in groupby(operations, key=_kind):
        steps = list(run)
        if kind and len(steps) > 1:
            yield Together(steps)
        else:
            yield from steps


def _kind(step: Operation) -> int:
    return 1 if isinstance(step, NEW_TABLES) else 2 if isinstance(step, ADDED) else 0


class Migration(migrations.Migration):
    """The base of migrations with many steps."""

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        as_written = self.operations
        self.operations = list(together(as_written))  # type: ignore[misc]
        try:
            return super().apply(project_state, schema_editor, collect_sql)
        finally:
            self.operations = as_written  # type: ignore[misc]
