"""The catalog of model sets: what each is built from, down to the byte, as people write it and as machines pin it.

A set comes from packages (``from = "packages"``) or from the model hub (``from = "hub"``). A file of the hub is pinned
when its revision and its SHA-256 are known: from the catalog, where somebody has published them, or from the lock
beside it, which ``scripts/prefetch --pin`` writes on a machine that reaches the hub.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from appliance.engine.models import Kind, RoleName
from appliance.errors import OriginError

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Commit = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{40}$")]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
RepoName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")]
# No part of it begins with a dot, so it cannot lead out of its folder.
FilePath = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$")]

LOCK_HEAD = """\
# Written by `scripts/prefetch --pin`: what the model hub gave when nobody had written down what it must give. Look at
# the difference before it is committed; from then on any other byte is refused.

schema = 1
"""


class Wheel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package whose archive holds origin files."""

    package: FileName
    version: FileName
    file: FileName
    sha256: Sha256


class OriginFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file inside a wheel.

    Attributes:
        wheel: Name of the wheel in the recipe.
        path: Member of the archive.
    """

    wheel: str
    path: str
    sha256: Sha256


class Joined(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file that comes in parts must be once they are joined."""

    path: FileName
    sha256: Sha256


class ModelOrigin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a role of the set is made from, and on whose terms.

    Attributes:
        licence: SPDX identifier.
        licence_file: Name of the origin file with the licence text.
        origin: The model as its authors call it.
        revision: Of the model.
        changes: What building does to it; licences ask that changes are stated.
    """

    id: FileName
    kind: Kind
    licence: str
    licence_file: str
    origin: str
    revision: str
    changes: str
    joined: Joined | None = None


class Clustering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the voices of a set's embeddings are grouped.

    Attributes:
        method: Linkage method of scipy.
        threshold: Distance between unit-length embeddings under which two groups are one speaker.
        min_cluster_size: Windows, one a second, in which a voice must be heard to count as a speaker.
    """

    method: Literal["average", "centroid", "complete", "median", "single", "ward", "weighted"]
    threshold: Annotated[float, msgspec.Meta(gt=0)]
    min_cluster_size: Annotated[int, msgspec.Meta(ge=1)]


class Vbx(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="algorithm", tag="vbx"):
    """How voices are grouped by a variational Bayesian mixture; names and defaults are pyannote.audio's.

    Attributes:
        threshold: Distance between unit-length embeddings under which two groups begin as one speaker.
        fa: Weight of what is heard.
        fb: How reluctantly a further speaker is believed.
        window_step_s: Seconds from one window of the segmentation to the next, for which the others were tuned.
    """

    threshold: Annotated[float, msgspec.Meta(gt=0)]
    fa: Annotated[float, msgspec.Meta(gt=0)]
    fb: Annotated[float, msgspec.Meta(gt=0)]
    window_step_s: Annotated[float, msgspec.Meta(gt=0, lt=10)]


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="from", tag="packages"):
    """Everything that a set from packages is built from."""

    release: str
    wheels: dict[str, Wheel]
    files: dict[str, OriginFile]
    models: dict[str, ModelOrigin]
    clustering: Clustering


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of the hub must be, as far as it is written down."""

    sha256: Sha256 | None = None
    bytes: Annotated[int, msgspec.Meta(ge=0)] | None = None


class HubModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A role of a set, made from files of one repository of the hub.

    Attributes:
        licence: SPDX identifier.
        repo: Owner and name on the hub.
        revision: Commit of the repository, or None while nobody has pinned it.
        changes: What building does to it; licences ask that changes are stated.
        card: Which of the files is the model's card, kept in the set as its licence notice.
        files: By path in the repository.
    """

    id: FileName
    kind: Kind
    licence: str
    repo: RepoName
    revision: Commit | None = None
    changes: str = "none"
    card: FilePath | None = None
    files: dict[FilePath, Pin]

    @property
    def unpinned(self) -> tuple[str, ...]:
        """The files of which nobody has written down what they must be."""
        return tuple(path for path, pin in self.files.items() if self.revision is None or pin.sha256 is None)


class LockedRepo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the hub gave of one repository when it was pinned."""

    revision: Commit
    files: dict[FilePath, Pin]


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The pins that a machine found; the catalog's own go before."""

    schema: Literal[1] = 1
    repositories: dict[RepoName, LockedRepo] = {}

    def as_toml(self) -> str:
        """Return the text of the lock's file; names and values need no escapes."""
        parts = [LOCK_HEAD]
        for repo, locked in sorted(self.repositories.items()):
            parts.append(f'\n[repositories."{repo}"]\nrevision = "{locked.revision}"\n')
            parts.append(f'[repositories."{repo}".files]\n')
            lines = (
                f'"{path}" = {{ sha256 = "{pin.sha256}", bytes = {pin.bytes} }}\n'
                for path, pin in sorted(locked.files.items())
            )
            parts += lines
        return "".join(parts)


class HubRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="from", tag="hub"):
    """Everything that a set from the hub is built from."""

    release: str
    models: dict[RoleName, HubModel]
    clustering: Vbx

    def pinned_by(self, lock: Lock) -> HubRecipe:
        """Return this recipe with the pins of a lock where it has none of its own."""
        return msgspec.structs.replace(
            self,
            models={role: _with_pins(model, lock.repositories.get(model.repo)) for role, model in self.models.items()},
        )

    def for_languages(self, languages: frozenset[str] | None) -> HubRecipe:
        """Return this recipe with the aligners of these languages only; None keeps all.

        Raises:
            OriginError: There is no aligner for a language.
        """
        if languages is None:
            return self
        for language in sorted(languages):
            if f"aligner/{language}" not in self.models:
                raise OriginError(path=f"aligner/{language}", reason="the catalog has no aligner for this language")
        kept = {
            role: model
            for role, model in self.models.items()
            if not role.startswith("aligner/") or role.removeprefix("aligner/") in languages
        }
        return msgspec.structs.replace(self, models=kept)


class Catalog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sets that can be built."""

    schema: Literal[1]
    sets: dict[str, Recipe | HubRecipe]

    def packages(self, name: str) -> Recipe:
        """Return the recipe of a set that comes from packages.

        Raises:
            OriginError: There is no such set, or it comes from the hub.
        """
        recipe = self.sets.get(name)
        if not isinstance(recipe, Recipe):
            raise OriginError(path=name, reason="the catalog has no set of this name that is built from packages")
        return recipe

    def hub(self, name: str) -> HubRecipe:
        """Return the recipe of a set that comes from the hub.

        Raises:
            OriginError: There is no such set, or it comes from packages.
        """
        recipe = self.sets.get(name)
        if not isinstance(recipe, HubRecipe):
            raise OriginError(path=name, reason="the catalog has no set of this name that comes from the model hub")
        return recipe


def load_catalog(path: Path) -> Catalog:
    """Return the catalog.

    Raises:
        OriginError: The file is not there or is not a catalog.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Catalog)
    except (OSError, msgspec.MsgspecError) as exc:
        raise OriginError(path=str(path), reason=str(exc)) from exc


def load_lock(path: Path) -> Lock:
    """Return the pins that were found, none where there is no lock yet.

    Raises:
        OriginError: The file is there and is not a lock.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Lock)
    except FileNotFoundError:
        return Lock()
    except (OSError, msgspec.MsgspecError) as exc:
        raise OriginError(path=str(path), reason=str(exc)) from exc


def fingerprint(recipe: Recipe | HubRecipe) -> str:
    """Return the SHA-256 of a recipe, by which a built set says what it was built from.

    It covers the values, not the text: a comment, or another set in the catalog, has no set built again.
    """
    return hashlib.sha256(msgspec.json.encode(recipe, order="deterministic")).hexdigest()


def _with_pins(model: HubModel, locked: LockedRepo | None) -> HubModel:
    if locked is None or model.revision not in {None, locked.revision}:
        return model  # What was found in another revision says nothing about this one.
    files = {path: pin if pin.sha256 else locked.files.get(path, pin) for path, pin in model.files.items()}
    return msgspec.structs.replace(model, revision=locked.revision, files=files)
