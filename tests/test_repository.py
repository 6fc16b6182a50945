"""What the repository says about itself is true: documents, locks, settings, errors and house rules."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from appliance import errors
from appliance.config import Settings

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "appliance"
LOCKS = sorted((ROOT / "offline_wheels").glob("*.lock"))
DOCUMENTS = (
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "DECISIONS.md",
    "INSTALL.md",
    "appliance/crypto/FORMAT.md",
    "appliance/bundles/FORMAT.md",
)

# Written in parts, so that this file does not hold what it looks for.
FOREIGN_HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com", "deb.debian" + ".org")
MACHINE_PATHS = ("/wo" + "rk/", "/ro" + "ot/", "/opt/" + "wheels", "../" + "shared")

# Where anything at all may go wrong and one thing must still be done: answer, end the job, report to the parent.
CATCH_ALL = {
    "web/problems.py",
    "worker/tasks.py",
    "worker/runner.py",
    "worker/engine_child.py",
    "worker/decoder_child.py",
}


@cache
def own_files() -> tuple[Path, ...]:
    """Every file that is tracked or could be: what git does not ignore."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout, so nobody says which files belong to it")
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def lines_with(needles: tuple[str, ...]) -> Iterator[str]:
    for path in own_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # Fonts and pictures.
        for number, line in enumerate(lines, start=1):
            if any(needle in line for needle in needles):
                yield f"{path.relative_to(ROOT)}:{number}"


def names_in(node: ast.AST) -> set[str]:
    return {
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute)
    }


def test_no_file_names_a_package_registry() -> None:
    assert list(lines_with(FOREIGN_HOSTS)) == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    assert list(lines_with(MACHINE_PATHS)) == []


def test_every_setting_is_documented_with_its_name() -> None:
    table = set(re.findall(r"^\| `CLOISTER_(\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert table == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize(
    "name",
    sorted(name for name, field in Settings.model_fields.items() if isinstance(field.default, int | float | str)),
)
def test_a_documented_default_is_the_true_one(name: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(rf"^\| `CLOISTER_{name.upper()}` \| `([^`]*)` \|", readme, re.MULTILINE)
    assert shown is not None
    assert shown.group(1) == str(Settings.model_fields[name].default).replace("False", "false")


def test_every_script_is_documented_and_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    scripts = [path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix]
    assert [path.name for path in scripts if f"`scripts/{path.name}`" not in readme] == []
    assert [path.name for path in scripts if not path.stat().st_mode & 0o111] == []


def test_every_documented_script_exists() -> None:
    named = set(re.findall(r"scripts/([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {name for name in named if not (ROOT / "scripts" / name).is_file()} == set()


def test_every_documented_option_of_a_command_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `appliance ([a-z]+)[^|]*\|(.*)\|$", readme, re.MULTILINE)
    command_line = (PACKAGE / "__main__.py").read_text(encoding="utf-8")
    command_line += (PACKAGE / "commands" / "bundle" / "arguments.py").read_text(encoding="utf-8")
    options = {option for _, row in rows for option in re.findall(r"`(--[a-z-]+)`", row)}
    assert {name for name, _ in rows} == set(re.findall(r'commands\.add_parser\("(\w+)"', command_line))
    assert {option for option in options if f'"{option}"' not in command_line} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_of_a_document_leads_to_a_file(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert [target for target in targets if target and not ((ROOT / document).parent / target).exists()] == []


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert re.search(r"^## Unreleased$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_every_package_with_hashes_and_names_no_index(lock: Path) -> None:
    blocks = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
    pinned = re.compile(r"[a-z0-9-]+==[\w.!+]+(?: ; [^\\\n]+)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\\n)?)+")
    assert [block.split("\n")[0] for block in blocks if not pinned.fullmatch(block)] == []


def test_the_two_locks_agree_on_every_package_of_the_appliance() -> None:
    blocks = {name: set(re.split(r"\n(?=\S)", (ROOT / "offline_wheels" / name).read_text(encoding="utf-8").strip()))
              for name in ("requirements.lock", "requirements-dev.lock")}  # fmt: skip
    assert blocks["requirements.lock"] - blocks["requirements-dev.lock"] == set()


def test_every_dependency_is_locked() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r'^    "([A-Za-z0-9_.-]+)(?:>=[^"]*)?",$', project.split("[project.scripts]")[0], re.MULTILINE)
    locked = (ROOT / "offline_wheels" / "requirements-dev.lock").read_text(encoding="utf-8")
    assert [name for name in named if f"\n{re.sub('[-_.]+', '-', name).lower()}==" not in f"\n{locked}"] == []


def test_the_downloader_that_hides_from_audit_hooks_is_not_locked() -> None:
    assert [
        lock.name for lock in LOCKS if re.search(r"^hf[-_]xet", lock.read_text(encoding="utf-8"), re.MULTILINE)
    ] == []


def test_a_module_has_at_most_300_lines() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    del sizes["appliance/errors.py"]  # One tree in one place: it is read like a table.
    assert {path: size for path, size in sizes.items() if size > 300} == {}


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        if names_in(syntax(path)) & {"environ", "getenv", "environb"}
    }
    assert readers <= {"config.py"}


def test_everything_is_caught_in_a_few_known_places_only() -> None:
    catching = {
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node) and not raises_again(node)
    }
    assert catching <= CATCH_ALL


def catches_everything(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or bool(names_in(handler.type) & {"Exception", "BaseException"})


def raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def error_classes() -> list[type[errors.ApplianceError]]:
    found = [errors.ApplianceError]
    for cls in found:
        found += [kin for kin in cls.__subclasses__() if kin.__module__ == errors.__name__]
    return found


def test_every_error_has_a_code_and_a_text_of_its_own() -> None:
    codes = Counter(cls.code for cls in error_classes())
    texts = Counter(cls.text for cls in error_classes())
    assert [code for code, count in codes.items() if count > 1] == []
    assert [text for text, count in texts.items() if count > 1] == []


def test_the_drawn_tree_is_the_real_one() -> None:
    drawn: list[tuple[str, str]] = []
    ancestors: list[str] = []
    for indent, name in re.findall(r"^ {4}([│├└─ ]*)(\w+)", errors.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4
        ancestors = [*ancestors[:depth], name]
        drawn.append((ancestors[-2] if depth else "Exception", name))
    assert sorted(drawn) == sorted((cls.__mro__[1].__name__, cls.__name__) for cls in error_classes())


def test_every_error_without_kin_is_raised_somewhere() -> None:
    raised: set[str] = set()
    for path in modules():
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.Raise) and node.exc is not None:
                raised |= names_in(node.exc)
            elif isinstance(node, ast.Call):
                raised |= names_in(node.func)  # Some are made first and raised, sent or stored later.
    assert [cls.__name__ for cls in error_classes() if not cls.__subclasses__() and cls.__name__ not in raised] == []


def test_every_error_of_the_tree_appears_in_a_test() -> None:
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)
    )
    leaves = [cls.__name__ for cls in error_classes() if not cls.__subclasses__()]
    assert [name for name in leaves if not re.search(rf"\b{name}\b", tests)] == []


def test_the_web_application_is_imported_without_torch() -> None:
    program = (
        "import sys, appliance.web.app\n"
        "print(sorted({'torch', 'whisperx', 'pyannote', 'av', 'ctranslate2', 'onnxruntime'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")
