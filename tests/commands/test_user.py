"""People on the command line, while the server is stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.__main__ import main
from appliance.errors import DataFolderError, NameTakenError, UnknownAccountError
from appliance.records import accounts, invitations, sessions
from appliance.records.columns import utc_now
from appliance.worker.workshop import Workshop
from tests.web.appliance import enrolled, open_workshop, sign_in

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command on the data folder, and returns its status and what it said."""

    def said(*arguments: str) -> tuple[int, str, str]:
        status = main(["user", *arguments, "--data", str(tmp_path / "data")])
        output = capsys.readouterr()
        return status, output.out, output.err

    return said


@pytest.fixture
def cookies(tmp_path: Path) -> tuple[str, str]:
    """An appliance with two people who are signed in, stopped."""
    workshop = open_workshop(tmp_path)
    signed_in = sign_in(workshop, "Amina")[0], sign_in(workshop, "Ben", accounts.MEMBER)[0]
    workshop.close()
    return signed_in


def token_of(link: str) -> str:
    assert link.startswith("https://localhost:8443/setup/")
    return link.strip().rsplit("/", 1)[1]


@pytest.mark.parametrize(("options", "role"), [([], "member"), (["--administrator"], "administrator")])
def test_somebody_is_invited_with_a_link(tmp_path: Path, run: Run, options: list[str], role: str) -> None:
    status, link, _ = run("add", "Amina Rahman", *options)
    assert status == 0
    workshop = open_workshop(tmp_path)
    with workshop.database.read() as session:
        found = invitations.look(session, token_of(link))
    workshop.close()
    assert (found.name, found.role, found.reset) == ("Amina Rahman", role, False)


def test_a_name_that_is_taken_is_refused_in_words(cookies: tuple[str, str], run: Run) -> None:
    status, link, trouble = run("add", "AMINA")
    assert (status, link) == (1, "")
    assert f"[{NameTakenError.code}]" in trouble


def test_a_reset_ends_the_sessions_of_one_person_and_prints_a_link(
    tmp_path: Path, cookies: tuple[str, str], run: Run
) -> None:
    status, link, _ = run("reset", "amina")
    assert status == 0
    workshop = open_workshop(tmp_path)
    with workshop.database.read() as session:
        found = invitations.look(session, token_of(link))
        live = [sessions.is_live(session, cookie, utc_now()) for cookie in cookies]
        still_enrolled = accounts.named(session, "Amina").is_enrolled
    workshop.close()
    assert (found.name, found.reset, live, still_enrolled) == ("Amina", True, [False, True], True)


def test_a_reset_of_nobody_names_the_command_that_lists_everybody(cookies: tuple[str, str], run: Run) -> None:
    status, link, trouble = run("reset", "owner")
    assert (status, link) == (1, "")
    assert str(UnknownAccountError(name="owner")) in trouble


def test_the_list_is_a_line_each(cookies: tuple[str, str], run: Run) -> None:
    status, listed, _ = run("list")
    assert status == 0
    lines = [line.split("\t") for line in listed.splitlines()]
    assert [line[:3] for line in lines] == [["Amina", "administrator", "enrolled"], ["Ben", "member", "enrolled"]]


def test_a_running_server_is_left_alone(tmp_path: Path, run: Run) -> None:
    workshop: Workshop = open_workshop(tmp_path)
    enrolled(workshop, "Amina")
    try:
        for arguments in (("reset", "Amina"), ("add", "Ben"), ("list",)):
            status, _, trouble = run(*arguments)
            assert status == 1
            assert f"[{DataFolderError.code}]" in trouble
    finally:
        workshop.close()
