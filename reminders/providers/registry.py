"""The providers that this process sends with: SMS_PROVIDER, and one for each channel that wakes people up."""

import os
import threading

import structlog
from django.conf import settings

from reminders.providers.base import Provider, ProviderError
from reminders.providers.outbox import Outbox
from reminders.providers.twilio_sms import TwilioSms
from reminders.rules.states import WAKES, Channel

WAKE_SETTINGS = {Channel.PUSH: "PUSH_PROVIDER", Channel.APP: "APP_PROVIDER", Channel.EMAIL: "MAIL_PROVIDER"}

log = structlog.get_logger("holdfast.reminders")

_own = threading.local()


def sms_provider() -> Provider:
    """This thread's provider; it keeps its connections between batches. Raises ProviderError when not configured.

    One per thread and process: an event loop and its sockets survive no fork.
    """
    mark = (os.getpid(), settings.SMS_PROVIDER)
    if getattr(_own, "mark", None) != mark:
        _own.provider, _own.mark = _make(settings.SMS_PROVIDER), mark
    provider: Provider = _own.provider
    return provider


def wake_providers() -> dict[Channel, Provider]:
    """This thread's providers of the channels that are on and can be used.

    One that is badly configured is left out and said in the log, because texts must not wait for it: a slot that
    nobody could be woken for is told by its text.
    """
    mark = (os.getpid(), *(getattr(settings, name) for name in WAKE_SETTINGS.values()))
    if getattr(_own, "wake_mark", None) != mark:
        _own.wakes, _own.wake_mark = {}, mark
        for channel in WAKES:
            name = getattr(settings, WAKE_SETTINGS[channel])
            try:
                made = _make_wake(channel, name)
            except ProviderError as error:
                log.error("a channel cannot be used", channel=channel.value, code=error.code)
                continue
            if made is not None:
                _own.wakes[channel] = made
    found: dict[Channel, Provider] = _own.wakes
    return found


def _make_wake(channel: Channel, name: str) -> Provider | None:
    if name == "off":
        return None
    if name == "outbox":
        return Outbox(channel)
    # Imported where they are used: each brings a client of its own.
    if name == "web_push":
        from reminders.providers.web_push import WebPush

        return WebPush.from_settings()
    if name == "fcm":
        from reminders.providers.fcm import Fcm

        return Fcm.from_settings()
    if name == "smtp":
        from reminders.providers.mail import Mail

        return Mail.from_settings()
    raise ProviderError("unknown-provider", permanent=True)


def _make(name: str) -> Provider:
    if name == "outbox":
        return Outbox()
    if name == "twilio":
        return TwilioSms.from_settings()
    raise ProviderError("unknown-provider", permanent=True)
