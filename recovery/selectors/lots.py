"""Who got an injection of a lot, for a recall. Needs an open scope."""

from dataclasses import dataclass
from datetime import date

from backend.selectors.keys import data_keys
from recovery.models import Injection
from recovery.selectors.worklist import opened


@dataclass(frozen=True, slots=True)
class LotRow:
    """One injection of the lot. ``name`` is '' where the record was erased; ``voided``: entered in error."""

    patient_id: int
    number: int
    name: str
    phone: str
    given_on: date
    medicine: str
    voided: bool


def given_of_lot(*, program_id: int, lot: str) -> list[LotRow]:
    """Every injection of a lot, oldest first. Letters count as typed or in capitals; blanks around do not."""
    rows = list(
        Injection.objects.filter(program_id=program_id, lot__iexact=lot.strip())
        .select_related("patient")
        .order_by("given_on", "pk")
    )
    keys = data_keys(program_id=program_id, patient_ids=sorted({row.patient_id for row in rows})) if rows else {}
    return [
        LotRow(
            patient_id=row.patient_id,
            number=row.patient.number,
            name=opened(row.patient, keys.get(row.patient_id), "name"),
            phone=opened(row.patient, keys.get(row.patient_id), "phone"),
            given_on=row.given_on,
            medicine=row.medicine,
            voided=row.voided_at is not None,
        )
        for row in rows
    ]
