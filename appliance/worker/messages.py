"""What the server and its children say to each other, one message a packet, over an inherited socketpair."""

from __future__ import annotations

import fcntl
from datetime import datetime
from typing import Literal

import msgspec

from appliance.cage import Trial
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


class Recipient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to whose public key the engine seals the key of a transcript.

    Attributes:
        id: Of the account or the workspace, 16 bytes.
        public: X25519 public key, 32 bytes.
    """

    id: bytes
    public: bytes


class Transcribe(Message, frozen=True):
    """To the engine, with one descriptor: sealed PCM, 16 kHz mono s16.

    Attributes:
        job_id: Echoed in every answer, so that a late answer is never taken for another job's.
        options: The person's choices.
        document_id: Id of the transcript to be sealed.
        file_key: Its key, already wrapped by the server; the key-encrypting key never enters a child. None in privacy
            mode: the engine makes a key, which nobody but the recipients ever learns.
        recipients: Who can open the transcript, in privacy mode.
        attempt: 1, or 2 for the retry, which runs a smaller plan.
    """

    job_id: bytes
    options: TranscribeOptions
    document_id: bytes
    file_key: bytes | None
    attempt: int
    recipients: tuple[Recipient, ...] = ()


class Cancel(Message, frozen=True):
    """To the engine: stop this job at the next batch."""

    job_id: bytes


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the engine runs its models, and on what.

    Attributes:
        device: ``cpu`` or ``cuda``.
        index: Of the GPU.
        name: As its maker calls it.
        compute_capability: Of a GPU.
        total_bytes: Memory of the device.
        compute_type: Of CTranslate2.
        asr_batch: Windows of speech transcribed at once.
        embedding_batch: Windows of sound embedded at once.
        ladder: Smaller values for ``asr_batch``, for when memory runs out.
        threads: CPU threads of numeric libraries.
        driver: Version of the GPU's driver, or empty.
        absence: Why it is a CPU: there is no GPU, somebody hid it, or the container was not given it.
    """

    device: Literal["cpu", "cuda"]
    index: int
    name: str
    compute_capability: tuple[int, int] | None
    total_bytes: int
    compute_type: str
    asr_batch: int
    embedding_batch: int
    ladder: tuple[int, ...]
    threads: int
    driver: str
    absence: Literal["none", "hidden", "outside"] | None


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A speech model of the set that a person can choose.

    Attributes:
        name: What options call it; empty of the set's default.
        model: Its id, as transcripts name it.
        languages: What it transcribes; empty where the set does not say.
        weights_bytes: Of its files, which it takes in memory too, or half of that where it runs in int8.
    """

    name: str
    model: str
    languages: tuple[str, ...]
    weights_bytes: int


class LoadedSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model set that the engine checked and loaded.

    Attributes:
        name: Of the set.
        release: Of the set.
        dated_at: When its description was written, in seconds since 1970: when it was built, or installed.
        languages: What its default model transcribes.
        choices: Its speech models, the default first.
    """

    name: str
    release: str
    dated_at: float
    languages: tuple[str, ...]
    choices: tuple[Choice, ...] = ()


class TryWayOut(Message, frozen=True):
    """To a decoder, in the place of a recording: try every way out, say what came of it, and end."""


class Tried(Message, frozen=True):
    """From a decoder that was asked, and within Ready: what became of every way out, tried under its own seal.

    Attributes:
        tried_at: When, with its time zone.
        trials: One for each way out.
    """

    tried_at: datetime
    trials: tuple[Trial, ...]


class Ready(Message, frozen=True):
    """From the engine, once: the models are loaded.

    Attributes:
        models: Role to model id.
        plan: What they run on, and how.
        loaded: Which set they are of.
        load_s: Seconds it took.
        tried: Its ways out, tried before it took the first job.
    """

    models: dict[str, str]
    plan: Plan
    loaded: LoadedSet
    load_s: float
    tried: Tried


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
        seconds: Stage to seconds it took; empty in privacy mode.
        language: Language of the transcript; empty in privacy mode. Of what is in clear, nothing else leaves.
        speakers: How many speakers were told apart; 0 in privacy mode.
        model: Id of the speech model that heard it; empty in privacy mode.
        sealed_keys: The key of the transcript, sealed to each recipient in their order.
    """

    job_id: bytes
    seconds: dict[str, float]
    language: str
    speakers: int
    model: str = ""
    sealed_keys: tuple[bytes, ...] = ()


class Watching(Message, frozen=True):
    """From the warden, once: it is sealed and waits for the listener."""


class Watch(Message, frozen=True):
    """To the warden, with one descriptor: the listener on which the kernel asks about outward calls."""


class Attempted(Message, frozen=True):
    """From the warden: outward calls that it has refused since it last told of them.

    Attributes:
        process_id: Of the process whose thread called, or 0 where that could not be found out.
        call: Name of the system call.
        is_trial: Whether it was one that cannot succeed anywhere.
        count: How many of these.
    """

    process_id: int
    call: str
    is_trial: bool
    count: int


class Failed(Message, frozen=True):
    """From a child: an error of the tree, by code and facts."""

    code: str
    facts: dict[str, Fact]

    @classmethod
    def of(cls, error: ApplianceError) -> Failed:
        """Describe an error for the other side."""
        return cls(code=error.code, facts=error.facts)

    def error(self) -> ApplianceError:
        """Return the error that the other side described."""
        return from_wire(self.code, self.facts)


AnyMessage = (
    Decode
    | Decoded
    | TryWayOut
    | Tried
    | Transcribe
    | Cancel
    | Ready
    | Progress
    | Transcribed
    | Watching
    | Watch
    | Attempted
    | Failed
)
