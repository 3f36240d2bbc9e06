"""Errors as ``application/problem+json`` (RFC 9457) with a stable ``type``.

A problem names the field and what to do; it never repeats what was sent. ``type`` is
``/problems/<code>``; the codes are part of the API and are never renamed.
"""

from typing import Any

import structlog
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DataError, Error, IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from drf_standardized_errors.formatter import flatten_errors
from rest_framework import exceptions
from rest_framework.views import set_rollback

from backend.errors import DomainError

log = structlog.get_logger("holdfast.request")

CONTENT_TYPE = "application/problem+json"

HIDDEN_ROW = "42501"  # insufficient_privilege: row-level security
CHECK_VIOLATION = "23514"
UNIQUE_VIOLATION = "23505"

# DRF's own words repeat the value sent in some of these; ours never do.
_WORDS = {
    "does-not-exist": "There is nothing here with this id.",
    "incorrect-type": "This is of the wrong type.",
    "invalid-choice": "This is not one of the allowed values.",
    "not-a-list": "This must be a list.",
    "required": "This field is needed.",
    "null": "This field may not be null.",
    "null-characters-not-allowed": "A text holds a character that cannot be stored.",
    "surrogate-characters-not-allowed": "A text holds a character that cannot be stored.",
}
# Exceptions of DRF by status: code and sentence, since theirs name the method or media type sent.
_BY_STATUS = {
    400: ("bad-request", "This request cannot be read."),
    401: ("sign-in-needed", "Sign in first."),
    403: ("not-allowed", "This is not yours to do."),
    404: ("not-found", "There is nothing here."),
    405: ("method-not-allowed", "This address does not know that method. The Allow header lists those it knows."),
    406: ("not-acceptable", "This address answers in JSON."),
    415: ("unsupported-media-type", "Send the body as application/json."),
    429: ("too-many-requests", "Too many requests. Try again later."),
}
# Codes of ours that DRF exceptions carry; their sentences are static and safe to show.
_OWN_CODES = frozenset({"csrf-failed", "malformed-body"})


def problem(*, status: int, code: str, detail: str, errors: list[dict[str, Any]] | None = None) -> JsonResponse:
    """Build the document. ``errors`` are ``{"field", "code", "detail"}`` each."""
    body: dict[str, Any] = {"type": f"/problems/{code}", "title": code.replace("-", " "), "status": status}
    body["detail"] = detail
    if errors:
        body["errors"] = errors
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def problem_response(error: DomainError) -> HttpResponse:
    """The answer for a refusal of the domain."""
    errors = [{"field": error.field, "code": error.code, "detail": error.message}] if error.field else None
    return problem(status=error.status, code=error.code, detail=error.message, errors=errors)


def handle(exc: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's exception handler. What nobody foresaw is logged by its class and answered as a 500.

    Whatever the view did before is rolled back: a refused request stores nothing.
    """
    set_rollback()
    return _answer(exc) or _unforeseen(exc, context)


def _unforeseen(exc: Exception, context: dict[str, Any]) -> HttpResponse:
    """The text of an exception may hold what was sent: neither the log nor the answer repeats it."""
    request = getattr(context.get("request"), "_request", None)
    route = getattr(request, "resolver_match", None)
    log.error("request failed", route=route.view_name if route else "", error=type(exc).__name__)
    got_request_exception.send(sender=None, request=request)
    return problem(status=500, code="server-error", detail="Something went wrong on our side. Nothing was saved.")


def _answer(exc: Exception) -> HttpResponse | None:
    if isinstance(exc, DomainError):
        return problem_response(exc)
    if isinstance(exc, exceptions.ValidationError):
        return _invalid(exc)
    if isinstance(exc, exceptions.APIException):
        return _refused(exc)
    if isinstance(exc, Http404):
        return _by_status(404)
    if isinstance(exc, PermissionDenied):
        return _by_status(403)
    if isinstance(exc, BadRequest | SuspiciousOperation | MultiPartParserError):
        return _by_status(400)
    if isinstance(exc, Error):
        return _database(exc)
    return None


def _by_status(status: int) -> HttpResponse:
    code, detail = _BY_STATUS[status]
    return problem(status=status, code=code, detail=detail)


def _refused(exc: exceptions.APIException) -> HttpResponse | None:
    code = getattr(exc.detail, "code", "")
    if code in _OWN_CODES:
        return problem(status=exc.status_code, code=code, detail=str(exc.detail))
    return _by_status(exc.status_code) if exc.status_code in _BY_STATUS else None


def _invalid(exc: exceptions.ValidationError) -> HttpResponse:
    errors = []
    for error in flatten_errors(exc.detail):
        code = error.code.replace("_", "-")
        field = "" if error.attr in (None, "non_field_errors") else error.attr
        errors.append({"field": field, "code": code, "detail": _WORDS.get(code, error.detail)})
    return problem(status=400, code="invalid-input", detail="Some fields cannot be used.", errors=errors)


def _database(exc: Error) -> HttpResponse | None:
    """Refusals of the database: a row behind the wall does not exist; what must be true is a constraint."""
    state = getattr(exc.__cause__, "sqlstate", None) or ""
    if state == HIDDEN_ROW:
        return _by_status(404)
    if state == UNIQUE_VIOLATION:
        return problem(status=409, code="conflict", detail="There is such a record already. Read it again.")
    if state == CHECK_VIOLATION or (isinstance(exc, DataError) and not isinstance(exc, IntegrityError)):
        return problem(status=400, code="invalid-input", detail="These values do not go together.")
    return None


def not_found(request: HttpRequest) -> HttpResponse:
    return _by_status(404)
