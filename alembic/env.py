"""How Alembic reaches the database: ``govapp db upgrade`` hands over a URL, or the ini has it."""

import os

from alembic import context
from sqlalchemy import create_engine, make_url

from govapp.models import Base


def database_url():
    handed_over = context.config.attributes.get("url")
    if handed_over is not None:
        return make_url(handed_over)
    from pyramid.paster import get_appsettings

    settings = get_appsettings(context.config.config_file_name)
    return make_url(
        os.environ.get("GOVAPP_MAINTENANCE_URL")
        or settings.get("govapp.maintenance_url")
        or os.environ.get("GOVAPP_DATABASE_URL")
        or settings["sqlalchemy.url"]
    )


def ours(obj, name, type_, reflected, compare_to):
    """In a host application's database, look at govapp's tables only."""
    table = name if type_ == "table" else obj.table.name
    return table.startswith("govapp_")


engine = create_engine(database_url())
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # A host application has a history of its own in the same database.
        version_table="govapp_alembic_version",
        include_object=ours,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
