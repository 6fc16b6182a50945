"""Which language is spoken, by several windows of the recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from appliance.engine.asr import Recognizer
    from appliance.engine.windows import Window

WINDOWS = 5
ENGLISH = "en"


def detect_language(
    recognizer: Recognizer,
    samples: NDArray[np.int16],
    windows: Sequence[Window],
    progress: Callable[[str, float], None],
) -> tuple[str, float]:
    """Return the likeliest language and its probability.

    One window may hold a foreign name, a greeting or a song, so up to five, spread over the recording, decide
    together.

    Args:
        recognizer: Hears them.
        samples: int16, shape (n_samples,), mono, 16 000 Hz.
        windows: Of speech, in order of time; without any the answer is English with probability 0.
        progress: Takes "language" and the finished fraction after every window; may raise to stop.
    """
    if not recognizer.is_multilingual:
        return ENGLISH, 1.0
    chosen = spread(windows, WINDOWS)
    sums: dict[str, float] = {}
    for number, window in enumerate(chosen, start=1):
        for code, probability in recognizer.language_probabilities(samples, window).items():
            sums[code] = sums.get(code, 0.0) + probability / len(chosen)
        progress("language", number / len(chosen))
    return max(sums.items(), key=lambda item: item[1], default=(ENGLISH, 0.0))


def spread(windows: Sequence[Window], count: int) -> list[Window]:
    """Return at most so many windows from all over the recording, of each stretch the longest.

    Args:
        windows: In order of time.
        count: Stretches that the recording is divided into.
    """
    stretches = np.array_split(np.arange(len(windows)), min(count, len(windows))) if windows else []
    return [max((windows[number] for number in stretch), key=lambda window: window.duration_s) for stretch in stretches]
