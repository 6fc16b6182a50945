"""Names and terms in front of what Whisper writes: as many as fit, and not believed where nobody said anything else."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.engine.recognized import RecognizedWindow, is_invented

BETWEEN = ", "
# Of the decoder's 448 positions CTranslate2 writes text into half at most, whatever stands before it. So terms may fill
# the other half, with the mark that begins them and the three commands behind them, and take no room from the text.
MAX_TOKENS = 448 // 2 - 4

MUCH_MORE = 1.5
LEAST_SENTENCE = 3  # Words; people do say "no, no" and "I see, I see".


@dataclass(frozen=True, slots=True)
class Hotwords:
    """What stands before the text of every window.

    Attributes:
        text: The terms that fit, in their order; empty for none.
        given: How many terms there were.
        used: How many of them fit.
    """

    text: str = ""
    given: int = 0
    used: int = 0

    @classmethod
    def fitting(cls, terms: Sequence[str], encode: Callable[[str], list[int]], first_command: int) -> Hotwords:
        """Take as many terms as fit, from the first on; none is cut in two.

        Args:
            terms: In order, those that matter most first.
            encode: Returns the tokens of a text.
            first_command: The smallest token that is a command and no text. A term that encodes to one is left out,
                whatever its spelling: it could end the text before it began.
        """
        taken: list[str] = []
        for term in terms:
            tokens = encode(" " + BETWEEN.join([*taken, term]))
            if any(token >= first_command for token in tokens):
                continue
            if len(tokens) > MAX_TOKENS:
                break
            taken.append(term)
        return cls(BETWEEN.join(taken), len(terms), len(taken))

    def may_have_harmed(self, recognized: RecognizedWindow) -> bool:
        """Tell whether a window has to be heard without the terms before it is believed.

        One in which nothing was heard is in doubt too: there is speech in it, and the terms may have hidden it.
        """
        heard, known = _words(recognized.text), set(_words(self.text))
        are_most = 2 * sum(word in known for word in heard) >= len(heard)
        return are_most or _ends_twice(_spoken(recognized))


def is_echo(with_terms: RecognizedWindow, without: RecognizedWindow) -> bool:
    """Tell whether text was written because the terms stood there, and not because somebody said it.

    Whisper writes down what stands before the text where it hears nobody, and sometimes in the place of what it hears.
    Without the terms it then hears nothing, much less or much more. A roll call has about as many words either way.
    And with anything before the text it says a short sentence twice, when the sound does not fill thirty seconds.
    """
    if _ends_twice(_spoken(with_terms)) and not _ends_twice(_spoken(without)):
        return True
    fewer, more = sorted((len(with_terms.words), len(without.words)))
    return fewer == 0 or is_invented(without) or more > MUCH_MORE * fewer


def _words(text: str) -> list[str]:
    """Return the words of a text without what varies about them.

    A vowel sign of Bengali and its kin is a mark, and no letter: without the marks a word would fall apart at each.
    """
    seen = (character for character in text.casefold() if unicodedata.category(character) != "Cf")
    return "".join(character if unicodedata.category(character)[0] in "LMN" else " " for character in seen).split()


def _spoken(recognized: RecognizedWindow) -> list[str]:
    """Return the words of a window as they were aligned: in languages without spaces a letter is one."""
    return [word for aligned in recognized.words for word in _words(aligned.text)]


def _ends_twice(words: list[str]) -> bool:
    """Tell whether the last words are said twice in a row, and are enough of them to be a sentence."""
    sizes = range(LEAST_SENTENCE, len(words) // 2 + 1)
    return any(words[-size:] == words[-2 * size : -size] for size in sizes)
