"""One patient's texts over simulated time, under faults, and what an onlooker says about them.

What is simulated is the database and the provider: rows are objects, a transaction is a step that either
happened or did not, a claim is held by the one row that a patient may have in hand. What is asked for a
decision is the product's own: the planner (``plan_patient``), ``decide``, the meaning of a provider's answer
and the wait after it, ``reconcile.next_step`` and ``match``, and the table of transitions: a move that it does
not allow ends the run. The SQL of claim, begin and result is not run here; the fault rig does that.

A fifth of the people have a browser that is woken up before their texts leave, by ``rules/channels``; what they
see there and when is theirs to decide.

The onlooker (``_judge``, ``Provider``) knows the truth and asks none of those rules.
"""

import heapq
import random
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from backend.rules.wall_time import dosing_day, to_utc
from reminders.rules import dispatch, wording
from reminders.rules.channels import beside
from reminders.rules.dispatch import Decision, Defer, Expire, SendFacts, Suppress, Why
from reminders.rules.planning import (
    POLICY,
    DoseFact,
    PatientFacts,
    Person,
    PlannedMessage,
    SlotKey,
    VisitFact,
    plan_later,
    plan_patient,
)
from reminders.rules.reconcile import (
    RECONCILE_BY_CHANNEL,
    Accept,
    Listed,
    Look,
    Resend,
    StayUnknown,
    UnknownFacts,
    Wait,
    match,
    next_step,
)
from reminders.rules.retry import FailureClass, Outcome, Result, Transport, classify_provider_result, retry_at
from reminders.rules.states import (
    MAYBE_OUT,
    PROMPTS,
    CapGroup,
    Channel,
    MessageState,
    SubjectKind,
    apply_status,
    has_ended,
    is_unconfirmed,
    may_move,
)
from reminders.rules.window import Outside

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/St_Johns",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
)
LEASE = timedelta(seconds=120)
TICK_S = 5
FAULT_EVERY = 100
AFTER_STOP = timedelta(seconds=5)
OPENS, CLOSES = time(8), time(21)
S = MessageState
Decide = Callable[..., Decision]


class Fault(StrEnum):
    """What goes wrong, one every hundred handings to the provider."""

    DIES_CLAIMED = "dies_claimed"
    DIES_BEFORE_POST = "dies_before_post"
    DIES_AFTER_POST = "dies_after_post"
    TIMEOUT_TAKEN = "timeout_taken"
    TIMEOUT_LOST = "timeout_lost"
    ERROR_TAKEN = "error_taken"  # 500, and the text was taken
    ERROR_LOST = "error_lost"
    HTML = "html"  # 200 and no answer, the text was taken
    REFUSED = "refused"
    THROTTLED = "throttled"
    LIST_DOWN = "list_down"  # timeout, text lost, and the list does not answer for half an hour
    NO_RECEIPT = "no_receipt"
    RECEIPTS_MIXED = "receipts_mixed"
    STOP_BETWEEN = "stop_between"  # a STOP commits between the claim and the post
    ANSWER_BETWEEN = "answer_between"
    RUNNER_STOPS = "runner_stops"  # every runner stands still for half an hour
    OUTAGE = "outage"  # the provider refuses everybody for hours
    RECEIPT_FIRST = "receipt_first"  # the callback is faster than the answer, which is lost


@dataclass(slots=True)
class Counts:
    """What ``simulate`` answers. The last six are violations: nothing but 0 is good."""

    slots: int = 0
    sends: int = 0
    faults: int = 0
    lost: int = 0
    doubled: int = 0
    outside_window: int = 0
    after_stop: int = 0
    stale: int = 0
    without_outcome: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, other: "Counts") -> None:
        for name in self.__slots__:
            if name != "first":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first = (self.first + other.first)[:10]


VIOLATIONS = ("lost", "doubled", "outside_window", "after_stop", "stale", "without_outcome")


class BrokenProtocol(Exception):
    """A move that the states do not allow, or a text deferred past its end."""


@dataclass(slots=True)
class Row:
    """A message as its row would be."""

    plan: PlannedMessage
    send_after: datetime
    state: MessageState = S.PLANNED
    why: str = ""
    attempts: int = 0
    sending_at: datetime | None = None
    sent_on: date | None = None  # local
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    sid: str = ""
    rank: int = 0
    looks: int = 0
    resends: int = 0
    last_look_at: datetime | None = None
    callback_sid: str | None = None
    disturbed: bool = False
    seen_at: datetime | None = None  # of a wake-up

    def move(self, new: MessageState) -> None:
        if not may_move(self.state, new):
            raise BrokenProtocol(f"{self.state} -> {new}")
        self.state = new


@dataclass(slots=True)
class Given:
    """A text that the provider took: the truth about what left."""

    slot: SlotKey
    sid: str
    at: datetime
    body: str


@dataclass(slots=True)
class Dose:
    treatment_id: int
    day: date
    ordinal: int
    due_at: datetime
    answered_at: datetime | None = None
    owed: bool = False  # a text about it must exist: nothing spoke against it when it was planned


class Patient:
    """One person, their phone, and everything that happens to their texts."""

    def __init__(self, number: int, *, days: int, seed: str, begin: date, decide: Decide = dispatch.decide) -> None:
        self.rng = rng = random.Random(f"{seed}:{number}")  # noqa: S311 - a simulation
        self.number, self.days, self.begin, self.decide = number, days, begin, decide
        self.zone = ZoneInfo(rng.choice(ZONES))
        own = rng.random() < 0.05
        hours = [rng.choice((5, 6, 22, 23) if own else (8, 9, 10, 12, 18, 20))]
        if rng.random() < 0.15:
            hours.append((hours[0] + 8) % 24 if not own else 12)
        self.times = sorted(time(hour, rng.choice((0, 15, 30))) for hour in set(hours))
        self.own_time = own or any(not OPENS <= at < CLOSES for at in self.times)
        self.answers = rng.choice((0.95, 0.9, 0.75, 0.5, 0.1))
        self.counts = Counts()
        self.rows: dict[SlotKey, Row] = {}
        self.live: list[Row] = []
        self.planned: set[tuple[date, str]] = set()
        self.doses: dict[tuple[date, int], Dose] = {}
        self.given: list[Given] = []
        self.taken_sid: dict[SlotKey, str] = {}
        self.woken_twice: set[SlotKey] = set()
        self.left: set[SlotKey] = set()
        self.out = False
        self.stopped_at: datetime | None = None
        self.stops: list[tuple[datetime, datetime | None]] = []
        self.question: Row | None = None
        self.busy_until: datetime | None = None
        self.last_answer: datetime | None = None
        self.outage: tuple[datetime, datetime] | None = None
        self.still: tuple[datetime, datetime] | None = None
        self.list_down_until: datetime | None = None
        self.prompts: list[datetime] = []  # in order of time: what waits for an answer
        self.log: list[Row] = []
        self.events: list[tuple[datetime, int, str, Row | None]] = []
        self.sequence = 0
        self.since_fault = rng.randrange(FAULT_EVERY)
        # Dice of their own: what happens to people without a device is what it always was.
        self.wake_dice = random.Random(f"{seed}:{number}:wake")  # noqa: S311 - a simulation
        self.order = (Channel.PUSH, Channel.SMS) if self.wake_dice.random() < 0.2 else ()

    # --- time ---------------------------------------------------------------------------------------

    def at(self, instant: datetime, what: str, row: Row | None = None) -> None:
        self.sequence += 1
        heapq.heappush(self.events, (instant, self.sequence, what, row))

    def run(self) -> Counts:
        for offset in range(self.days):
            day = self.begin + timedelta(days=offset)
            self.at(to_utc(day, time(3, 0), self.zone), "plan")
        end = to_utc(self.begin + timedelta(days=self.days), time(4), self.zone) + timedelta(days=2)
        while self.events and self.events[0][0] <= end:
            instant, _, what, row = heapq.heappop(self.events)
            getattr(self, "on_" + what)(instant, row)
        self._judge(end)
        self.counts.slots = len(self.rows)
        return self.counts

    # --- planning -----------------------------------------------------------------------------------

    def on_plan(self, now: datetime, _: Row | None) -> None:
        today = now.astimezone(self.zone).date()
        if self.out and self.rng.random() < 0.1:
            self.out = False
            self.stops[-1] = (self.stops[-1][0], now)
        elif not self.out and self.rng.random() < 0.003:
            self.at(now + timedelta(hours=self.rng.uniform(3, 20)), "stop")
        for ordinal, wall in enumerate(self.times, start=1):
            due_at = to_utc(today, wall, self.zone)
            day = dosing_day(due_at, self.zone)
            self.doses.setdefault((day, ordinal), Dose(self.number, day, ordinal, due_at))
        days, prompts = self._silence(now)
        person = Person(self.number, self.zone, unanswered_days=days, unanswered_prompts=prompts)
        horizon = now + timedelta(hours=26)
        doses = [
            DoseFact(
                dose_id=one.ordinal,
                treatment_id=one.treatment_id,
                dosing_day=one.day,
                ordinal=one.ordinal,
                due_at=one.due_at,
                closes_at=one.due_at + timedelta(hours=3),
                reported=one.answered_at is not None,
                doses_that_day=len(self.times),
                chosen_outside=self.own_time,
            )
            for one in self.doses.values()
            if now - timedelta(hours=3) < one.due_at < horizon
        ]
        for one in doses:  # nothing spoke against a text about it
            if days < POLICY.one_a_day_after_days and not one.reported:
                self.doses[one.dosing_day, one.ordinal].owed = True
        since = (today - self.begin).days
        visit = VisitFact(SubjectKind.APPOINTMENT, since // 28, self._visit_day(since))
        visits = [visit] if abs((visit.day - today).days) < 9 else []
        again = 2 if self.rng.random() < 0.05 else 1  # ticks run twice, and a second run changes nothing
        for _turn in range(again):
            plan = plan_patient(PatientFacts(person=person, doses=doses, visits=visits), now=now)
            for message in beside(plan.messages, order=self.order, zone=self.zone):
                self._store(message, now)
        self.live = [row for row in self.live if row.ended_at is None and row.state is not S.SENT]
        self.log = [one for one in self.log if one.sending_at and now - one.sending_at < timedelta(days=9)]
        if len(self.prompts) > 400:
            del self.prompts[:-200]
        for key in [key for key, dose in self.doses.items() if now - dose.due_at > timedelta(days=3)]:
            self._judge_dose(self.doses.pop(key))

    def _visit_day(self, since: int) -> date:
        return self.begin + timedelta(days=28 * (since // 28) + 21)

    def _store(self, message: PlannedMessage, now: datetime) -> None:
        row = self.rows.get(message.slot)
        if row is not None:
            return
        wakes = message.slot.channel is not Channel.SMS
        if wakes:
            text = self.rows.get(replace(message.slot, channel=Channel.SMS))
            if text is None or text.state is not S.PLANNED or text.plan.instead_of is not message.slot.channel:
                return
        row = Row(message, send_after=message.send_after)
        self.rows[message.slot] = row
        if message.slot.subject_kind is SubjectKind.DOSE and not wakes:
            self.planned.add((message.slot.slot_date, message.slot.step))
        self.live.append(row)
        self.at(max(message.send_after, now), "due", row)
        self.at(message.expires_at, "expire", row)

    def _silence(self, now: datetime) -> tuple[int, int]:
        begins = 0 if self.last_answer is None else bisect_right(self.prompts, self.last_answer)
        if begins == len(self.prompts):
            return 0, 0
        first, today = self.prompts[begins].astimezone(self.zone).date(), now.astimezone(self.zone).date()
        return (today - first).days, len(self.prompts) - begins

    # --- what people do -----------------------------------------------------------------------------

    def on_stop(self, now: datetime, _: Row | None) -> None:
        if not self.out:
            self.out, self.stopped_at = True, now
            self.stops.append((now, None))

    def on_answer(self, now: datetime, row: Row | None) -> None:
        assert row is not None
        plan = row.plan
        self.last_answer = now
        if plan.slot.subject_kind is not SubjectKind.DOSE:
            return
        ordinal = int(plan.slot.step.partition(".")[0])
        dose = self.doses.get((plan.slot.slot_date, ordinal))
        if dose is None or dose.answered_at is not None:
            return
        if row.plan.slot.step.endswith(".first") and self.rng.random() < 0.03 and self.question is row:
            self.question = None
            for other in self._of_slot(row):
                self._end(other, S.SUPPRESSED, Why.ANSWERED.value, now)
            for later in plan_later(plan, answered_at=now, person=Person(self.number, self.zone)):
                self._store(later, now)
            return
        dose.answered_at = now
        self.question = None if self.question is row else self.question
        if self.rng.random() < 0.5:  # by text the rest of the slot ends at once; from the app it is decide's to see
            for other in self._of_slot(row):
                self._end(other, S.SUPPRESSED, Why.ANSWERED.value, now)

    def _of_slot(self, row: Row) -> list[Row]:
        return [one for one in self.live if one.state is S.PLANNED and self._same_slot(one, row)]

    # --- the send protocol ----------------------------------------------------------------------------

    def _runner(self, now: datetime) -> datetime:
        """The next tick of a runner: every five seconds, later while all of them stand still."""
        if self.still is not None and self.still[0] <= now < self.still[1]:
            now = self.still[1]
        return now + timedelta(seconds=TICK_S * self.rng.random())

    def _fault(self) -> Fault | None:
        if self.since_fault < FAULT_EVERY:
            return None
        self.since_fault = 0
        self.counts.faults += 1
        return self.rng.choice(tuple(Fault))

    def on_due(self, now: datetime, row: Row | None) -> None:
        assert row is not None
        if row.state is not S.PLANNED or now < row.send_after:
            return
        at = self._runner(now)
        if at - now > timedelta(minutes=1):
            for one in self.live:
                one.disturbed = True
            self.at(at, "due", row)
            return
        if self.busy_until is not None and now < self.busy_until:
            row.disturbed = True
            self.at(self.busy_until, "due", row)
            return
        if at >= row.plan.expires_at:
            return
        self._dispatch(row, at)

    def _dispatch(self, row: Row, now: datetime) -> None:
        fault = self._fault()
        row.disturbed = row.disturbed or fault is not None
        row.move(S.CLAIMED)
        if fault is Fault.DIES_CLAIMED:
            self.busy_until = now + LEASE
            self.at(self.busy_until, "lease", row)
            return
        if fault is Fault.RUNNER_STOPS:
            self.still = (now, now + timedelta(minutes=30))
        if fault is Fault.OUTAGE:
            self.outage = (now, now + timedelta(hours=self.rng.uniform(0.5, 6)))
        decision = self.decide(self._facts(row, now), now=now)
        if isinstance(decision, Suppress):
            self._end(row, S.SUPPRESSED, decision.why.value, now)
            return
        if isinstance(decision, Expire):
            self._end(row, S.EXPIRED, "", now)
            return
        if isinstance(decision, Defer):
            if not now < decision.until < row.plan.expires_at:
                raise BrokenProtocol("deferred to no time of its own")
            row.move(S.PLANNED)
            row.send_after, row.why = decision.until, decision.why.value
            self.at(decision.until, "due", row)
            return
        if fault is Fault.STOP_BETWEEN:
            self.on_stop(now, None)
        if fault is Fault.ANSWER_BETWEEN and row.plan.slot.subject_kind is SubjectKind.DOSE:
            self.on_answer(now, row)
        self._begin(row, now, fault)

    def _begin(self, row: Row, now: datetime, fault: Fault | None) -> None:
        other = self.question
        held = other is not None and other is not row and not self._same_slot(other, row) and self._waits(other, now)
        gone = self.out and not self._wakes(row)
        if gone or self._was_seen(row) or now >= row.plan.expires_at or (row.plan.is_question and held):
            row.move(S.PLANNED)
            self.at(now + timedelta(minutes=1), "due", row)
            return
        row.move(S.SENDING)
        row.attempts += 1
        row.sending_at, row.sent_on = now, now.astimezone(self.zone).date()
        self.log.append(row)
        if row.plan.is_question:
            self.question = row
        if row.plan.message_class in PROMPTS and row.plan.instead_of is None:
            insort(self.prompts, now)
        if fault is Fault.DIES_BEFORE_POST:
            self.busy_until = now + LEASE
            self.at(self.busy_until, "lease", row)
            return
        self._post(row, now, fault)

    def _post(self, row: Row, now: datetime, fault: Fault | None) -> None:
        self.counts.sends += 1
        self.since_fault += 1
        if self.outage is not None and self.outage[0] <= now < self.outage[1]:
            for one in self.live:
                one.disturbed = True
            self._result(row, now, classify_provider_result(transport=Transport.REFUSED))
            return
        lost = (Fault.TIMEOUT_LOST, Fault.ERROR_LOST, Fault.LIST_DOWN, Fault.REFUSED, Fault.THROTTLED)
        sid = "" if fault in lost else self._take(row, now)
        if fault is Fault.DIES_AFTER_POST:
            self.busy_until = now + LEASE
            self.at(self.busy_until, "lease", row)
            return
        if fault is Fault.LIST_DOWN:
            self.list_down_until = now + timedelta(minutes=30)
        if fault is Fault.RECEIPT_FIRST:
            row.callback_sid = sid
        result = {
            Fault.TIMEOUT_TAKEN: lambda: classify_provider_result(transport=Transport.TIMEOUT),
            Fault.TIMEOUT_LOST: lambda: classify_provider_result(transport=Transport.TIMEOUT),
            Fault.LIST_DOWN: lambda: classify_provider_result(transport=Transport.TIMEOUT),
            Fault.RECEIPT_FIRST: lambda: classify_provider_result(transport=Transport.RESET),
            Fault.ERROR_TAKEN: lambda: classify_provider_result(http_status=500),
            Fault.ERROR_LOST: lambda: classify_provider_result(http_status=503),
            Fault.HTML: lambda: classify_provider_result(http_status=200),
            Fault.REFUSED: lambda: classify_provider_result(transport=Transport.REFUSED),
            Fault.THROTTLED: lambda: classify_provider_result(http_status=429, code=20429, retry_after_s=7),
        }.get(fault or Fault.NO_RECEIPT, lambda: classify_provider_result(http_status=201, sid=sid))()
        self._result(row, now, result, fault)

    def _result(self, row: Row, now: datetime, result: Result, fault: Fault | None = None) -> None:
        if result.outcome is Outcome.ACCEPTED:
            self._accepted(row, result.sid or "", now, fault)
        elif result.outcome is Outcome.NOT_PROCESSED:
            row.move(S.PLANNED)
            self.log.remove(row)
            self.question = None if self.question is row else self.question
            if row.plan.message_class in PROMPTS and row.plan.instead_of is None:
                del self.prompts[bisect_left(self.prompts, now)]
            at = retry_at(
                failure=result.failure or FailureClass.UNKNOWN,
                attempts=row.attempts,
                now=now,
                fraction=self.rng.random(),
                expires_at=row.plan.expires_at,
                retry_after=result.retry_after,
            )
            row.send_after = at or row.plan.expires_at
            if at is not None:
                self.at(at, "due", row)
        elif result.outcome is Outcome.UNKNOWN:
            row.move(S.UNKNOWN)
            row.looks, row.last_look_at = 0, None
            self.at(now + timedelta(seconds=60), "look", row)
        else:
            self._end(row, S.FAILED, "rejected", now)

    def on_lease(self, now: datetime, row: Row | None) -> None:
        """A lease is over: a claim is planned again, a text that was perhaps posted is unknown."""
        assert row is not None
        self.busy_until = None
        if row.state is S.CLAIMED:
            row.move(S.PLANNED)
            self.at(now, "due", row)
        elif row.state is S.SENDING:
            row.move(S.UNKNOWN)
            row.looks, row.last_look_at = 0, None
            self.at(now, "look", row)

    def on_look(self, now: datetime, row: Row | None) -> None:
        """What reconcile does about a text of which nobody knows whether it left."""
        assert row is not None
        if row.state is not S.UNKNOWN or row.ended_at is not None:
            return
        assert row.sending_at is not None
        found = None
        for _ in range(2):
            step = next_step(
                UnknownFacts(
                    started_at=row.sending_at,
                    expires_at=row.plan.expires_at,
                    sid_from_callback=row.callback_sid,
                    sid_from_list=found,
                    empty_looks=row.looks,
                    last_look_at=row.last_look_at,
                    resends=row.resends,
                    may_resend=not self._told(row) if self._wakes(row) else not self.out,
                ),
                now=now,
                policy=RECONCILE_BY_CHANNEL[row.plan.slot.channel],
            )
            if isinstance(step, Accept):
                self._accepted(row, step.sid, now, None)
            elif isinstance(step, Look):
                row.last_look_at = now
                if self.list_down_until is None or now >= self.list_down_until:
                    found = self._find(row)
                    row.looks += found is None
                if found is not None:
                    continue
                self.at(now + timedelta(seconds=60), "look", row)
            elif isinstance(step, Wait):
                self.at(step.until, "look", row)
            elif isinstance(step, Resend):
                row.resends += 1
                row.move(S.PLANNED)
                self.log.remove(row)
                self.question = None if self.question is row else self.question
                row.send_after = now
                self.at(now, "due", row)
            elif isinstance(step, StayUnknown) and now >= row.plan.expires_at:
                row.ended_at = now
            elif isinstance(step, StayUnknown):
                self.at(row.plan.expires_at, "look", row)
            return

    def on_expire(self, now: datetime, row: Row | None) -> None:
        """What is too late ends, with the reason that it had by then."""
        assert row is not None
        if row.state is not S.PLANNED:
            return
        decision = self.decide(self._facts(row, now), now=now)
        if isinstance(decision, Suppress):
            self._end(row, S.SUPPRESSED, decision.why.value, now)
        else:
            self._end(row, S.EXPIRED, "", now)

    def _accepted(self, row: Row, sid: str, now: datetime, fault: Fault | None) -> None:
        row.move(S.ACCEPTED)
        row.sid, row.accepted_at, row.rank = sid, now, max(row.rank, 1)
        statuses = [] if self._wakes(row) else ["queued", "sent", "delivered"]
        if self._wakes(row) and row.seen_at is not None:
            statuses = ["read"]
        elif self._wakes(row):
            pass
        elif fault is Fault.NO_RECEIPT:
            statuses = []
        elif fault is Fault.RECEIPTS_MIXED:
            statuses = ["delivered", "sent", "delivered", "queued", "sent"]
        for status in statuses:
            receipt = apply_status(state=row.state, seen_rank=row.rank, status=status)
            if receipt.moved and receipt.state is not row.state:
                row.move(receipt.state)
            row.rank = receipt.rank
        if row.state is S.DELIVERED:
            row.ended_at = now
        if row.plan.is_question and self.rng.random() < self.answers:
            self.at(now + timedelta(minutes=self.rng.expovariate(1 / 25)), "answer", row)

    def _end(self, row: Row, state: MessageState, why: str, now: datetime) -> None:
        row.move(state)
        row.why, row.ended_at = why, now
        self._judge_ending(row, now)

    # --- a wake-up and its text ---------------------------------------------------------------------------

    @staticmethod
    def _wakes(row: Row) -> bool:
        return row.plan.slot.channel is not Channel.SMS

    def _beside(self, row: Row) -> Row | None:
        """Of a text that waited its wake-up, of a wake-up its text."""
        channel = Channel.SMS if self._wakes(row) else row.plan.instead_of
        return None if channel is None else self.rows.get(replace(row.plan.slot, channel=channel))

    def _was_seen(self, row: Row) -> bool:
        other = None if self._wakes(row) else self._beside(row)
        return other is not None and other.seen_at is not None

    def _told(self, row: Row) -> bool:
        text = self._beside(row) if self._wakes(row) else None
        return text is not None and text.state not in (S.PLANNED, S.SUPPRESSED)

    def on_see(self, now: datetime, row: Row | None) -> None:
        """The person opens their page: the service marks what has left."""
        assert row is not None
        row.seen_at = row.seen_at or now
        if row.state in (S.ACCEPTED, S.SENT, S.UNKNOWN) and row.ended_at is None:
            row.move(S.DELIVERED)
            row.ended_at, row.sid = now, row.sid or self.taken_sid[row.plan.slot]
        if self.wake_dice.random() < self.answers:
            self.at(now + timedelta(minutes=1), "answer", row)

    # --- facts ----------------------------------------------------------------------------------------

    def _facts(self, row: Row, now: datetime) -> SendFacts:
        plan = row.plan
        is_dose = plan.slot.subject_kind is SubjectKind.DOSE
        today, week, doses = self._sent(row, now)
        dose = self._dose(plan) if is_dose else None
        until = None
        other = self.question
        if other is not None and other is not row and self._waits(other, now):
            until = other.plan.expires_at
            if self._same_slot(other, row):
                ready = (other.sending_at or until) + POLICY.again_after
                until = ready if ready > now else None
        return SendFacts(
            message_class=plan.message_class,
            send_after=row.send_after,
            expires_at=plan.expires_at,
            zone=self.zone,
            allowed_outside=plan.allowed_outside,
            outside=Outside.SUPPRESS if is_dose else Outside.MOVE,
            is_question=plan.is_question,
            opted_out=self.out and not self._wakes(row),
            seen=self._was_seen(row),
            told=self._told(row),
            counted=self._is_counted(row),
            consented=True,
            answered=dose is not None and dose.answered_at is not None,
            asked_for=plan.slot.step.endswith(".later"),
            unsolicited_today=sum(one.plan.message_class.cap_group is CapGroup.UNSOLICITED for one in today),
            unsolicited_week=sum(one.plan.message_class.cap_group is CapGroup.UNSOLICITED for one in week),
            doses_today=len(doses - {plan.slot.step.partition(".")[0] + str(plan.slot.slot_date)}),
            dose_texts_today=sum(one.plan.message_class.cap_group is CapGroup.DOSE for one in today),
            doses_opted_in=len(self.times),
            prompts_today=sum(one.plan.message_class in PROMPTS for one in today),
            prompts_week=sum(one.plan.message_class in PROMPTS for one in week),
            unanswered_days=self._silence(now)[0],
            open_question_until=until,
        )

    def _sent(self, row: Row, now: datetime) -> tuple[list[Row], list[Row], set[str]]:
        """What may have gone out today and in the last seven local days, and the doses that had a text today."""
        local = now.astimezone(self.zone).date()
        today, week, doses = [], [], set()
        for one in self.log:
            on = one.sent_on
            if one is row or one.state not in MAYBE_OUT or on is None or self._is_counted(one):
                continue
            if (local - on).days < 7:
                week.append(one)
            if on == local:
                today.append(one)
                if one.plan.slot.subject_kind is SubjectKind.DOSE:
                    doses.add(one.plan.slot.step.partition(".")[0] + str(one.plan.slot.slot_date))
        return today, week, doses

    def _is_counted(self, row: Row) -> bool:
        """A text whose slot was counted when its wake-up left."""
        other = None if self._wakes(row) else self._beside(row)
        return other is not None and other.state in MAYBE_OUT

    def _dose(self, plan: PlannedMessage) -> Dose | None:
        return self.doses.get((plan.slot.slot_date, int(plan.slot.step.partition(".")[0])))

    @staticmethod
    def _waits(row: Row, now: datetime) -> bool:
        return now < row.plan.expires_at

    @staticmethod
    def _same_slot(one: Row, other: Row) -> bool:
        a, b = one.plan.slot, other.plan.slot
        return (
            a.slot_date == b.slot_date
            and a.subject_kind is b.subject_kind
            and a.subject_id == b.subject_id
            and a.step.partition(".")[0] == b.step.partition(".")[0]
        )

    # --- the provider, and the onlooker -----------------------------------------------------------------

    def _take(self, row: Row, now: datetime) -> str:
        """The provider takes a text. Here the onlooker sees everything that leaves."""
        plan = row.plan
        sid = f"SM{self.number:06d}{len(self.given):06d}"
        local = now.astimezone(self.zone).time()
        if not OPENS <= local < CLOSES and not plan.allowed_outside:
            self._wrong("outside_window", row, now)
        wakes = self._wakes(row)
        if not wakes and self.stopped_at is not None and self.out and now - self.stopped_at > AFTER_STOP:
            self._wrong("after_stop", row, now)
        dose = self._dose(plan) if plan.slot.subject_kind is SubjectKind.DOSE else None
        answered = dose is not None and dose.answered_at is not None and now > dose.answered_at
        if now >= plan.expires_at or answered:
            self._wrong("stale", row, now)
        # A wake-up may come twice, for the second takes the place of the first; a text never, nor after a look.
        again = plan.slot in self.left
        if (again and (not wakes or plan.slot in self.woken_twice)) or self._was_seen(row):
            self._wrong("doubled", row, now)
        (self.woken_twice if again else self.left).add(plan.slot)
        body = wording.said(plan.slot.channel, plan.template, "en", dict(plan.values))
        if wakes:
            self.taken_sid[plan.slot] = sid
            if self.wake_dice.random() < 0.6:
                self.at(now + timedelta(minutes=self.wake_dice.expovariate(1 / 8)), "see", row)
        self.given.append(Given(plan.slot, sid, now, body))
        return sid

    def _find(self, row: Row) -> str | None:
        listed = [Listed(sid=one.sid, created_at=one.at, body=one.body) for one in self.given[-20:]]
        known = frozenset(one.sid for one in self.log if one.sid)
        assert row.sending_at is not None
        body = wording.render(row.plan.template, "en", dict(row.plan.values))
        return match(listed, started_at=row.sending_at, body=body, service=None, known_sids=known)

    def _judge_ending(self, row: Row, now: datetime) -> None:
        """Whether an outcome short of the phone is one that the truth bears out."""
        if row.state is S.EXPIRED:
            if not (row.disturbed or row.why == Why.OPEN_QUESTION.value):
                self._wrong("lost", row, now)
            return
        plan, local = row.plan, now.astimezone(self.zone).time()
        today, week, _ = self._sent(row, now)
        dose = self._dose(plan) if plan.slot.subject_kind is SubjectKind.DOSE else None
        later = row.why == Why.ANSWERED.value and any(
            one.plan.slot.step.endswith(".later") for one in self.live if self._same_slot(one, row)
        )
        true = {
            Why.ANSWERED: (dose is not None and dose.answered_at is not None) or later or self.last_answer == now,
            Why.OPTED_OUT: self.out,
            Why.WINDOW: not OPENS <= local < CLOSES,
            Why.BACK_OFF: self._silence(now)[0] >= 3 and bool(week),
            Why.CAP_DOSE: len(today) >= min(4, len(self.times)),
            Why.CAP_DAY: len(today) >= 3,
            Why.CAP_WEEK: len(week) >= 10,
            Why.OPEN_QUESTION: self.question is not None,
            Why.SEEN: self._was_seen(row),
            Why.TOLD: self._told(row),
        }
        if row.state is not S.SUPPRESSED or not true.get(Why(row.why), False):
            self._wrong("lost", row, now)

    def _judge_dose(self, dose: Dose) -> None:
        """A dose of somebody who answers, that nobody reported before its text: there must be a row for it."""
        if dose.owed and (dose.day, f"{dose.ordinal}.first") not in self.planned:
            self.counts.lost += 1
            self.counts.first.append(f"lost: patient {self.number}, nothing planned for {dose.day}")

    def _judge(self, end: datetime) -> None:
        taken = {one.sid for one in self.given}
        for row in self.rows.values():
            if is_unconfirmed(row.state, accepted_at=row.accepted_at, now=end):
                row.move(S.SENT)
            if not has_ended(row.state, accepted_at=row.accepted_at, expires_at=row.plan.expires_at, now=end):
                self._wrong("without_outcome", row, end)
            if row.state in (S.ACCEPTED, S.SENT, S.DELIVERED) and row.sid not in taken:
                self._wrong("lost", row, end)
            if row.state is S.UNKNOWN and not row.disturbed:
                self._wrong("lost", row, end)

    def _wrong(self, what: str, row: Row, now: datetime) -> None:
        setattr(self.counts, what, getattr(self.counts, what) + 1)
        if len(self.counts.first) < 10:
            slot = row.plan.slot
            self.counts.first.append(
                f"{what}: patient {self.number}, {slot.subject_kind} {slot.slot_date} {slot.step} "
                f"{row.state} {row.why} at {now.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
            )
