"""WCAG 2.2 AA: 4.5 to 1 for text, 3 to 1 for the borders of fields and for the mark of focus."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from appliance.web.rendering import STATIC

TOKENS = (STATIC / "css" / "tokens.css").read_text()
VALUE = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
MEANING = re.compile(r"--([\w-]+):\s*var\(--([\w-]+)\)")
TEXT, MARK = 4.5, 3.0

PAIRS = [
    *((colour, ground, TEXT) for colour in ("text", "text-quiet", "accent") for ground in ("canvas", "surface")),
    ("text-quiet", "surface-sunken", TEXT),
    ("text-quiet", "accent-soft", TEXT),
    ("accent", "accent-soft", TEXT),
    ("accent-strong", "surface", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("on-danger", "danger", TEXT),
    ("danger", "surface", TEXT),
    ("danger", "canvas", TEXT),
    ("text-quiet", "danger-soft", TEXT),
    ("text-quiet", "caution-soft", TEXT),
    ("caution", "canvas", MARK),
    ("danger", "danger-soft", MARK),
    ("text", "danger-soft", TEXT),
    ("text", "caution-soft", TEXT),
    ("caution", "caution-soft", TEXT),
    ("line-strong", "surface", MARK),
    ("focus", "canvas", MARK),
    ("focus", "surface", MARK),
    *((f"speaker-{number}", ground, TEXT) for number in range(10) for ground in ("surface", "canvas")),
]


def colours(scheme: int) -> dict[str, str]:
    """Return every colour by its name; 0 is light, 1 is dark."""
    found = {name: both[scheme] for name, *both in VALUE.findall(TOKENS)}
    for name, value in MEANING.findall(TOKENS):
        if value in found:
            found[name] = found[value]
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("colour", "ground", "least"), PAIRS)
def test_a_colour_can_be_read_on_its_ground(scheme: int, colour: str, ground: str, least: float) -> None:
    found = colours(scheme)
    assert contrast(found[colour], found[ground]) >= least


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_speakers_who_follow_each_other_have_colours_apart(scheme: int) -> None:
    found = colours(scheme)
    voices = [found[f"speaker-{number}"] for number in range(10)]
    assert len(set(voices)) == 10
    for one, other in pairwise(voices):
        apart = sum((int(one[place : place + 2], 16) - int(other[place : place + 2], 16)) ** 2 for place in (1, 3, 5))
        assert apart**0.5 > 60, (one, other)
