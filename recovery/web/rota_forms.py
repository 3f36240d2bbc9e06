"""What the page of who is on call accepts. Times are on the clock of the program."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django import forms

from backend.rules import wall_time
from recovery.rules.escalation import OverrideReason
from recovery.services.rota import MOST_IN_A_TURN, MOST_TURNS
from recovery.web.forms import PlainForm

REASON = {
    OverrideReason.SWAP.value: "Two people swapped",
    OverrideReason.HOLIDAY.value: "Holiday",
    OverrideReason.ILL.value: "Ill",
    OverrideReason.OTHER.value: "Another reason",
}
"""Why an editor puts somebody else on call; taking over writes its own."""

PLACES = ("First", "Second", "Third", "Fourth")
SPARE_WEEKS = 2
_NEAR = timedelta(days=800)  # beyond it no date is meant; what may be chosen is the service's to say

Choices = list[tuple[str, str]]


def _day(missing: str = "Choose a day.") -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": missing})


def _clock(missing: str = "Choose a time.") -> forms.TimeField:
    return forms.TimeField(
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), error_messages={"required": missing}
    )


class TimesForm(PlainForm):
    """A form with times: each is a day and a time of the program's clock."""

    def __init__(self, *args: Any, today: date, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.zone = today, zone

    def instant(self, day_field: str, time_field: str) -> datetime | None:
        """The instant that two fields stand for; None, with the field named, where there is none."""
        day, at = self.cleaned_data.get(day_field), self.cleaned_data.get(time_field)
        if day is None or at is None:
            return None
        if abs(day - self.today) > _NEAR:
            self.add_error(day_field, "This day is too far away.")
            return None
        return wall_time.to_utc(day, at, self.zone)


class TakeOverForm(TimesForm):
    """Until when the person who sends it is on call."""

    until_on = _day()
    until_at = _clock()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["until"] = self.instant("until_on", "until_at")
        return data


class OverrideForm(TimesForm):
    """Somebody else for a while; nobody is a gap that is known."""

    starts_on, starts_time = _day(), _clock()
    ends_on, ends_time = _day(), _clock()
    first = forms.ChoiceField(choices=[], required=False)
    second = forms.ChoiceField(choices=[], required=False)
    reason = forms.ChoiceField(
        choices=[("", "Choose"), *REASON.items()], error_messages={"required": "Choose a reason."}
    )

    def __init__(self, *args: Any, people: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            self.fields[name].choices = [("", "Nobody"), *people]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["starts_at"] = self.instant("starts_on", "starts_time")
        data["ends_at"] = self.instant("ends_on", "ends_time")
        first, second = data.get("first"), data.get("second")
        if second and not first and "first" not in self.errors:
            self.add_error("first", "Choose who is first before who is second.")
        data["people"] = [int(each) for each in (first, second) if each]
        return data


class WeeksForm(PlainForm):
    """The weekly rota: when it begins, when it hands over, and the people of each week in a circle.

    It offers the weeks that there are and two more; empty ones at the end are left out.
    """

    anchor = _day("Choose the Monday on which week 1 begins.")
    hand_over = _clock("Choose when one week hands over to the next.")

    def __init__(self, *args: Any, turns: Iterable[Iterable[int]], people: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now_there = [list(turn) for turn in turns]
        self.weeks = min(MOST_TURNS, max(4, len(now_there) + SPARE_WEEKS))
        known = {code for code, _ in people}
        for week in range(self.weeks):
            there = now_there[week] if week < len(now_there) else []
            for rank in range(MOST_IN_A_TURN):
                user = str(there[rank]) if rank < len(there) else ""
                self.fields[self.name_of(week, rank)] = forms.ChoiceField(
                    choices=[("", "Nobody"), *people], required=False, initial=user if user in known else ""
                )

    @staticmethod
    def name_of(week: int, rank: int) -> str:
        return f"week{week}_{rank}"

    def rows(self) -> list[tuple[int, list[tuple[str, forms.BoundField]]]]:
        """Number of the week from 1, and its fields with their labels."""
        return [
            (week + 1, [(place, self[self.name_of(week, rank)]) for rank, place in enumerate(PLACES)])
            for week in range(self.weeks)
        ]

    def clean_anchor(self) -> date:
        day: date = self.cleaned_data["anchor"]
        if not 2000 <= day.year < 2200:
            raise forms.ValidationError("This day is too far away.")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        turns: list[list[int]] = []
        for week in range(self.weeks):
            given = [data.get(self.name_of(week, rank)) or "" for rank in range(MOST_IN_A_TURN)]
            people = [int(each) for each in given if each]
            if "" in given[: len(people)]:
                self.add_error(self.name_of(week, given.index("")), "Fill the places in their order.")
            if len(set(people)) != len(people):
                self.add_error(self.name_of(week, 0), "Somebody is in this week twice.")
            turns.append(people)
        while turns and not turns[-1]:
            turns.pop()
        for week, turn in enumerate(turns):
            if not turn:
                self.add_error(self.name_of(week, 0), "Nobody is in this week, and a later one has people.")
        if not turns:
            self.add_error(self.name_of(0, 0), "Choose who is first in week 1.")
        data["turns"] = turns
        return data
