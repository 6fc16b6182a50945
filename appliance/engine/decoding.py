"""How tokens are chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decoding:
    """How tokens are chosen.

    Attributes:
        beam: Hypotheses followed at once.
        no_repeat_ngram: No sequence of so many tokens comes twice; 0 allows it.
        fills_window: Whether the sound is filled up to thirty seconds, as in training.
        knows_terms: Whether names and terms stand before the text, where there are any.
    """

    beam: int = 5
    no_repeat_ngram: int = 0
    fills_window: bool = False
    knows_terms: bool = True


LIKELIEST = Decoding()
WITHOUT_LOOPS = Decoding(no_repeat_ngram=6, fills_window=True)
"""Nothing is left to chance here either: the same recording gives the same transcript each time it is heard."""
