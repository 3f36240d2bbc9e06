"""What else a person lives with. Needs an open scope."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from backend.crypto import Key
from backend.selectors.people import staff_names
from recovery.models import Condition, Patient
from recovery.rules.conditions import CONDITIONS, ConditionKind
from recovery.selectors.worklist import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionView:
    """One entry of the list; ``stands`` is neither ended nor voided. ``item`` is the checklist's that it bears on."""

    id: int
    client_id: UUID
    kind: ConditionKind
    name: str
    item: str
    why: str
    source: str
    since: date | None
    ended_on: date | None
    voided: bool
    recorded_at: datetime
    recorded_by: str
    note: str = field(repr=False)

    @property
    def stands(self) -> bool:
        return self.ended_on is None and not self.voided


def conditions_of(*, patient: Patient, key: Key | None) -> list[ConditionView]:
    """The whole list, those that stand first, each newest first."""
    names = staff_names(program_ids=[patient.program_id])
    rows = Condition.objects.filter(patient_id=patient.pk).order_by("-recorded_at", "-pk")
    return sorted((_view(row, key, names) for row in rows), key=lambda each: not each.stands)


def condition_view(row: Condition, *, patient: Patient, key: Key | None) -> ConditionView:
    """One entry, after an act on it."""
    return _view(row, key, staff_names(program_ids=[patient.program_id]))


def bearing_on(conditions: Iterable[ConditionView], items: Iterable[str]) -> list[str]:
    """The names of those that stand and bear on one of these items of a checklist (S 13)."""
    asked = set(items)
    return [each.name for each in conditions if each.stands and each.item in asked]


def _view(row: Condition, key: Key | None, names: dict[int, str]) -> ConditionView:
    kind = ConditionKind(row.kind)
    rule = CONDITIONS[kind]
    return ConditionView(
        id=row.pk,
        client_id=row.client_id,
        kind=kind,
        name=rule.name,
        item=rule.item,
        why=rule.why,
        source=rule.source,
        since=row.since,
        ended_on=row.ended_on,
        voided=row.voided_at is not None,
        recorded_at=row.recorded_at,
        recorded_by=names.get(row.recorded_by_id or 0, ""),
        note=opened(row, key, "note"),
    )
