"""Texts that wait for a person: GET /care/inbox/, and what was done about one."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import Actor, access
from backend.errors import Conflict, NotFound
from backend.rules.roles import Access
from recovery.services.flags import NewOutreach
from recovery.web import answers
from recovery.web.forms import NOTE_LENGTH, PlainForm, choices
from recovery.web.words import CHANNEL, REACHED, age
from reminders.selectors.inbox import Told, Waiting
from reminders.services.inbox import NobodyKnown, read_inbox, work_text
from reminders.web.words import INBOX_OUTCOMES, INBOX_REASONS, REFUSED, state_words

DONE = {
    "closed": "Closed.",
    "contact": "Contact recorded. The text goes on waiting.",
}
FASTER = (
    "A colleague has closed this text meanwhile. Nothing of yours was recorded; "
    "a contact can still be recorded on the person's page. Here is what waits now."
)


class InboxForm(PlainForm):
    """What came of a text, and the contact if there was one."""

    outcome = forms.ChoiceField(choices=choices(INBOX_OUTCOMES, empty="Leave it open"), required=False)
    channel = forms.ChoiceField(choices=choices(CHANNEL, empty="No contact to record"), required=False)
    result = forms.ChoiceField(choices=choices(REACHED, empty="Choose"), required=False)
    note = forms.CharField(required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not known:
            del self.fields["channel"], self.fields["result"], self.fields["note"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        if data.get("channel") and not data.get("result"):
            self.add_error("result", "Say what came of the contact.")
        elif not data.get("channel") and (data.get("result") or data.get("note", "").strip()):
            self.add_error("channel", "Choose the contact that this belongs to.")
        elif not data.get("channel") and not data.get("outcome"):
            self.add_error("outcome", "Choose what came of it, or record a contact.")
        return data


@require_GET
@access(Access.CARE_TEAM)
def inbox_page(request: HttpRequest) -> HttpResponse:
    """GET /care/inbox/ - the texts that fitted nothing, the oldest first. Audited."""
    return _page(request, now=clock.now(), notice=DONE.get(request.GET.get("done", ""), ""))


@require_POST
@access(Access.CARE_TEAM)
def inbox_done(request: HttpRequest, inbound_id: int) -> HttpResponse:
    """POST /care/inbox/{id}/ - a contact, an outcome that closes it, or both. 409 when a colleague was faster."""
    now = clock.now()
    # Whether a contact is asked for follows from the text, which the service knows: the full form takes both.
    form = InboxForm(request.POST, auto_id=f"i{inbound_id}-%s", known=True)
    if not form.is_valid():
        return _page(request, now=now, status=422, refused={inbound_id: form})
    data = form.cleaned_data
    contact = None
    if data["channel"]:
        contact = NewOutreach(channel=data["channel"], outcome=data["result"], note=data["note"])
    try:
        work_text(actor=_actor(request), inbound_id=inbound_id, outcome=data["outcome"], outreach=contact, now=now)
    except Conflict:
        return _page(request, now=now, status=409, notice=FASTER)
    except NobodyKnown as refusal:
        form.add_error("outcome", refusal.message)
        return _page(request, now=now, status=refusal.status, refused={inbound_id: form})
    done = "closed" if data["outcome"] else "contact"
    return HttpResponseRedirect(f"{reverse('inbox')}?done={done}")


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _page(
    request: HttpRequest,
    *,
    now: datetime,
    status: int = 200,
    notice: str = "",
    refused: dict[int, InboxForm] | None = None,
) -> HttpResponse:
    rows, total = read_inbox(actor=_actor(request))
    bound = refused or {}
    if bound and not bound.keys() & {row.inbound_id for row in rows}:
        raise NotFound("This text does not wait any more, or it is not yours to see.")
    several = len({row.program_id for row in rows}) > 1
    context = {
        "texts": [_shown(row, now=now, several=several, form=bound.get(row.inbound_id)) for row in rows],
        "total": total,
        "notice": notice,
    }
    return answers.private(render(request, "reminders/inbox.html", context, status=status))


def _shown(row: Waiting, *, now: datetime, several: bool, form: InboxForm | None) -> dict[str, Any]:
    at = row.received_at.astimezone(ZoneInfo(row.zone))
    known = row.patient_id is not None
    fresh = InboxForm(auto_id=f"i{row.inbound_id}-%s", known=known)
    if form is not None and not known:
        for name in ("channel", "result", "note"):
            form.fields.pop(name, None)
    return {
        "id": row.inbound_id,
        "patient_id": row.patient_id,
        "name": (row.name or "Name not readable") if known else "Shared number" if row.shared else "Unknown number",
        "number": row.number,
        "shared": row.shared,
        "program": row.program_name if several else "",
        "text": row.text,
        "reason": INBOX_REASONS.get(row.reason, REFUSED),
        "crisis": row.crisis,
        "waits": age(row.received_at, now=now),
        "at": row.received_at,
        # Formatted here: a template would turn it into the zone of the server.
        "written": f"{at:%a} {at.day} {at:%b, %H:%M}",
        "told": _told(row.told),
        "form": form or fresh,
        "open": form is not None,
    }


def _told(told: Told | None) -> dict[str, str] | None:
    if told is None:
        return None
    return {
        "text": told.text,
        "state": state_words(told.state, told.why),
        "which": "Answered by itself, to the text before" if told.earlier else "Answered by itself",
    }
