"""What stops dose prompts, for whom, and what alarms while they are stopped (S 1-11).

Every gate names indication and medicine class. Opioid gates exist for
antagonists only: stopping buprenorphine because of use removes its protection.
Silence never opens one. A gate stops prompts and warns; it never refuses a
record of what was given, and only a clinician closes it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from backend.rules import wall_time
from recovery.rules.flags import FLAG_RULES, ClinicHours, respond_by
from recovery.rules.medicines import Medicine, class_of
from recovery.rules.policy import Policy
from recovery.rules.states import (
    DoseState,
    FlagKind,
    Indication,
    MedicineClass,
    OpioidHistory,
    Response,
    Role,
    Severity,
    counts_as_opioid,
)


class GateEvent(StrEnum):
    """A fact that may stop dose prompts."""

    OPIOID_TAKEN = "opioid_taken"
    OPIOID_PRESCRIBED = "opioid_prescribed"
    OPIOID_GIVEN_AWAY = "opioid_given_away"
    POSITIVE_SCREEN = "positive_screen"
    FAILED_CHALLENGE = "failed_challenge"
    WITHDRAWAL_SYMPTOMS = "withdrawal_symptoms"
    LIVER_SYMPTOMS = "liver_symptoms"
    ALLERGIC_REACTION = "allergic_reaction"
    CLINICIAN_ORDER = "clinician_order"
    STATED_GAP = "stated_gap"
    OPIOID_ANALGESIA_BEGINS = "opioid_analgesia_begins"
    """The date that the prescriber entered for the hold before a procedure has come."""
    DRINK_ON_DISULFIRAM = "drink_on_disulfiram"
    # Facts that never stop a prompt, so that callers may ask about everything they hear.
    PREGNANCY = "pregnancy"
    BREASTFEEDING = "breastfeeding"
    PROCEDURE_PLANNED = "procedure_planned"
    SILENCE = "silence"
    AWAY = "away"
    DRINK = "drink"
    LATE_BAND = "late_band"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecision:
    """What follows from an event: whether prompts stop, from when, and who is told."""

    stops_prompts: bool
    from_next_window: bool = False
    flag: FlagKind | None = None
    severity: Severity | None = None
    owner: Role | None = None
    response: Response | None = None
    why: str = ""


_NO_GATE = GateDecision(stops_prompts=False, why="no_gate")

# (flag, severity, response) for everybody on naltrexone; the hold belongs to the prescriber.
_ANTAGONIST: dict[GateEvent, tuple[FlagKind, Severity, Response]] = {
    GateEvent.OPIOID_TAKEN: (FlagKind.REPORTED_USE, Severity.RED, Response.HOURS_2),
    GateEvent.OPIOID_GIVEN_AWAY: (FlagKind.REPORTED_USE, Severity.RED, Response.HOURS_2),
    GateEvent.OPIOID_PRESCRIBED: (FlagKind.NEW_OPIOID_MEDICINE, Severity.AMBER_PLUS, Response.HOURS_2),
    GateEvent.OPIOID_ANALGESIA_BEGINS: (
        FlagKind.PROCEDURE_PLANNED,
        Severity.AMBER_PLUS,
        Response.ONE_BUSINESS_DAY,
    ),
    GateEvent.POSITIVE_SCREEN: (FlagKind.POSITIVE_SCREEN, Severity.RED, Response.SAME_DAY),
    GateEvent.FAILED_CHALLENGE: (FlagKind.FAILED_CHALLENGE, Severity.RED, Response.HOURS_2),
    GateEvent.WITHDRAWAL_SYMPTOMS: (FlagKind.WITHDRAWAL_AFTER_DOSE, Severity.RED, Response.MINUTES_30),
    GateEvent.LIVER_SYMPTOMS: (FlagKind.LIVER_SYMPTOMS, Severity.RED, Response.HOURS_4),
    GateEvent.ALLERGIC_REACTION: (FlagKind.ALLERGIC_REACTION, Severity.RED, Response.NOW),
}
# On other medicines the same facts are told and stop nothing.
_WITHOUT_GATE: dict[GateEvent, tuple[FlagKind, Severity, Response]] = {
    GateEvent.OPIOID_TAKEN: (FlagKind.REPORTED_USE, Severity.AMBER_PLUS, Response.SAME_DAY),
    GateEvent.OPIOID_GIVEN_AWAY: (FlagKind.REPORTED_USE, Severity.AMBER_PLUS, Response.SAME_DAY),
    GateEvent.OPIOID_PRESCRIBED: (FlagKind.NEW_OPIOID_MEDICINE, Severity.AMBER_PLUS, Response.SAME_DAY),
    GateEvent.POSITIVE_SCREEN: (FlagKind.POSITIVE_SCREEN, Severity.AMBER_PLUS, Response.SAME_DAY),
    GateEvent.WITHDRAWAL_SYMPTOMS: (FlagKind.WITHDRAWAL_AFTER_DOSE, Severity.RED, Response.MINUTES_30),
    GateEvent.LIVER_SYMPTOMS: (FlagKind.LIVER_SYMPTOMS, Severity.RED, Response.HOURS_4),
    GateEvent.ALLERGIC_REACTION: (FlagKind.ALLERGIC_REACTION, Severity.RED, Response.NOW),
}


def decide_gate(
    event: GateEvent,
    *,
    medicine: Medicine,
    indication: Indication,
    opioid_history: OpioidHistory,
    policy: Policy,
) -> GateDecision:
    """Return what ``event`` does to the prompts of ``medicine`` and whom it calls (S 1-6, 10, 11).

    A stated, prescribed or tested opioid stops naltrexone for everybody, alcohol
    indication included (S 2). A stated gap stops it only where opioids count. An
    agonist is stopped by a clinician's order alone. Pregnancy, a planned
    procedure, being away and late bands stop nothing; silence neither, unless the
    medical director switched ``hold_on_silence`` on.
    """
    if event is GateEvent.CLINICIAN_ORDER:
        return GateDecision(stops_prompts=True, owner=Role.PRESCRIBER, why=event.value)
    if event is GateEvent.DRINK_ON_DISULFIRAM:
        return _drink_on_disulfiram(medicine)
    antagonist = class_of(medicine) is MedicineClass.ANTAGONIST
    opioid_rules = antagonist and counts_as_opioid(indication, opioid_history)
    if event is GateEvent.STATED_GAP:
        if not opioid_rules:
            return _NO_GATE
        return GateDecision(
            stops_prompts=True,
            from_next_window=True,
            flag=FlagKind.STATED_GAP,
            severity=Severity.AMBER_PLUS,
            owner=Role.PRESCRIBER,
            response=Response.SAME_DAY,
            why=event.value,
        )
    if event is GateEvent.SILENCE:
        stops = opioid_rules and policy.hold_on_silence
        return GateDecision(stops_prompts=stops, from_next_window=stops, why=event.value)
    table = _ANTAGONIST if antagonist else _WITHOUT_GATE
    if event not in table:
        return _NO_GATE
    flag, severity, response = table[event]
    return GateDecision(
        stops_prompts=antagonist,
        flag=flag,
        severity=severity,
        owner=Role.PRESCRIBER,
        response=response,
        why=event.value,
    )


ENTERED_IN_ERROR = "entered_in_error"
"""Stands in the evidence of a hold whose record was voided by somebody who may not lift it."""


def concern_of(event: GateEvent) -> FlagKind | None:
    """Return the concern that this event raises, None for one that raises none by itself."""
    return _ANTAGONIST[event][0] if event in _ANTAGONIST else None


def is_acute(event: GateEvent) -> bool:
    """Whether a hold of this cause is told at once, at any hour: a person reported something red (S 15)."""
    if event not in _ANTAGONIST:
        return False
    flag, severity, _ = _ANTAGONIST[event]
    return severity is Severity.RED and FLAG_RULES[flag].acute


def _drink_on_disulfiram(medicine: Medicine) -> GateDecision:
    if medicine is not Medicine.DISULFIRAM:
        return _NO_GATE
    return GateDecision(
        stops_prompts=True,
        flag=FlagKind.DISULFIRAM_DRINK,
        severity=Severity.AMBER_PLUS,
        owner=Role.PRESCRIBER,
        response=Response.SAME_DAY,
        why=GateEvent.DRINK_ON_DISULFIRAM.value,
    )


EVERY_ANTAGONIST = MedicineClass.ANTAGONIST.value
"""What a hold stops when it is about naltrexone: every form of it, also one that is begun meanwhile."""

ANTAGONISTS = tuple(medicine for medicine in Medicine if class_of(medicine) is MedicineClass.ANTAGONIST)


def what_it_stops(medicine: Medicine) -> str:
    """Return the value of ``Hold.stops`` for a hold that was decided for ``medicine``."""
    return EVERY_ANTAGONIST if class_of(medicine) is MedicineClass.ANTAGONIST else medicine.value


def is_stopped(medicine: Medicine, stops: str) -> bool:
    """Whether a hold with this ``stops`` is about ``medicine``."""
    return stops in (medicine.value, what_it_stops(medicine))


# --- the stated gap (S 6) ---


@dataclass(frozen=True, slots=True)
class GapDose:
    """A dose as the gap rule sees it. ``away``: in hospital, custody or residential care."""

    due_at: datetime
    dosing_day: date
    state: DoseState
    coverage_hours: float
    away: bool = False


@dataclass(frozen=True, slots=True)
class StatedGap:
    """Coverage days of consecutive doses stated missed or skipped, and what follows.

    ``opens_gate``: the run that is still going on reached the limit.
    ``call_today``: a run that reached it was stated only after a later dose had
    been taken; no gate, amber plus the same day.
    """

    days: float
    first_day: date | None
    last_day: date | None
    opens_gate: bool
    call_today: bool
    closed_days: float = 0.0
    closed_first_day: date | None = None
    closed_last_day: date | None = None


_STATED = frozenset({DoseState.MISSED, DoseState.SKIPPED})


def stated_gap(doses: Iterable[GapDose], *, stated_now: Collection[date] | None = None, policy: Policy) -> StatedGap:
    """Return the stated gap after a whole batch of reports has been read (S 6, W2-W4).

    ``doses`` of one treatment in any order. A not-reported day adds nothing and
    does not break the run; a taken dose ends it; held, cancelled and away doses
    never count. Days are coverage days: a missed Friday of Monday-Wednesday-Friday
    costs three. ``stated_now`` are the dosing days that the batch spoke of: a run
    that a taken dose ended calls only when the batch touched it, so that it does
    not call again with every later report. None means every run is new.
    """
    limit = policy.stated_gap_days
    run: list[GapDose] = []
    ended: list[GapDose] = []
    for dose in sorted(doses, key=lambda dose: dose.due_at):
        if dose.away:
            continue
        if dose.state is DoseState.TAKEN:
            if _days(run) >= limit and _touched(run, stated_now):
                ended = run
            run = []
        elif dose.state in _STATED:
            run.append(dose)
    days = _days(run)
    opens = days >= limit
    return StatedGap(
        days=days,
        first_day=run[0].dosing_day if run else None,
        last_day=run[-1].dosing_day if run else None,
        opens_gate=opens,
        call_today=bool(ended) and not opens,
        closed_days=_days(ended),
        closed_first_day=ended[0].dosing_day if ended else None,
        closed_last_day=ended[-1].dosing_day if ended else None,
    )


def _days(run: Sequence[GapDose]) -> float:
    return sum(dose.coverage_hours for dose in run) / 24


def _touched(run: Sequence[GapDose], stated_now: Collection[date] | None) -> bool:
    return stated_now is None or any(dose.dosing_day in stated_now for dose in run)


# --- prompts under a hold (S 4, 6, 7) ---


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that no clinician has lifted yet."""

    opened_at: datetime
    from_next_window: bool = False


class PromptStop(StrEnum):
    """Why a dose prompt does not go."""

    HOLD = "hold"
    AWAY = "away"


def prompt_stop(*, opens_at: datetime, holds: Iterable[OpenHold], away: bool) -> PromptStop | None:
    """Return why the prompt of a slot whose window opens at ``opens_at`` must not go, None if it goes.

    A hold by a stated gap begins with the next window; every other one at once,
    in a window that is already open too. Nothing else stops a prompt.
    """
    if away:
        return PromptStop.AWAY
    for hold in holds:
        if not hold.from_next_window or opens_at >= hold.opened_at:
            return PromptStop.HOLD
    return None


# --- day 2 of a tablet start (S 8) ---


class SymptomAnswer(StrEnum):
    """The answer to the symptom question after the first tablet."""

    NONE = "none"
    WITHDRAWAL = "withdrawal"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class SecondDay:
    """What happens at dose time on day 2."""

    prompt_goes: bool
    call_task: bool
    ask_symptoms_first: bool


def second_day(
    *, indication: Indication, opioid_history: OpioidHistory, symptoms: SymptomAnswer, opioid_stated: bool
) -> SecondDay:
    """Return what day 2 of a tablet start does (S 8).

    Where opioids count the symptom question comes first; the 50 mg step opens by
    itself unless a withdrawal-type symptom or an opioid was stated. Unanswered,
    the prompt goes at dose time and somebody calls the same morning. Alcohol alone
    asks nothing; a stated opioid or symptom stops it as everywhere.
    """
    asks = counts_as_opioid(indication, opioid_history)
    if opioid_stated or symptoms is SymptomAnswer.WITHDRAWAL:
        return SecondDay(prompt_goes=False, call_task=True, ask_symptoms_first=asks)
    unanswered = asks and symptoms is SymptomAnswer.UNANSWERED
    return SecondDay(prompt_goes=True, call_task=unanswered, ask_symptoms_first=asks)


# --- the alarm clock of a hold (S 5) ---


@dataclass(frozen=True, slots=True)
class HoldAlarm:
    """One page about a hold that is still open."""

    at: datetime
    to: Role


def hold_alarms(
    *, opened_at: datetime, next_working_morning: datetime, until: datetime, policy: Policy
) -> list[HoldAlarm]:
    """Return every page of a hold that stays open, up to and including ``until``, in order.

    Its owner after 2 h, on the next working morning and every 24 h from the
    opening; the medical director once at 72 h. It never ends by itself. Instants
    that fall together give one page to each role.
    """
    every = timedelta(hours=policy.hold_repeat_hours)
    owner = {opened_at + timedelta(minutes=policy.hold_first_alarm_minutes), next_working_morning}
    again = opened_at + every
    while again <= until:
        owner.add(again)
        again += every
    alarms = [HoldAlarm(at, Role.PRESCRIBER) for at in owner if at <= until]
    director = opened_at + timedelta(hours=policy.hold_director_hours)
    if director <= until:
        alarms.append(HoldAlarm(director, Role.MEDICAL_DIRECTOR))
    return sorted(alarms, key=lambda alarm: (alarm.at, alarm.to.value))


def next_hold_alarm(
    *, opened_at: datetime, after: datetime, next_working_morning: datetime, policy: Policy
) -> datetime:
    """Return when an open hold pages next, strictly later than ``after``. There is always a next one."""
    until = max(after, opened_at) + timedelta(hours=policy.hold_repeat_hours)
    alarms = hold_alarms(opened_at=opened_at, next_working_morning=next_working_morning, until=until, policy=policy)
    return next(alarm.at for alarm in alarms if alarm.at > after)


def promised_call(
    response: Response, *, now: datetime, clinic: ClinicHours, night_on_call: bool, policy: Policy
) -> datetime:
    """Return by when the person can honestly be told that somebody calls (S 5, contract 3).

    Only time in which somebody is there counts: without a staffed line at night, what is left of the response
    time when the clinic closes goes on when it opens next. A program with nights on call, and one that never
    names its hours, gets the plain response time.
    """
    by = respond_by(response, raised_at=now, acute=True, clinic=clinic, policy=policy)
    if night_on_call or response not in _WITHIN_HOURS:
        return by
    at: datetime | None = now if clinic.is_open(now) else clinic.next_working_morning(now)
    left = by - now
    while at is not None:
        hours = clinic.of(wall_time.local_date(at, clinic.zone))
        if hours is None or at + left <= hours[1]:
            return at + left
        left -= hours[1] - at
        at = clinic.next_working_morning(hours[1])
    return by


# Longer ones end with a clinic day or run for days, as the table has them.
_WITHIN_HOURS = frozenset({Response.NOW, Response.MINUTES_15, Response.MINUTES_30, Response.HOURS_2, Response.HOURS_4})


def hold_acknowledged(*, staff_recorded_understood: bool) -> bool:
    """Whether the call task of a hold may end (S 5).

    Only staff who record that the patient understood acknowledge a hold; an
    opened text, a delivered message or a tap does not.
    """
    return staff_recorded_understood


# --- new medicines (S 3) ---


class MedicineKind(StrEnum):
    """What a newly reported medicine means for somebody on naltrexone."""

    OPIOID = "opioid"
    INTERACTION = "interaction"
    HARMLESS = "harmless"
    UNKNOWN = "unknown"


# Data that a pharmacist signs (S 3): one word each, lower case, without accents; English and Spanish
# names, then brands.
OPIOID_MEDICINES = frozenset(
    {
        "alfentanil",
        "buprenorphine",
        "butorphanol",
        "codeine",
        "dihydrocodeine",
        "diphenoxylate",
        "fentanyl",
        "heroin",
        "hydrocodone",
        "hydromorphone",
        "kratom",
        "levorphanol",
        "meperidine",
        "methadone",
        "morphine",
        "nalbuphine",
        "opium",
        "oxycodone",
        "oxymorphone",
        "pentazocine",
        "sufentanil",
        "tapentadol",
        "tianeptine",
        "tramadol",
        "buprenorfina",
        "codeina",
        "difenoxilato",
        "fentanilo",
        "heroina",
        "hidrocodona",
        "hidromorfona",
        "meperidina",
        "metadona",
        "morfina",
        "oxicodona",
        "oximorfona",
        "tianeptina",
        "demerol",
        "dilaudid",
        "lomotil",
        "lortab",
        "norco",
        "nucynta",
        "opana",
        "oxycontin",
        "percocet",
        "sublocade",
        "suboxone",
        "subutex",
        "ultracet",
        "ultram",
        "vicodin",
        "zubsolv",
    }
)
INTERACTING_MEDICINES = frozenset({"antabuse", "disulfiram", "thioridazine", "tioridazina"})
NOT_OPIOID_MEDICINES = frozenset(
    {"loperamida", "loperamide", "methylnaltrexone", "metilnaltrexona", "naloxona", "naloxone"}
)


def kind_of_medicine(name: str) -> MedicineKind:
    """Return what ``name`` means for somebody on naltrexone; UNKNOWN is for a person to read.

    Any word of the name counts ("codeine 30 mg"), so a mixture with an opioid is
    one; naloxone together with an opioid is still an opioid.
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    words = set(text.split())
    if words & OPIOID_MEDICINES:
        return MedicineKind.OPIOID
    if words & INTERACTING_MEDICINES:
        return MedicineKind.INTERACTION
    return MedicineKind.HARMLESS if words & NOT_OPIOID_MEDICINES else MedicineKind.UNKNOWN


# --- urine screens (S 10) ---


class Analyte(StrEnum):
    """A substance or group that a urine test looks for."""

    OPIATES = "opiates"
    OXYCODONE = "oxycodone"
    FENTANYL = "fentanyl"
    METHADONE = "methadone"
    BUPRENORPHINE = "buprenorphine"
    TRAMADOL = "tramadol"


@dataclass(frozen=True, slots=True)
class ScreenReading:
    """What a urine screen means. ``still_open``: suspected, and not what this panel tests."""

    hold: bool
    confirm_task: bool
    closes: frozenset[Analyte]
    still_open: frozenset[Analyte]


def read_screen(
    *,
    tested: Collection[Analyte],
    positive: Collection[Analyte],
    confirmed: bool,
    suspected: Collection[Analyte] = frozenset(Analyte),
    medicine: Medicine,
) -> ScreenReading:
    """Return what a screen opens and closes (S 10).

    A positive, presumptive or confirmed, holds naltrexone until a clinician has
    read it; a presumptive one asks for confirmation, since naltrexone itself can
    turn an immunoassay positive. A negative closes only what was tested: an
    opiates panel says nothing of fentanyl, methadone, buprenorphine or tramadol.

    Raises ``ValueError`` for a positive that was not tested.
    """
    if not set(positive) <= set(tested):
        raise ValueError("A positive result must be among the tested.")
    closes = frozenset(tested) - frozenset(positive)
    return ScreenReading(
        hold=bool(positive) and class_of(medicine) is MedicineClass.ANTAGONIST,
        confirm_task=bool(positive) and not confirmed,
        closes=closes,
        still_open=frozenset(suspected) - closes,
    )


# --- surgery and pain (C 3.3) ---


def hold_before_procedure(*, medicine: Medicine, procedure_at: datetime, policy: Policy) -> datetime | None:
    """Return when naltrexone would have to stop before planned opioid analgesia, to show to the prescriber.

    72 h for tablets, 30 days for the injection (ASAM). Information only: the hold
    starts on the date that the prescriber enters (S 4). None for other medicines.
    """
    if medicine is Medicine.NALTREXONE_TABLET:
        return procedure_at - timedelta(hours=policy.opioid_hold_oral_hours)
    if medicine is Medicine.NALTREXONE_INJECTION:
        return procedure_at - timedelta(days=policy.opioid_hold_injection_days)
    return None
