"""Values of the plain columns that carry no rule of their own. They are stored: never rename one."""

from enum import StrEnum


class PatientStatus(StrEnum):
    ACTIVE = "active"
    AFTERCARE = "aftercare"
    EXITED = "exited"
    DECEASED = "deceased"


class AppointmentKind(StrEnum):
    INJECTION = "injection"
    CLINIC = "clinic"
    THERAPY = "therapy"
    LAB = "lab"


class AppointmentStatus(StrEnum):
    PLANNED = "planned"  # a day is due, no time agreed
    BOOKED = "booked"
    KEPT = "kept"
    NOT_KEPT = "not_kept"
    CANCELLED = "cancelled"


class Site(StrEnum):
    LEFT = "left"
    RIGHT = "right"


class CoverCause(StrEnum):
    TIME = "time"  # a local midnight passed
    GIVEN = "given"  # an injection was recorded


class Substance(StrEnum):
    OPIOID = "opioid"
    ALCOHOL = "alcohol"
    ANY = "any"


class TriggerOrigin(StrEnum):
    INTERNAL = "internal"
    EXTERNAL = "external"


class TriggerKind(StrEnum):
    ENVIRONMENTAL = "environmental"
    EMOTIONAL = "emotional"
    PHYSICAL = "physical"


class TaskStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class OutreachChannel(StrEnum):
    CALL = "call"
    TEXT = "text"
    VISIT = "visit"
    LETTER = "letter"
    SUPPORTER = "supporter"


class OutreachOutcome(StrEnum):
    REACHED = "reached"
    NO_ANSWER = "no_answer"
    LEFT_MESSAGE = "left_message"
    WRONG_NUMBER = "wrong_number"
    DECLINED = "declined"


class LiftReason(StrEnum):
    """Why a prescriber lifted a hold."""

    CHECKED_CLEAR = "checked_clear"  # talked and tested: opioid-free
    RESULT_READ = "result_read"
    SYMPTOMS_OVER = "symptoms_over"
    NEW_PLAN = "new_plan"
    STOPPED = "stopped"  # this medicine is not continued
    IN_ERROR = "in_error"


class StayPlace(StrEnum):
    HOSPITAL = "hospital"
    JAIL = "jail"
    RESIDENTIAL = "residential"


class GivenInside(StrEnum):
    """What staff learned about a stay."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class FormStatus(StrEnum):
    """Where a questionnaire is. What was not answered is ``passed``, never missed."""

    DUE = "due"
    STARTED = "started"
    FINISHED = "finished"
    UNFINISHED = "unfinished"  # begun, and its time is over; what was answered is kept
    NOT_TODAY = "not_today"  # the patient said so
    PASSED = "passed"  # its time is over, nothing was answered
    WITHDRAWN = "withdrawn"  # switched off, or another one took its place


class FormReason(StrEnum):
    """Why a questionnaire is there."""

    SCHEDULED = "scheduled"
    FOLLOW_UP = "follow_up"  # an answer called for it
    CHOSEN = "chosen"  # begun without being due, by the patient or by staff
