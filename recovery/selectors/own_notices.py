"""What live concerns say to the patient on their own page (C 7, S 4). Needs an open scope."""

from datetime import datetime

from recovery.models import Patient
from recovery.rules.flag_texts import LiveConcern, Notice, notices
from recovery.rules.flags import response_for
from recovery.rules.gates import promised_call
from recovery.rules.states import FlagKind, Indication, OpioidHistory, Severity, counts_as_opioid
from recovery.rules.words import Language
from recovery.selectors.clinic import clinics
from recovery.selectors.instruments import staffing_of
from recovery.selectors.policy import rules_for
from recovery.selectors.records import live_flags


def own_notices(*, patient: Patient, held: bool, visit_ahead: bool, now: datetime) -> list[Notice]:
    """The texts of a patient's live concerns, the most urgent first; one query when there is none.

    A call that was promised and whose hour has passed is not promised again.
    """
    flags = live_flags(patient.pk)
    if not flags:
        return []
    rules = rules_for([patient.program_id])[patient.program_id]
    staffing = staffing_of(program_id=patient.program_id, now=now)
    clinic = clinics([patient.program_id])[patient.program_id]
    concerns = []
    for flag in flags:
        kind, severity = FlagKind(flag.kind), Severity(flag.severity)
        by = promised_call(
            response_for(kind, severity, rules.flags),
            now=flag.severity_since,
            clinic=clinic,
            night_on_call=staffing.night_on_call,
            policy=rules.policy,
        )
        concerns.append(LiveConcern(kind=kind, severity=severity, call_by=by if by > now else None))
    return notices(
        concerns,
        language=Language(patient.language),
        alcohol_only=not counts_as_opioid(Indication(patient.indication), OpioidHistory(patient.opioid_history)),
        held=held,
        visit_ahead=visit_ahead,
        staffing=staffing,
        number=patient.program.phone,
        zone=patient.zone,
        now=now,
    )
