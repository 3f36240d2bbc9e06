"""What states and reasons of messages are called on a page."""

from reminders.rules.dispatch import Why
from reminders.rules.inbox import InboxOutcome
from reminders.rules.states import MessageClass, MessageState

STATE = {
    MessageState.PLANNED: "Planned",
    MessageState.CLAIMED: "Leaving now",
    MessageState.SENDING: "Leaving now",
    MessageState.ACCEPTED: "On its way",
    MessageState.SENT: "Sent",
    MessageState.DELIVERED: "Delivered",
    MessageState.UNKNOWN: "Not known whether it left",
    MessageState.UNDELIVERED: "Not delivered",
    MessageState.FAILED: "Not sent: failed",
    MessageState.SUPPRESSED: "Not sent",
    MessageState.EXPIRED: "Not sent: too late",
}

WHY = {
    Why.KILL_SWITCH: "this kind of text is switched off",
    Why.TEMPLATE_STOPPED: "this text is stopped",
    Why.PROGRAM_CLOSED: "the program is closed",
    Why.OPTED_OUT: "the number opted out",
    Why.DECEASED: "the person has died",
    Why.EXITED: "treatment has ended",
    Why.NO_CONSENT: "no consent to texts",
    Why.NO_ADDRESS: "no number",
    Why.BAD_ADDRESS: "the number does not work",
    Why.WRONG_PERSON: "the number may be somebody else's",
    Why.SHARED_NUMBER: "others read this phone: nothing is asked on it",
    Why.CANCELLED: "no longer needed",
    Why.ANSWERED: "already answered",
    Why.HOLD: "on hold",
    Why.PAUSED: "paused",
    Why.WINDOW: "outside the hours for texts",
    Why.CAP_DAY: "enough texts that day",
    Why.CAP_WEEK: "enough texts that week",
    Why.CAP_DOSE: "enough texts that day",
    Why.BACK_OFF: "fewer texts after silence",
    Why.GOAL_MET: "fewer texts: the own goal is met",
    Why.OPEN_QUESTION: "another question was open",
    Why.SEEN: "already seen in the app",
    Why.TOLD: "told by a text",
}


CLASSES = {
    MessageClass.CRISIS: "Answers to calls for help",
    MessageClass.OPT_OUT_CONFIRM: "Confirmations of an opt-out",
    MessageClass.SIGN_IN_CODE: "Sign-in codes",
    MessageClass.STAFF_NOTICE: "Pages to staff",
    MessageClass.REPLY: "Other answers to texts",
    MessageClass.VISIT: "Visits",
    MessageClass.HOLD: "Holds",
    MessageClass.DOSE: "Daily prompts",
    MessageClass.CHECK_IN: "Check-ins",
    MessageClass.HELLO: "Greetings",
    MessageClass.SUPPORTER: "Texts to supporters",
    MessageClass.ENROLMENT: "Texts at enrolment",
}
"""What each class is called where it is switched off, the most urgent first."""

INBOX_REASONS = {
    "": "Fits no question",
    "change": "Asks for another time",
    "cannot_come": "Cannot come",
    "need_ride": "Needs a ride",
    "call_me": "Asks for a call",
    "number": "Answered with a number",
    "no-dose": "Answered a question that is gone",
    "opted_out": "Opted out: no more texts to this number",
    "opted_in": "Wants texts again",
    "help": "Asked what this is",
    "wrong_person": "From a number that may be somebody else's",
}
"""Why a text waits for a person, by what follows ``inbox:``. Another code: what the record refused."""
REFUSED = "The record refused its answer"

INBOX_OUTCOMES = {
    InboxOutcome.SETTLED.value: "Talked or answered, nothing more needed",
    InboxOutcome.NEXT_STEP.value: "Talked or answered, next step agreed",
    InboxOutcome.IN_RECORD.value: "What it says is in the record",
    InboxOutcome.NOT_REACHED.value: "Tried, could not be reached",
    InboxOutcome.NOT_FOR_US.value: "Not meant for us",
    InboxOutcome.NO_ANSWER_NEEDED.value: "Needs no answer",
}


def state_words(state: str, why: str) -> str:
    """A state with its reason, in plain words."""
    words = STATE.get(MessageState(state), state) if state else ""
    reason = WHY.get(Why(why)) if why in {each.value for each in Why} else None
    return f"{words}: {reason}" if reason else words
