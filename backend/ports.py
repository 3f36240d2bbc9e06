"""What must go up the stack without an import going up; filled in ``config`` (contract 7)."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class DeliverSignInCode(Protocol):
    """Send a one-time code to a person. Shapes: E.164 number, six digits, an instant."""

    def __call__(self, *, program_id: int, patient_id: int, code: str, now: datetime) -> None: ...


_deliver: DeliverSignInCode | None = None
_export_sections: list[Callable[..., dict]] = []


def fill(*, deliver_sign_in_code: DeliverSignInCode | None = None) -> None:
    """Called once by ``config`` at start."""
    global _deliver
    _deliver = deliver_sign_in_code


def deliver_sign_in_code(*, program_id: int, patient_id: int, code: str, now: datetime) -> None:
    if _deliver is None:
        raise LookupError("no way to deliver a sign-in code is configured")
    _deliver(program_id=program_id, patient_id=patient_id, code=code, now=now)


def add_export_section(section: Callable[..., dict]) -> None:
    _export_sections.append(section)


def export_sections() -> list[Callable[..., dict]]:
    return list(_export_sections)
