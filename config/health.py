"""/healthz: the process answers. /readyz: it can do its work. Neither says what for."""

from datetime import timedelta

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from backend import clock
from backend.access import access
from backend.rules.roles import Access
from config.clock_check import clock_error


@access(Access.PUBLIC)
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is up."""
    return JsonResponse({"ok": True})


@access(Access.PUBLIC)
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers, its clock is ours, and every tick ran lately, by at least one runner; 503 otherwise."""
    from config.ticks import all_ticks
    from reminders.selectors.beats import late_ticks

    try:
        clock_is_right = abs(clock_error()) <= timedelta(seconds=settings.MAX_CLOCK_SKEW_SECONDS)
        late = late_ticks(
            intervals={tick.name: max(tick.every_s * 3, settings.SWEEP_SECONDS * 6) for tick in all_ticks()},
            now=clock.now(),
        )
    except Error:
        return JsonResponse({"ok": False, "database": False, "late": []}, status=503)
    ok = clock_is_right and not late
    return JsonResponse({"ok": ok, "database": True, "clock": clock_is_right, "late": late}, status=200 if ok else 503)
