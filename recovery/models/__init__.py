from recovery.models.checklists import AfterCare, Checklist, ChecklistAnswer, PlannedStop
from recovery.models.checks import Challenge, LabResult, Procedure, ReversalAgent, UrineScreen
from recovery.models.cover import CoverEvent
from recovery.models.cravings import CravingLog
from recovery.models.flags import Flag, Outreach, Task
from recovery.models.holds import Hold, HoldAlarm
from recovery.models.injections import Appointment, Injection
from recovery.models.instruments import InstrumentAnswer, InstrumentForm
from recovery.models.journal import JournalEntry, SkillUse, TriggerEntry
from recovery.models.learning import ReadReceipt
from recovery.models.patients import NamePrefix, Patient
from recovery.models.plans import PatientGoal, PlanVersion
from recovery.models.side_effects import SideEffectReport
from recovery.models.statements import StatedFact
from recovery.models.stays import Stay
from recovery.models.supply import ClosingNotice, OralBridge, TabletCount
from recovery.models.support import MeetingLog, Need, TherapyVisit
from recovery.models.treatments import Dose, DoseReport, Regimen, Treatment

__all__ = [
    "AfterCare",
    "Appointment",
    "Challenge",
    "Checklist",
    "ChecklistAnswer",
    "ClosingNotice",
    "CoverEvent",
    "CravingLog",
    "Dose",
    "DoseReport",
    "Flag",
    "Hold",
    "HoldAlarm",
    "Injection",
    "InstrumentAnswer",
    "InstrumentForm",
    "JournalEntry",
    "LabResult",
    "MeetingLog",
    "NamePrefix",
    "Need",
    "OralBridge",
    "Outreach",
    "Patient",
    "PatientGoal",
    "PlanVersion",
    "PlannedStop",
    "Procedure",
    "ReadReceipt",
    "Regimen",
    "ReversalAgent",
    "SideEffectReport",
    "SkillUse",
    "StatedFact",
    "Stay",
    "TabletCount",
    "Task",
    "TherapyVisit",
    "Treatment",
    "TriggerEntry",
    "UrineScreen",
]
