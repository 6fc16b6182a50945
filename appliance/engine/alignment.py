"""Word times by forced alignment: a wav2vec2 network spells out the sound, and the known text is laid along it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import torch
from transformers import Wav2Vec2ForCTC
from whisperx.alignment import LANGUAGES_WITHOUT_SPACES, backtrack, get_trellis, merge_repeats

from appliance.engine.segment import FULL_SCALE, SAMPLE_RATE_HZ
from appliance.engine.words import in_order
from appliance.errors import ModelFileMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.engine.recognized import RecognizedWindow
    from appliance.engine.windows import Window
    from appliance.transcript import Word

    Progress = Callable[[str, float], None]

FEWEST_SAMPLES = 400  # The first layers of wav2vec2 need so many.
WORD_BREAK = "|"
BLANKS = ("[pad]", "<pad>")


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What an aligner can spell.

    Attributes:
        ids: Character in lower case to the column of the network's output.
        blank: Column of "no character".
        has_spaces: Whether words are set apart.
    """

    ids: dict[str, int]
    blank: int
    has_spaces: bool

    @classmethod
    def read(cls, path: Path, language: str) -> Alphabet:
        """Read ``vocab.json`` as wav2vec2 models have it."""
        ids = {character.lower(): column for character, column in json.loads(path.read_text("utf-8")).items()}
        blank = next((ids[name] for name in BLANKS if name in ids), 0)
        return cls(ids, blank, has_spaces=language not in LANGUAGES_WITHOUT_SPACES and WORD_BREAK in ids)

    def spell(self, words: Sequence[Word]) -> list[tuple[int | None, int]]:
        """Return the columns of a text, each with the number of its word, -1 between words.

        A letter or digit that is not in the alphabet has the column None: any character may be heard there.
        Punctuation is not heard, so it is left out.
        """
        spelled: list[tuple[int | None, int]] = []
        for number, word in enumerate(words):
            columns = [(self.ids.get(character), character) for character in word.text.strip().lower()]
            heard = [column for column, character in columns if column is not None or character.isalnum()]
            if heard and spelled and self.has_spaces:
                spelled.append((self.ids[WORD_BREAK], -1))
            spelled += [(column, number) for column in heard]
        return spelled


class Aligner:
    """A wav2vec2 network for one language, ready to run."""

    def __init__(self, network: Wav2Vec2ForCTC, alphabet: Alphabet, device: torch.device) -> None:
        self._network = network.to(device).eval()
        self._alphabet = alphabet
        self._device = device

    @classmethod
    def load(cls, folder: Path, language: str, device: torch.device) -> Aligner:
        """Load a network from safetensors, its configuration and its vocabulary.

        WhisperX's own loader takes a name and may look for it in the internet; this one takes a folder.

        Args:
            folder: Of the role ``aligner/<language>`` in a checked set, an absolute path.
            language: One of Whisper's codes.
            device: Where it runs.

        Raises:
            ModelFileMissingError: A file is not there.
        """
        for name in ("model.safetensors", "config.json", "vocab.json"):
            if not (folder / name).is_file():
                raise ModelFileMissingError(path=str(folder / name))
        network = Wav2Vec2ForCTC.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
        return cls(network, Alphabet.read(folder / "vocab.json", language), device)

    def align(
        self, samples: NDArray[np.int16], recognized: Sequence[RecognizedWindow], progress: Progress
    ) -> list[RecognizedWindow]:
        """Return the same windows with the times of their words by alignment.

        Where it fails, as with a text in another script, the times by attention stay.

        Args:
            samples: int16, shape (n_samples,), mono, 16 000 Hz.
            recognized: In order of time.
            progress: Takes "words" and the finished fraction after every window; may raise to stop.
        """
        aligned = []
        for number, each in enumerate(recognized, start=1):
            aligned.append(replace(each, words=self._time(samples, each.window, each.words)))
            progress("words", number / len(recognized))
        return aligned

    def _time(self, samples: NDArray[np.int16], window: Window, words: tuple[Word, ...]) -> tuple[Word, ...]:
        spelled = self._alphabet.spell(words)
        if all(column is None for column, number in spelled if number >= 0):
            return words
        emission = self._listen(samples, window)
        tokens = [emission.shape[1] - 1 if column is None else column for column, _ in spelled]
        if len(emission) < len(tokens):
            return words  # More characters than moments: the text cannot be what is said here.
        path = backtrack(get_trellis(emission, tokens, self._alphabet.blank), emission, tokens, self._alphabet.blank)
        if path is None:
            return words
        frame_s = window.duration_s / len(emission)
        spans: dict[int, list[tuple[float, float, float]]] = {}
        for (_, number), character in zip(spelled, merge_repeats(path, [""] * len(tokens)), strict=True):
            moment = (
                window.start_s + character.start * frame_s,
                window.start_s + character.end * frame_s,
                character.score,
            )
            spans.setdefault(number, []).append(moment)
        timed = [_timed(word, spans[number]) if number in spans else word for number, word in enumerate(words)]
        return in_order(timed, window)

    def _listen(self, samples: NDArray[np.int16], window: Window) -> torch.Tensor:
        """Return log probabilities, shape (n_frames, n_characters + 1); the last column is any character but blank.

        Source: WhisperX, alignment.py, the wildcard column.
        """
        first, last = round(window.start_s * SAMPLE_RATE_HZ), round(window.end_s * SAMPLE_RATE_HZ)
        sound = samples[first:last].astype(np.float32) / FULL_SCALE
        padded = np.pad(sound, (0, max(0, FEWEST_SAMPLES - len(sound))))
        with torch.inference_mode():
            logits = self._network(torch.from_numpy(padded)[None].to(self._device)).logits[0]
            emission = torch.log_softmax(logits.float(), dim=-1).cpu()
            characters = torch.ones(emission.shape[1], dtype=torch.bool)
            characters[self._alphabet.blank] = False
            anything = emission[:, characters].max(dim=1, keepdim=True).values
            return torch.cat([emission, anything], dim=1)


def _timed(word: Word, characters: Sequence[tuple[float, float, float]]) -> Word:
    starts, ends, scores = zip(*characters, strict=True)
    score = min(1.0, sum(scores) / len(scores))
    return msgspec.structs.replace(word, start=min(starts), end=max(ends), score=round(score, 3), timed_by="alignment")
