"""What is told of Hulk to who asks what is served here (`describe`)."""

from hulk import __version__
from hulk.modules.channels.adapters.wyoming.events import Event

_WHO = {
    "name": "hulk",
    "attribution": {"name": "Hulk", "url": ""},
    "installed": True,
    "description": "Turns what is said into work that is decided, executed and audited",
    "version": __version__,
}
INFO = Event(
    "info",
    {
        "handle": [
            {
                **_WHO,
                "models": [{**_WHO, "languages": ["pt-BR", "pt", "en"]}],
                "supports_handled_streaming": False,
                "supports_home_control": False,
            }
        ]
    },
)
"""Answers come whole, so they are not streamed; devices are controlled by Home Assistant itself."""
