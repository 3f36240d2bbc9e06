"""What answers of a questionnaire say to the rest of the record: cravings, doses, triggers, a drink, use.

Each goes through the service that it belongs to, once: ``InstrumentForm.passed_on`` names what went. The id that the
other service knows it by is made from the form's own, so that a repeat finds the first.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from backend.access import Actor
from backend.errors import DomainError
from recovery.models import InstrumentForm, Patient
from recovery.rules.facts import FactKind
from recovery.rules.instruments import daily, month
from recovery.rules.instruments.definition import Answers, InstrumentKey
from recovery.rules.states import Statement
from recovery.services import cravings, doses, journal, statements

REFUSED = "-refused"
"""Marks in ``passed_on`` what the other record did not take, a dose that was cancelled meanwhile."""


STATED = {
    (InstrumentKey.DAILY, daily.DRINKS): FactKind.DRINK,
    (InstrumentKey.MONTH, month.USE_DAYS): FactKind.OPIOID_USED,
}
"""What a number of one or more states, as the person's own statement: gates, concerns and goals act on it (S 2, S 20).

The look back at a month states no drinks: the daily minute did, day by day, and a goal of less is no alarm.
"""


def pass_on(
    *, actor: Actor, patient: Patient, form: InstrumentForm, answers: Answers, now: datetime, whole: bool
) -> None:
    """Pass on what is ready; changes ``form.passed_on``, does not save it.

    ``whole``: nothing more is expected, so that a craving goes on without its confidence. What another record refuses
    is noted and never undoes the answer (S 12).
    """
    for name, act in _ready(actor, patient, form, answers, now, whole):
        if name in form.passed_on or name + REFUSED in form.passed_on:
            continue
        try:
            with transaction.atomic():
                act()
        except DomainError:
            name += REFUSED
        form.passed_on = [*form.passed_on, name]


def _ready(
    actor: Actor, patient: Patient, form: InstrumentForm, answers: Answers, now: datetime, whole: bool
) -> list[tuple[str, Callable[[], Any]]]:
    found: list[tuple[str, Callable[[], Any]]] = []
    for (instrument, item), kind in STATED.items():
        said = answers.get(item)
        if form.instrument == instrument.value and isinstance(said, int) and said >= 1:
            found.append((item, _fact(actor, patient, form, item, kind, now)))
    if form.instrument != InstrumentKey.DAILY.value:
        return found
    for each in daily.CRAVINGS:
        craving = answers.get(each.craving)
        asked = [key for key in each.confidence if key in form.asked]
        if isinstance(craving, int) and (whole or all(key in answers for key in asked)):
            found.append((each.craving, _craving(actor, patient, form, each, answers, now)))
    dose = answers.get(daily.DOSE)
    if isinstance(dose, int) and "dose_id" in form.facts:
        found.append((daily.DOSE, _dose(actor, patient, form, dose, now)))
    trigger = answers.get(daily.TRIGGER)
    note_asked = daily.NOTE in form.asked
    if isinstance(trigger, int) and trigger in daily.TRIGGERS and (whole or not note_asked or daily.NOTE in answers):
        found.append((daily.TRIGGER, _trigger(actor, patient, form, trigger, answers, now)))
    return found


def _craving(
    actor: Actor, patient: Patient, form: InstrumentForm, each: daily.CravingItems, answers: Answers, now: datetime
) -> Callable[[], Any]:
    confidence = next((answers[key] for key in each.confidence if isinstance(answers.get(key), int)), None)
    return lambda: cravings.log_craving(
        actor=actor,
        patient=patient,
        client_id=id_of(form, each.craving),
        intensity=answers[each.craving],  # type: ignore[arg-type]
        confidence=confidence,  # type: ignore[arg-type]
        substance=each.substance.value,
        felt_at=now,
        now=now,
        source=form.source,
    )


def _dose(actor: Actor, patient: Patient, form: InstrumentForm, value: int, now: datetime) -> Callable[[], Any]:
    said = Statement.TAKEN if value == daily.DOSE_TAKEN else Statement.SKIPPED
    statement = doses.DoseStatement(
        client_id=id_of(form, daily.DOSE),
        patient_id=patient.pk,
        dose_id=form.facts["dose_id"],
        statement=said.value,
        source=form.source,
    )
    return lambda: doses.report_doses(actor=actor, statements=[statement], now=now)


def _trigger(
    actor: Actor, patient: Patient, form: InstrumentForm, value: int, answers: Answers, now: datetime
) -> Callable[[], Any]:
    origin, kind = daily.TRIGGERS[value]
    note = answers.get(daily.NOTE)
    return lambda: journal.add_trigger(
        actor=actor,
        patient=patient,
        client_id=id_of(form, daily.TRIGGER),
        origin=origin.value,
        kind=kind.value,
        happened_at=now,
        now=now,
        note=note if isinstance(note, str) else "",
    )


def _fact(
    actor: Actor, patient: Patient, form: InstrumentForm, item: str, kind: FactKind, now: datetime
) -> Callable[[], Any]:
    statement = statements.FactStatement(client_id=id_of(form, item), kind=kind.value, source=form.source, details={})
    return lambda: statements.state_fact(actor=actor, patient=patient, statement=statement, now=now)


def id_of(form: InstrumentForm, name: str) -> uuid.UUID:
    """The id by which another record knows what this form said."""
    return uuid.uuid5(form.uid, name)
