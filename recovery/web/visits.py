"""Visits of a patient and what they need: /care/patients/{id}/visits/, and a patient's own /me/visits/."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend import clock
from backend.access import access
from backend.errors import DomainError, NotFound
from backend.rules import wall_time
from backend.rules.roles import Access
from recovery.rules.medicines import Medicine
from recovery.rules.words import Language, long_date
from recovery.selectors.access import own_patient, patient_for
from recovery.selectors.regimens import regimen_rows
from recovery.selectors.supply import tablets_of
from recovery.selectors.visits import GivenRow, VisitRow, closings_to_see, own_visits, visits_page
from recovery.services import supply, visits
from recovery.services.injections import state_given_elsewhere, verify_injection, void_injection
from recovery.web import answers, own_fields, own_words, subpages, visit_words, words
from recovery.web.forms import PlainForm
from recovery.web.order_forms import (
    BookForm,
    BridgeForm,
    EndForm,
    MoveForm,
    OwnCountForm,
    OwnElsewhereForm,
    SupplyForm,
    TabletsForm,
    VoidForm,
)

HERE = "visits"
_ENDINGS = {
    "not_given": visits.injection_not_given,
    "not_kept": visits.visit_not_kept,
    "cancelled": visits.cancel_visit,
}


@require_GET
@access(Access.CARE_TEAM)
def visits_of(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/visits/"""
    return _page(request, patient_id)


@require_POST
@access(Access.CARE_TEAM)
def book(request: HttpRequest, patient_id: int) -> HttpResponse:
    """POST /care/patients/{id}/visits/book/"""
    patient = _patient(request, patient_id)
    form = BookForm(request.POST, auto_id="book-%s", zone=patient.zone)

    def act(data: dict[str, Any]) -> list[str]:
        return visits.book_visit(
            actor=answers.actor_of(request),
            patient=patient,
            kind=data["kind"],
            due_on=data["due_on"],
            starts_at=form.starts_at(),
            now=clock.now(),
        ).warnings

    return _do(request, patient_id, form, act, slot="book", done="booked")


@require_POST
@access(Access.CARE_TEAM)
def move(request: HttpRequest, patient_id: int, visit_id: int) -> HttpResponse:
    """POST /care/patients/{id}/visits/{id}/move/"""
    patient = _patient(request, patient_id)
    form = MoveForm(request.POST, auto_id=f"move-{visit_id}-%s", zone=patient.zone)

    def act(data: dict[str, Any]) -> list[str]:
        return visits.move_visit(
            actor=answers.actor_of(request),
            visit_id=visit_id,
            patient=patient,
            due_on=data["due_on"],
            starts_at=form.starts_at(),
            now=clock.now(),
        ).warnings

    return _do(request, patient_id, form, act, slot=f"move-{visit_id}", done="booked")


@require_POST
@access(Access.CARE_TEAM)
def end(request: HttpRequest, patient_id: int, visit_id: int) -> HttpResponse:
    """POST /care/patients/{id}/visits/{id}/end/ - what came of it, and why."""
    patient = _patient(request, patient_id)
    form = EndForm(request.POST, auto_id=f"end-{visit_id}-%s")

    def act(data: dict[str, Any]) -> None:
        said: dict[str, Any] = {
            "actor": answers.actor_of(request),
            "visit_id": visit_id,
            "patient": patient,
            "now": clock.now(),
        }
        if data["outcome"] == "kept":
            visits.visit_kept(**said)
        else:
            _ENDINGS[data["outcome"]](**said, reason=data["reason"])

    return _do(request, patient_id, form, act, slot=f"end-{visit_id}", done="visit")


@require_POST
@access(Access.CARE_TEAM)
def set_supply(request: HttpRequest, patient_id: int, visit_id: int) -> HttpResponse:
    """POST /care/patients/{id}/visits/{id}/supply/"""
    patient = _patient(request, patient_id)
    form = SupplyForm(request.POST, auto_id=f"supply-{visit_id}-%s")

    def act(data: dict[str, Any]) -> None:
        visits.set_supply(actor=answers.actor_of(request), visit_id=visit_id, patient=patient, now=clock.now(), **data)

    return _do(request, patient_id, form, act, slot=f"supply-{visit_id}", done="visit")


@require_POST
@access(Access.CARE_TEAM)
def verify(request: HttpRequest, patient_id: int, injection_id: int) -> HttpResponse:
    """POST /care/patients/{id}/visits/given/{id}/verify/"""
    patient = _patient(request, patient_id)

    def act(data: dict[str, Any]) -> None:
        verify_injection(actor=answers.actor_of(request), injection_id=injection_id, patient=patient, now=clock.now())

    return _do(request, patient_id, PlainForm(request.POST), act, slot=f"verify-{injection_id}", done="given")


@require_POST
@access(Access.CARE_TEAM)
def void(request: HttpRequest, patient_id: int, injection_id: int) -> HttpResponse:
    """POST /care/patients/{id}/visits/given/{id}/void/ - entered in error; it is never deleted."""
    patient = _patient(request, patient_id)
    form = VoidForm(request.POST, auto_id=f"void-{injection_id}-%s")

    def act(data: dict[str, Any]) -> None:
        void_injection(
            actor=answers.actor_of(request),
            injection_id=injection_id,
            patient=patient,
            reason=data["reason"],
            now=clock.now(),
        )

    return _do(request, patient_id, form, act, slot=f"void-{injection_id}", done="voided")


@require_POST
@access(Access.CARE_TEAM)
def tablets(request: HttpRequest, patient_id: int) -> HttpResponse:
    """POST /care/patients/{id}/visits/tablets/"""
    patient = _patient(request, patient_id)
    form = TabletsForm(request.POST, auto_id="tablets-%s", medicines=_counted(patient))

    def act(data: dict[str, Any]) -> None:
        supply.record_tablets(actor=answers.actor_of(request), patient=patient, now=clock.now(), **data)

    return _do(request, patient_id, form, act, slot="tablets", done="tablets")


@require_POST
@access(Access.PRESCRIBER)
def bridge(request: HttpRequest, patient_id: int) -> HttpResponse:
    """POST /care/patients/{id}/visits/bridge/ - tablets until the injection; a prescriber's order (N7)."""
    patient = _patient(request, patient_id)
    form = BridgeForm(request.POST, auto_id="bridge-%s")

    def act(data: dict[str, Any]) -> None:
        supply.order_bridge(actor=answers.actor_of(request), patient=patient, now=clock.now(), **data)

    return _do(request, patient_id, form, act, slot="bridge", done="ordered")


@require_http_methods(["GET", "POST"])
@access(Access.CARE_TEAM)
def closings(request: HttpRequest) -> HttpResponse:
    """GET the closed days ahead that leave somebody without cover, POST /care/closings/ - seen (S W8)."""
    actor = answers.actor_of(request)
    ids = actor.programs_for(Access.CARE_TEAM)
    if request.method == "POST":
        text = request.POST.get("notice", "")
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise NotFound
        supply.see_closing(actor=actor, notice_id=int(text), program_ids=ids, now=clock.now())
        return HttpResponseRedirect(reverse("closings"))
    now = clock.now()
    rows = [
        {
            "id": row.pk,
            "program": row.program.name,
            "day": words.day_name(row.closed_on, today=wall_time.local_date(now, row.program.zone)),
            "days": row.days_uncovered,
            "patients": row.patients,
        }
        for row in closings_to_see(ids)
    ]
    return answers.private(render(request, "recovery/closings.html", {"rows": rows, "several": len(ids) > 1}))


# --- what the views share -------------------------------------------------------------------------------------------


def _patient(request: HttpRequest, patient_id: int) -> Any:
    return patient_for(answers.actor_of(request), patient_id=patient_id)


def _do(
    request: HttpRequest,
    patient_id: int,
    form: Any,
    act: Callable[[dict[str, Any]], list[str] | None],
    *,
    slot: str,
    done: str,
) -> HttpResponse:
    """Do it and go back to the page; what was refused is shown in its own form there."""
    warnings: list[str] = []
    if not answers.accepted(form, lambda: warnings.extend(act(form.cleaned_data) or [])):
        return _page(request, patient_id, wrong=(slot, form), status=422)
    return subpages.back(patient_id, here=HERE, done=done, warnings=warnings)


def _page(
    request: HttpRequest, patient_id: int, *, wrong: tuple[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    head = subpages.head_for(request, patient_id)
    now = clock.now()
    page = visits_page(patient=head.patient, key=head.key, today=head.today, now=now)
    actor = answers.actor_of(request)
    medicines = _counted(head.patient)

    def form(slot: str, made: Any) -> Any:
        return wrong[1] if wrong is not None and wrong[0] == slot else made

    last_mg = f"{page.counts[0].tablet_mg.normalize():f}" if page.counts else "50"
    context = {
        "told": [visit_words.VISIT_WARNING[c] for c in request.GET.getlist("warn") if c in visit_words.VISIT_WARNING],
        "coming": [_visit(row, head, form) for row in page.coming],
        "past": [_visit(row, head, form) for row in page.past],
        "given": [_given(row, head, form) for row in page.given],
        "window": (
            {
                "from": words.date_words(page.window.earliest, today=head.today),
                "to": words.date_words(page.window.latest, today=head.today),
                "monthly": words.date_words(page.window.same_date_next_month, today=head.today),
            }
            if page.window
            else None
        ),
        "book": form(
            "book",
            BookForm(
                auto_id="book-%s",
                zone=head.zone,
                initial={"kind": "injection", "due_on": page.window.proposed if page.window else head.today},
            ),
        ),
        "at_hand": [
            {
                "name": words.plain(each.medicine),
                "tablets": each.at_hand.tablets,
                "mg": f"{each.at_hand.tablet_mg:g}",
                "days": each.at_hand.days_left(each.today),
                "until": (
                    words.date_words(each.at_hand.runs_out_on, today=head.today) if each.at_hand.runs_out_on else ""
                ),
            }
            for each in page.at_hand
        ],
        "counts": [
            {
                "what": f"{visit_words.COUNT[each.kind]}: {each.tablets} of {each.tablet_mg.normalize():f} mg",
                "on": words.date_words(each.on_day, today=head.today),
                "source": words.said(words.SOURCE, each.source),
            }
            for each in page.counts
        ],
        "takes_tablets": bool(medicines),
        "tablets": form(
            "tablets",
            TabletsForm(
                auto_id="tablets-%s",
                medicines=medicines,
                initial={"client_id": uuid4(), "on_day": head.today, "tablet_mg": last_mg},
            ),
        ),
        "bridges": [
            {
                "from": words.date_words(each.starts_on, today=head.today),
                "to": words.date_words(each.last_day, today=head.today) if each.last_day else "",
                "agreed": words.date_words(each.agreed_on, today=head.today),
                "by": each.ordered_by,
                "runs": each.ended_at is None,
            }
            for each in page.bridges
        ],
        "may_bridge": (
            head.patient.program_id in actor.programs_for(Access.PRESCRIBER)
            and page.window is not None
            and not any(each.ended_at is None for each in page.bridges)
        ),
        "bridge": form(
            "bridge",
            BridgeForm(auto_id="bridge-%s", initial={"starts_on": head.today, "agreed_on": head.today}),
        ),
        "wrong": wrong[1].non_field_errors() if wrong is not None else [],
    }
    answer = subpages.show(request, "recovery/visits.html", head, context, here=HERE)
    answer.status_code = status
    return answer


def _visit(row: VisitRow, head: Any, form: Callable[[str, Any], Any]) -> dict[str, Any]:
    at = f", {words.clock_time(row.starts_at, head.zone)}" if row.starts_at else ""
    said = ""
    if row.another_time_at is not None:
        said = "The patient asked for another time"
    elif row.due_on < head.today and row.status in ("planned", "booked"):
        said = "Its day has passed"
    elif row.confirmed_at is not None:
        said = "The patient confirmed"
    return {
        "id": row.visit_id,
        "on": words.day_name(row.due_on, today=head.today) + at,
        "kind": words.said(words.VISIT_KIND, row.kind),
        "status": words.said(visit_words.VISIT_STATUS, row.status),
        "reason": words.said(visit_words.REASON, row.reason) if row.reason else "",
        "said": said,
        "needs": row.supply_due_on is not None,
        "supply": visit_words.SUPPLY[row.supply],
        "supply_on": words.date_words(row.supply_on, today=head.today) if row.supply_on else "",
        "supply_by": words.date_words(row.supply_due_on, today=head.today) if row.supply_due_on else "",
        "supply_late": row.supply_late,
        "move": form(
            f"move-{row.visit_id}",
            MoveForm(auto_id=f"move-{row.visit_id}-%s", zone=head.zone, initial={"due_on": row.due_on}),
        ),
        "end": form(f"end-{row.visit_id}", EndForm(auto_id=f"end-{row.visit_id}-%s")),
        "set": form(
            f"supply-{row.visit_id}",
            SupplyForm(auto_id=f"supply-{row.visit_id}-%s", initial={"supply": row.supply, "on_day": head.today}),
        ),
    }


def _given(row: GivenRow, head: Any, form: Callable[[str, Any], Any]) -> dict[str, Any]:
    return {
        "id": row.injection_id,
        "on": words.date_words(row.given_on, today=head.today),
        "details": ", ".join(
            part
            for part in (
                words.plain(row.medicine),
                f"{row.dose_mg.normalize():f} mg",
                f"{row.site} side" if row.site else "",
                f"lot {row.lot}" if row.lot else "",
                f"said by {words.said(words.SOURCE, row.source)}" if row.source != "staff" else "",
            )
            if part
        ),
        "voided": row.voided_at is not None,
        "void_reason": words.said(visit_words.VOID, row.void_reason) if row.void_reason else "",
        "counts": row.counts,
        "elsewhere": row.given_elsewhere,
        "part": row.partly_given,
        "note": row.note,
        "void": form(f"void-{row.injection_id}", VoidForm(auto_id=f"void-{row.injection_id}-%s")),
    }


def _counted(patient: Any) -> list[tuple[str, str]]:
    """Medicines whose tablets are counted: those that are ordered and taken at home."""
    rows = [row for row in regimen_rows(patient=patient) if row.is_open and row.plan.get("times")]
    return [(code, words.plain(code)) for code in dict.fromkeys(row.medicine for row in rows) if code in set(Medicine)]


# --- the patient's own ----------------------------------------------------------------------------------------------


@require_GET
@access(Access.OWN_PATIENT)
def own(request: HttpRequest) -> HttpResponse:
    """GET /me/visits/"""
    return _own_page(request)


@require_POST
@access(Access.OWN_PATIENT)
def own_say(request: HttpRequest, visit_id: int, said: str) -> HttpResponse:
    """POST /me/visits/{id}/{suits|another}/"""
    patient = own_patient(answers.actor_of(request))
    act = {"suits": visits.confirm_visit, "another": visits.ask_for_another_time}.get(said)
    if act is None:
        raise NotFound
    return _own_do(
        request, lambda: act(actor=answers.actor_of(request), visit_id=visit_id, patient=patient, now=clock.now())
    )


@require_POST
@access(Access.OWN_PATIENT)
def own_count(request: HttpRequest) -> HttpResponse:
    """POST /me/visits/left/ - how many are left today."""
    patient, now = own_patient(answers.actor_of(request)), clock.now()
    form = OwnCountForm(request.POST)
    if not form.is_valid():
        return _own_page(request, wrong=True, status=422, sent={"count": own_fields.kept(form, patient.language)})
    data = form.cleaned_data
    return _own_do(
        request,
        lambda: supply.count_left(
            actor=answers.actor_of(request),
            patient=patient,
            client_id=data["client_id"],
            tablets=data["tablets"],
            now=now,
        ),
    )


@require_POST
@access(Access.OWN_PATIENT)
def own_elsewhere(request: HttpRequest) -> HttpResponse:
    """POST /me/visits/elsewhere/ - the visit was somewhere else; staff look for the record."""
    patient = own_patient(answers.actor_of(request))
    form = OwnElsewhereForm(request.POST)
    if not form.is_valid():
        return _own_page(request, wrong=True, status=422, sent={"elsewhere": own_fields.kept(form, patient.language)})
    return _own_do(
        request,
        lambda: state_given_elsewhere(
            actor=answers.actor_of(request), patient=patient, now=clock.now(), **form.cleaned_data
        ),
        kept=lambda refusal: {"elsewhere": own_fields.kept(form, patient.language, refusal=refusal)},
    )


def _own_do(
    request: HttpRequest,
    act: Callable[[], object],
    *,
    kept: Callable[[DomainError], dict[str, Any]] | None = None,
) -> HttpResponse:
    try:
        act()
    except NotFound:
        raise
    except DomainError as refusal:
        return _own_page(request, wrong=True, status=422, sent=kept(refusal) if kept else None)
    return HttpResponseRedirect(f"{reverse('own-visits')}?done=1")


def _own_page(
    request: HttpRequest, *, wrong: bool = False, status: int = 200, sent: dict[str, Any] | None = None
) -> HttpResponse:
    patient, now = own_patient(answers.actor_of(request)), clock.now()
    t = visit_words.OWN["es" if patient.language == "es" else "en"]
    language = Language(patient.language)
    left = tablets_of(patient=patient, now=now)
    today = wall_time.local_date(now, patient.zone)
    words_of = own_words.TEXTS.get(patient.language) or own_words.TEXTS["en"]
    context = {
        "language": patient.language,
        "t": words_of,
        "clinic": patient.program.neutral_name,
        "has_988": patient.program.country == "US",
        "v": t,
        "f": sent or {},
        "saved": t["saved"] if request.GET.get("done") else "",
        "wrong": t["wrong"] if wrong else "",
        "visits": [
            {
                "id": row.pk,
                "day": long_date(row.due_on, language),
                "time": own_words.clock_time(row.starts_at, patient.zone, patient.language) if row.starts_at else "",
                "said": _own_said(row, today, t),
                "confirmed": row.confirmed_at is not None or row.due_on < today,
                "asked": row.another_time_at is not None,
            }
            for row in own_visits(patient=patient)
        ],
        "counts": bool(_counted(patient)),
        "until": (
            f"{t['lasts']} {long_date(left[0].at_hand.runs_out_on, language)}"
            if len(left) == 1 and left[0].at_hand.runs_out_on
            else ""
        ),
        "today": today.isoformat(),
        "count_id": uuid4(),
        "elsewhere_id": uuid4(),
    }
    return answers.private(render(request, "recovery/own_visits.html", context, status=status))


def _own_said(row: Any, today: date, t: Mapping[str, str]) -> str:
    """What stands between the patient and the clinic about one visit."""
    if row.another_time_at is not None:
        return t["asked"]
    if row.due_on < today:
        return t["passed"]
    return t["confirmed"] if row.confirmed_at is not None else ""
