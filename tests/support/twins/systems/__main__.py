"""Serves the twin that is named: `python -m support.twins.systems github`."""

import asyncio
import sys

from support.twins.systems.serving import serve

asyncio.run(serve(sys.argv[1]))
