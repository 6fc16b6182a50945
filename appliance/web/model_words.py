"""What the Models page says beyond its parts: the words of its script, and news for a screen reader."""

from __future__ import annotations

from appliance.web.languages import Language, mark
from appliance.web.model_arrivals import UnderwayPart
from appliance.web.model_states import Ready

MODEL_WORDS = {
    "sending": mark("Uploading"),
    "retrying": mark("The connection was lost. Trying again by itself."),
    "taking": mark("Almost there"),
    "unreadable": mark("This file cannot be read. If it is a folder, open it and choose the files in it."),
    "failed": mark("The appliance does not answer. The upload goes on where it stopped when you try again."),
    "one_at_a_time": mark("One update at a time: only {name} is being uploaded."),
    "no_update": mark("{name} is no model update: its name would end in .cloister."),
    "parts": mark(
        "{name} is one part of several. Put all of them into the folder of imports, or join them to one file first."
    ),
    "used": mark("It is in use. Jobs that wait run on it when its models are loaded."),
    "went_back": mark("The set before is in use again."),
    "discarded": mark("It was discarded."),
    "stopping": mark("It stops."),
}


def news_of(before: UnderwayPart, after: UnderwayPart, ready: Ready, language: Language) -> tuple[str, ...]:
    """Return what changed, in sentences."""
    said = []
    step, step_before = _step(after), _step(before)
    if step and step != step_before:
        said.append(step)
    if after.trouble and after.trouble != before.trouble:
        said.append(after.trouble)
    elif before.course and not after.course and ready.candidate:
        said.append(language.say(mark("{name} stands ready."), name=ready.candidate.shown.title))
    return tuple(said)


def _step(part: UnderwayPart) -> str:
    return next((step.name for step in part.course.steps if step.state == "current"), "") if part.course else ""
