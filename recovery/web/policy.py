"""The clinical numbers of a program on one page, where clinicians read them and the medical director signs."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend import clock
from backend.access import Actor, access
from backend.errors import DomainError, NotAllowed, NotFound
from backend.rules.roles import Access
from backend.rules.roles import Role as StaffRole
from backend.selectors.people import programs_by_id
from recovery.rules.flags import flag_kind_of, signed_columns
from recovery.rules.policy import PolicyError, known, read_value
from recovery.rules.policy_doc import shown
from recovery.rules.policy_words import OWNER, RESPONSE, SEVERITY
from recovery.rules.states import Response, Role, Severity
from recovery.selectors.policy import ConcernRow, NumberRow, PolicyPage, history_of
from recovery.selectors.policy import policy_page as page_of
from recovery.services import policy as services
from recovery.web import answers, words
from recovery.web.forms import PlainForm, choices

DONE = {"signed": "Signed.", "changed": "Changed and signed. From now on the program decides by it."}


@require_GET
@access(Access.CARE_TEAM)
def policy_page(request: HttpRequest) -> HttpResponse:
    """GET /care/policy/ - every number with unit, source and signature; for the director also the forms."""
    actor, now = answers.actor_of(request), clock.now()
    ids = actor.programs_for(Access.CARE_TEAM)
    chosen = _chosen(request, ids)
    programs = programs_by_id(ids)
    zone = programs[chosen].zone
    page = page_of(program_id=chosen)
    total = sum(len(rows) for _, rows in page.sections) + len(page.concerns) + len(page.standing)
    context = {
        "program_id": chosen,
        "program_name": programs[chosen].name,
        "programs": [(pk, programs[pk].name, pk == chosen) for pk in ids] if len(ids) > 1 else [],
        "version": page.version,
        "sections": [
            {
                "title": title,
                "rows": [_number(row, now=now, zone=zone) for row in rows],
                "unsigned": [row.number.key for row in rows if row.signed is None],
            }
            for title, rows in page.sections
        ],
        "concerns": [_concern(row, now=now, zone=zone) for row in page.concerns],
        "unsigned_concerns": [row.key for row in page.concerns if row.signed is None],
        "standing": [
            {
                "row": each.row,
                "signer": each.signer,
                "signed": each.signed and words.when(each.signed.signed_at, now=now, zone=zone),
            }
            for each in page.standing
        ],
        "unsigned_standing": [each.row.key for each in page.standing if each.signed is None],
        "unsigned": len(page.unsigned),
        "total": total,
        "mode": "" if settings.PRODUCTION else settings.MODE,
        "signs": _signs(actor, chosen),
        "notice": DONE.get(request.GET.get("done", ""), ""),
    }
    return answers.private(render(request, "recovery/policy.html", context))


@require_POST
@access(Access.PRESCRIBER)
def sign(request: HttpRequest, program_id: int) -> HttpResponse:
    """POST /care/policy/{program}/sign/ - sign the numbers in ``keys`` as they stand, after reading them."""
    actor = _of_program(request, program_id)
    if request.POST.get("read") != "yes":
        raise NotRead("Please read the numbers first, and say so. Nothing was signed.")
    services.sign_numbers(
        actor=actor,
        program_id=program_id,
        keys=list(dict.fromkeys(request.POST.getlist("keys"))),
        seen=request.POST.get("seen", ""),
        now=clock.now(),
    )
    return _back(program_id, "signed")


@require_http_methods(["GET", "POST"])
@access(Access.PRESCRIBER)
def one(request: HttpRequest, program_id: int, key: str) -> HttpResponse:
    """GET the form of one number, POST /care/policy/{program}/{key}/ another value with a reason."""
    actor, now = _of_program(request, program_id), clock.now()
    if not _signs(actor, program_id):
        raise NotAllowed("Only a medical director of the program signs its numbers.")
    page = page_of(program_id=program_id)
    row = _row(page, key)
    begun: dict[str, Any] = {"data": answers.sent(request), "auto_id": "one-%s", "initial": {"seen": page.version}}
    form: Any = NumberForm(row=row, **begun) if isinstance(row, NumberRow) else ConcernForm(row=row, **begun)
    program = programs_by_id([program_id])[program_id]
    versions = history_of(program_id=program_id, key=key)
    context: dict[str, Any] = {
        "program_id": program_id,
        "program_name": program.name,
        "form": form,
        "row": _number(row, now=now, zone=program.zone)
        if isinstance(row, NumberRow)
        else _concern(row, now=now, zone=program.zone),
        "keys": [key],
        "is_number": isinstance(row, NumberRow),
        "version": page.version,
        "history": [
            {
                "value": _said(each.value),
                "reason": each.reason,
                "who": who,
                "when": words.when(each.signed_at, now=now, zone=program.zone),
            }
            for each, who in versions
        ],
    }
    if request.method == "GET":
        return answers.private(render(request, "recovery/policy_one.html", context))
    if form.is_valid():
        data = form.cleaned_data
        by = {"actor": actor, "program_id": program_id, "reason": data["reason"], "seen": data["seen"], "now": now}
        try:
            if isinstance(row, NumberRow):
                services.override_number(key=key, value=data["value"], **by)
            else:
                services.override_concern(kind=row.rule.kind, columns=form.columns(), **by)
        except (services.WrongNumber, services.ReasonNeeded) as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else "value", refusal.message)
        else:
            return _back(program_id, "changed")
    return answers.private(render(request, "recovery/policy_one.html", context, status=422))


class NotRead(DomainError):
    code = "not-read"


class _OneForm(PlainForm):
    """What a signed change needs beside its value."""

    reason = forms.CharField(max_length=200, error_messages={"required": "Say why, in a line."})
    seen = forms.CharField(max_length=40, widget=forms.HiddenInput)


class NumberForm(_OneForm):
    """Another value for one number."""

    value = forms.CharField(max_length=20, error_messages={"required": "Give a value."})

    def __init__(self, *args: Any, row: NumberRow, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        if isinstance(row.number.value, bool):
            self.fields["value"] = forms.ChoiceField(
                choices=[("yes", "yes"), ("no", "no")], initial=shown(row.number.value)
            )
        else:
            self.fields["value"].initial = shown(row.number.value)
            self.fields["value"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean_value(self) -> object:
        try:
            return read_value(self.row.number.key, self.cleaned_data["value"])
        except PolicyError as error:
            raise forms.ValidationError(str(error)) from None


class ConcernForm(_OneForm):
    """How severe a concern is for this program, whose it is, and how soon it is answered."""

    severity = forms.ChoiceField(choices=choices({code.value: text for code, text in SEVERITY.items()}))
    alcohol_only = forms.ChoiceField(
        required=False,
        choices=[("", "The same"), *choices({code.value: text for code, text in SEVERITY.items()})],
    )
    owner = forms.ChoiceField(choices=choices({code.value: text for code, text in OWNER.items()}))
    response = forms.ChoiceField(choices=choices({code.value: text for code, text in RESPONSE.items()}))

    def __init__(self, *args: Any, row: ConcernRow, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in signed_columns(row.rule).items():
            self.fields[name].initial = value or ""

    def columns(self) -> dict[str, str | None]:
        return {name: self.cleaned_data[name] or None for name in ("severity", "alcohol_only", "owner", "response")}


def _chosen(request: HttpRequest, ids: list[int]) -> int:
    text = request.GET.get("program", "")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else ids[0]
    if wanted not in ids:
        raise NotFound()
    return wanted


def _of_program(request: HttpRequest, program_id: int) -> Actor:
    actor = answers.actor_of(request)
    if program_id not in actor.programs_for(Access.PRESCRIBER):
        raise NotFound()
    return actor


def _signs(actor: Actor, program_id: int) -> bool:
    return StaffRole.MEDICAL_DIRECTOR in actor.roles.get(program_id, ())


def _row(page: PolicyPage, key: str) -> NumberRow | ConcernRow:
    if known(key):
        return next(row for _, rows in page.sections for row in rows if row.number.key == key)
    kind = flag_kind_of(key)
    if kind is None:
        raise NotFound()
    return next(row for row in page.concerns if row.rule.kind is kind)


def _number(row: NumberRow, *, now: Any, zone: str) -> dict[str, Any]:
    number = row.number
    is_switch = isinstance(number.value, bool)
    return {
        "key": number.key,
        "meaning": row.meaning,
        "value": shown(number.value),
        "unit": "" if is_switch else number.unit,
        "span": "yes or no" if is_switch else f"{shown(number.low)} to {shown(number.high)}",
        "default": shown(row.default),
        "is_own": row.is_own,
        "is_used": row.is_used,
        "source": number.source,
        "signer": row.signer,
        "signed": row.signed and words.when(row.signed.signed_at, now=now, zone=zone),
    }


def _concern(row: ConcernRow, *, now: Any, zone: str) -> dict[str, Any]:
    rule = row.rule
    return {
        "key": row.key,
        "meaning": words.plain(rule.kind.value),
        "severity": SEVERITY[rule.severity],
        "alcohol_only": "" if rule.alcohol_only is None else SEVERITY[rule.alcohol_only],
        "owner": OWNER[rule.owner],
        "value": RESPONSE[rule.response],
        "default": _said(signed_columns(row.default)),
        "now": _said(signed_columns(rule)),
        "is_own": signed_columns(rule) != signed_columns(row.default),
        "never_below": SEVERITY[row.never_below],
        "is_used": row.is_used,
        "is_emergency": rule.emergency,
        "source": rule.source,
        "signer": row.signer,
        "signed": row.signed and words.when(row.signed.signed_at, now=now, zone=zone),
    }


def _said(value: object) -> str:
    if isinstance(value, dict):
        alcohol = value.get("alcohol_only")
        parts = [SEVERITY[Severity(value["severity"])]]
        parts += [f"{SEVERITY[Severity(alcohol)].lower()} where alcohol alone is treated"] if alcohol else []
        return ", ".join([*parts, OWNER[Role(value["owner"])].lower(), RESPONSE[Response(value["response"])]])
    return shown(value)


def _back(program_id: int, done: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('policy')}?program={program_id}&done={done}")
