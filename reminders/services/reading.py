"""Reads of what was said, with the audit event that belongs to each."""

from backend.access import Actor
from backend.rules.roles import Access
from backend.services import audit
from recovery.selectors.access import patient_for
from reminders.selectors.history import Said, message_history
from reminders.selectors.outbox import Phone, phones


def read_messages(*, actor: Actor, patient_id: int) -> tuple[list[Said], str]:
    """The conversation with a patient, newest first, and the patient's zone. Raises NotFound. Audited."""
    patient = patient_for(actor, patient_id=patient_id)
    audit.record(
        actor=actor,
        action="messages.read",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
    )
    return message_history(patient_id=patient.pk), patient.zone


def read_outbox(*, actor: Actor) -> list[Phone]:
    """The demonstration's phones in this person's programs. Audited."""
    program_ids = actor.programs_for(Access.CARE_TEAM)
    for program_id in program_ids:
        audit.record(actor=actor, action="outbox.read", program_id=program_id, object_kind="outbox_text")
    return phones(program_ids=program_ids)
