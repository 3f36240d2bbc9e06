"""Bad settings stop the start and name themselves: what was wrong, and the way out."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

PROVIDERS = ("outbox", "twilio")


@register(Tags.security)
def settings_check(app_configs: Sequence[Any] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Everything that can be told without a database."""
    found: list[CheckMessage] = []

    def bad(number: int, text: str, hint: str) -> None:
        found.append(Error(text, hint=hint, id=f"holdfast.E{number:03d}"))

    url = urlsplit(settings.PUBLIC_BASE_URL)
    if url.scheme not in ("http", "https") or not url.hostname or url.path or url.query:
        bad(1, "PUBLIC_BASE_URL is not an address such as https://care.example.org", "No path, no query.")
    if settings.SMS_PROVIDER not in PROVIDERS:
        bad(2, f"SMS_PROVIDER must be one of: {', '.join(PROVIDERS)}.", "outbox sends nothing to the outside.")
    if settings.SMS_PROVIDER == "twilio":
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_MESSAGING_SERVICE_SID"):
            if not getattr(settings, name):
                bad(3, f"SMS_PROVIDER is twilio and {name} is not set.", "Set it, or use SMS_PROVIDER=outbox.")
    has_credentials = bool(settings.TWILIO_ACCOUNT_SID or settings.TWILIO_AUTH_TOKEN)
    fake = urlsplit(settings.TWILIO_BASE_URL).hostname in ("127.0.0.1", "localhost", "::1")
    if not settings.PRODUCTION and has_credentials and not fake and not settings.ALLOW_REAL_SENDING:
        bad(
            4,
            f"Twilio credentials are set and HOLDFAST_MODE is {settings.MODE}: nothing may leave from here.",
            "Remove them, or set ALLOW_REAL_SENDING=true if real texts to real phones are meant.",
        )
    if settings.PRODUCTION:
        found += _production()
    return found


def _production() -> list[CheckMessage]:
    rules = [
        (10, not settings.PUBLIC_BASE_URL.startswith("https://"), "PUBLIC_BASE_URL must be https in production."),
        (11, len(settings.SECRET_KEY) < 32, "SECRET_KEY must be at least 32 characters in production."),
        (12, bool(settings.CLOCK_OFFSET_FILE), "CLOCK_OFFSET_FILE must not be set in production."),
        (13, bool(settings.TWILIO_BASE_URL), "TWILIO_BASE_URL must not be set in production."),
        (14, settings.SMS_PROVIDER == "outbox", "SMS_PROVIDER=outbox reaches nobody: not in production."),
        (15, not settings.REDIS_URL, "REDIS_URL is not set."),
        (16, settings.ALLOWED_HOSTS == ["localhost", "127.0.0.1", "[::1]"], "ALLOWED_HOSTS is not set."),
    ]
    found: list[CheckMessage] = [
        Error(text, hint=".env.example says how.", id=f"holdfast.E{number:03d}") for number, bad, text in rules if bad
    ]
    return found


@register(Tags.database)
def database_check(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """What only the database can tell; runs with ``check --database default`` and at every serving start."""
    if not databases or settings.DB_ROLE == "owner":
        return []
    from config.start import database_faults

    return [Error(text, hint=hint, id="holdfast.E020") for text, hint in database_faults()]


@register(Tags.database)
def policy_check(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """The clinical numbers: in production each is signed by a named clinician (contract 3)."""
    if not databases or settings.DB_ROLE == "owner":
        return []
    from config.start import policy_faults

    return [Error(text, hint=hint, id="holdfast.E021") for text, hint in policy_faults()]
