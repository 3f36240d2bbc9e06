"""Who is asking, for API views: the person that the middleware found in the session.

A browser sends the session cookie by itself, so an unsafe method also needs the CSRF
token: the value of the ``csrftoken`` cookie, repeated in the ``X-CSRFToken`` header.
"""

from typing import Any

from django.middleware.csrf import get_token
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from backend.access import NOBODY, Actor

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
SESSION_SCHEME = "session"
CSRF_SCHEME = "csrfToken"


class CsrfFailed(exceptions.PermissionDenied):
    default_code = "csrf-failed"
    default_detail = "Repeat the csrftoken cookie in the X-CSRFToken header. Any GET answer sets the cookie."


class ActorAuthentication(SessionAuthentication):
    """Takes ``request.actor``; enforces CSRF on unsafe methods and hands out the token on safe ones."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        actor: Actor = getattr(request._request, "actor", NOBODY)
        if actor.user_id is None:
            return None
        if request.method in SAFE_METHODS:
            get_token(request._request)
        else:
            self.enforce_csrf(request)
        return actor, None

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise CsrfFailed from None


class ActorScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document describes the session."""

    target_class = ActorAuthentication
    name = [SESSION_SCHEME, CSRF_SCHEME]

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        safe = auto_schema.method in SAFE_METHODS
        return {SESSION_SCHEME: []} if safe else {SESSION_SCHEME: [], CSRF_SCHEME: []}

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        from django.conf import settings

        return [
            {
                "type": "apiKey",
                "in": "cookie",
                "name": settings.SESSION_COOKIE_NAME,
                "description": "The session cookie that signing in sets.",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-CSRFToken",
                "description": "The value of the csrftoken cookie, for every method but GET.",
            },
        ]
