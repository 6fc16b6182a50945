"""What was recognised in a window, and whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from appliance.engine.repetition import compression_ratio, cut_repetition

if TYPE_CHECKING:
    from appliance.engine.windows import Window
    from appliance.transcript import Word

# A model that hears nobody and hesitates has invented its text. Source: openai/whisper, transcribe.py.
SILENCE_PROBABILITY = 0.6
HESITANT_LOG_PROBABILITY = -1.0

# A single invented "You" is not hesitant by that measure, but its words then have a probability of a few hundredths,
# where those of real speech in poor sound have a third and more.
DOUBTFUL_PROBABILITY = 0.3
INVENTED_WORD_PROBABILITY = 0.15


@dataclass(frozen=True, slots=True)
class RecognizedWindow:
    """What was said in a window.

    Attributes:
        window: Where.
        tokens: Whisper's, timestamps included.
        words: In order of time, inside the window; their texts are joined as they are, spaces included, in ``text``.
        text: What was said.
        avg_logprob: Mean log probability of a token.
        no_speech_prob: Probability that nobody speaks.
        compression_ratio: Of the text; a high one means repetition.
        is_cut: Whether the decoder had no room for more text, so that what was said after it is missing.
    """

    window: Window
    tokens: tuple[int, ...]
    words: tuple[Word, ...]
    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    is_cut: bool = False


def is_invented(recognized: RecognizedWindow) -> bool:
    """Return whether the text of a window, which has words, was made up from noise."""
    hesitant = recognized.avg_logprob < HESITANT_LOG_PROBABILITY
    believed = sum(word.score for word in recognized.words) / len(recognized.words)
    return (recognized.no_speech_prob > SILENCE_PROBABILITY and hesitant) or (
        recognized.no_speech_prob > DOUBTFUL_PROBABILITY and believed < INVENTED_WORD_PROBABILITY
    )


def is_loop_of_nobody(recognized: RecognizedWindow) -> bool:
    """Return whether a window whose text repeats itself has nobody speaking in it.

    The model then says anything, and a second decoding must not be believed for happening on something else.
    """
    return recognized.no_speech_prob > SILENCE_PROBABILITY


def without_repetition(recognized: RecognizedWindow) -> RecognizedWindow:
    """Return a window without the loops in its text."""
    words = cut_repetition(recognized.words)
    if len(words) == len(recognized.words):
        return recognized
    text = "".join(word.text for word in words)
    return replace(recognized, words=words, text=text, compression_ratio=compression_ratio(text))
