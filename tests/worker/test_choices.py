from __future__ import annotations

import pytest

from appliance.errors import ChoiceError, OptionError, UnknownLanguageError, UnknownModelError
from appliance.options import TranscribeOptions
from appliance.worker.choices import heard_by, preselected, require_choice
from appliance.worker.messages import Choice

CHOICES = (
    Choice(name="", model="whisper-base", languages=("en", "bn"), weights_bytes=10),
    Choice(name="fast", model="whisper-tiny.en", languages=("en",), weights_bytes=5),
    Choice(name="odd", model="whisper-odd", languages=(), weights_bytes=5),
)


def test_what_the_set_has_can_be_chosen() -> None:
    require_choice(CHOICES, TranscribeOptions())
    require_choice(CHOICES, TranscribeOptions(language="bn"))
    require_choice(CHOICES, TranscribeOptions(model="fast", language="en"))
    require_choice(CHOICES, TranscribeOptions(model="fast"))
    require_choice(CHOICES, TranscribeOptions(model="odd", language="zh"))


def test_a_model_that_the_set_lacks_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnknownModelError, match=r"no speech model called slow here\. There are: default, fast, odd\."):
        require_choice(CHOICES, TranscribeOptions(model="slow"))


@pytest.mark.parametrize(("model", "language"), [("fast", "bn"), (None, "zh")])
def test_a_language_that_the_model_lacks_is_refused(model: str | None, language: str) -> None:
    with pytest.raises(UnknownLanguageError) as refused:
        require_choice(CHOICES, TranscribeOptions(model=model, language=language))
    assert isinstance(refused.value, ChoiceError)


def test_before_a_set_is_loaded_nothing_is_refused() -> None:
    require_choice((), TranscribeOptions(model="fast", language="bn"))


def test_the_policy_chooses_at_first_where_the_set_has_its_model() -> None:
    assert preselected(CHOICES, "fast") == "fast"
    assert preselected(CHOICES, "gone") == ""
    assert preselected(CHOICES, "") == ""
    assert preselected((), "fast") == ""


def test_a_speed_is_looked_up_for_the_model_that_will_hear_it() -> None:
    assert heard_by(CHOICES, "fast") == "whisper-tiny.en"
    assert heard_by(CHOICES, "gone") == "whisper-base"
    assert heard_by(CHOICES, None) == "whisper-base"
    assert heard_by((), "fast") == ""


@pytest.mark.parametrize("name", ["", "Fast", "a b", "../asr", "-x", "x" * 17, "fast\n", "\u202efast", "x" * 10_000])
def test_a_name_that_no_model_can_have_is_refused_and_repeated_in_part(name: str) -> None:
    with pytest.raises(OptionError) as refused:
        TranscribeOptions(model=name)
    assert refused.value.name == "model"
    assert len(refused.value.value) <= 40
