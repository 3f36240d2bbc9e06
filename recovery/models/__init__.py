from recovery.models.around import ContactRules, MinorConsent, RewardEntry, RewardPlan, Supporter
from recovery.models.checklists import AfterCare, Checklist, ChecklistAnswer, PlannedStop
from recovery.models.checks import Challenge, LabResult, Procedure, ReversalAgent, UrineScreen
from recovery.models.conditions import Condition
from recovery.models.cover import CoverEvent
from recovery.models.cravings import CravingLog
from recovery.models.flags import Flag, Outreach, Task
from recovery.models.holds import Hold, HoldAlarm
from recovery.models.injections import Appointment, Injection
from recovery.models.instruments import InstrumentAnswer, InstrumentForm
from recovery.models.journal import JournalEntry, SkillUse, TriggerEntry
from recovery.models.learning import ReadReceipt
from recovery.models.patients import NamePrefix, Patient
from recovery.models.places import MeetingPlace
from recovery.models.plans import PatientGoal, PlanVersion
from recovery.models.prompts import CheckInWish, PromptPause
from recovery.models.rota import Escalation, Rota, RotaOverride, RotaTurn
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
    "CheckInWish",
    "Checklist",
    "ChecklistAnswer",
    "ClosingNotice",
    "Condition",
    "ContactRules",
    "CoverEvent",
    "CravingLog",
    "Dose",
    "DoseReport",
    "Escalation",
    "Flag",
    "Hold",
    "HoldAlarm",
    "Injection",
    "InstrumentAnswer",
    "InstrumentForm",
    "JournalEntry",
    "LabResult",
    "MeetingLog",
    "MeetingPlace",
    "MinorConsent",
    "NamePrefix",
    "Need",
    "OralBridge",
    "Outreach",
    "Patient",
    "PatientGoal",
    "PlanVersion",
    "PlannedStop",
    "Procedure",
    "PromptPause",
    "ReadReceipt",
    "Regimen",
    "ReversalAgent",
    "RewardEntry",
    "RewardPlan",
    "Rota",
    "RotaOverride",
    "RotaTurn",
    "SideEffectReport",
    "SkillUse",
    "StatedFact",
    "Stay",
    "Supporter",
    "TabletCount",
    "Task",
    "TherapyVisit",
    "Treatment",
    "TriggerEntry",
    "UrineScreen",
]
