"""What a person does with a flag: take it on, give it back, put it to sleep, close it, confirm its end.

Each answers htmx with a notice and the order to reload the list, and a browser without
scripts with the page it came from. The forms open inside the row, or on a page of their own.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from backend import clock
from backend.access import access
from backend.errors import Conflict, DomainError, NotFound
from backend.rules.roles import Access
from recovery.selectors.worklist import WorklistRow, worklist_rows
from recovery.services import flags
from recovery.web import answers
from recovery.web.forms import CloseForm, SnoozeForm, local_today
from recovery.web.rows import shown_rows


@require_POST
@access(Access.CARE_TEAM)
def own(request: HttpRequest, flag_id: int) -> HttpResponse:
    """POST /care/flags/{id}/own/"""
    return _simply(request, flag_id, flags.own_flag, "owned")


@require_POST
@access(Access.CARE_TEAM)
def release(request: HttpRequest, flag_id: int) -> HttpResponse:
    """POST /care/flags/{id}/release/"""
    return _simply(request, flag_id, flags.release_flag, "released")


@require_POST
@access(Access.CARE_TEAM)
def confirm(request: HttpRequest, flag_id: int) -> HttpResponse:
    """POST /care/flags/{id}/confirm/ - a red flag whose reason ended is closed by a person."""
    return _simply(request, flag_id, flags.confirm_returned, "confirmed")


@require_http_methods(["GET", "POST"])
@access(Access.CARE_TEAM)
def snooze(request: HttpRequest, flag_id: int) -> HttpResponse:
    """GET the form, POST /care/flags/{id}/snooze/"""
    row, now = _row(request, flag_id), clock.now()
    zone = row.program_zone
    form = SnoozeForm(answers.sent(request), auto_id=f"s{flag_id}-%s", today=local_today(now, zone), zone=zone)
    return _with_form(
        request,
        row,
        form,
        kind="snooze",
        act=lambda data: flags.snooze_flag(
            actor=answers.actor_of(request), flag_id=flag_id, until=data["until"], reason=data["reason"], now=now
        ),
    )


@require_http_methods(["GET", "POST"])
@access(Access.CARE_TEAM)
def close(request: HttpRequest, flag_id: int) -> HttpResponse:
    """GET the form, POST /care/flags/{id}/close/ with an outcome, a note, and the contact if there was one."""
    row, now = _row(request, flag_id), clock.now()
    form = CloseForm(answers.sent(request), auto_id=f"c{flag_id}-%s")

    def act(data: dict[str, Any]) -> None:
        contact = None
        if data["channel"]:
            contact = flags.NewOutreach(channel=data["channel"], outcome=data["result"])
        flags.close_flag(
            actor=answers.actor_of(request),
            flag_id=flag_id,
            outcome=data["outcome"],
            note=data["note"],
            outreach=contact,
            now=now,
        )

    return _with_form(request, row, form, kind="close", act=act)


def _simply(request: HttpRequest, flag_id: int, service: Any, done: str) -> HttpResponse:
    back, _ = answers.way_back(request)
    try:
        service(actor=answers.actor_of(request), flag_id=flag_id, now=clock.now())
    except Conflict as moved_on:
        return answers.moved_on(request, moved_on)
    return answers.changed(request, done=done, back=back)


def _with_form(request: HttpRequest, row: WorklistRow, form: Any, *, kind: str, act: Any) -> HttpResponse:
    back, patient_id = answers.way_back(request)
    fragment, page = f"recovery/_{kind}.html", "recovery/flag_form.html"
    [shown] = shown_rows([row], now=clock.now(), several_programs=False)
    context = {"row": shown, "form": form, "form_template": fragment, "back": back, "patient_page": patient_id}
    if request.method == "GET":
        if not answers.is_fragment(request):
            answers.record_rows_read(answers.actor_of(request), [row], action="worklist.read")
        return answers.private(render(request, fragment if answers.is_fragment(request) else page, context))
    if not form.is_valid():
        return answers.refused(request, fragment, page, context)
    try:
        act(form.cleaned_data)
    except Conflict as moved_on:
        return answers.moved_on(request, moved_on)
    except NotFound:
        raise
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return answers.refused(request, fragment, page, context)
    return answers.changed(request, done={"close": "closed", "snooze": "snoozed"}[kind], back=back)


def _row(request: HttpRequest, flag_id: int) -> WorklistRow:
    """The row of a live flag of this person's programs. Raises NotFound."""
    actor = answers.actor_of(request)
    rows = worklist_rows(
        program_ids=actor.programs_for(Access.CARE_TEAM), now=clock.now(), viewer=actor, flag_ids=[flag_id]
    )
    if not rows:
        raise NotFound("This is closed already, or it is not yours to see.")
    return rows[0]
