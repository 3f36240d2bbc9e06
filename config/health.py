"""/healthz: the process answers. /readyz: it can do its work. /metrics: figures. None says what for or for whom."""

import hmac
from datetime import timedelta

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from backend import clock
from backend.access import access
from backend.rules.roles import Access
from config.clock_check import clock_error
from config.metrics import metrics_text


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


@access(Access.PUBLIC)
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in the text format of Prometheus, without a label about anybody.

    Read with METRICS_TOKEN as a bearer token, or without one from this machine itself; to anybody else it does
    not exist.
    """
    if not _may_read(request):
        return HttpResponse(status=404)
    return HttpResponse(metrics_text(now=clock.now()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    through_a_proxy = any(request.headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not through_a_proxy
