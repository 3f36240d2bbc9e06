"""The tick that numbers and chains audit events, a few seconds after they were written.

The chain of each program is ``hash(event, hash before)``. Requests never wait for each
other: the order is settled here, under one advisory lock.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC
from functools import lru_cache
from typing import Any

from django.db import connection

from backend.db import programs
from backend.models import AuditEvent, AuditSeal

GENESIS = bytes(32)
# Any constant will do; it is the only advisory lock in the system.
LOCK = 7_301_944_001


def event_digest(event: AuditEvent, prev_hash: bytes, seq: int) -> bytes:
    """What one link of the chain says: every column of the event, its number, and the link before."""
    return _digest(
        prev_hash,
        [
            seq,
            event.pk,
            event.program_id,
            event.patient_id,
            event.actor_id,
            event.role,
            event.action,
            event.object_kind,
            event.object_id,
            event.fields,
            event.route,
            event.request_id,
            event.at.astimezone(UTC).isoformat(),
        ],
    )


def _digest(prev_hash: bytes, content: list[Any]) -> bytes:
    return hashlib.sha256(prev_hash + json.dumps(content, separators=(",", ":")).encode()).digest()


# No transaction lasts an hour; without this bound each run would look through all of the past.
RECENT = "e.at > now() - interval '1 hour'"

_WAITING = """
SELECT e.id, e.program_id, e.patient_id, e.actor_id, e.role, e.action, e.object_kind, e.object_id, e.fields::text,
  e.route, e.request_id, e.at
FROM backend_auditevent e
WHERE NOT EXISTS (SELECT 1 FROM backend_auditseal s WHERE s.event_id = e.id) {recent}
ORDER BY e.id LIMIT %s
"""

_SEAL = """
INSERT INTO backend_auditseal (event_id, program_id, patient_id, chain, seq, prev_hash, hash)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[])
"""


@lru_cache(maxsize=1024)
def _names(stored: str) -> Any:
    """The names of fields as they were written; a few lists come again and again."""
    return json.loads(stored)


def seal_audit(*, program_ids: Iterable[int], limit: int = 5000, all_of_the_past: bool = False) -> int:
    """Seal up to ``limit`` waiting events; returns how many. Safe to run in several places at once.

    Events of transactions still open are not visible yet; they are sealed by a later run, so
    the chain's order is the order of sealing, not of ids. ``all_of_the_past`` also finds what
    a stop of more than an hour left behind: a runner asks for it on its first run.
    """
    with programs(program_ids), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        row = cursor.fetchone()
        if not row or not row[0]:
            return 0
        cursor.execute(_WAITING.format(recent="" if all_of_the_past else f"AND {RECENT}"), [limit])
        heads: dict[int, tuple[int, bytes]] = {}
        seals = []
        for event_id, program_id, patient_id, *said, fields, route, request_id, at in cursor.fetchall():
            chain = program_id or 0
            if chain not in heads:
                last = AuditSeal.objects.filter(chain=chain).order_by("-seq").values_list("seq", "hash").first()
                heads[chain] = (last[0], bytes(last[1])) if last else (0, GENESIS)
            seq, prev = heads[chain][0] + 1, heads[chain][1]
            when = at.astimezone(UTC).isoformat()
            content = [seq, event_id, program_id, patient_id, *said, _names(fields), route, request_id, when]
            digest = _digest(prev, content)
            seals.append((event_id, program_id, patient_id, chain, seq, prev, digest))
            heads[chain] = (seq, digest)
        if seals:
            cursor.execute(_SEAL, [list(column) for column in zip(*seals, strict=True)])
        return len(seals)
