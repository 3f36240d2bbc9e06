"""The end of a program."""

from datetime import datetime

from django.db import transaction

from backend.access import Actor
from backend.db import programs
from backend.models import Program
from backend.services import audit


@transaction.atomic
def close_program(*, actor: Actor, program_id: int, now: datetime) -> None:
    """Close a program: ticks leave it alone from now on, and what it left planned is never sent.

    Its rows stay as they are. Closing a closed program changes nothing.
    """
    if not Program.objects.filter(pk=program_id, closed_at__isnull=True).update(closed_at=now):
        return
    with programs([program_id]):
        audit.record(
            actor=actor, action="program.closed", program_id=program_id, object_kind="program", object_id=program_id
        )
