"""The words that the clinical record is written in.

Their values go into the database and into the API: they are never renamed.
What each means is contract 1 (doses), 2 (bands) and 5 (flags).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class DoseState(StrEnum):
    """What is known of one dose. Only ``taken`` covers; ``not_reported`` is never drawn as missed."""

    SCHEDULED = "scheduled"
    DUE = "due"
    OVERDUE = "overdue"
    TAKEN = "taken"
    SKIPPED = "skipped"
    MISSED = "missed"
    HELD = "held"
    NOT_REPORTED = "not_reported"
    CANCELLED = "cancelled"


class Timeliness(StrEnum):
    """When a taken dose was taken, from the stated time alone."""

    ON_TIME = "on_time"
    LATE = "late"
    UNKNOWN = "unknown"


class ReportSource(StrEnum):
    """Who or what said so. Sources are never merged."""

    APP = "app"
    SMS = "sms"
    SUPPORTER = "supporter"
    STAFF = "staff"
    OBSERVED = "observed"
    PHARMACY = "pharmacy"
    IMPORT = "import"


class Statement(StrEnum):
    """What a report says. ``skipped`` is said during the day, ``missed`` after it ended."""

    TAKEN = "taken"
    SKIPPED = "skipped"
    MISSED = "missed"


class Band(StrEnum):
    """How far an injection lies back, in the order in which a patient passes through them."""

    COVERED = "covered"
    DUE_SOON = "due_soon"
    DUE = "due"
    OVERDUE_1 = "overdue_1"
    OVERDUE_4 = "overdue_4"
    OVERDUE_8 = "overdue_8"
    LAPSED = "lapsed"
    DISCONTINUED = "discontinued"

    @property
    def rank(self) -> int:
        """Position in the order, ``covered`` = 0."""
        return _BAND_RANK[self]

    @property
    def is_late(self) -> bool:
        """Whether the due date has passed (``overdue_1`` and after)."""
        return self.rank >= Band.OVERDUE_1.rank


class Severity(StrEnum):
    """How soon a person must look: weekly list, next business day, same day, now."""

    INFO = "info"
    AMBER = "amber"
    AMBER_PLUS = "amber_plus"
    RED = "red"

    @property
    def rank(self) -> int:
        """Position in the order, ``info`` = 0. Text comparison would put red before info."""
        return _SEVERITY_RANK[self]

    def at_least(self, other: Severity) -> bool:
        """Whether this is ``other`` or worse."""
        return self.rank >= other.rank

    def raised(self) -> Severity:
        """Return the next severity up; red stays red."""
        return _SEVERITIES[min(self.rank + 1, len(_SEVERITIES) - 1)]


class FlagStatus(StrEnum):
    """Where a flag is in its life; ``returned`` waits for a person to confirm that its reason ended."""

    OPEN = "open"
    OWNED = "owned"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    RETURNED = "returned"


class Indication(StrEnum):
    """What a person is treated for."""

    OPIOID = "opioid"
    ALCOHOL = "alcohol"
    BOTH = "both"


class OpioidHistory(StrEnum):
    """Whether opioids were ever used. ``unknown`` counts as opioid until a clinician records none (S 2)."""

    KNOWN = "known"
    NONE = "none"
    UNKNOWN = "unknown"


class MedicineClass(StrEnum):
    """What a medicine does at the opioid receptor; opioid gates exist for antagonists only (S 1)."""

    ANTAGONIST = "antagonist"
    AGONIST = "agonist"
    OTHER = "other"


class Role(StrEnum):
    """Who owns a flag or a task."""

    COORDINATOR = "coordinator"
    NURSE = "nurse"
    PRESCRIBER = "prescriber"
    ON_CALL = "on_call"
    MEDICAL_DIRECTOR = "medical_director"


class Goal(StrEnum):
    """What a person on treatment for alcohol wants; a drink is no alarm under reduction."""

    ABSTINENCE = "abstinence"
    REDUCTION = "reduction"


class Response(StrEnum):
    """How soon somebody must act on a flag (C 7)."""

    NOW = "now"
    MINUTES_15 = "minutes_15"
    MINUTES_30 = "minutes_30"
    HOURS_2 = "hours_2"
    HOURS_4 = "hours_4"
    SAME_DAY = "same_day"
    ONE_BUSINESS_DAY = "one_business_day"
    TWO_BUSINESS_DAYS = "two_business_days"
    HOURS_72 = "hours_72"
    WEEKLY = "weekly"


class FlagKind(StrEnum):
    """Every concern that can reach a person (C 7, S 1-20). One live flag per patient and kind."""

    ALCOHOL_WITHDRAWAL = "alcohol_withdrawal"
    ALLERGIC_REACTION = "allergic_reaction"
    CONTACT_LOST = "contact_lost"
    COUGH = "cough"
    CRAVING_HIGH = "craving_high"
    CRAVING_RISE = "craving_rise"
    DISULFIRAM_DRINK = "disulfiram_drink"
    DISULFIRAM_REACTION = "disulfiram_reaction"
    DOSE_AFTER_GAP = "dose_after_gap"
    DOSE_PARTLY_GIVEN = "dose_partly_given"
    FAILED_CHALLENGE = "failed_challenge"
    GIVEN_WITH_OPEN_GATE = "given_with_open_gate"
    INJECTION_LATE = "injection_late"
    INJECTION_SITE = "injection_site"
    INTERACTING_MEDICINE = "interacting_medicine"
    INTERVAL_END_CRAVING = "interval_end_craving"
    LAB_ABNORMAL = "lab_abnormal"
    LAB_OVERDUE = "lab_overdue"
    LIVER_SYMPTOMS = "liver_symptoms"
    LOW_MOOD = "low_mood"
    NEW_OPIOID_MEDICINE = "new_opioid_medicine"
    OVERDOSE_SIGN = "overdose_sign"
    PAIN_HIGH = "pain_high"
    POSITIVE_SCREEN = "positive_screen"
    PREGNANCY = "pregnancy"
    PROCEDURE_PLANNED = "procedure_planned"
    RAN_OUT = "ran_out"
    RELEASE = "release"
    REPORTED_DRINK = "reported_drink"
    REPORTED_USE = "reported_use"
    SEVERE_PAIN = "severe_pain"
    SIDE_EFFECT_LASTING = "side_effect_lasting"
    SILENCE = "silence"
    STATED_GAP = "stated_gap"
    SUICIDE_RISK = "suicide_risk"
    SUICIDE_THOUGHTS = "suicide_thoughts"
    SUPPORTER_CONCERN = "supporter_concern"
    TABLETS_WITHIN_REACH = "tablets_within_reach"
    VOMITED_DOSE = "vomited_dose"
    WANTS_TO_STOP = "wants_to_stop"
    WITHDRAWAL_AFTER_DOSE = "withdrawal_after_dose"


_BAND_RANK = {band: rank for rank, band in enumerate(Band)}
_SEVERITIES = tuple(Severity)
_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(_SEVERITIES)}


def worst(severities: Iterable[Severity | None]) -> Severity | None:
    """Return the most severe of ``severities``, None if there is none."""
    found = [severity for severity in severities if severity is not None]
    return max(found, key=lambda severity: severity.rank, default=None)


def counts_as_opioid(indication: Indication, opioid_history: OpioidHistory) -> bool:
    """Whether time, silence and bands are read as for opioid use disorder.

    True for the opioid indication, and for alcohol unless a clinician recorded
    that opioids were never used (S 2, contract 3).
    """
    return indication is not Indication.ALCOHOL or opioid_history is not OpioidHistory.NONE
