"""From an address or a number to a program, before any scope is open."""

from collections.abc import Sequence

from django.conf import settings

from backend.crypto import blind_index
from backend.db import programs
from backend.keys import phone_index
from backend.selectors.people import open_program_ids
from recovery.selectors import reminding
from reminders.models import Sender


def sender_digest(address: str) -> bytes:
    """A keyed fingerprint of a sending address."""
    return blind_index(settings.INDEX_KEY, "sender", address.strip())


def programs_of_text(*, addressed_to: Sequence[str], phone: str) -> list[int]:
    """The programs that a text may be meant for, the most certain first; empty when there is no way to tell.

    The address it was sent to decides. Where none is registered, the programs that know the number: an
    opt-out that we cannot place counts in each of them. With one program there is nothing to decide.
    """
    digests = [sender_digest(address) for address in addressed_to if address]
    known = {bytes(row.digest): row.program_id for row in Sender.objects.filter(digest__in=digests)}
    for digest in digests:
        if digest in known:
            return [known[digest]]
    ids = open_program_ids()
    if len(ids) <= 1:
        return ids
    with programs(ids):
        holders = reminding.phone_holders([phone_index(program_id, phone) for program_id in ids])
        return sorted({one.program_id for one in holders})
