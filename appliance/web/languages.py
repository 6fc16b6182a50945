"""The languages of the pages: English is what the code says, every other one is a catalog in ``locales``."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from math import ceil
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from appliance.doctor.findings import Sentence
from appliance.errors import ApplianceError, Fact

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "cloister"
NAMES = {"en": "English", "bn": "বাংলা"}
"""Code to the name a reader of that language looks for."""
ALIASES = {"jw": "jv"}
"""Codes that Whisper writes in an older way."""

DIGITS = {"bn": "০১২৩৪৫৬৭৮৯"}

MEGABYTE = 10**6
GIGABYTE = 10**9


def mark(text: str) -> str:
    """Return the text itself; the name tells the catalog's test that it is shown to people."""
    return text


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language of the pages: its sentences, its digits, its lists.

    Attributes:
        code: As in NAMES.
        sentences: The catalog.
        locale: How numbers and units are written.
    """

    code: str
    sentences: gettext.NullTranslations
    locale: Locale

    def say(self, text: str, **facts: object) -> str:
        """Return a sentence in this language with its ``{facts}`` filled in."""
        return self.sentences.gettext(text).format(**facts)

    def count(self, singular: str, plural: str, number: int) -> str:
        """Return the form of a sentence that fits a number, with ``{number}`` filled in."""
        return self.sentences.ngettext(singular, plural, number).format(number=self.number(number))

    def tell(self, error: ApplianceError) -> str:
        """Return what an error says, in this language."""
        return self.say(error.text, **{name: self._told(name, fact) for name, fact in error.facts.items()})

    def read(self, said: Sentence) -> str:
        """Return a sentence of the doctor in this language, with sizes, dates and numbers as its readers write them."""
        return self.say(said.text, **{name: self._fact(name, fact) for name, fact in said.facts.items()})

    def number(self, number: float) -> str:
        """Return a number in this language's digits, grouped."""
        return self._own_digits(format_decimal(number, locale=self.locale))

    def percent(self, fraction: float) -> str:
        """Return a fraction in whole per cent."""
        return self._own_digits(format_percent(fraction, format="#,##0%", locale=self.locale))

    def rate(self, fraction: float) -> str:
        """Return a fraction in per cent, as exactly as an error rate and its limit are known: to two decimals."""
        return self._own_digits(format_percent(fraction, format="#,##0.##%", locale=self.locale))

    def times(self, factor: float) -> str:
        """Return how many times as fast as a recording itself, with one decimal where it matters."""
        shown = round(factor, 1) if factor < 10 else round(factor)  # noqa: PLR2004 -- from 10 on, two digits.
        return f"{self.number(shown)}\u00d7"

    def size(self, size_bytes: int) -> str:
        """Return a size in megabytes or gigabytes, with one decimal where it matters."""
        unit, unit_bytes = ("megabyte", MEGABYTE) if size_bytes < GIGABYTE else ("gigabyte", GIGABYTE)
        amount = size_bytes / unit_bytes
        shown = max(0.1, round(amount, 1)) if amount < 10 else round(amount)  # noqa: PLR2004 -- from 10 on, two digits.
        return self._own_digits(format_unit(shown, f"digital-{unit}", "short", locale=self.locale))

    def remaining(self, seconds: float) -> str:
        """Return how long something still takes, roughly, because it is only known roughly."""
        minutes = round(timedelta(seconds=seconds) / timedelta(minutes=1))
        if minutes < 1:
            return self.say(mark("less than a minute left"))
        if minutes < 60:  # noqa: PLR2004 -- minutes in an hour.
            return self.count("about {number} minute left", "about {number} minutes left", minutes)
        return self.count("about {number} hour left", "about {number} hours left", round(minutes / 60))

    def wait(self, seconds: int) -> str:
        """Return how long somebody has to wait: seconds up to a minute and a half, then whole minutes."""
        if seconds <= 90:  # noqa: PLR2004 -- longer is easier to grasp in minutes.
            return self.count("{number} second", "{number} seconds", seconds)
        return self.count("{number} minute", "{number} minutes", ceil(seconds / 60))

    def clock(self, seconds: float) -> str:
        """Return a duration as h:mm:ss or m:ss, in this language's digits."""
        minutes, rest = divmod(int(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        plain = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
        return self._own_digits(plain)

    def name_of(self, code: str) -> str:
        """Return what this language calls another one, or its code where it has no word for it."""
        return str(self.locale.languages.get(ALIASES.get(code, code), code))

    def _told(self, name: str, fact: Fact) -> Fact:
        if isinstance(fact, int) and (name.endswith("_bytes") or name == "most"):
            return self.number(fact)
        if name == "language":
            return self.name_of(str(fact))
        return self.wait(int(fact)) if name == "retry_s" else fact

    def _fact(self, name: str, fact: Fact) -> Fact:
        if name.endswith("_bytes"):
            return self.size(int(fact))
        if name.endswith("_number"):
            return self.number(float(fact))
        if name.endswith("_on"):
            return self._own_digits(format_date(date.fromisoformat(str(fact)), "long", locale=self.locale))
        return fact

    def _own_digits(self, written: str) -> str:
        """Return a number in this language's own digits, which the locale data knows and its formatter leaves out."""
        return written.translate(str.maketrans("0123456789", DIGITS.get(self.code, "0123456789")))


@cache
def language(code: str) -> Language:
    """Return a language of NAMES."""
    return Language(code, _sentences(code), Locale.parse(code))


def choose(preferred: str | None, accepted: str) -> Language:
    """Return the language to answer in.

    Args:
        preferred: What the reader chose on a page, or None.
        accepted: The Accept-Language header.
    """
    if preferred in NAMES:
        return language(preferred)
    return next((language(code) for code in _in_order(accepted) if code in NAMES), language("en"))


def _in_order(accepted: str) -> list[str]:
    """Return the primary codes of an Accept-Language header, most wanted first."""
    wanted = []
    for entry in accepted[:500].split(","):
        code, _, weight = entry.partition(";q=")
        try:
            wanted.append((-float(weight or 1), code.strip().split("-")[0].lower()))
        except ValueError:
            continue
    return [code for _, code in sorted(wanted, key=lambda pair: pair[0])]


def _sentences(code: str) -> gettext.NullTranslations:
    path = LOCALES / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    if code == "en":
        return gettext.NullTranslations()
    with path.open("rb") as file:
        catalog = read_po(file, locale=code, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
