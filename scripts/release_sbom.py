"""The list of parts in CycloneDX 1.6: wheels, vendored scripts, models, and the base image with its packages.

The file is small and its rules are few, so it is written here; a library for it would bring ten packages more into the
locks, and its own checks of the schema need still others. `tests/release` holds the rules against what is written.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from scripts.release_contents import Component, Inventory, SystemPackage
from scripts.release_licences import Licence, VendoredScript, licence_of

Part = dict[str, Any]  # One object of the JSON file.

NAMESPACE = uuid.UUID("6f0cf8a2-2f0a-5b7c-9a57-0c1c1b6d9d64")  # Ours: the same image always has the same serial number.


@dataclass(frozen=True, slots=True)
class Product:
    """What the list is about.

    Attributes:
        version: Of Cloister.
        commit: It was built from.
        created: Date of the commit, RFC 3339.
        image: SHA-256 of the image's configuration, in hexadecimal.
        base: Name of the base image, or empty where the image does not say.
        base_digest: Its digest, or empty.
    """

    version: str
    commit: str
    created: str
    image: str
    base: str
    base_digest: str


def sbom(
    product: Product, components: tuple[Component, ...], inventory: Inventory, scripts: tuple[VendoredScript, ...]
) -> bytes:
    """Return the list as JSON, the same bytes for the same input."""
    parts = [
        *(_wheel(each) for each in components),
        *(_script(each) for each in scripts),
        *_models(inventory),
        _base(product, inventory),
    ]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, product.image)}",
        "version": 1,
        "metadata": {
            "timestamp": product.created,
            "component": {
                "type": "application", "bom-ref": "cloister", "name": "cloister", "version": product.version,
                "licenses": [{"expression": "MIT"}],
                "properties": _properties(commit=product.commit, image=f"sha256:{product.image}"),
            },
        },
        "components": parts,
        "dependencies": [
            {"ref": "cloister", "dependsOn": sorted(part["bom-ref"] for part in parts if part["scope"] == "required")}
        ],
    }  # fmt: skip
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def _wheel(part: Component) -> Part:
    name, version = part.locked.name, part.locked.version
    purl = f"pkg:pypi/{name}@{quote(version)}"
    found: Part = {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "scope": "required" if part.wheel is not None else "excluded", "hashes": _sha256(part.sha256),
    }  # fmt: skip
    if part.wheel is None:
        found["description"] = "Named by the lock, and left out of the image."
        return found
    found["licenses"] = _licences(licence_of(part.wheel))
    if part.wheel.libraries:
        found["components"] = [
            {"type": "library", "bom-ref": f"{purl}#{library}", "name": library} for library in part.wheel.libraries
        ]
    return found


def _script(script: VendoredScript) -> Part:
    purl = f"pkg:npm/{script.package}@{script.version}"
    return {
        "type": "library", "bom-ref": purl, "name": script.package, "version": script.version, "purl": purl,
        "scope": "required", "hashes": _sha256(script.sha256),
        "licenses": _licences(Licence(script.licence, is_spdx=True)), "properties": _properties(file=script.file),
    }  # fmt: skip


def _models(inventory: Inventory) -> list[Part]:
    found = []
    for each in inventory.sets:
        manifest = each.described
        for role, model in manifest.roles.items():
            reference = f"model:{manifest.name}/{role}"
            files = {name: file for name, file in manifest.files.items() if name.startswith(f"{model.path}/")}
            found.append({
                "type": "machine-learning-model", "bom-ref": reference, "name": model.id, "version": manifest.release,
                "scope": "required", "licenses": _licences(Licence(model.licence, is_spdx=True)),
                "properties": _properties(set=manifest.name, role=role, format=model.kind, origin=model.origin),
                "components": [
                    {
                        "type": "file", "bom-ref": f"{reference}#{name}", "name": name, "hashes": _sha256(file.sha256),
                        "properties": _properties(bytes=str(file.bytes)),
                    }
                    for name, file in sorted(files.items())
                ],
            })  # fmt: skip
    return found


def _base(product: Product, inventory: Inventory) -> Part:
    found: Part = {
        "type": "container", "bom-ref": "base-image", "name": product.base or inventory.system.name,
        "version": product.base_digest or inventory.system.version, "scope": "required",
        "components": [
            {
                "type": "application", "bom-ref": "python", "name": "python", "version": inventory.python,
                "licenses": [{"expression": "Python-2.0"}],
            },
            {
                "type": "operating-system", "bom-ref": "system", "name": inventory.system.id,
                "version": inventory.system.version,
                "components": [_package(each, inventory) for each in inventory.packages],
            },
        ],
    }  # fmt: skip
    if product.base_digest:
        found["hashes"] = _sha256(product.base_digest.removeprefix("sha256:"))
    return found


def _package(package: SystemPackage, inventory: Inventory) -> Part:
    system = inventory.system
    purl = (
        f"pkg:deb/{system.id}/{quote(package.package)}@{quote(package.version)}"
        f"?arch={package.architecture}&distro={system.id}-{system.version}"
    )
    return {"type": "library", "bom-ref": purl, "name": package.package, "version": package.version, "purl": purl}


def _licences(licence: Licence) -> list[Part]:
    return [{"expression": licence.name} if licence.is_spdx else {"license": {"name": licence.name}}]


def _sha256(digest: str) -> list[Part]:
    return [{"alg": "SHA-256", "content": digest}]


def _properties(**values: str) -> list[Part]:
    return [{"name": f"cloister:{name}", "value": value} for name, value in values.items()]
