"""The console: Hulk in a browser, for operators.

Pages are made here, on the server, and ask Hulk's own API for all that they show and do, in the name of whoever looks at them: what the API
would not show or let somebody do, no page does. A page is a route under `/console` (`pages/`), a template (`templates/`) and what it needs
of rules (`domain/`). What browsers load besides lies in `static/`; nothing comes from anywhere else.
"""

__all__: tuple[str, ...] = ()
