"""Look at everything once, and keep what was seen: for the command, for the page, and for the report that is filed."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance import __version__
from appliance.config import Settings
from appliance.doctor.attempts import Attempts, attempts, proofs
from appliance.doctor.device import device
from appliance.doctor.findings import Finding, Sentence, Topic, note, refused, sentence
from appliance.doctor.keys import keys
from appliance.doctor.machine import machine
from appliance.doctor.models import SpokenLanguage, languages, models
from appliance.doctor.network import Network, network, read_network
from appliance.doctor.processes import SealedProcess, look_at, seal
from appliance.doctor.tls import certificate_served
from appliance.doctor.updates import updates
from appliance.errors import ApplianceError, DeviceError
from appliance.worker.messages import Plan, Ready
from appliance.worker.proof import Proof

ABOUT_THE_GAP: tuple[Topic, ...] = ("seal", "attempts", "network")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: an appliance that runs, or one that does not.

    Attributes:
        weaknesses: What the kernel does not enforce, in words.
        processes: Process id to name.
        ready: What the engine said when its models were loaded.
        fault: Why no engine can start.
        attempts: What was tried and refused, or None where nobody here can know.
        proofs: What processes tried in themselves.
        untested: Why they could not be asked to.
        runs_elsewhere: Whether another process runs the appliance, so that engine and attempts are known there only.
    """

    settings: Settings
    weaknesses: tuple[str, ...]
    processes: dict[int, str]
    ready: Ready | None = None
    fault: ApplianceError | None = None
    attempts: Attempts | None = None
    proofs: tuple[Proof, ...] = ()
    untested: ApplianceError | None = None
    runs_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Checkup:
    """Everything that was seen at one moment.

    Attributes:
        host: What this machine or container calls itself.
        findings: In the order in which people ask.
        languages: What the loaded set does for each.
    """

    made_at: datetime
    version: str
    host: str
    findings: tuple[Finding, ...]
    processes: tuple[SealedProcess, ...]
    attempts: Attempts | None
    proofs: tuple[Proof, ...]
    network: Network
    plan: Plan | None
    languages: tuple[SpokenLanguage, ...]

    @property
    def failed(self) -> bool:
        """Whether somebody has to act."""
        return any(finding.verdict == "fail" for finding in self.findings)

    @property
    def gap_holds(self) -> bool:
        """Whether nothing was found by which anything could leave."""
        return not any(finding.verdict == "fail" and finding.topic in ABOUT_THE_GAP for finding in self.findings)

    @property
    def verdict(self) -> Sentence:
        """All of it in a sentence."""
        if not self.gap_holds:
            return sentence("The air gap is not whole.")
        if self.failed:
            return sentence("The air gap holds. Something else needs your attention.")
        return sentence("The air gap holds, and all that was looked at is well.")


def examine(subject: Subject) -> Checkup:
    """Look at everything."""
    now = datetime.now(UTC)
    processes = look_at(subject.processes)
    server = next((process.pid for process in processes if process.name == "server"), None)
    seen = read_network(server)
    return Checkup(
        made_at=now,
        version=__version__,
        host=platform.node(),
        findings=tuple(_findings(subject, processes, seen, now)),
        processes=processes,
        attempts=subject.attempts,
        proofs=subject.proofs,
        network=seen,
        plan=subject.ready.plan if subject.ready else None,
        languages=languages(subject.ready) if subject.ready else (),
    )


def _findings(
    subject: Subject, processes: tuple[SealedProcess, ...], seen: Network, now: datetime
) -> Iterator[Finding]:
    settings = subject.settings
    yield from seal(subject.weaknesses, processes)
    yield from proofs(subject.proofs)
    if subject.untested:
        yield refused("seal", subject.untested)
    if subject.attempts:
        yield attempts(subject.attempts)
    yield from network(seen)
    yield from _engine(subject, now)
    yield from updates(settings)
    yield from certificate_served(settings.keys_folder, settings.names, now)
    yield from keys(settings)
    yield from machine(settings)


def _engine(subject: Subject, now: datetime) -> Iterator[Finding]:
    """Tell what the engine knows, or why it cannot be asked."""
    if subject.ready:
        yield from device(subject.ready.plan)
        yield from models(subject.ready, now)
    elif subject.fault:
        yield refused("device" if isinstance(subject.fault, DeviceError) else "models", subject.fault)
    elif subject.runs_elsewhere:
        yield note(
            "models",
            sentence(
                "An appliance is running on this data folder: its page “Air gap” shows device, models and refused "
                "attempts."
            ),
        )
    else:
        yield note(
            "models", sentence("The engine is loading its models; its device and its models are known after that.")
        )
