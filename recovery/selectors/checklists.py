"""Checklists with what was answered, for the page that fills and signs them. Needs an open scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from backend.crypto import Key
from backend.selectors.people import staff_names
from recovery.models import AfterCare, Checklist, ChecklistAnswer, Patient, PlannedStop
from recovery.rules.checklists import (
    Answered,
    ChecklistKind,
    ChecklistStatus,
    Item,
    Readiness,
    answer_words,
    items_for,
    readiness,
)
from recovery.rules.medicines import Medicine
from recovery.rules.states import Indication, OpioidHistory
from recovery.selectors.worklist import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """The latest answer to one item. ``reason`` is opened from the seal."""

    value: str
    reason: str
    by: str
    at: datetime

    def as_rule(self) -> Answered:
        return Answered(self.value, has_reason=bool(self.reason))


@dataclass(frozen=True, slots=True)
class ItemView:
    """One question with what was answered. ``speaks_against``: signed over only with a reason."""

    item: Item
    answer: AnswerView | None

    @property
    def value(self) -> str:
        """The answer as it is stored, '' without one."""
        return self.answer.value if self.answer is not None else ""

    @property
    def said(self) -> str:
        return answer_words(self.item, self.answer.value) if self.answer is not None else ""

    @property
    def speaks_against(self) -> bool:
        return self.answer is not None and self.answer.value in self.item.concern


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistView:
    """One checklist as the page shows it. ``in_force``: signed, and today is not after its last day."""

    checklist_id: int
    kind: ChecklistKind
    cause: str
    medicine: Medicine
    status: ChecklistStatus
    opened_at: datetime
    signed_by: str
    signed_at: datetime | None
    expires_on: date | None
    in_force: bool
    items: list[ItemView]
    ready: Readiness


def items_of(row: Checklist, patient: Patient) -> list[Item]:
    """What this checklist asks of this person."""
    return items_for(
        ChecklistKind(row.kind),
        medicine=Medicine(row.medicine),
        indication=Indication(patient.indication),
        opioid_history=OpioidHistory(patient.opioid_history),
    )


def answered(row: Checklist, *, key: Key | None, names: dict[int, str] | None = None) -> dict[str, AnswerView]:
    """The latest answer to each item."""
    return _answers([row.pk], key, names or {}).get(row.pk, {})


def checklists_of(
    *, patient: Patient, key: Key | None, today: date, kind: ChecklistKind | None = None
) -> list[ChecklistView]:
    """Every checklist of a patient: live ones first, then the newest."""
    rows = list(Checklist.objects.filter(patient_id=patient.pk).order_by("-opened_at", "-pk"))
    if kind is not None:
        rows = [row for row in rows if row.kind == kind.value]
    names = staff_names(program_ids=[patient.program_id])
    answers = _answers([row.pk for row in rows], key, names)
    views = []
    for row in rows:
        given = answers.get(row.pk, {})
        items = items_of(row, patient)
        status = ChecklistStatus(row.status)
        views.append(
            ChecklistView(
                checklist_id=row.pk,
                kind=ChecklistKind(row.kind),
                cause=row.cause,
                medicine=Medicine(row.medicine),
                status=status,
                opened_at=row.opened_at,
                signed_by=names.get(row.signed_by_id or 0, ""),
                signed_at=row.signed_at,
                expires_on=row.expires_on,
                in_force=status is ChecklistStatus.SIGNED and row.expires_on is not None and today <= row.expires_on,
                items=[ItemView(item, given.get(item.code)) for item in items],
                ready=readiness(items, {code: each.as_rule() for code, each in given.items()}),
            )
        )
    live = (ChecklistStatus.OPEN, ChecklistStatus.SIGNED)
    return sorted(views, key=lambda view: view.status not in live)


def _answers(checklist_ids: Sequence[int], key: Key | None, names: dict[int, str]) -> dict[int, dict[str, AnswerView]]:
    found: dict[int, dict[str, AnswerView]] = {}
    for row in ChecklistAnswer.objects.filter(checklist_id__in=list(checklist_ids)).order_by("pk"):
        found.setdefault(row.checklist_id, {})[row.item] = AnswerView(
            value=row.value, reason=opened(row, key, "reason"), by=names.get(row.by_id, ""), at=row.at
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class StopView:
    """A planned stop of the open treatment."""

    stop_id: int
    planned_for: date
    reason: str
    counselled_at: datetime | None
    decided_by: str
    decided_at: datetime
    note: str


def planned_stop(*, patient: Patient, key: Key | None) -> StopView | None:
    """The stop that is planned and not taken back, the latest first."""
    row = PlannedStop.objects.filter(patient_id=patient.pk, cancelled_at__isnull=True).order_by("-planned_for").first()
    if row is None:
        return None
    names = staff_names(program_ids=[patient.program_id])
    return StopView(
        stop_id=row.pk,
        planned_for=row.planned_for,
        reason=row.reason,
        counselled_at=row.counselled_at,
        decided_by=names.get(row.decided_by_id, ""),
        decided_at=row.decided_at,
        note=opened(row, key, "note"),
    )


def after_care(patient: Patient) -> AfterCare | None:
    """The weeks of after-care that run now."""
    return AfterCare.objects.filter(patient_id=patient.pk, ended_at__isnull=True).first()
