"""`python -m hulk.apps.thor`."""

from hulk.apps.thor import main

main()
