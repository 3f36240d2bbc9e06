"""Signing in with a one-time link, signing out, and where each role starts.

A link is spent by a POST alone: messengers and mail scanners open every address that
passes through them, and a preview must not use up the link.
"""

import re
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend import clock
from backend.access import Actor, access
from backend.rules.roles import Access
from backend.selectors.people import actor_of
from backend.services import people

_TOKEN = re.compile(r"(?:^|/s/)([A-Za-z0-9_-]{20,64})/?(?:\?.*)?$")


def safe_next(request: HttpRequest, wanted: str) -> str:
    """The wanted address if it is a path of this site, '' otherwise (no open redirects)."""
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    if is_path and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure()):
        return wanted
    return ""


def start_page(actor: Actor) -> str:
    """Where this person's work begins: care team before patient, '' for nobody's page."""
    if actor.programs_for(Access.CARE_TEAM):
        return "/care/"
    if actor.programs_for(Access.OWN_PATIENT):
        return "/me/"
    return ""


@never_cache
@require_GET
@access(Access.SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    """GET / - on to the person's own start page."""
    target = start_page(request.actor)  # type: ignore[attr-defined]
    return redirect(target) if target else render(request, "backend/home.html")


@never_cache
@require_http_methods(["GET", "POST"])
@access(Access.PUBLIC)
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """GET, POST /sign-in/ - how to get a link; a pasted one leads on to its page."""
    following = safe_next(request, request.POST.get("next", "") or request.GET.get("next", ""))
    wrong = False
    if request.method == "POST":
        found = _TOKEN.search(request.POST.get("link", "").strip())
        if found:
            query = "?" + urlencode({"next": following}) if following else ""
            return HttpResponseRedirect(f"/s/{found[1]}/{query}")
        wrong = True
    context = {"next": following, "wrong": wrong, "is_demo": settings.MODE == "demo"}
    return render(request, "backend/sign_in.html", context, status=400 if wrong else 200)


@never_cache
@require_http_methods(["GET", "POST"])
@access(Access.PUBLIC)
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET /s/{token}/ - a button; POST - spends the link and signs in."""
    following = safe_next(request, request.POST.get("next", "") or request.GET.get("next", ""))
    if request.method == "GET":
        return render(request, "backend/sign_in_link.html", {"next": following})
    now = clock.now()
    try:
        user = people.use_sign_in_link(token=token, now=now)
    except people.LinkNotValid as refused:
        return render(request, "backend/sign_in_link.html", {"refused": refused.message}, status=refused.status)
    actor = actor_of(user_id=user.pk)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    is_staff = any(actor.programs_for(rule) for rule in (Access.CARE_TEAM, Access.OPERATOR))
    request.session.set_expiry(settings.SESSION_COOKIE_AGE if is_staff else int(settings.PATIENT_SESSION_SECONDS))
    request.session["signed_at"] = request.session["seen_at"] = now.timestamp()
    return redirect(following or start_page(actor) or "/")


@never_cache
@require_POST
@access(Access.PUBLIC)
def sign_out(request: HttpRequest) -> HttpResponse:
    """POST /sign-out/ - end the session and let the browser forget the pages it kept."""
    logout(request)
    response = redirect("/sign-in/")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response
