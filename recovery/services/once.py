"""Storing what a phone sends, once however often it is sent (contract 6).

The id comes from the phone. The same id with the same content is the first row again; with
other content it is refused. An id that is taken by a row this session may not see looks the
same as one that is used.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from backend.errors import IdReused
from backend.selectors.keys import data_key
from recovery.models.base import PatientRow

Row = TypeVar("Row", bound=PatientRow)


def store_once(row: Row, *, same: Iterable[str], sealed: Mapping[str, str] | None = None) -> tuple[Row, bool]:
    """Seal ``sealed``, insert ``row``, and return the stored one and whether it is new.

    ``row`` has ``uid`` and ``client_id``. ``same`` are the plain columns that make two requests the
    same; the sealed texts are compared too. Raises IdReused for other content under the same id.
    """
    texts = {name: text for name, text in (sealed or {}).items() if text}
    made: Any = row
    if texts:
        made.seal(data_key(program_id=row.program_id, patient_id=row.patient_id), **texts)
    model: Any = type(row)
    model.objects.bulk_create([row], ignore_conflicts=True)
    stored = model.objects.filter(patient_id=row.patient_id, client_id=made.client_id).first()
    if stored is None:
        raise IdReused("This id was used before.", field="client_id")
    if stored.uid == made.uid:
        return stored, True
    if not (_columns_agree(stored, made, same) and _texts_agree(stored, sealed or {})):
        raise IdReused("This id was used before with other content.", field="client_id")
    return stored, False


def _columns_agree(stored: Any, made: Any, names: Iterable[str]) -> bool:
    return all(getattr(stored, name) == getattr(made, name) for name in names)


def _texts_agree(stored: Any, texts: Mapping[str, str]) -> bool:
    if not any(texts.values()) and not any(getattr(stored, name) for name in texts):
        return True
    key = data_key(program_id=stored.program_id, patient_id=stored.patient_id)
    return all(stored.opened(key, name) == text for name, text in texts.items())
