"""Write a migration from what the newest one leads to, to what the tables are now: `tools/migration.py NUMBER MESSAGE`.

Read it before it is committed, and raise `HEAD` in `hulk.apps.schema`. Revisions are numbered: 0001, 0002, …
"""

import sys

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from hulk.apps.schema import MIGRATIONS


def main() -> None:
    """Migrate an empty database, compare, write."""
    with create_engine("sqlite://").connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        if any((MIGRATIONS / "versions").glob("0*.py")):
            command.upgrade(config, "head")
        command.revision(config, sys.argv[2], autogenerate=True, rev_id=sys.argv[1])


if __name__ == "__main__":
    main()
