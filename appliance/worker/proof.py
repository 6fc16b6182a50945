"""The live proof of the air gap: every way out, tried from inside the processes themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from appliance import cage
from appliance.errors import DecoderDiedError
from appliance.worker.channel import ChannelClosedError
from appliance.worker.messages import Failed, Tried, TryWayOut
from appliance.worker.process import start_child
from appliance.worker.workshop import Workshop

DECODER_PATIENCE_S = 60.0  # It loads its libraries first; on a busy machine that takes a while.


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of every way out of one process.

    Attributes:
        process: ``server``, ``decoder`` or ``engine``.
        when: When it was tried, with its time zone.
        trials: One for each way out. A child's are its own words.
    """

    process: str
    when: datetime
    trials: tuple[cage.Trial, ...]


def prove(workshop: Workshop) -> tuple[Proof, ...]:
    """Try every way out, of the server and of a decoder started for it now; the engine has tried when it started.

    Returns:
        Server and decoder, and the engine as soon as it is ready.

    Raises:
        ApplianceError: The decoder could not be asked, or could not seal itself.
    """
    proofs = [Proof("server", datetime.now(UTC), cage.try_way_out())]
    decoder = _try_in_decoder(allow_weaker=workshop.settings.allow_weaker_cage)
    proofs.append(Proof("decoder", decoder.tried_at, decoder.trials))
    if ready := workshop.engine.ready:
        proofs.append(Proof("engine", ready.tried.tried_at, ready.tried.trials))
    return tuple(proofs)


def _try_in_decoder(*, allow_weaker: bool) -> Tried:
    child = start_child("appliance.worker.decoder_child", threads=1, allow_weaker=allow_weaker, mute=True)
    try:
        child.channel.send(TryWayOut())
        message, _ = child.channel.receive(DECODER_PATIENCE_S)
    except (ChannelClosedError, TimeoutError, msgspec.MsgspecError) as exc:
        raise DecoderDiedError from exc
    finally:
        child.kill()
    match message:
        case Tried():
            return message
        case Failed():
            raise message.error()
        case _:
            raise DecoderDiedError
