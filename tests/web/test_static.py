from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.web.files import files
from appliance.web.rendering import FOLDER, STATIC
from tests.conftest import REPOSITORY

VENDORED = re.compile(r"^\| (\S+) \| .* \| ([0-9a-f]{64}) \|$", re.MULTILINE)
ALLOWED = {("tab_memory.js", "Storage"), ("index.js", "Storage")}
"""A tab keeps its user key over a reload, wrapped under a half that the server's memory alone has. A browser keeps the
highest version of its index, a number that the server must not be able to set back."""

SCRIPTS = sorted((STATIC / "js").rglob("*.js"))
PURE = sorted(path for folder in ("pure", "export") for path in (STATIC / "js" / folder).glob("*.js"))
SHEETS = sorted((STATIC / "css").rglob("*.css"))


def test_vendored_scripts_are_the_ones_that_were_checked() -> None:
    listed = dict(VENDORED.findall((STATIC / "vendor" / "README.md").read_text()))
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (STATIC / "vendor").glob("*.js")}
    assert there == listed
    assert len(listed) == 4


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_script_writes_text_as_text_and_keeps_nothing(script: Path) -> None:
    content = script.read_text()
    assert content.startswith("// @ts-check\n")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Storage", "http:"):
        assert forbidden not in content.replace("never innerHTML", "") or (script.name, forbidden) in ALLOWED


@pytest.mark.parametrize("script", PURE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_pure_script_knows_no_document(script: Path) -> None:
    code = re.sub(r"/\*.*?\*/", "", script.read_text(), flags=re.DOTALL)
    # A document is also what is sealed, and may be called so: the page's is the one that something is asked of.
    assert not re.search(r"\b(document|window|location|navigator)\s*[.\[]|\bfetch\b", code)


@pytest.mark.parametrize("script", sorted((STATIC / "js" / "crypto").glob("*.js")), ids=lambda path: path.name)
def test_a_script_that_has_keys_knows_no_page_keeps_nothing_and_says_nothing(script: Path) -> None:
    code = code_of(script)
    named = re.sub(r"`[^`]*`|\"[^\"\n]*\"", "", code)  # A text may speak of a document, and two words are in a list.
    assert "export" in named
    assert not re.search(r"\b(document|window|location|fetch|navigator|console|postMessage|indexedDB|caches)\b", named)
    assert set(re.findall(r'from "([^"]+)"', code)) <= {f"./{path.name}" for path in script.parent.glob("*.js")}


def test_only_the_worker_names_what_compiles() -> None:
    naming = {path.name for path in SCRIPTS if re.search(r"hash-?wasm|WebAssembly", code_of(path))}
    assert naming == {"argon2_worker.js", "fitness.js"}  # The second only asks whether the browser has it.


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_has_at_most_300_lines(script: Path) -> None:
    assert len(script.read_text().splitlines()) <= 300


def code_of(script: Path) -> str:
    """Return a script without its comments."""
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", script.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_sheet_needs_no_force_and_nothing_from_elsewhere(sheet: Path) -> None:
    content = sheet.read_text()
    assert "!important" not in content
    assert not re.search(r"url\(\s*[\"']?(https?:)?//", content)
    if sheet.name != "tokens.css":
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b", content), "a component names a meaning, never a value"


def test_every_sheet_is_used() -> None:
    index = (STATIC / "css" / "index.css").read_text()
    named = set(re.findall(r'url\("([^"]+)"\)', index))
    assert named == {path.relative_to(STATIC / "css").as_posix() for path in SHEETS if path.name != "index.css"}


def test_a_page_gets_all_sheets_in_one_each_in_its_layer() -> None:
    whole = files()["/css/index.css"].content.decode()
    assert "@import" not in whole
    assert "url(" not in whole  # It would be sought from another place than the one that the sheet was written for.
    for sheet in SHEETS:
        if sheet.name != "index.css":
            layer = sheet.parent.name if sheet.parent.name == "components" else sheet.stem
            assert f"@layer {layer} {{\n{sheet.read_text()}}}" in whole


def test_pure_scripts_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    folder = REPOSITORY / "tests" / "js"
    tests = sorted(str(path) for name in ("pages_*.test.mjs", "exports.test.mjs") for path in folder.glob(name))
    assert len(tests) >= 2
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pages_load_without_the_engine() -> None:
    program = (
        "import sys, appliance.web.app; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'torch', 'whisperx', 'faster_whisper', 'ctranslate2', 'onnxruntime', 'pyannote', 'av'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_templates_are_tidy() -> None:
    command = [sys.executable, "-m", "djlint", str(FOLDER / "templates"), "--lint", "--check", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stdout
