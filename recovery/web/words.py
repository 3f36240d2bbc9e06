"""How staff pages say things: times, severities, bands, outcomes. English.

Times of a patient's day are in the patient's zone; times of work are in the clinic's.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from recovery.rules.states import Band, DoseState, FlagStatus, Role, Severity
from recovery.rules.words import Language, counted, short_date

HOW_SOON: Mapping[Severity, str] = {
    Severity.RED: "Now",
    Severity.AMBER_PLUS: "Today",
    Severity.AMBER: "Next working day",
    Severity.INFO: "Weekly",
}
"""A severity in words: how soon somebody must look (contract 5)."""

ROLE: Mapping[Role, str] = {
    Role.COORDINATOR: "coordinator",
    Role.NURSE: "nurse",
    Role.PRESCRIBER: "prescriber",
    Role.ON_CALL: "person on call",
    Role.MEDICAL_DIRECTOR: "medical director",
}
"""After "for the"."""

STATUS: Mapping[FlagStatus, str] = {
    FlagStatus.OPEN: "Nobody has taken this on yet",
    FlagStatus.OWNED: "Taken on",
    FlagStatus.SNOOZED: "Asleep",
    FlagStatus.RETURNED: "Its reason has ended. Please confirm.",
    FlagStatus.CLOSED: "Closed",
}

DOSE: Mapping[DoseState, str] = {
    DoseState.SCHEDULED: "planned",
    DoseState.DUE: "due now",
    DoseState.OVERDUE: "window over, no report yet",
    DoseState.TAKEN: "taken",
    DoseState.SKIPPED: "said not taken",
    DoseState.MISSED: "said not taken, afterwards",
    DoseState.HELD: "on hold",
    DoseState.NOT_REPORTED: "not reported",
    DoseState.CANCELLED: "cancelled",
}

SOURCE: Mapping[str, str] = {
    "app": "patient, in the app",
    "sms": "patient, by text",
    "supporter": "support person",
    "staff": "staff",
    "observed": "seen by staff",
    "pharmacy": "pharmacy",
    "import": "import",
}

BAND: Mapping[Band, str] = {
    Band.COVERED: "Covered",
    Band.DUE_SOON: "Covered, next one due soon",
    Band.DUE: "Due today",
    Band.OVERDUE_1: "Past its date",
    Band.OVERDUE_4: "Past its date, four days or more",
    Band.OVERDUE_8: "Past its date, eight days or more",
    Band.LAPSED: "Lapsed",
    Band.DISCONTINUED: "Eight weeks or more without one",
}

WARNING: Mapping[str, str] = {
    "early": "It is earlier than planned after the last one.",
    "same_side": "It is on the same side as the last one.",
    "expired_lot": "The lot had expired on that day.",
    "open_gate": "Prompts were on hold when it was given. The prescriber is told.",
    "given_with_open_gate": "Prompts were on hold when it was given. The prescriber is told.",
}

CHANNEL = {"call": "Call", "text": "Text", "visit": "Visit", "letter": "Letter", "supporter": "Support person"}

REACHED = {
    "reached": "reached",
    "no_answer": "no answer",
    "left_message": "left a message",
    "wrong_number": "wrong number",
    "declined": "did not want to talk",
}

OUTCOME = {
    "reached": "Talked, nothing more needed",
    "plan_made": "Talked, next step agreed",
    "visit_booked": "Visit booked",
    "dose_taken": "It was taken after all",
    "referred": "Passed on to other care",
    "not_reached": "Could not be reached",
    "declined": "Did not want to talk",
    "not_a_concern": "Looked into, no concern",
}
"""How a person closes a flag (``services.flags.FlagOutcome``)."""

ENDED = OUTCOME | {"returned": "Confirmed: its reason ended", "reason_ended": "Its reason ended by itself"}

SNOOZE = {
    "call_agreed": "A call is agreed for then",
    "visit_agreed": "A visit is agreed for then",
    "waiting_for_record": "Waiting for a record from elsewhere",
    "waiting_for_prescriber": "Waiting for the prescriber",
    "away": "Away, not reachable until then",
}

INDICATION = {"opioid": "Opioid use", "alcohol": "Alcohol use", "both": "Opioid and alcohol use"}
VISIT_KIND = {"injection": "Injection", "clinic": "Clinic", "therapy": "Therapy", "lab": "Laboratory"}
VISIT_STATUS = {
    "planned": "no time agreed yet",
    "booked": "booked",
    "kept": "kept",
    "not_kept": "did not take place",
    "not_given": "nothing could be given",
    "cancelled": "cancelled",
}
LANGUAGE = {"en": "English", "es": "Spanish"}
PATIENT_STATUS = {"active": "In treatment", "aftercare": "Aftercare", "exited": "Left", "deceased": "Deceased"}
ORIGIN = {"internal": "from within", "external": "from outside"}
TRIGGER_KIND = {"environmental": "place, people or things", "emotional": "feeling", "physical": "body"}

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def plain(code: str) -> str:
    """A stored code as words, for one that no table knows."""
    return code.replace("_", " ").strip().capitalize()


def said(table: Mapping[str, str], code: str) -> str:
    """The words for a code; the code itself, readable, where the table lacks it."""
    return table.get(code) or plain(code)


def clock_time(instant: datetime, zone: str) -> str:
    """Return "8:05 AM" in that zone."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"


def day_name(day: date, *, today: date) -> str:
    """Return "today", "yesterday", "tomorrow", "Tue 3 Mar", or with its year when that is another one."""
    near = {0: "today", -1: "yesterday", 1: "tomorrow"}.get((day - today).days)
    if near:
        return near
    text = f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
    return text if day.year == today.year else f"{text} {day.year}"


def week_label(monday: date) -> str:
    """Return "2 Mar"."""
    return f"{monday.day} {_MONTHS[monday.month - 1]}"


def when(instant: datetime, *, now: datetime, zone: str) -> str:
    """Return "today 8:05 AM" or "Tue 3 Mar 8:05 AM" in that zone."""
    info = ZoneInfo(zone)
    day = day_name(instant.astimezone(info).date(), today=now.astimezone(info).date())
    return f"{day} {clock_time(instant, zone)}"


def age(since: datetime, *, now: datetime) -> str:
    """Return how long ago, in the largest unit that says enough: "just now", "2 hours", "3 days"."""
    passed = now - since
    if passed < timedelta(minutes=60):
        minutes = max(0, int(passed.total_seconds() // 60))
        return "just now" if minutes < 2 else f"{minutes} minutes"
    if passed < timedelta(hours=48):
        return counted(int(passed.total_seconds() // 3600), "hour", "hours")
    return counted(passed.days, "day", "days")


def date_words(day: date, *, today: date) -> str:
    """Return "3 March", with the year when that is another one."""
    text = short_date(day, Language.ENGLISH)
    return text if day.year == today.year else f"{text} {day.year}"


def phone_shown(e164: str) -> str:
    """Group a North American number for reading; others stay as they are."""
    if e164.startswith("+1") and len(e164) == 12 and e164[1:].isdigit():
        return f"({e164[2:5]}) {e164[5:8]}-{e164[8:]}"
    return e164
