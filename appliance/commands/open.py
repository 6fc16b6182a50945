"""``appliance open FILE``: opens a sealed export offline with the recovery code, and says what it verified.

It needs no server, no data folder and no network: a person can read their transcripts where Cloister is long gone.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.crypto.envelope import DocumentType
from appliance.crypto.recovery import read_code
from appliance.crypto.sealed_export import ExportedDocument, SealedExport
from appliance.errors import CryptoError, DataFolderError, OptionError, UnknownFormatError, WrongKeyError
from appliance.exports import FORMATS
from appliance.transcript import Transcript, from_json
from appliance.web.downloads import safe_stem

WRITTEN_FORMATS = ("json", "txt")
MAX_CODE_BYTES = 4096  # A file with a code is a line long; anything longer is another file.


def run(given: argparse.Namespace) -> int:
    """Verify every document, then write all transcripts; nothing is written if one document fails."""
    export = SealedExport.decode(_read(given.file, "FILE"))
    code = read_code(_typed_code(given.code_file))
    try:
        user_key = export.user_key(code)
    except WrongKeyError as error:
        return _refuse(f"This recovery code does not open this export: it is another account's, or a fresh code took "
                       f"its place. [{error.code}]")  # fmt: skip
    opened = [_verify(document, user_key) for document in export.documents]
    failures = [one for one in opened if one.error is not None]
    if failures:
        sys.stdout.writelines(f"{one.line}\n" for one in opened)
        return _refuse(f"{len(failures)} of {len(opened)} documents did not open. Nothing was written.")
    stems = _stems(opened)
    names = _write(given.out, stems, user_key)
    sys.stdout.writelines(
        f"{one.line}{''.join(f' -> {name}' for name in names.get(one.document.id, ()))}\n" for one in opened
    )
    return 0


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of one document. Its text is not kept: a long export would not fit the memory.

    Attributes:
        document: As it stands in the export.
        title: The text of a title; nothing of other documents.
        error: Why it did not open, or None.
    """

    document: ExportedDocument
    title: str = ""
    error: CryptoError | None = None

    @property
    def line(self) -> str:
        """What is said of it: never a word of its content."""
        kind = self.document.type.name.lower()
        place = f"{kind:10} {self.document.id} version {self.document.version}"
        if self.error is not None:
            return f"failed  {place}: {self.error} [{self.error.code}]"
        return f"opened  {place}: account, id, type, version and content are authentic"


def _verify(document: ExportedDocument, user_key: bytes) -> Opened:
    try:
        plain = document.open(user_key)
        if document.type == DocumentType.TITLE:
            return Opened(document, title=_text(plain))
        _transcript(plain)
    except CryptoError as error:
        return Opened(document, error=error)
    return Opened(document)


def _stems(opened: Sequence[Opened]) -> dict[str, tuple[ExportedDocument, str]]:
    """Give each transcript a name after its title, safe on every system and not given twice, by the document's id."""
    titles = {one.document.recording: one.title for one in opened if one.document.type == DocumentType.TITLE}
    taken: set[str] = set()
    stems: dict[str, tuple[ExportedDocument, str]] = {}
    for one in opened:
        if one.document.type != DocumentType.TRANSCRIPT:
            continue
        wanted = safe_stem(titles.get(one.document.recording, one.document.id))
        # Some systems take two names for the same that differ only in case.
        stem, number = wanted, 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{wanted} ({number})"
        taken.add(stem.casefold())
        stems[one.document.id] = (one.document, stem)
    return stems


def _write(out: Path, stems: dict[str, tuple[ExportedDocument, str]], user_key: bytes) -> dict[str, list[str]]:
    """Write all files or none, and none over another; return their names by the document's id.

    Raises:
        DataFolderError: The folder cannot be written, or has a file of one of these names.
    """
    names = {id_: [f"{stem}{FORMATS[name].suffix}" for name in WRITTEN_FORMATS] for id_, (_, stem) in stems.items()}
    with _drafts(out) as drafts:
        for id_, (document, _) in stems.items():
            transcript = _transcript(document.open(user_key))
            for format_name, file_name in zip(WRITTEN_FORMATS, names[id_], strict=True):
                (drafts / file_name).write_bytes(FORMATS[format_name].render(transcript))
        _publish(drafts, out, [name for pair in names.values() for name in pair])
    return names


def _publish(drafts: Path, out: Path, names: Sequence[str]) -> None:
    """Give the files their names, each taken first with O_EXCL, so that no file of the person is replaced.

    Not by links: the folder may be on a stick, and its file system may have none.
    """
    there: list[Path] = []
    try:
        for name in names:
            (out / name).touch(exist_ok=False)
            there.append(out / name)
            (drafts / name).replace(out / name)
    except OSError as exc:
        for path in there:
            path.unlink(missing_ok=True)
        reason = "is there already" if isinstance(exc, FileExistsError) else f"cannot be written ({exc.strerror})"
        raise DataFolderError(folder=str(out), reason=f"{Path(str(exc.filename)).name} {reason}") from exc


@contextlib.contextmanager
def _drafts(out: Path) -> Iterator[Path]:
    """Give a folder beside the later files that is gone afterwards, whatever happens."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        drafts = Path(tempfile.mkdtemp(dir=out, prefix=".cloister-"))
    except OSError as exc:
        raise DataFolderError(folder=str(out), reason=f"it cannot be written ({exc.strerror})") from exc
    try:
        yield drafts
    except OSError as exc:
        raise DataFolderError(folder=str(out), reason=f"it cannot be written ({exc.strerror})") from exc
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def _typed_code(file: Path | None) -> str:
    """Return the recovery code from a file or, unseen, from the terminal. Never from an argument: others see those."""
    if file is not None:
        return _read(file, "code-file", MAX_CODE_BYTES).decode("utf-8-sig", "replace")
    if not sys.stdin.isatty():
        raise OptionError(name="code-file", value="", reason="there is no terminal to type the recovery code at")
    try:
        return getpass.getpass("Recovery code: ")
    except EOFError:
        return ""


def _read(path: Path, option: str, most_bytes: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most_bytes)
    except OSError as exc:
        raise OptionError(name=option, value=str(path), reason=f"it cannot be read ({exc.strerror})") from exc


def _text(plain: bytes) -> str:
    try:
        return plain.decode()
    except UnicodeDecodeError as exc:
        raise UnknownFormatError from exc


def _transcript(plain: bytes) -> Transcript:
    try:
        return from_json(plain)
    except (msgspec.DecodeError, ValueError) as exc:
        raise UnknownFormatError from exc


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"appliance: {sentence}\n")
    return 1
