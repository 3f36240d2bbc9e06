"""What people text to us.

The receiver stores a text and settles in the same transaction what cannot wait: an opt-out is
effective at its commit, words of crisis raise a red flag and plan the fixed line. The rest is done
right after, or by the tick if that failed. What fits nothing waits for a person (contract 4).
"""

import contextlib
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db import DatabaseError, IntegrityError, transaction

from backend.access import NOBODY, Actor
from backend.crypto import Key
from backend.db import programs
from backend.errors import DomainError, NotFound
from backend.keys import phone_index
from backend.rules.consent import ConsentKind
from backend.selectors.keys import data_key
from backend.selectors.people import actor_of, programs_by_id, staff_phones
from backend.services import audit
from backend.services.consents import give_consent
from backend.services.keys import program_key
from recovery.rules.states import FlagKind, ReportSource, Severity, Statement
from recovery.rules.tasks import TaskKind
from recovery.selectors import reminding
from recovery.selectors.access import known_patient
from recovery.selectors.policy import policy_for
from recovery.services.cravings import log_craving
from recovery.services.doses import DoseStatement, report_doses
from recovery.services.flags import own_flag, raise_flag
from recovery.services.supporters import concern_from_number
from recovery.services.tasks import NewTask, make_tasks
from recovery.services.visits import VisitOver, ask_for_another_time, confirm_visit
from reminders.models import InboundMessage, Message, OutboxText
from reminders.providers.base import Provider
from reminders.providers.registry import sms_provider
from reminders.rules import wording
from reminders.rules.dispatch import Why
from reminders.rules.inbox import INBOX
from reminders.rules.planning import Person, PlannedMessage, SlotKey, ordinal_of, plan_later
from reminders.rules.replies import Reading, Words, classify, read_reply
from reminders.rules.states import Audience, Channel, MessageClass, MessageState, SubjectKind, priority_of
from reminders.rules.stops import WRONG_PERSON
from reminders.rules.window import expiry
from reminders.rules.wording import Answer
from reminders.selectors.inbox import TOLD_AGAIN_AFTER
from reminders.selectors.optouts import opted_out
from reminders.selectors.senders import programs_of_text
from reminders.services import numbers, optouts, slots
from reminders.services.crashpoints import crashpoint
from reminders.services.slots import NewMessage

LONGEST = 4000
"""Characters of a text that are kept."""
_REPORT_IDS = uuid.UUID("5f7c1b5e-2d0a-4b53-9f0c-0b8a4c6a2f11")
_SMS_WORDING = "sms-1"
_WORK_LIMIT = 500

log = structlog.get_logger("holdfast.reminders")


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one text. ``is_new`` False: it was here already. ``inbound_id`` None: no program is known."""

    inbound_id: int | None
    program_id: int | None
    is_new: bool


def receive_text(
    *,
    sid: str,
    sender: str,
    addressed_to: Sequence[str],
    body: str,
    now: datetime,
    provider_confirms: bool = False,
    program_id: int | None = None,
) -> Received:
    """Take one text. Safe to repeat: the provider's ``sid`` finds the first.

    ``addressed_to``: our number and messaging service, as far as known. ``provider_confirms``: the provider
    answers this opt-out itself, so we do not. Any text is safe: empty, huge, NUL, lone surrogates. What
    cannot be settled at once is left to ``work_inbound`` and never lost.
    """
    found = [program_id] if program_id is not None else programs_of_text(addressed_to=addressed_to, phone=sender)
    if not found:
        log.error("a text for no program we know", code="no-sender")
        return Received(None, None, is_new=False)
    text = body.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    with programs(found):
        inbound = _store(sid=sid, sender=sender, body=text, program_id=found[0], now=now)
        if inbound is None:
            return Received(None, found[0], is_new=False)
        # One number in several programs that share a sender: stopping means all of them.
        for other in found[1:]:
            if inbound.opted_out:
                _stop(other, phone_index(other, sender), inbound, now=now)
        _settle_at_once(inbound, sender=sender, confirms=not provider_confirms, now=now)
    crashpoint("after_inbound_commit")
    if not inbound.opted_out:
        _work_safely(inbound.program_id, inbound.pk, now=now)
    return Received(inbound.pk, inbound.program_id, is_new=True)


def receive_from_outbox(*, actor: Actor, text_id: int, body: str, now: datetime) -> Received:
    """Answer a text of the demonstration's outbox as the phone that it went to. Raises NotFound.

    Needs an open scope. A text to staff or to a stranger has no phone of a patient to answer from.
    """
    text = OutboxText.objects.filter(pk=text_id).first()
    contact = reminding.contacts([text.patient_id]).get(text.patient_id) if text and text.patient_id else None
    if contact is None or not contact.phone:
        raise NotFound
    audit.record(
        actor=actor,
        action="outbox.replied",
        program_id=contact.program_id,
        patient_id=contact.patient_id,
        object_kind="outbox_text",
        object_id=text_id,
    )
    return receive_text(
        sid="OBIN" + secrets.token_hex(14),
        sender=contact.phone,
        addressed_to=(),
        body=body,
        now=now,
        program_id=contact.program_id,
    )


def work_inbound(*, program_ids: Iterable[int], now: datetime, provider: Provider | None = None) -> int:
    """Do what the receiver left, one text a transaction; take back texts that opted-out numbers still have
    queued at the provider. Returns how many texts were worked. Safe in several places at once."""
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        waiting = list(
            InboundMessage.objects.filter(program_id__in=ids, handled_at__isnull=True, result="")
            .order_by("pk")
            .values_list("pk", "program_id", "opted_out", "phone_index")[:_WORK_LIMIT]
        )
    for pk, program_id, stopped, index in waiting:
        if stopped:
            _take_back(program_id, bytes(index), provider or sms_provider(), now=now)
        _work_safely(program_id, pk, now=now)
    return len(waiting)


# --- in the receiver's transaction ----------------------------------------------------------------------------


def _store(*, sid: str, sender: str, body: str, program_id: int, now: datetime) -> InboundMessage | None:
    """Store a text, sealed, with what its words say; None when it is here already."""
    index = phone_index(program_id, sender)
    holders = [one for one in reminding.phone_holders([index]) if one.program_id == program_id]
    words = classify(body)
    patient_id = holders[0].patient_id if len(holders) == 1 and not holders[0].shared else None
    # What a stranger writes is no part of a patient's record, and answers no question of theirs (N21).
    if words.wrong_person or (patient_id is not None and numbers.is_doubted(program_id=program_id, phone_index=index)):
        patient_id = None
    row = InboundMessage(
        program_id=program_id,
        patient_id=patient_id,
        sid=sid[:64],
        phone_index=index,
        received_at=now,
        classified=_class_of(words),
        crisis=words.crisis,
        opted_out=words.opt_out,
    )
    row.seal(_key(program_id, patient_id, now), sender=sender, body=body[:LONGEST])
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return None
    return row


def _class_of(words: Words) -> str:
    named = (
        (WRONG_PERSON, words.wrong_person),
        ("opt_out", words.opt_out),
        ("crisis", words.crisis),
        ("opt_in", words.opt_in),
        ("help", words.help),
        ("answer", words.intent is not None),
    )
    return next((name for name, said in named if said), "unclear")


def _key(program_id: int, patient_id: int | None, now: datetime) -> Key:
    if patient_id is None:
        return program_key(program_id=program_id, now=now)
    return data_key(program_id=program_id, patient_id=patient_id)


def _settle_at_once(inbound: InboundMessage, *, sender: str, confirms: bool, now: datetime) -> None:
    index = bytes(inbound.phone_index)
    numbers.works_again(program_id=inbound.program_id, phone_index=index, now=now)
    is_new = _stop(inbound.program_id, index, inbound, now=now) if inbound.opted_out else False
    if inbound.crisis:
        try:
            with transaction.atomic():
                _raise_crisis(inbound, now=now)
        except (DomainError, DatabaseError) as error:
            # The opt-out and the text must not be lost with it; the tick raises it again.
            log.error("no flag for a crisis", program_id=inbound.program_id, error=type(error).__name__)
    if inbound.opted_out and is_new and confirms:
        confirm = "reply.wrong_person" if inbound.classified == WRONG_PERSON else "opt_out.confirm"
        _answer(inbound, "opt_out.crisis" if inbound.crisis else confirm, now=now)
    elif inbound.crisis and not inbound.opted_out:
        _crisis_line(inbound, now=now)


def _stop(program_id: int, index: bytes, inbound: InboundMessage, *, now: datetime) -> bool:
    """Stop texts to the number, with the reason that the text gave; tells whether that is new."""
    wrong = inbound.classified == WRONG_PERSON
    is_new = optouts.opt_out(
        program_id=program_id,
        phone_index=index,
        source=WRONG_PERSON if wrong else "text",
        inbound_id=inbound.pk if program_id == inbound.program_id else None,
        now=now,
    )
    if wrong:
        numbers.doubt(program_id=program_id, phone_index=index, now=now)
    return is_new


def _raise_crisis(inbound: InboundMessage, *, now: datetime) -> None:
    """Red for whoever may have written: for each of two patients on one number. From a supporter: their concern."""
    concern_from_number(program_id=inbound.program_id, index=bytes(inbound.phone_index), now=now)
    holders = reminding.phone_holders([bytes(inbound.phone_index)])
    people = [one.patient_id for one in holders if one.program_id == inbound.program_id]
    treatments = reminding.open_treatments(people)
    for patient_id in people:
        raise_flag(
            actor=NOBODY,
            program_id=inbound.program_id,
            patient_id=patient_id,
            treatment_id=treatments.get(patient_id),
            kind=FlagKind.SUICIDE_RISK,
            severity=Severity.RED,
            evidence={"source": ReportSource.SMS.value, "shared_number": len(people) > 1},
            policy_version=policy_for(inbound.program_id).version,
            now=now,
        )


def _crisis_line(inbound: InboundMessage, *, now: datetime) -> None:
    opens = reminding.next_opening(program_id=inbound.program_id, now=now)
    staffed = programs_by_id([inbound.program_id])[inbound.program_id].night_on_call or opens == now
    if staffed or opens is None:
        _answer(inbound, "crisis.staffed", now=now)
    else:
        _answer(inbound, "crisis.unstaffed", now=now, hour=_hour(opens, _zone(inbound)))


# --- afterwards -------------------------------------------------------------------------------------------------


def _work_safely(program_id: int, inbound_id: int, *, now: datetime) -> None:
    """Work one text; what goes wrong leaves it to the tick, and what is refused to a person."""
    try:
        with programs([program_id]):
            inbound = (
                InboundMessage.objects.select_for_update(skip_locked=True)
                .filter(pk=inbound_id, handled_at__isnull=True, result="")
                .first()
            )
            if inbound is not None:
                _work(inbound, now=now)
    except DomainError as error:
        with programs([program_id]):
            _finish(inbound_id, result=f"{INBOX}:{error.code}", handled_at=None)
    except DatabaseError as error:
        log.error("a text waits for the tick", program_id=program_id, error=type(error).__name__)


def _work(inbound: InboundMessage, *, now: datetime) -> None:
    key = _key(inbound.program_id, inbound.patient_id, now)
    body = inbound.opened(key, "body")
    question = _open_question(inbound, now=now)
    index = bytes(inbound.phone_index)
    reading = read_reply(
        body,
        question=wording.template(question.template) if question is not None else None,
        opted_out=not inbound.opted_out and (inbound.program_id, index) in opted_out({index}),
        shared_number=inbound.patient_id is None,
    )
    if reading.crisis:
        _raise_crisis(inbound, now=now)
    doubted = numbers.is_doubted(program_id=inbound.program_id, phone_index=index)
    if reading.wrong_person and not reading.crisis:
        # The task to find out whose number it is says all there is to do.
        _finish(inbound.pk, result=WRONG_PERSON, handled_at=now)
        return
    if reading.opt_out:
        result = "opted_out"
    elif doubted:
        _finish(inbound.pk, result=f"{INBOX}:{WRONG_PERSON}", handled_at=None)
        return
    elif reading.opt_in and reading.answer is None:
        optouts.opt_in(program_id=inbound.program_id, phone_index=index, now=now)
        result = "opted_in"
    elif reading.help:
        _help(inbound, now=now)
        result = "help"
    elif question is not None and reading.answer is not None:
        _take_answer(inbound, question, reading, now=now)
        return
    elif inbound.patient_id is None and _staff_takes(inbound, key, body, now=now):
        _finish(inbound.pk, result="taken_over", handled_at=now)
        return
    else:
        if not reading.crisis:
            _say_when_read(inbound, now=now)
        result = INBOX
    if reading.needs_person:
        result = INBOX if result == INBOX else f"{INBOX}:{result}"
        _finish(inbound.pk, result=result, handled_at=None)
    else:
        _finish(inbound.pk, result=result, handled_at=now)


def _finish(inbound_id: int, *, result: str, handled_at: datetime | None, question: Message | None = None) -> None:
    changes: dict[str, object] = {"result": result[:40], "handled_at": handled_at}
    if question is not None:
        changes["question"] = question
    InboundMessage.objects.filter(pk=inbound_id).update(**changes)


def _open_question(inbound: InboundMessage, *, now: datetime) -> Message | None:
    """The one question that waits on this number; None once it has expired or on a shared number."""
    if inbound.patient_id is None:
        return None
    return (
        Message.objects.select_for_update()
        .filter(patient_id=inbound.patient_id, question_open=True, expires_at__gt=now)
        .first()
    )


_ANOTHER_TIME = (Answer.CHANGE, Answer.CANNOT_COME)
_WANTS_A_CALL = (Answer.CHANGE, Answer.CANNOT_COME, Answer.NEED_RIDE, Answer.CALL_ME)


def _take_answer(inbound: InboundMessage, question: Message, reading: Reading, *, now: datetime) -> None:
    """Do what an answer to the open question asks for; the question is answered by it."""
    answer = reading.answer
    assert answer is not None
    if answer in (Answer.DONE, Answer.NOT_TODAY) and not _report(inbound, question, answer, now=now):
        _say_when_read(inbound, now=now)
        _finish(inbound.pk, result=f"{INBOX}:no-dose", handled_at=None, question=question)
        return
    question.question_open, question.answered_at = False, now
    question.save(update_fields=["question_open", "answered_at"])
    handled: datetime | None = now
    result = answer.value
    if answer in (Answer.DONE, Answer.NOT_TODAY):
        _suppress_rest_of_slot(question, now=now)
    elif answer is Answer.LATER:
        _suppress_rest_of_slot(question, now=now)
        if _ask_later(question, now=now):
            _answer(inbound, "reply.later", now=now)
    elif answer is Answer.OPT_IN:
        _consent(inbound, now=now)
    elif answer in _WANTS_A_CALL:
        _answer(inbound, "reply.will_call", now=now)
        # A call that was promised is work with a time, not a line in the inbox (contract 5).
        if answer not in _ANOTHER_TIME:
            _promise_call(inbound, answer, now=now)
        elif not _ask_for_another_time(inbound, question, now=now):
            result, handled = f"{INBOX}:{answer.value}", None
    elif answer is Answer.CONFIRM:
        _confirm(inbound, question, now=now)
    elif answer is Answer.NUMBER and not _log_number(inbound, question, reading, now=now):
        result, handled = f"{INBOX}:{answer.value}", None
    _finish(inbound.pk, result=result, handled_at=handled, question=question)


def _confirm(inbound: InboundMessage, question: Message, *, now: datetime) -> None:
    """Note on the visit that its day suits; nothing when it has ended meanwhile."""
    if question.subject_kind != SubjectKind.APPOINTMENT.value or inbound.patient_id is None:
        return
    with contextlib.suppress(NotFound, VisitOver):
        confirm_visit(
            actor=NOBODY, visit_id=question.subject_id, patient=known_patient(patient_id=inbound.patient_id), now=now
        )


def _ask_for_another_time(inbound: InboundMessage, question: Message, *, now: datetime) -> bool:
    """Make the task to find another time; False when the question was about no visit that still stands."""
    if question.subject_kind != SubjectKind.APPOINTMENT.value or inbound.patient_id is None:
        return False
    try:
        patient = known_patient(patient_id=inbound.patient_id)
        ask_for_another_time(actor=NOBODY, visit_id=question.subject_id, patient=patient, now=now)
    except (NotFound, VisitOver):
        return False
    return True


def _log_number(inbound: InboundMessage, question: Message, reading: Reading, *, now: datetime) -> bool:
    """Record the number of a check-in by text; False when the question was about none."""
    if question.subject_kind != SubjectKind.CHECK_IN.value or inbound.patient_id is None or reading.number is None:
        return False
    log_craving(
        actor=NOBODY,
        patient=known_patient(patient_id=inbound.patient_id),
        client_id=uuid.uuid5(_REPORT_IDS, inbound.sid),
        intensity=reading.number,
        felt_at=inbound.received_at,
        source=ReportSource.SMS.value,
        now=now,
    )
    return True


def _promise_call(inbound: InboundMessage, answer: Answer, *, now: datetime) -> None:
    assert inbound.patient_id is not None
    task = NewTask(
        program_id=inbound.program_id,
        patient_id=inbound.patient_id,
        kind=TaskKind.CALL_BACK,
        facts={"reason": answer.value},
    )
    make_tasks(tasks=[task], now=now)


def _report(inbound: InboundMessage, question: Message, answer: Answer, *, now: datetime) -> bool:
    """Report the dose that was asked about; False when the question was about none, or the dose is gone.

    When it was taken is not stated: the time of the text says nothing about it (contract 1).
    """
    ordinal = ordinal_of(question.step)
    if question.subject_kind != SubjectKind.DOSE.value or ordinal is None or inbound.patient_id is None:
        return False
    slot = (question.subject_id, question.slot_on, ordinal)
    state = reminding.slot_states([slot]).get(slot)
    if state is None:
        return False
    report_doses(
        actor=NOBODY,
        statements=[
            DoseStatement(
                client_id=uuid.uuid5(_REPORT_IDS, inbound.sid),
                patient_id=inbound.patient_id,
                statement=(Statement.TAKEN if answer is Answer.DONE else Statement.SKIPPED).value,
                source=ReportSource.SMS.value,
                dose_id=state.dose_id,
                reason="" if answer is Answer.DONE else "not_today",
            )
        ],
        now=now,
    )
    return True


def _suppress_rest_of_slot(question: Message, *, now: datetime) -> None:
    same = Message.objects.filter(
        subject_kind=question.subject_kind,
        subject_id=question.subject_id,
        slot_on=question.slot_on,
        step__startswith=question.step.partition(".")[0] + ".",
        state__in=[MessageState.PLANNED.value, MessageState.CLAIMED.value],
    ).values_list("pk", flat=True)
    slots.end(
        [(pk, MessageState.SUPPRESSED, Why.ANSWERED.value) for pk in same],
        now=now,
        from_states=(MessageState.PLANNED, MessageState.CLAIMED),
    )


def _ask_later(question: Message, *, now: datetime) -> bool:
    """Plan the "later" step of the slot; False when its time lies outside the window."""
    assert question.patient_id is not None
    asked = PlannedMessage(
        slot=SlotKey(
            SubjectKind(question.subject_kind),
            question.subject_id,
            question.step,
            Channel(question.channel),
            question.slot_on,
        ),
        message_class=MessageClass(question.message_class),
        template=question.template,
        template_version=question.template_version,
        send_after=question.send_after,
        expires_at=question.expires_at,
        priority=question.priority,
        is_question=question.is_question,
        patient_id=question.patient_id,
    )
    zone = reminding.zones([question.patient_id])[question.patient_id]
    later = plan_later(asked, answered_at=now, person=Person(patient_id=question.patient_id, zone=zone))
    return bool(slots.store([NewMessage(question.program_id, question.language, one) for one in later], now=now))


def _consent(inbound: InboundMessage, *, now: datetime) -> None:
    assert inbound.patient_id is not None
    give_consent(
        actor=NOBODY,
        program_id=inbound.program_id,
        patient_id=inbound.patient_id,
        kind=ConsentKind.SMS,
        wording_version=_SMS_WORDING,
        now=now,
    )


def _staff_takes(inbound: InboundMessage, key: Key, body: str, *, now: datetime) -> bool:
    """A staff member's answer to a notice: they take the flag that they were told of last.

    They may have been told of several. What they answer is the text before their eyes; the others stay
    nobody's, and their timers run on.
    """
    phone = inbound.opened(key, "sender")
    who = [
        user_id
        for (program_id, user_id), (number, _) in staff_phones(program_ids=[inbound.program_id]).items()
        if program_id == inbound.program_id and number == phone
    ]
    if len(who) != 1:
        return False
    asked = Message.objects.select_for_update().filter(
        program_id=inbound.program_id,
        audience=Audience.STAFF.value,
        recipient_id=who[0],
        question_open=True,
        expires_at__gt=now,
    )
    open_ = list(asked.order_by("-sending_at", "-pk"))
    if not open_:
        return False
    reading = read_reply(body, question=wording.template(open_[0].template))
    if reading.answer is not Answer.TAKE_OVER:
        return False
    own_flag(actor=actor_of(user_id=who[0], route="sms"), flag_id=open_[0].subject_id, now=now)
    asked.filter(subject_id=open_[0].subject_id).update(question_open=False, answered_at=now)
    return True


# --- answers -----------------------------------------------------------------------------------------------------


def _answer(inbound: InboundMessage, template: str, *, now: datetime, **values: str) -> None:
    """Plan an answer to the number that wrote."""
    chosen = wording.template(template)
    holders = reminding.phone_holders([bytes(inbound.phone_index)])
    languages = {one.language for one in holders if one.program_id == inbound.program_id}
    message = PlannedMessage(
        slot=SlotKey(
            SubjectKind.INBOUND,
            inbound.pk,
            template.partition(".")[0],
            Channel.SMS,
            now.astimezone(_zone(inbound)).date(),
        ),
        message_class=chosen.message_class,
        template=template,
        template_version=chosen.version,
        send_after=now,
        expires_at=expiry(chosen.message_class, due_at=now),
        priority=priority_of(chosen.message_class),
        is_question=chosen.is_question,
        patient_id=inbound.patient_id,
        values=tuple(values.items()),
    )
    language = languages.pop() if len(languages) == 1 else "en"
    slots.store([NewMessage(inbound.program_id, language, message)], now=now)


def _help(inbound: InboundMessage, *, now: datetime) -> None:
    program = programs_by_id([inbound.program_id])[inbound.program_id]
    if program.phone and wording.is_neutral_name(program.neutral_name):
        _answer(inbound, "reply.help", now=now, name=program.neutral_name, number=program.phone)


def _say_when_read(inbound: InboundMessage, *, now: datetime) -> None:
    """The honest line about when a person reads it; a number that nobody agreed to text gets none."""
    if inbound.patient_id is None:
        return
    opens = reminding.next_opening(program_id=inbound.program_id, now=now)
    if opens is None:
        return
    told = Message.objects.filter(
        program_id=inbound.program_id,
        patient_id=inbound.patient_id,
        template="reply.read_at",
        created_at__gt=now - TOLD_AGAIN_AFTER,
        due_at__gt=now - TOLD_AGAIN_AFTER,
    )
    if told.exists():
        return
    # While the clinic is open somebody looks within the hour.
    by = now + timedelta(hours=1) if opens == now else opens
    _answer(inbound, "reply.read_at", now=now, hour=_hour(by, _zone(inbound)))


def _zone(inbound: InboundMessage) -> ZoneInfo:
    if inbound.patient_id is not None:
        found = reminding.zones([inbound.patient_id])
        if inbound.patient_id in found:
            return found[inbound.patient_id]
    return ZoneInfo(programs_by_id([inbound.program_id])[inbound.program_id].zone)


def _hour(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%H:%M")


# --- what the provider still has ------------------------------------------------------------------------------------


def _take_back(program_id: int, index: bytes, provider: Provider, *, now: datetime) -> None:
    """Cancel what was accepted and has not left (REL-6). What is too late changes nothing."""
    with programs([program_id]):
        holders = [one.patient_id for one in reminding.phone_holders([index]) if one.program_id == program_id]
        rows = list(
            Message.objects.filter(
                program_id=program_id,
                patient_id__in=holders,
                channel=Channel.SMS.value,
                state=MessageState.ACCEPTED.value,
                provider_rank__lte=1,
                due_at__gt=now - timedelta(days=2),
            )
            .exclude(message_class=MessageClass.OPT_OUT_CONFIRM.value)
            .exclude(provider_sid="")
            .values_list("pk", "provider_sid")[:50]
        )
    if not rows:
        return
    cancelled = provider.cancel([sid for _, sid in rows])
    with programs([program_id]):
        slots.end(
            [
                (pk, MessageState.SUPPRESSED, Why.OPTED_OUT.value)
                for (pk, _), done in zip(rows, cancelled, strict=True)
                if done
            ],
            now=now,
            from_states=(MessageState.ACCEPTED,),
        )
