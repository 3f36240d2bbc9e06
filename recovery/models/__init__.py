from recovery.models.around import ContactRules, MinorConsent, RewardEntry, RewardPlan, Supporter
from recovery.models.checklists import AfterCare, Checklist, ChecklistAnswer, PlannedStop
from recovery.models.checks import Challenge, LabResult, Procedure, ReversalAgent, UrineScreen
from recovery.models.cover import CoverEvent
from recovery.models.cravings import CravingLog
from recovery.models.flags import Flag, Outreach, Task
from recovery.models.holds import Hold, HoldAlarm
from recovery.models.injections import Appointment, Injection
from recovery.models.instruments import InstrumentAnswer, InstrumentForm
from recovery.models.journal import TriggerEntry
from recovery.models.patients import NamePrefix, Patient
from recovery.models.statements import StatedFact
from recovery.models.stays import Stay
from recovery.models.treatments import Dose, DoseReport, Regimen, Treatment

__all__ = [
    "AfterCare",
    "Appointment",
    "Challenge",
    "Checklist",
    "ChecklistAnswer",
    "ContactRules",
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
    "LabResult",
    "MinorConsent",
    "NamePrefix",
    "Outreach",
    "Patient",
    "PlannedStop",
    "Procedure",
    "Regimen",
    "ReversalAgent",
    "RewardEntry",
    "RewardPlan",
    "StatedFact",
    "Stay",
    "Supporter",
    "Task",
    "Treatment",
    "TriggerEntry",
    "UrineScreen",
]
