"""Questionnaires of a patient: what waits, what was answered, scores over time. Needs an open scope."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from backend.crypto import CannotOpen, Key
from backend.errors import NotFound
from backend.rules.wall_time import dosing_day
from backend.selectors.keys import data_keys
from backend.selectors.people import programs_by_id, staff_names
from recovery.models import Dose, InstrumentAnswer, InstrumentForm, Patient
from recovery.models.instruments import OPEN_FORMS
from recovery.rules.dose_state import state_at
from recovery.rules.instruments.catalogue import INSTRUMENTS, on_phone
from recovery.rules.instruments.definition import (
    Filler,
    Instrument,
    InstrumentKey,
    Item,
    Tag,
    Value,
    next_item,
    open_items,
    said,
)
from recovery.rules.instruments.telling import Staffing
from recovery.rules.policy import Policy
from recovery.rules.records import FormStatus
from recovery.rules.states import DoseState, Goal, Indication
from recovery.rules.words import Language
from recovery.selectors.clinic import clinics
from recovery.selectors.holds import night_staffed
from recovery.selectors.plans import alcohol_goal
from recovery.selectors.policy import policy_for

_ANSWERABLE = (DoseState.DUE, DoseState.OVERDUE)
_GOAL_TAGS = {Goal.ABSTINENCE: Tag.GOAL_ABSTINENCE, Goal.REDUCTION: Tag.GOAL_REDUCTION, None: Tag.GOAL_UNKNOWN}
_GIVEN = [FormStatus.FINISHED.value, FormStatus.UNFINISHED.value]


def staffing_of(*, program_id: int, now: datetime) -> Staffing:
    """Who of the program is there now, and when the clinic opens next (contract 3)."""
    program = programs_by_id([program_id])[program_id]
    clinic = clinics([program_id])[program_id]
    return Staffing(
        open_now=clinic.is_open(now),
        night_on_call=night_staffed(program_id),
        opens_at=clinic.next_working_morning(now),
        zone=program.zone,
        country=program.country,
    )


def instrument_of(key: str) -> Instrument:
    """Raises NotFound."""
    try:
        return INSTRUMENTS[InstrumentKey(key)]
    except ValueError:
        raise NotFound from None


def language_for(instrument: Instrument, *, patient: Patient) -> Language:
    """The patient's language where the questionnaire has it, else English (staff ask it, with an interpreter)."""
    wanted = Language(patient.language)
    return wanted if wanted in instrument.languages else Language.ENGLISH


def may_be_asked_on_phone(instrument: Instrument, *, patient: Patient, policy: Policy, staffing: Staffing) -> bool:
    """Whether this patient may be asked this on the phone now."""
    return on_phone(instrument, language=Language(patient.language), policy=policy, is_read=staffing.can_say_when)


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides which items a person is asked today. ``dose_id``: the dose that the daily minute asks about."""

    tags: frozenset[Tag]
    dose_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, as it is stored beside the form."""
        return {"tags": sorted(self.tags)} | ({"dose_id": self.dose_id} if self.dose_id is not None else {})


def facts_for(*, patient: Patient, policy: Policy, staffing: Staffing, now: datetime) -> Facts:
    """The facts of one patient at this instant."""
    tags = set()
    indication = Indication(patient.indication)
    if indication is not Indication.ALCOHOL:
        tags.add(Tag.OPIOID)
    if indication is not Indication.OPIOID:
        tags.add(Tag.ALCOHOL)
        tags.add(_GOAL_TAGS[alcohol_goal(patient)])
    dose_id = _dose_to_ask_about(patient, now)
    if dose_id is not None:
        tags.add(Tag.DOSE_TODAY)
    if policy.free_text_on_phone and staffing.can_say_when:
        tags.add(Tag.FREE_TEXT)
    if _age(patient, dosing_day(now, patient.zone)) >= policy.falls_asked_from_age:
        tags.add(Tag.OLDER)
    return Facts(frozenset(tags), dose_id)


def _dose_to_ask_about(patient: Patient, now: datetime) -> int | None:
    """The first dose of today whose window has opened and of which nobody has spoken; never one on hold."""
    rows = Dose.objects.filter(
        program_id=patient.program_id,
        patient_id=patient.pk,
        dosing_day=dosing_day(now, patient.zone),
        opens_at__lte=now,
    ).order_by("due_at", "ordinal", "pk")
    for row in rows:
        state = state_at(
            stored=DoseState(row.state),
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            day_ends_at=row.day_ends_at,
            now=now,
        )
        if state in _ANSWERABLE:
            return row.pk
    return None


def _age(patient: Patient, today: date) -> int:
    key = _key(patient)
    if key is None or patient.born_on is None:
        return 0
    try:
        born = date.fromisoformat(patient.opened(key, "born_on"))
    except (CannotOpen, ValueError):
        return 0
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


# --- forms --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """One form with its answers opened. ``answers``: the latest of each item."""

    form: InstrumentForm = field(repr=False)
    instrument: Instrument = field(repr=False)
    language: Language
    answers: dict[str, Value] = field(repr=False)
    numbers: dict[str, int] = field(repr=False)

    @property
    def waits_for(self) -> Item | None:
        """The item to be answered next; None when all are."""
        return next_item(self.instrument, self.form.asked, self.answers)

    @property
    def items(self) -> list[Item]:
        """The items that the answers so far call for."""
        return open_items(self.instrument, self.form.asked, self.answers)

    @property
    def done(self) -> int:
        """How many of ``items`` have an answer."""
        return sum(item.key in self.answers for item in self.items)

    @property
    def is_open(self) -> bool:
        """Whether the patient may still answer."""
        return self.form.status in OPEN_FORMS

    def words(self, text: Any) -> str:
        """A text of the questionnaire in the form's language, its numbers filled in."""
        return worded(text, self.language, self.numbers)


def worded(text: Any, language: Language, numbers: dict[str, int]) -> str:
    """A text with the policy's numbers in the place of their names."""
    words = said(text, language)
    for name, value in numbers.items():
        words = words.replace("{" + name + "}", str(value))
    return words


def text_numbers(policy: Policy) -> dict[str, int]:
    """The numbers that texts name."""
    return {"heavy_day_drinks": policy.heavy_day_drinks}


def form_for(*, patient: Patient, client_id: UUID) -> InstrumentForm:
    """A form of this patient. Raises NotFound."""
    row = InstrumentForm.objects.filter(
        program_id=patient.program_id, patient_id=patient.pk, client_id=client_id
    ).first()
    if row is None:
        raise NotFound
    return row


def form_by_id(*, patient: Patient, form_id: int) -> InstrumentForm:
    """A form of this patient by our own id, for staff. Raises NotFound."""
    row = InstrumentForm.objects.filter(program_id=patient.program_id, patient_id=patient.pk, pk=form_id).first()
    if row is None:
        raise NotFound
    return row


def form_view(form: InstrumentForm, *, patient: Patient) -> FormView:
    """The form with its answers opened from the seal: the caller writes the read into the audit."""
    return FormView(
        form=form,
        instrument=instrument_of(form.instrument),
        language=Language(form.language),
        answers=answers_of(form, key=_key(patient)),
        numbers=text_numbers(policy_for(patient.program_id)),
    )


def answers_of(form: InstrumentForm, *, key: Key | None) -> dict[str, Value]:
    """The latest answer to each item. Empty when the key is gone."""
    found: dict[str, Value] = {}
    if key is None:
        return found
    rows = InstrumentAnswer.objects.filter(program_id=form.program_id, patient_id=form.patient_id, form_id=form.pk)
    for row in rows.order_by("pk"):
        found[row.item] = opened_answer(row, key)
    return found


def opened_answer(row: InstrumentAnswer, key: Key) -> Value:
    """What was answered; None is "would rather not say"."""
    return json.loads(row.opened(key, "value"))


def open_forms(*, patient: Patient, now: datetime) -> list[InstrumentForm]:
    """What waits for this patient on the phone: begun first, then by the order of asking."""
    policy, staffing = policy_for(patient.program_id), staffing_of(program_id=patient.program_id, now=now)
    rows = InstrumentForm.objects.filter(
        program_id=patient.program_id, patient_id=patient.pk, status__in=OPEN_FORMS
    ).order_by("due_on", "pk")
    shown = [
        row
        for row in rows
        if row.filled_by != Filler.STAFF.value
        and may_be_asked_on_phone(instrument_of(row.instrument), patient=patient, policy=policy, staffing=staffing)
    ]
    order = list(INSTRUMENTS)
    return sorted(
        shown, key=lambda row: (row.status != FormStatus.STARTED.value, order.index(InstrumentKey(row.instrument)))
    )


def answered_today(*, patient: Patient, instrument: InstrumentKey, now: datetime) -> bool:
    """Whether a questionnaire was finished or put off on this dosing day."""
    return InstrumentForm.objects.filter(
        program_id=patient.program_id,
        patient_id=patient.pk,
        instrument=instrument.value,
        due_on=dosing_day(now, patient.zone),
        status__in=[FormStatus.FINISHED.value, FormStatus.NOT_TODAY.value],
    ).exists()


# --- for staff ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLine:
    """One form in a list: its score, no answer."""

    form_id: int
    client_id: UUID
    instrument: Instrument = field(repr=False)
    status: FormStatus
    due_on: date
    on: date
    finished_at: datetime | None
    filled_by: str
    by_name: str
    language: str
    total: int | None
    of: int | None
    parts: dict[str, int]
    band: str
    complete: bool
    had_safety_answer: bool


def form_lines(*, patient: Patient, limit: int = 200) -> list[FormLine]:
    """Every form that was begun, newest first, and those that wait. Scores are opened: the caller audits the read."""
    key = _key(patient)
    names = staff_names(program_ids=[patient.program_id])
    rows = (
        InstrumentForm.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
        .exclude(status__in=[FormStatus.PASSED.value, FormStatus.NOT_TODAY.value, FormStatus.WITHDRAWN.value])
        .order_by("-due_on", "-pk")[:limit]
    )
    return [_line(row, key, names, patient.zone) for row in rows]


def latest_finished(*, patient: Patient, instruments: Sequence[InstrumentKey]) -> list[FormLine]:
    """The last finished form of each, in the order asked for. Scores are opened: the caller audits the read."""
    key = _key(patient)
    rows = (
        InstrumentForm.objects.filter(
            program_id=patient.program_id,
            patient_id=patient.pk,
            instrument__in=[each.value for each in instruments],
            status=FormStatus.FINISHED.value,
        )
        .order_by("instrument", "-due_on", "-pk")
        .distinct("instrument")
    )
    found = {row.instrument: _line(row, key, {}, patient.zone) for row in rows}
    return [found[each.value] for each in instruments if each.value in found]


def _line(row: InstrumentForm, key: Key | None, names: dict[int, str], zone: str) -> FormLine:
    found = score_of(row, key=key)
    return FormLine(
        form_id=row.pk,
        client_id=row.client_id,
        instrument=instrument_of(row.instrument),
        status=FormStatus(row.status),
        due_on=row.due_on,
        on=row.due_on if row.started_at is None else dosing_day(row.started_at, zone),
        finished_at=row.finished_at,
        filled_by=row.filled_by,
        by_name=names.get(row.started_by_id or 0, "") if row.filled_by == Filler.STAFF.value else "",
        language=row.language,
        total=found.get("total"),
        of=found.get("of"),
        parts=found.get("parts", {}),
        band=found.get("band", ""),
        complete=bool(found.get("complete", False)),
        had_safety_answer=row.safety_at is not None,
    )


def score_of(row: InstrumentForm, *, key: Key | None) -> dict[str, Any]:
    """The sealed score as plain JSON; empty where there is none."""
    if key is None or row.score is None:
        return {}
    try:
        return json.loads(row.opened(key, "score"))
    except CannotOpen:
        return {}


def answer_series(
    *, patient: Patient, instrument: InstrumentKey, items: Iterable[str]
) -> dict[str, list[tuple[date, int]]]:
    """Numbers answered over time, by item, oldest first: lines of a form whose answers are looked at one by one."""
    key = _key(patient)
    wanted = list(items)
    series: dict[str, list[tuple[date, int]]] = {item: [] for item in wanted}
    if key is None:
        return series
    rows = InstrumentAnswer.objects.filter(
        program_id=patient.program_id,
        patient_id=patient.pk,
        item__in=wanted,
        form__instrument=instrument.value,
        form__status__in=_GIVEN,
    ).order_by("pk")
    latest: dict[tuple[str, int], tuple[date, Value]] = {}
    for row in rows:
        latest[row.item, row.form_id] = (dosing_day(row.answered_at, patient.zone), opened_answer(row, key))
    for (item, _), (on, value) in latest.items():
        if isinstance(value, int):
            series[item].append((on, value))
    return series


def _key(patient: Patient) -> Key | None:
    return data_keys(program_id=patient.program_id, patient_ids=[patient.pk]).get(patient.pk)
