"""The send protocol of contract 4: claim, decide, commit ``sending``, post, write what came of it.

No transaction is open while the provider is asked. What a crash leaves behind follows from the
last commit: a claim dies with its lease and is planned again, ``sending`` becomes ``unknown`` and
belongs to ``reconcile``. Rules decide; this module moves rows, many at once.
"""

import json
import random
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, connection

from backend.access import NOBODY
from backend.crypto import blind_index, token_digest
from backend.db import programs
from backend.selectors.consents import patients_with_consent
from backend.services import audit
from reminders.providers.base import Outgoing, Overlapping, Provider, stopwatch
from reminders.providers.registry import sms_provider, wake_providers
from reminders.rules import wording
from reminders.rules.channels import brings_text_forward
from reminders.rules.devices import CONSENT, Ended
from reminders.rules.dispatch import Defer, Expire, SendFacts, Suppress, Why, decide
from reminders.rules.retry import Action, FailureClass, Outcome, Result, is_poison, retry_at
from reminders.rules.states import Audience, Channel, MessageClass, MessageState, lane
from reminders.selectors.facts import Address, Claimed, facts_of
from reminders.services import devices, outcomes, provider_codes, receipts, slots, stops
from reminders.services.crashpoints import crashpoint
from reminders.services.flow import Flow

MAX_ROUNDS = 200
CLAIM_TRIES = 5
POISON = "poison"
LATER = timedelta(minutes=1)  # a row that could not be prepared is tried again after this

# Nothing that others sent could get through while the account or the line is down.
_NOBODY_GETS_THROUGH = {FailureClass.CONFIG, FailureClass.NOT_SENT, FailureClass.THROTTLED, FailureClass.BACKLOG}
_TO_WHOEVER_WROTE = {MessageClass.CRISIS, MessageClass.OPT_OUT_CONFIRM}

log = structlog.get_logger("holdfast.reminders")


@dataclass(slots=True)
class Counts:
    """What one run did with how many messages."""

    expired: int = 0
    claimed: int = 0
    suppressed: int = 0
    deferred: int = 0
    released: int = 0
    sent: int = 0  # handed to the provider
    accepted: int = 0
    not_processed: int = 0
    rejected: int = 0
    unknown: int = 0
    poisoned: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


class Elapsing:
    """The edge's ``now``, moving on: a long batch must not send by the time at which it began."""

    def __init__(self, now: datetime) -> None:
        self._now, self._since = now, stopwatch()

    def now(self) -> datetime:
        return self._now + timedelta(seconds=stopwatch() - self._since)


def dispatch_due(
    *,
    program_ids: Iterable[int],
    now: datetime,
    provider: Provider | None = None,
    limit: int | None = None,
    runner: str = "tick",
    rounds: int = MAX_ROUNDS,
    wakes: Mapping[Channel, Provider] | None = None,
) -> Counts:
    """Send what is due, in batches of at most ``limit`` rows, until nothing is left or ``rounds`` are over.

    Each channel is a lane of its own, texts first: a provider that fails keeps nobody else's waiting. ``provider``
    sends texts, ``wakes`` the others; named alone, ``provider`` is all there is.

    Safe to run twice, late, or in many places at once: a row is claimed by one runner, a patient has one
    row in hand. Stops early when the provider lets nobody through, its circuit is open, or the sender has no
    room left: what waits stays with us, in order, and expires in time. After an outage what is too late ends
    first, then what is due now leaves before the backlog, at half speed (M REL-13). Raises ProviderError when
    none is configured; then nothing was claimed.
    """
    ids = list(program_ids)
    counts = Counts()
    if not ids:
        return counts
    if wakes is None:
        wakes = wake_providers() if provider is None else {}
    lanes = {Channel.SMS: provider or sms_provider(), **wakes}
    clock = Elapsing(now)
    counts.expired = expire_past(program_ids=ids, now=now)
    for channel, sender in lanes.items():
        _dispatch_lane(
            channel,
            program_ids=ids,
            provider=sender,
            clock=clock,
            counts=counts,
            limit=limit or settings.DISPATCH_BATCH,
            runner=runner,
            rounds=rounds,
        )
    return counts


def _dispatch_lane(
    channel: Channel,
    *,
    program_ids: Sequence[int],
    provider: Provider,
    clock: Elapsing,
    counts: Counts,
    limit: int,
    runner: str,
    rounds: int,
) -> None:
    ids, pace = program_ids, Pace(provider)
    for _ in range(rounds):
        owner = f"{runner[:40]}:{secrets.token_hex(6)}"
        room = pace.flow.room(now=clock.now())
        if not room.rows:
            break
        if room.slow:
            pace.slow_down()
        claimed = claim(
            program_ids=ids,
            now=clock.now(),
            limit=min(limit, room.rows),
            owner=owner,
            latest_first=room.slow,
            channel=channel,
        )
        if not claimed:
            break
        counts.claimed += len(claimed)
        ready = settle(program_ids=ids, claimed=claimed, now=clock.now(), owner=owner, counts=counts)
        if not send(
            program_ids=ids, ready=ready, clock=clock, owner=owner, provider=provider, counts=counts, pace=pace
        ):
            break


# --- 1. what is too late ------------------------------------------------------------------------------------

_PAST = """
SELECT id FROM reminders_message WHERE state = 'planned' AND expires_at <= %s
ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
"""


def expire_past(*, program_ids: Sequence[int], now: datetime, limit: int = 20_000) -> int:
    """End planned messages whose time is over, before anything is claimed; returns how many.

    What had lost its reason by then is ``suppressed`` instead: ``decide`` is asked about each.
    """
    ended = 0
    with programs(program_ids):
        with connection.cursor() as cursor:
            cursor.execute(_PAST, [now, limit])
            ids = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(ids), 1000):
            page = read(ids[start : start + 1000])
            facts = facts_of(page, now=now).facts
            endings, held = [], []
            for one in page:
                decision = decide(facts[one.id], now=now)
                if isinstance(decision, Suppress):
                    endings.append((one.id, MessageState.SUPPRESSED, decision.why.value))
                    held.append((one, decision.why))
                else:
                    endings.append((one.id, MessageState.EXPIRED, ""))
            written = slots.end(endings, now=now)
            stops.tell(held, now=now)
            outcomes.tell(written, now=now)
            ended += len(written)
    return ended


# --- 2. claim ---------------------------------------------------------------------------------------------

_COLUMNS = (
    "m.id, m.program_id, m.patient_id, m.audience, m.recipient_id, m.subject_kind, m.subject_id, m.slot_on, m.step, "
    'm.message_class, m.acute, m.own_time, m.template, m.language, m."values", m.is_question, m.send_after, '
    "m.expires_at, m.attempts, m.crashes, m.channel, m.instead_of"
)

# Each priority is a range scan of its own, so that what waits for later costs nothing. The best row of each
# patient is chosen inside and locked outside, because DISTINCT and FOR UPDATE exclude each other. The limit counts
# rows that were locked: what another runner is just claiming is passed over, not given up for. The conditions
# stand outside again: PostgreSQL asks them once more about a row that changed while we waited for its lock.
_CLAIM = f"""
WITH near AS (
  SELECT d.* FROM unnest(%(priorities)s::smallint[]) AS p (priority)
  CROSS JOIN LATERAL (
    SELECT id, patient_id, priority, send_after FROM reminders_message
    WHERE state = 'planned' AND priority = p.priority AND send_after <= %(now)s AND expires_at > %(now)s
    ORDER BY send_after {{direction}} LIMIT %(near)s
  ) d
), free AS (
  SELECT n.* FROM near n WHERE NOT EXISTS (
    SELECT 1 FROM reminders_message h WHERE h.patient_id = n.patient_id AND h.state IN ('claimed', 'sending'))
), best AS (
  SELECT DISTINCT ON (COALESCE(patient_id, -id)) id, priority, send_after FROM free
  ORDER BY COALESCE(patient_id, -id), priority, send_after {{direction}}, id
), chosen AS (
  SELECT m.id FROM reminders_message m
  WHERE m.id IN (SELECT id FROM best)
    AND m.state = 'planned' AND m.send_after <= %(now)s AND m.expires_at > %(now)s
  ORDER BY m.priority, m.send_after {{direction}}, m.id LIMIT %(limit)s
  FOR UPDATE SKIP LOCKED
)
UPDATE reminders_message m SET state = 'claimed', claimed_by = %(owner)s, lease_until = %(lease)s
FROM chosen WHERE m.id = chosen.id AND m.state = 'planned'
RETURNING {_COLUMNS}
"""  # noqa: S608 - constants
_CLAIMS = {latest_first: _CLAIM.format(direction="DESC" if latest_first else "ASC") for latest_first in (False, True)}


def claim(
    *,
    program_ids: Sequence[int],
    now: datetime,
    limit: int,
    owner: str,
    latest_first: bool = False,
    channel: Channel = Channel.SMS,
) -> list[Claimed]:
    """Take up to ``limit`` due rows, at most one per patient, for LEASE_SECONDS; most urgent first.

    Two runners that meet on one patient are told apart by the unique key; the loser looks again.
    ``latest_first``: of what is equally urgent, what fell due last goes first (after an outage).
    """
    parameters: dict[str, Any] = {
        "now": now,
        "limit": limit,
        # A patient may have several rows due: look a little further than what is taken.
        "near": limit * 2,
        "owner": owner,
        "lease": now + timedelta(seconds=settings.LEASE_SECONDS),
        "priorities": lane(channel),
    }
    for _ in range(CLAIM_TRIES):
        try:
            with programs(program_ids), connection.cursor() as cursor:
                cursor.execute(_CLAIMS[latest_first], parameters)
                rows = [_claimed(row) for row in cursor.fetchall()]
        except IntegrityError:
            continue
        crashpoint("after_claim_commit")
        turn = -1 if latest_first else 1
        return sorted(
            rows,
            key=lambda one: (not one.acute, one.message_class.priority, turn * one.send_after.timestamp(), one.id),
        )
    return []


def read(ids: Sequence[int]) -> list[Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM reminders_message m WHERE m.id = ANY (%s)",  # noqa: S608 - constants
            [list(ids)],
        )
        return [_claimed(row) for row in cursor.fetchall()]


def _claimed(row: Sequence[Any]) -> Claimed:
    values = row[14]
    if isinstance(values, str):  # a plain cursor leaves jsonb as text
        values = json.loads(values)
    columns = [*row[:9], MessageClass(row[9]), *row[10:14], values, *row[15:20], Channel(row[20]), row[21]]
    return Claimed(*columns)


# --- 3. decide ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed message that may be posted."""

    message: Claimed
    address: Address
    body: str

    def __repr__(self) -> str:
        return f"Ready(message_id={self.message.id})"


def settle(
    *, program_ids: Sequence[int], claimed: Sequence[Claimed], now: datetime, owner: str, counts: Counts
) -> list[Ready]:
    """Ask the rule about each claimed row, write what does not leave, and return what does."""
    ready: list[Ready] = []
    endings: list[tuple[int, MessageState, str]] = []
    later: list[tuple[int, datetime, str, int]] = []
    held: list[tuple[Claimed, Why]] = []
    with programs(program_ids):
        known = facts_of(claimed, now=now)
        asked: set[bytes] = set()
        for one in claimed:
            address, facts = known.addresses[one.id], known.facts[one.id]
            _one_question_a_number(facts, address, asked)
            decision = decide(facts, now=now)
            if isinstance(decision, Suppress):
                endings.append((one.id, MessageState.SUPPRESSED, decision.why.value))
                held.append((one, decision.why))
            elif isinstance(decision, Defer):
                later.append((one.id, decision.until, decision.why.value, 0))
            elif isinstance(decision, Expire):
                endings.append((one.id, MessageState.EXPIRED, ""))
            else:
                try:
                    body = wording.said(one.channel, one.template, one.language, one.values, word=address.word)
                except (wording.UnknownTemplate, wording.BadValue):
                    log.error("message cannot be written", message_id=one.id, program_id=one.program_id)
                    if is_poison(one.crashes + 1):
                        endings.append((one.id, MessageState.FAILED, POISON))
                    else:
                        later.append((one.id, now + LATER, POISON, 1))
                    continue
                if one.is_question and address.index is not None:
                    asked.add(address.index)
                ready.append(Ready(one, address, body))
        ended = slots.end(endings, now=now, from_states=(MessageState.CLAIMED,), owner=owner)
        _bring_texts_forward(ended, now=now)
        outcomes.tell(ended, now=now)
        stops.tell(held, now=now)
        _plan_again(later, owner=owner)
    counts.suppressed += sum(one.state == MessageState.SUPPRESSED.value for one in ended)
    counts.expired += sum(one.state == MessageState.EXPIRED.value for one in ended)
    counts.poisoned += sum(one.state == MessageState.FAILED.value for one in ended)
    counts.deferred += len(later)
    crashpoint("after_settle_commit")
    return ready


def _bring_texts_forward(ended: Sequence[slots.Ended], *, now: datetime) -> None:
    """The texts behind wake-ups that cannot be: they need not wait."""
    slots.bring_forward(
        [
            one.message_id
            for one in ended
            if one.channel != Channel.SMS.value and brings_text_forward(MessageState(one.state), one.why)
        ],
        now=now,
    )


def _one_question_a_number(facts: SendFacts, address: Address, asked: set[bytes]) -> None:
    """Two patients on one number, both due: the second one's question waits for the first one's."""
    if facts.is_question and address.index in asked and facts.open_question_until is None:
        facts.open_question_until = facts.expires_at


_AGAIN = """
UPDATE reminders_message m SET state = 'planned', claimed_by = '', lease_until = NULL, send_after = u.send_after,
  why = u.why, crashes = m.crashes + u.crashes
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::smallint[]) AS u (id, send_after, why, crashes)
WHERE m.id = u.id AND m.state = 'claimed' AND m.claimed_by = %s
"""


def _plan_again(rows: Sequence[tuple[int, datetime, str, int]], *, owner: str) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_AGAIN, [*(list(column) for column in zip(*rows, strict=True)), owner])


_RELEASE = """
UPDATE reminders_message SET state = 'planned', claimed_by = '', lease_until = NULL
WHERE id = ANY (%s) AND state = 'claimed' AND claimed_by = %s
"""


def _release(ids: Sequence[int], *, owner: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [list(ids), owner])
        return cursor.rowcount


# --- 4. post ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that was posted, and what the provider said."""

    message: Claimed
    number: int  # of the attempt
    started_at: datetime
    index: bytes | None
    result: Result
    device_id: int | None = None


@dataclass(frozen=True, slots=True)
class Flying:
    """A sub-batch on the wire; ``land`` waits for its answers."""

    rows: int
    since: float
    land: Callable[[], list[Posted]]


AT_ONCE_S = 0.001
"""A provider that needs less than this for each text of a batch keeps nobody waiting."""


class Pace:
    """How many rows go on the wire together: half of the connections, all of them where the wire is not the wait.

    What the circuit and the sender allow is ``flow``, shared with other runners.
    """

    def __init__(self, provider: Provider) -> None:
        self.flow = Flow(provider=provider.name, service=provider.service)
        self.connections = settings.SEND_CONNECTIONS
        self._halves = isinstance(provider, Overlapping)
        self._at_once = False

    def slow_down(self) -> None:
        """After an outage half of the connections are enough (M REL-13)."""
        self.connections = max(1, settings.SEND_CONNECTIONS // 2)

    @property
    def size(self) -> int:
        """The rows of the next sub-batch, never more than there are connections."""
        return max(1, self.connections // 2) if self._halves and not self._at_once else self.connections

    def land(self, one: Flying) -> list[Posted]:
        posted = one.land()
        self._at_once = stopwatch() - one.since < AT_ONCE_S * one.rows
        return posted


def _post(part: Sequence[Ready], batch: Sequence[tuple[Outgoing, int]], *, now: datetime, provider: Provider) -> Flying:
    """Put a sub-batch on the wire; where the provider cannot go on by itself, its answers are there already."""
    since, outgoing = stopwatch(), [one for one, _ in batch]
    by_id = {one.message.id: one for one in part}
    if isinstance(provider, Overlapping):
        answers = provider.start_batch(outgoing, now=now)
    else:
        there = provider.send_batch(outgoing, now=now)
        answers = lambda: there  # noqa: E731

    def land() -> list[Posted]:
        return [
            Posted(ready.message, number, now, ready.address.index, result, ready.address.device_id)
            for (one, number), result in zip(batch, answers(), strict=True)
            for ready in (by_id[one.message_id],)
        ]

    return Flying(rows=len(batch), since=since, land=land)


def send(
    *,
    program_ids: Sequence[int],
    ready: Sequence[Ready],
    clock: Elapsing,
    owner: str,
    provider: Provider,
    counts: Counts,
    pace: Pace | None = None,
) -> bool:
    """Post what is ready, never more rows than connections; tells whether the provider let anybody through.

    The results of one sub-batch are committed together with the ``sending`` of the next. A provider that can has
    one half on the wire while the other half is written down; one that answers at once gets whole batches, for
    then nothing waits. All rows are written by this thread.
    """
    pace = pace or Pace(provider)
    waiting = deque(ready)
    flying: deque[Flying] = deque()
    posted: list[Posted] = []
    is_open = True
    while waiting or flying or posted:
        now, limit = clock.now(), stopwatch() + settings.LEASE_SECONDS / 2
        part: list[Ready] = []
        batch: list[tuple[Outgoing, int]] = []
        with programs(program_ids):
            _write_results(posted, now=now, counts=counts)
            pace.flow.note([one.result for one in posted], now=now)
            wanted = min(pace.connections - sum(one.rows for one in flying), pace.size, len(waiting))
            allowed = pace.flow.take(wanted, now=now) if wanted > 0 else 0
            if (posted and _is_shut(posted)) or (wanted > 0 and not allowed):
                is_open = False
                counts.released += _release([one.message.id for one in waiting], owner=owner)
                waiting.clear()
            part = [waiting.popleft() for _ in range(min(allowed, len(waiting)))]
            if part:
                batch = _begin(part, now=now, post_before=limit, owner=owner, provider=provider)
                left = {one.message.id for one in part} - {one[0].message_id for one in batch}
                counts.released += _release(sorted(left), owner=owner) if left else 0
        if posted:
            crashpoint("after_result_commit")
            _receive_at_once(posted, provider=provider, now=now)
            posted = []
        if batch:
            crashpoint("after_sending_commit")
            flying.append(_post(part, batch, now=now, provider=provider))
        full = sum(one.rows for one in flying) + pace.size > pace.connections
        if flying and (full or not waiting):
            posted = pace.land(flying.popleft())
            crashpoint("after_send")
            counts.sent += len(posted)
    return is_open


def _is_shut(posted: Sequence[Posted]) -> bool:
    return all(one.result.failure in _NOBODY_GETS_THROUGH for one in posted)


# A question that expired unanswered frees its number.
_FREE_QUESTIONS = """
UPDATE reminders_message SET question_open = false
WHERE question_open AND expires_at <= %s AND patient_id = ANY (%s)
"""

# A re-prompt asks about the same slot: it takes the open question over.
_TAKE_OVER = """
UPDATE reminders_message q SET question_open = false
FROM reminders_message m
WHERE m.id = ANY (%s) AND m.is_question AND q.patient_id = m.patient_id AND q.question_open AND q.id <> m.id
  AND q.subject_kind = m.subject_kind AND q.subject_id = m.subject_id AND q.slot_on = m.slot_on
  AND split_part(q.step, '.', 1) = split_part(m.step, '.', 1)
"""

# The last look before the wire, in the statement that commits to it: still ours, still in time, not opted out
# since, its class not switched off (N33), no other question open for this patient, and what woke them up not seen.
_BEGIN = """
UPDATE reminders_message m SET state = 'sending', sending_at = %(now)s, lease_until = %(lease)s,
  attempts = m.attempts + 1, provider = %(provider)s, question_open = m.is_question, why = ''
FROM unnest(%(ids)s::bigint[], %(indexes)s::bytea[], %(exempt)s::boolean[]) AS u (id, phone_index, exempt)
WHERE m.id = u.id AND m.state = 'claimed' AND m.claimed_by = %(owner)s AND m.lease_until > %(now)s
  AND m.expires_at > %(now)s
  AND (u.exempt OR NOT EXISTS (
    SELECT 1 FROM reminders_optout o WHERE o.program_id = m.program_id AND o.phone_index = u.phone_index
      AND o.scope = 'sms' AND o.ended_at IS NULL))
  AND NOT EXISTS (
    SELECT 1 FROM reminders_stop s WHERE s.program_id = m.program_id AND s.ended_at IS NULL
      AND s.name = CASE s.kind WHEN 'class' THEN m.message_class ELSE m.template END)
  AND NOT (m.is_question AND EXISTS (
    SELECT 1 FROM reminders_message q WHERE q.patient_id = m.patient_id AND q.question_open AND q.id <> m.id))
  AND NOT (m.instead_of <> '' AND EXISTS (
    SELECT 1 FROM reminders_message w
    WHERE (w.subject_kind, w.subject_id, w.slot_on, w.step, w.channel)
      = (m.subject_kind, m.subject_id, m.slot_on, m.step, m.instead_of)
      AND w.recipient_id IS NULL AND w.seen_at IS NOT NULL))
RETURNING m.id, m.attempts
"""

_ATTEMPTS = """
INSERT INTO reminders_attempt (program_id, patient_id, message_id, number, token_digest, body_hash, provider,
  started_at, result, error_code, sid)
SELECT u.program_id, u.patient_id, u.message_id, u.number, u.digest, u.body_hash, %(provider)s, %(now)s, '', '', ''
FROM unnest(%(programs)s::bigint[], %(patients)s::bigint[], %(messages)s::bigint[], %(numbers)s::smallint[],
  %(digests)s::bytea[], %(hashes)s::bytea[]) AS u (program_id, patient_id, message_id, number, digest, body_hash)
"""

_TOKENS = """
INSERT INTO reminders_statustoken (digest, program_id, message_id, created_at)
SELECT u.digest, u.program_id, u.message_id, %(now)s
FROM unnest(%(digests)s::bytea[], %(programs)s::bigint[], %(messages)s::bigint[]) AS u (digest, program_id, message_id)
"""


def _begin(
    part: Sequence[Ready], *, now: datetime, post_before: float, owner: str, provider: Provider
) -> list[tuple[Outgoing, int]]:
    """Mark a sub-batch ``sending`` with its attempts and callback tokens; returns what may be posted."""
    agreed = _still_agreed(part)
    part = [one for one in part if one.message.id in agreed]
    if not part:
        return []
    with connection.cursor() as cursor:
        patients = [one.message.patient_id for one in part if one.message.is_question and one.message.patient_id]
        if patients:
            cursor.execute(_FREE_QUESTIONS, [now, patients])
            # The first text of a slot has none before it.
            again = [one.message.id for one in part if not one.message.step.endswith(".first")]
            if again:
                cursor.execute(_TAKE_OVER, [again])
        cursor.execute(
            _BEGIN,
            {
                "now": now,
                "lease": now + timedelta(seconds=settings.LEASE_SECONDS),
                "provider": provider.name,
                "owner": owner,
                "ids": [one.message.id for one in part],
                "indexes": [one.address.index for one in part],
                "exempt": [one.message.message_class is MessageClass.OPT_OUT_CONFIRM for one in part],
            },
        )
        numbers = dict(cursor.fetchall())
        going = [one for one in part if one.message.id in numbers]
        if not going:
            return []
        tokens = [secrets.token_urlsafe(24) for _ in going]
        rows: dict[str, Any] = {
            "now": now,
            "provider": provider.name,
            "programs": [one.message.program_id for one in going],
            "patients": [one.message.patient_id for one in going],
            "messages": [one.message.id for one in going],
            "numbers": [numbers[one.message.id] for one in going],
            "digests": [token_digest(token) for token in tokens],
            "hashes": [body_hash(one.address.phone, one.body) for one in going],
        }
        cursor.execute(_ATTEMPTS, rows)
        cursor.execute(_TOKENS, rows)
    _audit(going)
    return [
        (
            Outgoing(
                message_id=one.message.id,
                program_id=one.message.program_id,
                patient_id=one.message.patient_id,
                to=one.address.phone,
                body=one.body,
                token=token,
                valid_for_s=int((one.message.expires_at - now).total_seconds()),
                post_before=post_before,
                topic=_topic(one.message),
                link=_link(one.message, token),
            ),
            numbers[one.message.id],
        )
        for one, token in zip(going, tokens, strict=True)
    ]


def _topic(one: Claimed) -> str:
    """What the wake-ups of one slot share, so that a later one replaces an earlier: nothing can be read from it."""
    if one.channel is Channel.SMS:
        return ""
    slot = f"{one.subject_kind}|{one.subject_id}|{one.slot_on}|{one.step.partition('.')[0]}"
    return blind_index(settings.INDEX_KEY, "topic", slot).hex()


def _link(one: Claimed, token: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}/mail/{token}/" if one.template == wording.CONFIRM_MAIL else ""


def _still_agreed(part: Sequence[Ready]) -> set[int]:
    """The messages whose patient still agrees to their channel; consent may have ended since the claim."""
    asked = [
        one.message
        for one in part
        if one.message.audience == Audience.PATIENT.value and one.message.message_class not in _TO_WHOEVER_WROTE
    ]
    refused: set[int] = set()
    for kind in {CONSENT[one.channel] for one in asked}:
        same = [one for one in asked if CONSENT[one.channel] is kind]
        agreed = patients_with_consent(
            kind=kind, patient_ids={one.patient_id for one in same if one.patient_id is not None}
        )
        refused |= {one.id for one in same if one.patient_id not in agreed}
    return {one.message.id for one in part} - refused


def _audit(going: Sequence[Ready]) -> None:
    """A number was opened and a text disclosed: one event each."""
    for program_id in sorted({one.message.program_id for one in going}):
        audit.record_many(
            actor=NOBODY,
            action="message.sent",
            program_id=program_id,
            objects=[
                (one.message.patient_id, "message", one.message.id)
                for one in going
                if one.message.program_id == program_id
            ],
        )


def body_hash(phone: str, body: str) -> bytes:
    """A keyed fingerprint of number and text together: it says later whether both are still the same."""
    return blind_index(settings.INDEX_KEY, "attempt", f"{phone}\n{body}")


# --- 5. what came of it ---------------------------------------------------------------------------------------

# A receipt may have been faster, or the lease slower, than this answer: only what has not moved on is moved.
_ACCEPTED = """
UPDATE reminders_message m SET
  state = CASE WHEN m.state IN ('sending', 'unknown', 'planned', 'claimed') THEN 'accepted' ELSE m.state END,
  provider_sid = CASE WHEN m.provider_sid = '' THEN u.sid ELSE m.provider_sid END,
  provider_rank = GREATEST(m.provider_rank, 1), accepted_at = COALESCE(m.accepted_at, %(now)s),
  lease_until = NULL, claimed_by = '', next_look_at = NULL,
  ended_at = CASE WHEN m.state = 'unknown' THEN NULL ELSE m.ended_at END
FROM unnest(%(ids)s::bigint[], %(sids)s::text[]) AS u (id, sid)
WHERE m.id = u.id
"""

_NOT_PROCESSED = """
UPDATE reminders_message m SET state = 'planned', send_after = u.send_after, why = u.why, lease_until = NULL,
  claimed_by = '', question_open = false
FROM unnest(%(ids)s::bigint[], %(numbers)s::smallint[], %(times)s::timestamptz[], %(whys)s::text[])
  AS u (id, number, send_after, why)
WHERE m.id = u.id AND m.state = 'sending' AND m.attempts = u.number
"""

_UNKNOWN = """
UPDATE reminders_message m SET state = 'unknown', lease_until = NULL, claimed_by = '', looks = 0,
  next_look_at = %(look)s
WHERE m.id = ANY (%(ids)s) AND m.state = 'sending'
"""

_ATTEMPTED = """
UPDATE reminders_attempt a SET finished_at = %(now)s, result = u.result, error_code = u.code,
  sid = CASE WHEN u.sid = '' THEN a.sid ELSE u.sid END
FROM unnest(%(ids)s::bigint[], %(numbers)s::smallint[], %(results)s::text[], %(codes)s::text[], %(sids)s::text[])
  AS u (message_id, number, result, code, sid)
WHERE a.message_id = u.message_id AND a.number = u.number
"""


def _write_results(posted: Sequence[Posted], *, now: datetime, counts: Counts) -> None:
    """Store the provider's answers, all of one kind in one statement."""
    if not posted:
        return
    accepted = [one for one in posted if one.result.outcome is Outcome.ACCEPTED]
    waiting = [one for one in posted if one.result.outcome is Outcome.NOT_PROCESSED]
    rejected = [one for one in posted if one.result.outcome is Outcome.REJECTED]
    unknown = [one for one in posted if one.result.outcome is Outcome.UNKNOWN]
    again: list[tuple[Posted, datetime]] = []
    for one in waiting:
        at = _retry_at(one, now)
        if at is None:
            rejected.append(one)
        else:
            again.append((one, at))
    with connection.cursor() as cursor:
        if accepted:
            cursor.execute(
                _ACCEPTED,
                {
                    "now": now,
                    "ids": [one.message.id for one in accepted],
                    "sids": [one.result.sid for one in accepted],
                },
            )
        if again:
            cursor.execute(
                _NOT_PROCESSED,
                {
                    "ids": [one.message.id for one, _ in again],
                    "numbers": [one.number for one, _ in again],
                    "times": [at for _, at in again],
                    "whys": [_why(one.result) for one, _ in again],
                },
            )
        if unknown:
            look = now + timedelta(seconds=settings.RECONCILE_LOOK_SECONDS)
            cursor.execute(_UNKNOWN, {"ids": [one.message.id for one in unknown], "look": look})
        cursor.execute(
            _ATTEMPTED,
            {
                "now": now,
                "ids": [one.message.id for one in posted],
                "numbers": [one.number for one in posted],
                "results": [one.result.outcome.value for one in posted],
                "codes": [str(one.result.code or "") for one in posted],
                "sids": [one.result.sid or "" for one in posted],
            },
        )
    ended = slots.end(
        [(one.message.id, MessageState.FAILED, _why(one.result)) for one in rejected],
        now=now,
        from_states=(MessageState.SENDING,),
    )
    _bring_texts_forward(ended, now=now)
    outcomes.tell(ended, now=now)
    gone = {one.device_id for one in posted if Action.PRUNE_DEVICE in one.result.actions}
    devices.prune([pk for pk in gone if pk is not None], why=Ended.REFUSED, now=now)
    for one in posted:
        _act(one, now=now)
    counts.accepted += len(accepted)
    counts.not_processed += len(again)
    counts.rejected += len(rejected)
    counts.unknown += len(unknown)


def _retry_at(one: Posted, now: datetime) -> datetime | None:
    """When to try again; the expiry when no try is left in time, None when it has failed for good."""
    failure = one.result.failure or FailureClass.UNKNOWN
    expires_at = one.message.expires_at
    at = retry_at(
        failure=failure,
        attempts=one.number,
        now=now,
        fraction=random.random(),  # noqa: S311 - jitter
        expires_at=expires_at,
        retry_after=one.result.retry_after,
    )
    if at is None and failure is FailureClass.SOFT and one.number >= 2:
        return None
    return at or expires_at


def _why(result: Result) -> str:
    """The provider's code, or the class when it gave none."""
    return str(result.code) if result.code else str(result.failure or result.outcome)


def _act(one: Posted, *, now: datetime) -> None:
    """What an answer asks for beyond the message."""
    if one.result.actions:
        provider_codes.act(
            one.result.actions,
            program_id=one.message.program_id,
            patient_id=one.message.patient_id,
            message_id=one.message.id,
            template=one.message.template,
            phone_index=one.index,
            code=_why(one.result),
            now=now,
        )
    if one.result.outcome is Outcome.REJECTED or Action.PAGE_OPERATIONS in one.result.actions:
        log.warning(
            "message refused",
            message_id=one.message.id,
            program_id=one.message.program_id,
            code=str(one.result.code or ""),
            why=str(one.result.failure or ""),
        )


def _receive_at_once(posted: Sequence[Posted], *, provider: Provider, now: datetime) -> None:
    """Receipts of a provider that sends none: what it accepted, it delivered."""
    if not provider.receipt:
        return
    receipts.apply(
        [
            receipts.Incoming(
                message_id=one.message.id,
                program_id=one.message.program_id,
                sid=one.result.sid or "",
                status=provider.receipt,
                error_code="",
            )
            for one in posted
            if one.result.outcome is Outcome.ACCEPTED
        ],
        now=now,
    )
