"""What each concern means: how severe, whose, how soon, and the sentence that says why (C 7, S 14-19).

The table is data: a program sets severity, owner and response for itself with a
signed version (``signed_columns``). Times are proposed defaults. The sentence on
the worklist is made from the stored evidence alone, in English and Spanish,
without a pronoun for the patient; a test recomputes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from backend.rules import wall_time
from recovery.rules.policy import Policy
from recovery.rules.states import Band, FlagKind, FlagStatus, Goal, MedicineClass, Response, Role, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRule:
    """One row of C 7. ``alcohol_only`` None: the same severity as elsewhere.

    ``text`` is the key of the text that the patient sees in the app after
    unlock, None for none. ``acute``: a person reports something, it pages at once
    and never waits for the window; the other reds are worked from the start of
    the clinic day (S 15).
    """

    kind: FlagKind
    severity: Severity
    alcohol_only: Severity | None = None
    owner: Role
    response: Response
    text: str | None
    acute: bool = False
    emergency: bool = False
    source: str
    signed_by: str | None = None

    def for_patient(self, *, counts_as_opioid: bool) -> Severity:
        """Return the severity to begin with."""
        return self.severity if counts_as_opioid or self.alcohol_only is None else self.alcohol_only


def _rule(
    kind: FlagKind,
    severity: Severity,
    owner: Role,
    response: Response,
    text: str | None,
    source: str,
    *,
    alcohol_only: Severity | None = None,
    acute: bool = False,
    emergency: bool = False,
) -> FlagRule:
    return FlagRule(
        kind=kind,
        severity=severity,
        alcohol_only=alcohol_only,
        owner=owner,
        response=response,
        text=text,
        acute=acute,
        emergency=emergency,
        source=source,
    )


_K, _S, _R, _T = FlagKind, Severity, Response, Role

_TABLE = (
    _rule(_K.SUICIDE_RISK, _S.RED, _T.ON_CALL, _R.MINUTES_15, "crisis", "C 7", acute=True, emergency=True),
    _rule(_K.SUICIDE_THOUGHTS, _S.AMBER_PLUS, _T.ON_CALL, _R.SAME_DAY, "thoughts", "C 7, S 12", acute=True),
    _rule(_K.OVERDOSE_SIGN, _S.RED, _T.ON_CALL, _R.NOW, "overdose", "C 7", acute=True, emergency=True),
    _rule(_K.REPORTED_USE, _S.RED, _T.PRESCRIBER, _R.HOURS_2, "hold", "C 7, S 2", acute=True),
    _rule(_K.WITHDRAWAL_AFTER_DOSE, _S.RED, _T.PRESCRIBER, _R.MINUTES_30, "very_sick", "C 7", acute=True),
    _rule(_K.ALLERGIC_REACTION, _S.RED, _T.ON_CALL, _R.NOW, "call_emergency", "C 7", acute=True, emergency=True),
    _rule(_K.LIVER_SYMPTOMS, _S.RED, _T.PRESCRIBER, _R.HOURS_4, "call_today", "C 7", acute=True),
    _rule(_K.COUGH, _S.AMBER_PLUS, _T.PRESCRIBER, _R.SAME_DAY, "breathing", "C 7, S 17", acute=True),
    _rule(_K.INJECTION_SITE, _S.AMBER_PLUS, _T.NURSE, _R.SAME_DAY, "site", "C 7", acute=True),
    _rule(_K.SILENCE, _S.AMBER_PLUS, _T.COORDINATOR, _R.SAME_DAY, "silence", "S 14"),
    _rule(_K.STATED_GAP, _S.AMBER_PLUS, _T.PRESCRIBER, _R.SAME_DAY, "hold", "C 7, S 6"),
    _rule(_K.DOSE_AFTER_GAP, _S.AMBER_PLUS, _T.PRESCRIBER, _R.SAME_DAY, None, "S 6"),
    _rule(_K.GIVEN_WITH_OPEN_GATE, _S.AMBER_PLUS, _T.PRESCRIBER, _R.SAME_DAY, None, "S 9"),
    _rule(
        _K.INJECTION_LATE,
        _S.AMBER,
        _T.COORDINATOR,
        _R.ONE_BUSINESS_DAY,
        "injection_overdue",
        "C 7, S 16",
    ),
    _rule(_K.INTERVAL_END_CRAVING, _S.AMBER, _T.COORDINATOR, _R.ONE_BUSINESS_DAY, "check_in", "C 7"),
    _rule(_K.POSITIVE_SCREEN, _S.RED, _T.PRESCRIBER, _R.SAME_DAY, None, "C 7, S 10"),
    _rule(_K.FAILED_CHALLENGE, _S.RED, _T.PRESCRIBER, _R.HOURS_2, None, "S 4"),
    _rule(_K.CRAVING_HIGH, _S.AMBER, _T.COORDINATOR, _R.ONE_BUSINESS_DAY, "craving_high", "C 7, S 17"),
    _rule(_K.CRAVING_RISE, _S.AMBER, _T.COORDINATOR, _R.TWO_BUSINESS_DAYS, "craving_rise", "C 7"),
    _rule(_K.PREGNANCY, _S.AMBER_PLUS, _T.PRESCRIBER, _R.SAME_DAY, "pregnancy", "C 7"),
    _rule(_K.PROCEDURE_PLANNED, _S.AMBER_PLUS, _T.PRESCRIBER, _R.ONE_BUSINESS_DAY, "procedure", "C 7"),
    _rule(_K.NEW_OPIOID_MEDICINE, _S.AMBER_PLUS, _T.PRESCRIBER, _R.HOURS_2, "new_opioid", "C 7, S 3", acute=True),
    _rule(_K.INTERACTING_MEDICINE, _S.AMBER, _T.PRESCRIBER, _R.ONE_BUSINESS_DAY, "interaction", "C 7, S 3"),
    _rule(_K.LAB_OVERDUE, _S.INFO, _T.COORDINATOR, _R.WEEKLY, None, "C 7, S 18"),
    _rule(_K.LAB_ABNORMAL, _S.AMBER_PLUS, _T.PRESCRIBER, _R.SAME_DAY, None, "C 7, S 18"),
    _rule(_K.WANTS_TO_STOP, _S.AMBER_PLUS, _T.COORDINATOR, _R.SAME_DAY, "wants_to_stop", "C 7, S 19"),
    _rule(_K.RAN_OUT, _S.AMBER_PLUS, _T.COORDINATOR, _R.SAME_DAY, "ran_out", "S 19"),
    _rule(_K.RELEASE, _S.AMBER, _T.COORDINATOR, _R.HOURS_72, "welcome", "C 7, S 21"),
    _rule(_K.SUPPORTER_CONCERN, _S.AMBER_PLUS, _T.COORDINATOR, _R.SAME_DAY, None, "C 7", acute=True),
    _rule(_K.CONTACT_LOST, _S.AMBER, _T.COORDINATOR, _R.TWO_BUSINESS_DAYS, None, "C 7"),
    _rule(_K.DISULFIRAM_DRINK, _S.AMBER_PLUS, _T.PRESCRIBER, _R.SAME_DAY, "hold", "S 11", acute=True),
    _rule(_K.DISULFIRAM_REACTION, _S.RED, _T.ON_CALL, _R.NOW, "call_emergency", "S 11", acute=True, emergency=True),
    _rule(
        _K.ALCOHOL_WITHDRAWAL,
        _S.RED,
        _T.ON_CALL,
        _R.NOW,
        "alcohol_withdrawal",
        "S 20",
        acute=True,
        emergency=True,
    ),
    _rule(_K.SEVERE_PAIN, _S.AMBER_PLUS, _T.PRESCRIBER, _R.SAME_DAY, "get_care", "S 20", acute=True),
    _rule(_K.VOMITED_DOSE, _S.AMBER, _T.NURSE, _R.SAME_DAY, "we_call", "S 20"),
    _rule(_K.DOSE_PARTLY_GIVEN, _S.AMBER_PLUS, _T.PRESCRIBER, _R.SAME_DAY, None, "S 20"),
    _rule(_K.TABLETS_WITHIN_REACH, _S.AMBER, _T.NURSE, _R.ONE_BUSINESS_DAY, "safe_storage", "S 20"),
    _rule(_K.REPORTED_DRINK, _S.AMBER, _T.COORDINATOR, _R.TWO_BUSINESS_DAYS, "check_in", "contract 3"),
    _rule(_K.LOW_MOOD, _S.AMBER, _T.COORDINATOR, _R.ONE_BUSINESS_DAY, "check_in", "C 5 (PD)"),
    _rule(_K.PAIN_HIGH, _S.AMBER, _T.NURSE, _R.ONE_BUSINESS_DAY, "check_in", "C 1 row 79"),
    _rule(_K.SIDE_EFFECT_LASTING, _S.AMBER, _T.NURSE, _R.ONE_BUSINESS_DAY, "check_in", "C 1 row 59"),
)

FLAG_RULES: Mapping[FlagKind, FlagRule] = MappingProxyType({rule.kind: rule for rule in _TABLE})

# How soon at another severity than the kind's own. A kind that rises wants its answer sooner.
_SOONER = {
    Severity.INFO: Response.WEEKLY,
    Severity.AMBER: Response.ONE_BUSINESS_DAY,
    Severity.AMBER_PLUS: Response.SAME_DAY,
    Severity.RED: Response.SAME_DAY,
}
_AT_SEVERITY = {
    (FlagKind.CRAVING_HIGH, Severity.AMBER_PLUS): Response.HOURS_4,
    (FlagKind.LAB_ABNORMAL, Severity.RED): Response.SAME_DAY,
    (FlagKind.INJECTION_SITE, Severity.RED): Response.HOURS_4,
    (FlagKind.SUICIDE_THOUGHTS, Severity.RED): Response.MINUTES_15,
}


def response_for(kind: FlagKind, severity: Severity, rules: Mapping[FlagKind, FlagRule] = FLAG_RULES) -> Response:
    """Return how soon somebody must act on ``kind`` at ``severity``."""
    rule = rules[kind]
    if severity is rule.severity:
        return rule.response
    return _AT_SEVERITY.get((kind, severity), _SOONER[severity])


def owner_for(kind: FlagKind, severity: Severity, rules: Mapping[FlagKind, FlagRule] = FLAG_RULES) -> Role:
    """Return who owns ``kind`` at ``severity``: a red late injection is a prescriber's (C 7)."""
    owner = rules[kind].owner
    if kind is FlagKind.INJECTION_LATE and severity is Severity.RED and owner not in _PRESCRIBERS:
        return Role.PRESCRIBER
    return owner


def status_when_reason_ends(severity: Severity) -> FlagStatus:
    """Return what becomes of a live flag whose reason ended by itself (contract 5).

    Red is ``returned``, to be confirmed by a person, and blocks no new one;
    anything less closes with a note.
    """
    return FlagStatus.RETURNED if severity is Severity.RED else FlagStatus.CLOSED


def rises(live: Severity, found: Severity) -> bool:
    """Whether a live flag becomes more severe; it never becomes less by being found again."""
    return found.rank > live.rank


# --- severities that depend on facts ---


def injection_late_severity(
    band: Band,
    *,
    dsl: int,
    counts_as_opioid: bool,
    visit_booked_for_dsl: int | None = None,
    bridge_holds: bool = False,
    policy: Policy,
) -> Severity | None:
    """Return the severity of ``injection_late``, None while the injection is not late (S 16).

    Opioid: amber from 29, amber plus from 32, red from 36; alcohol only: amber
    from 29, amber plus from 36, never red. A visit booked on or before DSL 31
    makes ``overdue_1`` info. While an oral bridge is confirmed it stays amber
    (info if a booked visit already made it so). From 57 on it is info: one task to
    close or continue, then the weekly list.
    """
    if not band.is_late:
        return None
    if band is Band.DISCONTINUED:
        return Severity.INFO
    if (
        band is Band.OVERDUE_1
        and visit_booked_for_dsl is not None
        and dsl <= visit_booked_for_dsl <= policy.visit_excuses_until_dsl
    ):
        return Severity.INFO
    if bridge_holds:
        return Severity.AMBER
    if counts_as_opioid:
        if dsl >= policy.late_red_from_dsl:
            return Severity.RED
        return Severity.AMBER_PLUS if dsl >= policy.late_amber_plus_from_dsl else Severity.AMBER
    return Severity.AMBER_PLUS if dsl >= policy.late_amber_plus_from_dsl_alcohol else Severity.AMBER


def bridge_holds(*, last_taken_at: datetime | None, coverage_hours: float, now: datetime, policy: Policy) -> bool:
    """Whether a confirmed oral bridge still covers: until the window of the next tablet is over (S 16, W10).

    At midnight the day's tablet is not due yet; a day counts as uncovered once its
    window closed without one.
    """
    if last_taken_at is None:
        return False
    grace = timedelta(minutes=policy.window_after_minutes)
    return now < last_taken_at + timedelta(hours=coverage_hours) + grace


def reported_use_severity(medicine_class: MedicineClass) -> Severity:
    """Return red for naltrexone, amber plus for everything else (S 1)."""
    return Severity.RED if medicine_class is MedicineClass.ANTAGONIST else Severity.AMBER_PLUS


def reported_drink_severity(goal: Goal) -> Severity | None:
    """Return amber under abstinence; under a reduction goal a drink is no alarm (contract 3)."""
    return Severity.AMBER if goal is Goal.ABSTINENCE else None


def cough_severity(*, hard_to_breathe: bool, fever: bool) -> Severity:
    """Return info for a lone cough, which asks one question, amber plus with breathlessness or fever (S 17)."""
    return Severity.AMBER_PLUS if hard_to_breathe or fever else Severity.INFO


def injection_site_severity(*, wound_scab_or_spreading: bool) -> Severity:
    """Return red for an open wound, a dark scab or something that spreads, else amber plus (C 7)."""
    return Severity.RED if wound_scab_or_spreading else Severity.AMBER_PLUS


def lab_severity(
    *, alt_times: float | None, ast_times: float | None, bilirubin_times: float | None, symptoms: bool, policy: Policy
) -> Severity | None:
    """Return the severity of liver tests given as multiples of the upper limit (S 18), None when in order.

    ALT or AST over 3 is amber plus; over 5, or over 3 with bilirubin over 2, or
    over 3 with symptoms, is red. A value that was not measured is None.
    """
    highest = max((each for each in (alt_times, ast_times) if each is not None), default=0.0)
    if highest > policy.lab_red_times:
        return Severity.RED
    if highest <= policy.lab_amber_plus_times:
        return None
    bilirubin_high = bilirubin_times is not None and bilirubin_times > policy.bilirubin_red_times
    return Severity.RED if bilirubin_high or symptoms else Severity.AMBER_PLUS


def interval_end_craving(*, dsl: int, craving_is_up: bool, policy: Policy) -> bool:
    """Whether craving is up at the end of the interval, DSL 25-28 (C 7)."""
    return craving_is_up and policy.interval_end_from_dsl <= dsl <= policy.due_at_dsl


def reversal_offer_due(
    *, uncovered_since: date | None, last_offer_on: date | None, today: date, counts_as_opioid: bool, policy: Policy
) -> bool:
    """Whether to offer an overdose reversal agent: once per uncovered run, every 30 days at most (S 18)."""
    if not counts_as_opioid or uncovered_since is None:
        return False
    if last_offer_on is None:
        return True
    rested = (today - last_offer_on).days >= policy.reversal_offer_every_days
    return rested and last_offer_on < uncovered_since


# --- when an answer is due ---


@dataclass(frozen=True, slots=True)
class ClinicHours:
    """When a clinic works, in its own zone. ``open_hours`` by weekday, 0 = Monday; a missing day is closed."""

    zone: str
    open_hours: Mapping[int, tuple[time, time]]
    holidays: frozenset[date] = frozenset()

    def of(self, day: date) -> tuple[datetime, datetime] | None:
        """Return the instants at which the clinic opens and closes on ``day``; None when it is closed."""
        if day in self.holidays or day.weekday() not in self.open_hours:
            return None
        opens, closes = self.open_hours[day.weekday()]
        return wall_time.to_utc(day, opens, self.zone), wall_time.to_utc(day, closes, self.zone)

    def next_working_day(self, after: date) -> date | None:
        """Return the first working day after ``after``; None if a year has none."""
        for offset in range(1, 367):
            day = after + timedelta(days=offset)
            if self.of(day) is not None:
                return day
        return None

    def next_working_morning(self, now: datetime) -> datetime | None:
        """Return the next opening after ``now``; None if a year has none."""
        today = wall_time.local_date(now, self.zone)
        hours = self.of(today)
        if hours is not None and now < hours[0]:
            return hours[0]
        day = self.next_working_day(today)
        following = None if day is None else self.of(day)
        return None if following is None else following[0]

    def is_open(self, now: datetime) -> bool:
        """Whether the clinic works at ``now``."""
        hours = self.of(wall_time.local_date(now, self.zone))
        return hours is not None and hours[0] <= now < hours[1]


_FIXED = {
    Response.NOW: timedelta(0),
    Response.MINUTES_15: timedelta(minutes=15),
    Response.MINUTES_30: timedelta(minutes=30),
    Response.HOURS_2: timedelta(hours=2),
    Response.HOURS_4: timedelta(hours=4),
    Response.HOURS_72: timedelta(hours=72),
}


def respond_by(
    response: Response, *, raised_at: datetime, acute: bool, clinic: ClinicHours, policy: Policy
) -> datetime:
    """Return when somebody must have acted on a flag raised at ``raised_at``.

    Minutes and hours run at once for what a person reported (acute); for what a
    calendar found they begin when the clinic opens (S 15). "Same day" ends with
    the clinic day; raised after it, four hours into the next one. Business days end
    with that day's closing. A clinic without a working day in a year gets the plain hours.
    """
    if response in _FIXED:
        begins = raised_at
        if not acute and not clinic.is_open(raised_at):
            begins = clinic.next_working_morning(raised_at) or raised_at
        return begins + _FIXED[response]
    if response is Response.WEEKLY:
        return raised_at + timedelta(days=7)
    today = wall_time.local_date(raised_at, clinic.zone)
    if response is Response.SAME_DAY:
        hours = clinic.of(today)
        if hours is not None and raised_at < hours[1]:
            return hours[1]
        opens = clinic.next_working_morning(raised_at)
        after = timedelta(hours=policy.same_day_after_opening_hours)
        return (opens or raised_at) + after
    day: date | None = today
    for _ in range(1 if response is Response.ONE_BUSINESS_DAY else 2):
        day = clinic.next_working_day(day) if day is not None else None
    hours = None if day is None else clinic.of(day)
    return raised_at + timedelta(days=1) if hours is None else hours[1]


# --- overrides ---


class ConcernError(ValueError):
    """A row that cannot be; ``column`` names what is wrong with it."""

    def __init__(self, message: str, *, column: str) -> None:
        super().__init__(message)
        self.column = column


# What S and the contract say of a kind is not for a program to lower. Every kind that is red stays red.
_NOT_BELOW = {
    FlagKind.SUICIDE_THOUGHTS: Severity.AMBER_PLUS,  # S 12
    FlagKind.NEW_OPIOID_MEDICINE: Severity.AMBER_PLUS,  # S 3: within two hours
    FlagKind.DOSE_AFTER_GAP: Severity.AMBER_PLUS,  # S 6
    FlagKind.GIVEN_WITH_OPEN_GATE: Severity.AMBER_PLUS,  # S 9: the prescriber is told
    FlagKind.DISULFIRAM_DRINK: Severity.AMBER_PLUS,  # S 11
    FlagKind.LAB_ABNORMAL: Severity.AMBER_PLUS,  # S 18
    FlagKind.RAN_OUT: Severity.AMBER_PLUS,  # S 19
    FlagKind.SILENCE: Severity.AMBER,  # S 14: the run that makes a call is not the one for the weekly list
    FlagKind.INJECTION_LATE: Severity.AMBER,  # S 16
    FlagKind.CRAVING_HIGH: Severity.AMBER,  # S 17
}
# Whom S names is not for a program to replace: S 1, 3, 9, 10, 11, 18.
_PRESCRIBERS = frozenset({Role.PRESCRIBER, Role.MEDICAL_DIRECTOR})
_FOR_PRESCRIBERS = frozenset(
    {
        FlagKind.REPORTED_USE,
        FlagKind.NEW_OPIOID_MEDICINE,
        FlagKind.GIVEN_WITH_OPEN_GATE,
        FlagKind.POSITIVE_SCREEN,
        FlagKind.DISULFIRAM_DRINK,
        FlagKind.LAB_ABNORMAL,
    }
)
# Time and silence alone make no red where alcohol alone is treated (S 2, contract 3).
_TIME_AND_SILENCE = frozenset({FlagKind.INJECTION_LATE, FlagKind.SILENCE, FlagKind.LAB_OVERDUE, FlagKind.CONTACT_LOST})


def never_below(kind: FlagKind) -> Severity:
    """Return the severity under which no program may put this kind (S, contract 3)."""
    shipped = FLAG_RULES[kind].severity
    return shipped if shipped is Severity.RED else _NOT_BELOW.get(kind, Severity.INFO)


def severity_in(
    rules: Mapping[FlagKind, FlagRule], kind: FlagKind, found: Severity, *, counts_as_opioid: bool
) -> Severity:
    """Return how severe ``found`` is by a program's own table.

    The program's severity stands in the place of the shipped one. Where a rule found it worse than that (a red
    laboratory value, a late injection that goes on) it stays at least as severe as found; where a rule found it
    milder (a lone cough, a booked visit) it stays as mild. Asking again changes nothing.
    """
    own = rules[kind].for_patient(counts_as_opioid=counts_as_opioid)
    shipped = FLAG_RULES[kind].for_patient(counts_as_opioid=counts_as_opioid)
    if found is shipped:
        return own
    pick = max if found.rank > shipped.rank else min
    return pick(found, own, key=lambda severity: severity.rank)


FLAG_KEY = "flag:"
"""How a row of this table is named among the numbers that a program signed."""

_FROM_SOONEST = (
    Response.NOW,
    Response.MINUTES_15,
    Response.MINUTES_30,
    Response.HOURS_2,
    Response.HOURS_4,
    Response.SAME_DAY,
    Response.ONE_BUSINESS_DAY,
    Response.TWO_BUSINESS_DAYS,
    Response.HOURS_72,
    Response.WEEKLY,
)


def flag_kind_of(key: str) -> FlagKind | None:
    """Return the kind that a signed row is about; None for a number, and for a kind that is no more."""
    name = key.removeprefix(FLAG_KEY)
    return FlagKind(name) if key.startswith(FLAG_KEY) and name in set(FlagKind) else None


_READERS: dict[str, Any] = {"severity": Severity, "alcohol_only": Severity, "owner": Role, "response": Response}


def signed_columns(rule: FlagRule, changes: Mapping[str, str | None] | None = None) -> dict[str, str | None]:
    """Return what a signature of this row says, as plain JSON: as it stands, or with ``changes`` to its columns.

    ``alcohol_only`` None: the same severity as elsewhere. Raises ``ConcernError`` naming the column for an unknown
    column or value, for a severity below what S and the contract say (``never_below``), for a red from time or
    silence where alcohol alone is treated, for an owner other than whom S names, and for an emergency that would
    be anybody's but the on-call's or be answered later than shipped.
    """
    changed = rule if not changes else _changed(rule, changes)
    return {
        "severity": changed.severity.value,
        "alcohol_only": None if changed.alcohol_only is None else changed.alcohol_only.value,
        "owner": changed.owner.value,
        "response": changed.response.value,
    }


def with_signed_rows(rows: Mapping[FlagKind, tuple[Mapping[str, str | None], str]]) -> dict[FlagKind, FlagRule]:
    """Return the table as a program signed it: ``{kind: (signed_columns, who)}``.

    What was signed counts, also when the shipped row says something else since. Only a row that would not be
    allowed any more is passed over and has lost its signature. Raises ``KeyError`` for a row without a column.
    """
    rules = dict(FLAG_RULES)
    for kind, (columns, who) in rows.items():
        wanted = {column: columns[column] for column in _READERS}
        try:
            rules[kind] = replace(_changed(rules[kind], wanted), signed_by=who)
        except ConcernError:
            continue
    return rules


def _changed(rule: FlagRule, changes: Mapping[str, str | None]) -> FlagRule:
    read: dict[str, Any] = {}
    for column, value in changes.items():
        if column not in _READERS:
            raise ConcernError("There is no such column.", column=column)
        if value is None and column == "alcohol_only":
            read[column] = None
            continue
        try:
            read[column] = _READERS[column](value)
        except ValueError:
            raise ConcernError("There is no such choice.", column=column) from None
    changed = replace(rule, **read)
    _check(changed)
    return changed


def _check(rule: FlagRule) -> None:
    floor = never_below(rule.kind)
    for column in ("severity", "alcohol_only"):
        severity: Severity | None = getattr(rule, column)
        if severity is not None and severity.rank < floor.rank:
            said = "stays red" if floor is Severity.RED else f"is never below {floor.value.replace('_', ' ')}"
            raise ConcernError(f"For safety this concern {said}.", column=column)
    if rule.kind in _TIME_AND_SILENCE and rule.for_patient(counts_as_opioid=False) is Severity.RED:
        raise ConcernError(
            "Time and silence make no red where alcohol alone is treated. Choose what it is there.",
            column="alcohol_only",
        )
    if rule.kind in _FOR_PRESCRIBERS and rule.owner not in _PRESCRIBERS:
        raise ConcernError("For safety this concern is a prescriber's.", column="owner")
    if rule.emergency and rule.owner is not Role.ON_CALL:
        raise ConcernError("An emergency belongs to whoever is on call.", column="owner")
    latest = FLAG_RULES[rule.kind].response
    if rule.emergency and _FROM_SOONEST.index(rule.response) > _FROM_SOONEST.index(latest):
        raise ConcernError("An emergency is not answered later.", column="response")
