"""Forms of the pages of orders and visits. Reasons come from lists, so that none is free text in a plain column."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django import forms

from backend.rules import wall_time
from recovery.rules.medicines import Cadence, CatalogueEntry
from recovery.rules.records import AppointmentKind
from recovery.rules.regimen_words import WARNING_WORDS, OrderWarning
from recovery.rules.states import Indication, OpioidHistory
from recovery.services.orders import Order
from recovery.web import visit_words, words
from recovery.web.forms import PlainForm, choices

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SLOTS = {Cadence.DAILY, Cadence.EVERY_N_DAYS, Cadence.WEEKDAYS, Cadence.OBSERVED_DAILY}
_SPARE_STEPS = 2


def day_field(*, required: bool = True, needed: str = "Choose a day.") -> forms.DateField:
    return forms.DateField(
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": needed, "invalid": "Write a day as YYYY-MM-DD."},
    )


def time_field(*, required: bool = False) -> forms.TimeField:
    return forms.TimeField(required=required, widget=forms.TimeInput(attrs={"type": "time"}))


def _amount() -> forms.FloatField:
    return forms.FloatField(required=False, widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}))


def _whole() -> forms.IntegerField:
    return forms.IntegerField(required=False, widget=forms.NumberInput(attrs={"inputmode": "numeric"}))


class OrderForm(PlainForm):
    """One regimen as it is ordered: what can differ from the catalogue's plan is a field."""

    starts_on = day_field(needed="Choose the first day.")
    last_day = day_field(required=False)
    reminders = forms.BooleanField(required=False)
    outside_window_ok = forms.BooleanField(required=False)
    warnings_read = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(
        self,
        *args: Any,
        entry: CatalogueEntry,
        plan: Mapping[str, Any] | None = None,
        to_read: Sequence[OrderWarning] = (),
        **kwargs: Any,
    ) -> None:
        self.entry = entry
        self.plan = plan or {}
        super().__init__(*args, **kwargs)
        self.fields["warnings_read"].choices = [  # type: ignore[attr-defined]
            (code.value, WARNING_WORDS[code]) for code in dict.fromkeys([*to_read, *self._confirmed()])
        ]
        self.time_names = [f"time_{n}" for n in range(1, entry.times_a_day + 1)] if entry.cadence in _SLOTS else []
        usual = self.plan.get("times") or _USUAL.get(entry.times_a_day, ["08:00"])
        for name, at in zip(self.time_names, usual, strict=False):
            self.fields[name] = time_field(required=True)
            self.fields[name].initial = at
        self.step_names: list[tuple[str, str, str, str]] = []
        if entry.steps and entry.cadence is not Cadence.INTERVAL:
            self._add_steps()
        self.weekday_names: list[tuple[str, str, str]] = []
        if entry.weekday_doses:
            self._add_weekdays()
        if entry.cadence is Cadence.EVERY_N_DAYS:
            self.fields["every_days"] = forms.IntegerField(min_value=1, max_value=60)
            self.fields["every_days"].initial = self.plan.get("every_days", entry.every_days)
        if not entry.reminders:
            del self.fields["reminders"]

    def _confirmed(self) -> list[OrderWarning]:
        """What was ticked: a warning may come of the doses that were entered."""
        sent = self.data.getlist("warnings_read") if hasattr(self.data, "getlist") else []
        return [OrderWarning(code) for code in sent if code in set(OrderWarning)]

    def _add_steps(self) -> None:
        known = self.plan.get("steps") or [
            {
                "from_day": step.from_day,
                "to_day": step.to_day,
                "dose_mg": step.dose_mg,
                "coverage_hours": step.coverage_hours,
            }
            for step in self.entry.steps
        ]
        for number in range(1, len(known) + _SPARE_STEPS + 1):
            names = tuple(f"step_{number}_{part}" for part in ("from", "to", "mg", "hours"))
            given = known[number - 1] if number <= len(known) else {}
            for name, part in zip(names, ("from_day", "to_day", "dose_mg", "coverage_hours"), strict=True):
                self.fields[name] = _whole() if part in ("from_day", "to_day") else _amount()
                self.fields[name].initial = _short(given.get(part))
            self.step_names.append(names)  # type: ignore[arg-type]

    def _add_weekdays(self) -> None:
        known = {each["weekday"]: each for each in self.plan.get("weekday_doses", [])} or {
            each.weekday: {"dose_mg": each.dose_mg, "coverage_hours": each.coverage_hours}
            for each in self.entry.weekday_doses
        }
        for number, label in enumerate(WEEKDAYS):
            mg, hours = f"day_{number}_mg", f"day_{number}_hours"
            for name, part in ((mg, "dose_mg"), (hours, "coverage_hours")):
                self.fields[name] = _amount()
                self.fields[name].initial = _short(known.get(number, {}).get(part))
            self.weekday_names.append((label, mg, hours))

    @property
    def times(self) -> list[forms.BoundField]:
        return [self[name] for name in self.time_names]

    @property
    def steps(self) -> list[list[forms.BoundField]]:
        return [[self[name] for name in names] for names in self.step_names]

    @property
    def weekdays(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        return [(label, self[mg], self[hours]) for label, mg, hours in self.weekday_names]

    def place_of(self, field: str | None) -> str | None:
        """Where on the form a refusal of the service belongs; None: above it."""
        if field == "times":
            return self.time_names[0] if self.time_names else None
        return field if field in self.fields else None

    def order(self) -> Order:
        data = self.cleaned_data
        return Order(
            kind=self.entry.key,
            starts_on=data["starts_on"],
            last_day=data["last_day"],
            times=tuple(data[name].strftime("%H:%M") for name in self.time_names) if self.time_names else None,
            plan=self._plan(data) or None,
            reminders=data.get("reminders", False),
            outside_window_ok=data["outside_window_ok"],
            warnings_read=data["warnings_read"],
        )

    def _plan(self, data: Mapping[str, Any]) -> dict[str, Any]:
        plan: dict[str, Any] = {}
        steps = [
            {"from_day": first, "to_day": last, "dose_mg": mg, "coverage_hours": hours}
            for first, last, mg, hours in ([data.get(name) for name in names] for names in self.step_names)
            if first is not None or mg is not None
        ]
        if self.step_names:
            plan["steps"] = steps
        if self.weekday_names:
            plan["weekday_doses"] = [
                {"weekday": number, "dose_mg": data[mg], "coverage_hours": data[hours]}
                for number, (_, mg, hours) in enumerate(self.weekday_names)
                if data.get(mg) is not None
            ]
        if "every_days" in self.fields:
            plan["every_days"] = data["every_days"]
        return plan


_USUAL = {1: ["08:00"], 2: ["08:00", "20:00"], 3: ["08:00", "14:00", "20:00"]}


def _short(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


class StopForm(PlainForm):
    reason = forms.ChoiceField(
        choices=choices(dict(visit_words.STOP), empty="Choose"), error_messages={"required": "Choose why."}
    )


class _DayForm(PlainForm):
    """A day, and a time on it if one is agreed, in the patient's zone."""

    due_on = day_field()
    at = time_field()

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def starts_at(self) -> datetime | None:
        at: time | None = self.cleaned_data["at"]
        return None if at is None else wall_time.to_utc(self.cleaned_data["due_on"], at, self.zone)


class BookForm(_DayForm):
    kind = forms.ChoiceField(choices=[(each.value, words.VISIT_KIND[each.value]) for each in AppointmentKind])


class MoveForm(_DayForm):
    pass


class EndForm(PlainForm):
    """What came of a visit, and why: each outcome has its own reasons."""

    outcome = forms.ChoiceField(
        choices=[
            ("", "Choose"),
            ("kept", "It took place"),
            ("not_given", "It took place, nothing could be given"),
            ("not_kept", "It did not take place"),
            ("cancelled", "Take it off the calendar"),
        ],
        error_messages={"required": "Choose what came of it."},
    )
    reason = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Choose"),
            ("Nothing could be given", list(visit_words.NOT_GIVEN.items())),
            ("It did not take place", list(visit_words.NOT_KEPT.items())),
            ("Off the calendar", list(visit_words.CANCELLED.items())),
        ],
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("outcome") not in (None, "kept") and not data.get("reason"):
            self.add_error("reason", "Choose why.")
        return data


class SupplyForm(PlainForm):
    supply = forms.ChoiceField(
        choices=[(code, label.capitalize()) for code, label in visit_words.SUPPLY.items() if code]
    )
    on_day = day_field()


class VoidForm(PlainForm):
    reason = forms.ChoiceField(
        choices=choices(dict(visit_words.VOID), empty="Choose"), error_messages={"required": "Choose why."}
    )


class TabletsForm(PlainForm):
    client_id = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=list(visit_words.COUNT.items()))
    medicine = forms.ChoiceField(choices=[])
    on_day = day_field()
    tablets = forms.IntegerField(
        min_value=0,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": "0"}),
        error_messages={"required": "Enter how many."},
    )
    tablet_mg = forms.DecimalField(
        max_digits=7,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
        error_messages={"required": "Enter what one holds, in mg."},
    )
    source = forms.ChoiceField(
        choices=[("staff", "Staff"), ("pharmacy", "The pharmacy"), ("supporter", "A support person")]
    )

    def __init__(self, *args: Any, medicines: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["medicine"].choices = list(medicines)  # type: ignore[attr-defined]


class BridgeForm(PlainForm):
    starts_on = day_field()
    last_day = day_field()
    agreed_on = day_field()


OPIOID_HISTORY = [
    (OpioidHistory.UNKNOWN.value, "Not known (counts as opioid use)"),
    (OpioidHistory.KNOWN.value, "Known opioid use"),
    (OpioidHistory.NONE.value, "None, as a clinician records"),
]


class HistoryForm(PlainForm):
    """What is known of opioids in the past; only a clinician says that there were none (S 2)."""

    opioid_history = forms.ChoiceField(choices=OPIOID_HISTORY)


class EnrolForm(PlainForm):
    """A person to enrol. Consent to texts is the person's own act and is asked elsewhere."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    program = forms.ChoiceField(choices=[])
    name = forms.CharField(max_length=200, error_messages={"required": "Enter the name."})
    call_name = forms.CharField(required=False, max_length=200)
    phone = forms.CharField(required=False, max_length=20, widget=forms.TextInput(attrs={"inputmode": "tel"}))
    born_on = day_field(required=False)
    zone = forms.CharField(max_length=64)
    language = forms.ChoiceField(choices=list(words.LANGUAGE.items()))
    indication = forms.ChoiceField(
        choices=[
            ("", "Choose"),
            (Indication.OPIOID.value, "Opioid use"),
            (Indication.ALCOHOL.value, "Alcohol use"),
            (Indication.BOTH.value, "Both"),
        ],
        error_messages={"required": "Choose what the treatment is for."},
    )
    opioid_history = forms.ChoiceField(choices=OPIOID_HISTORY)
    treatment_from = day_field(required=False)

    def __init__(self, *args: Any, programs: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].choices = list(programs)  # type: ignore[attr-defined]


class OpenForm(PlainForm):
    indication = forms.ChoiceField(
        choices=[
            (Indication.OPIOID.value, "Opioid use"),
            (Indication.ALCOHOL.value, "Alcohol use"),
            (Indication.BOTH.value, "Both"),
        ]
    )
    started_on = day_field()


class CloseTreatmentForm(PlainForm):
    ended_on = day_field()
    reason = forms.ChoiceField(
        choices=choices(dict(visit_words.CLOSE), empty="Choose"), error_messages={"required": "Choose why."}
    )


class OwnCountForm(forms.Form):
    client_id = forms.UUIDField()
    tablets = forms.IntegerField(min_value=0, max_value=1000)


class OwnElsewhereForm(forms.Form):
    client_id = forms.UUIDField()
    given_on = forms.DateField()
