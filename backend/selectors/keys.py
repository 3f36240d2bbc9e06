"""Data keys, opened. A key that was destroyed opens nothing, for good."""

from collections.abc import Iterable

from backend.crypto import CannotOpen, Key, kid_of, unseal
from backend.keys import master_keys
from backend.models import DataKey

PROGRAM_ITSELF = 0


def key_place(program_id: int, patient_id: int) -> str:
    """Binds a wrapped key to its owner."""
    return f"data_key:{program_id}:{patient_id}"


def data_keys(*, program_id: int | None = None, patient_ids: Iterable[int]) -> dict[int, Key]:
    """The data keys of these patients by patient id; one whose key is gone is absent.

    ``program_id`` narrows the search (needed for the program's own key, patient 0).
    """
    rows = DataKey.objects.filter(patient_id__any=list(patient_ids), wrapped__isnull=False)
    if program_id is not None:
        rows = rows.filter(program_id=program_id)
    return {
        row["patient_id"]: open_key(row["program_id"], row["patient_id"], bytes(row["wrapped"] or b""))
        for row in rows.values("program_id", "patient_id", "wrapped")
    }


def open_key(program_id: int, patient_id: int, wrapped: bytes) -> Key:
    """Unwrap one data key. Raises CannotOpen when no configured master key fits."""
    master = master_keys().get(kid_of(wrapped))
    if master is None:
        raise CannotOpen("no master key with this id is configured (MASTER_KEYS)")
    return Key("d", unseal(master, wrapped, place=key_place(program_id, patient_id)))


def data_key(*, program_id: int, patient_id: int) -> Key:
    """One patient's data key. Raises CannotOpen if it was destroyed or never made."""
    keys = data_keys(program_id=program_id, patient_ids=[patient_id])
    if patient_id not in keys:
        raise CannotOpen("there is no key for this record")
    return keys[patient_id]
