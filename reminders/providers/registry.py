"""The provider that this process sends with (setting SMS_PROVIDER)."""

import os
import threading

from django.conf import settings

from reminders.providers.base import Provider, ProviderError
from reminders.providers.outbox import Outbox
from reminders.providers.twilio_sms import TwilioSms

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


def _make(name: str) -> Provider:
    if name == "outbox":
        return Outbox()
    if name == "twilio":
        return TwilioSms.from_settings()
    raise ProviderError("unknown-provider", permanent=True)
