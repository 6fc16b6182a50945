"""Every error of the appliance, each with a stable code and words a person can act on.

::

    ApplianceError
    ├── SettingsError             a setting or an argument is not usable
    ├── OptionError               a transcription option is out of range
    ├── ChoiceError               a choice does not go with the models that are here
    │   ├── UnknownModelError     no speech model has the chosen name
    │   └── UnknownLanguageError  the chosen model does not know the chosen language
    ├── VocabularyError           a list of names and terms cannot be used
    │   ├── TooManyTermsError     more terms than a list may have
    │   ├── VocabularyTooLargeError more bytes than a list may have
    │   ├── TermTooLongError      a term is longer than any may be
    │   ├── TermUnreadableError   a term has characters that nobody sees
    │   └── TermReservedError     a term could be a command to a speech model
    ├── DataFolderError           the data folder cannot be used
    ├── WrongOwnerError           a folder or file belongs to another user
    ├── OtherUserError            a command was run as another user than the appliance
    ├── ClockError                the clock shows a time before this release
    ├── PortTakenError            another program listens on the port
    ├── CageError                 the kernel cannot enforce the seal
    ├── CryptoError               something sealed does not open
    │   ├── UnknownFormatError    magic, algorithm or kind is not ours
    │   ├── TruncatedError        the end is missing
    │   ├── TamperedError         a byte was changed
    │   ├── WrongKeyError         the key is not the one that sealed it
    │   ├── WrongContextError     a true document in the wrong place
    │   ├── WeakKdfError          a passphrase would be protected by too little work
    │   ├── RecoveryCodeError     what was typed is not a recovery code
    │   └── MemberListError       a workspace's member list breaks a rule
    │       ├── MemberListSignerError no owner signed it
    │       ├── MemberListOrderError  it does not follow from the list before
    │       └── MemberListKeyError    it keeps or swaps a key where it may not
    ├── RootKeyError              the root key cannot be used
    ├── RootKeyMissingError       there is data, but its key file is gone
    ├── RootKeyInvalidError       the file is not a root key
    ├── RootKeyWrongError         the key belongs to other data
    ├── EpochsSpentError          no number is left for another key-encrypting key
    ├── DiskFullError             not even a row can be written down
    ├── UploadError               a chunk was not taken
    │   ├── UploadTooLargeError   the recording is over the size limit
    │   ├── UploadEmptyError      the recording has no bytes
    │   ├── ChunkOrderError       a chunk came before the one that is due
    │   ├── ChunkConflictError    a repeated chunk has other bytes
    │   ├── ChunkSizeError        a chunk has not the size agreed on
    │   ├── SealedTooLargeError   a sealed text is larger than any text of its kind
    │   ├── TooManyPacksError     a person's browser keeps more search packs than anybody needs
    │   └── SpoolFullError        no room left on the disk
    ├── MediaError                a recording cannot be decoded
    │   ├── UnreadableMediaError  not a recording, or damaged beyond reading
    │   ├── NoAudioError          no sound track
    │   ├── ForbiddenFormatError  a playlist or a container we do not open
    │   ├── ImplausibleMediaError the header claims what cannot be true
    │   └── DecodeLimitError      longer or heavier than allowed
    ├── ModelError                the model set cannot be used
    │   ├── ModelSetMissingError  no set in the folder
    │   ├── ModelFileMissingError a file of the set is not there
    │   ├── ModelFileAlteredError a file of the set has other bytes
    │   ├── OriginError           a file that a set is built from cannot be used
    │   ├── HubError              the model hub did not give a file
    │   ├── GatedModelError       the hub gives a model only to those who accepted its conditions
    │   ├── UnpinnedModelError    nobody wrote down what a file of the hub must be
    │   └── DeviceError           the accelerator cannot run the set
    ├── BundleError               a model update was not accepted
    │   ├── ArchiveError          the file is not laid out as a bundle is
    │   │   ├── ArchiveHeaderError    a member is described otherwise than we write it
    │   │   ├── ArchiveKindError      a link, a device or an extension in place of a plain file
    │   │   ├── ArchiveNameError      a name that no member of a bundle has
    │   │   ├── ArchiveOrderError     another member than the one that is due
    │   │   ├── ArchiveSizeError      a member is larger than it may be, or not as large as was signed
    │   │   ├── ArchivePaddingError   something stands where zeros belong
    │   │   ├── ArchiveTruncatedError the end is missing
    │   │   ├── ArchiveTrailingError  something follows the end
    │   │   └── BlobAlteredError      a file has other bytes than were signed
    │   ├── EnvelopeError         what carries the signatures is not an envelope
    │   │   ├── EnvelopeFormError     not JSON of the right form
    │   │   ├── EnvelopeSpellingError readable, but not spelled in the one way
    │   │   ├── EnvelopeTypeError     it carries something else
    │   │   ├── EnvelopeBase64Error   base64 of another kind, or with bits left over
    │   │   ├── EnvelopeTooLargeError larger than any envelope
    │   │   └── DuplicateSignerError  one signer twice
    │   ├── SignatureError        the signatures do not vouch for it
    │   │   ├── UnknownSignerError    nobody whom this appliance trusts signed it
    │   │   ├── ForgedSignatureError  a trusted signer's name under another signature
    │   │   └── ThresholdError        too few signed it
    │   ├── RootError             a list of signing keys cannot be used
    │   │   ├── RootFormError         not a list as we write it
    │   │   ├── RootKeysError         its keys or its threshold protect nothing
    │   │   ├── RootChainError        it does not follow from the list before
    │   │   ├── RootPredecessorError  too few signers of the list before signed it
    │   │   └── RootSelfError         too few of its own signers signed it
    │   ├── ManifestError         what was signed breaks a rule
    │   │   ├── ManifestFormError     not JSON of the right form
    │   │   ├── ManifestSpellingError readable, but not spelled in the one way
    │   │   ├── ManifestPathError     a path that leads elsewhere
    │   │   ├── ManifestKindError     a kind of file that may carry code, or poses as another
    │   │   ├── ManifestCollisionError two files in one place
    │   │   ├── ManifestSizeError     larger than any update
    │   │   └── ManifestSelftestError its test names files that it does not hold
    │   ├── SelftestError         it was tried, and is not fit to be used
    │   │   ├── SelftestWordsError    it hears words worse than was promised
    │   │   ├── SelftestSpeakersError it tells speakers apart worse than was promised
    │   │   ├── SelftestLoadError     its models cannot be used on this machine
    │   │   ├── SelftestMemoryError   the machine has no room for it, at least not now
    │   │   ├── SelftestEngineError   the engine stopped while it was tried
    │   │   ├── SelftestLanguageError the set does not transcribe a recording's language
    │   │   ├── SelftestAudioError    a recording cannot be decoded
    │   │   ├── SelftestReferenceError a reference is no transcript to compare with
    │   │   ├── SelftestLengthError   a recording and its reference do not belong together
    │   │   ├── SelftestFileError     a file of a test cannot be read, or leads elsewhere
    │   │   ├── OwnAudioMissingError  a corrected transcript without its recording
    │   │   ├── OwnTranscriptMissingError a recording without its corrected transcript
    │   │   ├── OwnAudioTwiceError    two recordings for one corrected transcript
    │   │   ├── TooManyOwnError       more recordings of the site's own than are tried
    │   │   └── SelftestStopped       somebody stopped the trial
    │   ├── StoreError            the sets on the disk cannot be worked with
    │   │   ├── UpdateBusyError       another update is being taken in
    │   │   ├── StickError            the file cannot be read to its end
    │   │   ├── NoCandidateError      no checked update stands ready
    │   │   ├── NotTriedError         it was not tried in an engine yet
    │   │   ├── ImportsError          the folder of the sticks cannot be read
    │   │   ├── ReleaseDamagedError   a set that was taken in is not there as it was
    │   │   ├── LedgerError           what is remembered of the sets cannot be relied on
    │   │   ├── JournalError          the journal of the sets was changed
    │   │   └── VendorRootError       the image's list of signing keys cannot be used
    │   ├── PartsError            parts of a file do not make a whole
    │   │   ├── PartMissingError      one is not there
    │   │   └── PartSizeError         one is longer or shorter than it can be
    │   ├── BundleFileError       a file cannot be read or written
    │   ├── PublishError          an update could not be made
    │   │   ├── KeyFileError          a file with a signing key cannot be used
    │   │   ├── BundleSourceError     something cannot go into an update
    │   │   └── SigningError          this key or signature does not belong there
    │   └── TrustError            truly signed, yet not for this appliance now
    │       ├── WrongProductError     made for another product
    │       ├── EpochError            made under other signing keys than those of today
    │       ├── OldReleaseError       older than one that was seen
    │       ├── OtherReleaseError     two updates with one number
    │       ├── BelowFloorError       older than the oldest that may still be used
    │       ├── AlreadyActiveError    in use already
    │       ├── AppTooOldError        wants a newer Cloister
    │       ├── AppTooNewError        wants an older Cloister
    │       ├── NoRoomError           it does not fit on the disk
    │       └── NothingToGoBackToError no earlier set is recorded
    ├── EngineError               the engine could not finish
    │   ├── EngineStartError      its process ends before the models are loaded
    │   ├── EngineDiedError       its process ended in the middle of a job
    │   ├── DecoderDiedError      the decoder's process ended
    │   ├── OutOfMemoryError      even the smallest plan did not fit
    │   ├── OpenEnvironmentError  its environment leaves a way out open
    │   ├── CallRefusedError      a library wanted to call out
    │   └── JobCancelled          somebody cancelled the job
    ├── AudioGoneError            the audio is no longer there: upload again
    ├── RecipientGoneError        nobody is left who could open the result
    ├── SearchError               a search was not answered
    │   ├── QueryTooLongError     it asks for more than is answered in good time
    │   └── SearchBusyError       others of the same person are still running
    └── AccessError               the person may not do this
        ├── NotFoundError         no such thing, or not theirs
        │   └── LinkGoneError     a share link opens nothing
        ├── ModeNotAllowedError   the appliance's policy wants another mode
        ├── SignedOutError        no live session
        ├── LinkUsedError         a one-time link was used or has expired
        ├── ConflictError         somebody changed it meanwhile
        ├── SignInError           name or passphrase is not right
        ├── RecoveryError         name or recovery code is not right
        ├── OrganisationCodeError not signed by the organisation's key
        ├── OrganisationChangedError  consented to a key that is another by now
        ├── StaleProofError       a proof came too late, or twice
        ├── TooManyTriesError     wait before the next try
        ├── ForeignNameError      reached under a name that is not its own
        ├── KeysRefusedError      sent keys do not belong to the account
        ├── PersonNameError       a name that cannot be one
        ├── NameTakenError        somebody else has the name
        ├── UnknownAccountError   nobody has the name
        ├── LastAdministratorError nobody would be left to let people in
        ├── RoleError             their role in a workspace does not allow it
        ├── LastOwnerError        a workspace would have no owner
        ├── WorkspaceNotEmptyError it still has recordings
        ├── NoSuchPersonError     nobody has the name, or has no keys yet
        └── NotMovableError       a recording whose job has not ended stays where it is
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

type_registry: dict[str, type[ApplianceError]] = {}

Fact = str | int | float


@dataclass(eq=False)
class ApplianceError(Exception):
    """Root of the tree: a code for machines, a sentence for people, facts for both.

    Attributes:
        code: Stable, dotted; never reused for another meaning.
        text: What happened and what to do, with ``{fact}`` places; also the gettext message id.
    """

    code: ClassVar[str] = "appliance"
    text: ClassVar[str] = "Something went wrong inside the appliance. The log has the details."

    def __init_subclass__(cls) -> None:
        """Register the class under its code, so that an error can cross a process boundary."""
        type_registry[cls.code] = cls

    @property
    def facts(self) -> dict[str, Fact]:
        """The facts of this error by name, plain values only."""
        return {field.name: _textual(getattr(self, field.name)) for field in fields(self)}

    def __str__(self) -> str:
        """Return the sentence with its facts filled in."""
        return self.text.format(**self.facts)


def _textual(fact: Fact) -> Fact:
    """Return a fact that can be written down: bytes of a file name that are no text would break a page or a journal."""
    return fact.encode(errors="backslashreplace").decode() if isinstance(fact, str) else fact


def from_wire(code: str, facts: dict[str, Fact]) -> ApplianceError:
    """Rebuild an error that another process reported by code and facts.

    An unknown code or facts that do not fit give a plain ApplianceError: a child that was taken over
    must not choose what the parent raises beyond this tree.
    """
    cls = type_registry.get(code, ApplianceError)
    if {field.name for field in fields(cls)} != set(facts):
        return ApplianceError()
    return cls(**facts)


@dataclass(eq=False)
class SettingsError(ApplianceError):
    """A setting or an argument is not usable."""

    code = "settings"
    text = "The setting {name} is not usable: {reason}."
    name: str
    reason: str


@dataclass(eq=False)
class OptionError(ApplianceError):
    """A transcription option is out of range."""

    code = "option"
    text = "The option {name} cannot be {value}: {reason}."
    name: str
    value: str
    reason: str


class ChoiceError(ApplianceError):
    """A choice does not go with the models that are here."""

    code = "choice"
    text = "What was chosen does not go with the speech models that are here."


@dataclass(eq=False)
class UnknownModelError(ChoiceError):
    """No speech model of the set has the chosen name."""

    code = "choice.model"
    text = (
        "There is no speech model called {model} here. There are: {choices}. The models may have been changed: load "
        "the page again and choose another one."
    )
    model: str
    choices: str


@dataclass(eq=False)
class UnknownLanguageError(ChoiceError):
    """The chosen speech model does not know the chosen language."""

    code = "choice.language"
    text = (
        "The speech model {model} does not know this language: {language}. Choose another model, or let the language "
        "be recognised."
    )
    language: str
    model: str


class VocabularyError(ApplianceError):
    """A list of names and terms cannot be used. No error repeats a term: what is in the list is in the seal."""

    code = "vocabulary"
    text = "The names and terms cannot be used."


@dataclass(eq=False)
class TooManyTermsError(VocabularyError):
    """There are more terms than a list may have."""

    code = "vocabulary.terms"
    text = (
        "A vocabulary has at most {most} names and terms, and this one has {count}. Leave out those that come rarely."
    )
    count: int
    most: int


@dataclass(eq=False)
class VocabularyTooLargeError(VocabularyError):
    """The terms together are larger than a list may be."""

    code = "vocabulary.size"
    text = (
        "The names and terms are {size_bytes} bytes together, and {limit_bytes} is the most. Leave out those that come "
        "rarely."
    )
    size_bytes: int
    limit_bytes: int


@dataclass(eq=False)
class TermTooLongError(VocabularyError):
    """A term is longer than any may be."""

    code = "vocabulary.long"
    text = "Line {line} has more than {most} characters. A line is one name or term, not a sentence."
    line: int
    most: int


@dataclass(eq=False)
class TermUnreadableError(VocabularyError):
    """A term has characters that nobody sees."""

    code = "vocabulary.unreadable"
    text = "Line {line} has a character in it that nobody can see, such as a control character. Type the line anew."
    line: int


@dataclass(eq=False)
class TermReservedError(VocabularyError):
    """A term could be taken for a command to a speech model."""

    code = "vocabulary.reserved"
    text = "Line {line} has “<|” or “|>” in it, by which speech models mark their own commands. Leave that out."
    line: int


@dataclass(eq=False)
class DataFolderError(ApplianceError):
    """The data folder cannot be used."""

    code = "data_folder"
    text = "The folder {folder} cannot be used: {reason}."
    folder: str
    reason: str


@dataclass(eq=False)
class WrongOwnerError(ApplianceError):
    """A folder or file belongs to another user."""

    code = "wrong_owner"
    text = (
        "{path} belongs to the user with the number {owner}, and the appliance runs as {user}, who may not use it. "
        "Start the appliance as the user {owner}, or give it away as root: chown -R {user}:{group} {path}"
    )
    path: str
    owner: int
    user: int
    group: int


@dataclass(eq=False)
class OtherUserError(ApplianceError):
    """A command was run as another user than the appliance."""

    code = "other_user"
    text = (
        "{path} belongs to the user with the number {owner}, and this command runs as {user}. What it wrote there, the "
        "appliance could not read any more. Run it as that user: docker compose exec does so by itself, and elsewhere "
        "sudo -u '#{owner}' does."
    )
    path: str
    owner: int
    user: int


@dataclass(eq=False)
class ClockError(ApplianceError):
    """The clock shows a time before this release."""

    code = "clock"
    text = (
        "The clock of this machine shows {shown}, and this release was made on {released}. With a wrong clock "
        "certificates and sessions would be wrong too. Set the clock, then start again."
    )
    shown: str
    released: str


@dataclass(eq=False)
class PortTakenError(ApplianceError):
    """Another program listens on the port."""

    code = "port_taken"
    text = "Port {port} is in use by another program. Stop that program or start with --port and another number."
    port: int


@dataclass(eq=False)
class CageError(ApplianceError):
    """The kernel cannot enforce the seal."""

    code = "cage"
    text = (
        "This system cannot enforce the air gap: {missing}. The appliance does not start without it. "
        "If you accept a weaker seal, set CLOISTER_ALLOW_WEAKER_CAGE=1; every page will then say so."
    )
    missing: str


class CryptoError(ApplianceError):
    """Something sealed does not open."""

    code = "crypto"
    text = "A sealed document could not be opened."


class UnknownFormatError(CryptoError):
    """Magic, algorithm or kind is not ours."""

    code = "crypto.unknown_format"
    text = "This is not a sealed document of this version of Cloister."


class TruncatedError(CryptoError):
    """The end is missing."""

    code = "crypto.truncated"
    text = "A sealed document is incomplete: its end is missing."


class TamperedError(CryptoError):
    """A byte was changed."""

    code = "crypto.tampered"
    text = "A sealed document was changed after it was sealed. It is not opened."


class WrongKeyError(CryptoError):
    """The key is not the one that sealed it."""

    code = "crypto.wrong_key"
    text = "This key does not open this document."


class WrongContextError(CryptoError):
    """A true document in the wrong place."""

    code = "crypto.wrong_context"
    text = "A sealed document stands where another one belongs. It is not opened."


class WeakKdfError(CryptoError):
    """A passphrase would be protected by too little work."""

    code = "crypto.weak_kdf"
    text = (
        "The server asks for a weaker protection of the passphrase than Cloister allows. The passphrase was not used. "
        "Please tell whoever looks after this appliance."
    )


class RecoveryCodeError(CryptoError):
    """What was typed is not a recovery code."""

    code = "crypto.recovery_code"
    text = (
        "This is not a whole recovery code: a character is wrong or missing. It has 14 groups of 4 characters. "
        "Compare it with the paper and type it again."
    )


class MemberListError(CryptoError):
    """A workspace's member list breaks a rule."""

    code = "crypto.member_list"
    text = "The member list of a workspace is not one that its owners made. It is not used."


class MemberListSignerError(MemberListError):
    """No owner signed it."""

    code = "crypto.member_list.signer"
    text = (
        "A change of a workspace's members was not signed by one of its owners. It is not accepted, and nothing was "
        "shared with the people it names."
    )


class MemberListOrderError(MemberListError):
    """It does not follow from the list before."""

    code = "crypto.member_list.order"
    text = (
        "The member list of a workspace is an older one, or does not follow from the one before. Somebody may have "
        "put it back or left a change out. It is not accepted."
    )


class MemberListKeyError(MemberListError):
    """It keeps or swaps a key where it may not."""

    code = "crypto.member_list.key"
    text = (
        "A change of a workspace's members keeps a key where it needs another one, or swaps it where it must not: "
        "somebody who was removed could go on reading. It is not accepted."
    )


@dataclass(eq=False)
class RootKeyError(ApplianceError):
    """The root key cannot be used."""

    code = "root_key"
    text = "The root key file {path} cannot be used: {reason}."
    path: str
    reason: str


@dataclass(eq=False)
class RootKeyMissingError(ApplianceError):
    """There is data, but its key file is gone."""

    code = "root_key.missing"
    text = (
        "The root key file {path} is missing, and the data folder holds sealed data that only this key opens. "
        "Put the key file back from its backup. A new key is never made over existing data."
    )
    path: str


@dataclass(eq=False)
class RootKeyInvalidError(ApplianceError):
    """The file is not a root key."""

    code = "root_key.invalid"
    text = (
        "The file {path} is not a root key: it may be truncated or another file. Put the right file back from its "
        "backup."
    )
    path: str


@dataclass(eq=False)
class RootKeyWrongError(ApplianceError):
    """The key belongs to other data."""

    code = "root_key.wrong"
    text = (
        "The root key in {path} does not open this data folder. It belongs to another installation; nothing was "
        "changed."
    )
    path: str


@dataclass(eq=False)
class EpochsSpentError(ApplianceError):
    """No number is left for another key-encrypting key."""

    code = "epochs_spent"
    text = (
        "The key above all file keys was not replaced: its epoch {last} is the last that has a number. It stays as it "
        "is, and everything opens as before. Ask for a newer version of Cloister."
    )
    last: int


@dataclass(eq=False)
class DiskFullError(ApplianceError):
    """Not even a row can be written down."""

    code = "disk_full"
    text = "The disk that holds {folder} is full. Delete recordings that are no longer needed, or make room on it."
    folder: str


class UploadError(ApplianceError):
    """A chunk was not taken."""

    code = "upload"
    text = "The upload was not accepted."


@dataclass(eq=False)
class UploadTooLargeError(UploadError):
    """The recording is over the size limit."""

    code = "upload.too_large"
    text = (
        "The recording has {size_bytes} bytes; this appliance takes at most {limit_bytes}. Cut it in parts or ask "
        "the administrator to raise the limit."
    )
    size_bytes: int
    limit_bytes: int


class UploadEmptyError(UploadError):
    """The recording has no bytes."""

    code = "upload.empty"
    text = "The file is empty. Choose a recording that has sound in it."


@dataclass(eq=False)
class SealedTooLargeError(UploadError):
    """A sealed text is larger than any text of its kind."""

    code = "upload.sealed_too_large"
    text = "What the browser sealed has {size_bytes} bytes. At most {limit_bytes} bytes are accepted."
    size_bytes: int
    limit_bytes: int


@dataclass(eq=False)
class TooManyPacksError(UploadError):
    """A person's browser keeps more search packs than anybody needs."""

    code = "upload.too_many_packs"
    text = "Your vault has {most} search packs already, and no more are accepted."
    most: int


@dataclass(eq=False)
class ChunkOrderError(UploadError):
    """A chunk came before the one that is due."""

    code = "upload.chunk_order"
    text = "Part {received} of the upload came before part {expected}. Send part {expected} next."
    received: int
    expected: int


@dataclass(eq=False)
class ChunkConflictError(UploadError):
    """A repeated chunk has other bytes."""

    code = "upload.chunk_conflict"
    text = (
        "Part {number} was sent before with other bytes. The file changed during the upload, or it is another "
        "file: start a new upload."
    )
    number: int


@dataclass(eq=False)
class ChunkSizeError(UploadError):
    """A chunk has not the size agreed on."""

    code = "upload.chunk_size"
    text = "Part {number} has {size_bytes} bytes where {expected_bytes} were agreed. Send it again."
    number: int
    size_bytes: int
    expected_bytes: int


@dataclass(eq=False)
class SpoolFullError(UploadError):
    """No room left on the disk."""

    code = "upload.no_space"
    text = (
        "The appliance has no room for this recording: about {missing_bytes} bytes are missing. Delete what is no "
        "longer needed or wait until the queue is shorter; the upload can go on from where it stopped."
    )
    missing_bytes: int


class MediaError(ApplianceError):
    """A recording cannot be decoded."""

    code = "media"
    text = "The recording cannot be read."


class UnreadableMediaError(MediaError):
    """Not a recording, or damaged beyond reading."""

    code = "media.unreadable"
    text = (
        "This file is not a recording that can be read, or it is damaged. Try to play it on your computer; export "
        "it again as WAV, MP3 or M4A."
    )


class NoAudioError(MediaError):
    """No sound track."""

    code = "media.no_audio"
    text = "This file has no sound track."


class ForbiddenFormatError(MediaError):
    """A playlist or a container we do not open."""

    code = "media.forbidden_format"
    text = (
        "This kind of file is not opened here: playlists and streaming lists point to other files. Upload the "
        "recording itself."
    )


@dataclass(eq=False)
class ImplausibleMediaError(MediaError):
    """The header claims what cannot be true."""

    code = "media.implausible"
    text = (
        "The header of this file claims {claim}, which no real recording has. The file is damaged or was made to "
        "mislead."
    )
    claim: str


@dataclass(eq=False)
class DecodeLimitError(MediaError):
    """Longer or heavier than allowed."""

    code = "media.limit"
    text = (
        "The recording goes past the limit of this appliance ({limit}) after {reached_s:.0f} seconds of sound. Cut"
        " it in parts."
    )
    limit: str
    reached_s: float


class ModelError(ApplianceError):
    """The model set cannot be used."""

    code = "model"
    text = "The model set cannot be used."


@dataclass(eq=False)
class ModelSetMissingError(ModelError):
    """No set in the folder."""

    code = "model.set_missing"
    text = (
        "There is no usable model set in {folder}: {reason}. Run scripts/setup, or name another folder with --models."
    )
    folder: str
    reason: str


@dataclass(eq=False)
class ModelFileMissingError(ModelError):
    """A file of the set is not there."""

    code = "model.file_missing"
    text = (
        "The model file {path} is missing from its set. Build or install the set again; nothing is loaded from an "
        "incomplete one."
    )
    path: str


@dataclass(eq=False)
class ModelFileAlteredError(ModelError):
    """A file of the set has other bytes."""

    code = "model.file_altered"
    text = (
        "The model file {path} is not the one that was installed: its checksum differs. It is not loaded. Build or"
        " install the set again."
    )
    path: str


@dataclass(eq=False)
class OriginError(ModelError):
    """A file that a set is built from cannot be used."""

    code = "model.origin"
    text = "The model set was not built, because {path} cannot be used: {reason}."
    path: str
    reason: str


@dataclass(eq=False)
class HubError(ModelError):
    """The model hub did not give a file."""

    code = "model.hub"
    text = "The file {path} could not be fetched from the model hub: {reason}."
    path: str
    reason: str


@dataclass(eq=False)
class GatedModelError(ModelError):
    """The hub gives a model only to those who accepted its conditions."""

    code = "model.gated"
    text = (
        "The model hub gives {repo} only to accounts that have accepted its conditions. Sign in there, accept them on "
        "the model's page, make a token that may read, and give it with --token-file or as HF_TOKEN."
    )
    repo: str


@dataclass(eq=False)
class UnpinnedModelError(ModelError):
    """Nobody wrote down what a file of the hub must be."""

    code = "model.unpinned"
    text = (
        "The set {name} was not fetched: of {count} files nobody has written down the checksum, the first is {path}. "
        "Run scripts/prefetch --pin {name} on a machine that reaches the model hub and look at what it writes, or "
        "leave languages out with --languages."
    )
    name: str
    count: int
    path: str


@dataclass(eq=False)
class DeviceError(ModelError):
    """The accelerator cannot run the set."""

    code = "model.device"
    text = "The device {device} cannot run the models: {reason}."
    device: str
    reason: str


class BundleError(ApplianceError):
    """A model update was not accepted."""

    code = "bundle"
    text = "This model update was not accepted. Nothing was changed."


class ArchiveError(BundleError):
    """The file is not laid out as a bundle is."""

    code = "bundle.archive"
    text = "This file is not laid out as a model update. Nothing was changed."


@dataclass(eq=False)
class ArchiveHeaderError(ArchiveError):
    """A member is described otherwise than we write it."""

    code = "bundle.archive.header"
    text = (
        "This file is not a model update, or it was damaged on the way: {reason}. Nothing was changed. Copy it again "
        "from where it came from."
    )
    reason: str


@dataclass(eq=False)
class ArchiveKindError(ArchiveError):
    """A link, a device or an extension in place of a plain file."""

    code = "bundle.archive.kind"
    text = (
        "This file holds something other than plain files ({kind}), which no model update does. Somebody may have "
        "made it to do harm. Nothing was changed. Tell your administrator where it came from."
    )
    kind: str


@dataclass(eq=False)
class ArchiveNameError(ArchiveError):
    """A name that no member of a bundle has."""

    code = "bundle.archive.name"
    text = (
        "This file holds something by the name of {name}, which no model update does. Somebody may have made it to "
        "do harm. Nothing was changed. Tell your administrator where it came from."
    )
    name: str


@dataclass(eq=False)
class ArchiveOrderError(ArchiveError):
    """Another member than the one that is due."""

    code = "bundle.archive.order"
    text = (
        "This model update was put together wrongly: {found} stands where {expected} belongs. Nothing was changed. "
        "Ask for it again from whoever made it."
    )
    found: str
    expected: str


@dataclass(eq=False)
class ArchiveSizeError(ArchiveError):
    """A member is larger than it may be, or not as large as was signed."""

    code = "bundle.archive.size"
    text = (
        "A part of this model update, {name}, has {size_bytes} bytes where {expected_bytes} belong. Nothing was "
        "changed. Ask for it again from whoever made it."
    )
    name: str
    size_bytes: int
    expected_bytes: int


@dataclass(eq=False)
class ArchivePaddingError(ArchiveError):
    """Something stands where zeros belong."""

    code = "bundle.archive.padding"
    text = (
        "This model update holds hidden bytes behind {name}. It was damaged or changed on the way. Nothing was "
        "changed. Copy it again from where it came from."
    )
    name: str


class ArchiveTruncatedError(ArchiveError):
    """The end is missing."""

    code = "bundle.archive.truncated"
    text = (
        "This model update is incomplete: its end is missing. The copy was probably broken off. Nothing was changed. "
        "Copy it again, and remove the stick only when that has ended."
    )


class ArchiveTrailingError(ArchiveError):
    """Something follows the end."""

    code = "bundle.archive.trailing"
    text = (
        "Something follows after the end of this model update. It was damaged or changed on the way. Nothing was "
        "changed. Copy it again from where it came from."
    )


@dataclass(eq=False)
class BlobAlteredError(ArchiveError):
    """A file has other bytes than were signed."""

    code = "bundle.archive.blob"
    text = (
        "A file of this model update, {path}, is not the one that was signed. It was damaged or changed on the way, "
        "and is not used. Copy the update again from where it came from."
    )
    path: str


class EnvelopeError(BundleError):
    """What carries the signatures is not an envelope."""

    code = "bundle.envelope"
    text = "The signatures of this model update cannot be read. Nothing was changed."


@dataclass(eq=False)
class EnvelopeFormError(EnvelopeError):
    """Not JSON of the right form."""

    code = "bundle.envelope.form"
    text = (
        "The signatures of this model update cannot be read: {reason}. Nothing was changed. Ask for it again from "
        "whoever made it."
    )
    reason: str


class EnvelopeSpellingError(EnvelopeError):
    """Readable, but not spelled in the one way."""

    code = "bundle.envelope.spelling"
    text = (
        "The signatures of this model update are written in an ambiguous way: two readers could read different "
        "things. Nothing was changed. Ask for it again from whoever made it."
    )


@dataclass(eq=False)
class EnvelopeTypeError(EnvelopeError):
    """It carries something else."""

    code = "bundle.envelope.type"
    text = "What was signed here is something else ({found}) than what is needed ({expected}). Nothing was changed."
    found: str
    expected: str


class EnvelopeBase64Error(EnvelopeError):
    """Base64 of another kind, or with bits left over."""

    code = "bundle.envelope.base64"
    text = (
        "The signatures of this model update are not written as they should be, and may have been changed. Nothing "
        "was changed. Ask for it again from whoever made it."
    )


@dataclass(eq=False)
class EnvelopeTooLargeError(EnvelopeError):
    """Larger than any envelope."""

    code = "bundle.envelope.too_large"
    text = (
        "The description of this model update has {size_bytes} bytes, and at most {limit_bytes} are read before "
        "anything is trusted. Nothing was changed."
    )
    size_bytes: int
    limit_bytes: int


@dataclass(eq=False)
class DuplicateSignerError(EnvelopeError):
    """One signer twice."""

    code = "bundle.envelope.duplicate"
    text = (
        "This model update names one signer twice ({signer}), as if two people had signed it. Nothing was changed. "
        "Tell your administrator where it came from."
    )
    signer: str


class SignatureError(BundleError):
    """The signatures do not vouch for it."""

    code = "bundle.signature"
    text = "Nobody vouches for this model update. Nothing was changed."


class UnknownSignerError(SignatureError):
    """Nobody whom this appliance trusts signed it."""

    code = "bundle.signature.unknown"
    text = (
        "Nobody whom this appliance trusts has signed this model update. Nothing was changed. If your own house made "
        "it, an administrator has to trust its key first."
    )


@dataclass(eq=False)
class ForgedSignatureError(SignatureError):
    """A trusted signer's name under another signature."""

    code = "bundle.signature.forged"
    text = (
        "This model update bears the name of a trusted signer ({signer}), and the signature is not theirs. It was "
        "damaged or forged. Nothing was changed. Tell your administrator where it came from."
    )
    signer: str


@dataclass(eq=False)
class ThresholdError(SignatureError):
    """Too few signed it."""

    code = "bundle.signature.threshold"
    text = (
        "Too few people signed this model update: {found}, and {needed} are needed. Nothing was changed. Ask whoever "
        "made it for the missing signatures."
    )
    found: int
    needed: int


class RootError(BundleError):
    """A list of signing keys cannot be used."""

    code = "bundle.root"
    text = "A list of those who may sign model updates cannot be used. Nothing was changed."


@dataclass(eq=False)
class RootFormError(RootError):
    """Not a list as we write it."""

    code = "bundle.root.form"
    text = "A list of those who may sign model updates cannot be read: {reason}. Nothing was changed."
    reason: str


@dataclass(eq=False)
class RootKeysError(RootError):
    """Its keys or its threshold protect nothing."""

    code = "bundle.root.keys"
    text = "A list of those who may sign model updates would protect nothing: {reason}. Nothing was changed."
    reason: str


@dataclass(eq=False)
class RootChainError(RootError):
    """It does not follow from the list before."""

    code = "bundle.root.chain"
    text = (
        "The list number {number} of those who may sign model updates does not follow from what this appliance "
        "knows; it should be number {expected}. Nothing was changed. Ask for an update that holds all lists in "
        "between."
    )
    number: int
    expected: int


@dataclass(eq=False)
class RootPredecessorError(RootError):
    """Too few signers of the list before signed it."""

    code = "bundle.root.predecessor"
    text = (
        "The list number {number} of those who may sign model updates was not approved by those who could sign until "
        "now: {found} did, and {needed} are needed. Somebody may be trying to put themselves in their place. Nothing "
        "was changed."
    )
    number: int
    found: int
    needed: int


@dataclass(eq=False)
class RootSelfError(RootError):
    """Too few of its own signers signed it."""

    code = "bundle.root.self"
    text = (
        "The list number {number} of those who may sign model updates was not signed by enough of the people on it: "
        "{found} did, and {needed} are needed. Updates could never be signed under it. Nothing was changed."
    )
    number: int
    found: int
    needed: int


class ManifestError(BundleError):
    """What was signed breaks a rule."""

    code = "bundle.manifest"
    text = "The description of this model update breaks a rule. Nothing was changed."


@dataclass(eq=False)
class ManifestFormError(ManifestError):
    """Not JSON of the right form."""

    code = "bundle.manifest.form"
    text = (
        "The description of this model update cannot be read: {reason}. Nothing was changed. It may be meant for "
        "another version of Cloister."
    )
    reason: str


class ManifestSpellingError(ManifestError):
    """Readable, but not spelled in the one way."""

    code = "bundle.manifest.spelling"
    text = (
        "The description of this model update is written in an ambiguous way: two readers could read different "
        "things. Nothing was changed. Ask for it again from whoever made it."
    )


@dataclass(eq=False)
class ManifestPathError(ManifestError):
    """A path that leads elsewhere."""

    code = "bundle.manifest.path"
    text = (
        "This model update wants to write to {path}, where no model belongs. Nothing was changed. Tell your "
        "administrator where it came from."
    )
    path: str


@dataclass(eq=False)
class ManifestKindError(ManifestError):
    """A kind of file that may carry code, or poses as another."""

    code = "bundle.manifest.kind"
    text = (
        "This model update holds {path} as a file of the kind {kind}, which is not taken: such a file could carry a "
        "program. Nothing was changed."
    )
    path: str
    kind: str


@dataclass(eq=False)
class ManifestCollisionError(ManifestError):
    """Two files in one place."""

    code = "bundle.manifest.collision"
    text = (
        "This model update wants to write two files to one place, {path}. Nothing was changed. Ask for it again from "
        "whoever made it."
    )
    path: str


@dataclass(eq=False)
class ManifestSizeError(ManifestError):
    """Larger than any update."""

    code = "bundle.manifest.size"
    text = (
        "This model update, or a file of it, would have {size_bytes} bytes unpacked; at most {limit_bytes} are "
        "taken. Nothing was changed."
    )
    size_bytes: int
    limit_bytes: int


@dataclass(eq=False)
class ManifestSelftestError(ManifestError):
    """Its test names files that it does not hold."""

    code = "bundle.manifest.selftest"
    text = (
        "This model update cannot be tried before it is used: its test needs {path}, which is missing or of the "
        "wrong kind. Nothing was changed."
    )
    path: str


class SelftestError(BundleError):
    """It was tried, and is not fit to be used."""

    code = "bundle.selftest"
    text = "The trial of this model update did not succeed. Nothing was changed, and the models in use go on working."


@dataclass(eq=False)
class SelftestWordsError(SelftestError):
    """It hears words worse than was promised."""

    code = "bundle.selftest.words"
    text = (
        "This model update was tried on {name} and got {measured_percent:.2f} % of the words wrong; those who made it "
        "promise at most {limit_percent:.2f} %. It is not used, and the models in use go on working. Tell whoever made "
        "it, and on which machine it was tried."
    )
    name: str
    measured_percent: float
    limit_percent: float


@dataclass(eq=False)
class SelftestSpeakersError(SelftestError):
    """It tells speakers apart worse than was promised."""

    code = "bundle.selftest.speakers"
    text = (
        "This model update was tried on {name} and got the speakers of {measured_percent:.2f} % of the speech wrong; "
        "those who made it promise at most {limit_percent:.2f} %. It is not used, and the models in use go on working. "
        "Tell whoever made it, and on which machine it was tried."
    )
    name: str
    measured_percent: float
    limit_percent: float


@dataclass(eq=False)
class SelftestLoadError(SelftestError):
    """Its models cannot be used on this machine."""

    code = "bundle.selftest.load"
    text = (
        "The models of this update cannot be loaded on this machine: {reason}. They are not used, and the models in "
        "use go on working. Install the update again; if it is refused again, ask whoever made it for another one."
    )
    cause: str
    reason: str


class SelftestMemoryError(SelftestError):
    """The machine has no room for it, at least not now."""

    code = "bundle.selftest.memory"
    text = (
        "The engine ended while it loaded or tried this model update, most often because the memory is too small for "
        "two sets at once. The models in use go on working. Try it again with the transcription paused; if that does "
        "not help either, this machine is too small for these models, or they are broken. The log says more."
    )


@dataclass(eq=False)
class SelftestEngineError(SelftestError):
    """The engine stopped while it was tried."""

    code = "bundle.selftest.engine"
    text = (
        "The engine stopped while it tried a model set on {name}. Nothing was changed. Try it again; if it stops "
        "again, do not use this set, and tell whoever made it. The log of the appliance says more."
    )
    name: str


@dataclass(eq=False)
class SelftestLanguageError(SelftestError):
    """The set does not transcribe a recording's language."""

    code = "bundle.selftest.language"
    text = "{name} is in a language ({language}) that this model set does not transcribe, so it was not tried on it."
    name: str
    language: str


@dataclass(eq=False)
class SelftestAudioError(SelftestError):
    """A recording cannot be decoded."""

    code = "bundle.selftest.audio"
    text = (
        "This model update cannot be tried: its recording {name} cannot be decoded. {reason} Nothing was changed. Ask "
        "whoever made it for another one."
    )
    name: str
    reason: str


@dataclass(eq=False)
class SelftestReferenceError(SelftestError):
    """A reference is no transcript to compare with."""

    code = "bundle.selftest.reference"
    text = (
        "There is no transcript in {name} that a recording could be compared with: {reason}. Whoever "
        "made it has to export the transcript from Cloister as JSON once more, and leave it unchanged."
    )
    name: str
    reason: str


@dataclass(eq=False)
class SelftestLengthError(SelftestError):
    """A recording and its reference do not belong together."""

    code = "bundle.selftest.length"
    text = (
        "The recording {name} has {audio_s:.0f} seconds, and its transcript was made of one of {reference_s:.0f} "
        "seconds: they do not belong together. Whoever put it there has to look for the right one."
    )
    name: str
    audio_s: float
    reference_s: float


@dataclass(eq=False)
class SelftestFileError(SelftestError):
    """A file of a test cannot be read, or leads elsewhere."""

    code = "bundle.selftest.file"
    text = "{name} cannot be used for a trial: {reason}."
    name: str
    reason: str


@dataclass(eq=False)
class OwnAudioMissingError(SelftestError):
    """A corrected transcript without its recording."""

    code = "bundle.selftest.own_audio"
    text = "The transcript {name} has no recording beside it. Put the recording there under the same name."
    name: str


@dataclass(eq=False)
class OwnTranscriptMissingError(SelftestError):
    """A recording without its corrected transcript."""

    code = "bundle.selftest.own_transcript"
    text = (
        "The recording {name} has no transcript beside it. Correct its transcript, export it as JSON and put it there "
        "under the same name."
    )
    name: str


@dataclass(eq=False)
class OwnAudioTwiceError(SelftestError):
    """Two recordings for one corrected transcript."""

    code = "bundle.selftest.own_twice"
    text = "There are {count} recordings for the transcript {name}. Leave the one that it was made of."
    name: str
    count: int


@dataclass(eq=False)
class TooManyOwnError(SelftestError):
    """More recordings of the site's own than are tried."""

    code = "bundle.selftest.own_many"
    text = (
        "There are more than {limit} recordings of your own, and only the first {limit} by name are tried. Take out "
        "those that matter less."
    )
    limit: int


class SelftestStopped(SelftestError):  # noqa: N818 -- it is how a trial ends, not a fault.
    """Somebody stopped the trial."""

    code = "bundle.selftest.stopped"
    text = "The trial was stopped. Nothing was changed, and the models in use go on working."


class StoreError(BundleError):
    """The sets on the disk cannot be worked with."""

    code = "bundle.store"
    text = "The model sets on the disk cannot be worked with. Nothing was changed."


class UpdateBusyError(StoreError):
    """Another update is being taken in."""

    code = "bundle.store.busy"
    text = "Another model update is being taken in. Wait until that has ended, or stop it, and try again."


@dataclass(eq=False)
class StickError(StoreError):
    """The file cannot be read to its end."""

    code = "bundle.store.stick"
    text = (
        "The file of this model update cannot be read: {reason}. If it is on a stick, plug it in again, and leave it "
        "there until this has ended. What was taken in already is kept, and the next try goes on from there."
    )
    reason: str


class NoCandidateError(StoreError):
    """No checked update stands ready."""

    code = "bundle.store.no_candidate"
    text = "No model update stands ready. Take one in first."


class NotTriedError(StoreError):
    """It was not tried in an engine yet."""

    code = "bundle.store.not_tried"
    text = "This model update was not tried on this appliance yet. Have it tried first; that takes some minutes."


@dataclass(eq=False)
class ImportsError(StoreError):
    """The folder of the sticks cannot be read."""

    code = "bundle.store.imports"
    text = (
        "The folder for model updates, {folder}, cannot be read: {reason}. If a stick is mounted there, plug it in "
        "again; otherwise let the user of the appliance read it."
    )
    folder: str
    reason: str


@dataclass(eq=False)
class ReleaseDamagedError(StoreError):
    """A set that was taken in is not there as it was."""

    code = "bundle.store.damaged"
    text = (
        "The model set {name} is not on the disk as it was taken in: somebody changed it, or the disk is failing. It "
        "is not used. Take it in again."
    )
    name: str


@dataclass(eq=False)
class LedgerError(StoreError):
    """What is remembered of the sets cannot be relied on."""

    code = "bundle.store.ledger"
    text = (
        "What the appliance remembers of its model sets cannot be read ({path}: {reason}). Without it, updates that "
        "were withdrawn could come back, so nothing is taken in. Restore the file from a backup. If there is none, "
        "stop the appliance and remove the folder that it is in: the models of the image are used then, and your own "
        "signing keys have to be trusted again."
    )
    path: str
    reason: str


@dataclass(eq=False)
class JournalError(StoreError):
    """The journal of the sets was changed."""

    code = "bundle.store.journal"
    text = (
        "The journal of the model sets is not as the appliance wrote it, from line {number} on ({path}). Somebody "
        "changed it, or the disk is failing. Compare it with a backup."
    )
    path: str
    number: int


@dataclass(eq=False)
class VendorRootError(StoreError):
    """The image's list of signing keys cannot be used."""

    code = "bundle.store.vendor_root"
    text = (
        "The list of signing keys that came with this appliance cannot be used ({path}: {reason}). The image is not "
        "as it was built. Load it again from where it came from."
    )
    path: str
    reason: str


class TrustError(BundleError):
    """Truly signed, yet not for this appliance now."""

    code = "bundle.trust"
    text = "This model update is truly signed, and yet not for this appliance. Nothing was changed."


@dataclass(eq=False)
class WrongProductError(TrustError):
    """Made for another product."""

    code = "bundle.trust.product"
    text = "This update was made for {product}, not for Cloister. Nothing was changed."
    product: str


@dataclass(eq=False)
class EpochError(TrustError):
    """Made under other signing keys than those of today."""

    code = "bundle.trust.epoch"
    text = (
        "This model update was signed under list number {epoch} of signing keys, and number {current} counts today. "
        "Keys may have been lost since then. Nothing was changed. Ask for a newly signed one."
    )
    epoch: int
    current: int


@dataclass(eq=False)
class OldReleaseError(TrustError):
    """Older than one that was seen."""

    code = "bundle.trust.old"
    text = (
        "This model update is release {release}, and release {highest} was here already. An older one is never put "
        "in its place: its faults may be known. Nothing was changed. To go back one step, use the button for that."
    )
    release: int
    highest: int


@dataclass(eq=False)
class OtherReleaseError(TrustError):
    """Two updates with one number."""

    code = "bundle.trust.other"
    text = (
        "There are two different model updates with the release number {release}. One of them should not exist. "
        "Nothing was changed. Tell your administrator where they came from."
    )
    release: int


@dataclass(eq=False)
class BelowFloorError(TrustError):
    """Older than the oldest that may still be used."""

    code = "bundle.trust.floor"
    text = (
        "Release {release} may no longer be used: the oldest that may is {oldest}, as those who made it have said. "
        "Nothing was changed."
    )
    release: int
    oldest: int


@dataclass(eq=False)
class AlreadyActiveError(TrustError):
    """In use already."""

    code = "bundle.trust.active"
    text = "Release {release} is in use already. There is nothing to do."
    release: int


@dataclass(eq=False)
class AppTooOldError(TrustError):
    """Wants a newer Cloister."""

    code = "bundle.trust.app_old"
    text = (
        "This model update needs Cloister {needed} or newer, and this is {version}. Nothing was changed. Update "
        "Cloister first."
    )
    version: str
    needed: str


@dataclass(eq=False)
class AppTooNewError(TrustError):
    """Wants an older Cloister."""

    code = "bundle.trust.app_new"
    text = (
        "This model update was made for Cloister up to {last}, and this is {version}. Nothing was changed. Ask for a "
        "newer model update."
    )
    version: str
    last: str


@dataclass(eq=False)
class NoRoomError(TrustError):
    """It does not fit on the disk."""

    code = "bundle.trust.room"
    text = (
        "This model update needs {needed_bytes} bytes on the disk, {free_bytes} are free: {missing_bytes} bytes are "
        "missing. Nothing was changed, and the models in use go on working. Make room, then try again."
    )
    needed_bytes: int
    free_bytes: int
    missing_bytes: int


class NothingToGoBackToError(TrustError):
    """No earlier set is recorded."""

    code = "bundle.trust.no_previous"
    text = "There is no earlier set of models to go back to. Nothing was changed."


class PartsError(BundleError):
    """Parts of a file do not make a whole."""

    code = "bundle.parts"
    text = "The parts of this model update do not make one file. Nothing was changed."


@dataclass(eq=False)
class PartMissingError(PartsError):
    """One is not there."""

    code = "bundle.parts.missing"
    text = (
        "The part {name} of this model update is missing. Nothing was changed. Copy all of its parts into one folder, "
        "then try again."
    )
    name: str


@dataclass(eq=False)
class PartSizeError(PartsError):
    """One is longer or shorter than it can be."""

    code = "bundle.parts.size"
    text = (
        "The part {name} of this model update has {size_bytes} bytes, and {expected_bytes} belong there: it was not "
        "copied whole, or it is a part of something else. Nothing was changed. Copy it again."
    )
    name: str
    size_bytes: int
    expected_bytes: int


@dataclass(eq=False)
class BundleFileError(BundleError):
    """A file cannot be read or written."""

    code = "bundle.file"
    text = "The file {path} cannot be used: {reason}."
    path: str
    reason: str


class PublishError(BundleError):
    """An update could not be made."""

    code = "bundle.publish"
    text = "This model update could not be made."


@dataclass(eq=False)
class KeyFileError(PublishError):
    """A file with a signing key cannot be used."""

    code = "bundle.publish.key"
    text = "The key file {path} cannot be used: {reason}."
    path: str
    reason: str


@dataclass(eq=False)
class BundleSourceError(PublishError):
    """Something cannot go into an update."""

    code = "bundle.publish.source"
    text = "{path} cannot go into a model update: {reason}. Nothing was written."
    path: str
    reason: str


@dataclass(eq=False)
class SigningError(PublishError):
    """This key or signature does not belong there."""

    code = "bundle.publish.signing"
    text = "This was not signed: {reason}. Nothing was changed."
    reason: str


class EngineError(ApplianceError):
    """The engine could not finish."""

    code = "engine"
    text = "The transcription could not be finished. The recording was not damaged; please try again."


class EngineStartError(EngineError):
    """Its process ends before the models are loaded."""

    code = "engine.start"
    text = (
        "The transcription engine does not start: it ended several times while it loaded its models. Often the "
        "machine has too little memory; the log of the appliance says more. Recordings that wait are not lost."
    )


class EngineDiedError(EngineError):
    """Its process ended in the middle of a job."""

    code = "engine.died"
    text = (
        "The transcription engine stopped twice while it worked on this recording. Other recordings are not "
        "affected. Please upload it again; if it happens again, tell your administrator."
    )


class DecoderDiedError(EngineError):
    """The decoder's process ended."""

    code = "engine.decoder_died"
    text = (
        "The decoder stopped while it read this file, twice. The file may be damaged or made to do harm; nothing "
        "else is affected."
    )


class OutOfMemoryError(EngineError):
    """Even the smallest plan did not fit."""

    code = "engine.out_of_memory"
    text = "The recording does not fit into the memory of this machine, even with the smallest plan. Cut it in parts."


@dataclass(eq=False)
class OpenEnvironmentError(EngineError):
    """Its environment leaves a way out open."""

    code = "engine.environment"
    text = (
        "The transcription engine was not started, because its environment is not closed: {names}. Start it with the "
        "appliance's own commands and with nothing wrapped round them, and run scripts/setup again if that does not "
        "help."
    )
    names: str


@dataclass(eq=False)
class CallRefusedError(EngineError):
    """A library wanted to call out."""

    code = "engine.call_refused"
    text = (
        "The library {library} wanted to fetch {wanted} from a network, and was refused: nothing leaves this "
        "appliance. The model set may lack a file. Please tell your administrator."
    )
    library: str
    wanted: str


class JobCancelled(EngineError):  # noqa: N818 -- it is how a job ends, not a fault.
    """Somebody cancelled the job."""

    code = "engine.cancelled"
    text = "The transcription was cancelled."


class AudioGoneError(ApplianceError):
    """The audio is no longer there: upload again."""

    code = "audio_gone"
    text = "The audio of this recording is no longer there. Please upload it again."


class RecipientGoneError(ApplianceError):
    """Nobody is left who could open the result."""

    code = "recipient_gone"
    text = (
        "This recording is private, and its owner's vault has no key any more. Nothing was transcribed. "
        "Its owner has to set up the account again and upload the recording once more."
    )


class SearchError(ApplianceError):
    """A search was not answered."""

    code = "search"
    text = "The search did not work."


@dataclass(eq=False)
class QueryTooLongError(SearchError):
    """It asks for more than is answered in good time."""

    code = "search.too_long"
    text = "A search has at most {characters} characters and {words} words. Please leave something out."
    characters: int
    words: int


class SearchBusyError(SearchError):
    """Others of the same person are still running."""

    code = "search.busy"
    text = "Other searches of yours are still running. Please try again in a moment."


class AccessError(ApplianceError):
    """The person may not do this."""

    code = "access"
    text = "You may not do this."


class NotFoundError(AccessError):
    """No such thing, or not theirs."""

    code = "access.not_found"
    text = "This page or recording does not exist, or it was deleted."


class LinkGoneError(NotFoundError):
    """A share link opens nothing: it has expired, was taken back, or never was. Nobody is told which."""

    code = "access.link_gone"
    text = (
        "This link opens nothing. It may have expired or been taken back, or a part of it is missing. "
        "Ask the person who sent it for another one."
    )


class ModeNotAllowedError(AccessError):
    """The appliance's policy wants another mode."""

    code = "access.mode"
    text = "This appliance does not take recordings of this mode: its administrator decided so. Load the page again."


class SignedOutError(AccessError):
    """No live session."""

    code = "access.signed_out"
    text = "You are signed out. Sign in again, then repeat what you did."


class LinkUsedError(AccessError):
    """A one-time link was used or has expired."""

    code = "access.link_used"
    text = (
        "This link was used already or has expired. Ask an administrator for another one. On the machine itself, "
        "this prints one: appliance user reset NAME"
    )


class ConflictError(AccessError):
    """Somebody changed it meanwhile."""

    code = "access.conflict"
    text = "This was changed somewhere else in the meantime. Load the page again and repeat your change."


class SignInError(AccessError):
    """Name or passphrase is not right."""

    code = "access.sign_in"
    text = "Name or passphrase is not right."


class RecoveryError(AccessError):
    """Name or recovery code is not right."""

    code = "access.recovery"
    text = "Name or recovery code is not right."


class OrganisationCodeError(AccessError):
    """What was signed was not signed by the organisation's key."""

    code = "access.organisation_code"
    text = "This is not the code of the organisation's recovery key. Nothing was changed."


class OrganisationChangedError(AccessError):
    """Somebody consented to a key that is not the organisation's any more."""

    code = "access.organisation_changed"
    text = (
        "The organisation has another recovery key by now. Nothing was changed. Load the page again, and compare the "
        "words once more."
    )


class StaleProofError(AccessError):
    """A proof came too late, or twice."""

    code = "access.stale_proof"
    text = "This took too long, or it was sent twice. Please try again."


@dataclass(eq=False)
class TooManyTriesError(AccessError):
    """Wait before the next try."""

    code = "access.too_many"
    text = "Too many tries did not succeed. Try again in {retry_s}."
    retry_s: int


@dataclass(eq=False)
class ForeignNameError(AccessError):
    """Reached under a name that is not its own."""

    code = "access.foreign_name"
    text = (
        "This appliance does not go by the name {host}, so nobody can sign in there. Open it by one of its names: "
        "{names}. Its administrator can add a name with CLOISTER_NAMES."
    )
    host: str
    names: str


class KeysRefusedError(AccessError):
    """Sent keys do not belong to the account."""

    code = "access.keys"
    text = "The keys that this page sent do not fit together. Nothing was changed. Load the page again and repeat."


@dataclass(eq=False)
class PersonNameError(AccessError):
    """A name that cannot be one."""

    code = "access.name"
    text = "A name has 1 to {most} characters, all of them visible. Choose another one."
    most: int


@dataclass(eq=False)
class NameTakenError(AccessError):
    """Somebody else has the name."""

    code = "access.name_taken"
    text = "There is somebody with the name {name} already. Choose another one."
    name: str


@dataclass(eq=False)
class UnknownAccountError(AccessError):
    """Nobody has the name."""

    code = "access.unknown_account"
    text = "Nobody here has the name {name}. All names: appliance user list"
    name: str


class LastAdministratorError(AccessError):
    """Nobody would be left to let people in."""

    code = "access.last_administrator"
    text = "This is the only administrator. Make somebody else an administrator first."


class RoleError(AccessError):
    """Their role in a workspace does not allow it."""

    code = "access.role"
    text = "Your role in this workspace does not allow this. An owner of it can change your role."


class LastOwnerError(AccessError):
    """A workspace would have no owner."""

    code = "access.last_owner"
    text = "A workspace needs an owner, and nobody else is one. Make somebody else an owner first."


class WorkspaceNotEmptyError(AccessError):
    """It still has recordings."""

    code = "access.workspace_not_empty"
    text = "There are still recordings in this workspace. Move or delete them first."


@dataclass(eq=False)
class NoSuchPersonError(AccessError):
    """Nobody has the name, or has no keys yet."""

    code = "access.no_person"
    text = "Nobody here is called {name}, or they have not set up their keys yet. Names are written in full."
    name: str


class NotMovableError(AccessError):
    """A recording whose job has not ended stays where it is."""

    code = "access.not_movable"
    text = "This recording is still being worked on. It can be moved when that has ended."
