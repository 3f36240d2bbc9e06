"""What a provider's answer means, and when to try again.

Pure: no Django, no database, no clock, no dice: a random fraction comes in. The
table of codes is data (M 1.3): a program's operator may add to it without a change
of code, and a code nobody knows falls to a class by its HTTP status and is never
repeated blindly. What the provider surely did not process goes back to planned;
what it may have processed is ``unknown`` and belongs to rules/reconcile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class Outcome(StrEnum):
    """What became of one handing of a message to a provider; stored as ``Attempt.result``."""

    ACCEPTED = "accepted"
    NOT_PROCESSED = "not_processed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class FailureClass(StrEnum):
    """The classes of M 1.3."""

    CONFIG = "config"  # our account or sender: nobody's number is to blame
    THROTTLED = "throttled"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    BAD_NUMBER = "bad_number"
    NOT_REACHED = "not_reached"  # bad number only when it repeats
    OPTED_OUT = "opted_out"
    BUG = "bug"
    BACKLOG = "backlog"
    SOFT = "soft"
    BLOCKED = "blocked"
    CONTENT = "content"
    CAP = "cap"
    GONE = "gone"  # a device or a mailbox that is no more: its next place is tried
    REFUSED_HERE = "refused_here"  # we would not post there, or not follow
    PERMANENT_UNKNOWN = "permanent_unknown"


class Action(StrEnum):
    """What the product does about a class, beyond ending or repeating the message."""

    OPEN_CIRCUIT = "open_circuit"
    PAGE_OPERATIONS = "page_operations"
    ALERT_DEVELOPERS = "alert_developers"
    ALERT_DAILY = "alert_daily"
    MARK_NUMBER_BAD = "mark_number_bad"
    COUNT_UNREACHED = "count_unreached"  # the second in 7 days marks the number bad
    WRITE_OPT_OUT = "write_opt_out"
    COUNT_BLOCKED = "count_blocked"  # the second is an opt-out until a person has looked
    COUNT_SOFT = "count_soft"  # three slots in a row raise "phone unreachable"
    STOP_TEMPLATE = "stop_template"  # when more than 1 % of an hour's texts are filtered
    PRUNE_DEVICE = "prune_device"
    STOP_SENDER = "stop_sender"  # until the queue or the cap has room


@dataclass(frozen=True, slots=True)
class Rule:
    """What one provider code means. ``about`` is for the operator's page, in our own words."""

    failure: FailureClass
    about: str


_C = FailureClass

PROVIDER_RULES: Mapping[int, Rule] = MappingProxyType(
    {
        20003: Rule(_C.CONFIG, "sign-in to the provider refused"),
        20005: Rule(_C.CONFIG, "account not active"),
        30002: Rule(_C.CONFIG, "account suspended"),
        20429: Rule(_C.THROTTLED, "too many requests"),
        14107: Rule(_C.THROTTLED, "rate of the sender exceeded"),
        20500: Rule(_C.UNKNOWN, "fault inside the provider"),
        20503: Rule(_C.UNKNOWN, "provider unavailable"),
        21211: Rule(_C.BAD_NUMBER, "not a valid number"),
        21612: Rule(_C.BAD_NUMBER, "no route to this number"),
        21614: Rule(_C.BAD_NUMBER, "not a mobile number"),
        21635: Rule(_C.BAD_NUMBER, "a landline"),
        30005: Rule(_C.NOT_REACHED, "handset unknown"),
        30006: Rule(_C.NOT_REACHED, "landline or carrier out of reach"),
        21408: Rule(_C.CONFIG, "region not enabled"),
        21610: Rule(_C.OPTED_OUT, "the person has unsubscribed"),
        21606: Rule(_C.CONFIG, "sender cannot text"),
        21608: Rule(_C.CONFIG, "trial account, number not verified"),
        21703: Rule(_C.CONFIG, "messaging service not usable"),
        21704: Rule(_C.CONFIG, "messaging service has no sender"),
        30032: Rule(_C.CONFIG, "toll-free sender not verified"),
        30034: Rule(_C.CONFIG, "sender not registered"),
        21602: Rule(_C.BUG, "no text in the message"),
        21617: Rule(_C.BUG, "text too long"),
        21611: Rule(_C.BACKLOG, "the sender's queue is full"),
        30001: Rule(_C.BACKLOG, "queue overflow"),
        30003: Rule(_C.SOFT, "handset off or out of service"),
        30004: Rule(_C.BLOCKED, "blocked by the carrier or the person"),
        30007: Rule(_C.CONTENT, "filtered by the carrier"),
        30008: Rule(_C.SOFT, "fault without a name"),
        30017: Rule(_C.SOFT, "carrier congested"),
        30410: Rule(_C.SOFT, "provider's own timeout"),
        30022: Rule(_C.CAP, "rate of the registered campaign exceeded"),
        30023: Rule(_C.CAP, "the day's cap is reached"),
        63038: Rule(_C.CAP, "the account's cap is reached"),
        30029: Rule(_C.BUG, "privacy option not available"),
        35115: Rule(_C.BUG, "bad schedule"),
    }
)

ACTIONS: Mapping[FailureClass, tuple[Action, ...]] = MappingProxyType(
    {
        _C.CONFIG: (Action.OPEN_CIRCUIT, Action.PAGE_OPERATIONS),
        _C.THROTTLED: (),
        _C.NOT_SENT: (),
        _C.UNKNOWN: (),
        _C.BAD_NUMBER: (Action.MARK_NUMBER_BAD,),
        _C.NOT_REACHED: (Action.COUNT_UNREACHED,),
        _C.OPTED_OUT: (Action.WRITE_OPT_OUT,),
        _C.BUG: (Action.ALERT_DEVELOPERS,),
        _C.BACKLOG: (Action.STOP_SENDER,),
        _C.SOFT: (Action.COUNT_SOFT,),
        _C.BLOCKED: (Action.COUNT_BLOCKED,),
        _C.CONTENT: (Action.STOP_TEMPLATE,),
        _C.CAP: (Action.STOP_SENDER,),
        _C.GONE: (Action.PRUNE_DEVICE,),
        _C.REFUSED_HERE: (),
        _C.PERMANENT_UNKNOWN: (Action.ALERT_DEVELOPERS,),
    }
)

# A region that is not enabled stops one number's text; the account works for everybody else.
_CODE_ACTIONS: Mapping[int, tuple[Action, ...]] = MappingProxyType({21408: (Action.ALERT_DAILY,)})

OUTCOMES: Mapping[FailureClass, Outcome] = MappingProxyType(
    {
        # Refused before it was taken: it waits with the others and may expire.
        _C.CONFIG: Outcome.NOT_PROCESSED,
        _C.THROTTLED: Outcome.NOT_PROCESSED,
        _C.NOT_SENT: Outcome.NOT_PROCESSED,
        _C.BACKLOG: Outcome.NOT_PROCESSED,
        _C.CAP: Outcome.NOT_PROCESSED,
        _C.SOFT: Outcome.NOT_PROCESSED,
        _C.GONE: Outcome.NOT_PROCESSED,
        _C.UNKNOWN: Outcome.UNKNOWN,
        _C.BAD_NUMBER: Outcome.REJECTED,
        _C.NOT_REACHED: Outcome.REJECTED,
        _C.OPTED_OUT: Outcome.REJECTED,
        _C.BUG: Outcome.REJECTED,
        _C.BLOCKED: Outcome.REJECTED,
        _C.CONTENT: Outcome.REJECTED,
        _C.REFUSED_HERE: Outcome.REJECTED,
        _C.PERMANENT_UNKNOWN: Outcome.REJECTED,
    }
)


class Transport(StrEnum):
    """How the exchange itself failed, when there was no readable answer."""

    REFUSED = "refused"  # connection refused, DNS, TLS: before a byte of the request left
    TIMEOUT = "timeout"
    RESET = "reset"  # after bytes were sent
    UNREADABLE = "unreadable"  # an answer that is no answer: HTML, empty, too large, not UTF-8


@dataclass(frozen=True, slots=True)
class Result:
    """What one handing of a message came to."""

    outcome: Outcome
    failure: FailureClass | None = None
    code: int | str | None = None
    sid: str | None = None
    actions: tuple[Action, ...] = ()
    retry_after: timedelta | None = None


def classify_provider_result(
    *,
    http_status: int | None = None,
    sid: str | None = None,
    code: int | None = None,
    transport: Transport | None = None,
    retry_after_s: float | None = None,
    rules: Mapping[int, Rule] = PROVIDER_RULES,
) -> Result:
    """Return what an answer to "send this" means.

    Accepted needs a 2xx and the provider's id; a 2xx without one is unknown, since something was taken. A
    request that never left is not processed. Any 5xx, timeout, reset or unreadable answer is unknown,
    whatever code it names (MSG-5). A 4xx is refused: its code decides, then its status. ``retry_after_s``
    is the provider's Retry-After in seconds.
    """
    wait = None if retry_after_s is None or retry_after_s < 0 else timedelta(seconds=min(retry_after_s, 86_400))
    if transport is Transport.REFUSED:
        return Result(Outcome.NOT_PROCESSED, _C.NOT_SENT)
    if transport is not None or http_status is None or not 200 <= http_status < 500:
        return Result(Outcome.UNKNOWN, _C.UNKNOWN, code=code, retry_after=wait)
    if http_status < 300:
        if sid:
            return Result(Outcome.ACCEPTED, sid=sid)
        return Result(Outcome.UNKNOWN, _C.UNKNOWN, code=code)
    failure = _failure_of(http_status, code, rules)
    actions = _CODE_ACTIONS.get(code, ACTIONS[failure]) if code is not None else ACTIONS[failure]
    outcome = Outcome.REJECTED if code in _CODE_ACTIONS else OUTCOMES[failure]
    return Result(outcome, failure, code=code, actions=actions, retry_after=wait)


def _failure_of(http_status: int, code: int | None, rules: Mapping[int, Rule]) -> FailureClass:
    if code is not None and code in rules:
        return rules[code].failure
    if http_status == 429:
        return _C.THROTTLED
    if http_status in (401, 403):
        return _C.CONFIG
    if http_status == 408:
        return _C.UNKNOWN
    if http_status < 400:
        # A redirect is no answer of this provider; something between us gave it, and may have passed it on.
        return _C.UNKNOWN
    return _C.PERMANENT_UNKNOWN


def actions_for_receipt(code: int | None, *, rules: Mapping[int, Rule] = PROVIDER_RULES) -> tuple[Action, ...]:
    """Return what to do about the error code of a receipt (undelivered, failed). An unknown one only counts."""
    if code is None or code not in rules:
        return ()
    return _CODE_ACTIONS.get(code, ACTIONS[rules[code].failure])


# --- when to try again ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    base: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=10)
    soft_from: timedelta = timedelta(minutes=30)  # 30003 and its kin: one re-attempt after 30 to 60 min
    soft_to: timedelta = timedelta(minutes=60)
    config_wait: timedelta = timedelta(minutes=1)
    cap_wait: timedelta = timedelta(minutes=15)
    crashes_to_poison: int = 3


RETRY = RetryPolicy()


def retry_at(
    *,
    failure: FailureClass,
    attempts: int,
    now: datetime,
    fraction: float,
    expires_at: datetime,
    retry_after: timedelta | None = None,
    policy: RetryPolicy = RETRY,
) -> datetime | None:
    """Return the new ``send_after`` of a message that was not processed, None when none is left.

    ``attempts`` counts the handings so far, this one included; ``fraction`` is a random number in
    ``0 <= f < 1`` (full jitter: anything up to the doubled wait, never less than the provider asked for).
    None means: let it expire, or for a soft failure that was tried twice, fail it.

    Raises ``ValueError`` for a fraction outside its range.
    """
    if not 0 <= fraction < 1:
        raise ValueError("fraction must be in 0 <= f < 1")
    if failure is FailureClass.SOFT:
        if attempts >= 2:
            return None
        wait = policy.soft_from + (policy.soft_to - policy.soft_from) * fraction
    elif failure is FailureClass.CONFIG:
        wait = policy.config_wait * (1 + fraction)
    elif failure in (FailureClass.CAP, FailureClass.BACKLOG):
        wait = policy.cap_wait * (1 + fraction)
    else:
        # 2**20 s is past any expiry: the exponent is bounded so that the product stays a number.
        wait = min(policy.longest, policy.base * 2 ** min(attempts, 20)) * fraction
    if retry_after is not None:
        # Everybody is told the same Retry-After: the jitter goes on top of it.
        wait = retry_after + min(wait, policy.longest)
    at = now + max(wait, timedelta(seconds=1))
    return at if at < expires_at else None


def is_poison(crashes: int, *, policy: RetryPolicy = RETRY) -> bool:
    """Tell whether a row has broken its worker three times and must fail for good (M REL-15)."""
    return crashes >= policy.crashes_to_poison


# --- the circuit breaker -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    opens_after: int = 5  # failures of account or connection in a row
    probe_every: timedelta = timedelta(seconds=30)
    probe_lost_after: timedelta = timedelta(minutes=2)  # a probe whose worker died
    half_speed_for: timedelta = timedelta(minutes=30)


BREAKER = BreakerPolicy()


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"  # one probe is out


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one provider account, as a value; the caller stores it."""

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0  # in a row
    since: datetime | None = None  # of the state
    recovered_at: datetime | None = None


def may_send(breaker: Breaker, *, now: datetime, policy: BreakerPolicy = BREAKER) -> tuple[Breaker, int | None]:
    """Return the breaker and how many messages may leave: None for no limit, 1 for a probe, 0 for none.

    An open breaker lets one message through every half minute. A probe whose answer never came is given up
    after two minutes, so that a dead worker does not keep the circuit open for ever.
    """
    if breaker.state is BreakerState.CLOSED:
        return breaker, None
    assert breaker.since is not None
    wait = policy.probe_every if breaker.state is BreakerState.OPEN else policy.probe_lost_after
    if now - breaker.since < wait:
        return breaker, 0
    return replace(breaker, state=BreakerState.HALF_OPEN, since=now), 1


def record(breaker: Breaker, result: Result, *, now: datetime, policy: BreakerPolicy = BREAKER) -> Breaker:
    """Return the breaker after a result.

    Only failures of the account or the connection count: a bad number says nothing about the provider. Any
    answer that the provider gave about a message closes an open circuit. An unknown outcome neither counts
    nor clears while closed, and keeps a probe from closing.
    """
    if result.failure in (FailureClass.CONFIG, FailureClass.NOT_SENT) and (
        result.failure is FailureClass.NOT_SENT or Action.OPEN_CIRCUIT in result.actions
    ):
        failures = breaker.failures + 1
        if breaker.state is not BreakerState.CLOSED or failures >= policy.opens_after:
            return replace(breaker, state=BreakerState.OPEN, failures=failures, since=now)
        return replace(breaker, failures=failures)
    if result.outcome is Outcome.UNKNOWN:
        if breaker.state is BreakerState.HALF_OPEN:
            return replace(breaker, state=BreakerState.OPEN, since=now)
        return breaker
    if breaker.state is BreakerState.CLOSED:
        return breaker if breaker.failures == 0 else replace(breaker, failures=0)
    return Breaker(since=now, recovered_at=now)


def speed(breaker: Breaker, *, now: datetime, policy: BreakerPolicy = BREAKER) -> float:
    """Return the share of the sender's rate to use: a half for a while after an outage (M REL-13), else 1."""
    if breaker.recovered_at is not None and now - breaker.recovered_at < policy.half_speed_for:
        return 0.5
    return 1.0


# --- the token bucket ----------------------------------------------------------------------------

SENDER_SHARE = 0.8
"""Share of a sender's limit that we use (MSG-15)."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Room of one sender: ``rate`` texts a second, at most ``burst`` at once."""

    rate: float
    burst: float
    tokens: float
    at: datetime

    @classmethod
    def for_limit(cls, limit_per_s: float, *, now: datetime, share: float = SENDER_SHARE) -> "Bucket":
        """Return a full bucket for a sender that its carrier allows ``limit_per_s`` texts a second."""
        rate = limit_per_s * share
        burst = max(1.0, rate)
        return cls(rate=rate, burst=burst, tokens=burst, at=now)


def take(bucket: Bucket, wanted: int, *, now: datetime, speed: float = 1.0) -> tuple[Bucket, int]:
    """Return the bucket and how many of ``wanted`` texts may leave now.

    A clock that went back adds nothing and takes nothing away.
    """
    elapsed = max(0.0, (now - bucket.at).total_seconds())
    tokens = min(bucket.burst, bucket.tokens + elapsed * bucket.rate * speed)
    # A token that is whole but for rounding is whole: ten times a tenth of a second is a second.
    taken = max(0, min(wanted, int(tokens + 1e-9)))
    return replace(bucket, tokens=max(0.0, tokens - taken), at=max(bucket.at, now)), taken


def seconds_to_drain(bucket: Bucket, waiting: int) -> float:
    """Return how long a sender needs for ``waiting`` texts, to say beforehand that a panel does not fit it."""
    return max(0.0, (waiting - bucket.tokens) / bucket.rate)
