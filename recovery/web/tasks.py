"""Work that waits: GET /care/tasks/, and how a piece of it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET, require_http_methods

from backend import clock
from backend.access import access
from backend.errors import Conflict, DomainError, NotFound
from backend.rules.roles import Access
from backend.services import audit
from recovery.rules.tasks import TaskRule, outcome_words
from recovery.selectors.tasks import TaskRow, WhenDue, Whose, done_tasks, open_tasks
from recovery.services.flags import NewOutreach
from recovery.services.tasks import finish_task
from recovery.web import answers, words
from recovery.web.forms import NOTE_LENGTH, PlainForm, choices
from recovery.web.people_words import reach_words

WHOSE = {Whose.MINE: "Mine", Whose.ALL: "All"}
DUE = {WhenDue.LATE: "Past its time", WhenDue.TODAY: "Today", WhenDue.LATER: "Later"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTask:
    """One task, ready to print. ``open_url`` is the page where it is done, '' for the overview."""

    task_id: int
    patient_id: int
    name: str
    program: str
    words: str
    detail: str
    role: str
    due: str
    is_late: bool
    is_mine: bool
    may_end: bool
    only_there: bool
    open_url: str
    phone: str
    phone_shown: str
    reach: list[str]
    may_call: bool
    language: str
    ended: str
    note: str


class TaskForm(PlainForm):
    """How a piece of work ends, and the contact where one belongs to it."""

    outcome = forms.ChoiceField(choices=[], error_messages={"required": "Choose what came of it."})
    channel = forms.ChoiceField(choices=choices(words.CHANNEL, empty="No contact to record"), required=False)
    result = forms.ChoiceField(choices=choices(words.REACHED, empty="Choose"), required=False)
    note = forms.CharField(required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, rule: TaskRule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [("", "Choose"), *((code, outcome_words(code)) for code in rule.outcomes)]
        self.fields["outcome"].choices = offered  # type: ignore[attr-defined]
        if not rule.contact:
            del self.fields["channel"], self.fields["result"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("channel") and not data.get("result"):
            self.add_error("result", "Say what came of the contact.")
        return data


@require_GET
@access(Access.CARE_TEAM)
def tasks_page(request: HttpRequest) -> HttpResponse:
    """GET /care/tasks/ - by due time; one's own role's first choice, everybody's, or what was done."""
    actor, now = answers.actor_of(request), clock.now()
    programs = actor.programs_for(Access.CARE_TEAM)
    chosen = request.GET.get("whose", Whose.MINE.value)
    done = chosen == "done"
    whose = Whose.ALL if chosen == Whose.ALL.value else Whose.MINE
    everything = open_tasks(program_ids=programs, now=now, viewer=actor)
    rows = [row for row in everything if row.is_mine or whose is Whose.ALL]
    if done:
        rows = done_tasks(program_ids=programs, now=now, viewer=actor)
    record_tasks_read(request, rows)
    several = len(programs) > 1
    groups = [
        (due.value, DUE[due], shown)
        for due in WhenDue
        if (shown := shown_tasks([row for row in rows if row.when_due is due], now=now, several=several))
    ]
    context = {
        "groups": [] if done else groups,
        "ended": shown_tasks(rows, now=now, several=several) if done else [],
        "count": 0 if done else len(rows),
        "late": 0 if done else sum(row.when_due is WhenDue.LATE for row in rows),
        "hidden": 0 if done else len(everything) - len(rows),
        "whose": [
            *((code.value, label, not done and code is whose) for code, label in WHOSE.items()),
            ("done", "Done", done),
        ],
        "is_done": done,
        "notice": answers.done_notice(request),
    }
    return answers.private(render(request, "recovery/tasks.html", context))


@require_http_methods(["GET", "POST"])
@access(Access.CARE_TEAM)
def task_done(request: HttpRequest, task_id: int) -> HttpResponse:
    """GET the form, POST /care/tasks/{id}/done/ with an outcome, a note, and the contact if there was one."""
    actor, now = answers.actor_of(request), clock.now()
    found = open_tasks(program_ids=actor.programs_for(Access.CARE_TEAM), now=now, viewer=actor, task_ids=[task_id])
    if not found:
        raise NotFound("This is done already, or it is not yours to see.")
    [row] = found
    back, patient_id = answers.way_back(request)
    back = back if patient_id else reverse("tasks")
    form = TaskForm(answers.sent(request), auto_id=f"t{task_id}-%s", rule=row.rule)
    [shown] = shown_tasks([row], now=now, several=False)
    context = {"task": shown, "form": form, "back": back, "patient_page": patient_id}
    page = "recovery/task_form.html"
    if request.method == "GET":
        record_tasks_read(request, [row])
        return answers.private(render(request, page, context))
    if not form.is_valid():
        return answers.refused(request, page, page, context)
    data = form.cleaned_data
    contact = NewOutreach(channel=data["channel"], outcome=data["result"]) if data.get("channel") else None
    try:
        finish_task(actor=actor, task_id=task_id, outcome=data["outcome"], note=data["note"], outreach=contact, now=now)
    except (Conflict, NotFound):
        raise
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return answers.refused(request, page, page, context)
    return answers.changed(request, done="task", back=back)


def shown_tasks(rows: Sequence[TaskRow], *, now: datetime, several: bool = False) -> list[ShownTask]:
    """Say each task; the program only to somebody who works in several."""
    return [_shown(row, now, several) for row in rows]


def record_tasks_read(request: HttpRequest, rows: Sequence[TaskRow]) -> None:
    """One audit entry for each patient whose name was opened."""
    seen = sorted({(row.program_id, row.patient_id) for row in rows})
    for program_id, of_program in groupby(seen, key=lambda pair: pair[0]):
        audit.record_many(
            actor=answers.actor_of(request),
            action="tasks.read",
            program_id=program_id,
            objects=[(patient_id, "patient", patient_id) for _, patient_id in of_program],
            fields=["name", "phone"],
        )


def _address(page: str | None, patient_id: int) -> str:
    """The page where the work is done; '' for the overview, and where this installation has no such page."""
    try:
        return reverse(page, args=[patient_id]) if page else ""
    except NoReverseMatch:
        return ""


def _shown(row: TaskRow, now: datetime, several: bool) -> ShownTask:
    zone = row.program_zone
    ended = ""
    if row.done_at is not None:
        ended = f"{outcome_words(row.outcome)}, {words.when(row.done_at, now=now, zone=zone)}"
        ended = f"{ended}, {row.done_by}" if row.done_by else ended
    return ShownTask(
        task_id=row.task_id,
        patient_id=row.patient_id,
        name=row.name or f"Record {row.patient_number}",
        program=row.program_name if several else "",
        words=row.rule.words,
        detail=row.detail,
        role=words.ROLE[row.role],
        due=words.when(row.due_at, now=now, zone=zone),
        is_late=row.when_due is WhenDue.LATE,
        is_mine=row.is_mine,
        may_end=row.may_end,
        only_there=row.rule.only_there,
        open_url=_address(row.rule.page, row.patient_id),
        phone=row.phone,
        phone_shown=words.phone_shown(row.phone),
        reach=reach_words(row.reach),
        may_call=row.reach.safe_to_call is not False,
        language="" if row.language == "en" else words.said(words.LANGUAGE, row.language),
        ended=ended,
        note=row.note,
    )
