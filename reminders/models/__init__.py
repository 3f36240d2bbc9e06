from reminders.models.beats import TickRun
from reminders.models.devices import ChannelChoice, Device
from reminders.models.doors import Sender, StatusToken
from reminders.models.inbound import InboundMessage, OptOut
from reminders.models.messages import Attempt, Message, ProviderEvent
from reminders.models.outbox import OutboxText
from reminders.models.sending import BadNumber, Circuit, Stop

__all__ = [
    "Attempt",
    "BadNumber",
    "ChannelChoice",
    "Circuit",
    "Device",
    "InboundMessage",
    "Message",
    "OptOut",
    "OutboxText",
    "ProviderEvent",
    "Sender",
    "StatusToken",
    "Stop",
    "TickRun",
]
