"""What Alembic runs: migrate over the connection that Database.open hands in, in its one transaction."""

from alembic import context

from appliance.records.tables import Recording

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Recording.metadata,
    render_as_batch=True,  # SQLite changes a column by making the table anew.
    transactional_ddl=True,  # Our engine begins for real, so that a migration is all or nothing.
)
context.run_migrations()
