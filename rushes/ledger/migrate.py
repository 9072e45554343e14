"""Brings a ledger's tables to today's form, with Alembic; loads it only where there is something to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from rushes.errors import BadConfig

#: The newest file under `migrations/versions`.
HEAD = "0006"


def current(connection: Connection) -> str | None:
    """The form that the tables have, or None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection, where: str) -> None:
    """Creates or changes the tables. Raises BadConfig for a ledger of a newer version."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = current(connection)
    if found == HEAD:  # two processes may open a new home at once; the second finds the work done
        return
    if found is not None and found not in known:
        raise BadConfig(
            f"{where}: made by a newer rushes (its tables have form {found}, this one knows {HEAD})",
            hint="Upgrade rushes, or give another --home.",
        )
    attributes: dict[str, Any] = config.attributes
    attributes["connection"] = connection
    command.upgrade(config, "head")
