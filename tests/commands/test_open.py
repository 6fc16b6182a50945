"""``appliance open``: what a person gets from a sealed export far from any server, and what is refused."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from appliance.__main__ import main
from appliance.crypto.recovery import write_code
from appliance.crypto.sealed_export import SealedExport
from appliance.exports import FORMATS
from appliance.transcript import from_json
from tests.conftest import REPOSITORY
from tests.sealed_exports import CODE, PLAIN, Plain, drawn, export

WRITTEN = [
    "Ward round, 3 March.json",
    "Ward round, 3 March.txt",
    "সকালের সভা.json",
    "সকালের সভা.txt",
    *(f"{PLAIN[4].id.hex()}{suffix}" for suffix in (".json", ".txt")),
]

AT_A_TERMINAL = """
import fcntl, sys, termios
from appliance.__main__ import main
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.exit(main(sys.argv[1:]))
"""
ON_A_FULL_DISK = """
import resource, sys
from appliance.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
sys.exit(main(sys.argv[1:]))
"""


def file_of(made: SealedExport, folder: Path) -> Path:
    path = folder / "export.json"
    path.write_bytes(made.encode())
    return path


def code_file(folder: Path, code: bytes = CODE) -> Path:
    path = folder / "code.txt"
    path.write_text(write_code(code).lower().replace("-", " ") + "\r\n", encoding="utf-8")
    return path


def run_open(made: SealedExport, folder: Path, code: bytes = CODE) -> int:
    out = str(folder / "out")
    return main(["open", str(file_of(made, folder)), "--out", out, "--code-file", str(code_file(folder, code))])


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_every_transcript_is_written_under_its_title_as_json_and_as_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_open(export(*PLAIN), tmp_path) == 0
    assert names_in(tmp_path / "out") == sorted(WRITTEN)
    said = from_json(PLAIN[1].text)
    for name in ("json", "txt"):
        assert (tmp_path / "out" / f"Ward round, 3 March.{name}").read_bytes() == FORMATS[name].render(said)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(PLAIN)
    assert all(line.startswith("opened  ") and "are authentic" in line for line in lines)
    assert f"transcript {PLAIN[3].id.hex()} version 7" in lines[3]
    assert lines[1].endswith("-> Ward round, 3 March.json -> Ward round, 3 March.txt")


def test_two_transcripts_of_one_title_do_not_overwrite_each_other(tmp_path: Path) -> None:
    titles = [
        Plain(f"title {at}", PLAIN[0].kind, 1, f"recording {at}", text) for at, text in ((1, b"Round"), (2, b"ROUND"))
    ]
    assert run_open(export(*titles, PLAIN[1], PLAIN[3]), tmp_path) == 0
    assert names_in(tmp_path / "out") == ["ROUND (2).json", "ROUND (2).txt", "Round.json", "Round.txt"]


@pytest.mark.parametrize(
    "title", [b"../../escaped", b"/etc/passwd", b"..", b"a\x00b\x1b[31m", "\u202egpj.exe".encode()]
)
def test_no_title_leaves_the_folder_or_reaches_the_terminal_raw(
    title: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = Plain("title 1", PLAIN[0].kind, 1, "recording 1", title)
    assert run_open(export(named, PLAIN[1]), tmp_path) == 0
    assert len(names_in(tmp_path / "out")) == 2
    assert names_in(tmp_path) == ["code.txt", "export.json", "out"]
    assert capsys.readouterr().out.replace("\n", "").isprintable()


def test_one_changed_document_keeps_everything_from_being_written_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = export(*PLAIN)
    broken = msgspec.structs.replace(made.documents[3], sealed=made.documents[3].sealed[:-1])
    documents = (*made.documents[:3], broken, made.documents[4])
    assert run_open(msgspec.structs.replace(made, documents=documents), tmp_path) == 1
    assert names_in(tmp_path / "out") == []
    told = capsys.readouterr()
    failed = [line for line in told.out.splitlines() if line.startswith("failed")]
    assert len(failed) == 1
    assert PLAIN[3].id.hex() in failed[0]
    assert failed[0].endswith("[crypto.truncated]")
    assert "1 of 5 documents did not open. Nothing was written." in told.err


def test_documents_swapped_by_whoever_held_the_file_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = export(PLAIN[1], PLAIN[3])
    one, other = made.documents
    swapped = tuple(
        msgspec.structs.replace(mine, wrap=its.wrap, sealed=its.sealed) for mine, its in ((one, other), (other, one))
    )
    assert run_open(msgspec.structs.replace(made, documents=swapped), tmp_path) == 1
    assert capsys.readouterr().out.count("[crypto.wrong_context]") == 2
    assert names_in(tmp_path / "out") == []


@pytest.mark.parametrize("text", [b"not a transcript", b"{}", b"\xff\xfe"])
def test_an_authentic_document_that_is_no_transcript_is_refused(
    text: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_open(export(Plain("odd", PLAIN[1].kind, 1, "recording 1", text)), tmp_path) == 1
    assert "[crypto.unknown_format]" in capsys.readouterr().out


def test_a_title_that_is_no_text_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_open(export(Plain("odd", PLAIN[0].kind, 1, "recording 1", b"\xff")), tmp_path) == 1
    assert "[crypto.unknown_format]" in capsys.readouterr().out


def test_the_code_of_somebody_else_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_open(export(*PLAIN), tmp_path, drawn("another code")) == 1
    assert "This recovery code does not open this export" in capsys.readouterr().err
    assert names_in(tmp_path / "out") == []


def test_a_mistyped_code_is_told_from_a_wrong_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "code.txt"
    path.write_text(write_code(CODE)[:-1] + "0", encoding="utf-8")
    status = main(["open", str(file_of(export(*PLAIN), tmp_path)), "--code-file", str(path)])
    assert status == 1
    assert "[crypto.recovery_code]" in capsys.readouterr().err


def test_another_file_is_no_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir", encoding="utf-8")
    assert main(["open", str(path), "--code-file", str(code_file(tmp_path))]) == 1
    assert "[crypto.unknown_format]" in capsys.readouterr().err


def test_a_file_that_is_there_is_not_replaced_and_nothing_else_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "সকালের সভা.txt").write_text("mine", encoding="utf-8")
    assert run_open(export(*PLAIN), tmp_path) == 1
    assert "সকালের সভা.txt is there already" in capsys.readouterr().err
    assert names_in(out) == ["সকালের সভা.txt"]
    assert (out / "সকালের সভা.txt").read_text(encoding="utf-8") == "mine"


def test_a_disk_that_fills_up_leaves_no_file_behind(tmp_path: Path) -> None:
    arguments = ["open", str(file_of(export(*PLAIN), tmp_path)), "--out", str(tmp_path / "out")]
    command = [sys.executable, "-c", ON_A_FULL_DISK, *arguments, "--code-file", str(code_file(tmp_path))]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "[data_folder]" in ended.stderr
    assert ended.stdout == ""
    assert names_in(tmp_path / "out") == []


def test_a_folder_that_cannot_be_made_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    assert run_open(export(*PLAIN), tmp_path) == 1
    assert "[data_folder]" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_a_mistake_in_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["open", str(tmp_path / "nothing")]) == 2
    assert "it cannot be read" in capsys.readouterr().err


def test_without_a_terminal_and_without_a_file_nobody_is_asked(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "appliance", "open", file_of(export(*PLAIN), tmp_path)],
        cwd=REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "there is no terminal to type the recovery code at" in ended.stderr


def test_the_code_is_asked_for_at_the_terminal_and_not_shown_there(tmp_path: Path) -> None:
    file, out = file_of(export(*PLAIN), tmp_path), tmp_path / "out"
    ours, theirs = pty.openpty()
    # A session of its own, with that terminal as the one it controls: getpass asks /dev/tty.
    command = [sys.executable, "-c", AT_A_TERMINAL, "open", str(file), "--out", str(out)]
    child = subprocess.Popen(
        command, cwd=REPOSITORY, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        shown = read_until(ours, b"Recovery code: ")
        os.write(ours, write_code(CODE).encode() + b"\n")
        shown += read_until(ours, b"3 March.txt")
        assert child.wait(timeout=60) == 0
    finally:
        child.kill()
        child.wait()
        os.close(ours)
    assert write_code(CODE)[:9].encode() not in shown
    assert names_in(out) == sorted(WRITTEN)


def read_until(terminal: int, wanted: bytes) -> bytes:
    """Return what a terminal shows up to some bytes, within a minute."""
    shown, end = b"", time.monotonic() + 60
    while wanted not in shown:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"the terminal shows only {shown!r}"
        shown += os.read(terminal, 4096)
    return shown
