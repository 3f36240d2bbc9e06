"""Writing down who saw or did what, in the transaction that it describes (SEC-51)."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from backend.access import Actor


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


def record_row(actor: Actor, action: str, row: Any, *, kind: str = "") -> None:
    """Record an act on ``row``, which has a program and a patient; ``kind`` is the noun of ``action`` if not given."""
    record(
        actor=actor,
        action=action,
        program_id=row.program_id,
        patient_id=row.patient_id,
        object_kind=kind or action.partition(".")[0],
        object_id=row.pk,
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
    patients, kinds, ids = zip(*objects, strict=True) if objects else ((), (), ())
    with connection.cursor() as cursor:
        # One statement however many: an audit row is written for each of thousands of reports.
        cursor.execute(
            _INSERT,
            [
                program_id,
                actor.user_id,
                actor.role_in(program_id),
                action,
                json.dumps(list(fields)),
                actor.route,
                actor.request_id,
                list(patients),
                list(kinds),
                list(ids),
            ],
        )


_INSERT = """
INSERT INTO backend_auditevent
  (program_id, actor_id, role, action, fields, route, request_id, patient_id, object_kind, object_id)
SELECT %s::bigint, %s::bigint, %s, %s, %s::jsonb, %s, %s, u.patient_id, u.kind, u.object_id
FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS u (patient_id, kind, object_id)
"""
