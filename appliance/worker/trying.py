"""A release that was taken in is tried, and what came of it is kept beside it: by the server and by a command alike."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from appliance.bundles.selftest import TRIAL_FILE, TrialResult
from appliance.bundles.specimens import signed_specimens
from appliance.bundles.store import Store, name_of
from appliance.bundles.trust import Installed
from appliance.errors import ApplianceError, JobCancelled, SelftestStopped
from appliance.worker.imports import own_recordings
from appliance.worker.keeper import EngineKeeper
from appliance.worker.stopping import Stop
from appliance.worker.trial import Bench, Opened, try_set


def try_release(store: Store, installed: Installed, actor: str, bench: Bench, active: Opened | None) -> TrialResult:
    """Try a release on the recordings of its bundle and on the site's own, and write down what came of it.

    Args:
        store: Where it is.
        installed: Which one.
        actor: Who wants it, for the journal.
        bench: What to work with.
        active: As for ``try_set``.

    Raises:
        SelftestError, EngineError, SelftestStopped: As for ``try_set``.
        ReleaseDamagedError: It is not there as it was taken in.
        DataFolderError: The folder of the site's own recordings cannot be looked through.
    """
    folder, name = store.folder_of(installed), name_of(installed)
    try:
        specimens = (*signed_specimens(folder, store.manifest_of(installed)), *own_recordings(bench.settings).specimens)
        result = try_set(store.set_of(installed), specimens, bench, active)
    except ApplianceError as error:
        store.note(actor, "tried", name, error)
        raise
    store.keep_beside(installed, TRIAL_FILE, result.encode())
    store.note(actor, "tried", name, facts={"passed": int(result.passed)})
    return result


@contextlib.contextmanager
def alone(engine: EngineKeeper, stop: Stop) -> Iterator[None]:
    """Have the engine in use pause; a stop is heard also in the hours that its job may take before that.

    Raises:
        SelftestStopped: Somebody stopped it meanwhile.
    """
    who = os.urandom(16)
    with contextlib.ExitStack() as pause:
        try:
            with stop.by(lambda: engine.cancel(who)):
                pause.enter_context(engine.paused(who))
        except JobCancelled as exc:
            raise SelftestStopped from exc
        yield
