"""What the safety page of a patient accepts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms

from recovery.rules.facts import DETAILS, FactKind
from recovery.rules.medicines import MEDICINES
from recovery.rules.states import ReportSource
from recovery.services.statements import FactStatement
from recovery.web import happened_words as said
from recovery.web import words
from recovery.web.forms import NOTE_LENGTH, PlainForm, choices


def _id() -> forms.UUIDField:
    return forms.UUIDField(widget=forms.HiddenInput)


def _row() -> forms.IntegerField:
    return forms.IntegerField(widget=forms.HiddenInput)


def _day(*, required: bool = True) -> forms.DateField:
    return forms.DateField(
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Choose the day."},
    )


def _note() -> forms.CharField:
    return forms.CharField(required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2}))


def _of(table: Any) -> list[tuple[str, str]]:
    return choices({str(code): text for code, text in table.items()}, empty="Choose")


class UnderstoodForm(PlainForm):
    hold = _row()


class LiftForm(PlainForm):
    hold = _row()
    reason = forms.ChoiceField(choices=_of(said.LIFT))
    note = _note()


class OrderForm(PlainForm):
    medicine = forms.ChoiceField(choices=[(each.value, words.plain(each.value)) for each in MEDICINES])
    note = _note()


class AwayForm(PlainForm):
    client_id = _id()
    place = forms.ChoiceField(choices=_of(said.PLACE))
    began_on = _day()
    expected_on = _day(required=False)
    note = _note()


class ExpectedForm(PlainForm):
    stay = _row()
    expected_on = _day(required=False)


class BackForm(PlainForm):
    stay = _row()
    ended_on = _day()


class SettleForm(PlainForm):
    stay = _row()
    opioids = forms.ChoiceField(choices=_of(said.INSIDE))
    doses = forms.ChoiceField(choices=_of(said.INSIDE))
    dose_days = forms.CharField(required=False, max_length=2000, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def clean_dose_days(self) -> list[date]:
        """Days as 2026-03-04, with commas or spaces between."""
        text = self.cleaned_data["dose_days"].replace(",", " ")
        try:
            return [date.fromisoformat(part) for part in text.split()]
        except ValueError:
            raise forms.ValidationError("Write days as 2026-03-04, with commas between.") from None


class VoidForm(PlainForm):
    stay = _row()


class FactForm(PlainForm):
    """What a patient said to staff. Answers that do not belong to the choice are left aside."""

    client_id = _id()
    kind = forms.ChoiceField(choices=_of(said.KIND))
    source = forms.ChoiceField(
        choices=[
            (each.value, words.said(words.SOURCE, each.value))
            for each in (ReportSource.STAFF, ReportSource.OBSERVED, ReportSource.SUPPORTER, ReportSource.PHARMACY)
        ]
    )
    medicine = forms.CharField(required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    taken = forms.ChoiceField(required=False, choices=[("", "Not said"), ("yes", "Yes"), ("no", "No")])
    how = forms.ChoiceField(
        required=False, choices=[("", "Not said"), ("ran_out", "Ran out"), ("lost", "Lost"), ("stolen", "Stolen")]
    )
    hard_to_breathe = forms.ChoiceField(required=False, choices=[("", "Not said"), ("yes", "Yes"), ("no", "No")])
    fever = forms.ChoiceField(required=False, choices=[("", "Not said"), ("yes", "Yes"), ("no", "No")])
    note = _note()

    def statement(self, now: datetime) -> FactStatement:
        data = self.cleaned_data
        kind = FactKind(data["kind"])
        client_id: UUID = data["client_id"]
        return FactStatement(
            client_id=client_id,
            kind=kind.value,
            source=data["source"],
            details={name: data[name] for name in DETAILS.get(kind, {}) if data[name]},
            medicine=data["medicine"].strip() if kind is FactKind.NEW_MEDICINE else "",
            note=data["note"],
        )
