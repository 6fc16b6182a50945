"""The sets that were taken in: whether the one in use can be used, and whether what is remembered of them is whole."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.bundles.readiness import set_to_load
from appliance.bundles.store import Store
from appliance.config import Settings
from appliance.doctor.findings import Finding, note, ok, refused, sentence
from appliance.errors import BundleError


def updates(settings: Settings) -> Iterator[Finding]:
    """Look at the store of the model sets, where there is one."""
    store = Store(settings.data, settings.models)
    if not store.folder.is_dir():
        return
    try:
        _, refusal = set_to_load(store)
        ledger = store.ledger
        if refusal is not None:
            yield refused("models", refusal)
        store.journal.check(ledger.entry)
        names = ", ".join(root.line for root in store.lines())
    except BundleError as error:
        yield refused("models", error)
        return
    if names:
        yield ok(
            "models",
            sentence("Model updates are taken that are signed by: {names}. Their journal is whole.", names=names),
        )
    else:
        yield ok("models", sentence("No model update is taken: nobody's signature is trusted. Their journal is whole."))
    if ledger.probation:
        yield note(
            "models",
            sentence(
                "The model set in use is new: if the engine fails at one of its next {number} jobs, the appliance goes "
                "back to the set before.",
                number=ledger.probation,
            ),
        )
