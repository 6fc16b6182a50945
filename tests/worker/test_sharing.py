"""Share links as the server sees them: it hands out what it cannot tie to a key, to whoever shows a token."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.crypto.keywrap import WrapKind
from appliance.errors import (
    ApplianceError,
    ConflictError,
    DiskFullError,
    KeysRefusedError,
    LinkGoneError,
    NotFoundError,
    OptionError,
    WrongContextError,
    WrongKeyError,
)
from appliance.options import TranscribeOptions
from appliance.records import shares
from appliance.records.keystore import Wrap
from appliance.records.shares import Share
from appliance.worker.intake import take_chunk
from appliance.worker.library import delete_recording, open_transcript, resume, save_transcript, tidy
from appliance.worker.privacy import adopt, sealed_transcript
from appliance.worker.private_intake import PrivateUpload, begin_private_upload
from appliance.worker.sharing import (
    FileKey,
    FileKeys,
    file_keys,
    links_to,
    make_link,
    open_link,
    take_link_back,
    tidy_links,
)
from appliance.worker.workshop import Workshop
from tests.links import Link
from tests.people import Person
from tests.web.appliance import a_transcript, enrolled, finish_job, put_recording
from tests.worker.private import finish_privately, opened_result, sealed_title, unwrapped, wrapped

NO_KDF = b"CLK1\x01\x01\x00\x01\x00\x00\x00\x08\x00\x00\x00\x01" + bytes(16)
"""A record of 8 KiB: far under the floor."""


@pytest.fixture
def recording_id(workshop: Workshop, amina: Person) -> str:
    return put_transcript(workshop, amina)


def put_transcript(workshop: Workshop, person: Person, name: str = "Hearing 12.wav") -> str:
    recording_id = put_recording(workshop, person.account_id, name)
    finish_job(workshop, recording_id, a_transcript())
    return recording_id


def shared(workshop: Workshop, person: Person, recording_id: str, pin: str = "") -> Link:
    link = Link(pin=pin)
    keys = file_keys(workshop, person.account_id, recording_id)
    make_link(workshop, person.account_id, recording_id, link.offer(keys))
    return link


def link_wraps(workshop: Workshop) -> list[Wrap]:
    return workshop.keystore.page(WrapKind.FILE_KEY_UNDER_LINK, None, 100)


def expire(workshop: Workshop, link: Link) -> None:
    with workshop.database.write() as session:
        session.get_one(Share, link.id).expires_at = datetime.now(UTC) - timedelta(seconds=1)


@pytest.mark.parametrize("pin", ["", "seven brown owls"])
def test_whoever_has_the_link_opens_title_and_transcript(
    workshop: Workshop, amina: Person, recording_id: str, pin: str
) -> None:
    link = shared(workshop, amina, recording_id, pin)
    found = open_link(workshop, link.id, link.token)
    title, transcript = link.opened(found)
    assert title == "Hearing 12.wav"
    assert "Amina Rahman" in str(transcript)
    assert found.shared_by == "Amina"
    assert (found.kdf is not None) == bool(pin)


def test_a_wrong_pin_gives_another_key(workshop: Workshop, amina: Person, recording_id: str) -> None:
    link = shared(workshop, amina, recording_id, "seven brown owls")
    found = open_link(workshop, link.id, link.token)
    for pin in ("seven brown owl", ""):
        with pytest.raises(WrongKeyError):
            replace(link, pin=pin).opened(found)


def test_a_visitor_sees_what_the_owner_changed_since(workshop: Workshop, amina: Person, recording_id: str) -> None:
    link = shared(workshop, amina, recording_id)
    transcript, version = open_transcript(workshop, recording_id)
    save_transcript(workshop, recording_id, transcript.rename("S1", "Judge"), version)
    assert "Judge" in str(link.opened(open_link(workshop, link.id, link.token)))


def test_wraps_that_were_swapped_between_two_links_open_nothing(
    workshop: Workshop, amina: Person, recording_id: str
) -> None:
    """Somebody with the server's disk gives the one link the keys of the other transcript."""
    other_id = put_transcript(workshop, amina, "Other.wav")
    mine, other = shared(workshop, amina, recording_id), shared(workshop, amina, other_id)
    first, second = open_link(workshop, mine.id, mine.token), open_link(workshop, other.id, other.token)
    with pytest.raises(WrongContextError):
        mine.opened(replace(first, transcript=replace(first.transcript, wrapped=second.transcript.wrapped)))
    with pytest.raises(WrongKeyError):
        mine.opened(second)


def test_a_wrap_of_the_same_link_does_not_move_to_another_document(
    workshop: Workshop, amina: Person, recording_id: str
) -> None:
    link = shared(workshop, amina, recording_id)
    found = open_link(workshop, link.id, link.token)
    with pytest.raises(WrongContextError):
        link.opened(replace(found, transcript=replace(found.transcript, wrapped=found.title.wrapped)))
    with pytest.raises(WrongContextError):
        link.opened(replace(found, transcript=found.title))


def test_nothing_tells_a_link_that_ended_from_one_that_never_was(
    workshop: Workshop, amina: Person, recording_id: str
) -> None:
    revoked, expired, live = (shared(workshop, amina, recording_id) for _ in range(3))
    take_link_back(workshop, amina.account_id, recording_id, revoked.id)
    expire(workshop, expired)
    never = Link()
    told = []
    for link_id, token in [
        (revoked.id, revoked.token),
        (expired.id, expired.token),
        (never.id, never.token),
        (live.id, never.token),
        (never.id, live.token),
        (live.id, b""),
    ]:
        with pytest.raises(LinkGoneError) as refusal:
            open_link(workshop, link_id, token)
        told.append((refusal.value.code, str(refusal.value), refusal.value.facts))
    assert len({str(each) for each in told}) == 1


def test_a_link_that_was_taken_back_leaves_no_key_and_no_row(
    workshop: Workshop, amina: Person, recording_id: str
) -> None:
    gone, kept = shared(workshop, amina, recording_id), shared(workshop, amina, recording_id)
    assert len(link_wraps(workshop)) == 4
    take_link_back(workshop, amina.account_id, recording_id, gone.id)
    assert {wrap.holder for wrap in link_wraps(workshop)} == {bytes.fromhex(kept.id)}
    assert [share.id for share in links_to(workshop, amina.account_id, recording_id)] == [kept.id]
    assert kept.opened(open_link(workshop, kept.id, kept.token))


def test_a_link_opens_nothing_from_the_moment_its_wraps_are_gone(
    workshop: Workshop, amina: Person, recording_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after the first half of taking back: the keys go first."""
    link = shared(workshop, amina, recording_id)

    def cut(_work: object) -> None:
        raise DiskFullError(folder="data")

    monkeypatch.setattr(workshop.database, "remove", cut)
    with pytest.raises(DiskFullError):
        take_link_back(workshop, amina.account_id, recording_id, link.id)
    assert link_wraps(workshop) == []
    with pytest.raises(LinkGoneError):
        open_link(workshop, link.id, link.token)


def test_expired_links_are_swept(workshop: Workshop, amina: Person, recording_id: str) -> None:
    expired, live = shared(workshop, amina, recording_id), shared(workshop, amina, recording_id)
    expire(workshop, expired)
    tidy(workshop)
    assert {wrap.holder for wrap in link_wraps(workshop)} == {bytes.fromhex(live.id)}
    with workshop.database.read() as session:
        assert shares.ids(session) == {bytes.fromhex(live.id)}


def test_wraps_without_a_link_go_at_the_next_start(workshop: Workshop, amina: Person, recording_id: str) -> None:
    link = shared(workshop, amina, recording_id)
    stray = replace(link_wraps(workshop)[0], holder=bytes.fromhex(Link().id))
    workshop.keystore.put(stray)
    resume(workshop)
    assert {wrap.holder for wrap in link_wraps(workshop)} == {bytes.fromhex(link.id)}
    tidy_links(workshop)
    assert len(link_wraps(workshop)) == 2


def test_a_deleted_recording_takes_every_link_along(workshop: Workshop, amina: Person, recording_id: str) -> None:
    link = shared(workshop, amina, recording_id)
    delete_recording(workshop, amina.account_id, recording_id)
    assert link_wraps(workshop) == []
    with workshop.database.read() as session:
        assert shares.ids(session) == set()
    with pytest.raises(LinkGoneError):
        open_link(workshop, link.id, link.token)


def test_opening_shows_when_somebody_last_came(workshop: Workshop, amina: Person, recording_id: str) -> None:
    link = shared(workshop, amina, recording_id)
    [before] = links_to(workshop, amina.account_id, recording_id)
    with pytest.raises(LinkGoneError):
        open_link(workshop, link.id, b"guess" * 6)
    [guessed] = links_to(workshop, amina.account_id, recording_id)
    open_link(workshop, link.id, link.token)
    [after] = links_to(workshop, amina.account_id, recording_id)
    assert (before.opened_at, guessed.opened_at) == (None, None)
    assert after.opened_at is not None
    assert after.opened_at > after.created_at


def test_a_full_disk_refuses_nobody_who_reads(
    workshop: Workshop, amina: Person, recording_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = shared(workshop, amina, recording_id)

    def full(*_given: object) -> None:
        raise DiskFullError(folder="data")

    monkeypatch.setattr(shares, "note_opened", full)
    assert link.opened(open_link(workshop, link.id, link.token))


def test_nobody_elses_recording_is_shared_or_listed(workshop: Workshop, amina: Person, recording_id: str) -> None:
    link = shared(workshop, amina, recording_id)
    other = enrolled(workshop, "Other").account_id
    offer = Link().offer(file_keys(workshop, amina.account_id, recording_id))
    with pytest.raises(NotFoundError):
        file_keys(workshop, other, recording_id)
    with pytest.raises(NotFoundError):
        make_link(workshop, other, recording_id, offer)
    with pytest.raises(NotFoundError):
        links_to(workshop, other, recording_id)
    with pytest.raises(NotFoundError):
        take_link_back(workshop, other, recording_id, link.id)
    own = put_transcript(workshop, enrolled(workshop, "Other"))
    with pytest.raises(NotFoundError):
        take_link_back(workshop, other, own, link.id)
    assert link.opened(open_link(workshop, link.id, link.token))


def test_a_recording_without_a_transcript_is_not_shared(workshop: Workshop, amina: Person) -> None:
    recording_id = put_recording(workshop, amina.account_id, "waiting.wav")
    with pytest.raises(NotFoundError):
        file_keys(workshop, amina.account_id, recording_id)


def test_a_link_that_does_not_fit_is_refused_and_leaves_nothing(
    workshop: Workshop, amina: Person, recording_id: str
) -> None:
    keys = file_keys(workshop, amina.account_id, recording_id)
    elsewhere = file_keys(workshop, amina.account_id, put_transcript(workshop, amina, "Other.wav"))
    good = Link().offer(keys)
    bad: dict[str, tuple[type[ApplianceError], object]] = {
        "of another transcript": (KeysRefusedError, replace(good, transcript=Link().wrap(elsewhere.transcript))),
        "title and transcript swapped": (KeysRefusedError, replace(good, title=good.transcript, transcript=good.title)),
        "no wrap": (KeysRefusedError, replace(good, title=bytes(144))),
        "cut off": (KeysRefusedError, replace(good, title=good.title[:100])),
        "a digest of another size": (KeysRefusedError, replace(good, token_digest=b"short")),
        "a weak PIN": (KeysRefusedError, replace(good, kdf=NO_KDF)),
        "no record": (KeysRefusedError, replace(good, kdf=bytes(32))),
        "for ever": (OptionError, replace(good, lifetime_s=10**9)),
        "no time": (OptionError, replace(good, lifetime_s=0)),
    }
    for why, (refusal, offer) in bad.items():
        with pytest.raises(refusal):
            make_link(workshop, amina.account_id, recording_id, offer)  # type: ignore[arg-type]
        assert link_wraps(workshop) == [], why
    assert not links_to(workshop, amina.account_id, recording_id)


def test_a_second_link_of_the_same_id_does_not_harm_the_first(
    workshop: Workshop, amina: Person, recording_id: str
) -> None:
    link = shared(workshop, amina, recording_id)
    keys = file_keys(workshop, amina.account_id, recording_id)
    with pytest.raises(ConflictError):
        make_link(workshop, amina.account_id, recording_id, Link(id=link.id).offer(keys))
    elsewhere = put_transcript(workshop, amina, "Other.wav")
    other = file_keys(workshop, amina.account_id, elsewhere)
    with pytest.raises(ConflictError):
        make_link(workshop, amina.account_id, elsewhere, Link(id=link.id).offer(other))
    assert len(link_wraps(workshop)) == 2
    assert link.opened(open_link(workshop, link.id, link.token))


def test_a_private_transcript_is_shared_by_its_owner_alone(workshop: Workshop, amina: Person) -> None:
    recording_id, keys = put_privately(workshop, amina)
    with pytest.raises(NotFoundError):
        file_keys(workshop, amina.account_id, recording_id)
    link = Link()
    make_link(workshop, amina.account_id, recording_id, link.offer(keys))
    title, transcript = link.opened(open_link(workshop, link.id, link.token))
    assert title == "Ward 4.wav"
    assert "Amina Rahman" in str(transcript)
    kinds = {wrap.kind for wrap in sealed_transcript(workshop, amina.account_id, recording_id).wraps}
    assert kinds == {WrapKind.FILE_KEY_UNDER_USER_KEY, WrapKind.FILE_KEY_UNDER_LINK}
    take_link_back(workshop, amina.account_id, recording_id, link.id)
    kinds = {wrap.kind for wrap in sealed_transcript(workshop, amina.account_id, recording_id).wraps}
    assert kinds == {WrapKind.FILE_KEY_UNDER_USER_KEY}


@pytest.mark.parametrize("pin", ["", "seven brown owls"])
def test_secret_token_and_key_are_in_no_file_no_row_and_no_log(
    workshop: Workshop, amina: Person, recording_id: str, pin: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        link = shared(workshop, amina, recording_id, pin)
        open_link(workshop, link.id, link.token)
        with pytest.raises(LinkGoneError):
            open_link(workshop, link.id, link.secret)
        stored = every_byte(workshop)
        take_link_back(workshop, amina.account_id, recording_id, link.id)
    said = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records).encode()
    assert b"link made" in said
    assert shares.digest_of(link.token) in stored
    for spelling in link.spellings:
        assert spelling not in stored
        assert spelling not in said
    assert shares.digest_of(link.token) not in every_byte(workshop)


def every_byte(workshop: Workshop) -> bytes:
    files = workshop.settings.data.rglob("*")
    return b"\n".join(path.read_bytes() for path in files if path.is_file() and path.suffix != ".ballast")


def put_privately(workshop: Workshop, person: Person) -> tuple[str, FileKeys]:
    """Take a private recording to its end and adopt it; returns its id and the keys that its owner then has."""
    title = sealed_title(person, "Ward 4.wav")
    upload = PrivateUpload(title, 4000, TranscribeOptions(), survives_restart=False)
    recording = begin_private_upload(workshop, person.account_id, upload)
    take_chunk(workshop, person.account_id, recording.id, 0, b"RIFF" * 1000)
    finish_privately(workshop, recording.id, a_transcript())
    document = sealed_transcript(workshop, person.account_id, recording.id)
    key = opened_result(person, document.document_id, document.wraps[0].wrapped)
    adopt(workshop, person.account_id, recording.id, wrapped(person, document.document_id, key))
    title_key = unwrapped(person, title.document_id, title.wrapped)
    return recording.id, FileKeys(FileKey(title.document_id, title_key), FileKey(document.document_id, key))
