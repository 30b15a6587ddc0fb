"""Alembic's entry: migrates over the connection that `apps.schema` hands in."""

from alembic import context

from hulk.runtime.store import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
