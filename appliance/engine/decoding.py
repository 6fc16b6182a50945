"""How tokens are chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decoding:
    """How tokens are chosen.

    Attributes:
        beam: Hypotheses followed at once.
        temperature: 0 for the likeliest tokens, more for chance.
        no_repeat_ngram: No sequence of so many tokens comes twice; 0 allows it.
        fills_window: Whether the sound is filled up to thirty seconds, as in training.
        knows_terms: Whether names and terms stand before the text, where there are any.
    """

    beam: int = 5
    temperature: float = 0.0
    no_repeat_ngram: int = 0
    fills_window: bool = False
    knows_terms: bool = True


LIKELIEST = Decoding()
WITHOUT_TERMS = Decoding(knows_terms=False)
WITHOUT_LOOPS = Decoding(beam=1, temperature=0.4, no_repeat_ngram=6, fills_window=True)
