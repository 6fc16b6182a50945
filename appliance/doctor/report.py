"""A checkup on paper: JSON for machines, plain text that an auditor can read in twenty years."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from appliance.doctor.checkup import Checkup
from appliance.doctor.findings import Finding, Sentence, Topic, Verdict, sentence

Read = Callable[[Sentence], str]

WIDTH = 100

TOPICS: dict[Topic, Sentence] = {
    "seal": sentence("Seal"),
    "attempts": sentence("Refused attempts"),
    "network": sentence("Network"),
    "device": sentence("Device"),
    "models": sentence("Models"),
    "tls": sentence("Certificate"),
    "keys": sentence("Root key"),
    "disk": sentence("Disk"),
    "memory": sentence("Memory"),
    "clock": sentence("Clock"),
    "database": sentence("Database"),
}
VERDICTS: dict[Verdict, Sentence] = {
    "ok": sentence("well"),
    "note": sentence("note"),
    "fail": sentence("act"),
}
PROCESSES: dict[str, Sentence] = {
    "server": sentence("Server"),
    "engine": sentence("Engine"),
    "decoder": sentence("Decoder"),
    "warden": sentence("Warden"),
    "other": sentence("Another program"),
}
ITS_OWN = sentence("the recogniser itself")
NOBODY = sentence("not at all")


def as_json(checkup: Checkup) -> str:
    """Return everything as JSON; sentences in English, since machines read it."""
    plain: dict[str, object] = {
        "schema": 1,
        "made_at": checkup.made_at.isoformat(timespec="seconds"),
        "version": checkup.version,
        "host": checkup.host,
        "verdict": str(checkup.verdict),
        "ok": not checkup.failed,
        "findings": [
            {
                "topic": finding.topic,
                "verdict": finding.verdict,
                "what": str(finding.what),
                "advice": str(finding.advice or ""),
            }
            for finding in checkup.findings
        ],
    }
    for name in ("processes", "attempts", "proofs", "network", "plan", "languages"):
        plain[name] = msgspec.to_builtins(getattr(checkup, name))
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"


def as_text(checkup: Checkup, read: Read) -> str:
    """Return everything as plain text.

    Args:
        checkup: What was seen.
        read: Puts a sentence into the reader's language.
    """
    return "\n".join(_lines(checkup, read)) + "\n"


def _lines(checkup: Checkup, read: Read) -> Iterator[str]:
    title = read(sentence("Cloister: report on the air gap"))
    yield from (title, "=" * len(title), "")
    yield from _pairs(
        (read(sentence("Made at")), _moment(checkup.made_at)),
        (read(sentence("Machine")), checkup.host),
        (read(sentence("Version")), checkup.version),
        (read(sentence("Verdict")), read(checkup.verdict)),
    )
    yield from _heading(read(sentence("Findings")))
    for finding in checkup.findings:
        yield from _finding(finding, read)
    yield from _gap(checkup, read)
    yield from _network(checkup, read)
    yield from _languages(checkup, read)


def _finding(finding: Finding, read: Read) -> Iterator[str]:
    head = f"[{read(VERDICTS[finding.verdict])}] {read(TOPICS[finding.topic])}: "
    yield from _wrapped(head + read(finding.what))
    if finding.advice:
        yield from _wrapped("→ " + read(finding.advice), indent="    ")


def _gap(checkup: Checkup, read: Read) -> Iterator[str]:
    yield from _heading(read(sentence("Processes and their seal")))
    for process in checkup.processes:
        state = process.seal
        yield (
            f"{read(process_name(process.name))} ({process.pid}): seccomp {state.seccomp}, {state.filters}; "
            f"no_new_privs {int(state.no_new_privs)}; Landlock {state.landlock_abi}"
        )
    if checkup.attempts:
        yield from _heading(read(sentence("Refused attempts since the start")))
        yield from _pairs((read(sentence("Since")), _moment(checkup.attempts.since)))
        for refused in checkup.attempts.refused:
            yield f"{read(process_name(refused.process))}: {refused.call}: {refused.count}"
        if not checkup.attempts.refused:
            yield read(sentence("None."))
    yield from _heading(read(sentence("Every way out, tried from inside")))
    for proof in checkup.proofs:
        yield f"{read(process_name(proof.process))}, {_moment(proof.when)}:"
        yield from _wrapped(", ".join(f"{trial.call} {trial.answer}" for trial in proof.trials), indent="    ")


def _network(checkup: Checkup, read: Read) -> Iterator[str]:
    yield from _heading(read(sentence("Interfaces")))
    for interface in checkup.network.interfaces:
        yield f"{interface.name}: {', '.join(interface.addresses) or '-'}"
    yield from _heading(read(sentence("Routes")))
    for route in checkup.network.routes:
        yield f"{route.destination} → {route.gateway or '-'} ({route.interface})"
    if not checkup.network.routes:
        yield read(sentence("None."))
    if checkup.network.sockets is not None:
        yield from _heading(read(sentence("Open sockets of the server")))
        for each in checkup.network.sockets:
            yield f"{each.protocol} {each.local} ← {each.remote or '*'}"


def _languages(checkup: Checkup, read: Read) -> Iterator[str]:
    if not checkup.languages:
        return
    yield from _heading(read(sentence("Languages: transcribed by, timed by, speakers told apart by")))
    alike: dict[tuple[str, str, str], list[str]] = {}
    for spoken in checkup.languages:
        models = (spoken.transcribed_by, spoken.aligned_by or read(ITS_OWN), spoken.diarized_by or read(NOBODY))
        alike.setdefault(models, []).append(spoken.code)
    for models, codes in alike.items():
        yield f"{', '.join(models)}:"
        yield from _wrapped(", ".join(codes), indent="    ")


def process_name(name: str) -> Sentence:
    """Return what people call a process; one that we have no name for is called by its own."""
    return PROCESSES.get(name, Sentence(name, {}))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _heading(text: str) -> tuple[str, str, str]:
    return "", text, "-" * len(text)


def _pairs(*pairs: tuple[str, str]) -> Iterable[str]:
    return (f"{name}: {value}" for name, value in pairs)


def _wrapped(text: str, indent: str = "") -> Iterable[str]:
    later = f"{indent}    "
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=later, break_long_words=False)
