"""The channel keeps message borders, passes descriptors, and tells when the other side is gone."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from appliance.errors import DecodeLimitError, NoAudioError
from appliance.worker.channel import Channel, ChannelClosedError
from appliance.worker.messages import AnyMessage, Cancel, Decode, Failed, Progress

Pair = tuple[Channel, Channel]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ends = Channel.pair()
    yield ends
    for end in ends:
        end.close()


def test_messages_arrive_whole_and_in_order(pair: Pair) -> None:
    ours, theirs = pair
    sent: list[AnyMessage] = [
        Progress(stage="asr", fraction=0.25),
        Cancel(job_id=b"x" * 16),
        Progress(stage="asr", fraction=0.5),
    ]
    for message in sent:
        ours.send(message)
    assert [theirs.receive()[0] for _ in sent] == sent


def test_a_descriptor_arrives_and_is_not_inherited_by_grandchildren(pair: Pair) -> None:
    ours, theirs = pair
    memory = os.memfd_create("test")
    os.write(memory, b"samples")
    ours.send(Decode(audio_id=None, file_key=None, size_bytes=7, max_duration_s=1.0), [memory])
    _, descriptors = theirs.receive()
    assert os.pread(descriptors[0], 10, 0) == b"samples"
    assert not os.get_inheritable(descriptors[0])
    for descriptor in (memory, *descriptors):
        os.close(descriptor)


def test_the_end_of_the_other_side_is_an_error_for_reader_and_writer(pair: Pair) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(ChannelClosedError):
        ours.receive()
    with pytest.raises(ChannelClosedError):
        ours.send(Cancel(job_id=b""))


def test_waiting_ends_at_the_timeout(pair: Pair) -> None:
    ours, _ = pair
    with pytest.raises(TimeoutError):
        ours.receive(0.01)


def test_a_packet_that_is_no_message_is_refused_and_its_descriptors_are_closed() -> None:
    raw, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel = Channel(theirs)
    memory = os.memfd_create("test")
    open_before = open_descriptors()
    socket.send_fds(raw, [b"not a message"], [memory])
    with pytest.raises(msgspec.MsgspecError):
        channel.receive()
    assert open_descriptors() == open_before
    os.close(memory)
    raw.close()
    channel.close()


def test_an_error_crosses_with_its_code_and_facts(pair: Pair) -> None:
    ours, theirs = pair
    ours.send(Failed.of(DecodeLimitError(limit="12 hours", reached_s=43200.0)))
    message, _ = theirs.receive()
    assert isinstance(message, Failed)
    error = message.error()
    assert isinstance(error, DecodeLimitError)
    assert str(error) == str(DecodeLimitError(limit="12 hours", reached_s=43200.0))


def test_a_child_cannot_choose_an_error_beyond_the_tree() -> None:
    assert Failed(code="os.system", facts={"cmd": "true"}).error().code == "appliance"
    assert Failed(code=NoAudioError.code, facts={"surprise": 1}).error().code == "appliance"


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
