"""Pages that every part shares: refusals in plain words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from backend.errors import DomainError


def error_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal as a page: what was wrong and what to do, nothing of what was sent."""
    return render(request, "backend/error.html", {"error": error}, status=error.status)
