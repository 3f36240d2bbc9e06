"""What stands in the way of texts to one patient's number. Needs an open scope."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.rules.consent import ConsentKind
from backend.selectors.consents import patients_with_consent
from reminders.models import BadNumber, OptOut
from reminders.rules.stops import WRONG_PERSON


@dataclass(frozen=True, slots=True)
class NumberState:
    """``stopped_at``: the person opted out; ``bad_since``: texts do not arrive; ``doubted_since``: somebody wrote
    that it is the wrong number, and nobody has asked the patient since."""

    agreed: bool
    has_number: bool
    shared: bool
    stopped_at: datetime | None = None
    bad_since: datetime | None = None
    doubted_since: datetime | None = None


def number_state(*, patient: Any) -> NumberState:
    """Whether texts may go to this patient's number, and what keeps them back."""
    agreed = patient.pk in patients_with_consent(kind=ConsentKind.SMS, patient_ids=[patient.pk])
    index = patient.phone_index
    if index is None:
        return NumberState(agreed, has_number=False, shared=False)
    rows = BadNumber.objects.filter(program_id=patient.program_id, phone_index=index, ended_at__isnull=True)
    since = dict(rows.values_list("code", "since"))
    stopped = (
        OptOut.objects.filter(program_id=patient.program_id, phone_index=index, ended_at__isnull=True)
        .exclude(source=WRONG_PERSON)
        .values_list("since", flat=True)
        .first()
    )
    doubted = since.pop(WRONG_PERSON, None)
    return NumberState(
        agreed,
        has_number=True,
        shared=patient.phone_shared,
        stopped_at=stopped,
        bad_since=next(iter(since.values()), None),
        doubted_since=doubted,
    )
