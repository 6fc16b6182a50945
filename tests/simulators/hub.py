"""A model hub on this machine, which speaks the real one's protocol and can lie about every part of it."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RESOLVE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
CDN = "/where-the-bytes-lie/"
SMALL_BYTES = 100  # The hub answers for smaller files itself.
DEFAULT_REVISION = "a" * 40


@dataclass(slots=True)
class Lies:
    """How the hub misbehaves; nothing unless told.

    Attributes:
        other_bytes: One byte of every body is flipped.
        cut_after: The line breaks after so many bytes of a body, each time.
        breaks: So many bodies break in the middle, then all is well.
        slow_s: Seconds of silence before a body.
        announces_bytes: The size that the hub states, of a body that is as long.
        announces_sha256: The checksum that the hub states.
        announces_revision: The commit that the hub states; empty for none.
        unavailable: So many requests are answered with ``status``.
        status: See ``unavailable``.
        ignores_range: The whole is sent whatever was asked.
        leads_to: Where the bytes are said to lie.
    """

    other_bytes: bool = False
    cut_after: int | None = None
    breaks: int = 0
    slow_s: float = 0.0
    announces_bytes: int | None = None
    announces_sha256: str | None = None
    announces_revision: str | None = None
    unavailable: int = 0
    status: int = 503
    ignores_range: bool = False
    leads_to: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came."""

    path: str
    range: str | None
    token: str | None


@dataclass(slots=True)
class HubSimulator:
    """What is published, how it is told, and what was asked.

    Attributes:
        files: Content by repository and path.
        gated: Repositories for accounts with ``token`` only.
        token: The one that opens them.
        revision: The commit of every repository.
        lies: See Lies.
        asked: Every request in order.
        endpoint: The address, once it serves.
    """

    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    token: str = "hf_read"
    revision: str = DEFAULT_REVISION
    lies: Lies = field(default_factory=Lies)
    asked: list[Asked] = field(default_factory=list)
    endpoint: str = ""

    def publish(self, repo: str, path: str, content: bytes) -> str:
        """Publish a file; returns its SHA-256."""
        self.files[repo, path] = content
        return hashlib.sha256(content).hexdigest()

    @contextmanager
    def serving(self) -> Iterator[HubSimulator]:
        """Answer on a loopback port until the end of the block."""
        simulator = self

        class Handler(_Handler):
            hub = simulator

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: HubSimulator
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.hub.asked.append(Asked(self.path, self.headers.get("Range"), self.headers.get("Authorization")))
        lies = self.hub.lies
        if self.path.startswith(CDN):
            self._send(self.hub.files[_place(self.path)], {})
            return
        if lies.unavailable:
            lies.unavailable -= 1
            self._answer(lies.status, {})
            return
        found = RESOLVE.fullmatch(self.path)
        if found is None:
            self._answer(404, {})
            return
        self._resolve(found["repo"], found["revision"], found["path"])

    def _resolve(self, repo: str, revision: str, path: str) -> None:
        hub, lies = self.hub, self.hub.lies
        if repo in hub.gated and self.headers.get("Authorization") != f"Bearer {hub.token}":
            known = self.headers.get("Authorization") is None
            self._answer(401, {"X-Error-Code": "GatedRepo"} if known else {})
        elif not any(owner == repo for owner, _ in hub.files):
            self._answer(401, {"X-Error-Code": "RepoNotFound"})
        elif revision not in {hub.revision, "main"}:
            self._answer(404, {"X-Error-Code": "RevisionNotFound"})
        elif (repo, path) not in hub.files:
            self._answer(404, {"X-Error-Code": "EntryNotFound"})
        else:
            content = hub.files[repo, path]
            commit = hub.revision if lies.announces_revision is None else lies.announces_revision
            told = {"X-Repo-Commit": commit} if commit else {}
            if len(content) < SMALL_BYTES:
                git_name = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
                self._send(content, {**told, "ETag": f'"{git_name}"'})
                return
            told["X-Linked-Etag"] = f'"{lies.announces_sha256 or hashlib.sha256(content).hexdigest()}"'
            told["X-Linked-Size"] = str(lies.announces_bytes or len(content))
            told["Location"] = lies.leads_to or f"{hub.endpoint}{CDN}{repo}/{path}"
            self._answer(302, told)

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, content: bytes, headers: dict[str, str]) -> None:
        lies = self.hub.lies
        if lies.other_bytes:
            content = content[:-1] + bytes([content[-1] ^ 1])
        if lies.announces_bytes is not None:
            content = content[: lies.announces_bytes].ljust(lies.announces_bytes, b"\0")
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        first = int(asked[1]) if asked and not lies.ignores_range else 0
        if first and first >= len(content):
            self._answer(416, {"Content-Range": f"bytes */{len(content)}"})
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        for name, value in headers.items():
            self.send_header(name, value)
        body = content[first:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        time.sleep(lies.slow_s)
        end = len(body)
        if lies.cut_after is not None:
            end = max(0, lies.cut_after - first)
        elif lies.breaks:
            lies.breaks -= 1
            end //= 2
        with suppress(ConnectionError):  # Whoever asked may have heard enough.
            self.wfile.write(body[:end])
        self.close_connection = self.close_connection or end < len(body)


def _place(path: str) -> tuple[str, str]:
    owner, name, rest = path.removeprefix(CDN).split("/", 2)
    return f"{owner}/{name}", rest
