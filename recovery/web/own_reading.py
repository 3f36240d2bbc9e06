"""What a patient reads on a phone: modules with a receipt, things to try, the lines to call, the card."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend import clock
from backend.access import access
from backend.errors import NotFound
from backend.rules.roles import Access
from backend.rules.wall_time import local_date
from recovery.rules.alert_card import card_text
from recovery.rules.coping import COPING
from recovery.rules.crisis_lines import lines_for
from recovery.rules.procedures import wallet_card
from recovery.rules.support import meeting_words
from recovery.selectors.access import key_of, own_patient
from recovery.selectors.journal import tried_counts
from recovery.selectors.learning import alert_card, modules_shown
from recovery.selectors.places import places_shown
from recovery.services import journal, learning
from recovery.web import answers, own_frame, own_words
from recovery.web.own_forms import TriedForm


@require_GET
@access(Access.OWN_PATIENT)
def learn_page(request: HttpRequest) -> HttpResponse:
    """GET /me/learn/ - what there is to read, and things to try."""
    return _learn(request)


@require_POST
@access(Access.OWN_PATIENT)
def tried(request: HttpRequest) -> HttpResponse:
    """POST /me/learn/tried/ - something was tried."""
    actor, now = answers.actor_of(request), clock.now()
    patient, form = own_patient(actor), TriedForm(request.POST)
    if not form.is_valid():
        return _learn(request, wrong="choose", status=422)
    data = form.cleaned_data
    return own_frame.saved(
        lambda: journal.log_skill(
            actor=actor,
            patient=patient,
            client_id=data["client_id"],
            skill=data["skill"],
            helped=data["helped"],
            used_at=now,
            now=now,
        ),
        route="own-learn",
        done="tried",
        again=lambda _: _learn(request, wrong="again", status=422),
    )


@require_http_methods(["GET", "POST"])
@access(Access.OWN_PATIENT)
def module_page(request: HttpRequest, code: str) -> HttpResponse:
    """GET /me/learn/{code}/, POST to say that it was read."""
    actor = answers.actor_of(request)
    patient = own_patient(actor)
    shown = next((each for each in modules_shown(patient) if each.module.code == code), None)
    if shown is None:
        raise NotFound
    module = shown.module
    if request.method == "POST":
        return own_frame.saved(
            lambda: learning.mark_read(
                actor=actor, patient=patient, code=code, version=module.version, now=clock.now()
            ),
            route="own-learn",
            done="read",
            again=lambda _: _learn(request, wrong="again", status=422),
        )
    language = own_frame.language_of(patient)
    context = {
        "code": code,
        "title": module.title[language],
        "paragraphs": module.paragraphs[language],
        "source": module.source,
        "written": own_words.day_and_year(module.written_on, language),
        "review_by": own_words.day_and_year(module.review_by, language),
        "is_read": shown.read_at is not None,
    }
    return own_frame.show(request, patient, "recovery/own_module.html", context, here="own-learn")


@require_GET
@access(Access.OWN_PATIENT)
def help_page(request: HttpRequest) -> HttpResponse:
    """GET /me/help/ - whom to call."""
    patient = own_patient(answers.actor_of(request))
    language = own_frame.language_of(patient)
    context = {
        "phone": patient.program.phone,
        "phone_shown": own_words.phone_shown(patient.program.phone),
        "lines": [
            {
                "name": line.name[language],
                "what": line.what[language],
                "call": line.call,
                "call_shown": own_words.phone_shown(line.call),
                "text_to": line.text_to,
                "say": line.say[language],
                "emergency": line.emergency,
                "checked": own_words.day_and_year(line.verified_on, language) if line.verified_on else "",
            }
            for line in lines_for(patient.program.country)
        ],
        "places": [
            {
                "what": meeting_words(each.kind, language),
                "facts": each,
                "phone_shown": own_words.phone_shown(each.phone),
                "checked": own_words.day_and_year(each.reviewed_on, patient.language),
            }
            for each in places_shown(patient.program_id, today=local_date(clock.now(), patient.program.zone))
        ],
    }
    return own_frame.show(request, patient, "recovery/own_help.html", context, here="own-help")


@require_GET
@access(Access.OWN_PATIENT)
def card_page(request: HttpRequest) -> HttpResponse:
    """GET /me/card/ - for whoever treats the person; printable, and off the lock screen (C 8)."""
    patient = own_patient(answers.actor_of(request))
    language = own_frame.language_of(patient)
    card = alert_card(patient=patient, key=key_of(patient))

    def day(value: Any) -> str:
        return own_words.day_and_year(value, language) if value else ""

    context: dict[str, Any] = {"card": None}
    if card is not None:
        context = {
            "card": card,
            "words": card_text(language),
            "clinic_phone": own_words.phone_shown(card.clinic_phone),
            "last_given": day(card.last_given),
            "covers_until": day(card.cover_ends),
            "wallet": wallet_card(language=language, phone=own_words.phone_shown(card.clinic_phone)),
        }
    return own_frame.show(request, patient, "recovery/own_card.html", context, here="own-learn")


def _learn(request: HttpRequest, *, wrong: str = "", status: int = 200) -> HttpResponse:
    patient = own_patient(answers.actor_of(request))
    language = own_frame.language_of(patient)
    counts = {each.skill: each for each in tried_counts(patient=patient)}
    # What helped this person stands first.
    order = {code: place for place, code in enumerate(counts)}
    skills = sorted(COPING.values(), key=lambda skill: order.get(skill.code, len(order)))
    context = {
        "modules": [
            {"code": each.module.code, "title": each.module.title[language], "is_read": each.read_at is not None}
            for each in modules_shown(patient)
        ],
        "skills": [
            {
                "code": skill.code,
                "title": skill.title[language],
                "steps": skill.steps[language],
                "counts": counts.get(skill.code),
                "client_id": uuid4(),
            }
            for skill in skills
        ],
    }
    return own_frame.show(
        request, patient, "recovery/own_learn.html", context, here="own-learn", wrong=wrong, status=status
    )
