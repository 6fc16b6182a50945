"""Names and terms in front of what Whisper writes: as many as fit, and not believed where nobody said anything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.engine.recognized import RecognizedWindow, is_invented

BETWEEN = ", "
# Half of the decoder's positions are for what stands before the text, the mark that begins it included; else there is
# no room to write. Source: openai/whisper, decoding.py, _get_initial_tokens.
MAX_TOKENS = 448 // 2 - 1

MUCH_MORE = 1.5
WORD = re.compile(r"\w+")


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

    def are_most_of(self, recognized: RecognizedWindow) -> bool:
        """Tell whether half of the words of a window or more are words of the terms."""
        heard = WORD.findall(recognized.text.casefold())
        known = set(WORD.findall(self.text.casefold()))
        return bool(heard) and 2 * sum(word in known for word in heard) >= len(heard)


def is_echo(with_terms: RecognizedWindow, without: RecognizedWindow) -> bool:
    """Tell whether a window was filled with the terms because they stood there, and not because somebody said them.

    Whisper writes down what stands before the text where it hears nobody, and sometimes in the place of what it hears.
    Without the terms it then hears nothing, or much more. A roll call has about as many words either way.
    """
    return not without.words or is_invented(without) or len(without.words) > MUCH_MORE * len(with_terms.words)
