"""From frames of any rate, format and number of channels to blocks of 16 kHz mono s16."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import mul

import av
from av.filter import Graph

from appliance.media.limits import SAMPLE_RATE_HZ, refuse_implausible

BLOCK_SAMPLES = SAMPLE_RATE_HZ  # One second: long enough to judge a mix, short enough to follow a change.

# Energies are estimated from every 13th sample: 1,231 a second, at a step that no usual tone falls in line with.
ENERGY_STEP = 13

# Of two channels' energy, the sum keeps all when they are alike, half when they are strangers (two microphones, two
# speakers), and nothing when one is the other upside down. Under a twentieth it has cancelled.
CANCELLED_SHARE = 0.05


class Mixer:
    """Mixes frames down, and passes on a block of one second at a time."""

    def __init__(self, write: Callable[[memoryview], None]) -> None:
        """Start without knowing the shape of the sound: the first frame tells, and any later one may tell anew."""
        self._write = write
        self._graph: Graph | None = None
        self._shape: tuple[int, str, str] | None = None

    def push(self, frame: av.AudioFrame) -> None:
        """Take one decoded frame.

        Raises:
            ImplausibleMediaError: Its rate or its number of channels cannot be true.
            av.FFmpegError: It cannot be converted.
        """
        shape = (frame.sample_rate, frame.format.name, frame.layout.name)
        if shape != self._shape:
            self.finish()
            refuse_implausible(frame.sample_rate, frame.layout.nb_channels)
            self._graph, self._shape = _build_graph(frame), shape
        assert self._graph is not None  # noqa: S101 -- built with the shape; for the type checker.
        frame.pts = None  # Times in hostile files jump about; what counts is the samples, one after the other.
        self._graph.push(frame)
        self._pass_on()

    def finish(self) -> None:
        """Pass on what is left."""
        if self._graph is not None:
            self._graph.push(None)
            self._pass_on()
        self._graph, self._shape = None, None

    def _pass_on(self) -> None:
        for block in self._blocks():
            planes = [memoryview(plane).cast("h")[: block.samples] for plane in block.planes]
            self._write((planes[0] if len(planes) == 1 else _mid_or_side(*planes)).cast("B"))

    def _blocks(self) -> Iterator[av.AudioFrame]:
        assert self._graph is not None  # noqa: S101 -- called with a graph only; for the type checker.
        while True:
            try:
                block = self._graph.pull()
            except (BlockingIOError, EOFError):  # It wants more frames, or has had its last.
                return
            assert isinstance(block, av.AudioFrame)  # noqa: S101 -- the sink is an audio sink; for the type checker.
            yield block


def _build_graph(frame: av.AudioFrame) -> Graph:
    graph = Graph()
    graph.threads = 1  # It would otherwise start a thread a core, and the caged process is meant to have none.
    mix, out_layout = _mix_of(frame.layout)
    nodes = [
        graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=frame.time_base,
        ),
        graph.add("aformat", "sample_fmts=fltp"),
        *([graph.add("pan", mix)] if mix else []),
        graph.add("aresample", str(SAMPLE_RATE_HZ)),
        graph.add("aformat", f"sample_fmts=s16p:channel_layouts={out_layout}"),
        graph.add("asetnsamples", f"n={BLOCK_SAMPLES}:p=0"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    return graph


def _mix_of(layout: av.AudioLayout) -> tuple[str | None, str]:
    """Return the pan filter's argument, or None for FFmpeg's own mix, and the layout that comes out.

    Two channels become their half sum and half difference, for `_mid_or_side`. Known surround layouts get FFmpeg's
    weights, by which the centre, where the speech is, counts most. Of channels without a known place, all count alike.
    """
    count = layout.nb_channels
    if count == 1:
        return "mono|c0=c0", "mono"
    if count == 2:  # noqa: PLR2004 -- stereo.
        return "stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0-0.5*c1", "stereo"
    if "." in layout.name:  # 2.1, 5.1(side), 7.1; one without a place for each channel is called "6 channels".
        return None, "mono"
    return "mono|c0=" + "+".join(f"{1 / count:.6f}*c{n}" for n in range(count)), "mono"


def _mid_or_side(mid: memoryview, side: memoryview) -> memoryview:
    """Return the half sum of two channels, or their half difference where the sum has cancelled.

    A recorder with one channel's wires crossed gives right = minus left: the sum is silence, and the difference is the
    left channel exactly.
    """
    mid_energy, side_energy = _energy(mid), _energy(side)
    return side if mid_energy < CANCELLED_SHARE * (mid_energy + side_energy) else mid


def _energy(samples: memoryview) -> int:
    few = samples[::ENERGY_STEP].tolist()
    return sum(map(mul, few, few))
