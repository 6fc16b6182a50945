"""What a person can choose for one transcription, checked where it enters."""

from __future__ import annotations

import re

import msgspec

from appliance.errors import OptionError

MAX_SPEAKERS = 50
MAX_SHOWN = 40  # Characters of a wrong value that an error repeats.
MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")

LANGUAGES: tuple[str, ...] = (
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el",
    "en", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy",
    "id", "is", "it", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi",
    "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru",
    "sa", "sd", "si", "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl",
    "tr", "tt", "uk", "ur", "uz", "vi", "yi", "yo", "yue", "zh",
)  # fmt: skip
"""The codes Whisper knows. Source: openai/whisper, tokenizer.py, LANGUAGES."""


class TranscribeOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The choices for one recording.

    Attributes:
        language: A code of LANGUAGES, or None to detect it.
        diarize: Whether to tell speakers apart.
        speakers: Exact number of speakers, where it is known.
        min_speakers: At least so many.
        max_speakers: At most so many.
        model: Which speech model of the set hears the words: the name behind ``asr/``; None for the set's default.
    """

    language: str | None = None
    diarize: bool = True
    speakers: int | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            OptionError: Says which option, and why.
        """
        if self.language is not None and self.language not in LANGUAGES:
            raise OptionError(
                name="language", value=self.language, reason="it is not a language code such as en, de or bn"
            )
        for name in ("speakers", "min_speakers", "max_speakers"):
            count = getattr(self, name)
            if count is not None and not 1 <= count <= MAX_SPEAKERS:
                raise OptionError(name=name, value=str(count), reason=f"it must be a number from 1 to {MAX_SPEAKERS}")
        if self.min_speakers and self.max_speakers and self.min_speakers > self.max_speakers:
            raise OptionError(name="min_speakers", value=str(self.min_speakers), reason="it is more than max_speakers")
        if self.speakers and (self.min_speakers or self.max_speakers):
            raise OptionError(
                name="speakers", value=str(self.speakers), reason="give either an exact number or a range, not both"
            )
        if self.model is not None and not MODEL_NAME.fullmatch(self.model):
            reason = "a model is named by up to 16 small letters, digits and hyphens"
            raise OptionError(name="model", value=self.model[:MAX_SHOWN], reason=reason)
