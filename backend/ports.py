"""What must go up the stack without an import going up; filled in ``config`` (contract 7)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class DeliverSignInCode(Protocol):
    """Send a one-time code to a person. Shapes: E.164 number, six digits, an instant."""

    def __call__(self, *, program_id: int, patient_id: int, code: str, now: datetime) -> None: ...


class SectionRows(Protocol):
    """Everything that one section holds about ``patient`` (a ``Patient`` row), as JSON-ready dicts.

    ``key`` (``backend.crypto.Key``) opens what is sealed; None once it was destroyed. Needs an open scope.
    """

    def __call__(self, *, patient: Any, key: Any) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class ExportSection:
    """One part of a person's export, and the tables that it covers (a guard compares them with the database).

    ``staff_only`` names fields that the person's own export leaves out and the staff's holds:
    the notes that colleagues write to each other, and results that nobody has confirmed (S 10).
    ``staff_rows`` stands in for ``rows`` in the staff's export, where a person keeps something to themselves.
    """

    name: str
    rows: SectionRows
    tables: tuple[str, ...]
    staff_only: frozenset[str] = frozenset()
    staff_rows: SectionRows | None = None


class NoteSeen(Protocol):
    """A patient (``actor``, an ``Actor``) opened their page: what woke them up was seen. Needs an open scope."""

    def __call__(self, *, actor: Any, program_id: int, patient_id: int, now: datetime) -> object: ...


_deliver: DeliverSignInCode | None = None
_seen: NoteSeen | None = None
_export_sections: dict[str, ExportSection] = {}


def fill(*, deliver_sign_in_code: DeliverSignInCode | None = None, note_seen: NoteSeen | None = None) -> None:
    """Called once by ``config`` at start."""
    global _deliver, _seen
    _deliver, _seen = deliver_sign_in_code, note_seen


def note_seen(*, actor: Any, program_id: int, patient_id: int, now: datetime) -> None:
    """Nothing happens where nobody sends anything."""
    if _seen is not None:
        _seen(actor=actor, program_id=program_id, patient_id=patient_id, now=now)


def deliver_sign_in_code(*, program_id: int, patient_id: int, code: str, now: datetime) -> None:
    if _deliver is None:
        raise LookupError("no way to deliver a sign-in code is configured")
    _deliver(program_id=program_id, patient_id=patient_id, code=code, now=now)


def add_export_sections(sections: list[ExportSection]) -> None:
    """Sections of an app further up the stack; adding one twice changes nothing."""
    _export_sections.update({section.name: section for section in sections})


def export_sections() -> list[ExportSection]:
    return list(_export_sections.values())
