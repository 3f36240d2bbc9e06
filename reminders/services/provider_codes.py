"""What a provider's code asks for beyond its message: the actions of rules/retry, done (M 1.3).

The table of codes is data; this is the only place where an action becomes rows. The circuit and the
sender's room are services/flow. Needs an open scope; part of the caller's transaction, after the message's
own end was written, because some actions count such ends.
"""

from collections.abc import Collection
from datetime import datetime

import structlog

from recovery.rules.tasks import TaskKind
from recovery.services.tasks import NewTask, make_tasks
from reminders.rules.retry import PROVIDER_RULES, Action, FailureClass
from reminders.rules.stops import NUMBERS
from reminders.selectors.stops import failures_of
from reminders.services import numbers, optouts, stops

log = structlog.get_logger("holdfast.reminders")

_PAGED = {Action.PAGE_OPERATIONS, Action.ALERT_DEVELOPERS, Action.ALERT_DAILY, Action.STOP_SENDER}


def codes_of(failure: FailureClass) -> list[str]:
    """The provider's codes of one class, as messages store them."""
    return [str(code) for code, rule in PROVIDER_RULES.items() if rule.failure is failure]


def act(
    actions: Collection[Action],
    *,
    program_id: int,
    patient_id: int | None,
    message_id: int,
    template: str,
    phone_index: bytes | None,
    code: str,
    now: datetime,
) -> None:
    """Do what the code of one message asks for. ``phone_index`` None: nobody's number is known."""
    if _PAGED & set(actions):
        log.error("the provider refuses", message_id=message_id, program_id=program_id, code=code)
    if Action.STOP_TEMPLATE in actions:
        stops.note_filtered(program_id=program_id, template=template, code=code, now=now)
    if phone_index is None:
        return
    if Action.WRITE_OPT_OUT in actions:
        optouts.opt_out(program_id=program_id, phone_index=phone_index, source="provider", now=now)
    if Action.MARK_NUMBER_BAD in actions:
        numbers.mark_bad(program_id=program_id, phone_index=phone_index, code=code, now=now)
    if patient_id is None:
        return
    since = now - NUMBERS.window
    if Action.COUNT_UNREACHED in actions:
        codes = codes_of(FailureClass.NOT_REACHED)
        if failures_of(program_id=program_id, patient_id=patient_id, codes=codes, since=since) >= NUMBERS.unreached:
            numbers.mark_bad(program_id=program_id, phone_index=phone_index, code=code, now=now)
    if Action.COUNT_BLOCKED in actions:
        codes = codes_of(FailureClass.BLOCKED)
        if failures_of(program_id=program_id, patient_id=patient_id, codes=codes, since=since) >= NUMBERS.blocked:
            # Blocked twice is a person's will until a person has looked.
            optouts.opt_out(program_id=program_id, phone_index=phone_index, source="provider", now=now)
            make_tasks(
                tasks=[
                    NewTask(
                        program_id=program_id, patient_id=patient_id, kind=TaskKind.TEXTS_BLOCKED, facts={"code": code}
                    )
                ],
                now=now,
            )
