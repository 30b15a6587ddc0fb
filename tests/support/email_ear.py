"""Hears a mailbox in a process of its own, which may be killed at any moment: `python -m support.email_ear PORT FOLDER` (see
`mattermost_ear`)."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from hulk.kernel.errors import HulkError
from hulk.modules.channels.adapters.email import EmailListens, ImapServer, Login, Place
from support.mailboxes import now, reader
from support.mattermost_ear import Disk
from support.twins.email import ADDRESS, PASSWORD


async def hear(port: int, folder: Path) -> None:
    """Until killed."""
    disk = Disk(folder)
    server = ImapServer(Place("127.0.0.1", port, "plain", seconds=5.0), Login(ADDRESS, lambda: PASSWORD))
    while True:
        with suppress(HulkError):
            await EmailListens(server, reader(), "INBOX", now).listen(disk.heard, disk.mark, disk.marked)


if __name__ == "__main__":
    asyncio.run(hear(int(sys.argv[1]), Path(sys.argv[2])))
