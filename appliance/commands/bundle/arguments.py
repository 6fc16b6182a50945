"""The arguments of ``appliance bundle``. The name of a verb is the name of the module that does it."""

from __future__ import annotations

import argparse
from pathlib import Path

DEFAULT_PART = "4G"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add every verb."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_key(verbs.add_parser("key", help="make a signing key, or show which one a file holds"))
    _add_root(verbs.add_parser("root", help="make a list of signing keys, replace it, or show it"))
    _add_build(verbs.add_parser("build", help="make a model update from a model set"))
    _add_envelope(verbs.add_parser("envelope", help="take out what is signed, to carry it to a machine with a key"))
    _add_sign(verbs.add_parser("sign", help="sign a model update, what was taken out of one, or a list of keys"))
    _add_verify(verbs.add_parser("verify", help="check every byte of a model update, and show what is in it"))
    _add_split(verbs.add_parser("split", help="cut a model update into parts that fit a stick's file system"))
    _add_join(verbs.add_parser("join", help="put the parts of a model update together again"))
    _add_appliance_verbs(verbs)


def _add_key(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    make = actions.add_parser("make", help="make a key in FILE, and its public half in FILE.pub")
    make.add_argument("file", type=Path, metavar="FILE", help="where the key is put; never overwritten")
    show = actions.add_parser("show", help="show the id of a key, and the words by which people compare it")
    show.add_argument("file", type=Path, metavar="FILE", help="a key or its public half")
    for action in (make, show):
        action.add_argument("--passphrase-file", type=Path, help="file with the passphrase (default: ask)")


def _add_root(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    make = actions.add_parser("make", help="make the first list of a line")
    make.add_argument("--line", required=True, help="its name, such as the name of the site")
    following = actions.add_parser("next", help="make the list that takes the place of one")
    following.add_argument("--from", dest="before", type=Path, required=True, help="the newest list of the line")
    make.add_argument("--key", type=Path, nargs="+", default=[], help="public keys on it (default: those that sign)")
    following.add_argument("--key", type=Path, nargs="+", required=True, help="public keys on it")
    for action in (make, following):
        action.add_argument("--threshold", type=int, help="how many must sign (default: 2, or 1 of a single key)")
        action.add_argument("--created", help="when it was made (default: now)")
        action.add_argument("--out", type=Path, required=True, help="where it is put")
        _add_signers(action, "--sign")
    show = actions.add_parser("show", help="show who is on a list, and who has signed it")
    show.add_argument("file", type=Path, metavar="FILE", help="a list")
    show.add_argument("--json", action="store_true", help="print it as JSON")


def _add_build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", dest="folder", type=Path, required=True, help="folder of a model set")
    parser.add_argument(
        "--selftest", type=Path, required=True, help="folder of recordings (NAME.wav) and what is said (NAME.json)"
    )
    parser.add_argument("--roots", type=Path, nargs="+", required=True, help="signed lists of keys, up to the newest")
    parser.add_argument("--release", type=int, required=True, help="number; a larger one is newer")
    parser.add_argument("--min-release", type=int, default=0, help="the oldest that may be used from now on")
    parser.add_argument("--version", dest="named", required=True, help="version for people, such as 2026.11")
    parser.add_argument("--app-min", help="oldest version of Cloister that it is for (default: this one)")
    parser.add_argument("--app-max", help="newest version of Cloister that it is for (default: this major one)")
    parser.add_argument("--notes", type=Path, help="file with a text about what is new")
    parser.add_argument("--wer-max", type=float, help="largest word error rate, 0 to 1, where limits.json has none")
    parser.add_argument("--der-max", type=float, help="largest speaker error rate, 0 to 1, where limits.json has none")
    parser.add_argument("--created", help="when it was made, such as 2026-11-26T12:00:00Z (default: now)")
    parser.add_argument("--out", type=Path, required=True, help="the file to make")
    _add_signers(parser, "--key")


def _add_envelope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a model update")
    parser.add_argument("--out", type=Path, required=True, help="where it is put")


def _add_sign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a model update, what was taken out, or a list of keys")
    parser.add_argument("--root", type=Path, help="the list that tells who may sign (default: what FILE itself tells)")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--detached", type=Path, help="put the signature into this file, and leave FILE as it is")
    ways.add_argument("--attach", type=Path, nargs="+", default=[], help="add signatures that were made elsewhere")
    _add_signers(parser, "--key")


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a model update, or any of its parts")
    parser.add_argument(
        "--root", type=Path, nargs="+", default=[], help="first lists of trusted lines (default: those of this release)"
    )
    parser.add_argument("--json", action="store_true", help="print what is in it as JSON")


def _add_split(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a model update")
    parser.add_argument("--size", default=DEFAULT_PART, help=f"of a part, such as 700M or 2G (default: {DEFAULT_PART})")
    parser.add_argument("--out", type=Path, help="folder for the parts (default: beside FILE)")


def _add_join(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="any part, such as the first")
    parser.add_argument("--out", type=Path, help="the whole file (default: the name of the parts)")


def _add_appliance_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verbs that work on the models of an appliance, beside its server or without it."""
    install = verbs.add_parser("install", help="take a model update in, try it, and put it to use")
    install.add_argument("file", type=Path, metavar="FILE", help="a model update, or any of its parts")
    install.add_argument("--stage", action="store_true", help="let it stand ready, and leave what is in use")
    trust = verbs.add_parser("trust", help="let the signers of a list vouch for models on this appliance")
    trust.add_argument("file", type=Path, metavar="FILE", help="a signed list of keys")
    listed = verbs.add_parser("list", help="show which set is in use, which stands ready, and who is trusted")
    listed.add_argument("--history", action="store_true", help="show what happened, too")
    listed.add_argument("--json", action="store_true", help="print everything as JSON")
    activate = verbs.add_parser("activate", help="put the update that stands ready to use")
    rollback = verbs.add_parser("rollback", help="go back to the set before")
    discard = verbs.add_parser("discard", help="remove the update that stands ready")
    for verb in (install, trust, listed, activate, rollback, discard):
        verb.add_argument("--data", type=Path, help="data folder (default: ./data)")


def _add_signers(parser: argparse.ArgumentParser, flag: str) -> None:
    said = "sign with this key file; may be given again" if flag == "--key" else "sign it with this key file; again too"
    parser.add_argument(flag, dest="signers", type=Path, action="append", default=[], metavar="KEYFILE", help=said)
    parser.add_argument(
        "--passphrase-file",
        dest="passphrases",
        type=Path,
        action="append",
        default=[],
        help="file with its passphrase, in the order of the keys (default: ask)",
    )
