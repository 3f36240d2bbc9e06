"""What a patient wrote down: cravings, triggers, words for themselves, and what was tried. Needs an open scope."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from backend.crypto import Key
from backend.selectors.export import opened, rows_of
from backend.selectors.keys import data_key
from recovery.models import CravingLog, JournalEntry, Patient, SkillUse, TriggerEntry


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


def _page(
    model: Any, patient: Patient, at: str, limit: int, before: tuple[datetime, int] | None, **more: Any
) -> list[Any]:
    rows = model.objects.filter(program_id=patient.program_id, patient_id=patient.pk, **more)
    if before is not None:
        when, row_id = before
        rows = rows.filter(Q(**{f"{at}__lt": when}) | Q(**{at: when}, id__lt=row_id))
    return list(rows.order_by(f"-{at}", "-id")[:limit])


def _key(rows: Sequence[CravingLog | TriggerEntry], patient: Patient) -> Key | None:
    """The patient's key, fetched only where a note waits to be opened."""
    if not any(row.note for row in rows):
        return None
    return data_key(program_id=patient.program_id, patient_id=patient.pk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One entry of the journal, opened."""

    id: int
    client_id: UUID
    written_at: datetime
    received_at: datetime
    shared: bool
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How often something was tried, and of those with an answer how often it helped."""

    skill: str
    times: int
    helped: int
    did_not: int

    @property
    def unsaid(self) -> int:
        return self.times - self.helped - self.did_not


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """How often a tag, or a kind where no tag was chosen, came up."""

    kind: str
    tag: str
    times: int


def entries(
    *, patient: Patient, limit: int, before: tuple[datetime, int] | None = None, shared_only: bool = False
) -> list[Written]:
    """Up to ``limit`` entries of the journal, newest first; ``shared_only`` for anybody but the person."""
    rows = _page(JournalEntry, patient, "written_at", limit, before, **({"shared": True} if shared_only else {}))
    return entries_shown(rows, patient=patient)


def entries_shown(rows: Sequence[JournalEntry], *, patient: Patient) -> list[Written]:
    """These entries as the person sees them."""
    key = data_key(program_id=patient.program_id, patient_id=patient.pk) if rows else None
    return [
        Written(
            id=row.pk,
            client_id=row.client_id,
            written_at=row.written_at,
            received_at=row.received_at,
            shared=row.shared,
            words=opened(row, key, "words"),
        )
        for row in rows
    ]


def tried_counts(*, patient: Patient) -> list[Tried]:
    """What was tried, in the journal and on its own, the most often helpful first."""
    said = [
        *TriggerEntry.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
        .exclude(tried="")
        .values_list("tried", "helped"),
        *SkillUse.objects.filter(program_id=patient.program_id, patient_id=patient.pk).values_list("skill", "helped"),
    ]
    times, helped, did_not = Counter[str](), Counter[str](), Counter[str]()
    for skill, answer in said:
        times[skill] += 1
        helped[skill] += answer is True
        did_not[skill] += answer is False
    found = [Tried(skill=each, times=times[each], helped=helped[each], did_not=did_not[each]) for each in times]
    return sorted(found, key=lambda each: (-each.helped, each.did_not, -each.times, each.skill))


def patterns(*, patient: Patient, since: datetime) -> list[Pattern]:
    """What came up since then, the most frequent first (C 1 row 77). Counts, no conclusion."""
    rows = TriggerEntry.objects.filter(
        program_id=patient.program_id, patient_id=patient.pk, happened_at__gte=since
    ).values_list("kind", "tag")
    return [
        Pattern(kind=kind, tag=tag, times=times)
        for (kind, tag), times in sorted(Counter(rows).items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def journal_rows(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """For the person's own export: every entry."""
    return rows_of(JournalEntry, patient=patient, key=key)


def shared_journal_rows(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """For the staff's export: the entries that the person lets the team read."""
    return rows_of(JournalEntry.objects.filter(shared=True), patient=patient, key=key)
