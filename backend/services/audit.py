"""Writing down who saw or did what, in the transaction that it describes (SEC-51)."""

from collections.abc import Iterable, Sequence

from backend.access import Actor
from backend.models import AuditEvent


def record(
    *,
    actor: Actor,
    action: str,
    program_id: int | None,
    patient_id: int | None = None,
    object_kind: str = "",
    object_id: int | None = None,
    fields: Iterable[str] = (),
) -> None:
    """Record one act or read. ``action`` is ``noun.verb``; ``fields`` are names, never values."""
    record_many(
        actor=actor,
        action=action,
        program_id=program_id,
        objects=[(patient_id, object_kind, object_id)],
        fields=fields,
    )


def record_many(
    *,
    actor: Actor,
    action: str,
    program_id: int | None,
    objects: Sequence[tuple[int | None, str, int | None]],
    fields: Iterable[str] = (),
) -> None:
    """Record the same act on many rows: ``(patient_id, object_kind, object_id)`` each."""
    names = list(fields)
    AuditEvent.objects.bulk_create(
        AuditEvent(
            program_id=program_id,
            patient_id=patient_id,
            actor_id=actor.user_id,
            role=actor.role_in(program_id),
            action=action,
            object_kind=kind,
            object_id=object_id,
            fields=names,
            route=actor.route,
            request_id=actor.request_id,
        )
        for patient_id, kind, object_id in objects
    )
