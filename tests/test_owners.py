"""Folders and files of another user: the refusal names both users and the command that helps."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance import owners
from appliance.__main__ import main
from appliance.certificates import ensure_certificates, tls_context
from appliance.crypto.keyring import load_root_key
from appliance.errors import OtherUserError, WrongOwnerError
from appliance.records.database import Database
from appliance.records.keyschema import read_epochs
from appliance.worker.workshop import claim_folder, is_claimed
from tests.sealed import inside

NOBODY = 10001

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of root's that everybody can come to, which pytest's own are not."""
    path = Path(tempfile.mkdtemp(prefix="cloister-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def become_nobody() -> None:
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def as_nobody(attempt: Callable[[], object]) -> object:
    return inside(become_nobody, attempt)[1]


def refusal(path: Path) -> str:
    return f"WrongOwnerError: {WrongOwnerError(path=str(path), owner=0, user=NOBODY, group=NOBODY)}"


def test_the_words_hold_the_command_that_helps(folder: Path) -> None:
    assert f"chown -R {NOBODY}:{NOBODY} {folder}" in refusal(folder)
    assert "Start the appliance as the user 0" in refusal(folder)


def test_a_data_folder_of_another_user_is_refused_by_owner(folder: Path) -> None:
    assert as_nobody(lambda: claim_folder(folder)) == refusal(folder)


def test_a_folder_that_is_not_there_belongs_to_nobody(folder: Path) -> None:
    assert as_nobody(lambda: owners.require_own(folder / "none")) is None


def test_a_folder_of_another_user_that_lets_us_work_is_no_trouble(folder: Path) -> None:
    folder.chmod(0o777)
    assert as_nobody(lambda: owners.require_own(folder)) is None


def test_databases_of_another_user_are_refused_by_owner(folder: Path) -> None:
    Database.open(folder, ballast_bytes=4096).close()
    folder.chmod(0o777)
    assert as_nobody(lambda: Database.open(folder, ballast_bytes=4096)) == refusal(folder)


def test_a_lock_of_another_user_is_refused_by_owner(folder: Path) -> None:
    os.close(claim_folder(folder))
    folder.chmod(0o700)
    assert as_nobody(lambda: is_claimed(folder)) == refusal(folder)


def test_a_root_key_of_another_user_is_refused_by_owner(folder: Path) -> None:
    path = folder / "root.key"
    load_root_key(path, has_data=False)
    assert as_nobody(lambda: load_root_key(path, has_data=True)) == refusal(path)


def test_a_keys_folder_of_another_user_is_refused_before_a_key_is_made(folder: Path) -> None:
    assert as_nobody(lambda: load_root_key(folder / "root.key", has_data=False)) == refusal(folder)
    assert list(folder.iterdir()) == []


def test_a_tls_key_that_root_put_there_is_refused_by_owner(folder: Path) -> None:
    ensure_certificates(folder, ["localhost"])
    (folder / "leaf.key").rename(folder / "tls.key")
    (folder / "leaf.crt").rename(folder / "tls.crt")
    assert as_nobody(lambda: tls_context(folder, ["localhost"])) == refusal(folder / "tls.key")


def test_no_key_store_is_no_keys(folder: Path) -> None:
    assert as_nobody(lambda: read_epochs(folder)) == []


def test_roots_command_leaves_the_models_of_another_user_as_they_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.chown(folder, NOBODY, NOBODY)
    assert main(["bundle", "list", "--data", str(folder)]) == 1
    told = capsys.readouterr().err
    assert OtherUserError.code in told
    assert f"sudo -u '#{NOBODY}'" in told
    assert list(folder.iterdir()) == []
