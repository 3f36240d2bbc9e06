"""How the pages of tests and checklists say things. English, for staff."""

from collections.abc import Mapping

from recovery.rules.aftercare import AfterCareCause, StopReason
from recovery.rules.checklists import ChecklistCause, ChecklistKind, ChecklistStatus
from recovery.rules.gates import Analyte
from recovery.rules.labs import LabAnalyte, LabUnit
from recovery.rules.procedures import OpioidExpected, ProcedureKind, ProcedureStatus
from recovery.rules.reversal import HasIt
from recovery.rules.screens import (
    AnalyteResult,
    ChallengeResult,
    ChallengeRoute,
    ReadAs,
    ScreenMethod,
    ScreenPanel,
    ScreenStage,
)

LAB: Mapping[str, str] = {
    LabAnalyte.ALT: "ALT",
    LabAnalyte.AST: "AST",
    LabAnalyte.BILIRUBIN: "Bilirubin",
    LabAnalyte.GGT: "GGT",
    LabAnalyte.PLATELETS: "Platelets",
    LabAnalyte.EGFR: "eGFR",
}
UNIT: Mapping[str, str] = {
    LabUnit.U_PER_L: "U/L",
    LabUnit.MG_PER_DL: "mg/dL",
    LabUnit.UMOL_PER_L: "µmol/L",
    LabUnit.GIGA_PER_L: "10⁹/L",
    LabUnit.ML_PER_MIN: "mL/min",
}
ANALYTE: Mapping[str, str] = {
    Analyte.OPIATES: "Opiates",
    Analyte.OXYCODONE: "Oxycodone",
    Analyte.FENTANYL: "Fentanyl",
    Analyte.METHADONE: "Methadone",
    Analyte.BUPRENORPHINE: "Buprenorphine",
    Analyte.TRAMADOL: "Tramadol",
}
RESULT: Mapping[str, str] = {
    AnalyteResult.NEGATIVE: "negative",
    AnalyteResult.POSITIVE: "positive",
    AnalyteResult.INVALID: "invalid",
}
PANEL: Mapping[str, str] = {
    ScreenPanel.OPIATES_ONLY: "Opiates only",
    ScreenPanel.BASIC: "Basic panel",
    ScreenPanel.EXTENDED: "Extended panel",
    ScreenPanel.LABORATORY: "Laboratory order",
}
METHOD: Mapping[str, str] = {
    ScreenMethod.IMMUNOASSAY: "Immunoassay",
    ScreenMethod.MASS_SPECTROMETRY: "Mass spectrometry",
    ScreenMethod.OTHER: "Other",
}
STAGE: Mapping[str, str] = {
    ScreenStage.PRESUMPTIVE: "Presumptive",
    ScreenStage.CONFIRMED: "Confirmed by a second method",
}
READING: Mapping[str, str] = {
    ReadAs.USE: "Use",
    ReadAs.PRESCRIBED: "A prescribed medicine",
    ReadAs.FALSE_POSITIVE: "False positive",
    ReadAs.UNCLEAR: "Unclear",
}
ROUTE: Mapping[str, str] = {
    ChallengeRoute.SUBCUTANEOUS: "Under the skin",
    ChallengeRoute.INTRAMUSCULAR: "Into the muscle",
    ChallengeRoute.INTRAVENOUS: "Into the vein",
    ChallengeRoute.NASAL: "Nasal",
    ChallengeRoute.TABLET: "Tablet",
}
CHALLENGE: Mapping[str, str] = {
    ChallengeResult.PASSED: "Passed",
    ChallengeResult.FAILED: "Not passed",
    ChallengeResult.INCONCLUSIVE: "Inconclusive",
}
PROCEDURE: Mapping[str, str] = {
    ProcedureKind.SURGERY: "Surgery",
    ProcedureKind.DENTAL: "Dental treatment",
    ProcedureKind.SCOPE: "Endoscopy",
    ProcedureKind.BIRTH: "Birth",
    ProcedureKind.OTHER: "Another procedure",
}
EXPECTED: Mapping[str, str] = {
    OpioidExpected.YES: "Opioid pain relief expected",
    OpioidExpected.NO: "No opioid pain relief expected",
    OpioidExpected.UNKNOWN: "Not known whether opioids are needed",
}
PROCEDURE_STATUS: Mapping[str, str] = {
    ProcedureStatus.PLANNED: "planned",
    ProcedureStatus.DONE: "done",
    ProcedureStatus.CANCELLED: "cancelled",
}
HAS_IT: Mapping[str, str] = {HasIt.YES: "Yes", HasIt.NO: "No", HasIt.UNKNOWN: "Not known"}
CHECKLIST: Mapping[str, str] = {ChecklistKind.START: "Start checklist", ChecklistKind.RESTART: "Restart checklist"}
CAUSE: Mapping[str, str] = {
    ChecklistCause.START: "a treatment began",
    ChecklistCause.LATE_BAND: "the injection is late",
    ChecklistCause.STATED_GAP: "several doses in a row were reported as not taken",
    ChecklistCause.REPORTED_USE: "opioid use was reported",
    ChecklistCause.FAILED_CHALLENGE: "the challenge was not passed",
    ChecklistCause.ORDERED: "a prescriber asked for it",
    ChecklistCause.EXPIRED: "the last signature ran out before it was used",
}
CHECKLIST_STATUS: Mapping[str, str] = {
    ChecklistStatus.OPEN: "Open",
    ChecklistStatus.SIGNED: "Signed",
    ChecklistStatus.USED: "Signed and used",
    ChecklistStatus.EXPIRED: "Ran out before it was used",
    ChecklistStatus.OVERTAKEN: "The injection was given before it was signed",
    ChecklistStatus.CANCELLED: "Not needed",
}
STOP: Mapping[str, str] = {
    StopReason.FEELS_STABLE: "Feels stable without it",
    StopReason.SIDE_EFFECTS: "Side effects",
    StopReason.OTHER_MEDICINE: "Another medicine",
    StopReason.PREGNANCY: "Pregnancy",
    StopReason.PROCEDURE: "A procedure",
    StopReason.MOVING_AWAY: "Moving away",
    StopReason.OWN_CHOICE: "Own choice",
    StopReason.OTHER: "Another reason",
}
AFTER_CARE: Mapping[str, str] = {
    AfterCareCause.PLANNED_STOP: "after a planned stop",
    AfterCareCause.CLOSED: "after the treatment was closed",
    AfterCareCause.DISCONTINUED: "eight weeks or more after the last injection",
}
