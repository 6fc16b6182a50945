"""Which sound track of a file with several is the one to transcribe."""

from __future__ import annotations

from collections.abc import Sequence

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream

from appliance.errors import NoAudioError, UnreadableMediaError
from appliance.media.limits import BYTES_PER_SECOND, SAMPLE_RATE_HZ, Meter, refuse_implausible
from appliance.media.mix import Mixer

# A track whose loudest sample stays under this (-60 dB of full scale) for as long as we listen is taken for silent.
SILENT_PEAK = 32
LISTEN_S = 120
MOST_TRACKS = 8
MOST_PACKETS = 50_000  # Where one track never gets its seconds together, listening ends anyway.

# Spoken descriptions and comments are sound too, but not the recording.
SIDE_TRACKS = Disposition.comment | Disposition.visual_impaired


def choose_track(container: InputContainer, meter: Meter) -> int:
    """Choose a track: the one flagged as default, or else the first, unless it is silent while another is not.

    Recorders of calls and of screens write a track for each source, and the first is often the one nobody used.

    Args:
        container: Freshly opened; is read from, so open it again afterwards.
        meter: Stops a file that only burns time.

    Returns:
        Index of the stream in its container.

    Raises:
        NoAudioError: There is no audio track.
        UnreadableMediaError: There is one, in a codec that we do not decode.
        ImplausibleMediaError: All of them claim what cannot be true.
        av.FFmpegError: The file cannot be read.
    """
    tracks = [stream for stream in container.streams if isinstance(stream, AudioStream)]
    if not tracks:
        raise NoAudioError if len(container.streams) else UnreadableMediaError
    tracks.sort(key=_preference)
    decodable = [stream for stream in tracks if stream.codec_context is not None]
    if not decodable:
        raise UnreadableMediaError
    for stream in decodable:
        _refuse_claims(stream)
    if len(decodable) == 1:
        return decodable[0].index
    return _first_with_sound(container, decodable[:MOST_TRACKS], meter)


def _preference(stream: AudioStream) -> tuple[bool, bool, int]:
    disposition = Disposition(stream.disposition)
    return bool(disposition & SIDE_TRACKS), not disposition & Disposition.default, stream.index


def _refuse_claims(stream: AudioStream) -> None:
    """Refuse what the header says. 0 is no claim: FFmpeg has not found out, and the frames will tell."""
    rate_hz, channels = stream.codec_context.sample_rate, stream.codec_context.layout.nb_channels
    if rate_hz or channels:
        refuse_implausible(rate_hz or SAMPLE_RATE_HZ, channels or 1)


def _first_with_sound(container: InputContainer, tracks: Sequence[AudioStream], meter: Meter) -> int:
    """Listen to the tracks side by side until the most preferred one that may still win has sound."""
    ears = {stream.index: _Ear() for stream in tracks}
    for number, packet in enumerate(container.demux(*tracks)):
        meter.check_time()
        ears[packet.stream.index].listen(packet)
        winner = next((index for index, ear in ears.items() if not ear.found_silence), tracks[0].index)
        if ears[winner].heard or number == MOST_PACKETS or all(ear.found_silence for ear in ears.values()):
            break
    return next((index for index, ear in ears.items() if ear.heard), tracks[0].index)


class _Ear:
    """Listens to one track for a while."""

    def __init__(self) -> None:
        self.heard = False
        self._listened_bytes = 0
        self._mixer = Mixer(self._hear)

    @property
    def found_silence(self) -> bool:
        return not self.heard and self._listened_bytes >= LISTEN_S * BYTES_PER_SECOND

    def listen(self, packet: av.Packet[Stream]) -> None:
        if self.heard or self.found_silence:
            return
        try:
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    self._mixer.push(frame)
        except MemoryError:
            raise
        except av.FFmpegError:
            return  # A damaged packet is silence for our purpose.

    def _hear(self, samples: memoryview) -> None:
        values = samples.cast("h").tolist()
        self._listened_bytes += samples.nbytes
        self.heard = self.heard or max(values, default=0) > SILENT_PEAK or min(values, default=0) < -SILENT_PEAK
