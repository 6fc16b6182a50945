"""Pages from templates: one Jinja environment a language, so that no template asks which language it is in."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from appliance.web.languages import NAMES, Language, language

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"


def render(template: str, page: object, to: Language) -> str:
    """Return a template filled with its one value.

    Args:
        template: Path below ``templates``.
        page: The dataclass that is the template's contract; a name it lacks is an error, never an empty place.
        to: The reader's language.
    """
    return _environment(to.code).get_template(template).render(page=page)


def prepare_templates() -> None:
    """Read every template in every language now: the first reader does not wait for it, and later nothing is read."""
    for code in NAMES:
        environment = _environment(code)
        for name in environment.list_templates():
            environment.get_template(name)


@cache
def assets() -> str:
    """Return the prefix of style sheets and scripts; it changes with their content, so they are cached for good."""
    digest = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return f"/static/{digest.hexdigest()[:12]}"


@cache
def _environment(code: str) -> Environment:
    to = language(code)
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(to.sentences, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["assets"] = assets()
    environment.globals["icon"] = environment.get_template("_icons.html").make_module().icon  # type: ignore[attr-defined]
    environment.globals["titled"] = environment.get_template("_title.html").make_module().titled  # type: ignore[attr-defined]
    return environment
