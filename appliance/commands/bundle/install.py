"""``appliance bundle install``: take a model update in, try it, put it to use. The server may be running."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from appliance.bundles.figures import Totals
from appliance.bundles.parts import open_parts
from appliance.bundles.readiness import trial_of
from appliance.bundles.selftest import TrialResult
from appliance.bundles.store import Store
from appliance.bundles.taking import take_in
from appliance.bundles.trust import Installed
from appliance.commands.bundle import sealing
from appliance.commands.bundle.here import ACTOR, called, in_use, opened
from appliance.config import Settings
from appliance.worker.course import Course
from appliance.worker.keeper import EngineKeeper
from appliance.worker.stopping import Stop
from appliance.worker.trial import Bench, engine_of
from appliance.worker.trying import try_release

Moved = Callable[[str, float], None]


def run(given: argparse.Namespace) -> int:
    """Take it in, try it unless that was done here before, and put it to use unless it shall only stand ready."""
    settings, store = opened(given)
    sealing.seal(settings, given.file, [settings.data.resolve()], allow_weaker=settings.allow_weaker_cage)
    with _bar() as moved:
        with open_parts(given.file) as stream:
            found = take_in(store, stream, ACTOR, given.file.name, lambda done, total: moved("copying", done / total))
        installed = found.decision.installed
        trial = trial_of(store, installed) or _try(store, installed, settings, moved)
    sys.stdout.write("\n".join(_told(trial)) + "\n")
    trial.require()
    if given.stage:
        sys.stdout.write(f"Ready, not in use: {called(store, installed)}. Put it to use: appliance bundle activate\n")
        return 0
    store.activate(ACTOR, installed)
    sys.stdout.write(in_use(settings, store, installed))
    return 0


def _try(store: Store, installed: Installed, settings: Settings, moved: Moved) -> TrialResult:
    """Try it in engines of our own, one after the other: a running server keeps its engine for its jobs."""

    def report(course: Course) -> None:
        of = "the update" if course.part == "candidate" else "the set in use"
        moved(f"trying {of}, recording {course.clip} of {course.clips}", course.fraction)

    bench = Bench(settings, report, Stop())

    def active() -> AbstractContextManager[EngineKeeper]:
        return engine_of(store.active_set(), bench)

    return try_release(store, installed, ACTOR, bench, active)


def _told(trial: TrialResult) -> Iterator[str]:
    """Say both columns, recording by recording."""
    beside = trial.active.signed if trial.active else (None,) * len(trial.candidate.signed)
    yield "Tried on                          update: words, speakers wrong    in use: words, speakers wrong"
    for clip, other in zip(trial.candidate.signed, beside, strict=True):
        in_use = f"{_percent(other.wer)}  {_percent(other.der)}" if other else "not measured"
        yield f"  {clip.name:<32.32}{_percent(clip.wer):>14}  {_percent(clip.der):>8}         {in_use}"
    yield from _totals("your own recordings", trial.candidate.own_totals, trial.active)
    if trial.languages_lost:
        yield f"It does not transcribe any more: {', '.join(trial.languages_lost)}"
    if trial.languages_gained:
        yield f"It transcribes besides: {', '.join(trial.languages_gained)}"


def _totals(name: str, candidate: Totals, active: object) -> Iterator[str]:
    if candidate.clips:
        in_use = getattr(active, "own_totals", None)
        beside = f"{_percent(in_use.wer)}  {_percent(in_use.der)}" if in_use else "not measured"
        yield f"  {name:<32}{_percent(candidate.wer):>14}  {_percent(candidate.der):>8}         {beside}"


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1%}"


@contextlib.contextmanager
def _bar() -> Iterator[Moved]:
    """Show a bar on a terminal, and nothing where standard error is not one."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("checking", total=1.0)
        yield lambda step, fraction: bar.update(task, completed=fraction, description=step)
