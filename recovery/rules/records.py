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
    NOT_GIVEN = "not_given"  # the person was there or could have been; it could not be given
    CANCELLED = "cancelled"


class NotGivenReason(StrEnum):
    """Why an injection was not given at a visit (N5). None of them is the patient's fault."""

    NOT_OPIOID_FREE = "not_opioid_free"
    NOT_DELIVERED = "not_delivered"
    PRIOR_AUTHORIZATION = "prior_authorization"
    NO_NURSE = "no_nurse"
    CLINIC_CLOSED = "clinic_closed"
    SITE_REACTION = "site_reaction"
    UNWELL = "unwell"
    DECLINED = "declined"
    PRESCRIBER_DECIDED = "prescriber_decided"
    OTHER = "other"


class NotKeptReason(StrEnum):
    """Why a visit did not take place (C 1 rows 110 and 111)."""

    TRANSPORT = "transport"
    WORK = "work"
    CHILD_CARE = "child_care"
    UNWELL = "unwell"
    COST = "cost"
    HOSPITAL = "hospital"
    CUSTODY = "custody"
    NOT_TOLD = "not_told"  # our reminder failed
    NOT_KNOWN = "not_known"
    OTHER = "other"


class CancelReason(StrEnum):
    """Why a visit was taken off the calendar."""

    PATIENT_ASKED = "patient_asked"
    CLINIC_CHANGED = "clinic_changed"
    NOT_NEEDED = "not_needed"
    VOIDED = "voided"  # it followed an injection that was entered in error
    TREATMENT_CLOSED = "treatment_closed"


class Supply(StrEnum):
    """Where the medicine of a visit is, in the order in which it gets here (N6)."""

    ORDERED = "ordered"
    APPROVED = "approved"
    SHIPPED = "shipped"
    ON_SITE = "on_site"


class VoidReason(StrEnum):
    """Why a record of an injection does not count. It is never deleted."""

    WRONG_PATIENT = "wrong_patient"
    WRONG_DAY = "wrong_day"
    WRONG_MEDICINE = "wrong_medicine"
    TWICE = "twice"
    NOT_GIVEN = "not_given"
    OTHER = "other"


class CountKind(StrEnum):
    """A number of tablets: picked up (it adds) or counted (so many are left)."""

    PICKED_UP = "picked_up"
    COUNTED = "counted"


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
