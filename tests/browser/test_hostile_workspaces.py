"""An appliance that lies about workspaces: each lie is refused or shown, by name."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, Route, expect

from appliance.crypto import identity, members
from appliance.crypto.envelope import DocumentType, new_file_key, seal_document
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose, seal_key
from appliance.crypto.identity import Identity, fingerprint, fingerprint_words
from appliance.crypto.members import MemberList, Role, SignedList
from appliance.records import transcripts, workspaces
from appliance.records.keystore import Wrap
from appliance.transcript import to_json
from appliance.worker.recipients import RESULT
from appliance.worker.workshop import Workshop
from tests.browser.private import put_in_place, put_private_transcript
from tests.browser.shared import (
    NAME,
    Visit,
    ask_for,
    choose_for,
    expect_refused,
    expect_role,
    expect_to_read,
    make_workspace,
    member,
    remove,
    take_in,
    unlock_where_asked,
    upload_into,
)
from tests.browser.visitor import Visitor
from tests.people import Person
from tests.web.appliance import a_transcript, enrolled
from tests.worker.shared import Team, line, signed

pytestmark = pytest.mark.browser

FORGED = (("S1", 0.0, 2.0, "I confess everything."),)
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def workspace(workspace: str, ben: Visitor) -> str:
    """A workspace of anna with ben as an editor; both have seen it."""
    expect(member(ben.open(f"/workspaces/{workspace}"), "anna")).to_be_visible()
    return workspace


def answer_with(page: Page, pattern: str, change: Change) -> None:
    """Have the appliance's answers altered on their way."""

    def alter(route: Route) -> None:
        answer = route.fetch()
        content = answer.json()
        change(content)
        route.fulfill(response=answer, body=json.dumps(content))

    page.route(pattern, alter)


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def as_served(kept: SignedList) -> dict[str, str]:
    return {
        "body": text(kept.encoded), "signature": text(kept.signature), "created_at": "2026-11-25T09:00:00+00:00",
    }  # fmt: skip


def served_list(content: dict[str, Any], number: int = -1) -> MemberList:
    return MemberList.decode(base64.b64decode(content["lists"][number]["body"]))


def person(visitor: Visitor, name: str) -> Person:
    return enrolled(visitor.workshop, name)


def test_swapped_keys_of_somebody_known_are_not_taken_in_unseen(anna: Visitor, ben: Visitor, workspace: str) -> None:
    other, swapped = make_workspace(anna, "Another"), Identity.fresh()
    sent: list[str] = []
    anna.page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/lists") else None)
    answer_with(
        anna.page,
        "**/workspaces/people",
        lambda found: found.update(ed=text(swapped.ed_public), x=text(swapped.x_public)),
    )
    ask_for(anna, other, "ben")
    dialog = anna.page.locator("#compare-dialog")
    expect(dialog.locator("[data-other-keys]")).to_be_visible()
    expect(dialog.get_by_label("I compared the words")).not_to_be_checked()
    dialog.get_by_role("button", name="Take in").click()
    expect(dialog.locator("[data-trouble]")).to_have_text("Compare the words first, and say so here.")
    assert sent == []


def test_somebody_who_was_compared_is_not_taken_in_under_another_name(
    visit: Visit, anna: Visitor, ben: Visitor, workspace: str
) -> None:
    """Asked for cleo, the appliance answers with the account of ben, whose words anna compared as ben's."""
    visit(name="cleo")
    other, of_ben = make_workspace(anna, "Another"), person(ben, "ben").identity
    answer_with(
        anna.page,
        "**/workspaces/people",
        lambda found: found.update(account=ben.owner_id, ed=text(of_ben.ed_public), x=text(of_ben.x_public)),
    )
    ask_for(anna, other, "cleo")
    dialog = anna.page.locator("#compare-dialog")
    expect(dialog.locator("[data-other-keys]")).to_be_hidden()
    expect(dialog.locator("[data-other-name]")).to_contain_text("You know this account as ben")
    expect(dialog.get_by_label("I compared the words")).not_to_be_checked()
    dialog.get_by_role("button", name="Take in").click()
    expect(dialog.locator("[data-trouble]")).to_have_text("Compare the words first, and say so here.")
    dialog.get_by_role("button", name="Cancel").click()
    anna.page.unroute("**/workspaces/people")
    ask_for(anna, other, "ben")
    expect(dialog.locator("[data-other-name]")).to_be_hidden()
    expect(dialog.get_by_label("I compared the words")).to_be_checked()


def test_exchanged_names_do_not_make_an_owner_remove_somebody_else(
    visit: Visit, anna: Visitor, ben: Visitor, workspace: str
) -> None:
    """The appliance calls ben cleo: his row keeps his name, and the dialog shows his words."""
    visit(name="cleo")

    def exchange(content: dict[str, Any]) -> None:
        for each in content["people"]:
            if each["account"] == ben.owner_id:
                each["name"] = "cleo"

    answer_with(anna.page, "**/sealed", exchange)
    page = anna.open(f"/workspaces/{workspace}")
    expect(member(page, "ben")).to_contain_text("the appliance calls it cleo")
    choose_for(page, "ben", "Remove…")
    dialog = page.locator("#remove-dialog")
    expect(dialog.locator("[data-subject]")).to_have_text("ben")
    expect(dialog.locator("[data-trouble]")).to_contain_text("the appliance calls it cleo")
    of_ben = person(ben, "ben").identity
    words = list(fingerprint_words(fingerprint(of_ben.ed_public, of_ben.x_public)))
    expect(dialog.locator("[data-words] li")).to_have_text(words)


def test_swapped_keys_of_somebody_unknown_show_other_words_than_their_own(anna: Visitor, ben: Visitor) -> None:
    workspace, swapped = make_workspace(anna), Identity.fresh()
    answer_with(
        anna.page,
        "**/workspaces/people",
        lambda found: found.update(ed=text(swapped.ed_public), x=text(swapped.x_public)),
    )
    ask_for(anna, workspace, "ben")
    shown = anna.page.locator("#compare-dialog [data-words] li").all_inner_texts()
    assert shown == list(fingerprint_words(fingerprint(swapped.ed_public, swapped.x_public)))
    ben.open("/account")
    expect(ben.page.locator(".words li").last).not_to_be_empty()
    assert shown != ben.page.locator(".words li").all_inner_texts()


def test_other_keys_beside_ones_own_name_are_noticed(anna: Visitor, ben: Visitor, workspace: str) -> None:
    """An owner was shown swapped keys and believed them: whose name it is sees it at once."""
    team = Team.of(anna.workshop, person(anna, "anna"), workspace)
    swapped = Person("ben", account_id=ben.owner_id)
    draft = team.draft(
        person(anna, "anna"), team.people() | {ben.owner_id: line(swapped, Role.EDITOR)}, new_key=os.urandom(32)
    )
    kept = signed(person(anna, "anna"), draft)
    answer_with(ben.page, "**/sealed", lambda content: content["lists"].append(as_served(kept)))
    expect_refused(ben, workspace, "is not the one that its owners signed")


def test_a_forged_member_list_is_refused(anna: Visitor, ben: Visitor, workspace: str) -> None:
    """Somebody whom no list ever named signs one in the name of the owner."""
    mallory = Person("mallory", account_id=anna.owner_id)
    team = Team.of(anna.workshop, person(anna, "anna"), workspace)
    draft = team.draft(mallory, team.people() | {"4" * 32: line(Person(account_id="4" * 32), Role.OWNER)})
    forged = signed(mallory, draft)
    answer_with(anna.page, "**/sealed", lambda content: content["lists"].append(as_served(forged)))
    expect_refused(anna, workspace, "was not signed by an owner")


def test_a_list_that_an_editor_signed_is_refused(anna: Visitor, ben: Visitor, workspace: str) -> None:
    team = Team.of(anna.workshop, person(anna, "anna"), workspace)
    draft = team.draft(person(ben, "ben"), team.people() | {ben.owner_id: line(person(ben, "ben"), Role.OWNER)})
    promoted = signed(person(ben, "ben"), draft)
    answer_with(anna.page, "**/sealed", lambda content: content["lists"].append(as_served(promoted)))
    expect_refused(anna, workspace, "was not signed by an owner")


def test_a_dropped_removal_is_refused_by_who_saw_it(visit: Visit, anna: Visitor, ben: Visitor, workspace: str) -> None:
    """The appliance puts the state of before the removal back, keys and all."""
    before = put_back(anna.workshop, workspace)
    remove(anna, workspace, "ben")
    before()
    expect_refused(anna, workspace, "older member list than you have seen")
    expect(anna.page.locator("#person-name")).to_be_hidden()


def put_back(workshop: Workshop, workspace: str) -> Callable[[], None]:
    """Return what puts a workspace back to how it is now."""
    subject = bytes.fromhex(workspace)
    wraps = workshop.keystore.held(subject)
    with workshop.database.read() as session:
        roles, version = workspaces.members(session, workspace), workspaces.newest(session, workspace).version

    def back() -> None:
        workshop.keystore.erase(subject)
        workshop.keystore.put(*wraps)
        with workshop.database.write() as session:
            workspaces.set_members(session, workspace, roles)
            for each in workspaces.chain(session, workspace):
                if each.version > version:
                    session.delete(each)

    return back


def test_a_forked_list_is_refused_by_who_saw_the_other_branch(anna: Visitor, ben: Visitor, workspace: str) -> None:
    """Both branches are signed by the owner; a browser that has seen one refuses the other."""
    owner = person(anna, "anna")
    back = put_back(anna.workshop, workspace)
    choose_for(anna.open(f"/workspaces/{workspace}"), "ben", "Change role to Owner")
    expect_role(anna.page, "ben", "Owner")
    expect_role(ben.open(f"/workspaces/{workspace}"), "ben", "Owner")
    back()
    team = Team.of(anna.workshop, owner, workspace)
    team.change_role(anna.workshop, owner, person(ben, "ben"), Role.VIEWER)
    for visitor in (anna, ben):
        expect_refused(visitor, workspace, "another one in its place")


def test_a_list_left_out_in_the_middle_is_refused(anna: Visitor, ben: Visitor, workspace: str) -> None:
    choose_for(anna.open(f"/workspaces/{workspace}"), "ben", "Change role to Viewer")
    expect_role(anna.page, "ben", "Viewer")
    answer_with(anna.page, "**/sealed", lambda content: content["lists"].pop(1))
    expect_refused(anna, workspace, "older member list than you have seen")


def test_a_workspace_key_that_the_list_does_not_name_is_not_used(anna: Visitor, ben: Visitor, workspace: str) -> None:
    """Anybody can seal a key to ben; only the list says which one is right."""
    recipient = person(ben, "ben")
    label = SealedKeyLabel(SealedKeyPurpose.WORKSPACE_KEY, bytes.fromhex(ben.owner_id), bytes.fromhex(workspace))
    of_the_appliance = seal_key(recipient.identity.x_public, new_file_key(), label)
    answer_with(ben.page, "**/sealed", lambda content: content.update(key=text(of_the_appliance)))
    expect_refused(ben, workspace, "is not the one that its owners signed")
    page = ben.open("/")
    expect(page.locator(f'[data-chosen-workspace] [value="{workspace}"]')).to_have_text(
        "A workspace that does not open"
    )
    expect(page.locator(f'[data-chosen-workspace] [value="{workspace}"]')).to_be_disabled()
    page.locator("[data-chosen-workspace]").evaluate(
        "(choice, id) => { choice.value = id; choice.form.dispatchEvent(new Event('change')); }", workspace
    )
    page.get_by_role("radio", name="Only the members").check()
    page.set_input_files("input[type=file]", {"name": "x.wav", "mimeType": "audio/wav", "buffer": b"RIFF" * 2000})
    expect(page.locator("#problems")).to_contain_text("is not the one that its owners signed")
    expect(page.locator("[data-upload-list] li")).to_have_count(0)
    expect(page.locator("#recordings .recording")).to_have_count(0)


def test_a_choice_of_place_is_called_by_what_it_stands_for(anna: Visitor, ben: Visitor, workspace: str) -> None:
    """The appliance puts the id of a workspace with ben under the name of anna's own one."""
    own = make_workspace(anna, "Mine and nobody's")
    recording_id = put_private_transcript(anna, "Mine.wav")
    page = anna.page
    page.route(f"**/recordings/{recording_id}", under_the_name_of(own, workspace))
    page.route(f"{anna.live.address}/", under_the_name_of(own, workspace))
    page.goto(f"{anna.live.address}/recordings/{recording_id}")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Move…").click()
    expect(page.locator("#move-dialog")).to_be_visible()
    choice = page.locator(f'#move-dialog [value="{workspace}"]')
    expect(choice).to_have_attribute("label", NAME)
    expect(choice).to_have_text(NAME)
    page.goto(f"{anna.live.address}/")
    expect(page.locator("[data-chosen-workspace]")).to_be_enabled()
    choice = page.locator(f'[data-chosen-workspace] [value="{workspace}"]')
    expect(choice).to_have_attribute("label", NAME)
    expect(choice).to_have_text(NAME)


def under_the_name_of(named: str, meant: str) -> Callable[[Route], None]:
    """Have every choice stand for one workspace and carry the name of another."""

    def alter(route: Route) -> None:
        answer = route.fetch()
        label = f'<option data-workspace-name="{named}" label="Mine and nobody\'s" value="{meant}"'
        route.fulfill(response=answer, body=re.sub(r'<option\s+value="[0-9a-f]{32}"', label, answer.text()))

    return alter


def test_a_locked_vault_sends_nothing_into_a_workspace_that_nobody_could_see(anna: Visitor, workspace: str) -> None:
    page = anna.open("/account")
    page.locator("[data-lock]").click()
    page.goto(f"{anna.live.address}/?place={workspace}")
    expect(page.get_by_text("Unlock your vault to choose among workspaces")).to_be_visible()
    page.set_input_files("input[type=file]", {"name": "x.wav", "mimeType": "audio/wav", "buffer": b"RIFF" * 2000})
    expect(page.locator("#problems")).to_contain_text("nobody sees which workspace this is")
    page.locator("[data-locked]").get_by_role("button", name="Unlock").click()
    unlock_where_asked(page)
    expect(page.locator("[data-chosen-workspace]")).to_be_enabled()
    expect(page.locator("[data-chosen-workspace] :checked")).to_have_text(NAME)


def test_a_swapped_inbox_breaks_the_signature(anna: Visitor, ben: Visitor, workspace: str) -> None:
    inbox = identity.x_public_of(members.inbox_private(new_file_key())).hex()

    def swap(content: dict[str, Any]) -> None:
        swapped = msgspec.structs.replace(served_list(content), inbox=inbox)
        content["lists"][-1]["body"] = text(swapped.encode())

    answer_with(ben.page, "**/sealed", swap)
    expect_refused(ben, workspace, "was not signed by an owner")


def test_a_result_sealed_to_a_swapped_inbox_opens_for_nobody(anna: Visitor, ben: Visitor, workspace: str) -> None:
    """The appliance gives the engine another inbox: the members see that the result is not for them."""
    recording_id = upload_into(anna, workspace, "Round.wav", private=True)
    forge(anna.workshop, recording_id, workspace, new_file_key())
    anna.open(f"/recordings/{recording_id}")
    expect(anna.page.locator("[data-loading]")).to_contain_text("does not open with your keys")


def test_a_result_forged_with_the_inbox_key_alone_is_noticed_after_the_first_opening(
    anna: Visitor, ben: Visitor, workspace: str
) -> None:
    recording_id = upload_into(anna, workspace, "Round.wav", private=True)
    expect_to_read(anna, recording_id)
    team = Team.of(anna.workshop, person(anna, "anna"), workspace)
    for version in (2, 3):
        forge(anna.workshop, recording_id, workspace, members.inbox_private(team.key), version)
        anna.open(f"/recordings/{recording_id}")
        expect(anna.page.locator("[data-loading]")).to_contain_text("somebody exchanged it")
        expect(anna.page.locator(".turn")).to_have_count(0)


def forge(workshop: Workshop, recording_id: str, workspace: str, inbox_private: bytes, version: int = 1) -> None:
    """Seal another transcript to an inbox, in the place of the one that is there."""
    with workshop.database.read() as session:
        document_id = transcripts.get(session, recording_id).document_id
    file_key = new_file_key()
    label = SealedKeyLabel(SealedKeyPurpose.RESULT, recipient=bytes.fromhex(workspace), subject=document_id)
    sealed_key = seal_key(identity.x_public_of(inbox_private), file_key, label)
    workshop.keystore.erase(document_id)
    workshop.keystore.put(Wrap(document_id, RESULT, bytes.fromhex(workspace), sealed_key))
    plain = to_json(a_transcript(FORGED))
    put_in_place(
        workshop, recording_id, version, seal_document(file_key, DocumentType.TRANSCRIPT, document_id, version, plain)
    )


def test_a_later_version_by_somebody_who_was_removed_is_not_shown(anna: Visitor, ben: Visitor, workspace: str) -> None:
    """Together with the appliance, ben seals one more version with the key that he had."""
    recording_id = upload_into(anna, workspace, "Round.wav", private=True)
    expect_to_read(anna, recording_id)
    remove(anna, workspace, "ben")
    expect_to_read(anna, recording_id)
    anna.page.locator(".turn__name").first.click()
    anna.page.get_by_label("Name, everywhere in this transcript").fill("Dr. Rahman")
    anna.page.get_by_role("button", name="Rename", exact=True).click()
    expect(anna.page.locator(".turn__name").first).to_have_text("Dr. Rahman")
    team = Team.of(anna.workshop, person(anna, "anna"), workspace)
    with anna.workshop.database.read() as session:
        document_id = transcripts.get(session, recording_id).document_id
    file_key, plain = new_file_key(), to_json(a_transcript(FORGED))
    [wrap] = anna.workshop.keystore.held(document_id)
    anna.workshop.keystore.put(Wrap(document_id, wrap.kind, wrap.holder, team.wrapped(document_id, file_key, epoch=1)))
    sealed = seal_document(file_key, DocumentType.TRANSCRIPT, document_id, 4, plain)
    put_in_place(anna.workshop, recording_id, 4, sealed)
    anna.open(f"/recordings/{recording_id}")
    expect(anna.page.locator("[data-loading]")).to_contain_text("older version")
    expect(anna.page.locator(".turn")).to_have_count(0)


def test_a_workspace_that_is_hidden_is_missed(anna: Visitor, ben: Visitor, workspace: str) -> None:
    with anna.workshop.database.write() as session:
        workspaces.set_members(session, workspace, {anna.owner_id: Role.OWNER})
    page = ben.open("/")
    notice = page.locator("[data-vault-notices] [role=alert]")
    expect(notice).to_contain_text("1 of your workspaces are not here any more")
    notice.get_by_role("button", name="I know").click()
    expect(notice).to_have_count(0)
    page.reload()
    page.wait_for_timeout(500)
    expect(notice).to_have_count(0)


def test_an_administrator_who_is_no_member_sees_nothing(visit: Visit, anna: Visitor, workspace: str) -> None:
    recording_id = upload_into(anna, workspace, "Round.wav", private=False)
    administrator = visit()
    page = administrator.open("/")
    expect(page.get_by_text("No recordings yet")).to_be_visible()
    for path in (f"/recordings/{recording_id}", f"/workspaces/{workspace}", f"/workspaces/{workspace}/sealed"):
        assert administrator.page.request.get(administrator.live.address + path).status == 404
    expect(administrator.open("/workspaces").get_by_text("You are in no workspace yet.")).to_be_visible()


def test_a_removal_that_is_not_stored_is_not_said_to_be_made(anna: Visitor, ben: Visitor, workspace: str) -> None:
    """First the appliance says that somebody was quicker, then that it stored what it threw away."""
    signed_lists: list[str] = []
    answers = [(409, {"code": "access.conflict", "message": "Changed meanwhile."}), (201, {"version": 3})]

    def lie(route: Route) -> None:
        signed_lists.append(str(route.request.post_data))
        status, content = answers[len(signed_lists) - 1]
        route.fulfill(status=status, json=content)

    page = anna.open(f"/workspaces/{workspace}")
    page.route("**/lists", lie)
    for number, sentence in enumerate(("shows no change of theirs", "do not rely on it"), start=1):
        choose_for(page, "ben", "Remove…")
        page.locator("#remove-dialog").get_by_role("button", name="Remove").click()
        expect(page.locator("#problems")).to_contain_text(sentence)
        assert len(signed_lists) == number
        expect(member(page, "ben")).to_be_visible()
    expect(page.locator("#notices")).not_to_contain_text("is out")


def test_two_owners_at_once_and_the_second_change_is_made_on_the_first(
    visit: Visit, anna: Visitor, ben: Visitor, workspace: str
) -> None:
    """While anna's change is on its way, ben removes cleo: anna's browser verifies his list and repeats on it."""
    visit(name="cleo")
    take_in(anna, workspace, "cleo", "viewer")
    choose_for(anna.page, "ben", "Change role to Owner")
    expect_role(anna.page, "ben", "Owner")
    answers: list[int] = []

    def ben_is_quicker(route: Route) -> None:
        if not answers:
            team = Team.of(ben.workshop, person(ben, "ben"), workspace)
            team.remove(ben.workshop, person(ben, "ben"), person(ben, "cleo"))
        answer = route.fetch()
        answers.append(answer.status)
        route.fulfill(response=answer)

    anna.page.route("**/lists", ben_is_quicker)
    anna.page.get_by_text("Another name").click()
    anna.page.locator("#next-name").fill("Ward 8")
    anna.page.get_by_role("button", name="Save").click()
    expect(anna.page.get_by_role("heading", level=1)).to_have_text("Ward 8")
    assert answers == [409, 201]
    expect(member(anna.page, "cleo")).to_have_count(0)
    newest = Team.of(anna.workshop, person(anna, "anna"), workspace).newest
    assert (newest.epoch, len(newest.members)) == (2, 2)
