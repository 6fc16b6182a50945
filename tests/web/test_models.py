from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from appliance.bundles.journal import JOURNAL_FILE
from appliance.bundles.manifest import SET_FILE
from appliance.bundles.store import BY_ITSELF
from appliance.errors import EngineDiedError, SelftestLoadError
from appliance.records.accounts import MEMBER
from appliance.spool import CHUNK_BYTES
from appliance.web.app import create_app
from appliance.worker.deliveries import take_in_import
from appliance.worker.imports import OWN_FOLDER
from tests.bundles.houses import actions
from tests.simulators.publisher import vendor_root
from tests.web.appliance import sign_in
from tests.web.conftest import JSON, Browser, browsing
from tests.web.stages import Trials, image_in, made, settled, tried, trust_the_site

WHOLE = CHUNK_BYTES + 1000


@contextmanager
def house(folder: Path, *, with_vendor: bool = True, imports: Path | None = None) -> Iterator[Browser]:
    with browsing(folder, models=image_in(folder, with_vendor=with_vendor), imports=imports) as opened:
        yield opened


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Trials:
    return Trials(monkeypatch)


@pytest.fixture
def browser(tmp_path: Path, trials: Trials) -> Iterator[Browser]:
    imports = tmp_path / "imports"
    imports.mkdir()
    with house(tmp_path, imports=imports) as opened:
        yield opened


def begin(browser: Browser, size_bytes: int, name: str = "spring.cloister") -> httpx.Response:
    return browser.json("POST", "/models/uploads", {"name": name, "size_bytes": size_bytes})


def put(browser: Browser, arrival_id: str, number: int, chunk: bytes) -> httpx.Response:
    headers = JSON | {"Content-Type": "application/octet-stream"}
    return browser.ask("PUT", f"/models/uploads/{arrival_id}/chunks/{number}", content=chunk, headers=headers)


def send(browser: Browser, bundle: bytes, name: str = "spring.cloister") -> str:
    """Upload a bundle to its end, and return the id of the upload."""
    arrival_id: str = begin(browser, len(bundle), name).json()["id"]
    for number in range(-(-len(bundle) // CHUNK_BYTES)):
        answer = put(browser, arrival_id, number, bundle[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES])
        assert answer.status_code == 200, answer.text
    assert answer.json()["finished"]
    return arrival_id


def bring_in(browser: Browser, bundle: bytes, name: str = "spring.cloister") -> None:
    arrival_id = send(browser, bundle, name)
    assert browser.json("POST", f"/models/uploads/{arrival_id}/take-in").status_code == 204
    settled(browser.workshop)


def do(browser: Browser, verb: str) -> None:
    answer = browser.json("POST", f"/models/{verb}")
    assert answer.status_code == 204, answer.text


def refusal(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["code"]


def page_of(browser: Browser, **headers: str) -> str:
    answer = browser.get("/models", headers=headers)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_a_fresh_appliance_shows_its_own_set_and_how_updates_come(browser: Browser) -> None:
    page = page_of(browser)
    assert "<bdi>starter</bdi>" in page
    assert "It came with the appliance." in page
    assert "whisper-base" in page
    assert "Bangla, English" in page
    assert "No earlier set is recorded" in page
    assert "Nothing stands ready." in page
    assert "“vendor”, trusted from the start: 2 of 3 keys sign" in page
    assert "No model update lies in the folder for sticks." in page
    assert "Nothing has happened to the models yet." in page


def test_only_administrators_see_the_way_to_the_page(browser: Browser) -> None:
    assert 'href="/models"' in browser.get("/").text
    browser.cookie, _ = sign_in(browser.workshop, "Ben", MEMBER)
    assert 'href="/models"' not in browser.get("/").text


def test_neither_a_member_nor_a_stranger_sees_or_does_anything(browser: Browser) -> None:
    bring_in(browser, made(7))
    member, _ = sign_in(browser.workshop, "Ben", MEMBER)
    asked = 0
    for cookie, status in ((member, 403), ("a" * 43, 401)):
        browser.cookie = cookie
        for route in create_app(browser.workshop).routes:
            if not route.path.startswith("/models"):
                continue
            path = route.path.replace("{arrival_id:str}", "0" * 32 + "-100").replace("{number:int}", "0")
            for method in sorted(route.methods - {"OPTIONS", "HEAD"}):
                answer = browser.json(method, path, {"name": "x.cloister", "size_bytes": 5})
                assert answer.status_code == status, (method, path)
                asked += 1
    assert asked == 2 * 14
    assert actions(browser.workshop.updates.store) == ["taking_in", "taken_in", "tried"]


def test_an_update_that_is_uploaded_is_tried_and_stands_ready(browser: Browser, trials: Trials) -> None:
    bundle = made(7, size=WHOLE)
    trials.result = tried(0.08, 0.11, own=(0.12, 0.19))
    bring_in(browser, bundle)
    page = page_of(browser)
    assert "Nothing speaks against using it." in page
    assert "On your own recordings it hears words better: 12% of them are wrong, and 19% with the set" in page
    assert "at most 15%" in page
    assert "Recording 1" in page
    assert "Signed by “vendor”, whom the appliance has trusted from the start." in page
    assert "Hears Bengali names better" in page
    assert "whisper-tiny.en" in page
    assert "Cloister 0.1.0 to 9.0.0" in page
    assert "in place of whisper-base" in page
    assert 'data-models-ask="use"' in page
    assert browser.workshop.updates.incoming.arrivals() == ()  # Nothing of the upload is left.
    assert browser.json("GET", "/models/uploads/" + "0" * 32 + "-5").status_code == 404


def test_it_is_put_to_use_and_gone_back_from(browser: Browser) -> None:
    bring_in(browser, made(7))
    do(browser, "use")
    store = browser.workshop.updates.store
    assert store.active_set() != store.image_set
    page = page_of(browser)
    assert "Under watch for 3 more recordings" in page
    assert "Go back to starter 1" in page
    assert "\u2068owner\u2069: \u20682026.11\u2069 (release 7 of “vendor”) was put to use." in page
    do(browser, "back")
    assert store.active_set() == store.image_set
    assert "\u2068owner\u2069: back to the set that came with the appliance." in page_of(browser)
    assert refusal(browser.json("POST", "/models/back")) == (409, "bundle.trust.no_previous")


def test_the_update_that_was_left_is_discarded(browser: Browser) -> None:
    bring_in(browser, made(7))
    do(browser, "discard")
    assert "Nothing stands ready." in page_of(browser)
    assert refusal(browser.json("POST", "/models/discard")) == (409, "bundle.store.no_candidate")
    assert refusal(browser.json("POST", "/models/use")) == (409, "bundle.store.no_candidate")
    assert refusal(browser.json("POST", "/models/try")) == (409, "bundle.store.no_candidate")


def test_what_nobody_trusted_signed_is_refused_after_its_first_chunk_and_written_down(browser: Browser) -> None:
    bundle = made(7, by=["mallory"], size=2 * CHUNK_BYTES)
    arrival_id = begin(browser, len(bundle)).json()["id"]
    answer = put(browser, arrival_id, 0, bundle[:CHUNK_BYTES])
    assert refusal(answer) == (422, "bundle.signature.unknown")
    assert "Nobody whom this appliance trusts has signed this model update." in answer.json()["message"]
    assert browser.workshop.updates.incoming.arrivals() == ()
    [entry] = browser.workshop.updates.store.journal.entries()
    assert (entry.actor, entry.action, entry.object, entry.code) == (
        "owner",
        "refused",
        "spring.cloister",
        "bundle.signature.unknown",
    )
    page = page_of(browser)
    assert "\u2068spring.cloister\u2069 was refused." in page
    assert "Nobody whom this appliance trusts has signed this model update." in page


def test_a_file_that_no_disk_holds_is_refused_with_what_is_missing(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.worker.incoming.free_bytes", lambda _: 10_000)
    answer = begin(browser, 50_000_000)
    assert refusal(answer) == (507, "bundle.trust.room")
    assert "bytes are missing" in answer.json()["message"]
    assert refusal(begin(browser, 0)) == (422, "bundle.archive.truncated")
    assert refusal(begin(browser, 2**40)) == (422, "bundle.manifest.size")


@pytest.mark.parametrize("name", ["", "a/b.cloister", "a\nb.cloister", "x" * 256])
def test_a_name_that_no_file_has_is_not_understood(browser: Browser, name: str) -> None:
    assert begin(browser, 100, name).status_code == 400


@pytest.mark.parametrize(
    ("name", "status"), [("", 400), ("a\nb.cloister", 400), ("x" * 513, 400), ("../x.cloister", 404)]
)
def test_an_import_that_is_not_listed_is_not_taken(browser: Browser, name: str, status: int) -> None:
    assert browser.json("POST", "/models/import", {"name": name}).status_code == status


def test_an_upload_goes_on_where_it_stopped(browser: Browser) -> None:
    bundle = made(7, size=WHOLE)
    arrival_id = begin(browser, len(bundle)).json()["id"]
    put(browser, arrival_id, 0, bundle[:CHUNK_BYTES])
    assert refusal(browser.json("POST", f"/models/uploads/{arrival_id}/take-in")) == (422, "bundle.archive.truncated")
    assert "It is being received." in page_of(browser)
    assert "99% received" in page_of(browser)
    assert begin(browser, len(bundle)).json() == {"id": arrival_id, "next_chunk": 1, "finished": False}
    answer = put(browser, arrival_id, 2, bundle[CHUNK_BYTES:])
    assert refusal(answer) == (409, "upload.chunk_order")
    assert browser.json("GET", f"/models/uploads/{arrival_id}").json()["next_chunk"] == 1
    assert put(browser, arrival_id, 0, bundle[:CHUNK_BYTES]).json()["next_chunk"] == 1
    assert refusal(put(browser, arrival_id, 1, b"x" * (CHUNK_BYTES + 1))) == (400, "upload.chunk_size")
    assert put(browser, arrival_id, 1, bundle[CHUNK_BYTES:]).json()["finished"]


def test_an_upload_that_was_broken_off_says_so_and_can_be_discarded(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = made(7, size=WHOLE)
    arrival_id = begin(browser, len(bundle)).json()["id"]
    put(browser, arrival_id, 0, bundle[:CHUNK_BYTES])
    monkeypatch.setattr("appliance.web.model_arrivals.SILENT_S", -1.0)
    page = page_of(browser)
    assert "spring.cloister" in page
    assert "Choose the same file again" in page
    assert browser.json("DELETE", f"/models/uploads/{arrival_id}").status_code == 204
    assert "spring.cloister" not in page_of(browser)
    assert browser.json("DELETE", f"/models/uploads/{arrival_id}").status_code == 204  # Twice does no harm.


def test_an_upload_that_stops_while_it_is_copied_is_kept_to_go_on(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    copying, go_on = threading.Event(), threading.Event()

    def slow(done: int, total: int) -> None:
        copying.set()
        go_on.wait(20)
        updates._stop.check()

    updates = browser.workshop.updates
    monkeypatch.setattr(updates, "_copied", slow)
    arrival_id = send(browser, made(7))
    assert browser.json("POST", f"/models/uploads/{arrival_id}/take-in").status_code == 204
    assert copying.wait(20)
    assert "Checking and copying" in page_of(browser)
    do(browser, "stop")
    assert "It stops…" in page_of(browser)
    go_on.set()
    settled(browser.workshop)
    page = page_of(browser)
    assert "It is here, and was not taken in." in page
    assert f'data-take-in="{arrival_id}"' in page
    monkeypatch.undo()


def test_steps_survive_a_reload_and_another_administrator_sees_them(browser: Browser, trials: Trials) -> None:
    trials.going_on.clear()
    arrival_id = send(browser, made(7))
    browser.json("POST", f"/models/uploads/{arrival_id}/take-in")
    while browser.workshop.updates.underway is None or browser.workshop.updates.underway.course is None:
        pass
    browser.cookie, _ = sign_in(browser.workshop, "Amina")
    page = page_of(browser)
    assert "Brought in by: \u2068owner\u2069" in page
    assert "Trying the update: recording 1 of 2" in page
    assert "Receiving" in page
    assert "25%" in page
    assert refusal(browser.json("POST", "/models/use")) == (409, "bundle.store.busy")
    assert refusal(browser.json("POST", "/models/try")) == (409, "bundle.store.busy")
    assert refusal(browser.json("POST", "/models/discard")) == (409, "bundle.store.busy")
    do(browser, "stop")
    settled(browser.workshop)
    assert "It was not tried yet." not in page_of(browser)  # The journal knows that it was stopped.
    assert "The trial was stopped." in page_of(browser)
    assert refusal(browser.json("POST", "/models/use")) == (409, "bundle.store.not_tried")
    trials.going_on.set()
    do(browser, "try")
    settled(browser.workshop)
    assert "Nothing speaks against using it." in page_of(browser)


def test_an_update_that_breaks_a_limit_is_not_offered_and_says_which(browser: Browser, trials: Trials) -> None:
    trials.result = tried(0.3, 0.11)
    bring_in(browser, made(7))
    page = page_of(browser)
    assert "It cannot be used: it did not keep what its makers promised." in page
    assert "tried on ward.wav and got 30.00 % of the words wrong" in page
    assert 'data-models-ask="use"' not in page
    assert refusal(browser.json("POST", "/models/use")) == (422, "bundle.selftest.words")


def test_a_language_that_would_be_lost_is_told_before_anything_else(browser: Browser) -> None:
    bring_in(browser, made(7, languages=["de", "en"]))
    page = page_of(browser)
    assert "It can be used. Look at this before you decide:" in page
    assert "It does not transcribe what the set in use does: Bangla." in page
    assert re.search(r"Languages gained</dt>\s*<dd>\s*German", page)


def test_a_set_that_is_worse_on_own_recordings_asks_for_a_look(browser: Browser, trials: Trials) -> None:
    trials.result = tried(0.08, 0.11, own=(0.3, 0.19))
    bring_in(browser, made(7))
    page = page_of(browser)
    assert "Look at this before you decide:" in page
    assert "On your own recordings it hears words worse: 30% of them are wrong, and 19% with" in page


def test_a_trial_without_the_set_in_use_says_why(browser: Browser, trials: Trials) -> None:
    trials.result = tried(0.08, None)
    bring_in(browser, made(7))
    page = page_of(browser)
    assert "the memory does not do for two sets at once" in page
    assert "In use</th>" not in page


def test_a_set_that_cannot_be_loaded_says_why_also_after_a_restart(browser: Browser, trials: Trials) -> None:
    trials.refusal = SelftestLoadError(cause="model.set", reason="it has no model for asr")
    bring_in(browser, made(7))
    assert "data-update-trouble" in page_of(browser)
    do(browser, "seen")
    page = page_of(browser)
    assert "data-update-trouble" not in page
    assert "It could not be tried to the end" in page
    assert "cannot be loaded on this machine: it has no model for asr" in page


def test_where_nobody_is_trusted_the_page_says_which_command_does_it(tmp_path: Path, trials: Trials) -> None:
    with house(tmp_path, with_vendor=False) as browser:
        page = page_of(browser)
        assert "Nobody is trusted to make updates yet" in page
        assert "appliance bundle trust FILE" in page
        assert "No folder for sticks is set up." in page
        trust_the_site(browser.workshop)
        page = page_of(browser)
        assert "“site”, trusted by an administrator here: 1 of 1 keys sign" in page
        assert "Somebody at the machine: updates that “\u2068site\u2069” has signed are trusted" in page
        bring_in(browser, made(1, by=["site"]))
        assert "Signed by “site”, whom an administrator here has trusted." in page_of(browser)
    assert trials.tried


def test_a_list_of_keys_that_the_image_spoils_is_told_and_the_page_stays(tmp_path: Path, trials: Trials) -> None:
    with house(tmp_path) as browser:
        (tmp_path / "image" / "roots" / "vendor.root.dsse.json").write_bytes(b"{}")
        assert "The list of signing keys that came with this appliance cannot be used" in page_of(browser)
        assert refusal(begin_and_put(browser)) == (500, "bundle.store.vendor_root")
    assert not trials.tried


def begin_and_put(browser: Browser) -> httpx.Response:
    bundle = made(7)
    return put(browser, begin(browser, len(bundle)).json()["id"], 0, bundle)


def test_a_file_whose_name_is_no_text_does_not_take_the_page_away(browser: Browser) -> None:
    imports = browser.workshop.settings.imports
    assert imports is not None
    for number in (1, 3):
        (imports / os.fsdecode(b"\xff.cloister.%03d" % number)).write_bytes(b"x" * 600)
    assert r"\udcff.cloister" in browser.ask("GET", "/models").text
    browser.json("POST", "/models/import", {"name": r"\udcff.cloister.001"})
    settled(browser.workshop)
    assert r"\udcff.cloister.002" in browser.ask("GET", "/models").text  # The part that is missing.


def test_what_lies_in_the_folder_of_imports_is_brought_in_by_name(browser: Browser) -> None:
    imports = browser.workshop.settings.imports
    assert imports is not None
    (imports / "spring.cloister").write_bytes(made(7))
    parts = made(8)
    for number in range(3):
        (imports / f"large.cloister.{number + 1:03}").write_bytes(parts[number * 4096 : (number + 1) * 4096])
    page = page_of(browser)
    assert page.count("data-import=") == 2
    assert "in several parts, the first of" in page
    assert "large.cloister.002" not in page
    assert browser.json("POST", "/models/import", {"name": "spring.cloister"}).status_code == 204
    settled(browser.workshop)
    assert browser.workshop.updates.store.ledger.candidate is not None
    assert refusal(browser.json("POST", "/models/import", {"name": "gone.cloister"})) == (404, "access.not_found")


def test_a_bundle_in_parts_is_brought_in_whole(browser: Browser) -> None:
    imports = browser.workshop.settings.imports
    assert imports is not None
    whole = made(8)
    (imports / "large.cloister.001").write_bytes(whole[:7000])
    (imports / "large.cloister.002").write_bytes(whole[7000:14000])
    (imports / "large.cloister.003").write_bytes(whole[14000:])
    assert browser.json("POST", "/models/import", {"name": "large.cloister.001"}).status_code == 204
    settled(browser.workshop)
    assert browser.workshop.updates.trouble is None
    candidate = browser.workshop.updates.store.ledger.candidate
    assert candidate is not None
    assert candidate.mark.release == 8


def test_a_bundle_of_which_a_part_is_missing_is_refused_by_its_name_and_written_down(browser: Browser) -> None:
    imports = browser.workshop.settings.imports
    assert imports is not None
    whole = made(8)
    (imports / "large.cloister.001").write_bytes(whole[:7000])
    (imports / "large.cloister.003").write_bytes(whole[14000:])
    browser.json("POST", "/models/import", {"name": "large.cloister.001"})
    settled(browser.workshop)
    page = page_of(browser)
    assert "\u2068large.cloister.001\u2069 was refused." in page
    assert "large.cloister.002" in page


def test_own_recordings_that_cannot_be_used_are_told(browser: Browser) -> None:
    imports = browser.workshop.settings.imports
    assert imports is not None
    (imports / OWN_FOLDER).mkdir()
    (imports / OWN_FOLDER / "hearing.wav").write_bytes(b"RIFF")
    assert "The recording hearing.wav has no transcript beside it." in page_of(browser)


def test_a_folder_of_imports_that_cannot_be_read_is_told_in_words(tmp_path: Path, trials: Trials) -> None:
    imports = tmp_path / "imports"
    imports.write_text("a file")
    with house(tmp_path, imports=imports) as browser:
        assert "cannot be read" in page_of(browser)
        assert refusal(browser.json("POST", "/models/import", {"name": "x.cloister"})) == (500, "bundle.store.imports")
    assert not trials.tried


def test_a_journal_that_somebody_changed_is_told_and_still_shown(browser: Browser) -> None:
    bring_in(browser, made(7))
    path = browser.workshop.updates.store.folder / JOURNAL_FILE
    path.write_bytes(path.read_bytes().replace(b'"owner"', b'"Mallory"', 1))
    page = page_of(browser)
    assert "The journal of the model sets is not as the appliance wrote it, from line 1 on" in page
    assert "was tried and kept every limit" in page


def test_a_long_history_is_folded_and_its_rest_counted(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.web.model_history.MOST_SHOWN", 12)
    for number in range(15):
        browser.workshop.updates.store.note("Ada", "refused", f"{number}.cloister", EngineDiedError())
    page = page_of(browser)
    assert "3 older entries" in page
    assert "\u206814.cloister\u2069" in page
    assert "\u20682.cloister\u2069" not in page  # One of the three.
    assert page.index("\u20684.cloister") > page.index("Earlier") > page.index("\u206814.cloister")


def test_an_error_in_the_history_that_nobody_knows_any_more_does_no_harm(browser: Browser) -> None:
    store = browser.workshop.updates.store
    with store.changing():
        store.journal.append(store.journal.next_entry("Ada", "praised", "x", "some.code", {"a": 1}))
    assert "\u2068Ada\u2069: praised, \u2068x\u2069." in page_of(browser)


def test_going_back_by_itself_is_told_with_the_reason(browser: Browser) -> None:
    bring_in(browser, made(7))
    do(browser, "use")
    browser.workshop.updates.roll_back(BY_ITSELF, EngineDiedError())
    page = page_of(browser)
    assert "The appliance by itself: back to the set that came with the appliance." in page
    assert EngineDiedError().text.split(".")[0] in page


def test_a_set_in_use_that_is_damaged_is_an_alert_and_not_the_end_of_the_page(browser: Browser) -> None:
    bring_in(browser, made(7))
    do(browser, "use")
    store = browser.workshop.updates.store
    (store.folder_of(store.ledger.active) / SET_FILE).write_bytes(b"{}")
    browser.workshop.updates.usable()
    page = page_of(browser)
    assert "the one that came with the appliance is loaded in its place" in page
    assert "is not on the disk as it was taken in" in page
    (store.folder_of(store.ledger.active) / "bundle.dsse.json").write_bytes(b"")
    assert "is not on the disk as it was taken in" in page_of(browser)


def test_an_old_set_and_one_from_the_future_are_cautioned(browser: Browser) -> None:
    bring_in(browser, made(7, created="2024-01-01T00:00:00Z"))
    assert "days old. Ask whether there is a newer one" in page_of(browser)
    do(browser, "discard")
    bring_in(browser, made(8, created="2090-01-01T00:00:00Z"))
    assert "By its date it was made in the future." in page_of(browser)


def test_a_set_below_the_floor_is_no_way_back(browser: Browser) -> None:
    bring_in(browser, made(7))
    do(browser, "use")
    bring_in(browser, made(9, min_release=8))
    do(browser, "use")
    page = page_of(browser)
    assert "There is no way back to tiny 2026.11." in page
    assert 'data-models-ask="back"' not in page
    assert refusal(browser.json("POST", "/models/back")) == (422, "bundle.trust.floor")


def test_notes_stay_text(browser: Browser) -> None:
    bring_in(browser, made(7, notes="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in page_of(browser)
    assert "&lt;script&gt;alert(1)" in page_of(browser)


def test_the_page_speaks_bengali(browser: Browser, trials: Trials) -> None:
    trials.result = tried(0.08, 0.11, own=(0.12, 0.19))
    bring_in(browser, made(7))
    page = page_of(browser, **{"Accept-Language": "bn"})
    assert "এটি ব্যবহার না করার কোনো কারণ দেখা যায়নি।" in page
    assert "১২%" in page
    assert "ইংরেজি" in page


def test_an_import_is_noted_by_who_wanted_it(browser: Browser) -> None:
    imports = browser.workshop.settings.imports
    assert imports is not None
    (imports / "wrong.cloister").write_bytes(b"no bundle at all" * 100)
    take_in_import(browser.workshop.updates, imports, "wrong.cloister", "Amina")
    settled(browser.workshop)
    page = page_of(browser)
    assert "\u2068Amina\u2069: \u2068wrong.cloister\u2069 was refused." in page
    assert 'role="alert" data-update-trouble' in page


def test_the_keys_that_signed_are_shown_by_their_first_digits(browser: Browser) -> None:
    bring_in(browser, made(7, by=["ada", "cleo"]))
    page = page_of(browser)
    shown = [key_id[:4] for key_id in vendor_root().keys]
    assert sum(f"<code>{digits} " in page for digits in shown) == 2
