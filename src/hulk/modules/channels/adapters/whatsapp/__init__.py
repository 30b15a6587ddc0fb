"""WhatsApp, by Meta's Cloud API."""

from hulk.modules.channels.adapters.whatsapp.door import WhatsAppDoor
from hulk.modules.channels.adapters.whatsapp.graph import Graph
from hulk.modules.channels.adapters.whatsapp.line import WhatsAppLine

__all__ = ["Graph", "WhatsAppDoor", "WhatsAppLine"]
