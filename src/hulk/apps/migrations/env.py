"""Alembic's entry: migrates over the connection that `apps.schema` hands in."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON, String
from sqlalchemy.types import TypeDecorator

from hulk.apps.tables import metadata
from hulk.runtime.store import Document, Moment, Texts


def rendered(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """How our own column types are written into a migration: by the name they keep, or by what they are stored as."""
    if kind != "type" or not isinstance(item, (TypeDecorator, JSON)):
        return False
    if isinstance(item, TypeDecorator) and isinstance(item.impl, Document):
        item = item.impl
    if isinstance(item, TypeDecorator) and not isinstance(item, Moment | Document | Texts):
        return f"sa.String({item.impl_instance.length})" if isinstance(item.impl_instance, String) else False
    name = type(item).__name__ if isinstance(item, Moment | Texts) else "Document"
    autogen.imports.add(f"from hulk.runtime.store import {name}")
    return f"{name}()"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
    render_item=rendered,
)
with context.begin_transaction():
    context.run_migrations()
