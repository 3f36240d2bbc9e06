"""What each safeguard of a text costs: the same texts with everything on and with one step left out.

The step is replaced in this benchmark's own process; the product has no switch for any of them. What is compared is
the processor time of Python and of its PostgreSQL process, from the kernel's own accounting, which other work on the
machine hardly disturbs.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

FULL = "full"
STEPS = {
    "decryption": "decryption of numbers and of their keys",
    "consent": "consent, at the claim and again before the wire",
    "opt_out": "opt-out and bad numbers, twice",
    "audit": "audit",
    "two_step": "the two-step claim: 'sending' committed before the wire",
    "token": "attempt and callback token, to ask afterwards",
    "caps": "caps and days without an answer",
}

_NO_OPT_OUT = """
  AND (u.exempt OR NOT EXISTS (
    SELECT 1 FROM reminders_optout o WHERE o.program_id = m.program_id AND o.phone_index = u.phone_index
      AND o.scope = 'sms' AND o.ended_at IS NULL))"""
_NOTHING = "SELECT 1 WHERE %(now)s::timestamptz IS NULL"
_AS_CLAIMED = (
    "SELECT m.id, m.attempts FROM reminders_message m "
    "WHERE m.id = ANY (%(ids)s::bigint[]) AND m.state = 'sending' AND m.claimed_by = %(owner)s"
)


def run(*, step: str, program_id: int, now: str, base_url: str) -> dict[str, float]:
    """Send what is due with ``step`` left out (``full``: nothing is); returns how many, and µs of each for a text."""
    from django.db import connection

    from bench.support import senders

    connection.ensure_connection()
    server = connection.connection.info.backend_pid
    with without(step):
        there, here = _cpu_s(server), time.process_time()
        sent = senders.ours(program_id=program_id, now=now, base_url=base_url)["accepted"]
        there, here = _cpu_s(server) - there, time.process_time() - here
    count = max(1, sent)
    return {"accepted": sent, "python_us": here / count * 1e6, "postgresql_us": there / count * 1e6}


@contextmanager
def without(step: str) -> Iterator[None]:
    """Inside, this process sends without the step. Raises RuntimeError when the step is not where it was."""
    with ExitStack() as stack:
        for target, name, instead in _replacements(step):
            stack.enter_context(mock.patch.object(target, name, instead))
        yield


def _replacements(step: str) -> list[tuple[Any, str, Any]]:
    from recovery.models import Patient
    from recovery.selectors import reminding
    from reminders.selectors import facts, stops
    from reminders.services import dispatch

    everybody: Callable[..., set[int]] = lambda *, kind, patient_ids: set(patient_ids)  # noqa: E731
    ways: dict[str, list[tuple[Any, str, Any]]] = {
        FULL: [],
        "decryption": [
            (reminding, "data_keys", lambda *, patient_ids: dict.fromkeys(patient_ids)),
            (Patient, "opened", lambda self, key, field: f"+1999{self.pk:07d}"),
        ],
        "consent": [(facts, "patients_with_consent", everybody), (dispatch, "patients_with_consent", everybody)],
        "opt_out": [
            (facts, "opted_out", lambda indexes: set()),
            (stops, "bad_numbers", lambda indexes: {}),
            (dispatch, "_BEGIN", _cut(dispatch._BEGIN, _NO_OPT_OUT, "")),
        ],
        "audit": [(dispatch, "_audit", lambda going: None)],
        "two_step": [
            (dispatch, "_CLAIMS", {latest: _in_one_step(claim) for latest, claim in dispatch._CLAIMS.items()}),
            (dispatch, "_BEGIN", _AS_CLAIMED),
            (
                dispatch,
                "_ACCEPTED",
                _cut(dispatch._ACCEPTED, "provider_rank =", "sending_at = %(now)s, provider_rank ="),
            ),
        ],
        "token": [
            (dispatch, "_ATTEMPTS", _NOTHING),
            (dispatch, "_TOKENS", _NOTHING),
            (dispatch, "_ATTEMPTED", _NOTHING),
        ],
        "caps": [(facts, "_counts", lambda *_, now: {}), (facts, "unanswered", lambda *_, now: {})],
    }
    return ways[step]


def _in_one_step(claim: str) -> str:
    """Claim and go: what a crash leaves behind could then have been posted or not, for every claimed row."""
    return _cut(
        claim,
        "SET state = 'claimed',",
        "SET state = 'sending', attempts = m.attempts + 1, provider = 'twilio', question_open = m.is_question,",
    )


def _cut(statement: str, part: str, instead: str) -> str:
    if statement.count(part) != 1:
        raise RuntimeError("The statement has changed: this benchmark must be changed with it.")
    return statement.replace(part, instead)


def _cpu_s(pid: int) -> float:
    """Seconds of processor that a process has used, from the scheduler (nanoseconds, not ticks)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
