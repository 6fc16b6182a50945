"""The list of parts and the notices name everything that a release holds, by what really lies in it."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.release_contents import (
    Component,
    Inventory,
    LegalFile,
    ReleaseError,
    Wheel,
    normalised,
    read_inventory,
    read_lock,
)
from scripts.release_licences import INDEX, licence_of, read_vendored, write_licences
from scripts.release_sbom import Product, sbom
from tests.conftest import REPOSITORY
from tests.release.releases import COMMIT

LOCK = REPOSITORY / "offline_wheels" / "requirements.lock"
VENDOR = REPOSITORY / "appliance/web/static/vendor"
PRODUCT = Product(
    "1.0.0", COMMIT, "2026-11-23T10:00:00Z", "cd" * 32, "python:3.11-slim-bookworm", "sha256:" + "ef" * 32
)

# Wheels in which their makers put no licence text; what these say of their licence stands in the notices.
WITHOUT_TEXT = {"ctranslate2", "flatbuffers", "primepy", "tokenizers"}
# Types that the specification knows, of those that we write.
TYPES = {"application", "library", "file", "container", "operating-system", "machine-learning-model"}


@pytest.fixture(scope="module")
def found(starter_set: Path) -> Inventory:
    """What the inventory finds on this machine, where the locked wheels and the starter set are installed."""
    program = REPOSITORY / "scripts" / "release_inventory.py"
    ended = subprocess.run([sys.executable, "-B", program, starter_set.parent], capture_output=True, check=True)
    inventory = read_inventory(ended.stdout)
    locked = {package.name for package in read_lock(LOCK)}
    # The tools for tests are installed here too, and other sets may be built; an image has none of them.
    wheels = tuple(wheel for wheel in inventory.wheels if normalised(wheel.name) in locked)
    return replace(
        inventory, wheels=wheels, sets=tuple(one for one in inventory.sets if one.described.name == "starter")
    )


@pytest.fixture(scope="module")
def components(found: Inventory) -> tuple[Component, ...]:
    installed = {normalised(wheel.name): wheel for wheel in found.wheels}
    return tuple(Component(package, min(package.hashes), installed.get(package.name)) for package in read_lock(LOCK))


@pytest.fixture(scope="module")
def document(components: tuple[Component, ...], found: Inventory) -> dict[str, Any]:
    return dict(json.loads(sbom(PRODUCT, components, found, read_vendored(VENDOR))))


@pytest.fixture(scope="module")
def licences(components: tuple[Component, ...], found: Inventory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notices") / "licences"
    write_licences(folder, components, found, read_vendored(VENDOR), VENDOR)
    return folder


def every(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for inner in part.get("components", []):
        yield inner
        yield from every(inner)


def test_the_lock_is_read_whole() -> None:
    lines = re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE)
    assert [package.name for package in read_lock(LOCK)] == lines
    assert len(lines) > 100
    assert all(package.hashes for package in read_lock(LOCK))


def test_every_locked_package_is_named_exactly_once(document: dict[str, Any]) -> None:
    named = Counter(part["purl"] for part in every(document) if part.get("purl", "").startswith("pkg:pypi/"))
    assert named == Counter(
        f"pkg:pypi/{package.name}@{package.version.replace('+', '%2B')}" for package in read_lock(LOCK)
    )


def test_every_wheel_has_a_version_a_licence_and_the_hash_of_the_lock(
    document: dict[str, Any], components: tuple[Component, ...]
) -> None:
    parts = {part["name"]: part for part in document["components"] if part.get("purl", "").startswith("pkg:pypi/")}
    for component in components:
        part = parts[component.locked.name]
        assert part["version"] == component.locked.version
        assert part["hashes"] == [{"alg": "SHA-256", "content": component.sha256}]
        assert len(part["licenses"]) == 1


def test_a_package_that_the_image_leaves_out_is_said_to_be_excluded(
    components: tuple[Component, ...], found: Inventory
) -> None:
    (triton,) = [component for component in components if component.locked.name == "triton"]
    written = json.loads(sbom(PRODUCT, (replace(triton, wheel=None),), found, ()))
    assert written["components"][0]["scope"] == "excluded"
    assert all("triton" not in reference for reference in written["dependencies"][0]["dependsOn"])


def test_vendored_scripts_models_and_the_base_image_are_parts(document: dict[str, Any], found: Inventory) -> None:
    kinds = Counter(part["type"] for part in document["components"])
    assert (kinds["machine-learning-model"], kinds["container"]) == (len(found.sets[0].described.roles), 1)
    assert {"pkg:npm/htmx.org@2.0.11", "pkg:npm/htmx-ext-sse@2.2.4"} <= {
        part.get("purl") for part in document["components"]
    }
    (base,) = [part for part in document["components"] if part["type"] == "container"]
    assert (base["name"], base["hashes"][0]["content"]) == ("python:3.11-slim-bookworm", "ef" * 32)


def test_every_file_of_a_model_is_named_with_its_hash(document: dict[str, Any], found: Inventory) -> None:
    listed = {
        f"{name.partition('#')[2]}": part["hashes"][0]["content"]
        for part in every(document)
        if part["type"] == "file" and (name := part["bom-ref"])
    }
    expected = {
        name: file.sha256 for name, file in found.sets[0].described.files.items() if not name.startswith("licences/")
    }
    assert listed == expected


def test_the_list_keeps_the_rules_of_the_format(document: dict[str, Any]) -> None:
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.6", 1)
    assert uuid.UUID(document["serialNumber"].removeprefix("urn:uuid:")).version == 5
    references = [part["bom-ref"] for part in every(document)] + [document["metadata"]["component"]["bom-ref"]]
    assert len(set(references)) == len(references)
    assert set(document["dependencies"][0]["dependsOn"]) <= set(references)
    for part in every(document):
        assert part["type"] in TYPES
        assert part["name"]
        assert part.get("scope", "required") in ("required", "excluded")
        assert all(re.fullmatch(r"[0-9a-f]{64}", each["content"]) for each in part.get("hashes", []))
        for licence in part.get("licenses", []):
            assert list(licence) in (["expression"], ["license"])


def test_expressions_are_built_of_identifiers(document: dict[str, Any]) -> None:
    expressions = [
        each["expression"] for part in every(document) for each in part.get("licenses", []) if "expression" in each
    ]
    words = {word for text in expressions for word in re.split(r"[ ()]+| AND | OR | WITH ", text) if word}
    assert len(expressions) > 100
    assert [word for word in words if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*\+?", word)] == []


def test_the_same_input_gives_the_same_bytes(components: tuple[Component, ...], found: Inventory) -> None:
    assert sbom(PRODUCT, components, found, ()) == sbom(PRODUCT, components, found, ())


def test_the_notices_name_every_installed_wheel_with_its_texts(
    licences: Path, components: tuple[Component, ...]
) -> None:
    entries = (licences / INDEX).read_text().split("\n\n")
    for component in components:
        (entry,) = [
            each for each in entries if each.startswith(f"{component.locked.name} {component.locked.version}\n")
        ]
        texts = re.findall(r"^  text: (\S+)$", entry, re.MULTILINE)
        assert re.search(r"^  licence: \S", entry, re.MULTILINE)
        if component.locked.name in WITHOUT_TEXT:
            assert "the wheel carries none" in entry
        else:
            assert texts, component.locked.name
        assert [text for text in texts if not (licences / text).is_file()] == []


def test_the_notices_name_every_model_with_its_text(licences: Path, found: Inventory) -> None:
    index = (licences / INDEX).read_text()
    for role, model in found.sets[0].described.roles.items():
        name = f"starter-{role}-{model.id}-1"
        if role == "clustering":
            assert "made for Cloister" in index
        else:
            assert (licences / name / f"{model.id}.txt").read_bytes()
            assert f"  text: {name}/{model.id}.txt" in index
        assert f"origin: {model.origin}" in index


def test_every_text_lies_where_the_index_says_and_nothing_else_does(licences: Path) -> None:
    named = set(re.findall(r"^  text: (\S+/\S+)$", (licences / INDEX).read_text(), re.MULTILINE)) - {"../LICENSE"}
    there = {path.relative_to(licences).as_posix() for path in licences.rglob("*") if path.is_file()}
    assert there - named == {INDEX}
    assert named - there == set()


def test_a_text_is_copied_byte_for_byte(licences: Path) -> None:
    file = importlib.metadata.distribution("torch").locate_file("torch-2.8.0.dist-info/licenses/LICENSE")
    (copy,) = licences.glob("torch-2.8.0/LICENSE")
    assert copy.read_bytes() == Path(str(file)).read_bytes()


def test_libraries_inside_a_wheel_are_named(licences: Path, document: dict[str, Any]) -> None:
    assert re.search(r"contains libraries of other projects: .*libavcodec", (licences / INDEX).read_text())
    (av,) = [part for part in document["components"] if part["name"] == "av"]
    assert any(inner["name"].startswith("libavcodec") for inner in av["components"])


def test_names_that_differ_in_capitals_only_do_not_meet(tmp_path: Path, found: Inventory) -> None:
    wheel = Wheel(
        "one",
        "1",
        "MIT",
        "",
        (),
        (LegalFile("LICENSE", b"a"), LegalFile("license", b"b"), LegalFile("License", b"a")),
        (),
    )
    locked = replace(read_lock(LOCK)[0], name="one", version="1")
    write_licences(tmp_path / "licences", (Component(locked, "0" * 64, wheel),), found, (), VENDOR)
    written = {path.name: path.read_bytes() for path in (tmp_path / "licences" / "one-1").iterdir()}
    assert written == {"LICENSE": b"a", "license.2": b"b"}


@pytest.mark.parametrize("path", ["../../outside", "/etc/passwd", "a b/.hidden", "-rf"])
def test_a_wheel_cannot_write_outside_the_folder(tmp_path: Path, found: Inventory, path: str) -> None:
    wheel = Wheel("one", "1", "MIT", "", (), (LegalFile(path, b"a"),), ())
    locked = replace(read_lock(LOCK)[0], name="one", version="1")
    write_licences(tmp_path / "licences", (Component(locked, "0" * 64, wheel),), found, (), VENDOR)
    (copy,) = [each for each in (tmp_path / "licences" / "one-1").rglob("*") if each.is_file()]
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+/-]*", copy.relative_to(tmp_path).as_posix())


@pytest.mark.parametrize(
    ("expression", "declared", "classifiers", "name", "is_spdx"),
    [
        ("Apache-2.0 OR MIT", "whatever", ("MIT License",), "Apache-2.0 OR MIT", True),
        ("", "Apache 2.0", (), "Apache-2.0", True),
        ("", "", ("MIT License",), "MIT", True),
        ("", "UNKNOWN", ("MIT License",), "MIT", True),
        ("", "NVIDIA Proprietary Software", ("Other/Proprietary License",), "NVIDIA Proprietary Software", False),
        ("", "A whole\ntext", ("BSD License",), "BSD License", False),
        ("", "", (), "see its text", False),
    ],
)
def test_a_licence_is_named_as_it_was_declared(
    expression: str, declared: str, classifiers: tuple[str, ...], name: str, *, is_spdx: bool
) -> None:
    licence = licence_of(Wheel("one", "1", expression, declared, classifiers, (), ()))
    assert (licence.name, licence.is_spdx) == (name, is_spdx)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            b"The MIT License\n\nCopyright\n\nPermission is hereby granted, free of charge, to any person obtaining",
            "MIT",
        ),
        (b"BSD 3-Clause License\n", "BSD-3-Clause"),
        (b"All rights reserved", "see its text"),
    ],
)
def test_a_licence_that_was_not_declared_is_known_by_its_text(text: bytes, name: str) -> None:
    assert licence_of(Wheel("one", "1", "", "", (), (LegalFile("LICENSE", text),), ())).name == name


def test_every_wheel_s_licence_has_a_name(components: tuple[Component, ...]) -> None:
    named = {part.locked.name: licence_of(part.wheel).name for part in components if part.wheel is not None}
    assert [package for package, name in named.items() if name == "see its text"] == []


@pytest.mark.parametrize("text", [b"", b"{}", b'{"python": 3}'])
def test_an_answer_that_is_no_inventory_is_refused(text: bytes) -> None:
    with pytest.raises(ReleaseError, match="cannot be read"):
        read_inventory(text)
