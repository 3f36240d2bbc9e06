"""What a patient wrote down: cravings and triggers, newest first, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from backend.crypto import Key
from backend.selectors.keys import data_key
from recovery.models import CravingLog, Patient, TriggerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Craving:
    """One reading, its note opened from the seal."""

    id: int
    client_id: UUID
    intensity: int
    substance: str
    confidence: int | None
    felt_at: datetime
    received_at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One entry of the trigger journal, its note opened from the seal."""

    id: int
    client_id: UUID
    origin: str
    kind: str
    tag: str
    intensity: int | None
    tried: str
    helped: bool | None
    happened_at: datetime
    received_at: datetime
    note: str


def cravings(*, patient: Patient, limit: int, before: tuple[datetime, int] | None = None) -> list[Craving]:
    """Up to ``limit`` readings, newest first, after the place ``before`` (felt_at, id). Needs an open scope."""
    return cravings_shown(_page(CravingLog, patient, "felt_at", limit, before), patient=patient)


def cravings_shown(rows: Sequence[CravingLog], *, patient: Patient) -> list[Craving]:
    """These rows of one patient as they see them."""
    key = _key(rows, patient)
    return [_craving(row, key) for row in rows]


def _craving(row: CravingLog, key: Key | None) -> Craving:
    return Craving(
        id=row.pk,
        client_id=row.client_id,
        intensity=row.intensity,
        substance=row.substance,
        confidence=row.confidence,
        felt_at=row.felt_at,
        received_at=row.received_at,
        note=row.opened(key, "note") if key else "",
    )


def triggers(*, patient: Patient, limit: int, before: tuple[datetime, int] | None = None) -> list[Trigger]:
    """Up to ``limit`` entries, newest first, after the place ``before`` (happened_at, id). Needs an open scope."""
    return triggers_shown(_page(TriggerEntry, patient, "happened_at", limit, before), patient=patient)


def triggers_shown(rows: Sequence[TriggerEntry], *, patient: Patient) -> list[Trigger]:
    """These rows of one patient as they see them."""
    key = _key(rows, patient)
    return [_trigger(row, key) for row in rows]


def _trigger(row: TriggerEntry, key: Key | None) -> Trigger:
    return Trigger(
        id=row.pk,
        client_id=row.client_id,
        origin=row.origin,
        kind=row.kind,
        tag=row.tag,
        intensity=row.intensity,
        tried=row.tried,
        helped=row.helped,
        happened_at=row.happened_at,
        received_at=row.received_at,
        note=row.opened(key, "note") if key else "",
    )


def _page(model: Any, patient: Patient, at: str, limit: int, before: tuple[datetime, int] | None) -> list[Any]:
    rows = model.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
    if before is not None:
        when, row_id = before
        rows = rows.filter(Q(**{f"{at}__lt": when}) | Q(**{at: when}, id__lt=row_id))
    return list(rows.order_by(f"-{at}", "-id")[:limit])


def _key(rows: Sequence[CravingLog | TriggerEntry], patient: Patient) -> Key | None:
    """The patient's key, fetched only where a note waits to be opened."""
    if not any(row.note for row in rows):
        return None
    return data_key(program_id=patient.program_id, patient_id=patient.pk)
