"""Every request passes here: its size, its person, its programs, its one transaction.

The access rule that a route names is enforced in this one place. A route without a rule
is closed. The transaction opens here, around the view and its rendering, because lazy
querysets that are evaluated outside see no rows (contract 6).
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pghistory
import structlog
from django.conf import settings
from django.contrib.auth import get_user, logout
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve

from backend import clock
from backend.access import NOBODY, Actor, access_of
from backend.api.problems import problem_response
from backend.db import EVERY_PATIENT, programs
from backend.errors import DomainError, NotAllowed, NotFound
from backend.rules.roles import Access, Role, needs_no_account
from backend.selectors.people import actor_of
from backend.web.pages import error_page

GetResponse = Callable[[HttpRequest], HttpResponse]
SEEN_EVERY = timedelta(minutes=1)

log = structlog.get_logger("holdfast.request")


def wants_json(request: HttpRequest) -> bool:
    return request.path_info.startswith(("/api/", "/hooks/"))


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The answer to a refused request: a problem document for programs, a page for people."""
    return problem_response(error) if wants_json(request) else error_page(request, error)


class BoundsMiddleware:
    """Refuses what is too large or cannot be text before anything reads it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= settings.MAX_BODY_BYTES:
            return refusal(request, TooLarge(f"A request may hold at most {settings.MAX_BODY_BYTES} bytes."))
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return refusal(request, TooLarge("Send the body with a Content-Length."))
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return refusal(request, NotFound())
        return self.get_response(request)


class TooLarge(DomainError):
    code = "body-too-large"


class SignInNeeded(DomainError):
    code = "sign-in-needed"
    status = 401


class ScopeMiddleware:
    """Finds who is asking, checks the route's rule, and opens the programs that the rule gives them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = NOBODY  # type: ignore[attr-defined]
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return refusal(request, NotFound())
        rule = access_of(match.func)
        if rule is None:
            return refusal(request, NotFound())
        if needs_no_account(rule):
            return self.get_response(request)

        present = not getattr(match.func, "is_poll", False)
        actor = self._actor(request, route=match.view_name or match.route, present=present, now=clock.now())
        if actor is None:
            return self._ask_to_sign_in(request)
        ids = actor.programs_for(rule)
        if not ids:
            return refusal(request, NotAllowed("Your account is not meant for this page."))
        request.actor = actor  # type: ignore[attr-defined]
        patient = self._patient_scope(actor, rule, ids)
        with programs(ids, patient=patient), pghistory.context(user=actor.user_id, route=actor.route):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn refusals of pages into pages; a row behind the wall does not exist."""
        behind_the_wall = isinstance(exception, Error) and getattr(exception.__cause__, "sqlstate", "") == "42501"
        if isinstance(exception, DomainError) or behind_the_wall:
            if transaction.get_connection().in_atomic_block:  # a route without an account has no scope around it
                transaction.set_rollback(True)
            return refusal(request, exception if isinstance(exception, DomainError) else NotFound())
        log.error("request failed", route=request.actor.route, error=type(exception).__name__)  # type: ignore[attr-defined]
        return None

    @staticmethod
    def _patient_scope(actor: Actor, rule: Access, ids: list[int]) -> int | str:
        if actor.patient_id is None:
            return EVERY_PATIENT
        only_patient = all(actor.roles[i] == {Role.PATIENT} for i in ids)
        return actor.patient_id if rule is Access.OWN_PATIENT or only_patient else EVERY_PATIENT

    @staticmethod
    def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
        if wants_json(request):
            return refusal(request, SignInNeeded("Sign in first."))
        target = "/sign-in/"
        if request.method == "GET" and not request.headers.get("HX-Request"):
            target += "?" + urlencode({"next": request.get_full_path()})
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)

    @staticmethod
    def _actor(request: HttpRequest, *, route: str, present: bool, now: datetime) -> Actor | None:
        user = get_user(request)
        if not user.is_authenticated or not user.is_active:
            return None
        actor = actor_of(user_id=user.pk, request_id=str(uuid.uuid4()), route=route)
        if not _session_is_fresh(request, actor, present=present, now=now):
            logout(request)
            return None
        return actor


def _session_is_fresh(request: HttpRequest, actor: Actor, *, present: bool, now: datetime) -> bool:
    """Staff: 12 h in all and 15 minutes idle. Patients: long, on their own phone. A poll is not presence."""
    stamp = now.timestamp()
    signed = request.session.setdefault("signed_at", stamp)
    seen = request.session.setdefault("seen_at", stamp)
    is_staff = any(roles - {Role.PATIENT} for roles in actor.roles.values())
    longest = settings.SESSION_COOKIE_AGE if is_staff else settings.PATIENT_SESSION_SECONDS
    idle = settings.STAFF_IDLE_SECONDS if is_staff else settings.PATIENT_SESSION_SECONDS
    if abs(stamp - signed) > longest or stamp - seen > idle:
        return False
    if present and stamp - seen > SEEN_EVERY.total_seconds():
        request.session["seen_at"] = stamp
    return True
