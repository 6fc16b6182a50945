from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from appliance.engine.assign import assign, speakers_of
from appliance.transcript import Segment, SpeakerTurn, Word


def word(start: float, end: float, text: str = "word") -> Word:
    return Word(start=start, end=end, text=text, score=0.9, timed_by="attention")


def segment(*words: Word, text: str | None = None) -> Segment:
    spoken = " ".join(one.text for one in words) if text is None else text
    return Segment(id=0, start=words[0].start, end=words[-1].end, speaker=None, text=spoken, words=words)


def turn(start: float, end: float, speaker: str) -> SpeakerTurn:
    return SpeakerTurn(start=start, end=end, speaker=speaker)


def words_of(*texts: str) -> list[Word]:
    """Words of one second each, one after another."""
    return [word(float(number), number + 1.0, text) for number, text in enumerate(texts)]


def test_a_word_gets_the_speaker_it_shares_most_time_with() -> None:
    (assigned,) = assign([segment(word(0.0, 1.0))], [turn(0.0, 0.4, "S1"), turn(0.4, 2.0, "S2")])
    assert assigned.speaker == "S2"


def test_a_segment_is_cut_where_the_speaker_changes() -> None:
    spoken = words_of("Where", "were", "you?", "At", "home.", "Alone.")
    first, second = assign([segment(*spoken)], [turn(0.0, 3.0, "S1"), turn(3.0, 6.0, "S2")])
    assert (first.speaker, first.text, first.start, first.end) == ("S1", "Where were you?", 0.0, 3.0)
    assert (second.speaker, second.text, second.start, second.end) == ("S2", "At home. Alone.", 3.0, 6.0)
    assert (first.id, second.id) == (0, 1)


def test_a_stray_word_inside_a_sentence_stays_with_its_neighbours() -> None:
    spoken = words_of("we", "met", "at", "the", "station")
    turns = [turn(0.0, 2.0, "S1"), turn(2.0, 3.0, "S2"), turn(3.0, 5.0, "S1")]
    (assigned,) = assign([segment(*spoken)], turns)
    assert assigned.speaker == "S1"


def test_a_short_answer_between_two_sentences_keeps_its_speaker() -> None:
    spoken = words_of("Were", "you", "there?", "Yes.", "And", "then?")
    turns = [turn(0.0, 3.0, "S1"), turn(3.0, 4.0, "S2"), turn(4.0, 6.0, "S1")]
    assert [(piece.speaker, piece.text) for piece in assign([segment(*spoken)], turns)] == [
        ("S1", "Were you there?"),
        ("S2", "Yes."),
        ("S1", "And then?"),
    ]


def test_the_last_word_of_a_sentence_is_not_given_to_the_next_speaker() -> None:
    spoken = words_of("that", "is", "all", "right.")
    (assigned,) = assign([segment(*spoken)], [turn(0.0, 3.0, "S1"), turn(3.0, 9.0, "S2")])
    assert assigned.speaker == "S1"


def test_a_word_in_a_short_gap_goes_to_the_nearest_turn() -> None:
    (assigned,) = assign([segment(word(5.0, 5.3))], [turn(0.0, 4.0, "S1"), turn(5.9, 9.0, "S2")])
    assert assigned.speaker == "S2"


def test_a_word_far_from_every_turn_has_no_speaker() -> None:
    (assigned,) = assign([segment(word(60.0, 60.5))], [turn(0.0, 4.0, "S1")])
    assert assigned.speaker is None


def test_a_word_without_length_gets_the_speaker_of_its_instant() -> None:
    (assigned,) = assign([segment(word(3.0, 3.0))], [turn(0.0, 1.0, "S1"), turn(2.0, 4.0, "S2")])
    assert assigned.speaker == "S2"


def test_under_overlap_a_word_goes_to_whom_speaks_more_around_it() -> None:
    (assigned,) = assign([segment(word(4.0, 4.5))], [turn(3.9, 4.6, "S1"), turn(0.0, 9.0, "S2")])
    assert assigned.speaker == "S2"


def test_text_without_spaces_is_cut_without_adding_any() -> None:
    spoken = words_of("你", "在", "哪里。", "我", "在", "家。")
    first, second = assign([segment(*spoken, text="你在哪里。我在家。")], [turn(0.0, 3.0, "S1"), turn(3.0, 6.0, "S2")])
    assert (first.text, second.text) == ("你在哪里。", "我在家。")


def test_a_segment_without_words_gets_the_speaker_of_its_time() -> None:
    bare = Segment(id=0, start=1.0, end=2.0, speaker=None, text="Hm.", words=())
    (assigned,) = assign([bare], [turn(0.0, 3.0, "S1")])
    assert assigned.speaker == "S1"


def test_without_turns_nothing_changes() -> None:
    given_segment = segment(*words_of("Nobody", "was", "told", "apart."))
    assert assign([given_segment], []) == (given_segment,)


def test_speakers_are_listed_in_order_of_first_appearance() -> None:
    listed = speakers_of([turn(4.0, 5.0, "S2"), turn(0.0, 4.0, "S1"), turn(5.0, 6.0, "S1")])
    assert [(speaker.id, speaker.name) for speaker in listed] == [("S1", "Speaker 1"), ("S2", "Speaker 2")]


instants = st.floats(0, 120, allow_nan=False)
stretches = st.tuples(instants, st.floats(0, 5, allow_nan=False))
texts = st.text(alphabet="abcé.你?", min_size=1, max_size=4)


@st.composite
def spoken_segments(draw: st.DrawFn) -> list[Segment]:
    sizes = draw(st.lists(st.integers(1, 6), max_size=6))
    segments, now = [], 0.0
    for number, size in enumerate(sizes):
        words = []
        for text in draw(st.lists(texts, min_size=size, max_size=size)):
            pause, length = draw(st.tuples(st.floats(0, 3), st.floats(0, 1)))
            words.append(word(now + pause, now + pause + length, text))
            now += pause + length
        joint = draw(st.sampled_from(["", " "]))
        made = segment(*words, text=joint.join(one.text for one in words))
        segments.append(msgspec.structs.replace(made, id=number))
    return segments


turn_lists = st.lists(
    st.builds(
        lambda when, who: turn(when[0], when[0] + when[1] + 0.01, who), stretches, st.sampled_from(["S1", "S2", "S3"])
    ),
    max_size=12,
)


@given(spoken_segments(), turn_lists)
def test_no_word_is_lost_moved_or_changed(segments: list[Segment], turns: list[SpeakerTurn]) -> None:
    assigned = assign(segments, turns)
    before = [one for whole in segments for one in whole.words]
    assert [one for piece in assigned for one in piece.words] == before


@given(spoken_segments(), turn_lists)
def test_the_pieces_of_a_segment_hold_its_whole_text(segments: list[Segment], turns: list[SpeakerTurn]) -> None:
    assigned = assign(segments, turns)
    before = "".join("".join(whole.text.split()) for whole in segments)
    assert "".join("".join(piece.text.split()) for piece in assigned) == before


@given(spoken_segments(), turn_lists)
def test_speakers_come_from_the_turns_and_numbers_are_in_order(
    segments: list[Segment], turns: list[SpeakerTurn]
) -> None:
    assigned = assign(segments, turns)
    assert {piece.speaker for piece in assigned} <= {one.speaker for one in turns} | {None}
    assert [piece.id for piece in assigned] == list(range(len(assigned)))


@given(spoken_segments(), instants)
def test_one_turn_around_everything_owns_everything(segments: list[Segment], start: float) -> None:
    assigned = assign(segments, [turn(-start, 1000.0, "S1")])
    assert len(assigned) == len(segments)
    assert all(piece.speaker == "S1" for piece in assigned)
