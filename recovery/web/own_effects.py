"""How the medicine sits: a patient tells of a side effect and answers what is asked about it."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from backend import clock
from backend.access import access
from backend.errors import DomainError, IdReused, NotFound
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from recovery.rules.side_effects import (
    COUGH_SIGNS,
    SITE_SIGNS,
    Answer,
    Effect,
    Strength,
    answer_words,
    effect_words,
    sign_words,
    strength_words,
)
from recovery.selectors.access import key_of, own_patient
from recovery.selectors.side_effects import EffectShown, asked_again, effects_of, site_question
from recovery.services.side_effects import report_side_effect
from recovery.web import answers, own_fields, own_frame, own_words
from recovery.web.own_forms import EffectForm

URGENT = (Answer.EMERGENCY, Answer.BREATHING, Answer.CALL_TODAY, Answer.SITE, Answer.VOMITED)


@require_http_methods(["GET", "POST"])
@access(Access.OWN_PATIENT)
def body_page(request: HttpRequest) -> HttpResponse:
    """GET the page, POST /me/body/ - a side effect, or an answer to what is asked."""
    actor, now = answers.actor_of(request), clock.now()
    patient = own_patient(actor)
    if request.method == "GET":
        return _show(request, patient)
    form = EffectForm(request.POST)
    if not form.is_valid():
        wrong = "choose" if "effect" in form.errors else "again"
        return _show(request, patient, wrong=wrong, status=422, form=form)
    try:
        result = report_side_effect(actor=actor, patient=patient, now=now, **form.arguments())
    except NotFound:
        raise
    except IdReused:
        return HttpResponseRedirect(reverse("own-body"))
    except DomainError as refusal:
        wrong = "day" if refusal.field == "began_on" else "again"
        return _show(request, patient, wrong=wrong, status=422, form=form, refusal=refusal)
    return HttpResponseRedirect(f"{reverse('own-body')}?answer={result.answer.value}")


def _show(
    request: HttpRequest,
    patient: Any,
    *,
    wrong: str = "",
    status: int = 200,
    form: EffectForm | None = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    language = own_frame.language_of(patient)
    today = local_date(clock.now(), patient.zone)
    effects = effects_of(patient=patient, key=key_of(patient))
    injection = site_question(patient=patient, today=today)
    code = request.GET.get("answer", "")
    answer = Answer(code) if code in set(Answer) and not wrong else None

    def line(each: EffectShown) -> dict[str, Any]:
        return {
            "first_id": each.first_id,
            "effect": each.effect.value,
            "strength": each.strength.value,
            "title": effect_words(each.effect, language),
            "since": own_words.day(each.began_on, patient.language),
            "still_there": each.still_there,
            "client_id": uuid4(),
        }

    context = {
        "f": own_fields.kept(form, patient.language, refusal=refusal) if form is not None else {},
        "injection_id": injection.pk if injection else None,
        "place_id": uuid4(),
        "fine_id": uuid4(),
        "site_signs": [(sign.value, sign_words(sign, language)) for sign in SITE_SIGNS],
        "ask_again": [line(each) for each in asked_again(patient=patient, effects=effects, today=today)],
        "told": [line(each) for each in effects[:8]],
        "effects": [(effect.value, effect_words(effect, language)) for effect in Effect],
        "strengths": [(strength.value, strength_words(strength, language)) for strength in Strength],
        "signs": [(sign.value, sign_words(sign, language)) for sign in (*SITE_SIGNS, *COUGH_SIGNS)],
        "report_id": uuid4(),
        "today": today.isoformat(),
        "answer": answer_words(answer, language) if answer else "",
        "is_urgent": answer in URGENT,
        "phone": patient.program.phone,
        "phone_shown": own_words.phone_shown(patient.program.phone),
    }
    return own_frame.show(
        request, patient, "recovery/own_body.html", context, here="own-body", wrong=wrong, status=status
    )
