"""The provider of a demonstration: a page instead of a phone. Nothing leaves the building."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from backend.crypto import Key, token_digest
from backend.db import programs
from backend.selectors.keys import PROGRAM_ITSELF, data_keys
from backend.services.keys import program_key
from reminders.models import OutboxText
from reminders.providers.base import Outgoing, Query
from reminders.rules.reconcile import Listed
from reminders.rules.retry import FailureClass, Outcome, Result
from reminders.rules.states import Channel

_NO_KEY = Result(Outcome.REJECTED, FailureClass.BUG)
_NOT_POSTED = Result(Outcome.NOT_PROCESSED, FailureClass.NOT_SENT)


class Outbox:
    """Writes each text, sealed, in a transaction of its own."""

    name = "outbox"
    service = None

    def __init__(self, channel: Channel = Channel.SMS) -> None:
        self._channel = channel
        # A push service and a mail server tell nobody whether somebody was reached.
        self.receipt = "delivered" if channel is Channel.SMS else ""

    def send_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> list[Result]:
        with programs(sorted({one.program_id for one in batch})):
            keys = self._keys(batch, now)
            results, rows = [], []
            for one in batch:
                if one.too_late:
                    results.append(_NOT_POSTED)
                    continue
                key = keys.get((one.program_id, one.patient_id or PROGRAM_ITSELF))
                if key is None:
                    results.append(_NO_KEY)
                    continue
                sid = "OB" + secrets.token_hex(16)
                row = OutboxText(
                    program_id=one.program_id,
                    patient_id=one.patient_id,
                    sid=sid,
                    token_digest=token_digest(one.token),
                    last_two=one.to[-2:] if self._channel is Channel.SMS else "",
                    sent_at=now,
                    channel=self._channel.value,
                )
                row.seal(key, body=one.body)
                rows.append(row)
                results.append(Result(Outcome.ACCEPTED, sid=sid))
            OutboxText.objects.bulk_create(rows)
        return results

    @staticmethod
    def _keys(batch: Sequence[Outgoing], now: datetime) -> dict[tuple[int, int], Key]:
        keys: dict[tuple[int, int], Key] = {}
        for program_id in {one.program_id for one in batch}:
            here = [one.patient_id for one in batch if one.program_id == program_id]
            found = data_keys(program_id=program_id, patient_ids=[pk for pk in here if pk is not None])
            keys |= {(program_id, patient_id): key for patient_id, key in found.items()}
            if None in here:
                keys[program_id, PROGRAM_ITSELF] = program_key(program_id=program_id, now=now)
        return keys

    def find(self, queries: Sequence[Query]) -> list[list[Listed] | None]:
        digests = [digest for query in queries for digest in query.token_digests]
        with programs(sorted({query.program_id for query in queries})):
            rows = list(OutboxText.objects.filter(token_digest__in=digests))
            keys = {
                (row.program_id, row.patient_id): data_keys(
                    program_id=row.program_id, patient_ids=[row.patient_id or PROGRAM_ITSELF]
                ).get(row.patient_id or PROGRAM_ITSELF)
                for row in rows
            }
        by_digest: dict[bytes, list[Listed]] = {}
        for row in rows:
            key = keys[row.program_id, row.patient_id]
            if key is not None:
                by_digest.setdefault(bytes(row.token_digest), []).append(
                    Listed(sid=row.sid, created_at=row.sent_at, body=row.opened(key, "body"))
                )
        return [[one for digest in query.token_digests for one in by_digest.get(digest, [])] for query in queries]

    def cancel(self, sids: Sequence[str]) -> list[bool]:
        return [False for _ in sids]
