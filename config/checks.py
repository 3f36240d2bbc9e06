"""Bad settings stop the start and name themselves: what was wrong, and the way out."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from reminders.providers.fcm_account import read_account
from reminders.providers.vapid import private_key as vapid_key
from reminders.rules.devices import NotAllowed, check_mail

PROVIDERS = ("outbox", "twilio")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Setting -> what it may be beside off and outbox, and what that needs.
WAKES = {
    "PUSH_PROVIDER": ("web_push", ("VAPID_PRIVATE_KEY", "VAPID_SUBJECT")),
    "APP_PROVIDER": ("fcm", ("FCM_CREDENTIALS_FILE",)),
    "MAIL_PROVIDER": ("smtp", ("MAIL_FROM", "SMTP_HOST")),
}


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
    for number, (text, hint) in enumerate(_wake_faults(), start=30):
        bad(number, text, hint)
    if settings.PRODUCTION:
        found += _production()
    return found


def _wake_faults() -> list[tuple[str, str]]:
    """What is wrong with the channels beside texts: ``(text, way out)`` each."""
    found = []
    for name, (real, needs) in WAKES.items():
        chosen = getattr(settings, name)
        if chosen not in ("off", "outbox", real):
            found.append((f"{name} must be one of: off, outbox, {real}.", "off leaves the channel out."))
        if chosen != real:
            continue
        found += [
            (f"{name} is {real} and {need} is not set.", f"Set it, or use {name}=off.")
            for need in needs
            if not getattr(settings, need)
        ]
    if settings.PUSH_PROVIDER == "web_push" or settings.VAPID_PRIVATE_KEY:
        try:
            vapid_key()
        except ValueError:
            found.append(("VAPID_PRIVATE_KEY must be 32 bytes in base64url.", ".env.example says how to make one."))
    if settings.PUSH_PROVIDER == "web_push" and not settings.VAPID_SUBJECT.startswith(("mailto:", "https://")):
        found.append(("VAPID_SUBJECT must begin with mailto: or https://.", "Push services write there."))
    if settings.APP_PROVIDER == "fcm" and settings.FCM_CREDENTIALS_FILE:
        try:
            read_account(settings.FCM_CREDENTIALS_FILE)
        except ValueError:
            found.append(
                ("FCM_CREDENTIALS_FILE is not the key file of a service account.", "The Firebase console makes one.")
            )
    if settings.MAIL_PROVIDER == "smtp":
        if settings.SMTP_SECURITY not in ("starttls", "tls", "none"):
            found.append(("SMTP_SECURITY must be one of: starttls, tls, none.", "none is for this machine alone."))
        if settings.SMTP_SECURITY == "none" and settings.SMTP_HOST not in LOOPBACK:
            found.append(("SMTP_SECURITY is none and SMTP_HOST is another machine.", "Use starttls or tls."))
        if settings.MAIL_FROM and not _is_mail(settings.MAIL_FROM):
            found.append(("MAIL_FROM must be one plain address, without a name.", "Such as reminders@example.org."))
    for name in ("WEB_PUSH_BASE_URL", "FCM_BASE_URL"):
        url = getattr(settings, name)
        if url and (settings.PRODUCTION or urlsplit(url).hostname not in LOOPBACK):
            found.append((f"{name} is for a fake on this machine, never in production.", "Leave it empty."))
    real_ones = (settings.PUSH_PROVIDER, settings.APP_PROVIDER, settings.MAIL_PROVIDER)
    fakes = {"web_push": settings.WEB_PUSH_BASE_URL, "fcm": settings.FCM_BASE_URL, "smtp": settings.SMTP_HOST}
    if not (settings.PRODUCTION or settings.ALLOW_REAL_SENDING):
        found += [
            (
                f"{one} would reach real devices and HOLDFAST_MODE is {settings.MODE}: nothing may leave from here.",
                "Use outbox, or set ALLOW_REAL_SENDING=true if that is meant.",
            )
            for one in real_ones
            if one in fakes and (urlsplit(fakes[one]).hostname or fakes[one]) not in LOOPBACK
        ]
    if settings.PRODUCTION and "outbox" in real_ones:
        found.append(("A channel with the provider outbox reaches nobody: not in production.", "Use off."))
    return found


def _is_mail(address: str) -> bool:
    try:
        check_mail(address)
    except NotAllowed:
        return False
    return True


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
