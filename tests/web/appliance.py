"""A real appliance without its engine: the tests move a job on as the runner would, and serve it over real TLS."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import uvicorn
from litestar import Litestar

from appliance.certificates import tls_context
from appliance.config import Settings
from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, seal_document
from appliance.crypto.kdf import KdfRecord
from appliance.errors import ApplianceError
from appliance.options import TranscribeOptions
from appliance.records import accounts, invitations, jobs, sessions, transcripts
from appliance.records.database import DATABASE_FILE, Database
from appliance.records.jobs import Job
from appliance.spool import CHUNK_BYTES
from appliance.transcript import Segment, Speaker, SpeakerTurn, Transcript, Word, to_json
from appliance.web.app import create_app
from appliance.worker import intake
from appliance.worker.enrolling import enrol
from appliance.worker.entering import Visitor
from appliance.worker.filekeys import keep_file_key
from appliance.worker.progress import Standing
from appliance.worker.workshop import Workshop
from tests.people import QUICK, Person

ADDRESS = "https://testserver.local"
LOOPBACK = ("localhost", "127.0.0.1")
NAMES = ("testserver.local", *LOOPBACK)
AT_A_DESK = Visitor(origin=ADDRESS, address="192.0.2.7", known_by="", device="Firefox, Linux")
PEOPLE: dict[tuple[Path, str], Person] = {}
"""Who has enrolled, by the data folder of a test and by name."""
IDLE: list[Litestar] = []
"""Applications that no test uses at the moment."""

LINES = (
    ("S1", 0.0, 4.2, "Good morning. Thank you for coming in on such short notice."),
    ("S1", 4.4, 7.9, "Before we begin, please tell me your name for the record."),
    ("S2", 8.1, 11.6, "My name is Amina Rahman, and I have lived on Mill Lane for eleven years."),
    ("S1", 12.0, 14.8, "And on the evening of the third, where were you?"),
    ("S2", 15.1, 21.3, "At home. I heard the gate, then two voices I did not know, and then the gate once more."),
    ("S3", 21.9, 24.0, "May I add something to that?"),
)


def open_workshop(folder: Path, weaknesses: tuple[str, ...] = (), **settings: object) -> Workshop:
    """Open an appliance whose data and keys lie in a folder."""
    given = Settings(data=folder / "data", keys=folder / "keys", **{"names": NAMES} | settings)  # type: ignore[arg-type]
    given.keys_folder.mkdir(parents=True, exist_ok=True)
    if not given.data.exists():
        given.data.mkdir(mode=0o700, parents=True)
        (given.data / DATABASE_FILE).write_bytes(new_database())
    return Workshop.open(given, weaknesses)


@cache
def new_database() -> bytes:
    """Return the database of a first start; making its tables takes longer than most tests that need one."""
    with tempfile.TemporaryDirectory() as folder:
        Database.open(Path(folder), ballast_bytes=2**20).close()
        assert not list(Path(folder).glob(f"{DATABASE_FILE}-*"))  # Nothing of it stands in a log still.
        return (Path(folder) / DATABASE_FILE).read_bytes()


@contextlib.contextmanager
def application(workshop: Workshop) -> Iterator[Litestar]:
    """Lend the application, put round this workshop: building its routes anew would take longer than most tests do."""
    app = IDLE.pop() if IDLE else create_app(workshop)
    app.state.workshop = workshop
    try:
        yield app
    finally:
        del app.state.workshop
        IDLE.append(app)


def issue_link(workshop: Workshop, name: str | None = None, role: str = accounts.ADMINISTRATOR) -> str:
    """Return the token of an invitation."""
    with workshop.database.write() as session:
        return invitations.invite(session, name, role)


def enrolled(
    workshop: Workshop, name: str = "owner", role: str = accounts.ADMINISTRATOR, record: KdfRecord = QUICK
) -> Person:
    """Return a person who has enrolled, with real keys; the one of before where the name has one."""
    known_as = (workshop.settings.data, name)
    if known_as not in PEOPLE:
        token = issue_link(workshop, name, role)
        person = PEOPLE[known_as] = Person(name, record=record)
        with workshop.database.read() as session:
            person.account_id = invitations.look(session, token).account_id
        entered = enrol(workshop, token, name, person.keys, person.slots, AT_A_DESK)
        with workshop.database.write() as session:
            sessions.end(session, entered.session_token)
    return PEOPLE[known_as]


def sign_in(workshop: Workshop, name: str = "owner", role: str = accounts.ADMINISTRATOR) -> tuple[str, str]:
    """Return the cookie of a new session and the person's id."""
    account_id = enrolled(workshop, name, role).account_id
    with workshop.database.write() as session:
        return sessions.begin(session, account_id, AT_A_DESK.device), account_id


def put_recording(workshop: Workshop, owner_id: str, name: str, content: bytes = b"RIFF" * 2000) -> str:
    """Upload a recording, whose job then waits."""
    recording = intake.begin_upload(workshop, owner_id, name, len(content), TranscribeOptions())
    for number in range(intake.chunk_count(len(content))):
        chunk = content[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
        intake.take_chunk(workshop, owner_id, recording.id, number, chunk)
    return recording.id


def run_job(workshop: Workshop, recording_id: str, stage: str = "asr", fraction: float = 0.4) -> None:
    """Show a job as running."""
    with workshop.database.write() as session:
        jobs.claim(session, _job(workshop, recording_id).id)
    workshop.board.publish(recording_id, Standing(stage, fraction, time.monotonic() - 40))


def fail_job(workshop: Workshop, recording_id: str, error: ApplianceError) -> None:
    with workshop.database.write() as session:
        jobs.fail(session, _job(workshop, recording_id).id, error)
    workshop.board.publish(recording_id, None)


def finish_job(workshop: Workshop, recording_id: str, transcript: Transcript) -> None:
    """End a job as done, with a transcript sealed as the engine seals it."""
    job = _job(workshop, recording_id)
    document_id, key = new_document_id(), new_file_key()
    keep_file_key(workshop, document_id, key)
    sealed = seal_document(key, DocumentType.TRANSCRIPT, document_id, 1, to_json(transcript))
    with workshop.database.write() as session:
        if job.state == "queued":
            jobs.claim(session, job.id)
        jobs.finish(session, job.id, {"asr": 2.0}, transcript.duration_s, transcript.models["asr"])
        transcripts.store(
            session,
            recording_id=recording_id,
            document_id=document_id,
            sealed=sealed,
            language=transcript.language,
            speakers=len(transcript.speakers),
        )
    workshop.board.publish(recording_id, None)


def a_transcript(
    lines: tuple[tuple[str, float, float, str], ...] = LINES, names: dict[str, str] | None = None, language: str = "en"
) -> Transcript:
    """Return a short hearing with three voices."""
    ids = sorted({speaker for speaker, *_ in lines})
    named = names or {speaker: f"Speaker {speaker[1:]}" for speaker in ids}
    return Transcript(
        language=language,
        duration_s=lines[-1][2],
        models={"asr": "whisper-base"},
        model_set="starter 1",
        speakers=tuple(Speaker(id=speaker, name=named[speaker]) for speaker in ids),
        segments=tuple(
            Segment(
                id=number,
                start=start,
                end=end,
                speaker=speaker,
                text=text,
                words=(Word(start=start, end=end, text=text, score=0.9, timed_by="segment"),),
            )
            for number, (speaker, start, end, text) in enumerate(lines)
        ),
        turns=tuple(SpeakerTurn(start=start, end=end, speaker=speaker) for speaker, start, end, _ in lines),
    )


@dataclass(frozen=True, slots=True)
class LiveAppliance:
    """An appliance that listens on loopback."""

    workshop: Workshop
    address: str
    port: int
    stop: Callable[[], None]


@contextlib.contextmanager
def serving(workshop: Workshop, port: int = 0) -> Iterator[LiveAppliance]:
    """Serve over TLS in a thread of this process, on a free port unless one is named."""
    listener = socket.create_server(("127.0.0.1", port))
    port = listener.getsockname()[1]
    tls = tls_context(workshop.settings.keys_folder, LOOPBACK)
    with application(workshop) as app:
        config = uvicorn.Config(
            app,
            ssl_context_factory=lambda _config, _default: tls,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()

        def stop() -> None:
            server.should_exit = True
            thread.join(timeout=10)
            listener.close()

        try:
            while not server.started:
                time.sleep(0.01)
            yield LiveAppliance(workshop, f"https://localhost:{port}", port, stop)
        finally:
            stop()


def _job(workshop: Workshop, recording_id: str) -> Job:
    with workshop.database.read() as session:
        job = jobs.latest(session, recording_id)
    assert job is not None
    return job
