"""Channels over HTTP: where vendors call, and what operators do."""

from hulk.modules.channels.api.hooks import HOOKS, Hooks, hook_routes
from hulk.modules.channels.api.people import people_routes
from hulk.modules.channels.api.routes import ChannelActs, channel_routes

__all__ = ["HOOKS", "ChannelActs", "Hooks", "channel_routes", "hook_routes", "people_routes"]
