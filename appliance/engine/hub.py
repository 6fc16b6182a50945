"""The model hub as a connected machine reaches it: files of one revision, checked, and continued where a line broke.

Only ``scripts/prefetch`` uses it; the appliance never does. The protocol is one request, ``/{repo}/resolve/{revision}/
{path}``, which the hub answers itself or sends on to where the bytes lie. Python's own client speaks it: unlike the
hub's library it takes no token, cache or switch from elsewhere, and it says what happened in our words.

Source: huggingface_hub, file_download.py, for the headers.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import ipaddress
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from appliance.errors import GatedModelError, HubError, ModelError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[int, int], None]

DEFAULT_ENDPOINT = "https://huggingface.co"
LATEST = "main"
PART = ".part"
CHUNK_BYTES = 1 << 20
TIMEOUT_S = 60.0
PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)  # Before each further try; a try that brings new bytes begins them anew.
HEADERS = {"Accept-Encoding": "identity", "User-Agent": "cloister-prefetch"}
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on the hub, and what it must be as far as that is known.

    Attributes:
        repo: Owner and name.
        path: In the repository.
        revision: A commit, or LATEST.
        sha256: In hexadecimal, or None.
        bytes: Its size, or None.
    """

    repo: str
    path: str
    revision: str
    sha256: str | None = None
    bytes: int | None = None

    @property
    def name(self) -> str:
        """Repository and path, as messages name it."""
        return f"{self.repo}/{self.path}"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """What the hub gave."""

    revision: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Hub:
    """A model hub.

    Attributes:
        endpoint: Its address.
        token: Of an account that may read, or None; it goes to the endpoint alone.
        pauses_s: Seconds before each further try.
        timeout_s: A line that is silent for so long counts as broken.
    """

    endpoint: str = DEFAULT_ENDPOINT
    token: str | None = field(default=None, repr=False)
    pauses_s: tuple[float, ...] = PAUSES_S
    timeout_s: float = TIMEOUT_S

    def __post_init__(self) -> None:
        """Refuse an address to which a token would travel in clear.

        Raises:
            SettingsError: It is not https, and not on this machine.
        """
        if not _is_safe(self.endpoint):
            raise SettingsError(name="HF_ENDPOINT", reason="it must begin with https://, or lead to this machine")

    def fetch(self, file: HubFile, target: Path, progress: Progress = lambda _done, _all: None) -> FoundFile:
        """Bring a file onto this disk, whole and checked, or not at all.

        What came before a line broke stays as ``<target>.part`` and is continued. A file that is not what it must be is
        removed.

        Args:
            file: Which one, and what it must be.
            target: Where it is put.
            progress: Takes the bytes that are here and those that are wanted.

        Raises:
            HubError: It is not there, not the right one, or the line or the disk gave up.
            GatedModelError: The hub wants an account that has accepted the model's conditions.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + PART)
        revision = self._bring(file, part, progress)
        with part.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        found = FoundFile(revision, sha256, part.stat().st_size)
        if file.sha256 not in {None, sha256}:
            part.unlink()
            raise HubError(path=file.name, reason="its checksum is not the pinned one; what came was removed")
        part.replace(target)
        return found

    def _bring(self, file: HubFile, part: Path, progress: Progress) -> str:
        pauses = iter(self.pauses_s)
        if file.bytes is not None and _size(part) >= file.bytes:
            if _size(part) == file.bytes:
                return file.revision  # All of it came before; its checksum decides.
            part.unlink()
        while True:
            before = _size(part)
            try:
                return self._continue(file, part, progress)
            except _BrokenLineError as exc:
                if _size(part) > before:
                    pauses = iter(self.pauses_s)
                pause_s = next(pauses, None)
                if pause_s is None:
                    reason = f"{exc}, also after several tries. Run the command again: it goes on where it stopped"
                    raise HubError(path=file.name, reason=reason) from exc
                time.sleep(pause_s)

    def _continue(self, file: HubFile, part: Path, progress: Progress) -> str:
        offset = _size(part)
        try:
            response, first = self._ask(file, offset)
        except urllib.error.HTTPError as exc:
            with exc:
                return self._refused(file, part, exc)
        except (OSError, http.client.HTTPException) as exc:
            raise _BrokenLineError(f"the hub cannot be reached ({getattr(exc, 'reason', exc)})") from exc
        with response:
            if response.status != http.client.PARTIAL_CONTENT:
                offset = 0  # It sends everything, whatever was asked.
            total = _total(response, offset)
            if file.bytes is not None and total not in {None, file.bytes}:
                part.unlink(missing_ok=True)
                raise HubError(path=file.name, reason=f"the hub has {total} bytes where {file.bytes} are pinned")
            revision = _told(file, first, response.headers)
            _require_room(file, part, (total or 0) - offset)
            _write(file, response, part, offset, total, progress)
        return revision

    def _ask(self, file: HubFile, offset: int) -> tuple[http.client.HTTPResponse, HTTPMessage]:
        redirects = _Redirects(self.endpoint, self.token)
        url = f"{self.endpoint.rstrip('/')}/{file.repo}/resolve/{file.revision}/{file.path}"
        request = urllib.request.Request(url, headers=HEADERS)  # noqa: S310 -- the scheme was checked.
        if offset:
            request.add_header("Range", f"bytes={offset}-")
        if self.token:
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        response = urllib.request.build_opener(redirects).open(request, timeout=self.timeout_s)
        return response, redirects.first or response.headers

    def _refused(self, file: HubFile, part: Path, answer: urllib.error.HTTPError) -> str:
        if answer.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)  # What is here is longer than the file, or its end was reached just before.
            raise _BrokenLineError("the hub does not continue the file") from answer
        if answer.code in TRY_AGAIN:
            raise _BrokenLineError(f"the hub answers {answer.code}") from answer
        raise self._no(file, answer.code, answer.headers.get("X-Error-Code", "")) from answer

    def _no(self, file: HubFile, status: int, reason: str) -> ModelError:
        """Return what a refusal means."""
        if reason == "RepoNotFound":
            return HubError(path=file.name, reason="this repository is not there, or not for this account")
        if status == http.client.NOT_FOUND:
            return HubError(path=file.name, reason=f"it is not there in revision {file.revision}")
        if status == http.client.UNAUTHORIZED and self.token and reason != "GatedRepo":
            return HubError(path=file.name, reason="the hub does not accept the token")
        if status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
            return GatedModelError(repo=file.repo)
        return HubError(path=file.name, reason=f"the hub answers {status}")


class _BrokenLineError(Exception):
    """The line to the hub broke; what is asked again may come."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows the hub to where the bytes lie: never in clear, and with the token only where the hub itself answers."""

    def __init__(self, endpoint: str, token: str | None) -> None:
        self._endpoint = endpoint
        self._token = token
        self.first: HTTPMessage | None = None

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """Return the request to follow with.

        Raises:
            ModelError: It would leave https.
        """
        self.first = self.first or headers  # The hub itself tells revision and checksum; where the bytes lie may not.
        if not _is_safe(newurl):
            raise HubError(path=req.selector, reason="the hub sends on to an address that is not https")
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request and self._token and urlsplit(newurl)[:2] == urlsplit(self._endpoint)[:2]:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")  # The repository was renamed.
        return request


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    with suppress(ValueError):
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    return parts.scheme == "http" and parts.hostname == "localhost"


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _total(response: http.client.HTTPResponse, offset: int) -> int | None:
    """Return how long the whole file is, as the answer says."""
    length = response.headers.get("Content-Length")
    return offset + int(length) if length and length.isdigit() else None


def _told(file: HubFile, first: HTTPMessage, last: HTTPMessage) -> str:
    """Check what the hub says of a file before its bytes come; return the revision."""
    revision = first.get("X-Repo-Commit") or last.get("X-Repo-Commit") or ""
    if file.revision not in {LATEST, revision or file.revision}:
        raise HubError(path=file.name, reason=f"the hub gave revision {revision} where {file.revision} is pinned")
    if file.revision == LATEST and not re.fullmatch("[0-9a-f]{40}", revision):
        raise HubError(path=file.name, reason="the hub does not say of which revision it is")
    sha256 = (first.get("X-Linked-Etag") or "").strip('"')
    if file.sha256 and SHA256.fullmatch(sha256) and sha256 != file.sha256:
        raise HubError(path=file.name, reason="the hub announces another checksum than the pinned one")
    return revision or file.revision


def _require_room(file: HubFile, part: Path, wanted_bytes: int) -> None:
    free_bytes = shutil.disk_usage(part.parent).free
    if wanted_bytes > free_bytes:
        reason = f"the disk of {part.parent} has {free_bytes} bytes left where {wanted_bytes} are needed"
        raise HubError(path=file.name, reason=reason)


def _write(
    file: HubFile, response: http.client.HTTPResponse, part: Path, offset: int, total: int | None, progress: Progress
) -> None:
    done = offset
    with part.open("r+b" if offset else "wb") as out:
        out.seek(offset)
        while True:
            try:
                chunk = response.read(CHUNK_BYTES)
            except (OSError, http.client.HTTPException) as exc:
                raise _BrokenLineError("the line broke") from exc
            if not chunk:
                break
            try:
                out.write(chunk)
                out.flush()
            except OSError as exc:
                why = "the disk is full" if exc.errno == errno.ENOSPC else f"it cannot be written: {exc.strerror}"
                raise HubError(path=file.name, reason=why) from exc
            done += len(chunk)
            progress(done, total or done)
        os.fsync(out.fileno())
    if total is not None and done < total:
        raise _BrokenLineError("the line broke")
