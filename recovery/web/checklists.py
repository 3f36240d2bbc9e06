"""The staff's page of checklists: filled, signed, planned stops, the weeks of after-care."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import access
from backend.errors import Conflict, DomainError, NotAllowed, NotFound
from backend.rules.roles import CLINICAL_ROLES, PRESCRIBER_ROLES, Access
from recovery.rules.aftercare import stop_counsel
from recovery.rules.checklists import ALCOHOL_SCREEN, ITEM, ChecklistStatus
from recovery.rules.instruments.definition import InstrumentKey
from recovery.rules.words import Language
from recovery.selectors.checklists import ChecklistView, after_care, checklists_of, planned_stop
from recovery.selectors.conditions import ConditionView, bearing_on, conditions_of
from recovery.selectors.instruments import latest_finished
from recovery.selectors.patient_head import PatientHead
from recovery.services.aftercare import cancel_stop, end_after_care, hold_stop_talk, plan_stop
from recovery.services.checklists import (
    Incomplete,
    answer_items,
    cancel_checklist,
    choose_medicine,
    sign_checklist,
)
from recovery.web import answers, question_words, subpages, words
from recovery.web import checks_words as say
from recovery.web.checks_forms import MEDICINES, Act, AnswersForm, StopForm


@require_GET
@access(Access.CARE_TEAM)
def checklists(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/checklists/"""
    return _show(request, subpages.head_for(request, patient_id))


@require_POST
@access(Access.CARE_TEAM)
def checklist(request: HttpRequest, patient_id: int, checklist_id: int) -> HttpResponse:
    """POST /care/patients/{id}/checklists/{id}/ - save the answers; sign, cancel, or say for which medicine."""
    head = subpages.head_for(request, patient_id)
    view = next((each for each in _views(head) if each.checklist_id == checklist_id), None)
    act = request.POST.get("act", "")
    if view is None or act not in set(Act):
        raise Http404
    by: dict[str, Any] = {
        "actor": answers.actor_of(request),
        "patient": head.patient,
        "checklist_id": checklist_id,
        "now": clock.now(),
    }
    form = AnswersForm(request.POST, auto_id=f"c{checklist_id}-%s", items=view.items, today=head.today)
    try:
        if act == Act.CANCEL.value:
            cancel_checklist(**by)
        elif act == Act.MEDICINE.value:
            choose_medicine(medicine=request.POST.get("medicine", ""), **by)
        elif form.is_valid():
            answer_items(answers=form.answers(), **by)
            if act == Act.SIGN.value:
                return _sign(request, head, by)
    except (NotFound, Conflict, NotAllowed):
        raise
    except DomainError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
    if form.is_bound and act in (Act.SAVE.value, Act.SIGN.value) and form.errors:
        return _show(request, head, bound={checklist_id: form}, status=422)
    return subpages.back(head.patient.pk, here="patient-checklists", done="task" if act == Act.SIGN.value else "dose")


def _sign(request: HttpRequest, head: PatientHead, by: dict[str, Any]) -> HttpResponse:
    """Sign what was just saved; what is missing is named and the answers stay."""
    try:
        sign_checklist(**by)
    except Incomplete as refusal:
        return _show(request, head, refused=refusal, status=422)
    return subpages.back(head.patient.pk, here="patient-checklists", done="task")


@require_POST
@access(Access.CARE_TEAM)
def stop(request: HttpRequest, patient_id: int) -> HttpResponse:
    """POST /care/patients/{id}/stop/ - plan a stop, take it back, note the talk, end after-care early."""
    head = subpages.head_for(request, patient_id)
    by: dict[str, Any] = {"actor": answers.actor_of(request), "patient": head.patient, "now": clock.now()}
    act = request.POST.get("act", "plan")
    planned = planned_stop(patient=head.patient, key=head.key)
    if act == "end_care":
        end_after_care(**by)
    elif act in ("cancel", "talk"):
        if planned is None:
            raise NotFound
        (cancel_stop if act == "cancel" else hold_stop_talk)(stop_id=planned.stop_id, **by)
    else:
        form = StopForm(request.POST, auto_id="stop-%s")
        passing = (NotFound, Conflict, NotAllowed)
        if not answers.accepted(form, lambda: plan_stop(**form.cleaned_data, **by), passing=passing):
            return _show(request, head, stop_form=form, status=422)
    return subpages.back(head.patient.pk, here="patient-checklists", done="dose")


def _views(head: PatientHead) -> list[ChecklistView]:
    return checklists_of(patient=head.patient, key=head.key, today=head.today)


def _show(
    request: HttpRequest,
    head: PatientHead,
    *,
    bound: dict[int, AnswersForm] | None = None,
    refused: Incomplete | None = None,
    stop_form: StopForm | None = None,
    status: int = 200,
) -> HttpResponse:
    actor, today, now = answers.actor_of(request), head.today, clock.now()
    roles = actor.roles.get(head.patient.program_id, frozenset())
    views = _views(head)
    known = conditions_of(patient=head.patient, key=head.key)
    live = [each for each in views if each.status in (ChecklistStatus.OPEN, ChecklistStatus.SIGNED)]
    planned, weeks = planned_stop(patient=head.patient, key=head.key), after_care(head.patient)
    context = {
        "prescribes": bool(roles & PRESCRIBER_ROLES),
        "fills": bool(roles & CLINICAL_ROLES),
        "live": [_live(each, head, (bound or {}).get(each.checklist_id), known) for each in live],
        "past": [
            {
                "name": say.CHECKLIST[each.kind],
                "opened": words.when(each.opened_at, now=now, zone=head.zone),
                "status": say.CHECKLIST_STATUS[each.status],
                "signed_by": each.signed_by,
            }
            for each in views
            if each not in live
        ],
        "missing": [ITEM[code].question for code in refused.missing] if refused else [],
        "to_explain": [ITEM[code].question for code in refused.to_explain] if refused else [],
        "medicines": MEDICINES,
        "planned": None
        if planned is None
        else {
            "when": words.date_words(planned.planned_for, today=today),
            "reason": words.said(say.STOP, planned.reason),
            "by": planned.decided_by,
            "talked": planned.counselled_at is not None,
            "note": planned.note,
        },
        "counsel": stop_counsel(Language.ENGLISH),
        "stop_form": stop_form or StopForm(auto_id="stop-%s"),
        "in_treatment": head.treatment is not None,
        "weeks": None
        if weeks is None
        else {
            "cause": words.said(say.AFTER_CARE, weeks.cause),
            "ended": words.date_words(weeks.cover_ended_on, today=today),
            "until": words.date_words(weeks.until, today=today),
            "next": words.date_words(weeks.next_contact_on, today=today) if weeks.next_contact_on else "",
        },
    }
    response = subpages.show(request, "recovery/checklists.html", head, context, here="patient-checklists")
    response.status_code = status
    return response


def _filled(view: ChecklistView, head: PatientHead) -> list[str]:
    """What was filled here of the questionnaires that the list asks about (C 1 row 34): "AUDIT-C: 5 of 12 on ..."."""
    if view.status is not ChecklistStatus.OPEN or ALCOHOL_SCREEN not in {each.item.code for each in view.items}:
        return []
    lines = latest_finished(patient=head.patient, instruments=(InstrumentKey.AUDIT_C, InstrumentKey.CAGE))
    return [
        f"{question_words.NAMES[each.instrument.key]}: {each.total} of {each.of}, "
        f"{words.date_words(each.on, today=head.today)}"
        for each in lines
    ]


def _live(
    view: ChecklistView, head: PatientHead, form: AnswersForm | None, known: list[ConditionView]
) -> dict[str, Any]:
    return {
        "filled": _filled(view, head),
        "known": bearing_on(known, [each.item.code for each in view.items]),
        "id": view.checklist_id,
        "name": say.CHECKLIST[view.kind],
        "cause": words.said(say.CAUSE, view.cause),
        "medicine": view.medicine.value,
        "medicine_name": words.plain(view.medicine.value),
        "is_open": view.status is ChecklistStatus.OPEN,
        "in_force": view.in_force,
        "signed_by": view.signed_by,
        "expires": words.date_words(view.expires_on, today=head.today) if view.expires_on else "",
        "left": len(view.ready.missing),
        "form": form or AnswersForm(auto_id=f"c{view.checklist_id}-%s", items=view.items, today=head.today),
        "items": [
            {
                "question": each.item.question,
                "said": each.said,
                "against": each.speaks_against,
                "reason": each.answer.reason if each.answer else "",
                "by": each.answer.by if each.answer else "",
                "source": each.item.source,
            }
            for each in view.items
        ],
    }
