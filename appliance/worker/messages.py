"""What the server and its two children say to each other, one message a packet, over an inherited socketpair."""

from __future__ import annotations

import fcntl

import msgspec

from appliance.errors import ApplianceError, Fact, from_wire
from appliance.options import TranscribeOptions

PCM_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
"""What the decoder puts on its samples, and the server asks for: nobody can change them any more."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """Base of all messages."""


class Decode(Message, frozen=True):
    """To the decoder, with two descriptors: the audio to read, and an empty memfd to fill with PCM.

    Attributes:
        audio_id: Document id of spooled audio, or None for a plain file that is already on this machine.
        file_key: Key of the spooled audio.
        size_bytes: Bytes of the recording, before sealing.
        max_duration_s: Longest recording to take.
    """

    audio_id: bytes | None
    file_key: bytes | None
    size_bytes: int
    max_duration_s: float


class Decoded(Message, frozen=True):
    """From the decoder: the memfd is filled and sealed against writing."""

    duration_s: float


class Transcribe(Message, frozen=True):
    """To the engine, with one descriptor: sealed PCM, 16 kHz mono s16.

    Attributes:
        job_id: Echoed in every answer, so that a late answer is never taken for another job's.
        options: The person's choices.
        document_id: Id of the transcript to be sealed.
        file_key: Its key, already wrapped by the server; the key-encrypting key never enters a child.
        attempt: 1, or 2 for the retry, which runs a smaller plan.
    """

    job_id: bytes
    options: TranscribeOptions
    document_id: bytes
    file_key: bytes
    attempt: int


class Cancel(Message, frozen=True):
    """To the engine: stop this job at the next batch."""

    job_id: bytes


class Ready(Message, frozen=True):
    """From the engine, once: the models are loaded.

    Attributes:
        models: Role to model id.
        device: The device plan in words.
        load_s: Seconds it took.
    """

    models: dict[str, str]
    device: str
    load_s: float


class Progress(Message, frozen=True):
    """From either child: how far it is.

    Attributes:
        stage: ``decode``, ``segment``, ``language``, ``asr``, ``words``, ``diarize`` or ``assign``.
        fraction: Of this stage, 0 to 1.
    """

    stage: str
    fraction: float


class Transcribed(Message, frozen=True):
    """From the engine, with one descriptor: a memfd with the sealed transcript.

    Attributes:
        seconds: Stage to seconds it took.
        language: Language of the transcript; of what is in clear, nothing else leaves.
        speakers: How many speakers were told apart.
    """

    job_id: bytes
    seconds: dict[str, float]
    language: str
    speakers: int


class Failed(Message, frozen=True):
    """From either child: an error of the tree, by code and facts."""

    code: str
    facts: dict[str, Fact]

    @classmethod
    def of(cls, error: ApplianceError) -> Failed:
        """Describe an error for the other side."""
        return cls(code=error.code, facts=error.facts)

    def error(self) -> ApplianceError:
        """Return the error that the other side described."""
        return from_wire(self.code, self.facts)


AnyMessage = Decode | Decoded | Transcribe | Cancel | Ready | Progress | Transcribed | Failed
