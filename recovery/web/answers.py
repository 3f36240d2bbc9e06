"""What the care pages answer: a fragment for htmx, a page without it, and the audit of what was read."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from backend.access import Actor
from backend.errors import DomainError, NotFound
from backend.services import audit
from recovery.selectors.worklist import WorklistRow

DONE = {
    "ordered": "Ordered.",
    "changed": "Changed. Nothing past was rewritten.",
    "stopped": "Stopped.",
    "booked": "Booked.",
    "visit": "Saved.",
    "voided": "It does not count any more. The record stays.",
    "tablets": "Saved.",
    "enrolled": "Enrolled.",
    "opened": "The treatment is open.",
    "ended": "The treatment is closed.",
    "owned": "You have taken this on.",
    "released": "Given back to the list.",
    "snoozed": "Asleep until then.",
    "closed": "Closed.",
    "confirmed": "Confirmed and closed.",
    "dose": "Recorded.",
    "saved": "Saved.",
    "noted": "Noted.",
    "given": "Recorded. The next date has moved.",
    "waits": "Recorded. It moves no date yet.",
    "contact": "Contact recorded.",
    "understood": "Recorded that it was understood. The hold stays open.",
    "lifted": "Lifted. Prompts go on with the next dose unless another hold is open.",
    "held": "Held. The patient is told and called.",
    "questionnaire": "Saved and scored.",
    "questionnaire-open": "Saved. Some questions have no answer yet.",
    "task": "Done.",
    "known": "This was recorded before. Nothing was added.",
}
"""What the page says after a change, by the code in its address."""


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def record_rows_read(actor: Actor, rows: Sequence[WorklistRow], *, action: str) -> None:
    """One audit entry for each patient whose name was opened."""
    seen = sorted({(row.program_id, row.patient_id) for row in rows})
    for program_id, of_program in groupby(seen, key=lambda pair: pair[0]):
        audit.record_many(
            actor=actor,
            action=action,
            program_id=program_id,
            objects=[(patient_id, "patient", patient_id) for _, patient_id in of_program],
            fields=["name", "phone"],
        )


def private(response: HttpResponse) -> HttpResponse:
    """Pages with a person's facts stay in no cache, not even behind the back button of a shared computer."""
    response["Cache-Control"] = "no-store, private"
    return response


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form sent; None while it is only asked for."""
    return request.POST if request.method == "POST" else None


def accepted(
    form: Any,
    act: Callable[[], object],
    *,
    places: Mapping[str, str] | None = None,
    passing: tuple[type[DomainError], ...] = (NotFound,),
) -> bool:
    """Whether ``form`` was whole and ``act`` went through. What was refused stands at its field afterwards.

    ``places`` names the field of the form where the service has another name for it. Raises the refusals
    of ``passing``.
    """
    if not form.is_valid():
        return False
    try:
        act()
    except passing:
        raise
    except DomainError as refusal:
        field = (places or {}).get(refusal.field or "", refusal.field)
        form.add_error(field if field in form.fields else None, refusal.message)
        return False
    return True


def is_fragment(request: HttpRequest) -> bool:
    return bool(request.htmx)  # type: ignore[attr-defined]


def changed(request: HttpRequest, *, done: str, back: str) -> HttpResponse:
    """After a change: a notice and an order to reload the list, or the page again without htmx."""
    if is_fragment(request):
        response = render(request, "recovery/_notice.html", {"notice": DONE[done]})
        response["HX-Trigger"] = "worklist-changed"
        return private(response)
    return HttpResponseRedirect(f"{back}?{urlencode({'done': done})}")


def refused(request: HttpRequest, template: str, page: str, context: dict[str, Any]) -> HttpResponse:
    """A form with what was wrong, as a fragment or on a page of its own (422)."""
    return private(render(request, template if is_fragment(request) else page, context, status=422))


def moved_on(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """A colleague was faster: say so and show the list as it is now. Raises the refusal without htmx."""
    if not is_fragment(request):
        raise refusal
    notice = "A colleague has changed this meanwhile. Here is the list as it is now."
    response = render(request, "recovery/_notice.html", {"notice": notice})
    response["HX-Trigger"] = "worklist-changed"
    return private(response)


def way_back(request: HttpRequest) -> tuple[str, int | None]:
    """Where the person came from: the worklist, or the page of the patient named in ``patient``."""
    text = request.POST.get("patient") or request.GET.get("patient") or ""
    if text.isascii() and text.isdigit() and len(text) < 19:
        return reverse("patient", args=[int(text)]), int(text)
    return reverse("worklist"), None


def done_notice(request: HttpRequest) -> str:
    return DONE.get(request.GET.get("done", ""), "")
