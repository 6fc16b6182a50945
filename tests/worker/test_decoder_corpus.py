"""The corpus' good, broken and hostile files, through the real caged decoder."""

from __future__ import annotations

import json

import pytest

from appliance.errors import DecodeLimitError, ForbiddenFormatError, MediaError, UnreadableMediaError
from appliance.media.limits import BYTES_PER_SECOND
from tests.conftest import CORPUS
from tests.media.recordings import loudness
from tests.sealed import needs_whole_seal
from tests.worker.caged import HOURS, decode_file

pytestmark = needs_whole_seal


def corpus_formats() -> list[dict[str, object]]:
    manifest = CORPUS / "manifest.json"
    if not manifest.exists():
        return []
    items = json.loads(manifest.read_text(encoding="utf-8"))["items"]
    return [item for item in items if str(item["kind"]).startswith("format_")]


def formats(*expectations: str) -> pytest.MarkDecorator:
    names = [str(item["path"]) for item in corpus_formats() if item["expect"] in expectations]
    nothing = pytest.param("", marks=pytest.mark.skip("the evaluation corpus is not beside this checkout"))
    return pytest.mark.parametrize("name", names or [nothing])


@formats("ok")
def test_every_good_file_of_the_corpus_gives_its_speech(name: str) -> None:
    duration_s, pcm = decode_file(CORPUS / name)
    assert duration_s == pytest.approx(20.73 if "2spk" in name else 11.0, abs=0.1)
    assert len(pcm) == round(duration_s * BYTES_PER_SECOND)
    assert loudness(pcm) > 500


@formats("reject")
def test_every_bad_file_of_the_corpus_is_refused_in_words(name: str) -> None:
    with pytest.raises(MediaError) as refusal:
        decode_file(CORPUS / name)
    assert refusal.value.code != MediaError.code


@formats("reject_or_partial", "reject_or_empty", "empty_ok")
def test_every_broken_file_of_the_corpus_gives_a_part_or_a_refusal(name: str) -> None:
    try:
        duration_s, _ = decode_file(CORPUS / name)
    except UnreadableMediaError:
        return
    assert 0.1 <= duration_s < 11.1


@formats("must_not_fetch", "must_not_read_local")
def test_every_hostile_file_of_the_corpus_is_called_what_it_is(name: str) -> None:
    with pytest.raises(ForbiddenFormatError):
        decode_file(CORPUS / name)


@formats("edge")
def test_every_odd_file_of_the_corpus_gives_what_its_note_says(name: str) -> None:
    if "12h" in name:
        with pytest.raises(DecodeLimitError):
            decode_file(CORPUS / name, max_duration_s=HOURS)
        return
    duration_s, pcm = decode_file(CORPUS / name)
    assert duration_s == pytest.approx(1.0 if "claims" in name else 11.0, abs=0.1)
    assert loudness(pcm) > 500
