"""Model sets as a page shows them: the one in use, and the one that stands ready."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.bundles.described import Description, describe, signers_of
from appliance.bundles.ledger import IMAGE
from appliance.bundles.manifest import Manifest
from appliance.bundles.store import Store
from appliance.bundles.trust import DAY_S, Caution, Installed, cautions
from appliance.errors import ApplianceError, ReleaseDamagedError
from appliance.options import LANGUAGES
from appliance.web.languages import Language, mark

KEY_GROUP = 4
KEY_SHOWN = 16  # Of 64 digits: enough to compare with a list on paper, and it fits a line.

ROLES = {
    "asr": mark("Writes down what is said"),
    "segmentation": mark("Finds speech and turns"),
    "embedding": mark("Knows voices apart"),
    "clustering": mark("Tells the speakers apart"),
    "vad": mark("Finds speech"),
    "summary": mark("Summarises"),
}
ALIGNER = "aligner/"
CHOICE = "asr/"
CAUTIONS = {
    Caution.OLD: mark(
        "It is {days} days old. Ask whether there is a newer one: nothing here can find that out by itself."
    ),
    Caution.FROM_THE_FUTURE: mark(
        "By its date it was made in the future. The clock of this appliance is probably wrong; have it set."
    ),
}


@dataclass(frozen=True, slots=True)
class ShownSet:
    """A model set.

    Attributes:
        name: Of the set.
        version: As people call it.
        number: Its release and line, in words; empty for the one that came with the appliance.
        origin: Who vouches for it, in words.
        signers: Digits of the keys that signed it, those that are on the list today.
        created: UTC, as ISO 8601, or empty where nobody knows.
        cautions: About its age, in words.
        models: What each model does, and its id.
        languages: Their names, sorted; empty where nothing is known of them.
        languages_told: How many, in the reader's digits.
        licences: Model and licence.
        size: On the disk.
        app: For which versions of Cloister, in words, or empty.
        notes: What its makers say of it.
        damaged: Why its description cannot be read, in words, or empty.
    """

    name: str
    version: str
    number: str
    origin: str
    signers: tuple[str, ...]
    created: str
    cautions: tuple[str, ...]
    models: tuple[tuple[str, str], ...]
    languages: tuple[str, ...]
    licences: tuple[tuple[str, str], ...]
    size: str
    languages_told: str = ""
    app: str = ""
    notes: str = ""
    damaged: str = ""

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()


def shown_set(store: Store, installed: Installed, language: Language) -> ShownSet:
    """Return what to show of a set; one whose description is damaged is shown by what is left of it."""
    described = describe(store.set_of(installed))
    if installed == IMAGE:
        return _from_image(described, language)
    try:
        return _taken_in(store, installed, described, language)
    except ReleaseDamagedError as error:
        return ShownSet(
            name=described.name or installed.line,
            version=described.release,
            number=_number(installed, language),
            origin="",
            signers=(),
            created="",
            cautions=(),
            models=(),
            languages=(),
            licences=(),
            size=language.size(described.size_bytes),
            damaged=language.tell(error),
        )


def role_words(role: str, language: Language) -> str:
    """Return what a role does; one that came after this release of Cloister shows its own name."""
    if role.startswith(ALIGNER):
        return language.say(mark("Times the words ({language})"), language=language.name_of(role.removeprefix(ALIGNER)))
    if role.startswith(CHOICE):
        return language.say(mark("Writes down what is said ({choice})"), choice=role.removeprefix(CHOICE))
    return language.say(ROLES[role]) if role in ROLES else role


def spoken(codes: Iterable[str], language: Language) -> tuple[str, ...]:
    """Return the names of languages, sorted as the reader would look for them."""
    return tuple(sorted(language.name_of(code) for code in codes))


def whole(codes: tuple[str, ...]) -> frozenset[str]:
    """Return the languages of a set: one that names none has those of its model."""
    return frozenset(codes or LANGUAGES)


def _from_image(described: Description, language: Language) -> ShownSet:
    created = datetime.fromtimestamp(described.dated_at, UTC).isoformat() if described.dated_at else ""
    return ShownSet(
        name=described.name,
        version=described.release,
        number="",
        origin=language.say(mark("It came with the appliance.")),
        signers=(),
        created=created,
        cautions=_cautions(described.dated_at, language) if created else (),
        models=_models(described.models, language),
        languages=spoken(whole(described.languages), language) if described.models else (),
        languages_told=language.number(len(whole(described.languages))),
        licences=described.licences,
        size=language.size(described.size_bytes),
    )


def _taken_in(store: Store, installed: Installed, described: Description, language: Language) -> ShownSet:
    manifest = store.manifest_of(installed)
    signers = tuple(_key(signer) for signer in signers_of(store, installed))
    return ShownSet(
        name=manifest.set,
        version=manifest.version,
        number=_number(installed, language),
        origin=_origin(store, installed.line, language),
        signers=signers,
        created=manifest.created,
        cautions=_cautions(manifest.created_s, language),
        models=_models(described.models, language),
        languages=spoken(whole(described.languages), language) if described.models else (),
        languages_told=language.number(len(whole(described.languages))),
        licences=tuple((licence.component, licence.spdx) for licence in manifest.licenses),
        size=language.size(manifest.total_bytes),
        app=_app(manifest, language),
        notes=manifest.notes,
    )


def _origin(store: Store, line: str, language: Language) -> str:
    try:
        is_vendor = line in store.image_lines()
    except ApplianceError as error:
        return language.tell(error)
    if is_vendor:
        return language.say(mark("Signed by “{line}”, whom the appliance has trusted from the start."), line=line)
    return language.say(mark("Signed by “{line}”, whom an administrator here has trusted."), line=line)


def _number(installed: Installed, language: Language) -> str:
    mark_ = installed.mark
    if mark_.epoch == 1:
        return language.say(mark("release {release}"), release=language.number(mark_.release))
    facts = {"release": language.number(mark_.release), "epoch": language.number(mark_.epoch)}
    return language.say(mark("release {release} under list {epoch} of its signers"), **facts)


def _app(manifest: Manifest, language: Language) -> str:
    return language.say(mark("Cloister {first} to {last}"), first=manifest.app.min, last=manifest.app.max)


def _cautions(created_s: float, language: Language) -> tuple[str, ...]:
    age_days = int((time.time() - created_s) // DAY_S)
    return tuple(language.say(CAUTIONS[each], days=language.number(age_days)) for each in cautions(age_days))


def _models(models: Mapping[str, str], language: Language) -> tuple[tuple[str, str], ...]:
    return tuple((role_words(role, language), model) for role, model in models.items())


def _key(key_id: str) -> str:
    digits = key_id[:KEY_SHOWN]
    return " ".join(digits[at : at + KEY_GROUP] for at in range(0, KEY_SHOWN, KEY_GROUP))
