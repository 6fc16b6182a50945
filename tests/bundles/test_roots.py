"""Lists of signing keys: how one follows another, and what a stolen key is still good for."""

from __future__ import annotations

import pytest

from appliance.bundles import roots
from appliance.bundles.envelope import Envelope, key_id
from appliance.bundles.roots import FIELD, WEAK_Y, Root
from appliance.crypto import identity
from appliance.errors import (
    BundleError,
    RootChainError,
    RootFormError,
    RootKeysError,
    RootSelfError,
    WrongKeyError,
)
from tests.bundles.opened import show
from tests.simulators.publisher import (
    CREATED,
    World,
    bundle,
    manifest,
    public,
    signed,
    site_root,
    vendor_root,
    world,
)

ONE = vendor_root()
TWO = vendor_root(2, ("ben", "cleo", "dara"))
THREE = vendor_root(3, ("dara", "emil", "fay"))
CHAIN = ((2, signed(TWO.envelope(), "ben", "cleo")), (3, signed(THREE.envelope(), "ben", "dara", "cleo", "emil")))
ORDER = 2**252 + 27742317777372353535851937790883648493


def test_lists_lead_from_the_first_to_the_newest() -> None:
    assert roots.advance(ONE, CHAIN) == THREE
    assert roots.advance(ONE, CHAIN[:1]) == TWO
    assert roots.advance(ONE, ()) == ONE


def test_a_list_that_is_known_already_is_passed_over_unread() -> None:
    assert roots.advance(TWO, ((1, b"nonsense"), (2, b"nonsense"), CHAIN[1])) == THREE
    assert roots.advance(THREE, ((2, b"nonsense"),)) == THREE


def test_an_update_brings_the_keys_that_signed_it() -> None:
    shown = show(bundle(manifest(epoch=3), ["emil", "fay"], carried=CHAIN), world())
    assert shown.stage == "done"
    assert shown.decision is not None
    assert shown.decision.installed.mark.epoch == 3


def test_the_keys_of_a_list_before_sign_nothing_any_more() -> None:
    with pytest.raises(BundleError) as refused:
        show(bundle(manifest(epoch=3), ["ada", "ben"], carried=CHAIN), world())
    assert refused.value.code == "bundle.signature.unknown"


def test_a_list_in_between_that_is_missing_is_asked_for() -> None:
    with pytest.raises(RootChainError) as refused:
        roots.advance(ONE, CHAIN[1:])
    assert (refused.value.number, refused.value.expected) == (3, 2)


def test_a_list_counts_even_where_its_bundle_is_refused() -> None:
    # A stolen key is taken away by whoever shows the list, whatever the set beside it is worth.
    assert roots.advance(ONE, CHAIN[:1]).keys.keys() & ONE.keys.keys() == {
        key_id(public("ben")),
        key_id(public("cleo")),
    }


def test_a_site_has_a_line_of_its_own() -> None:
    shown = show(bundle(by=["site"]), world(with_site=True))
    assert shown.decision is not None
    assert shown.decision.installed.line == "site"


def test_a_site_changes_its_own_key() -> None:
    following = vendor_root(2, ("new site",), 1, "site")
    carried = [(2, signed(following.envelope(), "site", "new site"))]
    shown = show(bundle(manifest(epoch=2), ["new site"], carried=carried), world(with_site=True))
    assert shown.decision is not None
    assert (shown.decision.installed.line, shown.decision.installed.mark.epoch) == ("site", 2)


def test_a_site_cannot_speak_for_the_vendor() -> None:
    coup = vendor_root(2, ("site",), 1)
    carried = [(2, signed(coup.envelope(), "site"))]
    with pytest.raises(BundleError):
        show(bundle(manifest(epoch=2), ["site"], carried=carried), world(with_site=True))


@pytest.mark.parametrize(
    "lines",
    [(ONE, vendor_root(names=("ada",), threshold=1, line="site")), (ONE, vendor_root(names=("site",), threshold=1))],
    ids=["a key on two lines", "a name for two lines"],
)
def test_two_lines_share_neither_a_key_nor_a_name(lines: tuple[Root, ...]) -> None:
    with pytest.raises(RootKeysError):
        show(bundle(), World(lines))


def test_an_anchor_is_signed_by_enough_of_those_on_it() -> None:
    assert roots.anchor(signed(ONE.envelope(), "ada", "cleo")) == ONE
    assert roots.anchor(signed(site_root().envelope(), "site")) == site_root()
    with pytest.raises(RootSelfError):
        roots.anchor(signed(ONE.envelope(), "ada"))


def test_an_anchor_too_large_is_not_read() -> None:
    with pytest.raises(BundleError) as refused:
        roots.anchor(b" " * (roots.MAX_ROOT_BYTES + 1))
    assert refused.value.code == "bundle.envelope.too_large"


@pytest.mark.parametrize(
    ("names", "threshold", "error"),
    [(("ada",), 2, RootKeysError), (("ada", "ada"), 1, RootKeysError), (("ada",), 0, RootFormError)],
)
def test_a_list_that_nobody_would_take_is_not_made(
    names: tuple[str, ...], threshold: int, error: type[BundleError]
) -> None:
    with pytest.raises(error):
        roots.make_root("vendor", [public(name) for name in names], threshold, CREATED)


def test_a_list_that_breaks_a_rule_is_not_given_to_anybody_to_sign() -> None:
    with pytest.raises(RootKeysError):
        Root(line="vendor", number=1, threshold=2, created=CREATED, public_keys=(public("ada").hex(),)).envelope()


def forged_for_anybody(message: bytes) -> bytes:
    """Return a signature that a key of small order verifies for about one message in its order: R = identity, s = 0."""
    return bytes([1]) + bytes(31) + bytes(32)


def test_a_key_of_small_order_would_verify_what_nobody_signed() -> None:
    # Why such keys are not let onto a list: the library takes them.
    weak = bytes([1]) + bytes(31)
    identity.verify(weak, b"anything", forged_for_anybody(b"anything"))


def test_every_key_of_small_order_and_every_unreduced_one_is_refused() -> None:
    for y in (*WEAK_Y, FIELD, FIELD + 1, 2**255 - 1):
        for sign in (0, 1):
            weak = (y | sign << 255).to_bytes(32, "little")
            with pytest.raises(RootKeysError):
                roots.make_root("vendor", [weak], 1, CREATED)


def test_a_signature_that_is_not_reduced_is_not_taken_as_a_second_one() -> None:
    envelope = ONE.envelope()
    true = identity.sign(bytes(32), envelope.signed_bytes)
    unreduced = true[:32] + (int.from_bytes(true[32:], "little") + ORDER).to_bytes(32, "little")
    with pytest.raises(WrongKeyError):
        identity.verify(identity.public_of_seed(bytes(32)), envelope.signed_bytes, unreduced)


def test_a_list_is_written_in_one_way() -> None:
    assert Root.decode(ONE.encode()) == ONE
    assert Envelope.decode(signed(ONE.envelope(), "ada"), roots.PAYLOAD_TYPE).payload == ONE.encode()
