"""/healthz: the process answers. /readyz: it can do its work. Neither says what for."""

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from backend import clock
from backend.access import access
from backend.rules.roles import Access


@access(Access.PUBLIC)
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is up."""
    return JsonResponse({"ok": True})


@access(Access.PUBLIC)
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and every tick ran lately, by at least one runner; 503 otherwise."""
    from config.ticks import all_ticks
    from reminders.selectors.beats import late_ticks

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        late = late_ticks(
            intervals={tick.name: max(tick.every_s * 3, settings.SWEEP_SECONDS * 6) for tick in all_ticks()},
            now=clock.now(),
        )
    except Error:
        return JsonResponse({"ok": False, "database": False, "late": []}, status=503)
    return JsonResponse({"ok": not late, "database": True, "late": late}, status=503 if late else 200)
