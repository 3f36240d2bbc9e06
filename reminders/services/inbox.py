"""The coordinator's inbox: texts that fitted nothing are read, acted on and closed by a person (contract 4)."""

from datetime import datetime

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, NotAllowed, NotFound
from backend.rules.roles import Access
from backend.services import audit
from recovery.services.flags import NewOutreach, record_outreach
from reminders.models import InboundMessage
from reminders.rules.inbox import INBOX, InboxOutcome, closed_as
from reminders.selectors.inbox import Waiting, count_waiting, waiting_texts

MOST = 100
"""Texts on one page; the oldest, so that closing them brings the next."""


class UnknownInboxOutcome(DomainError):
    code = "unknown-outcome"


class NobodyKnown(DomainError):
    """A contact belongs to a patient, and this text to none."""

    code = "nobody-known"
    status = 422


class NothingToRecord(DomainError):
    code = "nothing-to-record"
    status = 422


def read_inbox(*, actor: Actor) -> tuple[list[Waiting], int]:
    """The oldest texts that wait in this person's programs, and how many wait in all. Audited text by text."""
    ids = actor.programs_for(Access.CARE_TEAM)
    rows = waiting_texts(program_ids=ids, limit=MOST)
    for program_id in sorted({row.program_id for row in rows}):
        audit.record_many(
            actor=actor,
            action="inbox.read",
            program_id=program_id,
            objects=[
                (row.patient_id, "inbound_message", row.inbound_id) for row in rows if row.program_id == program_id
            ],
            fields=["name", "body", "sender"],
        )
    return rows, len(rows) if len(rows) < MOST else count_waiting(program_ids=ids)


@transaction.atomic
def work_text(
    *,
    actor: Actor,
    inbound_id: int,
    outcome: str = "",
    outreach: NewOutreach | None = None,
    now: datetime,
) -> None:
    """Record a contact about a text, close it with an outcome of ``InboxOutcome``, or both. All or nothing.

    ``outcome`` '': the text goes on waiting. Raises NotFound for a text outside this person's programs or that
    never waited, Conflict once somebody closed it, ``UnknownInboxOutcome``, ``NothingToRecord``, ``NobodyKnown``
    for a contact about a text without a patient, and what ``record_outreach`` refuses.
    """
    if actor.user_id is None:
        raise NotAllowed("Only a person can do this.")
    if outcome and outcome not in set(InboxOutcome):
        raise UnknownInboxOutcome("There is no such outcome of a text.", field="outcome")
    if not outcome and outreach is None:
        raise NothingToRecord("Choose what came of the text, or record a contact.", field="outcome")
    # The lock decides who was first; the second finds it closed and records nothing.
    row = (
        InboundMessage.objects.select_for_update(no_key=True)
        .filter(pk=inbound_id, program_id__in=actor.programs_for(Access.CARE_TEAM))
        .first()
    )
    if row is None:
        raise NotFound
    if row.handled_at is not None:
        raise Conflict("This text has been closed meanwhile. Nothing was recorded.")
    if not row.result.startswith(INBOX):
        raise NotFound
    if outreach is not None:
        if row.patient_id is None:
            raise NobodyKnown("No patient is known for this text, so there is nobody to record it for.")
        record_outreach(actor=actor, program_id=row.program_id, patient_id=row.patient_id, outreach=outreach, now=now)
    if not outcome:
        return
    row.result, row.handled_at, row.handled_by_id = closed_as(InboxOutcome(outcome)), now, actor.user_id
    row.save(update_fields=["result", "handled_at", "handled_by"])
    audit.record(
        actor=actor,
        action="inbox.closed",
        program_id=row.program_id,
        patient_id=row.patient_id,
        object_kind="inbound_message",
        object_id=row.pk,
        fields=["result"],
    )
