"""The engine's process: ``python -m appliance.worker.engine_child CHANNEL MODELS THREADS [weaker]``.

It seals itself before anything else is imported, loads the models once, then answers one job at a time. It ends when
the server hangs up.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import mmap
import os
import queue
import sys
import threading
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from appliance import cage
from appliance.config import scratch_folder
from appliance.errors import ApplianceError, EngineError, JobCancelled, OutOfMemoryError
from appliance.logs import start_logging
from appliance.worker.channel import Channel, ChannelClosedError
from appliance.worker.messages import Cancel, Choice, Failed, LoadedSet, Plan, Progress, Ready, Transcribe, Tried

if TYPE_CHECKING:
    from appliance.engine.pipeline import Pipeline

log = logging.getLogger(__name__)

REPORT_EVERY_S = 0.2


class Jobs:
    """Reads the channel in a thread of its own, so that a cancel is heard while the models work."""

    def __init__(self, channel: Channel) -> None:
        """Start reading."""
        self.waiting: queue.Queue[tuple[Transcribe, int]] = queue.Queue()
        self._cancelled: set[bytes] = set()
        self._channel = channel
        threading.Thread(target=self._read, name="channel", daemon=True).start()

    def refuse_if_cancelled(self, job_id: bytes) -> None:
        """Stop the work on a cancelled job.

        Raises:
            JobCancelled: The server asked to stop it.
        """
        if job_id in self._cancelled:
            raise JobCancelled

    def _read(self) -> None:
        with contextlib.suppress(ChannelClosedError, OSError):
            while True:
                message, descriptors = self._channel.receive()
                match message:
                    case Transcribe() if len(descriptors) == 1:
                        self.waiting.put((message, descriptors[0]))
                    case Cancel(job_id=job_id):
                        self._cancelled.add(job_id)
                    case _:
                        break
        os._exit(0)  # The server is gone: nobody wants the answer, and samples must not outlive it.


def main() -> None:
    """Load the set, then work until the server hangs up."""
    channel = Channel.inherited(int(sys.argv[1]))
    models, threads = Path(sys.argv[2]), int(sys.argv[3])
    start_logging()
    warnings.simplefilter("ignore")
    cage.seal_engine(readable=[models], writable=[scratch_folder()], allow_weaker="weaker" in sys.argv[4:])
    jobs = Jobs(channel)
    try:
        pipeline = _load(channel, models, threads)
    except ApplianceError as error:
        channel.send(Failed.of(error))
        jobs.waiting.get()  # Until the server hangs up.
        return
    while True:
        request, pcm = jobs.waiting.get()
        _answer(channel, jobs, pipeline, request, pcm)


def _load(channel: Channel, models: Path, threads: int) -> Pipeline:
    # The seal stands before these imports: code that runs at import time is sealed too.
    from appliance.engine.closed import close_libraries, require_closed_environment  # noqa: PLC0415

    require_closed_environment(threads)
    close_libraries()  # Before the pipeline brings the libraries in.
    from appliance.engine.pipeline import Pipeline  # noqa: PLC0415

    started = time.monotonic()
    pipeline = Pipeline.load(models, threads)
    load_s = time.monotonic() - started
    plan, loaded = _plan_of(pipeline), _set_of(pipeline)
    tried = Tried(tried_at=datetime.now(UTC), trials=cage.try_way_out())
    channel.send(Ready(models=pipeline.models, plan=plan, loaded=loaded, load_s=load_s, tried=tried))
    return pipeline


def _plan_of(pipeline: Pipeline) -> Plan:
    return Plan(**dataclasses.asdict(pipeline.plan))


def _set_of(pipeline: Pipeline) -> LoadedSet:
    chosen = pipeline.model_set
    return LoadedSet(
        name=chosen.manifest.name,
        release=chosen.manifest.release,
        dated_at=chosen.dated_at,
        languages=chosen.languages,
        choices=tuple(
            Choice(
                name=role.partition("/")[2],
                model=chosen.models[role],
                languages=chosen.manifest.roles[role].languages,
                weights_bytes=chosen.weights_bytes(role),
            )
            for role in chosen.recognizers
        ),
    )


def _answer(channel: Channel, jobs: Jobs, pipeline: Pipeline, request: Transcribe, pcm: int) -> None:
    """Answer one job: with a sealed transcript, or with an error of the tree."""
    try:
        _transcribe(channel, jobs, pipeline, request, pcm)
    except ApplianceError as error:
        channel.send(Failed.of(error))
    except MemoryError:
        channel.send(Failed.of(OutOfMemoryError()))
    except ChannelClosedError:
        os._exit(0)
    except Exception:  # The child's main loop: one recording must not end the engine for the others.
        log.exception("job failed", extra={"job": request.job_id.hex()})
        channel.send(Failed.of(EngineError()))
    finally:
        os.close(pcm)


def _transcribe(channel: Channel, jobs: Jobs, pipeline: Pipeline, request: Transcribe, pcm: int) -> None:
    import numpy as np  # noqa: PLC0415 -- after the seal, as above.

    from appliance.worker.sealing import seal_transcript  # noqa: PLC0415 -- after the seal, as above.

    last = 0.0

    def progress(stage: str, fraction: float) -> None:
        nonlocal last
        jobs.refuse_if_cancelled(request.job_id)
        if time.monotonic() - last >= REPORT_EVERY_S:
            last = time.monotonic()
            channel.send(Progress(stage=stage, fraction=fraction))

    samples = np.frombuffer(mmap.mmap(pcm, 0, prot=mmap.PROT_READ), dtype=np.int16)
    transcript, seconds = pipeline.transcribe(samples, request.options, progress, request.attempt)
    message, sealed = seal_transcript(request, transcript, seconds)
    descriptor = os.memfd_create("transcript", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(sealed)
        channel.send(message, [descriptor])
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main()
