"""Run by Alembic on the connection that `rushes.ledger.migrate` hands in."""

from alembic import context

from rushes.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
