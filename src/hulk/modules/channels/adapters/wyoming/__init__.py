"""The Wyoming protocol, by which Home Assistant talks to what hears, understands and speaks (https://github.com/OHF-Voice/wyoming).

    {"type": "transcript", "data_length": 68, "payload_length": 0}\\n      a line of JSON
    {"text": "Quantos pedidos houve ontem?", "language": "pt-BR"}         `data_length` bytes of JSON: more of the event's `data`
                                                                         `payload_length` bytes: sound

Hulk is a `handle` program: it is told what was said, and answers what is to be spoken. Nobody proves who they are in this protocol, so
only this machine is let in, and the networks of `peers`.
"""

from hulk.modules.channels.adapters.wyoming.events import Bounds, Event, Malformed, read, write
from hulk.modules.channels.adapters.wyoming.line import WyomingLine
from hulk.modules.channels.adapters.wyoming.serving import Allowed, WyomingServes

__all__ = ["Allowed", "Bounds", "Event", "Malformed", "WyomingLine", "WyomingServes", "read", "write"]
