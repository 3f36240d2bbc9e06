"""Making, rewrapping and destroying data keys."""

from datetime import datetime

from django.db import transaction

from backend.crypto import Key, kid_of, new_secret, seal
from backend.keys import current_master_key
from backend.models import DataKey, ShredLedger
from backend.selectors.keys import PROGRAM_ITSELF, data_keys, key_place, open_key


@transaction.atomic
def make_data_keys(*, program_id: int, patient_ids: list[int], now: datetime) -> dict[int, Key]:
    """Make a data key for each patient that has none, and return the keys of all of them."""
    master = current_master_key()
    keys = data_keys(program_id=program_id, patient_ids=patient_ids)
    fresh = {patient_id: Key("d", new_secret()) for patient_id in patient_ids if patient_id not in keys}
    DataKey.objects.bulk_create(
        DataKey(
            program_id=program_id,
            patient_id=patient_id,
            kid=master.kid,
            wrapped=seal(master, key.secret, place=key_place(program_id, patient_id)),
            created_at=now,
        )
        for patient_id, key in fresh.items()
    )
    return keys | fresh


def program_key(*, program_id: int, now: datetime) -> Key:
    """The program's own key, made on first use: for staff numbers and for texts from unknown senders."""
    return make_data_keys(program_id=program_id, patient_ids=[PROGRAM_ITSELF], now=now)[PROGRAM_ITSELF]


@transaction.atomic
def rewrap_keys(*, limit: int = 1000) -> int:
    """Wrap up to ``limit`` keys under the current master key; returns how many were left on an old one.

    Rotation touches keys, never rows: what the data keys sealed stays as it is.
    """
    master = current_master_key()
    rows = list(
        DataKey.objects.select_for_update(skip_locked=True)
        .filter(wrapped__isnull=False)
        .exclude(kid=master.kid)
        .order_by("id")[:limit]
    )
    for row in rows:
        assert row.wrapped is not None
        key = open_key(row.program_id, row.patient_id, bytes(row.wrapped))
        row.wrapped = seal(master, key.secret, place=key_place(row.program_id, row.patient_id))
        row.kid = kid_of(row.wrapped)
    DataKey.objects.bulk_update(rows, ["wrapped", "kid"])
    return len(rows)


@transaction.atomic
def shred_key(*, program_id: int, patient_id: int, reason: str, now: datetime) -> None:
    """Destroy a patient's data key: every sealed value of theirs is unreadable from now on."""
    DataKey.objects.filter(program_id=program_id, patient_id=patient_id).update(wrapped=None, destroyed_at=now)
    ShredLedger.objects.create(program_id=program_id, patient_id=patient_id, at=now, reason=reason)
