"""Measures on screens: of one patient, and of a program. Each number stands with its rule and its denominator."""

from datetime import date
from fractions import Fraction
from itertools import dropwhile
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from backend import clock
from backend.access import access
from backend.errors import DomainError
from backend.rules.roles import Access
from recovery.rules.adherence import Gap, Pdc, Share
from recovery.rules.measures import LeftOut, Measures, Substance
from recovery.selectors.measures import Month, ProgramMeasures
from recovery.services.measures import read_measures, read_program_measures
from recovery.web import answers, subpages, words

SUBSTANCE = {each: each.value.capitalize() for each in Substance} | {Substance.OTHER: "Other medicines"}
PLACE = {"hospital": "in hospital", "jail": "in custody", "residential": "in residential care"}
CONVENTION = "80% is a convention from other fields of medicine: nothing shows that it protects."


class WindowForm(forms.Form):
    """The days to look at; a day left empty is the usual one."""

    first = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))


@require_GET
@access(Access.CARE_TEAM)
def measures_page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/measures/?first&last"""
    head = subpages.head_for(request, patient_id)
    now, actor = clock.now(), answers.actor_of(request)
    form = WindowForm(request.GET if {"first", "last"} & set(request.GET) else None, auto_id="window-%s")
    asked = form.cleaned_data if form.is_bound and form.is_valid() else {}
    wrong = ""
    try:
        found = read_measures(
            actor=actor, patient_id=patient_id, start=asked.get("first"), end=asked.get("last"), now=now
        )
    except DomainError as refusal:
        if refusal.status == 404:
            raise
        wrong, found = refusal.message, read_measures(actor=actor, patient_id=patient_id, now=now)
    if not wrong:
        form = WindowForm(auto_id="window-%s", initial={"first": found.start, "last": found.end})
    context = {
        "form": form,
        "wrong": wrong,
        "first": words.date_words(found.start, today=head.today),
        "last": words.date_words(found.end, today=head.today),
        "days": (found.end - found.start).days + 1,
        "items": [_person(one, head.today) for one in found.items],
        "convention": CONVENTION,
    }
    answer = subpages.show(request, "recovery/measures.html", head, context, here="patient-measures")
    if wrong:
        answer.status_code = 422
    return answer


@require_GET
@access(Access.CARE_TEAM)
def program_page(request: HttpRequest) -> HttpResponse:
    """GET /care/measures/ - every program in which the person has a care role."""
    found = read_program_measures(actor=answers.actor_of(request), now=clock.now())
    context = {
        "programs": [{"name": one.name, "items": [_program(each) for each in one.items]} for one in found],
        "convention": CONVENTION,
    }
    return answers.private(render(request, "recovery/program_measures.html", context))


# --- words -------------------------------------------------------------------------------------------------


def percent(value: Fraction | None) -> str:
    """Return "88.5%", or "nobody yet" where there is no denominator."""
    return "nobody yet" if value is None else f"{float(value) * 100:.1f}%"


def of(found: Share) -> str:
    """Return "23 of 26"; '' where there is no denominator."""
    return f"{_number(found.part)} of {found.whole}" if found.whole else ""


def _number(value: Fraction) -> str:
    return str(int(value)) if value.denominator == 1 else f"{float(value):.2f}"


def _line(label: str, value: str, detail: str, rule: str) -> dict[str, str]:
    return {"label": label, "value": value, "detail": detail, "rule": rule}


def _person(one: Measures, today: date) -> dict[str, Any]:
    lines = [*_pdc_lines(one.pdc, one.pdc_carry)]
    lines.append(
        _line(
            "Supply for days",
            percent(one.mpr.value),
            f"{_number(one.mpr.part)} days' supply over {one.mpr.whole} days",
            "All that was taken or given in the window, overlap included: it can pass 100%.",
        )
    )
    if one.doses.doses.whole:
        lines.append(
            _line(
                "Doses taken",
                percent(one.doses.doses.value),
                f"{of(one.doses.doses)} due; {percent(one.doses.known_only.value)} of the "
                f"{one.doses.known_only.whole} that somebody reported",
                "Held and cancelled ones are not due, nor those of days away that nobody knows about.",
            )
        )
    if one.doses.mg is not None:
        lines.append(
            _line("Amount taken", percent(one.doses.mg.value), "", "Milligrams taken of those due; no dosing advice.")
        )
    if one.on_time.whole:
        lines.append(
            _line(
                "Injections on time",
                percent(one.on_time.value),
                of(one.on_time),
                "Given within 28 days and the days of grace after the one before; the first one is not counted.",
            )
        )
    if one.persistence_days is not None:
        lines.append(
            _line(
                "Stayed with it",
                f"{one.persistence_days} days",
                "",
                "From the first day of the window to the last covered one before a gap of 30 days.",
            )
        )
        reached = "lasted 180 days" if one.continuity.reached else "has not lasted 180 days in this window"
        lines.append(
            _line(
                "Without a long gap",
                f"{one.continuity.days} days",
                reached,
                "From the first day of the window, as long as no 8 days in a row were uncovered.",
            )
        )
    return {
        "substance": SUBSTANCE[one.substance],
        "lines": lines,
        "before_first": one.pdc is None,
        "longest": _gap(one.longest_gap, today),
        "gaps": [f"{count} of {days} days or more" for days, count in one.gaps_of_at_least.items() if count],
        "left_out": [_left_out(each, today) for each in one.left_out],
        "not_reported": len(one.not_reported),
    }


def _pdc_lines(union: Pdc | None, carry: Pdc | None) -> list[dict[str, str]]:
    if union is None or carry is None:
        return []
    lines = [
        _line(
            "Days covered",
            percent(union.share.value),
            f"{of(union.share)} days" + (f"; {union.excluded} left out" if union.excluded else ""),
            "Days under a confirmed dose. What nobody reported counts as uncovered here. Overlap counts once.",
        )
    ]
    if union.not_reported:
        lines.append(
            _line(
                "Days covered, of those known",
                percent(union.known_only.value),
                f"{of(union.known_only)} days; {union.not_reported} that nobody reported left out",
                "Not reported is not missed: the truth lies between this and the line above, or beyond.",
            )
        )
    if union.excluded:
        lines.append(
            _line(
                "Days covered, nothing left out",
                percent(union.nothing_excluded.value),
                f"{of(union.nothing_excluded)} days",
                "Every day of the window in the denominator.",
            )
        )
    if carry.covered != union.covered:
        lines.append(
            _line(
                "Days covered, carried forward",
                percent(carry.share.value),
                f"{of(carry.share)} days",
                "As some payers count: an early one begins when the one before it ends.",
            )
        )
    return lines


def _gap(found: Gap | None, today: date) -> str:
    if found is None:
        return ""
    first, last = words.date_words(found.first_day, today=today), words.date_words(found.last_day, today=today)
    return f"1 day, {first}" if found.days == 1 else f"{found.days} days, {first} to {last}"


def _left_out(found: LeftOut, today: date) -> str:
    first, last = words.date_words(found.first, today=today), words.date_words(found.last, today=today)
    span = first if found.first == found.last else f"{first} to {last}"
    return f"{span}: {found.days} day{'s' if found.days > 1 else ''} {words.said(PLACE, found.place)}, nothing known"


def _program(one: ProgramMeasures) -> dict[str, Any]:
    return {
        "substance": SUBSTANCE[one.substance],
        "people": one.people,
        "months": [_month(each) for each in dropwhile(lambda each: not each.people + each.before_first, one.months)],
        "persisted": [
            {"days": days, "value": percent(found.value), "of": of(found)} for days, found in one.persisted.items()
        ],
        "too_recent": one.too_recent,
        "median": "" if one.median_persistence is None else f"{one.median_persistence:g} days",
        "continuity": percent(one.continuity.value),
        "continuity_of": of(one.continuity),
        "on_time": percent(one.on_time.value),
        "on_time_of": of(one.on_time),
    }


def _month(one: Month) -> dict[str, Any]:
    return {
        "name": f"{one.first:%B %Y}",
        "people": one.people,
        "mean": percent(one.mean),
        "known": percent(one.known_mean),
        "reached": percent(one.at_threshold.value),
        "reached_of": of(one.at_threshold),
        "before_first": one.before_first,
        "excluded": one.excluded,
    }
