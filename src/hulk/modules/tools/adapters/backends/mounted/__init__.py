"""MCP servers that somebody else wrote, as backends: programs that we start, and servers at addresses.

    program = Program(command=("github-mcp", "stdio"), folder=data / "github", secrets={"TOKEN": follow})
    async with mounted("github", program, rules) as server:
        backend = PinnedBackend(server, approved)       # what is used: only what somebody approved (usecases/pinning.py)

backend     the server as it is asked; sessions opened when needed, again when they end, ever more slowly
line        one session: what the server lists, calls          (this and what follows imports the SDK, at first use)
child       its program: leash, environment, memory, end       family    all processes that it has started
remote      its address: headers, sizes, what became of a request
gate        which messages get through, how fast               telling   how far a call is
saying      its tools made into ours                           answers   what it answers, made into an `Output`
limits      every bound in one place                           failures  what is told when something is wrong
ways        how a server is reached, with which secrets        hiding    those secrets, kept out of all that it says
"""

from hulk.modules.tools.adapters.backends.mounted.backend import MountedServer, mounted
from hulk.modules.tools.adapters.backends.mounted.configured import configured
from hulk.modules.tools.adapters.backends.mounted.hiding import Secret
from hulk.modules.tools.adapters.backends.mounted.limits import Limits, Patience, Rules
from hulk.modules.tools.adapters.backends.mounted.ways import Client, Program, Remote, Way

__all__ = [
    "Client", "Limits", "MountedServer", "Patience", "Program", "Remote", "Rules", "Secret", "Way", "configured", "mounted",
]  # fmt: skip
