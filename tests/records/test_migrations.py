from __future__ import annotations

import logging
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from appliance.records import accounts, invitations
from appliance.records.database import DATABASE_FILE, MIGRATIONS, Database
from appliance.records.tables import Recording


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / DATABASE_FILE}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Recording.metadata)
    engine.dispose()

    assert differences == []


def test_the_checks_and_partial_indexes_are_in_the_database_too(database: Database) -> None:
    with database.read() as session:
        statements = " ".join(
            session.connection().execute(text("SELECT coalesce(sql, '') FROM sqlite_master")).scalars()
        )

    assert "CHECK (state IN ('uploading', 'stored', 'audio_erased'))" in statements
    assert "ON jobs (recording_id) WHERE state IN ('queued', 'running')" in statements


def test_migrating_says_nothing_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Database.open(tmp_path / "data", ballast_bytes=4096).close()

    assert caplog.messages == []


def test_the_owner_of_before_becomes_the_first_administrator_and_keeps_the_recordings(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    engine = create_engine(f"sqlite:///{data / DATABASE_FILE}")
    with engine.begin() as connection:
        connection.execute(text("PRAGMA application_id = 1129071682"))
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO accounts VALUES ('aa', 'owner', '2026-11-01 12:00:00.000000')"))
        connection.execute(
            text(
                "INSERT INTO recordings VALUES ('bb', '2026-11-01 12:00:00.000000', 'aa', 'stored', 'standard', 1, 1, "
                "'2026-11-01 12:00:00.000000', '{}', x'01', x'02', x'03', 1)"
            )
        )
        connection.execute(text("INSERT INTO live_sessions VALUES (x'05', 'aa', '2026-11-01', '2026-11-01')"))
    engine.dispose()
    (data / DATABASE_FILE).chmod(0o600)

    database = Database.open(data, ballast_bytes=4096)
    try:
        with database.write() as session:
            [owner] = accounts.listing(session)
            assert (owner.id, owner.name, owner.role, owner.is_enrolled) == ("aa", "owner", "administrator", False)
            token = invitations.first_link(session)
            assert token is not None
            assert invitations.look(session, token).account_id == "aa"
            assert session.connection().execute(text("SELECT owner_id FROM recordings")).scalars().all() == ["aa"]
            assert session.connection().execute(text("SELECT count(*) FROM live_sessions")).scalar() == 0
    finally:
        database.close()
