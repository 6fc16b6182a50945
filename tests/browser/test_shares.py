"""Share links in real browsers: an owner makes one, somebody without an account opens it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Request, expect

from appliance.crypto.keywrap import WrapKind
from appliance.exports import FORMATS
from appliance.records.shares import Share
from appliance.worker.library import open_transcript
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.private import TITLE as PRIVATE_TITLE
from tests.browser.private import every_stored_byte, put_private_transcript
from tests.browser.sharing import expect_transcript, expire, make_link, open_dialog, put_transcript
from tests.browser.visitor import Visitor
from tests.links import Link

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
GONE = re.compile("This link opens nothing")
WIDTHS = (390, 640, 1280)


@pytest.fixture
def stranger(visit: Visit, visitor: Visitor) -> Visitor:
    """Somebody at a browser of their own, with no session."""
    return visit(signed_in=False)


def test_somebody_without_an_account_reads_what_was_shared(visitor: Visitor, stranger: Visitor) -> None:
    link = make_link(visitor, put_transcript(visitor))
    page = stranger.page
    page.goto(link)
    expect_transcript(page)
    expect(page.locator("main")).to_contain_text("Shared by")
    expect(page.locator("main [data-by]")).to_contain_text("owner")
    expect(page.locator("main [data-until]")).to_contain_text("Works until")
    assert page.locator("main button:visible:not([data-download])").count() == 0
    assert page.url == link.partition("#")[0]
    assert page.title().startswith("Shared transcript")
    assert stranger.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


@pytest.mark.parametrize("form", ["txt", "srt", "vtt"])
def test_a_visitor_saves_the_files_that_the_appliance_would_make(
    visitor: Visitor, stranger: Visitor, form: str
) -> None:
    recording_id = put_transcript(visitor)
    stranger.page.goto(make_link(visitor, recording_id))
    expect_transcript(stranger.page)
    with stranger.page.expect_download() as download:
        stranger.page.get_by_role("button", name=f"Download as {form.upper()}").click()
    assert download.value.suggested_filename == f"Hearing 12, Müller.{form}"
    transcript, _ = open_transcript(visitor.workshop, recording_id)
    assert download.value.path().read_bytes() == FORMATS[form].render(transcript)


def test_a_pin_opens_the_link_and_a_wrong_one_says_only_that(visitor: Visitor, stranger: Visitor) -> None:
    page = stranger.page
    page.goto(make_link(visitor, put_transcript(visitor), "seven brown owls"))
    expect(page.locator("[data-said]").first).to_contain_text("Shared by")
    page.get_by_label("PIN").fill("seven brown owl")
    page.get_by_role("button", name="Open the transcript").click()
    expect(page.get_by_role("alert").filter(has_text="This PIN is not right.")).to_be_visible(timeout=TIMEOUT_MS)
    shown = page.locator("main").inner_text()
    assert not re.search(r"Hearing|Müller|Rahman|Mill Lane|crypto", shown)
    page.get_by_label("PIN").fill(" seven brown owls ")
    page.keyboard.press("Enter")
    expect_transcript(page)


@pytest.mark.parametrize("pin", ["", "seven brown owls"])
def test_a_private_transcript_is_shared_without_the_appliance_reading_it(
    visitor: Visitor, stranger: Visitor, pin: str
) -> None:
    recording_id = put_private_transcript(visitor)
    text = make_link(visitor, recording_id, pin)
    stranger.page.goto(text)
    if pin:
        stranger.page.get_by_label("PIN").fill(pin)
        stranger.page.keyboard.press("Enter")
    expect_transcript(stranger.page, PRIVATE_TITLE)
    link = Link.parse(text, pin)
    stored = every_stored_byte(visitor.workshop)
    for secret in (PRIVATE_TITLE.encode(), b"Mill Lane", link.secret, link.fragment.encode(), link.token):
        assert secret not in stored
        assert secret.hex().encode() not in stored


def test_a_revoked_and_an_expired_link_say_what_one_says_that_never_was(visitor: Visitor, stranger: Visitor) -> None:
    recording_id = put_transcript(visitor)
    expired, revoked = make_link(visitor, recording_id), make_link(visitor, recording_id)
    dialog = visitor.page.get_by_role("dialog", name="Share this transcript")
    expect(dialog.get_by_role("button", name="Revoke")).to_have_count(2)
    dialog.locator(f"#link-{Link.parse(revoked).id}").get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_role("button", name="Revoke")).to_have_count(1)
    expire(visitor, expired)
    never = f"{visitor.live.address}{Link().path}"
    said = set()
    for link in (revoked, expired, never):
        stranger.page.goto("about:blank")
        stranger.page.goto(link)
        expect(stranger.page.locator("[data-said]").first).to_contain_text(GONE)
        said.add(stranger.page.locator("main").inner_text())
    assert len(said) == 1


def test_the_owner_sees_each_link_once_and_when_it_was_opened(visitor: Visitor, stranger: Visitor) -> None:
    recording_id = put_transcript(visitor)
    link = make_link(visitor, recording_id)
    page = visitor.page
    dialog = page.get_by_role("dialog", name="Share this transcript")
    expect(dialog.locator(".share__link")).to_contain_text("Not opened yet")
    expect(page.get_by_role("region", name="Who can read this", include_hidden=True)).to_contain_text(
        "Whoever has a link that you made"
    )
    stranger.page.goto(link)
    expect_transcript(stranger.page)
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#share-link")).to_have_text("")
    assert link.partition("#")[2] not in page.content()
    dialog = open_dialog(visitor, recording_id)
    expect(dialog.locator(".share__link")).to_contain_text("Last opened")
    expect(dialog.locator(".share__link")).to_contain_text("Expires")
    expect(dialog.locator("#share-link")).to_be_hidden()
    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog).to_contain_text("There is no link that works.")
    expect(page.locator("[data-link-holder]")).to_have_count(0)


def test_the_link_and_its_parts_are_copied(visitor: Visitor) -> None:
    # Our policy forbids every page to read the clipboard, a test's script too.
    visitor.context.add_init_script("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    link = make_link(visitor, put_transcript(visitor))
    dialog = visitor.page.get_by_role("dialog", name="Share this transcript")
    address, _, key = link.partition("#")
    dialog.get_by_role("button", name="Copy", exact=True).click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert visitor.page.evaluate("window.copied") == link
    dialog.get_by_text("Send address and key apart").click()
    for name, part in (("Copy the address", address), ("Copy the key", key)):
        dialog.get_by_role("button", name=name).click()
        visitor.page.wait_for_function("part => window.copied === part", arg=part)


def test_the_address_alone_asks_for_the_link_in_words(visitor: Visitor, stranger: Visitor) -> None:
    link = make_link(visitor, put_transcript(visitor))
    address, _, key = link.partition("#")
    page = stranger.page
    for opened in (address, f"{address}#{key[:-3]}", f"{address}#t=12"):
        page.goto("about:blank")
        page.goto(opened)
        expect(page.get_by_label("The whole link, or its key")).to_be_visible()
    expect(page.locator("[data-said]").first).to_contain_text("lacks its key")
    field, button = page.get_by_label("The whole link, or its key"), page.get_by_role("button")
    for given, said in ((f"{visitor.live.address}{Link().path}", "another transcript"), (key[1:], "not whole")):
        field.fill(given)
        button.filter(has_text="Open the transcript").last.click()
        expect(page.locator("[data-said]").first).to_contain_text(said)
    field.fill(key)
    page.keyboard.press("Enter")
    expect_transcript(page)


def test_a_link_that_is_pasted_over_its_own_page_opens_too(visitor: Visitor, stranger: Visitor) -> None:
    link = make_link(visitor, put_transcript(visitor))
    stranger.page.goto(link.partition("#")[0])
    expect(stranger.page.get_by_label("The whole link, or its key")).to_be_visible()
    stranger.page.goto(link)
    expect_transcript(stranger.page)
    assert "#" not in stranger.page.url


def test_a_page_that_is_loaded_again_has_no_key_any_more(visitor: Visitor, stranger: Visitor) -> None:
    stranger.page.goto(make_link(visitor, put_transcript(visitor)))
    expect_transcript(stranger.page)
    stranger.page.reload()
    expect(stranger.page.locator("[data-said]").first).to_contain_text("lacks its key")
    assert stranger.page.locator(".turn").count() == 0


def test_another_language_does_not_cost_the_key(visitor: Visitor, stranger: Visitor) -> None:
    page = stranger.page
    page.goto(make_link(visitor, put_transcript(visitor)))
    expect_transcript(page)
    page.locator("summary", has_text="Language and appearance").click()
    page.get_by_role("button", name="বাংলা").click()
    expect(page.locator("html")).to_have_attribute("lang", "bn")
    expect_transcript(page)
    assert "#" not in page.url


def test_nothing_of_the_key_is_in_a_request_but_the_token(visitor: Visitor, stranger: Visitor) -> None:
    seen: list[Request] = []
    stranger.context.on("request", lambda request: seen.append(request))  # noqa: PLW0108 -- a method of a list has no place for what Playwright notes on it.
    text = make_link(visitor, put_transcript(visitor), "seven brown owls")
    page = stranger.page
    page.goto(text)
    page.get_by_label("PIN").fill("seven brown owls")
    page.keyboard.press("Enter")
    expect_transcript(page)
    link = Link.parse(text)
    posted = [request for request in seen if request.method == "POST"]
    assert [request.url for request in posted] == [f"{visitor.live.address}/s/{link.id}/open"]
    for request in seen:
        sent = f"{request.url.partition('#')[0]} {request.all_headers()} {request.post_data or ''}"
        assert link.fragment not in sent
        assert "owls" not in sent
        assert "referer" not in request.all_headers()


def test_swapped_wraps_a_link_for_one_transcript_shows_nothing_of_another(visitor: Visitor, stranger: Visitor) -> None:
    mine, other = (make_link(visitor, put_transcript(visitor, name)) for name in ("Mine.wav", "Other.wav"))
    keystore = visitor.workshop.keystore
    wraps = keystore.page(WrapKind.FILE_KEY_UNDER_LINK, None, 100)
    holders = {bytes.fromhex(Link.parse(link).id) for link in (mine, other)}
    assert {wrap.holder for wrap in wraps} == holders
    with visitor.workshop.database.write() as session:
        first, second = (session.get_one(Share, Link.parse(link).id) for link in (mine, other))
        first.recording_id, second.recording_id = second.recording_id, first.recording_id
    swapped = dict(zip(sorted(holders), sorted(holders, reverse=True), strict=True))
    keystore.change(
        [type(wrap)(wrap.subject, wrap.kind, swapped[wrap.holder], wrap.wrapped) for wrap in wraps], take_back=wraps
    )
    stranger.page.goto(mine)
    expect(stranger.page.locator("[data-said]").first).to_contain_text("was changed, or belongs to another link")
    assert not re.search("Mine|Other|Rahman", stranger.page.locator("main").inner_text())


def test_a_server_that_lowers_the_work_of_the_pin_is_named(visitor: Visitor, stranger: Visitor) -> None:
    link = make_link(visitor, put_transcript(visitor), "seven brown owls")
    with visitor.workshop.database.write() as session:
        share = session.get_one(Share, Link.parse(link).id)
        share.kdf = (share.kdf or b"")[:8] + (8).to_bytes(4) + (share.kdf or b"")[12:]
    stranger.page.goto(link)
    stranger.page.get_by_label("PIN").fill("seven brown owls")
    stranger.page.keyboard.press("Enter")
    expect(stranger.page.locator("[data-said]").first).to_contain_text("asks for less protection of the PIN")


def test_a_deleted_recording_ends_its_links(visitor: Visitor, stranger: Visitor) -> None:
    link = make_link(visitor, put_transcript(visitor))
    visitor.page.reload()
    visitor.page.locator("summary", has_text="More").click()
    visitor.page.get_by_role("button", name="Delete", exact=True).click()
    visitor.page.get_by_role("button", name="Delete for good").click()
    expect(visitor.page.get_by_role("heading", name="No recordings yet")).to_be_visible()
    stranger.page.goto(link)
    expect(stranger.page.locator("[data-said]").first).to_contain_text(GONE)


def test_without_a_key_of_the_vault_no_private_link_is_made(visit: Visit, visitor: Visitor) -> None:
    recording_id = put_private_transcript(visitor)
    locked = visit()
    page = locked.open(f"/recordings/{recording_id}")
    page.locator("#unlock-dialog").get_by_role("button", name="Not now").click()
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this transcript")
    dialog.get_by_role("button", name="Make a link").click()
    page.locator("#unlock-dialog").get_by_role("button", name="Not now").click()
    expect(dialog).to_contain_text("Your vault is locked.")
    assert visitor.workshop.keystore.page(WrapKind.FILE_KEY_UNDER_LINK, None, 100) == []


def test_an_old_browser_is_told_so(visitor: Visitor, stranger: Visitor) -> None:
    stranger.context.add_init_script("delete window.DecompressionStream")
    stranger.page.goto(make_link(visitor, put_transcript(visitor)))
    expect(stranger.page.locator("[data-said]").first).to_contain_text("cannot open sealed documents")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "bn-BD"])
def test_nothing_is_cut_off_or_scrolls_sideways(visit: Visit, visitor: Visitor, locale: str, scheme: str) -> None:
    recording_id = put_transcript(visitor, "A very long name that nobody wanted to shorten " + "x" * 60)
    link, with_pin = make_link(visitor, recording_id), make_link(visitor, recording_id, "seven brown owls")
    owner, reader = (visit(locale=locale, color_scheme=scheme, signed_in=signed_in) for signed_in in (True, False))
    owner.open(f"/recordings/{recording_id}").locator("button[data-share]").click()
    owner.page.locator("#share-dialog [type=submit]").click()
    owner.page.locator("#share-dialog summary").click()
    expect(owner.page.locator(".share__link")).to_have_count(3)
    pages = {"dialog": owner.page}
    for name, address in (("read", link), ("pin", with_pin), ("keyless", link.partition("#")[0])):
        pages[name] = reader.context.new_page()
        pages[name].goto(address)
    expect(pages["read"].locator(".turn")).to_have_count(5)
    expect(pages["pin"].locator("[name=pin]")).to_be_visible()
    expect(pages["keyless"].locator("[name=link]")).to_be_visible()
    for name, page in pages.items():
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            for part in ("document.documentElement", "document.querySelector('dialog[open]') ?? document.body"):
                wider = page.evaluate(f"(part => part.scrollWidth - part.clientWidth)({part})")
                assert wider <= 0, (name, width, part)
        assert page.evaluate("document.querySelectorAll('h1').length") >= 1
