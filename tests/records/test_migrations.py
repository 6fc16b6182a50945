from __future__ import annotations

import logging
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from appliance.records.database import DATABASE_FILE, Database
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
