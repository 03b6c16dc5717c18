"""How Alembic runs: on the connection it is given, in the transaction that stands."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], version_table=context.config.attributes["version_table"]
)
context.run_migrations()
