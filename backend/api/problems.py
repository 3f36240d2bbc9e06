"""Errors as ``application/problem+json`` (RFC 9457) with a stable ``type``.

A problem names the field and what to do; it never repeats what was sent.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from backend.errors import DomainError

CONTENT_TYPE = "application/problem+json"


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


def handle(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler."""
    return problem_response(exc) if isinstance(exc, DomainError) else None


def not_found(request: HttpRequest) -> HttpResponse:
    return problem(status=404, code="not-found", detail="There is nothing here.")
