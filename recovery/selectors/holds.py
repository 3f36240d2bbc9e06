"""What stops a patient's prompts now, and what the patient takes. Needs an open scope."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Q

from backend.access import Actor
from backend.errors import NotFound
from backend.rules.roles import Access
from backend.selectors.people import programs_by_id
from recovery.models import Hold, Injection, Regimen, Stay
from recovery.rules.gates import OpenHold, PromptStop, is_stopped, prompt_stop
from recovery.rules.medicines import Medicine

_STILL_IN_THE_BODY = timedelta(days=60)
"""How long after an injection its medicine counts as taken without a regimen that says so."""


def open_holds(patient_ids: Collection[int]) -> dict[int, list[Hold]]:
    """The holds that nobody has lifted, oldest first, of those patients that have one."""
    found: dict[int, list[Hold]] = {}
    rows = Hold.objects.filter(patient_id__any=list(patient_ids), lifted_at__isnull=True).order_by("opened_at", "id")
    for row in rows if patient_ids else ():
        found.setdefault(row.patient_id, []).append(row)
    return found


def hold_for(actor: Actor, *, hold_id: int, access: Access = Access.CARE_TEAM) -> Hold:
    """A hold of a program in which this person passes the rule. Raises NotFound."""
    rows = Hold.objects.select_related("patient__program")
    row = rows.filter(pk=hold_id, program_id__in=actor.programs_for(access)).first()
    if row is None:
        raise NotFound
    return row


def stay_for(actor: Actor, *, stay_id: int, access: Access = Access.CARE_TEAM) -> Stay:
    """A time away of a patient of a program in which this person passes the rule. Raises NotFound."""
    row = (
        Stay.objects.select_related("patient__program")
        .filter(pk=stay_id, program_id__in=actor.programs_for(access))
        .first()
    )
    if row is None:
        raise NotFound
    return row


def medicines_of(patient_ids: Collection[int], *, on_day: date) -> dict[int, list[Medicine]]:
    """What each of these patients takes on ``on_day``: regimens that run, and injections of the last 60 days.

    A patient about whom nothing is known is absent.
    """
    found: dict[int, set[Medicine]] = {}
    regimens = Regimen.objects.filter(patient_id__any=list(patient_ids), ends_at__isnull=True, starts_on__lte=on_day)
    for patient_id, medicine in regimens.filter(Q(last_day__isnull=True) | Q(last_day__gte=on_day)).values_list(
        "patient_id", "medicine"
    ):
        found.setdefault(patient_id, set()).add(Medicine(medicine))
    injections = Injection.objects.filter(
        patient_id__any=list(patient_ids), voided_at__isnull=True, given_on__gt=on_day - _STILL_IN_THE_BODY
    )
    for patient_id, medicine in injections.values_list("patient_id", "medicine"):
        found.setdefault(patient_id, set()).add(Medicine(medicine))
    return {patient_id: sorted(medicines) for patient_id, medicines in found.items()}


def open_stay(patient_id: int) -> Stay | None:
    """The stay that still rests the prompts: away, or back without having been asked what was given (S 7)."""
    return Stay.objects.filter(patient_id=patient_id, settled_at__isnull=True, voided_at__isnull=True).first()


@dataclass(frozen=True, slots=True)
class Away:
    """Days away, both included; ``last`` None: still away."""

    first: date
    last: date | None
    back_on: date | None

    def covers(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


def away_days(patient_ids: Iterable[int]) -> dict[int, list[Away]]:
    """The times away of each patient that had one, oldest first. The day of being back is no day away."""
    found: dict[int, list[Away]] = {}
    rows = (
        Stay.objects.filter(patient_id__any=list(patient_ids), voided_at__isnull=True)
        .order_by("began_on", "id")
        .values_list("patient_id", "began_on", "ended_on")
    )
    for patient_id, first, ended_on in rows:
        last = None if ended_on is None else max(first, ended_on - timedelta(days=1))
        found.setdefault(patient_id, []).append(Away(first, last, ended_on))
    return found


@dataclass(frozen=True, slots=True)
class Stops:
    """What stops the prompts of one patient now."""

    holds: tuple[tuple[str, OpenHold], ...] = ()
    away: bool = False

    def holds_dose(self, medicine: str, *, opens_at: datetime) -> bool:
        """Whether a dose of ``medicine`` is under a hold, away or not."""
        about = [hold for stops, hold in self.holds if is_stopped(Medicine(medicine), stops)]
        return prompt_stop(opens_at=opens_at, holds=about, away=False) is PromptStop.HOLD

    def of(self, medicine: str, *, opens_at: datetime) -> PromptStop | None:
        """Why the prompt of a dose of ``medicine`` whose window opens then does not go; None: it goes."""
        about = [hold for stops, hold in self.holds if is_stopped(Medicine(medicine), stops)]
        return prompt_stop(opens_at=opens_at, holds=about, away=self.away)


_STOPS = """
SELECT patient_id, stops, opened_at, from_next_window FROM recovery_hold
WHERE patient_id = ANY (%(patients)s::bigint[]) AND lifted_at IS NULL
UNION ALL
SELECT patient_id, NULL, NULL, false FROM recovery_stay
WHERE patient_id = ANY (%(patients)s::bigint[]) AND settled_at IS NULL AND voided_at IS NULL
"""


def prompt_stops(patient_ids: Collection[int]) -> dict[int, Stops]:
    """What stops prompts, by patient; absent where nothing does. One query for a whole batch of texts."""
    if not patient_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STOPS, {"patients": list(patient_ids)})
        rows = cursor.fetchall()
    holds: dict[int, list[tuple[str, OpenHold]]] = {}
    away: set[int] = set()
    for patient_id, stops, opened_at, later in rows:
        if stops is None:
            away.add(patient_id)
        else:
            holds.setdefault(patient_id, []).append((stops, OpenHold(opened_at, later)))
    return {pk: Stops(tuple(holds.get(pk, ())), pk in away) for pk in holds.keys() | away}


def night_staffed(program_id: int) -> bool:
    """Whether somebody answers for this program at night (contract 3)."""
    return programs_by_id([program_id])[program_id].night_on_call
