"""Which speech model hears a recording: what can be chosen, and what cannot, said before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.errors import UnknownLanguageError, UnknownModelError
from appliance.options import TranscribeOptions
from appliance.worker.messages import Choice

DEFAULT = "default"


def require_choice(choices: Sequence[Choice], options: TranscribeOptions) -> None:
    """Refuse a model that the set does not have, and a language that the model does not know.

    Where no set was loaded yet nothing can be said, and nothing is refused; the engine looks at the language again.

    Raises:
        UnknownModelError: No model of the set has the name.
        UnknownLanguageError: The model does not know the language.
    """
    if not choices:
        return
    chosen = find_choice(choices, options.model)
    if chosen is None:
        names = ", ".join(choice.name or DEFAULT for choice in choices)
        raise UnknownModelError(model=str(options.model), choices=names)
    if options.language is not None and chosen.languages and options.language not in chosen.languages:
        raise UnknownLanguageError(language=options.language, model=chosen.model)


def find_choice(choices: Sequence[Choice], name: str | None) -> Choice | None:
    """Return the choice of a name, None and an empty one being the set's default; None where there is none."""
    return next((choice for choice in choices if choice.name == (name or "")), None)


def heard_by(choices: Sequence[Choice], name: str | None) -> str:
    """Return the id of the model that hears what was ordered under a name, as the engine decides it, or nothing."""
    chosen = find_choice(choices, name) or find_choice(choices, None)
    return chosen.model if chosen else ""


def preselected(choices: Sequence[Choice], wanted: str) -> str:
    """Return which name is chosen at first: the one that the policy wants, where the set has it; else its default."""
    return wanted if find_choice(choices, wanted) else ""
