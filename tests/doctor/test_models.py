from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from appliance.doctor.models import OLD, SpokenLanguage, languages, models
from appliance.options import LANGUAGES
from appliance.worker.messages import Ready
from tests.doctor.saying import said, verdicts
from tests.worker.fake_engine import LOADED, PLAN, TRIED

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
ROLES = {"asr": "whisper", "segmentation": "pyannote", "embedding": "campplus", "clustering": "centroid"}


def ready(roles: dict[str, str] | None = None, *spoken: str, age: timedelta = timedelta(days=1)) -> Ready:
    loaded = msgspec.structs.replace(LOADED, languages=spoken, dated_at=(NOW - age).timestamp())
    return Ready(models=roles or ROLES, plan=PLAN, loaded=loaded, load_s=1.0, tried=TRIED)


def test_a_set_is_told_with_its_release_and_date() -> None:
    findings = list(models(ready(), NOW))
    assert verdicts(findings) == ["ok", "ok"]
    assert "fake, release 1, of 2027-02-28" in said(findings)


def test_a_set_of_more_than_a_year_is_a_note() -> None:
    assert "more than 365 days ago" in said(models(ready(age=OLD + timedelta(days=1)), NOW), "note")


def test_each_language_says_who_writes_who_times_and_who_tells_speakers_apart() -> None:
    assert languages(ready({**ROLES, "aligner/en": "wav2vec2-en"}, "en", "bn")) == (
        SpokenLanguage("en", "whisper", "wav2vec2-en", "campplus"),
        SpokenLanguage("bn", "whisper", "", "campplus"),
    )


def test_a_set_that_lacks_a_part_of_diarization_tells_nobody_apart() -> None:
    (english,) = languages(ready({"asr": "whisper", "segmentation": "pyannote"}, "en"))
    assert english.diarized_by == ""


def test_a_set_that_names_no_languages_writes_all() -> None:
    assert [spoken.code for spoken in languages(ready())] == list(LANGUAGES)
