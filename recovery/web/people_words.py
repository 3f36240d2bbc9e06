"""How the page of the people around a patient says things. English."""

from datetime import time

from recovery.rules.reach import Interpreter
from recovery.rules.rewards import EntryKind, Phase, Reason
from recovery.rules.supporters import AgreedHow, AllowedBy, EndedBy, MinorBasis, Relation, SupporterState, Tier, Topic
from recovery.selectors.around import ReachView

RELATION = {
    Relation.PARTNER: "Partner",
    Relation.PARENT: "Parent",
    Relation.SIBLING: "Sister or brother",
    Relation.CHILD: "Daughter or son",
    Relation.RELATIVE: "Other relative",
    Relation.FRIEND: "Friend",
    Relation.PEER: "Peer",
    Relation.SPONSOR: "Sponsor",
    Relation.CASE_WORKER: "Case worker",
    Relation.OTHER: "Somebody else",
}
TIER = {
    Tier.REACH: "Safe contact: may be asked to pass on that we called",
    Tier.HELLO: "Also a friendly text once a week; told nothing",
    Tier.INFORMED: "Also told what is ticked below",
}
TIER_SHORT = {Tier.REACH: "Safe contact", Tier.HELLO: "Weekly text", Tier.INFORMED: "Informed"}
TOPIC = {
    Topic.VISITS: "Days of visits",
    Topic.PLAN: "The plan agreed with the patient",
    Topic.WELL_BEING: "How things are going",
    Topic.EMERGENCY: "An emergency",
}
ALLOWED_BY = {
    AllowedBy.PATIENT: "The patient",
    AllowedBy.GUARDIAN: "A guardian alone",
    AllowedBy.BOTH: "The patient and a guardian",
}
CONSENTED_BY = {
    AllowedBy.PATIENT: "The young person alone",
    AllowedBy.GUARDIAN: "A guardian alone",
    AllowedBy.BOTH: "Both",
}
AGREED = {AgreedHow.CALL: "In a call", AgreedHow.IN_PERSON: "In person", AgreedHow.FORM: "On a form"}
ENDED_BY = {
    EndedBy.PATIENT: "The patient",
    EndedBy.SUPPORTER: "The support person",
    EndedBy.STAFF: "Staff",
    EndedBy.EXPIRY: "It ran out",
}
STATE = {
    SupporterState.ASKED: "Has not agreed yet: nothing is sent or told",
    SupporterState.ACTIVE: "Agreed",
    SupporterState.EXPIRED: "The permission ran out",
    SupporterState.ENDED: "Ended",
}
BASIS = {
    MinorBasis.ALONE: "A minor may consent alone: only the minor lets others be told, parents included",
    MinorBasis.GUARDIAN_TOO: "A guardian's consent is needed: both must let others be told",
    MinorBasis.EMANCIPATED: "Emancipated: counts as of age",
}
INTERPRETER = {
    Interpreter.NONE: "Not needed",
    Interpreter.SPANISH: "Spanish",
    Interpreter.PORTUGUESE: "Portuguese",
    Interpreter.FRENCH: "French",
    Interpreter.HAITIAN_CREOLE: "Haitian Creole",
    Interpreter.RUSSIAN: "Russian",
    Interpreter.ARABIC: "Arabic",
    Interpreter.SOMALI: "Somali",
    Interpreter.CHINESE: "Chinese",
    Interpreter.VIETNAMESE: "Vietnamese",
    Interpreter.KOREAN: "Korean",
    Interpreter.TAGALOG: "Tagalog",
    Interpreter.NEPALI: "Nepali",
    Interpreter.SIGN_LANGUAGE: "Sign language",
    Interpreter.OTHER: "Another language",
}
REASON = {
    Reason.VISIT_KEPT: "Visit kept",
    Reason.DOSE_OBSERVED: "Taken while staff watched",
    Reason.SESSION_ATTENDED: "Session attended",
    Reason.NEGATIVE_TEST: "Negative test",
    Reason.GOAL_STEP: "Step towards a goal",
}
PHASE = {
    Phase.FULL: "whole amount",
    Phase.TAPER: "amount falls week by week",
    Phase.FADE: "noted, without money",
    Phase.OVER: "over",
}
ENTRY = {
    EntryKind.EARNED: "Earned",
    EntryKind.REDEEMED: "Handed out",
    EntryKind.CORRECTED: "Taken back: recorded in error",
}
CAPPED = {"": "", "week": "cut by the cap of the week", "total": "cut by the cap of the plan"}
WEEKDAY = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def dollars(cents: int) -> str:
    """Return "$12.50" or "-$3.00"."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100}.{abs(cents) % 100:02d}"


def reach_words(reach: ReachView) -> list[str]:
    """How the person may be reached, as short sentences; empty where nobody has asked."""
    lines = []
    if reach.phone_shared:
        lines.append("Others can read this phone.")
    if reach.safe_to_call is not None:
        lines.append("Calls are safe." if reach.safe_to_call else "Do not call.")
    if reach.safe_from is not None and reach.safe_until is not None:
        lines.append(f"Call between {_hour(reach.safe_from)} and {_hour(reach.safe_until)}.")
    if reach.safe_voicemail is not None:
        lines.append("Voicemail is safe." if reach.safe_voicemail else "Leave no voicemail.")
    if reach.agreed_word:
        lines.append(f"Say that it is about: {reach.agreed_word}.")
    if reach.interpreter:
        lines.append(f"Interpreter: {INTERPRETER[Interpreter(reach.interpreter)]}.")
    if reach.letters_ok is not None:
        lines.append("Letters to the address below." if reach.letters_ok else "Send no letters.")
    return lines


def _hour(at: time) -> str:
    return f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"
