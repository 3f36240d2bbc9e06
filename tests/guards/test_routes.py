"""Every route names its access rule; one that does not is closed."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from backend.access import access_of
from backend.rules.roles import Access

# What anybody may open. A new one is a decision: add it here with its reason.
PUBLIC = {
    "healthz": "the process answers",
    "readyz": "the ticks run",
}


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        where = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, where)
        else:
            yield where, entry


def test_every_route_names_its_rule():
    unnamed = [where for where, route in routes() if access_of(route.callback) is None]
    assert unnamed == []


def test_there_are_routes_of_each_kind():
    """The walk above finds what it should: an empty list would pass too."""
    rules = {access_of(route.callback) for _, route in routes()}
    assert {Access.PUBLIC, Access.SIGNED_HOOK, Access.OWN_PATIENT, Access.CARE_TEAM} <= rules


def test_what_is_open_to_anybody_is_a_short_list():
    allowed = (
        "healthz",
        "readyz",
        "metrics",  # with a token, or from this machine; counts alone
        "sign-in/",
        "sign-out/",
        "s/<",
        "api/schema/",
        "api/docs/",
        "problems/",
        "offline",
        "manifest",
        "mail/<",  # a link from a mail; a button that confirms the address, and nothing about anybody
        "sw.js",
    )
    surprising = [
        where
        for where, route in routes()
        if access_of(route.callback) is Access.PUBLIC and where and not where.startswith(allowed)
    ]
    assert surprising == []


def test_paths_of_the_api_end_in_a_slash_and_hooks_do_not():
    wrong = [
        where
        for where, _ in routes()
        if (where.startswith("api/") and not where.endswith("/"))
        or (where.startswith("hooks/") and where.endswith("/"))
    ]
    assert wrong == []


@pytest.mark.django_db
def test_without_an_account_every_closed_route_asks_to_sign_in_or_refuses():
    client = Client()
    leaks = []
    for where, route in routes():
        if access_of(route.callback) in (Access.PUBLIC, Access.SIGNED_HOOK):
            continue
        path = "/" + example(where)
        status = client.get(path).status_code
        if status not in (302, 401, 404):
            leaks.append((path, status))
    assert leaks == []


def example(where: str) -> str:
    """A path that the pattern matches, with numbers and ids filled in."""
    import re

    filled = re.sub(r"<uuid:[^>]+>", "00000000-0000-4000-8000-000000000000", where)
    filled = re.sub(r"<int:[^>]+>", "1", filled)
    return re.sub(r"<[^>]+>", "x", filled)
