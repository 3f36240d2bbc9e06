"""Questionnaires: begun, answered one item at a time, finished (C 5, S 12).

Each answer is stored the moment it is given and acts at once: a safety answer puts a concern on the list in the same
transaction, form finished or not. What the daily minute says goes on into the craving log, the dose reports and the
journal through their own services.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, IdReused, NotFound
from backend.rules.wall_time import dosing_day
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import InstrumentAnswer, InstrumentForm, Patient
from recovery.models.instruments import OPEN_FORMS
from recovery.rules.instruments import phq
from recovery.rules.instruments.catalogue import INSTRUMENTS
from recovery.rules.instruments.definition import (
    AnswerError,
    Answers,
    Filler,
    Instrument,
    InstrumentKey,
    Value,
    check_answer,
    next_item,
    open_items,
    score,
)
from recovery.rules.instruments.safety import Finding, findings_of_answer, findings_of_score
from recovery.rules.instruments.telling import Staffing
from recovery.rules.policy import Policy
from recovery.rules.records import FormReason, FormStatus
from recovery.rules.states import ReportSource
from recovery.selectors import instruments as selectors
from recovery.selectors.policy import policy_for
from recovery.selectors.records import open_treatment
from recovery.services import instruments_onward, silence
from recovery.services.flag_rows import Concern, raise_many

_BEGUN = (FormStatus.STARTED.value, FormStatus.FINISHED.value, FormStatus.UNFINISHED.value)


class BadAnswer(DomainError):
    """An answer outside its scale, or to an item that is not asked; ``field`` names the item."""

    code = "bad-answer"


class NotAsked(DomainError):
    """This questionnaire is not asked of this person in this way."""

    code = "not-asked"
    status = 409


class NotComplete(DomainError):
    """An item still waits for an answer; ``field`` names the first."""

    code = "not-complete"


@transaction.atomic
def start_form(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    instrument: str,
    now: datetime,
    source: str = ReportSource.APP.value,
) -> tuple[InstrumentForm, bool]:
    """Begin a questionnaire: one that is due (its own ``client_id``), or one that nobody asked for (a new id).

    Returns the form and whether it is new. Safe to repeat. Raises NotFound for an unknown questionnaire, NotAsked
    where the program has not switched it on or the language has no licensed text, IdReused when the id belongs to
    another one, Conflict when one of this kind is open already or its time is over.
    """
    found = selectors.instrument_of(instrument)
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    form = InstrumentForm.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if form is not None:
        if form.instrument != found.key.value:
            raise IdReused("This id was used before with other content.", field="client_id")
        if form.status in _BEGUN:
            return form, False
        if form.status != FormStatus.DUE.value:
            raise Conflict("The time for these questions is over.")
    policy = policy_for(patient.program_id)
    staffing = selectors.staffing_of(program_id=patient.program_id, now=now)
    filler = Filler.STAFF if source == ReportSource.STAFF.value else Filler.PATIENT
    _refuse_unless_asked(found, patient, filler, policy, staffing)
    today = dosing_day(now, patient.zone)
    if form is None:
        _make_room(patient, found)
        form = InstrumentForm(
            program_id=patient.program_id,
            patient_id=patient.pk,
            client_id=client_id,
            instrument=found.key.value,
            reason=FormReason.CHOSEN.value,
            due_on=today,
            asked_at=now,
        )
    facts = selectors.facts_for(patient=patient, policy=policy, staffing=staffing, now=now)
    form.version = found.version
    form.language = selectors.language_for(found, patient=patient).value
    form.status = FormStatus.STARTED.value
    form.asked = found.keys_for(facts.tags)
    form.facts = facts.as_json()
    form.filled_by = filler.value
    form.source = source
    form.started_by_id = actor.user_id
    form.started_at = now
    form.policy_version = policy.version
    form.save()
    _record(actor, "questionnaire.started", form)
    return form, True


def _refuse_unless_asked(
    instrument: Instrument, patient: Patient, filler: Filler, policy: Policy, staffing: Staffing
) -> None:
    if filler is Filler.STAFF:
        if Filler.STAFF not in instrument.filled_by:
            raise NotAsked("Staff do not fill this one.", field="instrument")
    elif not selectors.may_be_asked_on_phone(instrument, patient=patient, policy=policy, staffing=staffing):
        raise NotAsked("These questions are not asked here.", field="instrument")


def _make_room(patient: Patient, instrument: Instrument) -> None:
    """The one that waits for this kind is what is begun now, under the id that the phone made."""
    row = InstrumentForm.objects.filter(
        patient_id=patient.pk, instrument=instrument.key.value, status__in=OPEN_FORMS
    ).first()
    if row is None:
        return
    if row.status == FormStatus.STARTED.value:
        raise Conflict("These questions have been begun already. Please go on with them.")
    row.status = FormStatus.WITHDRAWN.value
    row.save(update_fields=["status"])


@transaction.atomic
def answer_item(
    *,
    actor: Actor,
    patient: Patient,
    form_client_id: UUID,
    client_id: UUID,
    item: str,
    value: Value,
    now: datetime,
    source: str = ReportSource.APP.value,
) -> tuple[InstrumentAnswer, bool]:
    """Store one answer and let it act. ``value`` None is "would rather not say".

    Returns the answer, with its form as it is now, and whether it is new. Safe to repeat by ``client_id``; another
    answer to the same item needs another id and supersedes the first. Raises NotFound, BadAnswer, IdReused, Conflict
    when the form is not open (staff may still correct a finished one).
    """
    form = _locked(patient, form_client_id)
    instrument = INSTRUMENTS[InstrumentKey(form.instrument)]
    key = data_key(program_id=form.program_id, patient_id=form.patient_id)
    known = InstrumentAnswer.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if known is not None:
        same = known.form_id == form.pk and known.item == item
        if not same or selectors.opened_answer(known, key) != _checked(instrument, item, value):
            raise IdReused("This id was used before with other content.", field="client_id")
        known.form = form
        return known, False
    if form.status == FormStatus.DUE.value:
        raise Conflict("Begin the questions first.")
    corrected = form.status in _BEGUN and source == ReportSource.STAFF.value
    if form.status != FormStatus.STARTED.value and not corrected:
        raise Conflict("The time for these questions is over.")
    answers = selectors.answers_of(form, key=key)
    called = {each.key for each in open_items(instrument, form.asked, answers)}
    if item not in called:
        raise BadAnswer("This is not asked here.", field="item")
    value = _checked(instrument, item, value)
    before = InstrumentAnswer.objects.filter(form_id=form.pk, item=item).order_by("-pk").first()
    row = InstrumentAnswer(
        program_id=form.program_id,
        patient_id=form.patient_id,
        client_id=client_id,
        form_id=form.pk,
        item=item,
        answered_at=now,
        source=source,
        by_id=actor.user_id,
        supersedes_id=None if before is None else before.pk,
    )
    row.seal(key, value=json.dumps(value))
    row.save(force_insert=True)
    _record(actor, "questionnaire.answered", form, fields=[item])
    answers = dict(answers) | {item: value}
    form.answered_at = now
    policy = policy_for(form.program_id)
    found = findings_of_answer(instrument.key, item, answers, policy=policy)
    if any(each.safety for each in found) and form.safety_at is None:
        form.safety_at = now
    _raise(actor, patient, found, policy, now)
    silence.end_for_answers(actor=actor, patients={patient.pk: patient.program_id}, now=now)
    instruments_onward.pass_on(actor=actor, patient=patient, form=form, answers=answers, now=now, whole=False)
    if form.status == FormStatus.FINISHED.value:
        _score(actor, patient, form, instrument, answers, policy, now)
    form.save()
    row.form = form
    return row, True


def _checked(instrument: Instrument, item: str, value: Value) -> Value:
    try:
        return check_answer(instrument.item(item), value)
    except KeyError:
        raise BadAnswer("There is no such question.", field="item") from None
    except AnswerError as error:
        raise BadAnswer(str(error), field=error.field) from None


@transaction.atomic
def finish_form(*, actor: Actor, patient: Patient, form_client_id: UUID, now: datetime) -> InstrumentForm:
    """Close the form, score it, and ask what its answers call for. Safe to repeat.

    Raises NotFound, NotComplete while an item waits, Conflict when it was not begun or its time is over.
    """
    form = _locked(patient, form_client_id)
    if form.status == FormStatus.FINISHED.value:
        return form
    if form.status != FormStatus.STARTED.value:
        raise Conflict("These questions are not open.")
    instrument = INSTRUMENTS[InstrumentKey(form.instrument)]
    key = data_key(program_id=form.program_id, patient_id=form.patient_id)
    answers = selectors.answers_of(form, key=key)
    waits = next_item(instrument, form.asked, answers)
    if waits is not None:
        raise NotComplete("A question still waits for an answer.", field=waits.key)
    policy = policy_for(form.program_id)
    form.status = FormStatus.FINISHED.value
    form.finished_at = now
    _score(actor, patient, form, instrument, answers, policy, now)
    instruments_onward.pass_on(actor=actor, patient=patient, form=form, answers=answers, now=now, whole=True)
    form.settled_at = now
    form.save()
    _record(actor, "questionnaire.finished", form)
    _follow_up(actor, patient, form, answers, policy, now)
    return form


def _score(
    actor: Actor,
    patient: Patient,
    form: InstrumentForm,
    instrument: Instrument,
    answers: Answers,
    policy: Policy,
    now: datetime,
) -> None:
    found = score(instrument, form.asked, answers, policy=policy)
    key = data_key(program_id=form.program_id, patient_id=form.patient_id)
    form.seal(key, score=json.dumps(found.as_json()))
    form.policy_version = policy.version
    _raise(actor, patient, findings_of_score(instrument.key, found, policy=policy), policy, now)


def _follow_up(
    actor: Actor, patient: Patient, form: InstrumentForm, answers: Answers, policy: Policy, now: datetime
) -> None:
    """A high PHQ-2 asks for the nine; item 9 asks for the safety questions. One that waits already is enough."""
    wanted: InstrumentKey | None = None
    numbers = [value for value in answers.values() if isinstance(value, int)]
    if form.instrument == InstrumentKey.PHQ2.value and sum(numbers) >= policy.phq2_at:
        wanted = InstrumentKey.PHQ9
    elif form.instrument == InstrumentKey.PHQ9.value:
        nine = answers.get(phq.ITEM_9)
        if isinstance(nine, int) and nine >= policy.phq9_item_9_at:
            wanted = InstrumentKey.CSSRS
    if wanted is None:
        return
    waits = InstrumentForm.objects.filter(
        patient_id=patient.pk, instrument=wanted.value, status__in=OPEN_FORMS
    ).exists()
    if not waits:
        instrument = INSTRUMENTS[wanted]
        InstrumentForm.objects.create(
            program_id=patient.program_id,
            patient_id=patient.pk,
            client_id=uuid.uuid4(),
            instrument=wanted.value,
            version=instrument.version,
            language=selectors.language_for(instrument, patient=patient).value,
            status=FormStatus.DUE.value,
            reason=FormReason.FOLLOW_UP.value,
            due_on=dosing_day(now, patient.zone),
            asked_at=now,
        )


@transaction.atomic
def decline_form(*, actor: Actor, patient: Patient, form_client_id: UUID, now: datetime) -> InstrumentForm:
    """The patient says "not today" to questions that were not begun. Safe to repeat. Raises NotFound, Conflict."""
    form = _locked(patient, form_client_id)
    if form.status == FormStatus.NOT_TODAY.value:
        return form
    if form.status != FormStatus.DUE.value:
        raise Conflict("These questions are not waiting.")
    form.status = FormStatus.NOT_TODAY.value
    form.save(update_fields=["status"])
    # Whoever says "not today" has answered.
    silence.end_for_answers(actor=actor, patients={patient.pk: patient.program_id}, now=now)
    _record(actor, "questionnaire.declined", form)
    return form


@transaction.atomic
def record_form(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    instrument: str,
    answers: Mapping[str, Value],
    now: datetime,
) -> InstrumentForm:
    """Staff enter what a person answered, all items at once; the form is finished when all were answered.

    Items are taken in the order of the questionnaire; one that skip logic does not call for is left out, and one that
    is missing in ``answers`` stays without an answer. Safe to repeat by ``client_id``: what is the same already is not
    stored again. Raises as ``start_form`` and ``answer_item``; nothing is stored then.
    """
    source = ReportSource.STAFF.value
    form, _ = start_form(
        actor=actor, patient=patient, client_id=client_id, instrument=instrument, now=now, source=source
    )
    found = INSTRUMENTS[InstrumentKey(form.instrument)]
    given = selectors.answers_of(form, key=data_key(program_id=form.program_id, patient_id=form.patient_id))
    for item in found.items:
        if item.key not in answers:
            continue
        if item.key not in {each.key for each in open_items(found, form.asked, given)}:
            continue
        value = _checked(found, item.key, answers[item.key])
        if item.key in given and given[item.key] == value:
            continue
        given[item.key] = value
        answer_item(
            actor=actor,
            patient=patient,
            form_client_id=client_id,
            client_id=uuid.uuid4(),
            item=item.key,
            value=value,
            now=now,
            source=source,
        )
    if next_item(found, form.asked, given) is None:
        return finish_form(actor=actor, patient=patient, form_client_id=client_id, now=now)
    return _locked(patient, client_id)


def _locked(patient: Patient, client_id: UUID) -> InstrumentForm:
    form = (
        InstrumentForm.objects.select_for_update(no_key=True)
        .filter(program_id=patient.program_id, patient_id=patient.pk, client_id=client_id)
        .first()
    )
    if form is None:
        raise NotFound
    return form


def _raise(actor: Actor, patient: Patient, found: Sequence[Finding], policy: Policy, now: datetime) -> None:
    if not found:
        return
    treatment = open_treatment(patient)
    on = {"on": dosing_day(now, patient.zone).isoformat()}
    raise_many(
        actor=actor,
        concerns=[
            Concern(
                program_id=patient.program_id,
                patient_id=patient.pk,
                treatment_id=None if treatment is None else treatment.pk,
                kind=each.kind,
                severity=each.severity,
                evidence=dict(each.evidence) | on,
                policy_version=policy.version,
            )
            for each in found
        ],
        now=now,
    )


def _record(actor: Actor, action: str, form: InstrumentForm, *, fields: Sequence[str] = ()) -> None:
    audit.record(
        actor=actor,
        action=action,
        program_id=form.program_id,
        patient_id=form.patient_id,
        object_kind="questionnaire",
        object_id=form.pk,
        fields=fields,
    )
