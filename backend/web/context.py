"""What every page's shell knows."""

from typing import Any

from django.http import HttpRequest

from backend.access import NOBODY


def shell(request: HttpRequest) -> dict[str, Any]:
    """The actor, for the navigation; never a name."""
    return {"actor": getattr(request, "actor", NOBODY)}
