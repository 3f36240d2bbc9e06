"""What the page of the people around a patient accepts."""

from datetime import date
from typing import Any

from django import forms

from recovery.rules.reach import Interpreter
from recovery.rules.rewards import Reason
from recovery.rules.supporters import AgreedHow, AllowedBy, EndedBy, MinorBasis, Relation, Tier, Topic
from recovery.services.reach import LONGEST_TEXT, LONGEST_WORD
from recovery.web import people_words as said
from recovery.web.forms import NOTE_LENGTH, PlainForm, choices
from recovery.web.words import LANGUAGE

_YES_NO = [("", "Not asked yet"), ("yes", "Yes"), ("no", "No")]


def _date(**attrs: str) -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", **attrs})


def _area(length: int = NOTE_LENGTH, *, required: bool = False, **kwargs: Any) -> forms.CharField:
    return forms.CharField(required=required, max_length=length, widget=forms.Textarea(attrs={"rows": 2}), **kwargs)


def _id() -> forms.UUIDField:
    return forms.UUIDField(widget=forms.HiddenInput)


class SupporterForm(PlainForm):
    """Somebody whom the patient lets in."""

    client_id = _id()
    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    phone = forms.CharField(max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}))
    relation = forms.ChoiceField(choices=choices({word.value: said.RELATION[word] for word in Relation}))
    tier = forms.ChoiceField(choices=choices({word.value: said.TIER[word] for word in Tier}))
    may_tell = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=choices({word.value: said.TOPIC[word] for word in Topic}),
    )
    language = forms.ChoiceField(choices=choices(LANGUAGE))
    allowed_by = forms.ChoiceField(choices=choices({word.value: said.ALLOWED_BY[word] for word in AllowedBy}))
    expires_on = forms.DateField(required=False, widget=_date())

    def clean_phone(self) -> str:
        """Spaces, dots and brackets are how people write numbers; ten digits are a number of this country."""
        text = "".join(letter for letter in self.cleaned_data["phone"] if letter not in " .-()")
        return f"+1{text}" if len(text) == 10 and text.isascii() and text.isdigit() else text


class AgreeForm(PlainForm):
    supporter = forms.IntegerField(widget=forms.HiddenInput)
    how = forms.ChoiceField(choices=choices({word.value: said.AGREED[word] for word in AgreedHow}))


class EndForm(PlainForm):
    supporter = forms.IntegerField(widget=forms.HiddenInput)
    by = forms.ChoiceField(
        choices=choices({word.value: said.ENDED_BY[word] for word in EndedBy if word is not EndedBy.EXPIRY})
    )


class ConcernForm(PlainForm):
    supporter = forms.IntegerField(widget=forms.HiddenInput)
    note = _area()


class ReachForm(PlainForm):
    """How the person may be reached."""

    phone_shared = forms.BooleanField(required=False)
    safe_to_call = forms.ChoiceField(choices=_YES_NO, required=False)
    safe_voicemail = forms.ChoiceField(choices=_YES_NO, required=False)
    safe_from = forms.TimeField(required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    safe_until = forms.TimeField(required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    agreed_word = forms.CharField(
        required=False, max_length=LONGEST_WORD, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    interpreter = forms.ChoiceField(
        choices=choices({word.value: said.INTERPRETER[word] for word in Interpreter}), required=False
    )
    letters_ok = forms.ChoiceField(choices=_YES_NO, required=False)
    letter_address = _area(LONGEST_TEXT)

    def values(self) -> dict[str, Any]:
        """The cleaned data with yes, no and not asked as True, False and None."""
        answers = {"yes": True, "no": False, "": None}
        asked = ("safe_to_call", "safe_voicemail", "letters_ok")
        return self.cleaned_data | {name: answers[self.cleaned_data[name]] for name in asked}


class MinorForm(PlainForm):
    """On what a minor's consent rests."""

    client_id = _id()
    state_code = forms.CharField(max_length=2, widget=forms.TextInput(attrs={"autocapitalize": "characters"}))
    basis = forms.ChoiceField(choices=choices({word.value: said.BASIS[word] for word in MinorBasis}))
    consented_by = forms.ChoiceField(choices=choices({word.value: said.CONSENTED_BY[word] for word in AllowedBy}))
    consented_on = forms.DateField(widget=_date(), error_messages={"required": "Choose the day."})
    note = _area(LONGEST_TEXT)

    def clean_state_code(self) -> str:
        return self.cleaned_data["state_code"].upper()


class PlanForm(PlainForm):
    """Nothing to fill in: a button."""


class EarnForm(PlainForm):
    client_id = _id()
    reason = forms.ChoiceField(choices=choices({word.value: said.REASON[word] for word in Reason}))
    on_day = forms.DateField(widget=_date(), error_messages={"required": "Choose the day."})

    def __init__(self, *args: Any, today: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if today is not None:
            self.fields["on_day"].widget.attrs["max"] = str(today)


class RedeemForm(PlainForm):
    client_id = _id()
    dollars = forms.DecimalField(
        min_value=0,
        max_digits=7,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "min": "0", "step": "any"}),
        error_messages={"required": "Enter an amount."},
    )

    def cents(self) -> int:
        return int(self.cleaned_data["dollars"] * 100)


class CorrectForm(PlainForm):
    client_id = _id()
    entry = forms.IntegerField(widget=forms.HiddenInput)
