"""What a person wants of prompts, as the API and the pages show it. Needs an open scope."""

from dataclasses import dataclass
from datetime import date, datetime, time

from recovery.models import CheckInWish, Patient, PromptPause
from recovery.rules.prompts import CHECK_IN_AT, CheckInBy


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the check-in is announced, and the pause that is on or to come."""

    check_in: CheckInBy
    check_in_at: time
    pause: PromptPause | None


def wishes_of(*, patient: Patient, today: date) -> Wishes:
    """The wishes of a patient; ``today`` is their local day."""
    row = CheckInWish.objects.filter(patient_id=patient.pk).first()
    pause = PromptPause.objects.filter(patient_id=patient.pk, ended_at__isnull=True, last_day__gte=today).first()
    return Wishes(
        check_in=CheckInBy(row.how) if row is not None else CheckInBy.APP,
        check_in_at=row.at if row is not None else CHECK_IN_AT,
        pause=pause,
    )


def pauses_since(patient_ids: list[int], *, since: date) -> dict[int, list[tuple[date, date]]]:
    """Days without prompts that reach into the time from ``since`` on, both ends included.

    A pause that was ended before its time counts up to the day before; one that never began counts nothing.
    """
    found: dict[int, list[tuple[date, date]]] = {}
    rows = PromptPause.objects.filter(patient_id__any=patient_ids, last_day__gte=since)
    for patient_id, first, last, ended_at in rows.values_list("patient_id", "first_day", "last_day", "ended_at"):
        last = last if ended_at is None else min(last, _day_before(ended_at))
        if last >= first:
            found.setdefault(patient_id, []).append((first, last))
    return found


def _day_before(instant: datetime) -> date:
    return date.fromordinal(instant.date().toordinal() - 1)
