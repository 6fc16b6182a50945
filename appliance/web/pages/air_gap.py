"""Whether nothing gets out, for an administrator and an auditor: the page, a live test, a report to file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from litestar import Controller, MediaType, Request, Response, get, post
from litestar.datastructures import State

from appliance.doctor.attempts import Attempts, proof_of
from appliance.doctor.checkup import Checkup, Subject, examine
from appliance.doctor.findings import Finding, Topic, Verdict
from appliance.doctor.network import Network
from appliance.doctor.processes import own_processes
from appliance.doctor.report import ITS_OWN, NOBODY, TOPICS, as_json, as_text, process_name
from appliance.errors import ApplianceError
from appliance.web.languages import Language
from appliance.web.visit import Frame, GivenVisit, GivenWorkshop
from appliance.worker.proof import Proof, prove
from appliance.worker.workshop import Workshop

OK = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A finding in the reader's language."""

    verdict: Verdict
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Section:
    """The findings of one topic; the template knows by ``topic`` what else it shows there."""

    topic: Topic
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One process and its seal."""

    name: str
    pid: int
    seccomp: str
    filters: str
    no_new_privs: bool
    is_sealed: bool


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Attempts of one process by one call."""

    process: str
    call: str
    count: str


@dataclass(frozen=True, slots=True)
class ProofRow:
    """What became of the attempts that a process made in itself on purpose.

    Attributes:
        when: UTC, as ISO 8601.
        tried: How many.
        open: How many of them were not refused, or empty where all were.
        calls: Name of each, what the kernel answered, and whether it was refused.
    """

    process: str
    when: str
    tried: str
    open: str
    calls: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class LiveTest:
    """What ``air_gap/_test.html`` shows.

    Attributes:
        was_asked: Whether somebody has just asked for it, or it is what is known from the start.
    """

    proofs: tuple[ProofRow, ...]
    was_asked: bool

    @property
    def found_open(self) -> bool:
        """Whether any way out was open."""
        return any(proof.open for proof in self.proofs)


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """What the models do for one language."""

    name: str
    transcribed_by: str
    aligned_by: str
    diarized_by: str


@dataclass(frozen=True, slots=True)
class AirGapPage:
    """What ``air_gap/show.html`` shows.

    Attributes:
        verdict: All of it in a sentence.
        state: Of the whole: ``ok``, ``note`` where something else than the gap needs attention, ``fail``.
        made_at: When it was looked at; UTC, as ISO 8601.
        since: When counting of attempts began; UTC, as ISO 8601.
    """

    frame: Frame
    verdict: str
    state: Verdict
    made_at: str
    since: str
    sections: tuple[Section, ...]
    processes: tuple[ProcessRow, ...]
    refused: tuple[RefusedRow, ...]
    test: LiveTest
    network: Network
    languages: tuple[LanguageRow, ...]


class AirGapPages(Controller):
    """Every look is a fresh one; nothing is kept between two."""

    path = "/air-gap"

    @get(sync_to_thread=True)
    def show(
        self, request: Request[object, object, State], visit: GivenVisit, workshop: GivenWorkshop
    ) -> Response[str]:
        """Show how it is now."""
        checkup = examine(_subject(workshop))
        return visit.page("air_gap/show.html", _page(checkup, visit.frame(request), visit.language))

    @post("/test", status_code=OK, sync_to_thread=True)
    def test(self, visit: GivenVisit, workshop: GivenWorkshop) -> Response[str]:
        """Have every process try every way out in itself, and show what became of it."""
        return visit.page("air_gap/_test.html", LiveTest(_proofs(prove(workshop), visit.language), was_asked=True))

    @get("/report.txt", sync_to_thread=True)
    def report(self, visit: GivenVisit, workshop: GivenWorkshop) -> Response[str]:
        """Hand out everything as text in the reader's language, with a test made for it."""
        checkup = examine(_tested(workshop))
        headers = {"Content-Disposition": _disposition(checkup, "txt")}
        return Response(as_text(checkup, visit.language.read), media_type=MediaType.TEXT, headers=headers)

    @get("/report.json", sync_to_thread=True)
    def facts(self, workshop: GivenWorkshop) -> Response[bytes]:
        """Hand out the same for machines."""
        checkup = examine(_tested(workshop))
        headers = {"Content-Disposition": _disposition(checkup, "json")}
        return Response(as_json(checkup).encode(), media_type=MediaType.JSON, headers=headers)


def _subject(workshop: Workshop) -> Subject:
    ready = workshop.engine.ready
    return Subject(
        settings=workshop.settings,
        weaknesses=workshop.weaknesses,
        processes=own_processes(workshop),
        ready=ready,
        fault=workshop.engine.fault,
        attempts=Attempts.counted_by(workshop.warden),
        proofs=(proof_of(ready),) if ready else (),
    )


def _tested(workshop: Workshop) -> Subject:
    """Return the same after a test; one that cannot be made is a finding, and no reason to hand out nothing."""
    subject = _subject(workshop)
    try:
        return replace(subject, proofs=prove(workshop))
    except ApplianceError as error:
        return replace(subject, untested=error)


def _disposition(checkup: Checkup, suffix: str) -> str:
    return f'attachment; filename="cloister-air-gap-{checkup.made_at:%Y-%m-%d-%H%M}.{suffix}"'


def _page(checkup: Checkup, frame: Frame, language: Language) -> AirGapPage:
    attempts = checkup.attempts
    return AirGapPage(
        frame=frame,
        verdict=language.read(checkup.verdict),
        state="ok" if not checkup.failed else "note" if checkup.gap_holds else "fail",
        made_at=checkup.made_at.isoformat(),
        since=attempts.since.isoformat() if attempts and attempts.is_counting else "",
        sections=_sections(checkup.findings, language),
        processes=_processes(checkup, language),
        refused=_refused(attempts, language) if attempts else (),
        test=LiveTest(_proofs(checkup.proofs, language), was_asked=False),
        network=checkup.network,
        languages=_languages(checkup, language),
    )


def _sections(findings: Iterable[Finding], language: Language) -> tuple[Section, ...]:
    lines: dict[Topic, list[Line]] = {topic: [] for topic in TOPICS}
    for finding in findings:
        advice = language.read(finding.advice) if finding.advice else ""
        lines[finding.topic].append(Line(finding.verdict, language.read(finding.what), advice))
    return tuple(Section(topic, language.read(TOPICS[topic]), tuple(told)) for topic, told in lines.items() if told)


def _processes(checkup: Checkup, language: Language) -> tuple[ProcessRow, ...]:
    return tuple(
        ProcessRow(
            name=language.read(process_name(process.name)),
            pid=process.pid,
            seccomp=process.seal.seccomp,
            filters=language.number(process.seal.filters),
            no_new_privs=process.seal.no_new_privs,
            is_sealed=process.is_sealed,
        )
        for process in checkup.processes
    )


def _refused(attempts: Attempts, language: Language) -> tuple[RefusedRow, ...]:
    return tuple(
        RefusedRow(language.read(process_name(each.process)), each.call, language.number(each.count))
        for each in attempts.refused
    )


def _proofs(made: Iterable[Proof], language: Language) -> tuple[ProofRow, ...]:
    return tuple(
        ProofRow(
            process=language.read(process_name(proof.process)),
            when=proof.when.isoformat(),
            tried=language.number(len(proof.trials)),
            open=language.number(left_open) if (left_open := sum(not trial.refused for trial in proof.trials)) else "",
            calls=tuple((trial.call, trial.answer, trial.refused) for trial in proof.trials),
        )
        for proof in made
    )


def _languages(checkup: Checkup, language: Language) -> tuple[LanguageRow, ...]:
    rows = (
        LanguageRow(
            name=language.name_of(spoken.code),
            transcribed_by=spoken.transcribed_by,
            aligned_by=spoken.aligned_by or language.read(ITS_OWN),
            diarized_by=spoken.diarized_by or language.read(NOBODY),
        )
        for spoken in checkup.languages
    )
    return tuple(sorted(rows, key=lambda row: row.name))
