"""`python -m support.twins.telegram SPEED` says its port and serves until it is killed."""

import sys

from support.twins.telegram.serving import serve

serve(float(sys.argv[1]))
