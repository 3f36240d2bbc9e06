"""What every page's shell knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from backend.access import NOBODY, Actor
from backend.rules.roles import Access


def shell(request: HttpRequest) -> dict[str, Any]:
    """The actor and their navigation; never a name."""
    actor: Actor = getattr(request, "actor", NOBODY)
    return {"actor": actor, "navigation": _navigation(actor, here=request.path)}


def _navigation(actor: Actor, *, here: str) -> list[dict[str, Any]]:
    entries: list[tuple[str, str]] = []
    if actor.programs_for(Access.CARE_TEAM):
        entries += [("worklist", "Worklist"), ("tasks", "Tasks"), ("inbox", "Inbox")]
        entries += [("measures", "Measures"), ("policy", "Numbers"), ("meeting-places", "Meetings")]
    if actor.programs_for(Access.STAFF):
        entries.append(("rota", "On call"))
    if actor.programs_for(Access.DIRECTION):
        entries.append(("texts", "Texts"))
    if actor.programs_for(Access.STAFF):
        entries.append(("health", "What works"))
    if actor.programs_for(Access.CARE_TEAM) and settings.MODE in ("demo", "test"):
        entries.append(("outbox", "Sent texts"))
    return [{"url": url, "label": label, "here": here == url} for name, label in entries if (url := _address(name))]


def _address(name: str) -> str:
    """The address of a route; '' where this installation has no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
