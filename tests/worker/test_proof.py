"""The live proof: every process tries every way out, and says what the kernel answered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from appliance import cage
from appliance.errors import CageError, DecoderDiedError
from appliance.worker import proof
from appliance.worker.channel import Channel
from appliance.worker.messages import AnyMessage, Cancel, Failed
from appliance.worker.process import Child
from tests.sealed import inside, needs_whole_seal
from tests.worker.fake_engine import TRIED
from tests.worker.watched import trials, watched_server

pytestmark = needs_whole_seal

TRIED_CALLS = [trial.call for trial in cage.try_way_out()]


def workshop(ready: object = None) -> Any:
    """As much of an appliance as a proof looks at."""
    return SimpleNamespace(settings=SimpleNamespace(allow_weaker_cage=False), engine=SimpleNamespace(ready=ready))


def test_server_and_a_fresh_decoder_have_no_way_out_and_are_counted_as_trials() -> None:
    def scene() -> object:
        warden = watched_server()
        before = trials(warden, 20)
        proofs = proof.prove(workshop())
        found = [(each.process, {trial.answer for trial in each.trials}) for each in proofs]
        calls = [trial.call for trial in proofs[1].trials]
        # 13 of the server; of the decoder 7 before its seal, 13 after it, and 13 that it was asked for.
        return found, calls, trials(warden, before + 46) - before, warden.refused()

    expected = [("server", {"EPERM"}), ("decoder", {"EPERM"})], TRIED_CALLS, 46, ()
    assert inside(lambda: None, scene) == ("value", expected)


def test_the_decoder_proves_itself_without_a_warden_too() -> None:
    tried = proof._try_in_decoder(allow_weaker=False)
    assert [trial.call for trial in tried.trials] == TRIED_CALLS
    assert {trial.answer for trial in tried.trials} == {"EPERM"}
    assert tried.tried_at.utcoffset() is not None


def test_the_engines_own_trials_are_part_of_the_proof_once_it_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "_try_in_decoder", lambda **_: TRIED)
    assert [each.process for each in proof.prove(workshop())] == ["server", "decoder"]
    proofs = proof.prove(workshop(SimpleNamespace(tried=TRIED)))
    assert [(each.process, each.when, each.trials) for each in proofs[1:]] == [
        ("decoder", TRIED.tried_at, TRIED.trials),
        ("engine", TRIED.tried_at, TRIED.trials),
    ]


def test_an_open_way_out_is_shown_as_open() -> None:
    server = cage.try_way_out()  # This process is not sealed.
    assert {trial.call for trial in server if not trial.refused} >= {"socket", "connect", "socket(AF_INET)"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Failed.of(CageError(missing="Landlock")), CageError),
        (Cancel(job_id=b""), DecoderDiedError),
        (None, DecoderDiedError),
    ],
)
def test_a_decoder_that_cannot_be_asked_is_an_error_and_not_a_proof(
    answer: AnyMessage | None, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Channel.pair()
    if answer:
        theirs.send(answer)
    else:
        ours.close()
    child = cast("Child", SimpleNamespace(channel=ours, kill=ours.close))
    monkeypatch.setattr(proof, "start_child", lambda *_, **__: child)
    with pytest.raises(error):
        proof._try_in_decoder(allow_weaker=False)
    theirs.close()
