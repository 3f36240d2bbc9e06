"""Rows of one person as JSON-ready dicts: what every section of an export is made of. Needs an open scope."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from backend.crypto import CannotOpen, Key
from backend.fields import SealedField
from backend.models import Consent, User
from backend.ports import SectionRows
from backend.selectors.people import staff_names

FRAME = frozenset({"program", "program_id", "patient", "patient_id", "uid"})
"""Columns that say whose row it is: the same in every row of an export."""


def rows_of(
    rows: "models.QuerySet[Any] | type[models.Model]",
    *,
    patient: Any,
    key: Key | None,
    leave_out: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Every row of the person in a table, oldest first, each column by its name.

    A column that is added later is exported without a further step. Sealed texts are opened ('' where
    the key is gone); instants are ISO 8601 in UTC; decimals are strings, so that no digit is lost; a
    staff account becomes the name that colleagues and patients see ('' for one without); a reference to
    another row of the person is its id. Keyed fingerprints are no fact about a person and are left out.
    """
    found = rows if isinstance(rows, models.QuerySet) else rows._default_manager.all()
    fields = [f for f in found.model._meta.concrete_fields if f.name not in FRAME and f.name not in leave_out]
    fields = [f for f in fields if isinstance(f, SealedField) or not isinstance(f, models.BinaryField)]
    names = staff_names(program_ids=[patient.program_id]) if any(f.related_model is User for f in fields) else {}
    mine = found.filter(program_id=patient.program_id, patient_id=patient.pk).order_by("pk")
    return [{f.name: _value(row, f, key, names) for f in fields} for row in mine]


def section_of(model: type[models.Model], *, leave_out: Collection[str] = ()) -> SectionRows:
    """The rows function of a section that is one whole table."""

    def rows(*, patient: Any, key: Key | None) -> list[dict[str, Any]]:
        return rows_of(model, patient=patient, key=key, leave_out=leave_out)

    return rows


def consent_rows(*, patient: Any, key: Key | None) -> list[dict[str, Any]]:
    """What the person agreed to, in which words, and when it ended."""
    return rows_of(Consent, patient=patient, key=key)


def plain(value: Any) -> Any:
    """A stored value as JSON takes it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value


def opened(row: Any, key: Key | None, field: str) -> str:
    """A sealed column in clear; '' when the key is gone or does not fit."""
    if key is None:
        return ""
    try:
        return row.opened(key, field)
    except CannotOpen:
        return ""


def _value(row: Any, field: Any, key: Key | None, names: dict[int, str]) -> Any:
    if isinstance(field, SealedField):
        return opened(row, key, field.name)
    value = getattr(row, field.attname)
    if field.related_model is User:
        return names.get(value, "")
    return plain(value)
