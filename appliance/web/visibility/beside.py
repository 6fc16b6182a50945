"""What lies beside the tables: files, memory, logs; and against whom all this protects."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.web.languages import mark
from appliance.web.visibility.sight import Place, Sight

FILES = (
    Place(
        "spool/*",
        mark(
            "The sound of recordings that are uploading or wait. It is erased when the transcript is done. The key of "
            "a private one is in memory only, unless you chose that it goes on after a restart"
        ),
        Sight.APPLIANCE,
    ),
    Place(
        "*.ballast", mark("Filling without meaning that keeps room, so that deleting works on a full disk"), Sight.CLEAR
    ),
    Place(
        "models/*",
        mark(
            "Sets of models and how well they did; and a journal of who brought in, tried, used and discarded which, "
            "with the names of administrators and of the files that they gave"
        ),
        Sight.CLEAR,
    ),
    Place("lock", mark("An empty file, so that two appliances do not take the same folder"), Sight.CLEAR),
)
"""Of the data folder beside the databases, by pattern."""

KEY_FILES = (
    Place(
        "root.key", mark("The root key: whoever has it and the data opens all that is in standard mode"), Sight.CLEAR
    ),
    Place("*.crt", mark("Certificates, by which browsers know this appliance"), Sight.DIGEST),
    Place(
        "ca.key",
        mark("The key of the appliance's own certificate authority; it opens nothing that is stored"),
        Sight.CLEAR,
    ),
    Place("leaf.key", mark("The key of its certificate, for the way between browser and appliance"), Sight.CLEAR),
    Place("tls.key", mark("The same of your organisation's certificate, if it has one"), Sight.CLEAR),
)
"""Of the folder with keys, which belongs on another disk than the data."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is held in a part of memory, or written into a field of a log line.

    Attributes:
        name: Of the attribute of ``Workshop``, or of the log's fact.
        words: What it is.
    """

    name: str
    words: str


PROCESSES = (
    Note("decoder", mark("The sound of one recording, while it is being opened")),
    Note(
        "engine",
        mark(
            "The sound, the text, and the names and terms of one recording, while it transcribes; in privacy mode too"
        ),
    ),
    Note("server", mark("A piece of an upload until it is sealed; in standard mode an open text while it answers you")),
)
"""Memory of the processes at work, gone when the work ends."""

MEMORY = (
    Note("keyring", mark("The appliance's own keys, open as long as it runs")),
    Note("indexing", mark("The words of standard transcripts, so that they can be searched; never of private ones")),
    Note("fleeting_keys", mark("Keys of the sound of private recordings, until the transcript is done")),
    Note("halves", mark("Half of what unlocks your browser after a reload; the other half is in your browser")),
    Note("door", mark("A secret by which it answers names that nobody has as if somebody had them")),
    Note("challenges", mark("Random numbers that were signed when somebody came in, for two minutes")),
    Note("throttle", mark("Names and network addresses of tries that failed, for some minutes")),
    Note("board", mark("How far each running transcription is")),
    Note("updates", mark("Which model update is on its way, who brought it in, and the names of those being uploaded")),
    Note("unended", mark("Why a transcription failed, as long as the disk is too full to write it down")),
    Note("decoders", mark("Which decoder works for which transcription")),
    Note("uploading", mark("Which recordings are being uploaded now")),
)
"""What the server holds besides, by the attribute of ``Workshop``; gone when it stops."""

NOTHING_OF_PEOPLE = frozenset(
    {
        "settings", "database", "keystore", "spool", "engine", "warden", "claim", "bell", "weaknesses", "draining",
        "changing_slots", "changing_members", "minding_keys", "rotating",
    }
)  # fmt: skip
"""Attributes of ``Workshop`` that hold connections, locks and settings only."""

LOGS = (
    Note("job", mark("The number of a transcription")),
    Note("recording", mark("The number of a recording")),
    Note("document", mark("The number of a sealed document")),
    Note("code", mark("The code of an error")),
    Note("stage", mark("Which step it was")),
    Note("state", mark("How a job ended")),
    Note("seconds", mark("How long something took")),
    Note("attempt", mark("Which try it was")),
    Note("count", mark("How many")),
    Note("epoch", mark("The number of one of the appliance's own keys")),
    Note("bytes", mark("How large")),
    Note("missing", mark("How many bytes of room are missing")),
    Note("folder", mark("A folder of the appliance, never a file of yours")),
    Note("method", mark("Whether a request reads or changes something")),
    Note("route", mark("Which kind of page was asked for, without its numbers")),
    Note("status", mark("How it was answered, as a number")),
    Note("port", mark("On which port it listens")),
    Note("pid", mark("The number of a process")),
    Note("signal", mark("By what a process was ended")),
    Note("caller", mark("Which library wanted to call out")),
    Note("call", mark("Which call the kernel refused")),
)
"""All that a log line can say besides time, level, part of the program and a fixed sentence."""


@dataclass(frozen=True, slots=True)
class Adversary:
    """Somebody against whom it protects, or does not; in the words of SECURITY.md.

    Attributes:
        who: Who it is.
        standard: Whether it protects a standard recording.
        private: Whether it protects a private one.
    """

    who: str
    standard: str
    private: str


ADVERSARIES = (
    Adversary(
        mark("somebody with a stolen disk, a backup of data/, a disk returned to its vendor"),
        mark("yes, as long as root.key was not on it"),
        mark("yes"),
    ),
    Adversary(
        mark("somebody who reads a dump of the database"),
        mark("yes: text, titles, file names and names of speakers are sealed"),
        mark("yes"),
    ),
    Adversary(
        mark("somebody on the network between browser and appliance"),
        mark("yes: TLS 1.3 only; you must have checked the certificate once"),
        mark("yes: TLS 1.3 only; you must have checked the certificate once"),
    ),
    Adversary(
        mark("somebody who uploads a file made to attack the decoder"),
        mark("contained: see the seal"),
        mark("contained: see the seal"),
    ),
    Adversary(
        mark("a library of ours that tries to call out"),
        mark("yes: the kernel refuses; see the seal"),
        mark("yes: the kernel refuses; see the seal"),
    ),
    Adversary(mark("an administrator who reads stored data later, with the root key"), mark("no"), mark("yes")),
    Adversary(
        mark("root on the machine while it transcribes"),
        mark("no: the engine must hear the audio"),
        mark("no: the engine must hear the audio"),
    ),
    Adversary(
        mark("a server that swaps public keys, asks for less protection or puts back old versions"),
        mark("no: it can open them anyway"),
        mark("yes: your browser refuses or shows it"),
    ),
    Adversary(
        mark("a server that serves altered scripts"),
        mark("no: it can open them anyway"),
        mark("no: what you type there, it gets"),
    ),
    Adversary(
        mark("whoever has the code of the organisation's recovery key"),
        mark("no, of those who chose it"),
        mark("no, of those who chose it"),
    ),
    Adversary(
        mark("somebody who finds your browser signed in"),
        mark("no; sessions end after 12 hours, or 30 minutes without use"),
        mark("no; sessions end after 12 hours, or 30 minutes without use"),
    ),
)
