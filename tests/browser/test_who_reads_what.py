"""Two people, an administrator and a stranger with a link: each opens exactly what they may, in both modes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from appliance.records.accounts import MEMBER
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.private import every_stored_byte, put_private_transcript, unlock
from tests.browser.sharing import expect_transcript, make_link, put_transcript
from tests.browser.visitor import Visitor
from tests.people import Person
from tests.web.appliance import enrolled

pytestmark = pytest.mark.browser

STANDARD, PRIVATE, SHARED = "Standard, Müller.wav", "Private, Müller.wav", "Shared privately, Müller.wav"
NOTHING_HERE = "There is nothing here"


def test_each_opens_exactly_what_they_may(visit: Callable[..., Visitor]) -> None:
    administrator = visit(name="Root")
    amina = visit(name="Amina", role=MEMBER)
    bela = visit(name="Bela", role=MEMBER)
    stranger = visit(signed_in=False)
    standard, private, shared = (
        put_transcript(amina, STANDARD),
        put_private_transcript(amina, PRIVATE),
        put_private_transcript(amina, SHARED),
    )
    links = {name: make_link(amina, each) for name, each in ((STANDARD, standard), (SHARED, shared))}

    for recording_id, title in ((standard, STANDARD), (private, PRIVATE), (shared, SHARED)):
        expect_transcript(amina.open(f"/recordings/{recording_id}"), title)
        for other in (bela, administrator):
            refused(other, recording_id)
        signed_out(stranger, recording_id)
    for title, link in links.items():
        stranger.page.goto("about:blank")
        stranger.page.goto(link)
        expect_transcript(stranger.page, title)
    for other in (bela, administrator):
        expect(other.open("/").get_by_role("heading", name="No recordings yet")).to_be_visible()
        finds_nothing(other.page)

    stored = every_stored_byte(amina.workshop)
    for secret in secrets_of(enrolled(amina.workshop, "Amina"), links):
        assert secret not in stored


def refused(visitor: Visitor, recording_id: str) -> None:
    """Neither the page nor anything below it says that the recording is there."""
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page.get_by_role("heading", name=NOTHING_HERE)).to_be_visible()
    for path in ("transcript.json", "sealed", "download/txt", "shares", "file-keys"):
        status = page.evaluate(
            "path => fetch(path).then((answer) => answer.status)", f"/recordings/{recording_id}/{path}"
        )
        assert status == 404, path


def signed_out(visitor: Visitor, recording_id: str) -> None:
    page = visitor.open(f"/recordings/{recording_id}")
    expect(page).to_have_url(re.compile("/sign-in"))


def finds_nothing(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("Amina")
    page.keyboard.press("Enter")
    dialog = page.locator("#unlock-dialog")
    if dialog.is_visible():
        unlock(page)
    expect(page.get_by_text("Nothing was found.")).to_be_visible(timeout=TIMEOUT_MS)


def secrets_of(person: Person, links: dict[str, str]) -> list[bytes]:
    """Return what must stand nowhere: words, titles, names, keys of the person and of links."""
    keys = [person.user_key, person.code, person.wrap_key, person.login_seed, person.identity.x_private]
    fragments = [link.partition("#")[2].encode() for link in links.values()]
    words = [b"Mill Lane", "Müller".encode(), b"Amina Rahman", PRIVATE.encode(), SHARED.encode()]
    return [*words, *fragments, *keys, *(key.hex().encode() for key in keys)]
