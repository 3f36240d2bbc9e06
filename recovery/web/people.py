"""The staff's page of the people around a patient: supporters, how to reach, consent under age, incentives."""

from datetime import datetime, time
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from backend import clock
from backend.access import Actor, access
from backend.rules.roles import Access
from recovery.rules.reach import Reach
from recovery.rules.rewards import EntryKind, Reason
from recovery.rules.supporters import AgreedHow, AllowedBy, EndedBy, Relation, SupporterState
from recovery.selectors.around import AgeView, ReachView, RewardsView, SupporterView, age_of, reach_of
from recovery.selectors.around import rewards_of as rewards_shown
from recovery.selectors.around import supporters_of as supporters_shown
from recovery.selectors.patient_head import PatientHead
from recovery.services import reach as reach_service
from recovery.services import rewards, supporters
from recovery.web import people_forms as forms
from recovery.web import people_words as said
from recovery.web import subpages, words


@require_GET
@access(Access.CARE_TEAM)
def people_page(request: HttpRequest, patient_id: int) -> HttpResponse:
    """GET /care/patients/{id}/people/"""
    return _page(request, subpages.head_for(request, patient_id))


@require_POST
@access(Access.CARE_TEAM)
def people_act(request: HttpRequest, patient_id: int, act: str) -> HttpResponse:
    """POST /care/patients/{id}/people/{act}/ - one form of the page. What is wrong is said on the page (422)."""
    return subpages.act(request, patient_id, act, ACTS, _page, here="patient-people")


# --- what a form does ------------------------------------------------------------------------------------


def _add(actor: Actor, patient: Any, form: forms.SupporterForm, now: datetime) -> object:
    new = supporters.NewSupporter(**form.cleaned_data)
    return supporters.add_supporter(actor=actor, patient=patient, new=new, now=now)


def _agree(actor: Actor, patient: Any, form: forms.AgreeForm, now: datetime) -> object:
    data = form.cleaned_data
    return supporters.record_agreement(
        actor=actor, patient=patient, supporter_id=data["supporter"], how=data["how"], now=now
    )


def _end(actor: Actor, patient: Any, form: forms.EndForm, now: datetime) -> object:
    data = form.cleaned_data
    return supporters.end_supporter(
        actor=actor, patient=patient, supporter_id=data["supporter"], by=data["by"], now=now
    )


def _concern(actor: Actor, patient: Any, form: forms.ConcernForm, now: datetime) -> object:
    data = form.cleaned_data
    return supporters.report_concern(
        actor=actor, patient=patient, supporter_id=data["supporter"], note=data["note"], now=now
    )


def _reach(actor: Actor, patient: Any, form: forms.ReachForm, now: datetime) -> object:
    return reach_service.set_reach(actor=actor, patient=patient, reach=Reach(**form.values()), now=now)


def _minor(actor: Actor, patient: Any, form: forms.MinorForm, now: datetime) -> object:
    facts = reach_service.MinorFacts(**form.cleaned_data)
    return reach_service.record_minor_consent(actor=actor, patient=patient, facts=facts, now=now)


def _start(actor: Actor, patient: Any, form: forms.PlanForm, now: datetime) -> object:
    return rewards.start_plan(actor=actor, patient=patient, now=now)


def _stop(actor: Actor, patient: Any, form: forms.PlanForm, now: datetime) -> object:
    return rewards.end_plan(actor=actor, patient=patient, now=now)


def _earn(actor: Actor, patient: Any, form: forms.EarnForm, now: datetime) -> object:
    return rewards.earn(actor=actor, patient=patient, now=now, **form.cleaned_data)


def _redeem(actor: Actor, patient: Any, form: forms.RedeemForm, now: datetime) -> object:
    return rewards.redeem(
        actor=actor, patient=patient, client_id=form.cleaned_data["client_id"], cents=form.cents(), now=now
    )


def _correct(actor: Actor, patient: Any, form: forms.CorrectForm, now: datetime) -> object:
    data = form.cleaned_data
    return rewards.correct(actor=actor, patient=patient, client_id=data["client_id"], entry_id=data["entry"], now=now)


ACTS = {
    "add": subpages.Act(forms.SupporterForm, _add),
    "agreed": subpages.Act(forms.AgreeForm, _agree),
    "end": subpages.Act(forms.EndForm, _end),
    "worried": subpages.Act(forms.ConcernForm, _concern),
    "reach": subpages.Act(forms.ReachForm, _reach),
    "consent": subpages.Act(forms.MinorForm, _minor),
    "start": subpages.Act(forms.PlanForm, _start),
    "stop": subpages.Act(forms.PlanForm, _stop),
    "earned": subpages.Act(forms.EarnForm, _earn),
    "handed-out": subpages.Act(forms.RedeemForm, _redeem),
    "error": subpages.Act(forms.CorrectForm, _correct),
}


# --- the page ---------------------------------------------------------------------------------------------


def _page(
    request: HttpRequest, head: PatientHead, *, sent: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    sent = sent or {}
    patient, now = head.patient, clock.now()
    age = age_of(patient=patient, today=head.today)
    reach = reach_of(patient=patient)
    shown = supporters_shown(patient=patient, today=head.today)
    ledger = rewards_shown(patient=patient, today=head.today)
    wrong = [
        error
        for act, form in sent.items()
        for name, errors in form.errors.items()
        for error in errors
        if name == "__all__" or act not in _SHOWN_AGAIN or form.fields[name].widget.is_hidden
    ]
    context = {
        "wrong": wrong,
        "supporters": [_supporter(one, head, sent) for one in shown if one.state in _COUNT],
        "past": [_supporter(one, head, sent) for one in shown if one.state not in _COUNT],
        "add_form": sent.get("add")
        or forms.SupporterForm(
            auto_id="add-%s", initial={"client_id": uuid4(), "language": patient.language, "tier": "hello"}
        ),
        "allowed": " or ".join(said.ALLOWED_BY[who].lower() for who in AllowedBy if who in age.needed),
        "age": age,
        "consent": _consent(age, head),
        "minor_form": sent.get("consent") or forms.MinorForm(auto_id="consent-%s", initial={"client_id": uuid4()}),
        "reach": _reach_lines(reach, now.astimezone(ZoneInfo(head.zone)).time()),
        "reach_form": sent.get("reach") or forms.ReachForm(auto_id="reach-%s", initial=_reach_initial(reach)),
        "rewards": _rewards(ledger, head) if ledger.is_on or ledger.entries else None,
        "earn_form": sent.get("earned")
        or forms.EarnForm(auto_id="earned-%s", initial={"client_id": uuid4(), "on_day": head.today}, today=head.today),
        "redeem_form": sent.get("handed-out")
        or forms.RedeemForm(auto_id="handed-out-%s", initial={"client_id": uuid4()}),
    }
    answer = subpages.show(request, "recovery/people.html", head, context, here="patient-people")
    answer.status_code = status
    return answer


_SHOWN_AGAIN = ("add", "reach", "consent", "earned", "handed-out")
"""Forms that come back as they were sent; what is wrong with another stands above the page."""
_COUNT = (SupporterState.ASKED, SupporterState.ACTIVE)


def _supporter(one: SupporterView, head: PatientHead, sent: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name or "Somebody",
        "phone": one.phone,
        "phone_shown": words.phone_shown(one.phone),
        "relation": said.RELATION[Relation(one.relation)],
        "tier": said.TIER_SHORT[one.tier],
        "state": said.STATE[one.state],
        "is_asked": one.state is SupporterState.ASKED,
        "is_active": one.state is SupporterState.ACTIVE,
        "tell": [said.TOPIC[topic] for topic in one.tell],
        "texts": said.WEEKDAY[one.weekday] if one.gets_texts and one.weekday is not None else "",
        "language": "" if one.language == "en" else words.said(words.LANGUAGE, one.language),
        "allowed_by": said.ALLOWED_BY[AllowedBy(one.allowed_by)],
        "until": words.date_words(one.expires_on, today=head.today),
        "agreed": said.AGREED[AgreedHow(one.agreed_how)] if one.agreed_how else "",
        "ended_by": said.ENDED_BY[EndedBy(one.ended_by)] if one.ended_by else "",
        "agree_form": forms.AgreeForm(auto_id=f"agreed{one.id}-%s", initial={"supporter": one.id}),
        "end_form": forms.EndForm(auto_id=f"end{one.id}-%s", initial={"supporter": one.id}),
        "concern_form": forms.ConcernForm(auto_id=f"worried{one.id}-%s", initial={"supporter": one.id}),
    }


def _consent(age: AgeView, head: PatientHead) -> dict[str, Any] | None:
    if age.consent is None:
        return None
    return {
        "state": age.consent.state_code,
        "basis": said.BASIS[age.consent.basis],
        "by": said.CONSENTED_BY[age.consent.consented_by],
        "on": words.date_words(age.consent.consented_on, today=head.today),
        "note": age.consent.note,
        "is_whole": age.consent.is_whole,
    }


def _reach_lines(reach: ReachView, local: time) -> list[str]:
    lines = said.reach_words(reach)
    if lines and not reach.is_safe_now(local):
        lines.append("Now is not a safe time to call.")
    return lines


def _reach_initial(reach: ReachView) -> dict[str, Any]:
    answer = {True: "yes", False: "no", None: ""}
    return {
        "phone_shared": reach.phone_shared,
        "safe_to_call": answer[reach.safe_to_call],
        "safe_voicemail": answer[reach.safe_voicemail],
        "safe_from": reach.safe_from,
        "safe_until": reach.safe_until,
        "agreed_word": reach.agreed_word,
        "interpreter": reach.interpreter,
        "letters_ok": answer[reach.letters_ok],
        "letter_address": reach.letter_address,
    }


def _rewards(ledger: RewardsView, head: PatientHead) -> dict[str, Any]:
    return {
        "is_on": ledger.is_on,
        "runs": ledger.plan_id is not None,
        "since": words.date_words(ledger.started_on, today=head.today) if ledger.started_on else "",
        "until": words.date_words(ledger.ends_on, today=head.today) if ledger.ends_on else "",
        "phase": said.PHASE[ledger.phase] if ledger.phase else "",
        "step": said.dollars(ledger.step_cents),
        "week": said.dollars(ledger.week_cents),
        "week_cap": said.dollars(ledger.week_cap_cents),
        "total": said.dollars(ledger.total_cents),
        "total_cap": said.dollars(ledger.total_cap_cents),
        "balance": said.dollars(ledger.balance_cents),
        "entries": [
            {
                "id": one.id,
                "what": said.REASON[Reason(one.reason)] if one.reason else said.ENTRY[one.kind],
                "on": words.date_words(one.on_day, today=head.today),
                "amount": said.dollars(one.cents),
                "capped": said.CAPPED[one.capped_by],
                "is_corrected": one.is_corrected,
                "error_form": None
                if one.is_corrected or one.kind is EntryKind.CORRECTED
                else forms.CorrectForm(auto_id=f"error{one.id}-%s", initial={"client_id": uuid4(), "entry": one.id}),
            }
            for one in ledger.entries
        ],
    }
