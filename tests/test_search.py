"""Search: the golden cases, who may find what, what is gone when it is deleted, and that nothing reaches a disk."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import ApplianceError, SearchBusyError
from appliance.search.fold import fold_letter, plain, tokens, words
from appliance.search.found import MOST_COUNTED, Entry, Found, Passage, Scope
from appliance.search.index import Index
from appliance.search.query import MAX_CHARACTERS, parse
from appliance.search.shelf import AT_ONCE, Shelf
from appliance.transcript import Speaker
from tests.conftest import REPOSITORY

VECTORS = json.loads((REPOSITORY / "tests" / "vectors" / "search.json").read_text(encoding="utf-8"))
CANARY = "zqcanaryword"
EVERYTHING = Scope()


def an_entry(recording: str = "r", *texts: str, created_ms: int = 1_790_000_000_000, title: str = "Talk") -> Entry:
    return Entry(
        recording=recording,
        created_ms=created_ms,
        title=plain(title),
        language="en",
        speakers=(Speaker(id="S1", name="Amina Rahman"),),
        passages=tuple(Passage(start=5.0 * at, speaker="S1", text=plain(text)) for at, text in enumerate(texts)),
    )


def found_by(index: Index, query: str, owner_id: str = "one", scope: Scope = EVERYTHING) -> list[str]:
    return [group.recording for group in index.find(owner_id, parse(query), scope).groups]


@pytest.fixture(scope="module")
def golden() -> Shelf:
    shelf = Shelf()
    for document in VECTORS["documents"]:
        entry = msgspec.convert(document, Entry)
        passages = tuple(msgspec.structs.replace(one, text=plain(one.text)) for one in entry.passages)
        shelf.put(msgspec.structs.replace(entry, title=plain(entry.title), passages=passages))
    return shelf


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_golden_cases_hold(golden: Shelf, case: dict[str, Any]) -> None:
    query = parse(case["query"], case.get("speaker", ""))
    assert query.is_too_long == case.get("too_long", False)
    if not query.is_too_long:
        assert outline(golden.find(query, msgspec.convert(case.get("scope", {}), Scope))) == case["found"]


def outline(found: Found) -> dict[str, Any]:
    """Return what the vectors hold of an answer."""
    groups = [
        {
            "recording": group.recording,
            "marks": [list(mark) for mark in group.marks],
            "count": group.count,
            "places": [
                {
                    "position": place.position,
                    "speaker": place.speaker,
                    "voice": place.voice,
                    "marks": [list(mark) for mark in place.marks],
                    "matched": [in_utf16(place.text, *mark) for mark in place.marks],
                }
                for place in group.places
            ],
        }
        for group in found.groups
    ]
    counts = {name: getattr(found, name) for name in ("recordings", "places", "is_counted", "has_more")}
    return {**counts, "groups": groups}


def in_utf16(text: str, start: int, end: int) -> str:
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")


def test_node_finds_the_same() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = REPOSITORY / "tests" / "js" / "search.test.mjs"
    ran = subprocess.run([node, "--test", script], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout[-4000:]


def test_every_letter_is_folded_as_the_vectors_say() -> None:
    digest = hashlib.sha256()
    for first, last in VECTORS["alphabet"]["ranges"]:
        for letter in range(first, last + 1):
            digest.update(fold_letter(chr(letter)).encode() + b"\0")
    assert digest.hexdigest() == VECTORS["alphabet"]["sha256"]


@settings(deadline=None)
@given(st.text())
def test_folded_words_and_words_with_places_are_the_same_words(text: str) -> None:
    placed = tokens(plain(text))
    assert [token.word for token in placed] == words(text)
    units = len(plain(text).encode("utf-16-le", "surrogatepass")) // 2
    assert all(0 <= token.start < token.end <= units for token in placed)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab *\"“:()^{}[]-+\\'\0\n§speakrANDORT\u0995\u09bf東") | st.characters()))
def test_whatever_is_typed_finds_or_finds_nothing(typed: str) -> None:
    shelf = Shelf()
    shelf.put(an_entry("r", "a b AND speaker কি 東京"))
    query = parse(typed)
    assert query.is_too_long or shelf.find(query, EVERYTHING).recordings in (0, 1)
    shelf.close()


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_a_text_is_found_by_itself(text: str) -> None:
    shelf = Shelf()
    shelf.put(an_entry("r", text))
    query = parse(re.sub("[*:]", " ", text))
    if not query.is_empty and not query.is_too_long:
        assert shelf.find(query, EVERYTHING).recordings == 1
    shelf.close()


@pytest.mark.parametrize(
    "attack",
    [
        "folded:gate",
        "{folded} : gate",
        "gate OR anything",
        'gate" OR "anything',
        "gate NOT gate",
        "NEAR(gate anything, 9)",
        "^gate",
        "gate + anything",
        "'; DROP TABLE words; --",
        "rank:gate",
        '"" OR 1=1',
        "gate*anything",
        "\0gate",
        "-gate",
    ],
)
def test_syntax_of_the_index_is_only_words(attack: str) -> None:
    shelf = Shelf()
    shelf.put(an_entry("one", "The gate."))
    shelf.put(an_entry("two", "Nothing of the kind.", created_ms=1))
    literal = " ".join(words(attack))
    found = shelf.find(parse(attack), EVERYTHING)
    assert [group.recording for group in found.groups] == (["one"] if set(literal.split()) <= {"gate"} else [])
    shelf.close()


def test_another_owners_text_is_never_found_nor_counted() -> None:
    index = Index()
    index.put("one", an_entry("mine", "The gate was open."))
    for number in range(5):
        index.put("two", an_entry(f"theirs{number}", f"The gate was shut. {CANARY}", title=CANARY))
    found = index.find("one", parse("gate"), EVERYTHING)
    assert ([group.recording for group in found.groups], found.recordings, found.places) == (["mine"], 1, 1)
    assert index.find("one", parse(CANARY), EVERYTHING) == Found()
    assert index.find("one", parse("gate"), Scope(recording="theirs0")) == Found()
    assert index.find("nobody", parse("gate"), EVERYTHING) == Found()
    assert CANARY[2:].encode() not in index.image("one")
    assert CANARY[2:].encode() in index.image("two")


def test_forgetting_by_another_owner_changes_nothing() -> None:
    index = Index()
    index.put("one", an_entry("mine", "The gate."))
    index.put("two", an_entry("theirs", "Something."))
    index.forget("two", "mine")
    assert found_by(index, "gate") == ["mine"]


def test_deleted_text_is_not_found_and_its_words_leave_the_memory() -> None:
    index = Index()
    index.put("one", an_entry("kept", "The gate was open.", title="Kept"))
    index.put("one", an_entry("gone", f"The gate hid {CANARY}.", created_ms=1, title="Gone"))
    assert CANARY[2:].encode() in index.image("one")
    index.forget("one", "gone")
    assert found_by(index, "gate") == ["kept"]
    assert found_by(index, CANARY) == []
    assert found_by(index, "gone") == []
    while index.settle("one"):
        pass
    assert CANARY[2:].encode() not in index.image("one")
    assert found_by(index, "gate") == ["kept"]


def test_the_last_deletion_leaves_an_empty_memory() -> None:
    index = Index()
    index.put("one", an_entry("gone", f"{CANARY} {CANARY}x"))
    index.forget("one", "gone")
    index.settle("one")
    assert CANARY[2:].encode() not in index.image("one")
    index.put("one", an_entry("again", "The gate."))
    assert found_by(index, "gate") == ["again"]


def test_a_recording_that_comes_again_takes_its_own_place() -> None:
    index = Index()
    assert not index.put("one", an_entry("r", "The gate.", title="Before"))
    assert index.put("one", an_entry("r", "The door.", title="After"))
    assert found_by(index, "gate") == []
    assert found_by(index, "before") == []
    assert found_by(index, "door") == found_by(index, "after") == ["r"]


def test_recordings_of_the_same_moment_are_kept_apart() -> None:
    index = Index()
    for name in ("a", "b", "c"):
        index.put("one", an_entry(name, f"The gate {name}."))
    assert sorted(found_by(index, "gate")) == ["a", "b", "c"]
    index.forget("one", "b")
    assert sorted(found_by(index, "gate")) == ["a", "c"]


@pytest.mark.parametrize("moment_ms", [-(2**70), -1, 0, 2**62, 2**70])
def test_moments_that_no_calendar_knows_find_nothing_wrong(moment_ms: int) -> None:
    index = Index()
    index.put("one", an_entry("r", "The gate."))
    is_after = moment_ms > 0
    assert found_by(index, "gate", scope=Scope(until_ms=moment_ms)) == (["r"] if is_after else [])
    assert found_by(index, "gate", scope=Scope(since_ms=moment_ms)) == ([] if is_after else ["r"])
    assert index.find("one", parse("gate"), Scope(recording="r", after=moment_ms)).places == (moment_ms < 0)


def test_ten_thousand_characters_are_refused_before_they_are_read() -> None:
    assert parse("a " * 5000).is_too_long
    assert parse("a" * MAX_CHARACTERS).terms
    assert parse("", speaker="b" * 10_000).is_too_long
    assert parse("東" * 400).is_too_long


def test_places_are_counted_up_to_a_limit_and_the_answer_says_so() -> None:
    shelf = Shelf()
    for number in range(3):
        shelf.put(an_entry(f"r{number}", *["again"] * (MOST_COUNTED // 2), created_ms=number))
    found = shelf.find(parse("again"), EVERYTHING)
    assert (found.places, found.is_counted, len(found.groups)) == (MOST_COUNTED, False, 2)
    assert found.groups[0].recording == "r2"
    assert shelf.find(parse("again"), Scope(before_ms=1)).is_counted
    shelf.close()


def test_many_searches_of_one_owner_at_once_are_refused_and_hold_no_threads() -> None:
    shelf = Shelf()
    shelf.put(an_entry("r", "The gate."))
    with shelf._lock:
        waiting = [threading.Thread(target=shelf.find, args=(parse("gate"), EVERYTHING)) for _ in range(AT_ONCE)]
        for thread in waiting:
            thread.start()
        while shelf._turns._value:
            pass
        with pytest.raises(SearchBusyError):
            shelf.find(parse("gate"), EVERYTHING)
    for thread in waiting:
        thread.join()
    assert shelf.find(parse("gate"), EVERYTHING).recordings == 1


def test_what_sqlite_says_of_a_search_reaches_nobody(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    shelf._connection.close()
    with pytest.raises(ApplianceError) as refused:
        shelf.find(parse(CANARY), EVERYTHING)
    assert refused.value.__suppress_context__
    assert CANARY not in caplog.text


NOTHING_ON_DISK = """
import random, sys
from appliance import cage
from appliance.search.found import Entry, Passage, Scope
from appliance.search.query import parse
from appliance.search.shelf import Shelf
if "cage" in sys.argv:
    cage.seal_engine(readable=[], writable=[])
shelf, chance = Shelf(), random.Random(1)
words = ["w%x" % number for number in range(20_000)]
for number in range(40):
    texts = (" ".join(chance.choices(words, k=12)) + " common" for _ in range(800))
    passages = tuple(Passage(start=1.0, speaker=None, text=text) for text in texts)
    entry = Entry(recording=str(number), created_ms=number, title="t", language="en", speakers=(), passages=passages)
    shelf.put(entry)
assert shelf.find(parse("common"), Scope()).places == 10_000
assert shelf.find(parse("w* common"), Scope()).places == 10_000
for number in range(0, 40, 2):
    shelf.forget(str(number))
while shelf.settle():
    pass
assert shelf.find(parse("common"), Scope()).recordings == 13
print("done", len(shelf.image()))
"""


def test_the_index_works_where_the_kernel_lets_nothing_be_opened() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NOTHING_ON_DISK, "cage"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    size_bytes = int(ran.stdout.split()[1])
    assert size_bytes > 4_000_000  # More than SQLite keeps in its caches: it would have written files by now.


def test_no_file_is_opened_for_writing(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    traced = tmp_path / "calls"
    calls = "trace=open,openat,openat2,creat,memfd_create,mknod,mknodat,pwrite64,pwritev"
    command = [strace, "-f", "-e", calls, "-o", str(traced), sys.executable, "-B", "-c", NOTHING_ON_DISK]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=240)
    if "ptrace" in ran.stderr:
        pytest.skip("this machine does not let strace look")
    assert ran.returncode == 0, ran.stderr[-2000:]
    opened = traced.read_text()
    assert "openat" in opened
    writing = [
        line for line in opened.splitlines() if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|creat|write", line)
    ]
    assert [line for line in writing if "/dev/null" not in line] == []
