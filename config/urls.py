"""All addresses. API paths end in a slash, hooks do not (architecture 1.10)."""

from django.urls import include, path

from config.health import healthz, metrics, readyz
from config.pages import health_page

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("care/health/", health_page, name="health"),
    path("", include("backend.urls")),
    path("", include("recovery.urls")),
    path("", include("reminders.urls")),
]
