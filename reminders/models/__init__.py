from reminders.models.beats import TickRun
from reminders.models.doors import Sender, StatusToken
from reminders.models.inbound import InboundMessage, OptOut
from reminders.models.messages import Attempt, Message, ProviderEvent
from reminders.models.outbox import OutboxText

__all__ = [
    "Attempt",
    "InboundMessage",
    "Message",
    "OptOut",
    "OutboxText",
    "ProviderEvent",
    "Sender",
    "StatusToken",
    "TickRun",
]
