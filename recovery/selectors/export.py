"""Everything that is held about one person, in sections. Needs an open scope.

A noun with a table adds one line to ``SECTIONS``; ``tests/guards/test_export.py`` fails for a table of a
person that no section covers and that has no reason to stay out. Fields under ``staff_only`` are missing
from the person's own export and present in the staff's: decision 10 says why.
"""

from typing import Any

from backend.crypto import Key
from backend.ports import ExportSection, export_sections
from backend.selectors.export import consent_rows, opened, plain, rows_of, section_of
from backend.selectors.keys import data_keys
from recovery.models import (
    AfterCare,
    Appointment,
    Challenge,
    CheckInWish,
    Checklist,
    ChecklistAnswer,
    Condition,
    ContactRules,
    CoverEvent,
    CravingLog,
    Dose,
    DoseReport,
    Flag,
    Hold,
    HoldAlarm,
    Injection,
    InstrumentAnswer,
    InstrumentForm,
    LabResult,
    MeetingLog,
    MinorConsent,
    Need,
    OralBridge,
    Outreach,
    Patient,
    PatientGoal,
    PlannedStop,
    Procedure,
    PromptPause,
    ReadReceipt,
    Regimen,
    ReversalAgent,
    SideEffectReport,
    SkillUse,
    StatedFact,
    Stay,
    TabletCount,
    Task,
    TherapyVisit,
    Treatment,
    TriggerEntry,
    UrineScreen,
)
from recovery.rules.gates import GateEvent
from recovery.rules.screens import ScreenStage
from recovery.rules.states import FlagKind
from recovery.rules.tasks import TaskKind
from recovery.selectors.around import export_rewards, export_supporters
from recovery.selectors.journal import journal_rows, shared_journal_rows
from recovery.selectors.plans import plan_rows, plan_rows_for_staff
from recovery.selectors.worklist import flag_sentence

NOTE = frozenset({"note"})
"""A note that staff write for staff."""


def person_rows(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """The person: one row."""
    sealed = ("name", "call_name", "phone", "born_on", "contact_note")
    stored = ("number", "zone", "language", "indication", "opioid_history", "status", "phone_shared", "enrolled_at")
    return [
        {field: opened(patient, key, field) for field in sealed}
        | {field: plain(getattr(patient, field)) for field in stored}
        | {"external_ref": patient.external_ref}
    ]


def flag_rows(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """Concerns, each with its sentence in the person's language, recomputed from its evidence."""
    rows = rows_of(Flag, patient=patient, key=key)
    for row in rows:
        # The name of the kind would say a result that nobody has read yet (S 10).
        kind = row["kind"]
        if kind == FlagKind.POSITIVE_SCREEN.value:
            row["kind"], row["evidence"] = "screen_to_be_read", {"on": row["evidence"].get("on")}
        row["sentence"] = flag_sentence(kind, row["evidence"], flag_id=row["id"], language=patient.language)
    return rows


def hold_rows(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """Holds. A person reads ``because`` in place of the cause: a screen is never shown as positive (S 10)."""
    rows = rows_of(Hold, patient=patient, key=key)
    for row in rows:
        row["because"] = "test_to_be_read" if row["cause"] == GateEvent.POSITIVE_SCREEN.value else row["cause"]
    return rows


def screen_rows(*, patient: Patient, key: Key | None) -> list[dict[str, Any]]:
    """Urine screens. A person reads what was tested, and the results once a second method and a clinician had
    their say: a presumptive positive is shown to nobody but staff (S 10)."""
    rows = rows_of(UrineScreen, patient=patient, key=key)
    for row in rows:
        settled = row["stage"] == ScreenStage.CONFIRMED.value and row["read_at"] is not None
        row["tested"] = sorted(row["results"])
        row["settled_results"] = row["results"] if settled else None
    return rows


def own_tasks(*, patient: Any, key: Key | None) -> list[dict[str, Any]]:
    """Tasks as the person's own export holds them: that a screen waits to be confirmed says what it showed (S 10)."""
    return rows_of(Task.objects.exclude(kind=TaskKind.CONFIRM_SCREEN.value), patient=patient, key=key)


SECTIONS: list[ExportSection] = [
    ExportSection("person", person_rows, ("recovery_patient",)),
    ExportSection("consents", consent_rows, ("backend_consent",)),
    ExportSection("treatments", section_of(Treatment), ("recovery_treatment",)),
    ExportSection("regimens", section_of(Regimen, leave_out=("planned_until",)), ("recovery_regimen",)),
    ExportSection("doses", section_of(Dose), ("recovery_dose",)),
    ExportSection("dose_reports", section_of(DoseReport), ("recovery_dosereport",)),
    ExportSection("injections", section_of(Injection), ("recovery_injection",)),
    ExportSection("appointments", section_of(Appointment), ("recovery_appointment",)),
    ExportSection("tablet_counts", section_of(TabletCount), ("recovery_tabletcount",)),
    ExportSection("oral_bridges", section_of(OralBridge), ("recovery_oralbridge",)),
    ExportSection("cover_events", section_of(CoverEvent), ("recovery_coverevent",)),
    ExportSection("cravings", section_of(CravingLog), ("recovery_cravinglog",)),
    ExportSection("triggers", section_of(TriggerEntry), ("recovery_triggerentry",)),
    ExportSection("statements", section_of(StatedFact), ("recovery_statedfact",)),
    ExportSection("stays", section_of(Stay), ("recovery_stay",), staff_only=NOTE),
    ExportSection("holds", hold_rows, ("recovery_hold",), staff_only=NOTE | {"cause", "evidence"}),
    ExportSection("hold_alarms", section_of(HoldAlarm), ("recovery_holdalarm",)),
    ExportSection("questionnaires", section_of(InstrumentForm), ("recovery_instrumentform",)),
    ExportSection("questionnaire_answers", section_of(InstrumentAnswer), ("recovery_instrumentanswer",)),
    ExportSection("lab_results", section_of(LabResult), ("recovery_labresult",), staff_only=NOTE),
    ExportSection("urine_screens", screen_rows, ("recovery_urinescreen",), staff_only=NOTE | {"results", "reading"}),
    ExportSection("challenges", section_of(Challenge), ("recovery_challenge",), staff_only=NOTE),
    ExportSection("procedures", section_of(Procedure), ("recovery_procedure",)),
    ExportSection("reversal_agents", section_of(ReversalAgent), ("recovery_reversalagent",), staff_only=NOTE),
    ExportSection("conditions", section_of(Condition), ("recovery_condition",), staff_only=NOTE),
    ExportSection("checklists", section_of(Checklist), ("recovery_checklist",)),
    ExportSection(
        "checklist_answers",
        section_of(ChecklistAnswer),
        ("recovery_checklistanswer",),
        staff_only=frozenset({"reason"}),
    ),
    ExportSection("planned_stops", section_of(PlannedStop), ("recovery_plannedstop",), staff_only=NOTE),
    ExportSection("after_care", section_of(AfterCare), ("recovery_aftercare",)),
    ExportSection("supporters", export_supporters, ("recovery_supporter",)),
    ExportSection("contact_rules", section_of(ContactRules), ("recovery_contactrules",)),
    ExportSection("prompt_pauses", section_of(PromptPause), ("recovery_promptpause",)),
    ExportSection("check_in_wishes", section_of(CheckInWish), ("recovery_checkinwish",)),
    ExportSection("minor_consents", section_of(MinorConsent), ("recovery_minorconsent",)),
    ExportSection("rewards", export_rewards, ("recovery_rewardplan", "recovery_rewardentry")),
    ExportSection("flags", flag_rows, ("recovery_flag",), staff_only=NOTE),
    ExportSection("tasks", own_tasks, ("recovery_task",), staff_only=NOTE | {"facts"}, staff_rows=section_of(Task)),
    ExportSection("journal", journal_rows, ("recovery_journalentry",), staff_rows=shared_journal_rows),
    ExportSection("skills_tried", section_of(SkillUse), ("recovery_skilluse",)),
    ExportSection("plan", plan_rows, ("recovery_planversion",), staff_rows=plan_rows_for_staff),
    ExportSection("goals", section_of(PatientGoal), ("recovery_patientgoal",)),
    ExportSection("meetings", section_of(MeetingLog), ("recovery_meetinglog",)),
    ExportSection("therapy", section_of(TherapyVisit), ("recovery_therapyvisit",)),
    ExportSection("side_effects", section_of(SideEffectReport), ("recovery_sideeffectreport",)),
    ExportSection("needs", section_of(Need), ("recovery_need",)),
    ExportSection("modules_read", section_of(ReadReceipt), ("recovery_readreceipt",)),
    ExportSection("contacts", section_of(Outreach), ("recovery_outreach",), staff_only=NOTE),
]
"""One line a noun. Sections of ``reminders`` come through ``backend.ports``."""


def all_sections() -> list[ExportSection]:
    return [*SECTIONS, *export_sections()]


def record_of(*, patient: Patient, for_staff: bool) -> dict[str, list[dict[str, Any]]]:
    """Section name -> rows. Without ``for_staff`` the fields that are for staff only are left out."""
    key = data_keys(program_id=patient.program_id, patient_ids=[patient.pk]).get(patient.pk)
    found = {}
    for section in all_sections():
        gather = section.staff_rows if for_staff and section.staff_rows else section.rows
        rows = gather(patient=patient, key=key)
        hidden = frozenset() if for_staff else section.staff_only
        found[section.name] = [{name: value for name, value in row.items() if name not in hidden} for row in rows]
    return found
