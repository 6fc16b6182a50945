"""An organisation with a code on paper, as the browsers of its administrator and of its people work with it."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field

from appliance.crypto import hpke, identity, keywrap
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose
from appliance.crypto.identity import Identity
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.records.keystore import Wrap
from appliance.worker.consents import CONSENT
from appliance.worker.enrolling import NextRecovery
from appliance.worker.entering import Proof
from appliance.worker.organisation import let_back_in, look_up, publish
from appliance.worker.workshop import Workshop
from tests.people import Person, text
from tests.web.appliance import ADDRESS


@dataclass
class Organisation:
    """What is on the paper, and what follows from it."""

    code: bytes = field(default_factory=lambda: os.urandom(32))

    @property
    def keys(self) -> Identity:
        return identity.organisation_identity(self.code)

    @property
    def fingerprint(self) -> bytes:
        return identity.fingerprint(self.keys.ed_public, self.keys.x_public)

    @property
    def words(self) -> list[str]:
        return list(identity.fingerprint_words(self.fingerprint))

    def public(self) -> dict[str, str]:
        """Return what the page sends when the key was made."""
        return {"ed_public": text(self.keys.ed_public), "x_public": text(self.keys.x_public)}

    def label(self, person: Person) -> SealedKeyLabel:
        recipient = identity.organisation_id(self.keys.x_public)
        return SealedKeyLabel(
            SealedKeyPurpose.ORGANISATION_RECOVERY, recipient=recipient, subject=bytes.fromhex(person.account_id)
        )

    def consent_of(self, person: Person) -> bytes:
        """Seal a person's user key to this organisation."""
        return hpke.seal_key(self.keys.x_public, person.user_key, self.label(person))

    def consenting(self, person: Person, nonce: str) -> dict[str, str]:
        """Return what the page of the account sends."""
        message = identity.consent_message(ADDRESS, base64.b64decode(nonce), self.fingerprint)
        return {
            "organisation": text(self.fingerprint),
            "sealed": text(self.consent_of(person)),
            "nonce": nonce,
            "proof": text(identity.sign(person.login_seed, message)),
        }

    def opens(self, consent: bytes, person: Person) -> bytes:
        """Return the user key that a consent holds."""
        return hpke.open_key(self.keys.x_private, consent, self.label(person))

    def fresh_code(self, person: Person, user_key: bytes, code: bytes, nonce: bytes) -> tuple[NextRecovery, bytes]:
        """Return what takes the place of a lost code, and the organisation's signature."""
        wrap_key, seed = identity.recovery_keys(code)
        subject = bytes.fromhex(person.account_id)
        label = WrapLabel(WrapKind.USER_KEY_UNDER_RECOVERY, 1, keywrap.key_id(wrap_key), subject)
        chosen = NextRecovery(identity.public_of_seed(seed), keywrap.wrap(wrap_key, user_key, label))
        message = identity.let_back_in_message(ADDRESS, nonce, subject, chosen.recovery_public)
        return chosen, identity.sign(self.keys.ed_seed, message)

    def letting_in(self, person: Person, found: dict[str, str], code: bytes) -> dict[str, str]:
        """Return what an administrator's page sends after it was handed somebody's consent."""
        user_key = self.opens(base64.b64decode(found["consent"]), person)
        chosen, proof = self.fresh_code(person, user_key, code, base64.b64decode(found["nonce"]))
        return {
            "recovery_public": text(chosen.recovery_public),
            "slot": text(chosen.slot),
            "nonce": found["nonce"],
            "proof": text(proof),
        }

    def publish(self, workshop: Workshop) -> None:
        publish(workshop, self.keys.ed_public, self.keys.x_public)

    def consented_by(self, workshop: Workshop, person: Person) -> None:
        """Keep the consent of somebody, as after their page sent it."""
        label = self.label(person)
        workshop.keystore.put(Wrap(label.subject, CONSENT, label.recipient, self.consent_of(person)))

    def lets_in(self, workshop: Workshop, person: Person) -> bytes:
        """Let somebody back in who consented, by themselves as administrator; returns their fresh code."""
        self.consented_by(workshop, person)
        found, code = look_up(workshop, person.account_id), os.urandom(32)
        chosen, signature = self.fresh_code(person, self.opens(found.consent, person), code, found.nonce)
        let_back_in(workshop, found.account, chosen, Proof(found.nonce, signature), ADDRESS, person.name)
        return code
