"""People at their browsers: enrol, sign in and out, lose a passphrase, be invited; and a server that is not honest."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect

from appliance.crypto.recovery import write_code
from appliance.records import accounts, sessions
from tests.browser.visitor import Visitor
from tests.people import PASSPHRASE
from tests.web.appliance import enrolled, issue_link

pytestmark = pytest.mark.browser

CHOSEN = "eleven owls at half past nine"
Visit = Callable[..., Visitor]


def code_on(page: Page) -> str:
    """Return the recovery code as it is shown."""
    groups = page.locator("[data-groups] li")
    expect(groups).to_have_count(14)
    return "-".join(groups.all_text_contents())


def enrol(visitor: Visitor, token: str, name: str | None = "Amina Rahman", passphrase: str = PASSPHRASE) -> str:
    """Enrol up to where the recovery code is shown; returns it."""
    page = visitor.open(f"/setup/{token}")
    if name is not None:
        page.get_by_label("Your name here").fill(name)
    page.get_by_label("Passphrase", exact=True).fill(passphrase)
    page.get_by_label("The same once more").fill(passphrase)
    page.get_by_role("button", name="Make my keys").click()
    return code_on(page)


def link_on(page: Page) -> str:
    """Return the link that a dialog shows."""
    expect(page.locator("[data-link]")).to_contain_text("/setup/")
    return page.locator("[data-link]").text_content() or ""


def type_back(page: Page, code: str) -> None:
    page.get_by_role("button", name="I have it on paper").click()
    page.locator("#typed-code").fill(code)
    page.get_by_role("button", name="Check it").click()


def sign_in(page: Page, name: str, passphrase: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Passphrase", exact=True).fill(passphrase)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    page.wait_for_load_state("load")  # Until then the button does nothing yet.
    page.locator("header details.menu").last.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def expect_library(page: Page) -> None:
    expect(page.get_by_role("heading", name="Recordings", exact=True)).to_be_visible()


def expect_vault(page: Page, state: str) -> None:
    expect(page.locator("[data-vault]")).to_have_attribute("data-vault", state)


def signed_in_by_hand(visit: Visit, name: str = "Amina") -> Visitor:
    """Return a person who has signed in with the passphrase, so that the vault is open in their tab."""
    visitor = visit(signed_in=False)
    enrolled(visitor.workshop, name)
    sign_in(visitor.open("/sign-in"), name, PASSPHRASE)
    expect_library(visitor.page)
    return visitor


def test_somebody_enrols_and_goes_on_only_when_the_code_was_typed_back(visit: Visit) -> None:
    visitor = visit(signed_in=False)
    page = visitor.page
    code = enrol(visitor, issue_link(visitor.workshop))
    wrong = code[:5] + ("AAAA" if code[5:9] != "AAAA" else "BBBB") + code[9:]
    page.emulate_media(media="print")
    expect(page.locator(".code")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()  # Nothing but the code is on the paper.
    page.emulate_media(media="screen")
    type_back(page, wrong)
    expect(page.get_by_role("alert").filter(has_text="Group 2")).to_be_visible()
    expect(page).to_have_url(f"{visitor.live.address}/account")
    page.get_by_role("button", name="Show it again").click()
    assert code_on(page) == code
    type_back(page, code.lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    expect_library(page)
    visitor.open("/account")
    expect(page.get_by_role("heading", name="Amina Rahman")).to_be_visible()
    expect_vault(page, "open")


def test_a_reload_before_the_code_was_typed_back_leads_to_where_another_can_be_made(visit: Visit) -> None:
    visitor = visit(signed_in=False)
    page = visitor.page
    enrol(visitor, issue_link(visitor.workshop))
    page.reload()
    expect(page.get_by_text("Make a fresh recovery code")).to_be_visible()
    expect_vault(page, "open")


def test_what_is_too_short_or_differs_is_said_before_anything_is_sent(visit: Visit) -> None:
    visitor = visit(signed_in=False)
    page = visitor.open(f"/setup/{issue_link(visitor.workshop, 'Amina')}")
    page.get_by_label("Passphrase", exact=True).fill("eleven char")
    page.get_by_label("The same once more").fill("eleven char")
    page.get_by_role("button", name="Make my keys").click()
    expect(page.get_by_role("alert").filter(has_text="At least 12 characters")).to_be_visible()
    page.get_by_label("Passphrase", exact=True).fill("twelve chars")
    page.get_by_role("button", name="Make my keys").click()
    expect(page.get_by_role("alert").filter(has_text="not the same")).to_be_visible()


def test_signing_out_and_in_again_and_a_wrong_passphrase(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit)
    page = visitor.page
    sign_out(page)
    assert page.evaluate("sessionStorage.getItem('cloister-vault')") is None
    sign_in(page, "Amina", "not the right passphrase")
    expect(page.get_by_role("alert").filter(has_text="Name or passphrase is not right.")).to_be_visible()
    sign_in(page, "Amina", PASSPHRASE)
    expect_library(page)


def test_signing_in_leads_to_the_page_that_was_asked_for(visit: Visit) -> None:
    visitor = visit(signed_in=False)
    enrolled(visitor.workshop, "Amina")
    sign_in(visitor.open("/account"), "Amina", PASSPHRASE)
    expect(visitor.page).to_have_url(f"{visitor.live.address}/account")
    expect_vault(visitor.page, "open")


def test_a_reload_and_a_second_tab_need_no_passphrase(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit)
    page = visitor.open("/account")
    expect_vault(page, "open")
    page.reload()
    expect_vault(page, "open")
    second = visitor.context.new_page()
    visitor.watch.over(second)
    second.goto(f"{visitor.live.address}/account")
    expect_vault(second, "open")
    page.goto("about:blank")  # The first tab has nothing to give any more.
    second.reload()
    expect_vault(second, "open")


def test_what_a_tab_keeps_is_no_key(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit)
    kept = visitor.page.evaluate("sessionStorage.getItem('cloister-vault')")
    person = enrolled(visitor.workshop, "Amina")
    wrap = base64.b64decode(json.loads(kept)["wrap"])
    assert len(wrap) == 144
    for secret in (person.user_key, person.wrap_key, person.login_seed, PASSPHRASE.encode()):
        assert secret not in wrap
        assert base64.b64encode(secret).decode() not in kept
    numbers = visitor.page.evaluate("Object.entries(localStorage)")  # How far the index has been seen to grow.
    assert all(name.startswith("cloister-index-") for name, _ in numbers)
    assert all(set(json.loads(seen)) == {"version", "sha256"} for _, seen in numbers)


def test_when_the_server_has_forgotten_its_half_the_dialog_asks_for_the_passphrase(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit)
    visitor.workshop.halves.forget(*visitor.workshop.halves.session_ids())  # As a restart does.
    page = visitor.open("/account")
    expect_vault(page, "locked")
    page.get_by_role("button", name="Unlock", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Passphrase").fill("not the right passphrase")
    dialog.get_by_role("button", name="Unlock").click()
    expect(dialog.get_by_role("alert")).to_have_text("The passphrase is not right.")
    dialog.get_by_label("Passphrase").fill(PASSPHRASE)
    dialog.get_by_role("button", name="Unlock").click()
    expect(dialog).to_be_hidden()
    expect_vault(page, "open")
    assert page.locator("#unlock-passphrase").input_value() == ""


def test_who_does_not_want_to_unlock_now_stays_on_the_page(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("/account")
    expect_vault(page, "locked")
    page.get_by_role("button", name="Unlock", exact=True).click()
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect_vault(page, "locked")


def test_locking_or_signing_out_in_one_tab_does_it_in_all(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit)
    page = visitor.open("/account")
    second = visitor.context.new_page()
    visitor.watch.over(second)
    second.goto(f"{visitor.live.address}/account")
    expect_vault(second, "open")
    page.get_by_role("button", name="Lock in this browser").click()
    expect_vault(page, "locked")
    expect_vault(second, "locked")
    sign_out(page)
    expect(second.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_passphrase_is_changed_and_other_browsers_are_signed_out(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit)
    elsewhere = signed_in_by_hand(visit)
    page = visitor.open("/account")
    page.get_by_text("Change the passphrase").first.click()
    section = page.locator("[data-change-passphrase]")
    page.get_by_label("Passphrase of today").fill("not the right passphrase")
    section.get_by_label("Passphrase", exact=True).fill(CHOSEN)
    page.get_by_label("The same once more").fill(CHOSEN)
    submit = page.get_by_role("button", name="Change the passphrase")
    submit.click()
    expect(page.get_by_role("alert").filter(has_text="The passphrase is not right.")).to_be_visible()
    page.get_by_label("Passphrase of today").fill(PASSPHRASE)
    submit.click()
    expect(page.get_by_text("The passphrase was changed.")).to_be_visible()
    page.reload()
    expect_vault(page, "open")
    elsewhere.open("/account")
    expect(elsewhere.page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(elsewhere.page, "Amina", PASSPHRASE)
    expect(elsewhere.page.get_by_role("alert").filter(has_text="not right")).to_be_visible()
    sign_in(elsewhere.page, "Amina", CHOSEN)
    expect_vault(elsewhere.page, "open")


def test_the_recovery_code_leads_back_in_and_is_replaced(visit: Visit) -> None:
    visitor = visit(signed_in=False)
    person = enrolled(visitor.workshop, "Amina")
    page = visitor.open("/sign-in")
    page.get_by_role("link", name="Lost the passphrase?").click()
    for code in ("XXXX", write_code(bytes(32)), write_code(person.code).lower()):
        page.locator("#name").fill("Amina")
        page.locator("#code").fill(code)
        page.get_by_role("button", name="Go on").click()
        if code != write_code(person.code).lower():
            expect(page.get_by_role("alert").filter(has_text=re.compile("recovery code"))).to_be_visible()
    expect(page.get_by_role("heading", name="Choose another passphrase")).to_be_visible()
    page.get_by_label("Passphrase", exact=True).fill(CHOSEN)
    page.get_by_label("The same once more").fill(CHOSEN)
    page.get_by_role("button", name="Set the passphrase").click()
    fresh = code_on(page)
    assert fresh != write_code(person.code)
    type_back(page, fresh)
    expect_library(page)
    visitor.open("/account")
    expect_vault(page, "open")
    sign_out(page)
    sign_in(page, "Amina", CHOSEN)
    expect_library(page)


def test_a_fresh_recovery_code_is_made_with_the_passphrase(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit)
    before = write_code(enrolled(visitor.workshop, "Amina").code)
    page = visitor.open("/account")
    page.get_by_text("Make a fresh recovery code").click()
    for _ in range(2):
        section = page.locator("[data-change-code]")
        section.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
        page.get_by_role("button", name="Make a fresh code").click()
        fresh = code_on(page)
        assert fresh != before
        before = fresh
        type_back(page, fresh)
        expect(page.get_by_text("The recovery code was changed.")).to_be_visible()
        page.get_by_text("Make a fresh recovery code").click()


def test_an_administrator_invites_a_second_person_who_enrols_in_their_own_browser(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit, "Root")
    page = visitor.open("/people")
    form = page.locator("[data-invite]")
    form.get_by_label("Name").fill("Ben Carter")
    page.get_by_role("button", name="Make an invitation link").click()
    link = link_on(page)
    page.get_by_role("button", name="Done").click()
    expect(page.locator("[data-invited]")).to_contain_text("Ben Carter")
    other = visit(signed_in=False)
    other_page = other.page
    code = enrol(other, link.rsplit("/", 1)[1], name=None)
    type_back(other_page, code)
    expect_library(other_page)
    other_page.locator("header details.menu").last.click()
    expect(other_page.get_by_role("link", name="Your account")).to_be_visible()
    assert other_page.get_by_role("link", name="People").count() == 0
    page.reload()
    expect(page.locator("[data-person]")).to_have_count(3)  # The owner whom every visit brings, Root and Ben.
    assert page.locator("[data-invited]").count() == 0


def test_somebody_is_removed_only_after_the_dialog_named_them(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit, "Root")
    ben = enrolled(visitor.workshop, "Ben", accounts.MEMBER)
    page = visitor.open("/people")
    row = page.locator(f'[data-person="{ben.account_id}"]')
    for answer in ("Keep", "Remove for good"):
        row.locator("summary.button").click()
        row.get_by_role("button", name="Remove…").click()
        expect(page.get_by_role("dialog")).to_contain_text("Ben")
        page.get_by_role("dialog").get_by_role("button", name=answer, exact=True).click()
        if answer == "Keep":
            expect(row).to_be_visible()
    expect(row).to_be_hidden()
    with visitor.workshop.database.read() as session:
        assert accounts.by_name(session, "Ben") is None


def test_a_lost_passphrase_is_answered_with_a_warning_before_a_link(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit, "Root")
    ben = enrolled(visitor.workshop, "Ben", accounts.MEMBER)
    page = visitor.open("/people")
    row = page.locator(f'[data-person="{ben.account_id}"]')
    row.locator("summary.button").click()
    row.get_by_role("button", name="Lost passphrase…").click()
    expect(page.get_by_role("dialog")).to_contain_text("cannot be opened any more, by nobody")
    page.get_by_role("button", name="Make the link").click()
    link = link_on(page)
    other = visit(signed_in=False)
    other.page.goto(link)
    expect(other.page.get_by_role("link", name="I have the recovery code")).to_be_visible()
    other.page.get_by_label("Passphrase", exact=True).fill(CHOSEN)
    other.page.get_by_label("The same once more").fill(CHOSEN)
    other.page.get_by_role("button", name="Make new keys").click()
    type_back(other.page, code_on(other.page))
    expect_library(other.page)


def test_a_session_is_ended_from_the_list(visit: Visit) -> None:
    visitor = signed_in_by_hand(visit)
    with visitor.workshop.database.write() as session:
        sessions.begin(session, enrolled(visitor.workshop, "Amina").account_id, "Safari, iPhone")
    page = visitor.open("/account")
    expect(page.locator("[data-session]")).to_have_count(2)
    page.locator("[data-session]", has_text="Safari, iPhone").get_by_role("button", name="End").click()
    expect(page.locator("[data-session]")).to_have_count(1)
    page.reload()
    expect(page.locator("[data-session]")).to_have_count(1)


def test_neither_passphrase_nor_code_leaves_the_browser(visit: Visit, caplog: pytest.LogCaptureFixture) -> None:
    visitor = visit(signed_in=False)
    page = visitor.page
    sent: list[str] = []

    def see(request: Request) -> None:
        sent.append(request.url + json.dumps(request.all_headers()) + (request.post_data or ""))

    page.on("requestfinished", see)
    with caplog.at_level("DEBUG"):
        code = enrol(visitor, issue_link(visitor.workshop))
        type_back(page, code)
        expect_library(page)
        sign_out(page)
        sign_in(page, "Amina Rahman", PASSPHRASE)
        expect_library(page)
    everything = "\n".join(sent)
    assert "login_public" in everything
    assert "signature" in everything
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    data = visitor.workshop.settings.data
    stored = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file() and "ballast" not in path.name)
    for secret in (PASSPHRASE, code, code.replace("-", ""), code.replace("-", " ")):
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
        for written in (secret, encoded, secret.replace(" ", "%20"), secret.replace(" ", "+")):
            assert written not in everything
            assert written not in logged
            assert written.encode() not in stored


def lower_kdf(route: Route) -> None:
    """Answer as a server that wants the passphrase stretched so little that it could guess it."""
    answer = route.fetch()
    asked = answer.json()
    record = bytearray(base64.b64decode(asked["kdf"]))
    record[8:12] = (1024).to_bytes(4, "big")
    route.fulfill(response=answer, json=asked | {"kdf": base64.b64encode(record).decode()})


def test_a_server_that_lowers_the_work_is_refused_and_gets_no_proof(visit: Visit) -> None:
    visitor = visit(signed_in=False)
    enrolled(visitor.workshop, "Amina")
    proofs: list[str] = []
    visitor.page.on("request", lambda request: proofs.append(request.url) if "finish" in request.url else None)
    visitor.page.route("**/sign-in/begin", lower_kdf)
    sign_in(visitor.open("/sign-in"), "Amina", PASSPHRASE)
    expect(visitor.page.get_by_role("alert").filter(has_text="The server asked for less protection")).to_be_visible()
    assert proofs == []


def test_a_server_that_shows_other_public_keys_than_the_persons_own_is_refused(visit: Visit) -> None:
    visitor = visit(signed_in=False)
    enrolled(visitor.workshop, "Amina")
    eve = enrolled(visitor.workshop, "Eve", accounts.MEMBER)

    def swap(route: Route) -> None:
        answer = route.fetch()
        swapped = answer.json() | {"x_public": base64.b64encode(eve.identity.x_public).decode()}
        route.fulfill(response=answer, json=swapped)

    visitor.page.route("**/sign-in/finish", swap)
    sign_in(visitor.open("/sign-in"), "Amina", PASSPHRASE)
    expect(visitor.page.get_by_role("alert").filter(has_text="keys that belong to somebody else")).to_be_visible()


def test_a_server_that_hands_out_the_slots_of_somebody_else_is_refused(visit: Visit) -> None:
    visitor = visit(signed_in=False)
    enrolled(visitor.workshop, "Amina")
    eve = enrolled(visitor.workshop, "Eve", accounts.MEMBER)

    def swap(route: Route) -> None:
        answer = route.fetch()
        state = answer.json()
        state["slots"]["passphrase"] = base64.b64encode(eve.passphrase_slot()).decode()
        route.fulfill(response=answer, json=state)

    visitor.page.route("**/sign-in/finish", swap)
    sign_in(visitor.open("/sign-in"), "Amina", PASSPHRASE)
    expect(visitor.page.get_by_role("alert").filter(has_text="keys that belong to somebody else")).to_be_visible()
    assert visitor.page.evaluate("sessionStorage.getItem('cloister-vault')") is None


LACKING = {
    "X25519": "const make = SubtleCrypto.prototype.generateKey;"
    "SubtleCrypto.prototype.generateKey = function (algorithm, ...rest) {"
    "  if (algorithm === 'X25519') return Promise.reject(new DOMException('', 'NotSupportedError'));"
    "  return make.call(this, algorithm, ...rest);"
    "};",
    "WebAssembly": "delete globalThis.WebAssembly;",
    "https": "Object.defineProperty(globalThis, 'isSecureContext', { value: false });"
    "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined });",
}


@pytest.mark.parametrize("lacking", LACKING)
@pytest.mark.parametrize("path", ["/sign-in", "/recover", "/setup"])
def test_a_browser_that_cannot_keep_keys_is_told_what_it_lacks_and_which_can(
    visit: Visit, path: str, lacking: str
) -> None:
    visitor = visit(signed_in=False)
    visitor.context.add_init_script(LACKING[lacking])
    page = visitor.open(f"/setup/{issue_link(visitor.workshop)}" if path == "/setup" else path)
    expect(page.get_by_text("This browser cannot keep your keys:")).to_be_visible()
    expect(page.locator("[data-missing]")).to_contain_text(lacking)
    expect(page.get_by_text("Firefox from 130")).to_be_visible()
    expect(page.locator("[data-form]")).to_be_hidden()


def test_without_scripts_the_page_says_so_and_shows_no_form(visit: Visit) -> None:
    visitor = visit(signed_in=False, java_script_enabled=False)
    page = visitor.page
    page.goto(f"{visitor.live.address}/sign-in")
    assert "it needs scripts" in (page.locator("noscript").first.text_content() or page.content())
    assert page.locator("[data-form]").is_hidden()
