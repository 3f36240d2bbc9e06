"""What patients are called, for a list that is about something else. Needs an open scope; the caller audits it."""

from collections.abc import Collection

from backend.selectors.export import opened
from backend.selectors.keys import data_keys
from recovery.models import Patient


def patient_names(patient_ids: Collection[int]) -> dict[int, str]:
    """The names of these patients by id, '' where the key was destroyed."""
    rows = Patient.objects.filter(pk__any=sorted(patient_ids)).only("uid", "program_id", "name")
    keys = data_keys(patient_ids=patient_ids)
    return {row.pk: opened(row, keys.get(row.pk), "name") for row in rows}
