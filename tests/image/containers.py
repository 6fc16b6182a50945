"""The built image under a real engine, through the same compose file as at a user's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from appliance import __version__
from tests.conftest import REPOSITORY
from tests.flows.appliance_client import ApplianceClient, wait_for
from tests.flows.appliance_process import free_port

IMAGE = f"cloister:{__version__}"
LINK = re.compile(r"https://\S+/setup/(\S+)")
UID = "10001"


def docker(*arguments: str, check: bool = True, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a docker command and return what it printed."""
    ended = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=seconds, check=False)
    if check and ended.returncode:
        raise AssertionError(f"docker {' '.join(arguments)}: {ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return ended


def engine_answers() -> bool:
    return shutil.which("docker") is not None and docker("info", check=False).returncode == 0


def image_is_there() -> bool:
    return docker("image", "inspect", IMAGE, check=False).returncode == 0


def compose_command() -> list[str]:
    """Compose v2 where the engine's client has it, else docker-compose 1.29."""
    return ["docker", "compose"] if docker("compose", "version", check=False).returncode == 0 else ["docker-compose"]


def inspect(container: str) -> dict[str, Any]:
    [found] = json.loads(docker("inspect", container).stdout)
    return dict(found)


@dataclass
class Composed(ApplianceClient):
    """The appliance as `docker compose up` runs it, in a project of its own.

    Attributes:
        services: What to start; empty starts what the file starts by itself.
        answers: The service whose log has the sign-in link.
    """

    services: Sequence[str] = ()
    answers: str = "appliance"
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        """Make a folder of its own with the compose file, as an installation has it."""
        self.folder = Path(tempfile.mkdtemp(prefix="cloister-image-"))
        self.project = self.folder.name.replace("_", "-").lower()
        shutil.copy(REPOSITORY / "compose.yaml", self.folder)

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def authority(self) -> Path:
        path = self.folder / "ca.crt"
        if not path.exists():
            path.write_text(self.execute("cat", "/keys/ca.crt"))
        return path

    @property
    def container(self) -> str:
        """The container that does the work."""
        return self.container_of(self.answers)

    def container_of(self, service: str) -> str:
        return self.compose("ps", "-q", service).strip()

    def link_token(self) -> str | None:
        found = LINK.search(docker("logs", self.container).stdout)
        return found[1] if found else None

    @property
    def compose_options(self) -> list[str]:
        """What stands before the command, so that nothing is shared with an appliance of this machine's own."""
        options = ["--project-name", self.project, "--project-directory", str(self.folder)]
        return [*options, "--file", str(self.folder / "compose.yaml"), "--profile", "sealed"]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "CLOISTER_RUNTIME": "runc",
            "CLOISTER_VERSION": __version__,
            "CLOISTER_PORT": str(self.port),
            "CLOISTER_MEMORY": "6g",
            **self.settings,
        }

    def compose(self, *arguments: str) -> str:
        ended = subprocess.run(
            [*compose_command(), *self.compose_options, *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        if ended.returncode:
            raise AssertionError(f"compose {' '.join(arguments)}: {ended.stdout[-2000:]}{ended.stderr[-2000:]}")
        return ended.stdout

    def create(self) -> None:
        """Make networks, volumes and containers, but start nothing."""
        self.compose("up", "--no-start", *(self.services or ("appliance",)))

    def start(self) -> None:
        self.compose("up", "--detach", *(self.services or ("appliance",)))
        wait_for(self.is_ready, 120, "the appliance in the container to take jobs")

    def is_ready(self) -> bool:
        assert inspect(self.container)["State"]["Status"] != "exited", docker("logs", self.container).stderr[-3000:]
        return docker("exec", self.container, "appliance", "health", "--ready", check=False).returncode == 0

    def execute(self, *command: str) -> str:
        return docker("exec", self.container, *command).stdout

    def log(self) -> str:
        return docker("logs", self.container).stderr

    def kill(self) -> None:
        docker("kill", self.container)

    def stop(self) -> None:
        self.compose("stop", "--timeout", "30")

    def end(self) -> None:
        """Leave nothing behind, whatever state a test left it in."""
        self.compose("down", "--volumes", "--timeout", "5")
        shutil.rmtree(self.folder)

    def transcript_of(self, recording_id: str, seconds: float = 180) -> dict[str, Any]:
        """Wait for a transcript and open it."""
        answers: list[httpx.Response] = []
        with self.client() as client:

            def is_there() -> bool:
                answers.append(client.get(f"/recordings/{recording_id}/transcript.json"))
                return answers[-1].status_code == 200

            wait_for(is_there, seconds, "the transcript")
        return dict(answers[-1].json()["transcript"])
