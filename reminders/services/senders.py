"""Addresses that programs send from and that people reply to: the door from a text to its program."""

from django.db import transaction

from reminders.models import Sender
from reminders.selectors.senders import sender_digest


@transaction.atomic
def register_sender(*, program_id: int, address: str, provider: str, segments_per_second: float = 1.0) -> Sender:
    """Say that texts to this number (E.164) or messaging service belong to a program. Safe to repeat.

    An address belongs to one program: a second registration moves it.
    """
    sender, _ = Sender.objects.update_or_create(
        digest=sender_digest(address),
        defaults={"program_id": program_id, "provider": provider, "segments_per_second": segments_per_second},
    )
    return sender
