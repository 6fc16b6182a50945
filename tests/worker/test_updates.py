"""What becomes of a model update in the running appliance: begun, stopped, refused, used, gone back from."""

from __future__ import annotations

import errno
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import cast

import pytest

from appliance.bundles.archive import Stream
from appliance.bundles.durable import only_one
from appliance.bundles.manifest import SET_FILE
from appliance.bundles.readiness import require_tried, trial_of
from appliance.bundles.store import BY_ITSELF, PROBATION_JOBS, Store
from appliance.bundles.trust import Installed
from appliance.config import Settings
from appliance.errors import (
    ApplianceError,
    DataFolderError,
    DecoderDiedError,
    DiskFullError,
    EngineDiedError,
    JobCancelled,
    ModelFileAlteredError,
    NoCandidateError,
    NotTriedError,
    ReleaseDamagedError,
    SelftestMemoryError,
    SelftestWordsError,
    UnknownSignerError,
    UnreadableMediaError,
    UpdateBusyError,
)
from appliance.worker import trying as module
from appliance.worker.course import Course
from appliance.worker.deliveries import begin_upload, receive, take_in_upload
from appliance.worker.keeper import EngineKeeper
from appliance.worker.trial import Bench
from appliance.worker.updates import Updates
from tests.bundles.houses import ACTOR, actions, house, release, taken, used
from tests.simulators.publisher import bundle
from tests.worker.trials import made_up


class StandIn:
    """An engine's keeper that only notes what it is told."""

    def __init__(self, models: Path) -> None:
        self.models = models
        self.fault: ApplianceError | None = None
        self.pauses = 0
        self.is_at_work = False
        self.cancelled: list[bytes] = []

    def use(self, wanted: Callable[[], Path]) -> None:
        self.models, self.fault = wanted(), None

    @contextmanager
    def paused(self, who: bytes) -> Iterator[None]:
        self.pauses += 1
        while self.is_at_work:
            if who in self.cancelled:
                raise JobCancelled
            time.sleep(0.01)
        yield

    def cancel(self, who: bytes) -> None:
        self.cancelled.append(who)


class House:
    """Updates on a true store, with an engine that only notes and trials that only say what they are told to."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = house(folder)
        self.engine = StandIn(self.store.active_set())
        settings = Settings(data=folder / "data", models=folder / "image" / "starter")
        self.updates = Updates(self.store, cast("EngineKeeper", self.engine), settings)
        self.passes = True
        self.refusals: list[ApplianceError] = []
        self.tried: list[Path] = []
        self.going_on = threading.Event()
        self.going_on.set()
        monkeypatch.setattr(module, "try_set", self._try)
        monkeypatch.setattr(module, "signed_specimens", lambda *_: ())

    def _try(self, folder: Path, _specimens: object, bench: Bench, _active: object) -> object:
        self.tried.append(folder)
        bench.report(Course("candidate", 1, 2, 0.25))
        while not self.going_on.wait(0.01):
            bench.stop.check()
        if self.refusals:
            raise self.refusals.pop()
        return made_up(passes=self.passes)

    def begin(self, made: bytes, then: Callable[[], None] = lambda: None) -> None:
        self.updates.begin("a stick", ACTOR, opened(made), then)

    def settled(self) -> None:
        """Wait until nothing is on its way."""
        deadline = time.monotonic() + 20
        while self.updates.underway is not None:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def in_use(self, number: int) -> None:
        """Take a release in, try it, and put it to use."""
        self.begin(bundle(release(number)))
        self.settled()
        self.updates.activate(ACTOR)
        self.updates.look()


def opened(made: bytes) -> Callable[[], AbstractContextManager[Stream]]:
    return lambda: nullcontext(io.BytesIO(made))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path, monkeypatch)


def test_an_update_is_taken_in_and_tried_and_stands_ready(here: House) -> None:
    here.begin(bundle(release(7)))
    here.settled()
    candidate = here.store.ledger.candidate
    assert candidate is not None
    assert here.tried == [here.store.set_of(candidate)]
    assert trial_of(here.store, candidate) == made_up()
    assert actions(here.store) == ["taking_in", "taken_in", "tried"]
    assert here.updates.trouble is None
    assert here.engine.models == here.store.active_set()


def test_a_page_sees_how_far_an_update_is(here: House) -> None:
    here.going_on.clear()
    here.begin(bundle(release(7)))
    deadline = time.monotonic() + 20
    while (underway := here.updates.underway) is None or underway.course is None:
        assert time.monotonic() < deadline
    assert (underway.source, underway.actor, underway.fraction) == ("a stick", ACTOR, 0.25)
    assert (underway.course.clip, underway.course.clips) == (1, 2)
    assert underway.remaining_s is not None
    here.going_on.set()
    here.settled()


def test_a_refused_update_is_told_and_nothing_stands_ready(here: House) -> None:
    ended = threading.Event()
    here.begin(bundle(release(7), by=["mallory"]), ended.set)
    here.settled()
    assert isinstance(here.updates.trouble, UnknownSignerError)
    assert here.store.ledger.candidate is None
    assert ended.is_set()
    with pytest.raises(NoCandidateError):
        here.updates.activate(ACTOR)


def test_one_update_is_on_its_way_at_a_time_and_nothing_is_used_meanwhile(here: House) -> None:
    here.going_on.clear()
    here.begin(bundle(release(7)))
    for act in (
        lambda: here.begin(bundle(release(8))),
        lambda: here.updates.activate(ACTOR),
        lambda: here.updates.discard(ACTOR),
    ):
        with pytest.raises(UpdateBusyError):
            act()
    here.going_on.set()
    here.settled()
    here.updates.activate(ACTOR)


def test_a_stopped_trial_leaves_the_update_untried_and_it_can_be_tried_again(here: House) -> None:
    here.going_on.clear()
    here.begin(bundle(release(7)))
    while not here.tried:
        time.sleep(0.01)
    here.updates.stop()
    here.settled()
    assert here.updates.trouble is None
    with pytest.raises(NotTriedError):
        here.updates.activate(ACTOR)
    here.going_on.set()
    here.updates.try_again(ACTOR)
    here.settled()
    here.updates.activate(ACTOR)


def test_there_is_nothing_to_try_before_something_was_taken_in(here: House) -> None:
    with pytest.raises(NoCandidateError):
        here.updates.try_again(ACTOR)


def test_an_update_that_hears_worse_than_promised_is_not_used(here: House) -> None:
    here.passes = False
    here.begin(bundle(release(7)))
    here.settled()
    with pytest.raises(SelftestWordsError, match="ward"):
        here.updates.activate(ACTOR)
    assert here.store.journal.entries()[-1].facts["passed"] == 0


def test_an_engine_that_does_not_come_up_with_an_update_is_told_and_written_down(here: House) -> None:
    here.refusals = [SelftestMemoryError(), SelftestMemoryError()]
    here.begin(bundle(release(7)))
    here.settled()
    assert isinstance(here.updates.trouble, SelftestMemoryError)
    assert here.engine.pauses == 1
    last = here.store.journal.entries()[-1]
    assert (last.action, last.code) == ("tried", SelftestMemoryError.code)


def test_where_the_memory_does_not_do_for_two_the_engine_in_use_pauses(here: House) -> None:
    here.refusals = [SelftestMemoryError()]
    here.begin(bundle(release(7)))
    here.settled()
    assert here.engine.pauses == 1
    assert here.updates.trouble is None
    here.updates.activate(ACTOR)


def test_a_stop_is_heard_while_the_trial_waits_for_the_end_of_a_long_job(here: House) -> None:
    here.refusals = [SelftestMemoryError()]
    here.engine.is_at_work = True
    here.begin(bundle(release(7)))
    deadline = time.monotonic() + 20
    while not here.engine.pauses:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    here.updates.stop()
    here.settled()
    assert here.updates.trouble is None


def test_the_engine_loads_a_set_that_was_put_to_use_here_or_by_a_command(here: House) -> None:
    assert not here.updates.look()
    used(here.store, 7)  # As a command does, beside the server.
    assert here.updates.look()
    assert here.engine.models == here.store.active_set()
    assert not here.updates.look()
    here.store.roll_back("command")
    assert here.updates.look()
    assert here.engine.models == here.store.image_set


def test_the_first_job_that_a_new_set_fails_at_has_the_appliance_go_back(here: House) -> None:
    here.in_use(7)
    assert here.updates.blame(EngineDiedError(), here.engine.models)
    assert here.engine.models == here.store.image_set
    last = here.store.journal.entries()[-1]
    assert (last.actor, last.action, last.code) == (BY_ITSELF, "rolled_back", EngineDiedError.code)
    assert not here.updates.blame(EngineDiedError(), here.engine.models)


def test_a_job_that_ran_on_the_set_before_says_nothing_about_the_new_one(here: House) -> None:
    here.in_use(7)
    for models in (here.store.image_set, None):
        here.updates.relied_on(models)
        assert here.store.ledger.probation == PROBATION_JOBS
        assert not here.updates.blame(EngineDiedError(), models)
    assert here.engine.models == here.store.active_set()


@pytest.mark.parametrize("error", [UnreadableMediaError(), JobCancelled(), DecoderDiedError()])
def test_what_says_nothing_about_the_models_is_not_blamed_on_them(here: House, error: ApplianceError) -> None:
    here.in_use(7)
    assert not here.updates.blame(error, here.engine.models)
    assert here.engine.models == here.store.active_set()


def test_how_a_job_ends_that_still_ran_on_the_set_before_says_nothing_about_the_new_one(here: House) -> None:
    before = here.engine.models
    here.begin(bundle(release(7)))
    here.settled()
    here.updates.activate(ACTOR)  # The engine has not ended its job yet.
    for ran_on in (before, None):
        assert not here.updates.blame(EngineDiedError(), ran_on)
        here.updates.relied_on(ran_on)
    assert here.store.ledger.probation == PROBATION_JOBS
    assert here.store.active_set() != before


def test_a_disk_that_does_not_let_the_appliance_go_back_does_not_keep_the_job_from_ending(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.in_use(7)

    def full(*_given: object) -> None:
        raise DiskFullError(folder="models")

    monkeypatch.setattr(here.store, "roll_back", full)
    assert not here.updates.blame(EngineDiedError(), here.engine.models)


def test_a_set_that_was_good_for_some_jobs_is_not_left_for_one_failure(here: House) -> None:
    here.in_use(7)
    for _ in range(PROBATION_JOBS):
        here.updates.relied_on(here.engine.models)
    assert not here.updates.blame(EngineDiedError(), here.engine.models)


def test_a_set_whose_engine_does_not_start_is_left_by_itself(here: House) -> None:
    here.in_use(7)
    here.engine.fault = ModelFileAlteredError(path="asr/model.bin")
    here.updates.look()
    assert here.engine.models == here.store.image_set
    assert here.store.journal.entries()[-1].code == ModelFileAlteredError.code


def test_a_set_that_somebody_changed_on_the_disk_is_not_loaded(here: House) -> None:
    here.in_use(7)
    (here.store.folder_of(here.store.ledger.active) / SET_FILE).write_text('{"schema": 1, "name": "another"}')
    assert here.updates.look()
    assert here.engine.models == here.store.image_set
    assert isinstance(here.updates.unusable, ReleaseDamagedError)


def test_a_set_for_an_older_cloister_gives_way_to_the_one_of_the_image(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.in_use(7)
    monkeypatch.setattr("appliance.bundles.readiness.__version__", "9.0.1")
    assert here.updates.look()
    assert here.engine.models == here.store.image_set
    assert here.updates.unusable is not None


def test_an_update_that_a_command_took_in_can_be_tried_and_used(here: House) -> None:
    taken(here.store, release(7))
    with pytest.raises(NotTriedError):
        here.updates.activate(ACTOR)
    here.updates.try_again(ACTOR)
    here.settled()
    here.updates.activate(ACTOR)


def test_an_upload_is_kept_while_a_command_takes_another_update_in(here: House) -> None:
    made = bundle(release(7))
    arrival = begin_upload(here.updates, "spring.cloister", len(made), ACTOR)
    receive(here.updates, arrival.id, 0, made, ACTOR)
    with only_one(here.store.folder / "taking", wait=False):
        take_in_upload(here.updates, arrival.id, ACTOR)
        here.settled()
    assert isinstance(here.updates.trouble, UpdateBusyError)
    take_in_upload(here.updates, arrival.id, ACTOR)
    here.settled()
    assert here.store.ledger.candidate is not None
    assert here.updates.incoming.arrivals() == ()


def test_a_file_that_is_gone_when_its_turn_comes_is_told(here: House) -> None:
    def gone() -> AbstractContextManager[Stream]:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    here.updates.begin("spring.cloister", ACTOR, gone)
    here.settled()
    assert isinstance(here.updates.trouble, DataFolderError)


def test_only_what_was_tried_is_put_to_use(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    here.begin(bundle(release(7)))
    here.settled()

    def overtaken(store: Store) -> Installed:
        tried = require_tried(store)
        taken(store, release(8))  # By a command, between the look and the switch.
        return tried

    monkeypatch.setattr("appliance.worker.updates.require_tried", overtaken)
    with pytest.raises(NoCandidateError):
        here.updates.activate(ACTOR)
    assert here.store.active_set() == here.store.image_set
