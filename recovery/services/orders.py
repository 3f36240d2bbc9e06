"""What a prescriber orders: a regimen from what the program offers, read warnings included.

``regimens`` writes the versions and their doses; here is what must be true before (C 2 row 11, C 3.1).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, NotAllowed, NotFound
from backend.rules.roles import Access
from recovery.models import Patient, Regimen, Treatment
from recovery.rules.medicines import CATALOGUE
from recovery.rules.regimen_words import OrderWarning, offered, order_warnings
from recovery.rules.states import Indication
from recovery.selectors.policy import policy_for
from recovery.services.regimens import (
    BadRegimen,
    NewRegimen,
    change_regimen,
    check_regimen,
    start_regimen,
    stop_regimen,
)


class NotOffered(DomainError):
    """The program does not offer this for this indication."""

    code = "not-offered"


class WarningsUnread(DomainError):
    """The order waits until its warnings are confirmed; ``warnings`` are their codes."""

    code = "warnings-unread"
    status = 409

    def __init__(self, warnings: Sequence[OrderWarning]) -> None:
        super().__init__(f"Confirm what is to be read: {', '.join(warnings)}.", field="warnings_read")
        self.warnings = list(warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to order. ``plan`` replaces parts of the catalogue's plan; ``times`` are local, None for the usual ones.

    ``outside_window_ok``: the patient chose a time at which no text goes otherwise (contract 4), recorded with the
    order. ``warnings_read``: codes of the warnings that the prescriber confirms.
    """

    kind: str
    starts_on: date
    times: tuple[str, ...] | None = None
    last_day: date | None = None
    plan: Mapping[str, Any] | None = None
    reminders: bool = True
    outside_window_ok: bool = False
    warnings_read: Collection[str] = ()


@transaction.atomic
def order_regimen(*, actor: Actor, patient: Patient, order: Order, now: datetime) -> Regimen:
    """Start a regimen for a patient's open treatment.

    Raises NotAllowed for who is no prescriber, NotOffered, BadRegimen and OutsideWindow naming the field, Conflict
    without an open treatment or while the medicine is ordered already, WarningsUnread.
    """
    _refuse_unless_prescriber(actor, patient)
    treatment = _open_treatment(patient)
    _refuse_unless_fit(patient, treatment, order, replacing=None)
    return start_regimen(
        actor=actor,
        treatment=treatment,
        kind=order.kind,
        starts_on=order.starts_on,
        times=order.times,
        last_day=order.last_day,
        plan_overrides=order.plan,
        reminders=order.reminders,
        outside_window_ok=order.outside_window_ok,
        now=now,
    )


@transaction.atomic
def change_order(
    *, actor: Actor, patient: Patient, regimen_id: int, order: Order, now: datetime, keep_cycle: bool = False
) -> Regimen:
    """Replace a regimen by a new version from ``order.starts_on`` on; nothing past is rewritten.

    ``keep_cycle``: only times, plan and last day change, from now, and every second day stays every second day.
    Raises as ``order_regimen``, NotFound for another patient's regimen.
    """
    _refuse_unless_prescriber(actor, patient)
    treatment = _open_treatment(patient)
    old = Regimen.objects.filter(pk=regimen_id, patient_id=patient.pk).first()
    if old is None:
        raise NotFound
    _refuse_unless_fit(patient, treatment, order, replacing=old)
    return change_regimen(
        actor=actor,
        regimen=old,
        kind=order.kind,
        starts_on=None if keep_cycle and order.kind == old.kind else order.starts_on,
        times=order.times,
        last_day=order.last_day,
        plan_overrides=order.plan,
        reminders=order.reminders,
        outside_window_ok=order.outside_window_ok,
        now=now,
    )


@transaction.atomic
def stop_order(*, actor: Actor, patient: Patient, regimen_id: int, reason: str, now: datetime) -> Regimen:
    """End a regimen with a reason (C 1 row 114). Raises NotAllowed, NotFound, BadRegimen, Conflict."""
    _refuse_unless_prescriber(actor, patient)
    row = Regimen.objects.filter(pk=regimen_id, patient_id=patient.pk).first()
    if row is None:
        raise NotFound
    return stop_regimen(actor=actor, regimen=row, reason=reason, now=now)


def warnings_for(*, patient: Patient, kind: str, plan: Mapping[str, Any] | None = None) -> list[OrderWarning]:
    """What is to be read before this is ordered for this patient."""
    return order_warnings(
        kind,
        indication=Indication(patient.indication),
        largest_mg=_largest(kind, plan or {}),
        open_medicines=set(
            Regimen.objects.filter(
                patient_id=patient.pk, ends_at__isnull=True, treatment__ended_on__isnull=True
            ).values_list("medicine", flat=True)
        ),
    )


def _largest(kind: str, plan: Mapping[str, Any]) -> float:
    entry = CATALOGUE[kind]
    steps = plan.get("steps", [{"dose_mg": step.dose_mg} for step in entry.steps])
    weekdays = plan.get("weekday_doses", [{"dose_mg": each.dose_mg} for each in entry.weekday_doses])
    return max((float(each["dose_mg"]) for each in (*steps, *weekdays) if _is_number(each.get("dose_mg"))), default=0.0)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse_unless_fit(patient: Patient, treatment: Treatment, order: Order, *, replacing: Regimen | None) -> None:
    policy = policy_for(patient.program_id)
    if order.kind not in CATALOGUE:
        raise BadRegimen("There is no such regimen.", field="kind")
    if order.kind not in {entry.key for entry in offered(Indication(patient.indication), policy=policy)}:
        raise NotOffered("The program does not offer this for this person.", field="kind")
    if order.starts_on < treatment.started_on:
        raise BadRegimen("The treatment begins later.", field="starts_on")
    # What cannot be is refused before anything is to be read.
    check_regimen(
        NewRegimen(
            treatment_id=treatment.pk,
            kind=order.kind,
            starts_on=order.starts_on,
            times=order.times,
            last_day=order.last_day,
            plan_overrides=order.plan,
            reminders=order.reminders,
            outside_window_ok=order.outside_window_ok,
        ),
        zone=patient.zone,
        policy=policy,
    )
    running = Regimen.objects.filter(treatment_id=treatment.pk, ends_at__isnull=True)
    if replacing is not None:
        running = running.exclude(pk=replacing.pk)
    open_medicines = set(running.values_list("medicine", flat=True))
    found = order_warnings(
        order.kind,
        indication=Indication(patient.indication),
        largest_mg=_largest(order.kind, order.plan or {}),
        open_medicines=open_medicines,
    )
    unread = [warning for warning in found if warning.value not in set(order.warnings_read)]
    if unread:
        raise WarningsUnread(unread)


def _refuse_unless_prescriber(actor: Actor, patient: Patient) -> None:
    if patient.program_id not in actor.programs_for(Access.PRESCRIBER):
        raise NotAllowed("Only a prescriber orders a medicine.")


def _open_treatment(patient: Patient) -> Treatment:
    treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
    if treatment is None:
        raise Conflict("Open a treatment first.")
    return treatment
