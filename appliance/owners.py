"""Who owns a file or folder, for the words of a refusal: a volume with the wrong owner is the commonest first fault."""

from __future__ import annotations

import os
from pathlib import Path

from appliance.errors import OtherUserError, WrongOwnerError

READ_WRITE_ENTER = os.R_OK | os.W_OK | os.X_OK


def require_own(folder: Path) -> None:
    """Make sure that a folder which is there is not somebody else's.

    Raises:
        WrongOwnerError: It belongs to another user, and we may not use it.
    """
    if not os.access(folder, READ_WRITE_ENTER):
        refuse_foreign(folder)


def require_same_user(folder: Path) -> None:
    """Make sure that what we write into a folder will belong to its owner; root may write into anybody's.

    Raises:
        OtherUserError: It would not.
    """
    owner = owner_of(folder)
    if owner is not None and owner != os.geteuid():
        raise OtherUserError(path=str(folder), owner=owner, user=os.geteuid())


def require_readable(path: Path) -> None:
    """Make sure that a file which is there is not somebody else's secret.

    Raises:
        WrongOwnerError: It belongs to another user, and we may not read it.
    """
    if not os.access(path, os.R_OK):
        refuse_foreign(path)


def refuse_foreign(path: Path) -> None:
    """After the kernel refused a file or folder: say so if that is because it belongs to another user.

    Raises:
        WrongOwnerError: It does.
    """
    owner = owner_of(path)
    if owner is not None and owner != os.geteuid():
        raise WrongOwnerError(path=str(path), owner=owner, user=os.geteuid(), group=os.getegid())


def owner_of(path: Path) -> int | None:
    """Return the number of the user whom a file or folder belongs to, or None where it is not to be seen."""
    try:
        return path.stat().st_uid
    except OSError:
        return None
