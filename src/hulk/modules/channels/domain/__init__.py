"""What comes in and goes out by channels, and the rules of both. Pure."""

from hulk.modules.channels.domain.arrival import Arrival, Attached, Fate, Kind, Sender, approving, cleaned
from hulk.modules.channels.domain.channel import Channel, Directory, Speaking
from hulk.modules.channels.domain.commands import Command, command
from hulk.modules.channels.domain.conversation import Contact, Conversation, Invitation, Mode, Quiet, Turn, remembered
from hulk.modules.channels.domain.guessing import OF_CHANNEL, OF_SENDER, Guesses, Patience
from hulk.modules.channels.domain.message import HELD, OPEN, Button, Limits, Outgoing, Shown, State, waiting_after
from hulk.modules.channels.domain.pace import Meter, Pace
from hulk.modules.channels.domain.paging import Ended
from hulk.modules.channels.domain.places import at_home
from hulk.modules.channels.domain.pressing import Act, Pressed, pressed, pressing
from hulk.modules.channels.domain.splitting import fitting, split, utf16_length
from hulk.modules.channels.domain.standing import Health, Standing, Status, Step, Tried

__all__ = [
    "HELD", "OF_CHANNEL", "OF_SENDER", "OPEN", "Act", "Arrival", "Attached", "Button", "Channel", "Command", "Contact", "Conversation",
    "Directory", "Ended", "Fate", "Guesses", "Health", "Invitation", "Kind", "Limits", "Meter", "Mode", "Outgoing", "Pace", "Patience",
    "Pressed", "Quiet", "Sender", "Shown", "Speaking", "Standing", "State", "Status", "Step", "Tried", "Turn", "approving", "at_home",
    "cleaned", "command", "fitting", "pressed", "pressing", "remembered", "split", "utf16_length", "waiting_after",
]  # fmt: skip
