"""What the models run on, and how: the engine's own plan in words."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.doctor.findings import Finding, note, ok, sentence
from appliance.errors import Fact
from appliance.worker.messages import Plan

WHOLE_BATCH = 8


def device(plan: Plan) -> Iterator[Finding]:
    """Look at the plan."""
    yield _place(plan)
    yield ok(
        "device",
        sentence(
            "The models compute in {compute_type}, with {batch_number} windows of speech at once.",
            compute_type=plan.compute_type,
            batch_number=plan.asr_batch,
        ),
    )


def _place(plan: Plan) -> Finding:
    if plan.device == "cuda":
        return _gpu(plan)
    facts: dict[str, Fact] = {"name": plan.name, "threads_number": plan.threads}
    if plan.absence == "outside":
        advice = sentence(
            "Install the NVIDIA Container Toolkit on the host and start without CLOISTER_RUNTIME, or with "
            "CLOISTER_RUNTIME=nvidia. Transcription is then many times faster."
        )
        return note(
            "device",
            sentence(
                "This machine has an NVIDIA GPU that was not given to the appliance; it runs on the processor {name}.",
                **facts,
            ),
            advice,
        )
    if plan.absence == "hidden":
        return ok(
            "device",
            sentence(
                "CUDA_VISIBLE_DEVICES hides every GPU, so the appliance runs on the processor {name}, {threads_number} "
                "threads.",
                **facts,
            ),
        )
    return ok(
        "device",
        sentence(
            "There is no NVIDIA GPU; the appliance runs on the processor {name}, {threads_number} threads.", **facts
        ),
    )


def _gpu(plan: Plan) -> Finding:
    major, minor = plan.compute_capability or (0, 0)
    facts: dict[str, Fact] = {
        "name": plan.name,
        "index": plan.index,
        "capability": f"{major}.{minor}",
        "driver": plan.driver or "-",
        "memory_bytes": plan.total_bytes,
    }
    if plan.asr_batch < WHOLE_BATCH:
        return note(
            "device",
            sentence(
                "GPU {index}, {name} (compute capability {capability}, driver {driver}), has only {memory_bytes}, so "
                "the plan is a small one.",
                **facts,
            ),
        )
    return ok(
        "device",
        sentence(
            "GPU {index} is in use: {name}, compute capability {capability}, driver {driver}, {memory_bytes}.", **facts
        ),
    )
