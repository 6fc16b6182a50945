"""An engine's process that behaves as its first argument says; it speaks the real protocol and knows no models."""

from __future__ import annotations

import os
import sys
import time
from ast import literal_eval
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from appliance.cage import Trial
from appliance.crypto.envelope import DocumentType, seal_document
from appliance.errors import JobCancelled, ModelFileAlteredError
from appliance.transcript import Segment, Transcript, to_json
from appliance.worker.channel import Channel, ChannelClosedError
from appliance.worker.messages import Cancel, Failed, LoadedSet, Plan, Progress, Ready, Transcribe, Transcribed, Tried

TRIED = Tried(tried_at=datetime(2025, 1, 1, tzinfo=UTC), trials=(Trial("socket", True, "EPERM"),))
LOADED = LoadedSet(name="fake", release="1", dated_at=1.0, languages=("en",))
PLAN = Plan(
    device="cpu",
    index=0,
    name="fake",
    compute_capability=None,
    total_bytes=2**30,
    compute_type="int8",
    asr_batch=8,
    embedding_batch=1,
    ladder=(4, 2, 1),
    threads=1,
    driver="",
    absence="none",
)


def main(descriptor: int, manner: str) -> None:
    channel = Channel.inherited(descriptor)
    if manner == "dies at start":
        return
    if manner == "altered":
        channel.send(Failed.of(ModelFileAlteredError(path="asr/model.bin")))
        channel.receive()
    if manner.startswith("refuses: "):
        code, _, facts = manner.removeprefix("refuses: ").partition(" ")
        channel.send(Failed(code=code, facts=literal_eval(facts)))
        channel.receive()
    channel.send(Ready(models={"asr": manner}, plan=PLAN, loaded=LOADED, load_s=0.0, tried=TRIED))
    while True:
        message, descriptors = channel.receive()
        if isinstance(message, Transcribe):
            answer(channel, message, manner)
        for received in descriptors:
            os.close(received)


def answer(channel: Channel, job: Transcribe, manner: str) -> None:
    channel.send(Progress(stage="asr", fraction=0.5))
    if manner == "dies at work" and job.attempt == 1:
        os._exit(9)
    if manner == "deaf":
        time.sleep(60)
    if manner == "stops when asked":
        assert isinstance(channel.receive()[0], Cancel)
        channel.send(Failed.of(JobCancelled()))
        return
    if manner.startswith("fails: "):
        channel.send(Failed(code=manner.removeprefix("fails: "), facts={}))
        return
    memory = os.memfd_create("transcript")
    os.write(memory, heard(job, manner))
    job_id = job.job_id if manner != "answers for another job" else b"another"
    channel.send(Transcribed(job_id=job_id, seconds={}, language="en", speakers=1), [memory])
    os.close(memory)


def heard(job: Transcribe, manner: str) -> bytes:
    """Return a sealed transcript of one second with the words after ``hears:``; else something that is none."""
    if not manner.startswith("hears: ") or job.file_key is None:
        return b"sealed"
    words = Segment(id=0, start=0, end=1, speaker=None, text=manner.removeprefix("hears: "), words=())
    transcript = Transcript(language="en", duration_s=1.0, models={}, speakers=(), segments=(words,))
    return seal_document(job.file_key, DocumentType.TRANSCRIPT, job.document_id, 1, to_json(transcript))


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), sys.argv[2])
    except ChannelClosedError:
        sys.exit(0)
