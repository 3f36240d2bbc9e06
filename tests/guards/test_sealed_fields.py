"""Every personal field is sealed: a text column that is not must be listed here as holding none."""

from django.apps import apps
from django.db import models

# Codes, keys, versions and enumerations: nothing that a person wrote or that names one.
PLAIN = {
    "backend.AuditEvent": {"role", "action", "object_kind", "fields", "route", "request_id"},
    "backend.CareTeam": {"name"},
    "backend.CareTeamMember": {"name"},  # a colleague's name, behind the program's wall
    "backend.Consent": {"kind", "wording_version", "given_by"},
    "backend.DataKey": {"kid"},
    "backend.LoginIndex": {"kind"},
    "backend.Membership": {"role"},
    "backend.PolicyOverride": {"key", "value", "reason"},
    "backend.Program": {"slug", "name", "neutral_name", "zone", "clinic_hours", "holidays", "phone", "country"},
    "backend.ShredLedger": {"reason"},
    "backend.User": {"username", "password", "email"},
    "recovery.Appointment": {"kind", "status", "reason", "supply"},
    "recovery.AfterCare": {"cause", "end"},
    "recovery.Challenge": {"route", "result"},
    "recovery.Condition": {"kind"},
    "recovery.CheckInWish": {"how", "source"},
    "recovery.Checklist": {"kind", "cause", "medicine", "status", "policy_version"},
    "recovery.ChecklistAnswer": {"item", "value"},
    "recovery.LabResult": {"analyte", "unit"},
    "recovery.PlannedStop": {"reason"},
    "recovery.Procedure": {"source", "kind", "opioid_expected", "status"},
    "recovery.ReversalAgent": {"source", "has_it"},
    "recovery.UrineScreen": {"panel", "method", "stage", "results", "reading"},
    "recovery.CoverEvent": {"cause", "band", "returned_from"},
    "recovery.CravingLog": {"substance", "source"},
    "recovery.Dose": {"state", "timeliness", "source"},
    "recovery.DoseReport": {"statement", "source", "reason"},
    "recovery.Escalation": {"phase"},
    "recovery.Flag": {"kind", "severity", "status", "evidence", "policy_version", "snooze_reason", "outcome"},
    "recovery.Hold": {
        "medicine", "stops", "cause", "owner_role", "evidence", "policy_version", "lift_reason",
    },
    "recovery.HoldAlarm": {"to_role"},
    "recovery.Injection": {"medicine", "site", "lot", "source", "warnings", "void_reason"},
    "recovery.InstrumentAnswer": {"item", "source"},
    "recovery.InstrumentForm": {
        "instrument", "version", "language", "status", "reason", "asked", "facts", "filled_by", "source", "passed_on",
        "policy_version",
    },
    "recovery.MeetingLog": {"kind", "source"},
    # Of no person: a program's own list of meetings.
    "recovery.MeetingPlace": {"kind", "name", "times", "place", "language", "phone", "source"},
    "recovery.Need": {"kind", "source"},
    "recovery.Outreach": {"channel", "outcome"},
    "recovery.Patient": {"zone", "language", "indication", "opioid_history", "status", "external_ref"},
    "recovery.PatientGoal": {"about", "aim", "source", "outcome"},
    "recovery.PromptPause": {"source"},
    "recovery.ReadReceipt": {"module", "language"},
    "recovery.Regimen": {"kind", "medicine", "plan", "ends_reason"},
    "recovery.RotaOverride": {"reason"},
    "recovery.StatedFact": {"kind", "details", "source", "answer"},
    "recovery.Stay": {"place", "opioids_inside", "doses_inside"},
    "recovery.SideEffectReport": {"effect", "strength", "source"},
    "recovery.SkillUse": {"skill"},
    "recovery.TabletCount": {"medicine", "kind", "source"},
    "recovery.ContactRules": {"interpreter"},
    "recovery.MinorConsent": {"state_code", "basis", "consented_by"},
    "recovery.RewardEntry": {"kind", "reason", "phase", "capped_by", "policy_version"},
    "recovery.RewardPlan": {"policy_version"},
    "recovery.Supporter": {
        "relation", "language", "tier", "may_tell", "allowed_by", "wording_version", "agreed_how", "ended_by",
    },
    "recovery.Task": {"kind", "role", "status", "outcome", "facts"},
    "recovery.TherapyVisit": {"kind"},
    "recovery.Treatment": {"indication", "end_reason", "cover_band"},
    "recovery.TriggerEntry": {"origin", "kind", "tag", "tried"},
    "reminders.Attempt": {"provider", "result", "error_code", "sid"},
    "reminders.BadNumber": {"code"},
    "reminders.ChannelChoice": {"first"},
    "reminders.Circuit": {"provider", "state"},
    "reminders.Device": {"channel", "ended_why"},
    "reminders.InboundMessage": {"sid", "classified", "result"},
    "reminders.Message": {
        "audience", "subject_kind", "step", "channel", "message_class", "template", "language", "values", "state",
        "why", "claimed_by", "provider", "provider_sid", "instead_of",
    },
    "reminders.OptOut": {"scope", "source"},
    "reminders.OutboxText": {"sid", "last_two", "channel"},
    "reminders.ProviderEvent": {"sid", "status", "error_code"},
    "reminders.Sender": {"provider", "stopped_why"},
    "reminders.Stop": {"kind", "name", "reason"},
    "reminders.TickRun": {"tick", "runner", "last_error"},
}  # fmt: skip
TEXT = (models.CharField, models.TextField, models.JSONField)
HISTORY = {"pgh_label"}


def test_every_text_column_is_sealed_or_known_to_hold_nothing_personal():
    found = {
        model._meta.label: {f.name for f in model._meta.get_fields() if isinstance(f, TEXT)}
        for app in ("backend", "recovery", "reminders")
        for model in apps.get_app_config(app).get_models()
    }
    unknown = {}
    for label, names in found.items():
        known = PLAIN.get(label) or PLAIN.get(label.removesuffix("Event"), set()) | HISTORY
        if names - known:
            unknown[label] = sorted(names - known)
    assert unknown == {}


def test_the_list_names_only_what_exists():
    gone = {
        f"{label}.{name}"
        for label, names in PLAIN.items()
        for name in names
        if name not in {f.name for f in apps.get_model(label)._meta.get_fields()}
    }
    assert gone == set()


def test_every_sealed_column_is_in_a_model_that_binds_it_to_its_row():
    from backend.fields import SealedField, SealedModel

    loose = [
        f"{model._meta.label}.{field.name}"
        for app in ("backend", "recovery", "reminders")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedField) and not issubclass(model, SealedModel) and not hasattr(model, "pgh_obj")
    ]
    assert loose == []
