"""Mattermost, as a bot of a server: the main interface of a team.

websocket  > sorting > arrivals       hears; what a line left out is asked for by REST (`listening`, `catching_up`, `marks`)
/v1/hooks  > door    > arrivals       slash commands, and buttons that were pressed (`door`, `signing`)
messages   > line    > POST /posts    sends (`line`, `buttons`), and changes what stands there (`edits`)
"""

from hulk.modules.channels.adapters.mattermost.door import MattermostDoor
from hulk.modules.channels.adapters.mattermost.edits import MattermostEdits
from hulk.modules.channels.adapters.mattermost.line import MattermostLine
from hulk.modules.channels.adapters.mattermost.listening import MattermostListens
from hulk.modules.channels.adapters.mattermost.server import Server
from hulk.modules.channels.adapters.mattermost.sorting import Sorter

__all__ = ["MattermostDoor", "MattermostEdits", "MattermostLine", "MattermostListens", "Server", "Sorter"]
