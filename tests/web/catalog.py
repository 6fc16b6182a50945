"""Every sentence that the pages can show, read from the code that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from appliance import errors
from appliance.web.languages import DOMAIN, LOCALES
from appliance.web.rendering import FOLDER

METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "mark": None, "count": (1, 2)}

Sentence = str | tuple[str, ...]


def sentences_in_code() -> Iterator[Sentence]:
    """Yield what has to be translated: pages, scripts' words, and what every error says."""
    found = extract_from_dir(
        FOLDER, METHODS, {"templates/**.html": OPTIONS["**.html"]}, keywords=KEYWORDS, comment_tags=()
    )
    told = extract_from_dir(FOLDER.parent / "doctor", METHODS[:1], keywords={"sentence": None}, comment_tags=())
    for _, _, message, _, _ in (*found, *told):
        yield tuple(message) if isinstance(message, (list, tuple)) else message
    yield errors.ApplianceError.text
    for error in errors.type_registry.values():
        if error.__module__ == errors.__name__:
            yield error.text


def read_catalog(code: str) -> Catalog:
    path = Path(LOCALES, code, "LC_MESSAGES", f"{DOMAIN}.po")
    with path.open("rb") as file:
        return read_po(file, locale=code)
