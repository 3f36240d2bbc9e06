"""Which channel a slot is told on first, and when its text follows a wake-up that nobody saw.

Pure: no Django, no database, no clock. A slot has one text, planned like any other. Where its person can
be woken up without one, the wake-up is planned beside it, the text waits for ``fall_back_after``, and the
dispatcher leaves it out when the wake-up was seen (PUSH-6, F61). The slot's key holds one text, so there is
at most one, whoever runs what how often.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from reminders.rules.dispatch import Why
from reminders.rules.planning import PlannedMessage
from reminders.rules.states import Channel, MessageClass, MessageState, priority_of
from reminders.rules.window import window_for

USUAL_ORDER = (Channel.APP, Channel.PUSH, Channel.SMS, Channel.EMAIL)
"""An app before a browser before a text; a mailbox, which few read at once, first only when it was asked for."""

WOKEN = frozenset({MessageClass.DOSE, MessageClass.VISIT, MessageClass.CHECK_IN, MessageClass.HELLO})
"""What may begin with a wake-up. A hold, a crisis line and an answer say something at once: they are texts."""


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """How long a wake-up may go unseen before its text leaves (PUSH-6); for mail our own choice."""

    fall_back_after: Mapping[Channel, timedelta] = field(
        default_factory=lambda: MappingProxyType(
            {
                Channel.PUSH: timedelta(minutes=15),
                Channel.APP: timedelta(minutes=15),
                Channel.EMAIL: timedelta(minutes=60),
            }
        )
    )


CHANNELS = ChannelPolicy()


def channel_order(
    *, devices: Collection[Channel], agreed: Collection[Channel], first: Channel | None = None
) -> tuple[Channel, ...]:
    """Return the channels of a person in the order to try, those left out that they did not agree to.

    ``devices`` are the channels of which they have a device in use; texts need none, their number is looked at
    when one leaves. ``first`` is the person's own choice, without effect where it cannot be used.
    """
    usable = [one for one in USUAL_ORDER if one in agreed and (one is Channel.SMS or one in devices)]
    return tuple(sorted(usable, key=lambda one: one is not first))


def beside(
    planned: Iterable[PlannedMessage], *, order: Sequence[Channel], zone: ZoneInfo, policy: ChannelPolicy = CHANNELS
) -> list[PlannedMessage]:
    """Return the texts of one person with the wake-ups that go before them.

    A text that waits leaves later by ``fall_back_after``; where that is past its expiry or the day's window, a
    person who agreed to texts gets the text at once and no wake-up. Nobody is woken up for something acute, for
    what needs words at once, or for a text that they asked for. Without an agreement to texts the text stays
    planned: it is the slot, and ends as ``no_consent``.
    """
    made: list[PlannedMessage] = []
    for text in planned:
        wake = order[0] if order else Channel.SMS
        if wake is Channel.SMS or text.message_class not in WOKEN or text.acute or text.slot.step.endswith(".later"):
            made.append(text)
            continue
        waits_until = text.send_after + policy.fall_back_after[wake]
        closes_at = window_for(text.send_after.astimezone(zone).date(), zone).closes_at
        ends_at = text.expires_at if text.allowed_outside else min(text.expires_at, closes_at)
        if waits_until >= ends_at and Channel.SMS in order:
            made.append(text)
            continue
        made.append(replace(text, send_after=min(waits_until, text.expires_at - timedelta(seconds=1)), instead_of=wake))
        made.append(
            replace(
                text,
                slot=replace(text.slot, channel=wake),
                priority=priority_of(text.message_class, channel=wake),
                is_question=False,
            )
        )
    return made


_NOT_HERE = frozenset({Why.NO_CONSENT.value, Why.NO_ADDRESS.value})


def brings_text_forward(state: MessageState, why: str) -> bool:
    """Tell whether a wake-up that ended so leaves its text without a reason to wait.

    Only ends that are the channel's own: an answered or a paused slot needs no text either, and its text is
    asked about when its time comes.
    """
    return state is MessageState.FAILED or (state is MessageState.SUPPRESSED and why in _NOT_HERE)
