"""What staff record on a patient's plan page, for somebody who says it at a visit or on the phone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from backend.rules import wall_time
from recovery.rules.needs import NeedKind, need_words
from recovery.rules.plans import GoalOutcome
from recovery.rules.side_effects import COUGH_SIGNS, SITE_SIGNS, Effect, Strength, effect_words, sign_words
from recovery.rules.side_effects import strength_words as strength
from recovery.rules.support import TherapyKind, therapy_words
from recovery.web.forms import NOTE_LENGTH, PlainForm
from recovery.web.own_forms import GOALS, EffectForm

GOAL_WORDS = {
    "opioid": "No opioids",
    "alcohol_abstinence": "No alcohol",
    "alcohol_reduction": "Drink less",
    "life": "Something of their own",
}
assert set(GOAL_WORDS) == set(GOALS)


def _note(**more: Any) -> forms.CharField:
    return forms.CharField(required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2}), **more)


def _day() -> forms.DateField:
    return forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))


class SetGoalForm(PlainForm):
    """A goal, in the patient's words."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    goal = forms.ChoiceField(
        choices=[("", "Choose"), *GOAL_WORDS.items()], error_messages={"required": "Choose a goal."}
    )
    words = _note()
    review_on = _day()


class KeepGoalForm(PlainForm):
    """A standing goal after looking at it together: kept with a new day, or ended."""

    goal_id = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    review_on = _day()
    outcome = forms.ChoiceField(
        choices=[("", "It stands"), (GoalOutcome.REACHED.value, "Reached"), (GoalOutcome.SET_ASIDE.value, "Set aside")],
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("outcome") and not data.get("review_on"):
            self.add_error("review_on", "Choose the day of the next look.")
        return data


class SideEffectForm(EffectForm):
    """A side effect that somebody told staff."""

    use_required_attribute = False
    client_id = forms.UUIDField(widget=forms.HiddenInput)
    effect = forms.ChoiceField(
        choices=[("", "Choose"), *((each.value, effect_words(each)) for each in Effect)],
        error_messages={"required": "Choose what it is."},
    )
    strength = forms.ChoiceField(choices=[(each.value, strength(each)) for each in Strength], required=False)
    signs = forms.MultipleChoiceField(
        choices=[(each.value, sign_words(each)) for each in (*SITE_SIGNS, *COUGH_SIGNS)],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    began_on = _day()
    note = _note()


class StateNeedForm(PlainForm):
    """Help that somebody asked staff for."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        choices=[("", "Choose"), *((each.value, need_words(each)) for each in NeedKind)],
        error_messages={"required": "Choose what help is needed."},
    )
    note = _note()


class BookTherapyForm(PlainForm):
    """A visit for therapy, at a time where the patient lives. ``starts_at()`` needs their zone."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        choices=[("", "Choose"), *((each.value, therapy_words(each)) for each in TherapyKind)],
        error_messages={"required": "Choose what it is."},
    )
    day = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": "Choose the day."}
    )
    time = forms.TimeField(
        widget=forms.TimeInput(attrs={"type": "time"}), error_messages={"required": "Choose the time."}
    )
    with_whom = forms.CharField(required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def starts_at(self, zone: str) -> datetime:
        ZoneInfo(zone)
        return wall_time.to_utc(self.cleaned_data["day"], self.cleaned_data["time"], zone)
