"""What the pages of tests and checklists accept."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import uuid4, uuid5

from django import forms

from recovery.rules.checklists import AnswerKind
from recovery.rules.gates import Analyte
from recovery.rules.labs import LabAnalyte
from recovery.rules.medicines import CATALOGUE
from recovery.selectors.checklists import ItemView
from recovery.services.labs import NewLab
from recovery.services.procedures import NewProcedure
from recovery.services.reversal import NewReversal
from recovery.services.screens import NewChallenge, NewScreen
from recovery.web import checks_words as words
from recovery.web.forms import NOTE_LENGTH, PlainForm
from recovery.web.words import plain


def _day(label: str, *, required: bool = True, **attrs: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date", **attrs}),
        error_messages={"required": "Choose a day."},
    )


def _choice(label: str, table: Mapping[str, str], *, empty: str | None = "Choose", required: bool = True) -> Any:
    head = [] if empty is None else [("", empty)]
    return forms.ChoiceField(
        label=label,
        required=required,
        choices=[*head, *((str(code), text) for code, text in table.items())],
        error_messages={"required": "Choose one."},
    )


def _number(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_digits=9,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "min": "0", "step": "any"}),
    )


class EntryForm(PlainForm):
    """An entry that is stored once: the id is made with the page."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    note = forms.CharField(
        label="Note (optional)", required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"client_id": uuid4(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "note"])


class LabForm(EntryForm):
    """The liver tests of one day, each with the upper limit that the laboratory printed."""

    taken_on = _day("Taken on")
    alt = _number("ALT, U/L")
    alt_limit = _number("Upper limit of ALT")
    ast = _number("AST, U/L")
    ast_limit = _number("Upper limit of AST")
    bilirubin = _number("Bilirubin, mg/dL")
    bilirubin_limit = _number("Upper limit of bilirubin")
    is_baseline = forms.BooleanField(label="This is the own baseline, when well", required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        measured = [name for name in ("alt", "ast", "bilirubin") if data.get(name) is not None]
        if not measured and not self.errors:
            self.add_error("alt", "Enter at least one value.")
        for name in measured:
            if not data.get(f"{name}_limit"):
                self.add_error(f"{name}_limit", "Enter the upper limit that the laboratory printed.")
        return data

    def results(self) -> list[NewLab]:
        data = self.cleaned_data
        found: list[NewLab] = []
        for analyte in (LabAnalyte.ALT, LabAnalyte.AST, LabAnalyte.BILIRUBIN):
            value: Decimal | None = data.get(analyte.value)
            if value is not None:
                found.append(
                    NewLab(
                        client_id=uuid5(data["client_id"], analyte.value),
                        analyte=analyte.value,
                        value=value,
                        upper_limit=data[f"{analyte.value}_limit"],
                        taken_on=data["taken_on"],
                        is_baseline=data["is_baseline"],
                        note=data["note"],
                    )
                )
        return found


class ScreenForm(EntryForm):
    """A urine screen: one choice for each analyte, so that what was not tested is said."""

    taken_on = _day("Taken on")
    panel = _choice("Panel", words.PANEL)
    method = _choice("Method", words.METHOD)
    stage = _choice("Stage", words.STAGE)
    confirms = forms.TypedChoiceField(label="Confirms the screen of", coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, confirmable: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirms"].choices = [("", "None"), *confirmable]  # type: ignore[attr-defined]
        for analyte in Analyte:
            self.fields[analyte.value] = _choice(
                words.ANALYTE[analyte], words.RESULT, empty="Not tested", required=False
            )
        self.order_fields([name for name in self.fields if name != "note"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(data.get(analyte.value) for analyte in Analyte):
            self.add_error(Analyte.OPIATES.value, "Say what was tested.")
        return data

    def screen(self) -> NewScreen:
        data = self.cleaned_data
        return NewScreen(
            client_id=data["client_id"],
            taken_on=data["taken_on"],
            panel=data["panel"],
            method=data["method"],
            stage=data["stage"],
            results={analyte.value: data[analyte.value] for analyte in Analyte if data.get(analyte.value)},
            confirms_id=data["confirms"],
            note=data["note"],
        )


class ChallengeForm(EntryForm):
    """A challenge: its dose is the label's and is not asked."""

    done_on = _day("Done on")
    route = _choice("Route", words.ROUTE)
    result = _choice("Result", words.CHALLENGE)
    repeat_on = _day("Repeat on (optional)", required=False)

    def challenge(self) -> NewChallenge:
        names = ("client_id", "done_on", "route", "result", "repeat_on", "note")
        return NewChallenge(**{name: self.cleaned_data[name] for name in names})


class ProcedureForm(EntryForm):
    """A planned procedure."""

    kind = _choice("What is planned", words.PROCEDURE)
    planned_on = _day("Planned for")
    opioid_expected = _choice("Pain relief", words.EXPECTED)

    def procedure(self) -> NewProcedure:
        names = ("client_id", "kind", "planned_on", "opioid_expected", "note")
        return NewProcedure(**{name: self.cleaned_data[name] for name in names})


class ReversalForm(EntryForm):
    """What was said about a reversal agent at home."""

    has_it = _choice("One is at home", words.HAS_IT)
    expires_on = _day("It expires on (optional)", required=False)
    offered = forms.BooleanField(label="It was offered today", required=False)
    trained = forms.NullBooleanField(label="Somebody close knows how to use it", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].label = "Who knows how to use it (optional)"

    def answer(self) -> NewReversal:
        data = self.cleaned_data
        return NewReversal(
            client_id=data["client_id"],
            has_it=data["has_it"],
            offered=data["offered"],
            expires_on=data["expires_on"],
            trained=data["trained"],
            who=data["note"],
        )


class HoldDayForm(PlainForm):
    """The day on which a prescriber lets the hold before a procedure begin."""

    hold_from = _day("The hold begins on")


class StopForm(PlainForm):
    """A planned stop."""

    planned_for = _day("Day of stopping")
    reason = _choice("Why", words.STOP)
    counselled = forms.BooleanField(label="The talk about overdose after stopping was held", required=False)
    note = forms.CharField(
        label="Note (optional)", required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
    )


class Act(StrEnum):
    """What the buttons of a checklist do."""

    SAVE = "save"
    SIGN = "sign"
    CANCEL = "cancel"
    MEDICINE = "medicine"


MEDICINES = sorted({(entry.medicine.value, plain(entry.medicine.value)) for entry in CATALOGUE.values()})


class AnswersForm(PlainForm):
    """The items of one checklist. An item that speaks against it asks for the reason it is signed over."""

    def __init__(self, *args: Any, items: list[ItemView], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = items
        for each in items:
            code = each.item.code
            self.fields[code] = self._field(each, today)
            if each.answer is not None:
                self.initial[code] = each.answer.value
            if each.speaks_against:
                self.fields[f"{code}_reason"] = forms.CharField(
                    label="Why it is signed over", required=False, max_length=NOTE_LENGTH
                )
                self.initial[f"{code}_reason"] = each.answer.reason if each.answer is not None else ""

    def _field(self, each: ItemView, today: date) -> forms.Field:
        item, label = each.item, each.item.question
        if item.answer in (AnswerKind.YES_NO, AnswerKind.CHOICE):
            offered = item.choices or (("yes", "Yes"), ("no", "No"), ("unknown", "Not known"))
            return forms.ChoiceField(label=label, required=False, choices=[("", "No answer yet"), *offered])
        if item.answer is AnswerKind.DAY:
            hint = "A day as YYYY-MM-DD, or never, or unknown"
            return forms.CharField(label=label, required=False, max_length=10, help_text=hint)
        return forms.CharField(
            label=f"{label}, {item.unit}",
            required=False,
            max_length=9,
            widget=forms.TextInput({"inputmode": "decimal"}),
        )

    def answers(self) -> dict[str, tuple[str, str]]:
        """What was answered; an item left empty stays as it was."""
        data = self.cleaned_data
        return {
            each.item.code: (data[each.item.code].strip(), data.get(f"{each.item.code}_reason", ""))
            for each in self.items
            if data.get(each.item.code, "").strip()
        }
