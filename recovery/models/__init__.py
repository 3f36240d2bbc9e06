from recovery.models.cover import CoverEvent
from recovery.models.cravings import CravingLog
from recovery.models.flags import Flag, Outreach, Task
from recovery.models.injections import Appointment, Injection
from recovery.models.journal import TriggerEntry
from recovery.models.patients import NamePrefix, Patient
from recovery.models.treatments import Dose, DoseReport, Regimen, Treatment

__all__ = [
    "Appointment",
    "CoverEvent",
    "CravingLog",
    "Dose",
    "DoseReport",
    "Flag",
    "Injection",
    "NamePrefix",
    "Outreach",
    "Patient",
    "Regimen",
    "Task",
    "Treatment",
    "TriggerEntry",
]
