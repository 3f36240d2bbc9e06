"""What every further own page of a patient has: its language, the clinic, the lines to call, one audit entry a read."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from backend.errors import DomainError, IdReused, NotFound
from backend.services import audit
from recovery.rules.words import Language
from recovery.web import answers, own_words
from recovery.web.own_plan_words import WORDS


def show(
    request: HttpRequest,
    patient: Any,
    template: str,
    context: dict[str, Any],
    *,
    here: str,
    wrong: str = "",
    done: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render an own page. ``done`` and ``wrong`` are codes of the words; ``here`` is the route of its link."""
    audit.record(
        actor=answers.actor_of(request),
        action="own_page.read",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
    )
    words = words_of(patient)
    frame = {
        "language": patient.language,
        "t": own_words.TEXTS.get(patient.language) or own_words.TEXTS["en"],
        "w": words,
        "clinic": patient.program.neutral_name,
        "has_988": patient.program.country == "US",
        "here": here,
        "done": words.get(f"done_{done or request.GET.get('done', '')}", ""),
        "wrong": words.get(f"wrong_{wrong}", ""),
    }
    return answers.private(render(request, template, frame | context, status=status))


def saved(
    act: Callable[[], object], *, route: str, done: str, again: Callable[[DomainError], HttpResponse]
) -> HttpResponse:
    """Do it and lead back to the page; the same id with other words means that the first one stands.

    ``again`` shows the page with what was refused (422). Raises NotFound.
    """
    try:
        act()
    except NotFound:
        raise
    except IdReused:
        pass
    except DomainError as refusal:
        return again(refusal)
    return HttpResponseRedirect(f"{reverse(route)}?done={done}")


def words_of(patient: Any) -> Any:
    return WORDS.get(patient.language) or WORDS["en"]


def language_of(patient: Any) -> Language:
    return Language(patient.language)
