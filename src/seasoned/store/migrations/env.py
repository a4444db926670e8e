"""Alembic's entry: it runs the migrations on the connection that `store.migrate` hands over."""

from alembic import context

from seasoned.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False, render_as_batch=True)
context.run_migrations()
