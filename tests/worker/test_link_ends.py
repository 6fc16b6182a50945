"""A link ends with its maker's right to share, whatever took that right away, and does not come back with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.crypto.keywrap import WrapKind
from appliance.crypto.members import Role
from appliance.errors import LinkGoneError, NotFoundError, SignedOutError
from appliance.records import accounts, invitations, shares
from appliance.worker.enrolling import enrol, remove_account
from appliance.worker.library import tidy
from appliance.worker.places import move
from appliance.worker.sharing import file_keys, links_to, make_link, open_link
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import leave
from tests.links import Link
from tests.people import Person
from tests.web.appliance import AT_A_DESK, a_transcript, finish_job, put_recording
from tests.worker.shared import Team

Departure = Callable[[Workshop, Team, Person, Person], None]


@pytest.fixture
def team(workshop: Workshop, anna: Person, ben: Person) -> Team:
    team = Team().made_by(workshop, anna)
    team.add(workshop, anna, ben, Role.OWNER)
    return team


@pytest.fixture
def recording_id(workshop: Workshop, team: Team, anna: Person) -> str:
    recording_id = put_transcript(workshop, anna)
    move(workshop, anna.account_id, recording_id, team.hex, None)
    return recording_id


def put_transcript(workshop: Workshop, person: Person) -> str:
    recording_id = put_recording(workshop, person.account_id, "Hearing 12.wav")
    finish_job(workshop, recording_id, a_transcript())
    return recording_id


def shared(workshop: Workshop, person: Person, recording_id: str) -> Link:
    link = Link()
    make_link(
        workshop, person.account_id, recording_id, link.offer(file_keys(workshop, person.account_id, recording_id))
    )
    return link


def opens(workshop: Workshop, link: Link) -> bool:
    try:
        return bool(link.opened(open_link(workshop, link.id, link.token)))
    except LinkGoneError:
        return False


def holders(workshop: Workshop) -> set[str]:
    return {wrap.holder.hex() for wrap in workshop.keystore.page(WrapKind.FILE_KEY_UNDER_LINK, None, 100)}


def removed(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    team.remove(workshop, anna, ben)


def made_an_editor(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    team.change_role(workshop, anna, ben, Role.EDITOR)


def gone_by_themselves(workshop: Workshop, team: Team, _anna: Person, ben: Person) -> None:
    leave(workshop, ben.account_id, team.hex)


def without_account(workshop: Workshop, _team: Team, _anna: Person, ben: Person) -> None:
    remove_account(workshop, ben.account_id)


def enrolled_afresh(workshop: Workshop, _team: Team, _anna: Person, ben: Person) -> None:
    with workshop.database.write() as session:
        token = invitations.link_for(session, accounts.get(session, ben.account_id))
    again = Person("ben", account_id=ben.account_id)
    enrol(workshop, token, "ben", again.keys, again.slots, AT_A_DESK)


@pytest.mark.parametrize("departs", [removed, made_an_editor, gone_by_themselves, without_account, enrolled_afresh])
def test_a_link_ends_when_its_maker_may_not_share_any_more(
    workshop: Workshop, team: Team, anna: Person, ben: Person, recording_id: str, departs: Departure
) -> None:
    theirs, hers = shared(workshop, ben, recording_id), shared(workshop, anna, recording_id)
    assert opens(workshop, theirs)
    departs(workshop, team, anna, ben)
    assert not opens(workshop, theirs)
    assert opens(workshop, hers)
    assert holders(workshop) == {hers.id}
    assert [share.id for share in links_to(workshop, anna.account_id, recording_id)] == [hers.id]


def test_who_is_made_an_owner_again_does_not_bring_their_links_back(
    workshop: Workshop, team: Team, anna: Person, ben: Person, recording_id: str
) -> None:
    link = shared(workshop, ben, recording_id)
    team.change_role(workshop, anna, ben, Role.EDITOR)
    team.change_role(workshop, anna, ben, Role.OWNER)
    assert not opens(workshop, link)


def test_a_link_is_refused_from_the_moment_at_which_an_account_is_closed(
    workshop: Workshop, ben: Person, anna: Person
) -> None:
    recording_id = put_transcript(workshop, ben)
    link = shared(workshop, ben, recording_id)
    assert anna
    offer = Link().offer(file_keys(workshop, ben.account_id, recording_id))
    with workshop.database.write() as session:
        accounts.close(session, ben.account_id)
    assert not opens(workshop, link)
    with pytest.raises(SignedOutError):
        make_link(workshop, ben.account_id, recording_id, offer)
    assert holders(workshop) == {link.id}
    tidy(workshop)  # What a removal that was cut off left.
    assert holders(workshop) == set()


@pytest.mark.parametrize("way", ["into a workspace", "out of it"])
def test_a_link_ends_when_its_recording_moves(
    workshop: Workshop, team: Team, anna: Person, recording_id: str, way: str
) -> None:
    moved = recording_id if way == "out of it" else put_transcript(workshop, anna)
    link, other = shared(workshop, anna, moved), shared(workshop, anna, put_transcript(workshop, anna))
    move(workshop, anna.account_id, moved, None if way == "out of it" else team.hex, None)
    assert not opens(workshop, link)
    assert holders(workshop) == {other.id}
    with workshop.database.read() as session:
        assert shares.ids(session) == {bytes.fromhex(other.id)}
    assert shares.digest_of(link.token) not in every_byte(workshop)


def test_a_link_whose_maker_was_removed_while_it_was_made_is_not_kept(
    workshop: Workshop, team: Team, anna: Person, ben: Person, recording_id: str
) -> None:
    offer = Link().offer(file_keys(workshop, ben.account_id, recording_id))
    team.remove(workshop, anna, ben)
    with pytest.raises(NotFoundError):
        make_link(workshop, ben.account_id, recording_id, offer)
    assert holders(workshop) == set()


def every_byte(workshop: Workshop) -> bytes:
    files = workshop.settings.data.rglob("*")
    return b"\n".join(path.read_bytes() for path in files if path.is_file() and path.suffix != ".ballast")
