"""What the upload form says about each speech model that can be chosen."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from appliance.records import jobs
from appliance.web.languages import Language, mark
from appliance.worker.choices import preselected
from appliance.worker.messages import Choice
from appliance.worker.workshop import Workshop

NAMED_LANGUAGES = 3  # More of them are counted.
ROUNDED_FROM = 10.0  # A speed of so many times and more has no decimals.


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A speech model that can be chosen, or the only one.

    Attributes:
        name: What options call it; empty of the set's default.
        model: Its id.
        facts: Speed, size and languages, in words.
        languages: The codes of all that it transcribes, divided by blanks; empty where it is not known.
        is_chosen: Whether it is chosen at first.
    """

    name: str
    model: str
    facts: tuple[str, ...]
    languages: str
    is_chosen: bool


def model_choices(workshop: Workshop, language: Language) -> tuple[ModelChoice, ...]:
    """Return the speech models of the set that was loaded last, its default first; none before any was."""
    choices = workshop.engine.choices
    chosen = preselected(choices, workshop.settings.asr)
    with workshop.database.read() as session:
        return tuple(
            ModelChoice(
                name=choice.name,
                model=choice.model,
                facts=_facts(session, choice, language),
                languages=" ".join(choice.languages),
                is_chosen=choice.name == chosen,
            )
            for choice in choices
        )


def _facts(session: Session, choice: Choice, language: Language) -> tuple[str, ...]:
    weights = language.say(mark("{size} of weights in memory"), size=language.size(choice.weights_bytes))
    return (_speed(session, choice, language), weights, *_languages(choice, language))


def _speed(session: Session, choice: Choice, language: Language) -> str:
    """Say how fast it was here, on jobs with speakers; on those without where there were no others."""
    speed = jobs.measured_speed(session, choice.model, diarize=True)
    speed = speed or jobs.measured_speed(session, choice.model, diarize=False)
    if speed is None:
        return language.say(mark("speed not measured here yet"))
    number = language.number(round(speed) if speed >= ROUNDED_FROM else round(speed, 1))
    return language.say(mark("about {number} times as fast as the recording"), number=number)


def _languages(choice: Choice, language: Language) -> tuple[str, ...]:
    if not choice.languages:
        return ()
    if len(choice.languages) <= NAMED_LANGUAGES:
        return (", ".join(language.name_of(code) for code in choice.languages),)
    return (language.count("{number} language", "{number} languages", len(choice.languages)),)
