"""The product as it comes on a stick: releases of two versions, and an installation by their own installer."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from scripts.release_main import Choices, release
from tests.conftest import REPOSITORY
from tests.image.containers import IMAGE, Composed, docker, inspect
from tests.release.releases import KEY

PART_BYTES = 2_000_000_000  # More than one part, as on a stick with FAT32.
FASTEST = 1  # Of zstd: nothing is learnt from a smaller archive.

# What a change of the product changes in its image: its own code, and what the image says of itself.
OTHER_VERSION = """\
FROM {image}
USER 0
RUN cd /opt/cloister/lib/python3.11/site-packages/appliance \\
    && sed -i 's/^__version__ = .*/__version__ = "{version}"/' __init__.py \\
    && python3 -m compileall -q -f --invalidation-mode unchecked-hash __init__.py
USER 10001:10001
LABEL org.opencontainers.image.version="{version}"
"""


def released(version: str, out: Path) -> Path:
    """Make a release of the built image under another version, by the real code.

    The image is taken out of the engine again, so that the installer has to load it; the layers that it shares with the
    built one stay, as at an update.
    """
    image = f"cloister:{version}"
    recipe = OTHER_VERSION.format(image=IMAGE, version=version)
    try:
        subprocess.run(
            ["docker", "build", "--quiet", "--network", "none", "--tag", image, "-"],
            input=recipe, text=True, check=True, capture_output=True, timeout=600,
        )  # fmt: skip
        return release(Choices(REPOSITORY, out, version, PART_BYTES, FASTEST, allow_changes=True), KEY)
    finally:
        docker("rmi", "--force", image, check=False)


@dataclass
class Installed(Composed):
    """An installation, run as INSTALL.md says: all that compose is told stands in its folder.

    Attributes:
        folder: Where the installer writes.
    """

    folder: Path = field(kw_only=True)

    def __post_init__(self) -> None:
        """Leave the folder to the installer."""

    @property
    def compose_options(self) -> list[str]:
        return []

    @property
    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith(("CLOISTER_", "COMPOSE_"))}

    @property
    def settings_file(self) -> Path:
        return self.folder / ".env"

    def install(self, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a release's installer where nobody can answer a question."""
        return subprocess.run(
            ["sh", str(folder / "install"), "--to", str(self.folder), *options],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1800, check=False,
        )  # fmt: skip

    def set(self, **settings: object) -> None:
        """Add lines to ``.env``, as an administrator does."""
        with self.settings_file.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())

    @property
    def image_id(self) -> str:
        """Of the container that runs."""
        return str(inspect(self.container)["Image"])

    @property
    def root_key(self) -> str:
        return self.execute("cat", "/keys/root.key")
