"""What is ordered for a patient: /care/patients/{id}/regimens/ and the forms to order, change and stop."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend import clock
from backend.access import access
from backend.errors import DomainError, NotFound
from backend.rules.roles import Access
from recovery.rules.medicines import CATALOGUE, CatalogueEntry
from recovery.rules.regimen_words import WARNING_WORDS, OrderWarning, label
from recovery.selectors.access import patient_for
from recovery.selectors.regimens import RegimenRow, regimen_choices, regimen_rows
from recovery.services.orders import WarningsUnread, change_order, order_regimen, stop_order, warnings_for
from recovery.web import answers, subpages, visit_words, words
from recovery.web.order_forms import WEEKDAYS, OrderForm, StopForm

HERE = "regimens"


@require_GET
@access(Access.CARE_TEAM)
def regimens_page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/regimens/ - what runs, what was, and what can be ordered."""
    return _page(request, patient_id)


@require_http_methods(["GET", "POST"])
@access(Access.PRESCRIBER)
def regimen_new(request: HttpRequest, patient_id: int, kind: str) -> HttpResponse:
    """GET the form, POST /care/patients/{id}/regimens/new/{kind}/ - a prescriber orders."""
    head = subpages.head_for(request, patient_id)
    entry = _entry(kind)
    form = OrderForm(
        answers.sent(request),
        auto_id="order-%s",
        entry=entry,
        to_read=warnings_for(patient=head.patient, kind=kind),
        initial={"starts_on": head.today, "reminders": True},
    )
    context = {"form": form, "name": label(kind), "source": entry.source, "action": "Order"}
    if request.method == "GET":
        return subpages.show(request, "recovery/regimen_form.html", head, context, here=HERE)

    def act() -> object:
        return order_regimen(actor=answers.actor_of(request), patient=head.patient, order=form.order(), now=clock.now())

    return _save(request, head, form, context, act, done="ordered")


@require_http_methods(["GET", "POST"])
@access(Access.PRESCRIBER)
def regimen_change(request: HttpRequest, patient_id: int, regimen_id: int) -> HttpResponse:
    """GET the form, POST /care/patients/{id}/regimens/{id}/change/ - a new version; nothing past is rewritten."""
    head = subpages.head_for(request, patient_id)
    row = _row(head.patient, regimen_id)
    entry = _entry(row.kind)
    to_read = [code for code in warnings_for(patient=head.patient, kind=row.kind) if not code.endswith("_open")]
    form = OrderForm(
        answers.sent(request),
        auto_id="order-%s",
        entry=entry,
        plan=row.plan,
        to_read=to_read,
        initial={
            "starts_on": head.dosing_day,
            "last_day": row.last_day,
            "reminders": row.reminders,
            "outside_window_ok": row.outside_window_ok,
        },
    )
    context = {"form": form, "name": row.name, "source": entry.source, "action": "Change", "is_change": True}
    if request.method == "GET":
        return subpages.show(request, "recovery/regimen_form.html", head, context, here=HERE)

    def act() -> object:
        return change_order(
            actor=answers.actor_of(request),
            patient=head.patient,
            regimen_id=regimen_id,
            order=form.order(),
            keep_cycle=request.POST.get("keep_cycle") == "on",
            now=clock.now(),
        )

    return _save(request, head, form, context, act, done="changed")


@require_POST
@access(Access.PRESCRIBER)
def regimen_stop(request: HttpRequest, patient_id: int, regimen_id: int) -> HttpResponse:
    """POST /care/patients/{id}/regimens/{id}/stop/ - the end, with a reason."""
    patient = patient_for(answers.actor_of(request), patient_id=patient_id)
    form = StopForm(request.POST, auto_id=f"stop-{regimen_id}-%s")

    def act() -> object:
        return stop_order(
            actor=answers.actor_of(request),
            patient=patient,
            regimen_id=regimen_id,
            reason=form.cleaned_data["reason"],
            now=clock.now(),
        )

    if not answers.accepted(form, act):
        return _page(request, patient_id, stop=(regimen_id, form), status=422)
    return subpages.back(patient_id, here=HERE, done="stopped")


def _page(
    request: HttpRequest, patient_id: int, *, stop: tuple[int, StopForm] | None = None, status: int = 200
) -> HttpResponse:
    head = subpages.head_for(request, patient_id)
    prescribes = head.patient.program_id in answers.actor_of(request).programs_for(Access.PRESCRIBER)
    text = request.GET.get("q", "")[:80]
    rows = regimen_rows(patient=head.patient)
    running = [row for row in rows if row.is_open]

    def shown(row: RegimenRow) -> dict[str, Any]:
        form = StopForm(auto_id=f"stop-{row.regimen_id}-%s")
        if stop is not None and stop[0] == row.regimen_id:
            form = stop[1]
        return _words(row, head.today) | {"stop": form}

    context = {
        "running": [shown(row) for row in running],
        "earlier": [_words(row, head.today) for row in rows if not row.is_open][:12],
        "prescribes": prescribes,
        "in_treatment": head.treatment is not None,
        "q": text,
        "choices": [
            {
                "kind": choice.entry.key,
                "name": choice.name,
                "taken": choice.entry.medicine.value in {row.medicine for row in running},
                "notes": [WARNING_WORDS[code] for code in choice.warnings],
            }
            for choice in regimen_choices(patient=head.patient, text=text)
        ],
    }
    answer = subpages.show(request, "recovery/regimens.html", head, context, here=HERE)
    answer.status_code = status
    return answer


def _words(row: RegimenRow, today: Any) -> dict[str, Any]:
    plan = row.plan
    doses = []
    for step in plan.get("steps", []):
        days = f"day {step['from_day']}" + ("" if step["to_day"] == step["from_day"] else " on")
        if step["to_day"] and step["to_day"] != step["from_day"]:
            days = f"days {step['from_day']} to {step['to_day']}"
        one_step = len(plan["steps"]) == 1
        doses.append(f"{step['dose_mg']:g} mg" + ("" if one_step else f", {days}"))
    for each in plan.get("weekday_doses", []):
        doses.append(f"{WEEKDAYS[each['weekday']]} {each['dose_mg']:g} mg")
    return {
        "id": row.regimen_id,
        "name": row.name,
        "doses": "; ".join(doses),
        "times": ", ".join(plan.get("times", [])),
        "since": words.date_words(row.starts_on, today=today),
        "until": words.date_words(row.last_day, today=today) if row.last_day else "",
        "reminders": row.reminders,
        "outside": row.outside_window_ok,
        "by": row.ordered_by,
        "version": row.version,
        "is_bridge": row.is_bridge,
        "ended": words.date_words(row.ended_at.date(), today=today) if row.ended_at else "",
        "why": visit_words.STOP.get(row.end_reason) or words.plain(row.end_reason),
    }


def _save(
    request: HttpRequest, head: Any, form: OrderForm, context: dict[str, Any], act: Any, *, done: str
) -> HttpResponse:
    if form.is_valid():
        try:
            act()
        except NotFound:
            raise
        except WarningsUnread as refusal:
            form.fields["warnings_read"].choices = [  # type: ignore[attr-defined]
                (code.value, WARNING_WORDS[code]) for code in dict.fromkeys([*_codes(form), *refusal.warnings])
            ]
            form.add_error("warnings_read", "Confirm that this was read.")
        except DomainError as refusal:
            form.add_error(form.place_of(refusal.field), refusal.message)
        else:
            return subpages.back(head.patient.pk, here=HERE, done=done)
    answer = subpages.show(request, "recovery/regimen_form.html", head, context, here=HERE)
    answer.status_code = 422
    return answer


def _codes(form: OrderForm) -> list[Any]:
    return [OrderWarning(code) for code, _ in form.fields["warnings_read"].choices]  # type: ignore[attr-defined]


def _entry(kind: str) -> CatalogueEntry:
    if kind not in CATALOGUE:
        raise NotFound
    return CATALOGUE[kind]


def _row(patient: Any, regimen_id: int) -> RegimenRow:
    row = next((each for each in regimen_rows(patient=patient) if each.regimen_id == regimen_id), None)
    if row is None or not row.is_open:
        raise NotFound
    return row
