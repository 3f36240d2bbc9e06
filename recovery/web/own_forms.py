"""What a patient's further own pages accept. Each carries an id made with the page: a double tap is one record."""

from typing import Any

from django import forms

from recovery.rules.coping import COPING
from recovery.rules.needs import NeedKind
from recovery.rules.plans import MOST_PEOPLE, GoalAbout, GoalOutcome, Plan, PlanPart, SafePerson
from recovery.rules.procedures import ProcedureKind
from recovery.rules.records import TriggerKind
from recovery.rules.reversal import HasIt
from recovery.rules.side_effects import Effect, Sign, Strength
from recovery.rules.states import Goal
from recovery.rules.support import MeetingKind
from recovery.web.forms import NOTE_LENGTH


def _codes(values: Any) -> list[tuple[str, str]]:
    return [(each.value, each.value) for each in values]


def _text() -> forms.CharField:
    return forms.CharField(required=False, max_length=NOTE_LENGTH)


class PlanForm(forms.Form):
    """The plan, whole. ``plan()`` and ``shared()`` after ``is_valid``."""

    client_id = forms.UUIDField()
    reasons = _text()
    exit = _text()
    stress = _text()
    shared = forms.MultipleChoiceField(choices=_codes(PlanPart), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in TriggerKind:
            self.fields[f"strategy_{kind.value}"] = _text()
        for number in range(MOST_PEOPLE):
            self.fields[f"name_{number}"] = forms.CharField(required=False, max_length=80)
            self.fields[f"phone_{number}"] = forms.CharField(required=False, max_length=30)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for number in range(MOST_PEOPLE):
            if data.get(f"phone_{number}") and not data.get(f"name_{number}"):
                self.add_error(f"name_{number}", forms.ValidationError("A name is missing.", code="name"))
        return data

    def plan(self) -> Plan:
        data = self.cleaned_data
        people = [(data[f"name_{number}"], data[f"phone_{number}"]) for number in range(MOST_PEOPLE)]
        strategies = {kind: data[f"strategy_{kind.value}"] for kind in TriggerKind}
        return Plan(
            reasons=data["reasons"],
            exit=data["exit"],
            people=tuple(SafePerson(name, phone) for name, phone in people if name),
            stress=data["stress"],
            strategies={kind: text for kind, text in strategies.items() if text},
        )

    def shared_parts(self) -> list[PlanPart]:
        return [PlanPart(part) for part in self.cleaned_data["shared"]]


GOALS: dict[str, tuple[GoalAbout, Goal | None]] = {
    "opioid": (GoalAbout.OPIOID, Goal.ABSTINENCE),
    "alcohol_abstinence": (GoalAbout.ALCOHOL, Goal.ABSTINENCE),
    "alcohol_reduction": (GoalAbout.ALCOHOL, Goal.REDUCTION),
    "life": (GoalAbout.LIFE, None),
}
"""What a person chooses from: alcohol and opioids are never one goal (N15)."""


class GoalForm(forms.Form):
    client_id = forms.UUIDField()
    goal = forms.ChoiceField(choices=[(code, code) for code in GOALS])
    words = _text()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("goal") == "life" and not data.get("words"):
            self.add_error("words", forms.ValidationError("Write it down.", code="write"))
        return data


class GoalEndForm(forms.Form):
    goal_id = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    outcome = forms.ChoiceField(choices=_codes([GoalOutcome.REACHED, GoalOutcome.SET_ASIDE]))


class EntryForm(forms.Form):
    client_id = forms.UUIDField()
    words = forms.CharField(max_length=NOTE_LENGTH)
    shared = forms.BooleanField(required=False)


class MeetingForm(forms.Form):
    client_id = forms.UUIDField()
    kind = forms.ChoiceField(choices=_codes(MeetingKind))
    attended_on = forms.DateField()
    helped = forms.NullBooleanField(required=False)


class NeedForm(forms.Form):
    client_id = forms.UUIDField()
    kind = forms.ChoiceField(choices=_codes(NeedKind))
    note = _text()


class TriedForm(forms.Form):
    client_id = forms.UUIDField()
    skill = forms.ChoiceField(choices=[(code, code) for code in COPING])
    helped = forms.NullBooleanField(required=False)


class EffectForm(forms.Form):
    """A side effect, an answer to "is it still there?", or how the place of an injection looks."""

    client_id = forms.UUIDField()
    effect = forms.ChoiceField(choices=_codes(Effect))
    strength = forms.ChoiceField(choices=_codes(Strength), required=False)
    signs = forms.MultipleChoiceField(choices=_codes(Sign), required=False)
    began_on = forms.DateField(required=False)
    still_there = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], required=False)
    first_id = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    injection_id = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    note = _text()

    def arguments(self) -> dict[str, Any]:
        """What the service takes."""
        data = self.cleaned_data
        return {
            "client_id": data["client_id"],
            "effect": Effect(data["effect"]),
            "strength": Strength(data["strength"] or Strength.MILD.value),
            "signs": [Sign(sign) for sign in data["signs"]],
            "began_on": data["began_on"],
            "still_there": data["still_there"] != "no",
            "first_id": data["first_id"],
            "injection_id": data["injection_id"],
            "note": data["note"],
        }


class ProcedureForm(forms.Form):
    """A procedure that is planned somewhere."""

    client_id = forms.UUIDField()
    kind = forms.ChoiceField(choices=_codes(ProcedureKind))
    planned_on = forms.DateField()
    note = _text()


class AtHandForm(forms.Form):
    """Whether naloxone is at hand, until when it is good, and whether somebody close knows how to give it."""

    client_id = forms.UUIDField()
    has_it = forms.ChoiceField(choices=_codes(HasIt))
    expires_on = forms.DateField(required=False)
    trained = forms.NullBooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        # A date left standing from before is no answer to "no".
        if data.get("has_it") != HasIt.YES.value:
            data["expires_on"] = None
        return data
