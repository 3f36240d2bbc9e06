"""What the care pages accept. Codes come from lists, so that no free text lands in a plain column."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms

from backend.rules import wall_time
from recovery.rules.coping import COPING
from recovery.rules.records import OutreachChannel, OutreachOutcome, Site, TriggerKind, TriggerOrigin
from recovery.rules.states import Statement
from recovery.rules.triggers import TRIGGER_TAGS
from recovery.web import words

NOTE_LENGTH = 2000
MORNING = time(8, 0)


def choices(table: dict[str, str], *, empty: str | None = None) -> list[tuple[str, str]]:
    return ([("", empty)] if empty is not None else []) + list(table.items())


class PlainForm(forms.Form):
    """A form of the care pages; what is missing is said by the server, in the same words with and without scripts."""

    use_required_attribute = False


def _note() -> forms.CharField:
    return forms.CharField(required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2}))


class CloseForm(PlainForm):
    """How a flag ends, and the contact that led there."""

    outcome = forms.ChoiceField(
        choices=choices(words.OUTCOME, empty="Choose"), error_messages={"required": "Choose how this ended."}
    )
    channel = forms.ChoiceField(choices=choices(words.CHANNEL, empty="No contact to record"), required=False)
    result = forms.ChoiceField(choices=choices(words.REACHED, empty="Choose"), required=False)
    note = _note()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("channel") and not data.get("result"):
            self.add_error("result", "Say what came of the contact.")
        return data


class SnoozeForm(PlainForm):
    """Until which day the flag sleeps; it wakes at 8 in the morning of the clinic."""

    until = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": "Choose a day."}
    )
    reason = forms.ChoiceField(
        choices=choices(words.SNOOZE, empty="Choose"), error_messages={"required": "Choose a reason."}
    )

    def __init__(self, *args: Any, today: date, zone: str, longest_days: int = 30, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.zone, self.longest = today, zone, longest_days
        last = today + timedelta(days=longest_days)
        self.fields["until"].widget.attrs |= {"min": str(today + timedelta(days=1)), "max": str(last)}

    def clean_until(self) -> datetime:
        day: date = self.cleaned_data["until"]
        if not self.today < day <= self.today + timedelta(days=self.longest):
            raise forms.ValidationError(f"Choose a day from tomorrow on, at most {self.longest} days ahead.")
        return wall_time.to_utc(day, MORNING, self.zone)


class ContactForm(PlainForm):
    """A contact, or an attempt, with what came of it."""

    channel = forms.ChoiceField(choices=choices(words.CHANNEL))
    result = forms.ChoiceField(
        choices=choices(words.REACHED, empty="Choose"), error_messages={"required": "Say what came of it."}
    )
    note = _note()

    def clean_channel(self) -> OutreachChannel:
        return OutreachChannel(self.cleaned_data["channel"])

    def clean_result(self) -> OutreachOutcome:
        return OutreachOutcome(self.cleaned_data["result"])


class DoseForm(PlainForm):
    """What was said about one dose; the time only if it was stated."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    statement = forms.ChoiceField(
        choices=[("taken", "Taken"), ("missed", "Not taken")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what was said."},
    )
    observed = forms.BooleanField(required=False)
    taken_at = forms.TimeField(required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    note = _note()

    def __init__(self, *args: Any, due_at: datetime, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.due_at, self.zone = due_at, zone

    def clean_statement(self) -> Statement:
        return Statement(self.cleaned_data["statement"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        at = data.get("taken_at")
        if at is not None:
            data["taken_at"] = self._instant(at) if data.get("statement") is Statement.TAKEN else None
        return data

    def _instant(self, at: time) -> datetime:
        """The stated time on the dosing day of the slot: 01:30 is the night after it."""
        day = wall_time.dosing_day(self.due_at, self.zone)
        instant = wall_time.to_utc(day, at, self.zone)
        if wall_time.dosing_day(instant, self.zone) < day:
            instant = wall_time.to_utc(day + timedelta(days=1), at, self.zone)
        return instant


class InjectionForm(PlainForm):
    """An injection that was given, or an implant that was put in."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    given_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": "Choose the day."}
    )
    medicine = forms.ChoiceField(choices=[])
    dose_mg = forms.DecimalField(
        min_value=0,
        max_digits=7,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "min": "0", "step": "any"}),
        error_messages={"required": "Enter what was given, in mg."},
    )
    site = forms.ChoiceField(
        choices=[("", "Not known"), (Site.LEFT.value, "Left"), (Site.RIGHT.value, "Right")], required=False
    )
    lot = forms.CharField(required=False, max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    lot_expires_on = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    needle_inches = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=3,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "min": "0", "step": "0.5"}),
    )
    operator = forms.CharField(required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    where = forms.ChoiceField(
        choices=[
            ("here", "Here"),
            ("seen", "Elsewhere; the record was seen"),
            ("stated", "Elsewhere; no record seen yet"),
        ],
        error_messages={"required": "Say where it was given."},
    )
    partly_given = forms.BooleanField(required=False)
    note = _note()

    def __init__(
        self,
        *args: Any,
        medicines: list[tuple[str, str]],
        others: list[tuple[str, str]],
        today: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offered: list[Any] = [*medicines, *([("Not ordered here", others)] if medicines and others else others)]
        self.fields["medicine"].choices = offered  # type: ignore[attr-defined]
        self.fields["given_on"].widget.attrs["max"] = str(today)


class ScaleForm(forms.Form):
    """A reading of 0 to 10 from the patient's own page."""

    client_id = forms.UUIDField()
    intensity = forms.IntegerField(min_value=0, max_value=10)
    confidence = forms.IntegerField(min_value=0, max_value=10, required=False)
    note = forms.CharField(required=False, max_length=NOTE_LENGTH)


class MomentForm(forms.Form):
    """A trigger that was met, in three taps; what it was and what was tried if the person likes."""

    client_id = forms.UUIDField()
    origin = forms.ChoiceField(choices=[(each.value, each.value) for each in TriggerOrigin])
    kind = forms.ChoiceField(choices=[(each.value, each.value) for each in TriggerKind])
    intensity = forms.IntegerField(min_value=0, max_value=10, required=False)
    tag = forms.ChoiceField(choices=[(code, code) for code in TRIGGER_TAGS], required=False)
    tried = forms.ChoiceField(choices=[(code, code) for code in COPING], required=False)
    helped = forms.NullBooleanField(required=False)
    note = forms.CharField(required=False, max_length=NOTE_LENGTH)


class OwnReportForm(forms.Form):
    """What a patient says about a dose."""

    client_id = forms.UUIDField()
    said = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    reason = forms.CharField(required=False, max_length=20)


class WhenWantedForm(forms.Form):
    """One that was taken when it was wanted."""

    client_id = forms.UUIDField()


def client_id(form: forms.Form) -> UUID:
    return form.cleaned_data["client_id"]


def local_today(now: datetime, zone: str) -> date:
    return now.astimezone(ZoneInfo(zone)).date() if zone else now.astimezone(UTC).date()
