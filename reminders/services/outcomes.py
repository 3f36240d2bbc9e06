"""Telling the clinical core which reminders never reached anybody.

A flag never blames a patient for a reminder that we failed to send (contract 5).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import connection

from recovery.selectors import reminding
from recovery.services.reminder_outcomes import note_reminder_outcome
from reminders.rules.dispatch import Why
from reminders.rules.planning import ordinal_of
from reminders.rules.states import Channel, MessageState, SubjectKind
from reminders.services.slots import Ended

# The text had lost its reason, or its silence is what held it back: nobody was left waiting for it.
_NO_LOSS = {
    why.value
    for why in (
        Why.ANSWERED,
        Why.CANCELLED,
        Why.HOLD,
        Why.PAUSED,
        Why.BACK_OFF,
        Why.GOAL_MET,
        Why.EXITED,
        Why.DECEASED,
        Why.PROGRAM_CLOSED,
        Why.SEEN,
    )
}
_OTHER = {
    kind.value for kind in (SubjectKind.APPOINTMENT, SubjectKind.INJECTION_DUE, SubjectKind.CHECK_IN, SubjectKind.HOLD)
}
_NOT_DELIVERED = {MessageState.FAILED.value, MessageState.UNDELIVERED.value}
_DEAD_NUMBER = {Why.BAD_ADDRESS.value, Why.WRONG_PERSON.value}
_REACHED = {MessageState.SENT.value, MessageState.DELIVERED.value}


def tell(ended: Sequence[Ended], *, now: datetime) -> None:
    """Note the texts that ended without reaching anybody. Needs an open scope.

    Of a dose only the first text counts: when its re-prompt is lost, the question was asked before. Of other
    texts only those that could not be delivered: an injection has no dose of the day, and its patient can be out
    of reach too. One that arrived is told only where the core holds somebody to be out of reach.
    """
    ended = _of_slots(ended)
    waiting = {one.patient_id for one in ended if one.state in _REACHED and one.patient_id is not None}
    doubted = reminding.out_of_reach(waiting) if waiting else set()
    lost: dict[reminding.Slot, Ended] = {}
    by_program: dict[int, list[tuple[int, int | None, str]]] = {}
    for one in ended:
        ordinal = ordinal_of(one.step)
        if one.subject_kind in _OTHER and one.patient_id is not None:
            if one.state in _NOT_DELIVERED or one.why in _DEAD_NUMBER or one.patient_id in doubted:
                by_program.setdefault(one.program_id, []).append((one.patient_id, None, _outcome(one)))
            continue
        if one.subject_kind != SubjectKind.DOSE.value or ordinal is None or not one.step.endswith(".first"):
            continue
        if one.why in _NO_LOSS or (one.state in _REACHED and one.patient_id not in doubted):
            continue
        assert isinstance(one.slot_on, date)
        lost[one.subject_id, one.slot_on, ordinal] = one
    states = reminding.slot_states(list(lost)) if lost else {}
    for slot, one in lost.items():
        if one.patient_id is None:
            continue
        dose_id = states[slot].dose_id if slot in states else None
        by_program.setdefault(one.program_id, []).append((one.patient_id, dose_id, _outcome(one)))
    for program_id, outcomes in by_program.items():
        note_reminder_outcome(program_id=program_id, outcomes=outcomes, now=now)


_NO_TEXT = {Why.NO_CONSENT.value, Why.OPTED_OUT.value, Why.NO_ADDRESS.value, *_DEAD_NUMBER}
_FAILED = {MessageState.FAILED.value, MessageState.EXPIRED.value}

_BESIDE = """
SELECT u.id, m.state, m.why FROM unnest(%(ids)s::bigint[]) AS u (id)
JOIN reminders_message e ON e.id = u.id
JOIN reminders_message m ON (m.subject_kind, m.subject_id, m.slot_on, m.step)
  = (e.subject_kind, e.subject_id, e.slot_on, e.step) AND m.recipient_id IS NULL
  AND m.channel = CASE WHEN e.channel = 'sms' THEN e.instead_of ELSE 'sms' END
"""


def _of_slots(ended: Sequence[Ended]) -> list[Ended]:
    """One end for each slot that was told on two channels; the others as they are.

    Its text speaks for the slot. Where the person's own choice or number kept the text back and the wake-up before
    it failed on our side, that failure is the slot's end, whichever of the two is written last: nobody is called
    silent for it.
    """
    two = [one for one in ended if one.instead_of or one.channel != Channel.SMS.value]
    if not two:
        return list(ended)
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, {"ids": [one.message_id for one in two]})
        other = {pk: (state, why) for pk, state, why in cursor.fetchall()}
    kept = []
    for one in ended:
        state, why = other.get(one.message_id, ("", ""))
        if one.channel != Channel.SMS.value:
            if one.state in _FAILED and why in _NO_TEXT:
                kept.append(one)
        elif one.instead_of and one.why in _NO_TEXT and state in _FAILED:
            kept.append(replace(one, state=state, why=why))
        else:
            kept.append(one)
    return kept


def _outcome(one: Ended) -> str:
    return f"{one.state}:{one.why}" if one.why else one.state
