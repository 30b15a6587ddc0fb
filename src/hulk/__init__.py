"""Hulk turns an intent into work that is decided, executed and audited."""

__version__ = "0.1.0"
