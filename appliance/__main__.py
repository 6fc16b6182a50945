"""The command line: serve · transcribe · open · doctor · user · keys · bundle · health · edge."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from appliance import __version__
from appliance.commands.bundle.arguments import add_arguments as add_bundle_arguments
from appliance.errors import ApplianceError, ChoiceError, OptionError, SettingsError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every refusal is a sentence and a code on standard error."""
    given = _parser().parse_args(arguments)
    try:
        # Only the command asked for is imported: `--help` answers at once, and the server never loads what it must not.
        return int(importlib.import_module(f"appliance.commands.{given.command}").run(given))
    except (ChoiceError, OptionError, SettingsError) as error:
        return _refuse(error, EXIT_USAGE)
    except ApplianceError as error:
        return _refuse(error, EXIT_FAILED)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _refuse(error: ApplianceError, status: int) -> int:
    sys.stderr.write(f"appliance: {error} [{error.code}]\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="appliance", description="Cloister, an air-gapped transcription appliance.")
    parser.add_argument("--version", action="version", version=f"Cloister {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="run the server"))
    _add_transcribe(commands.add_parser("transcribe", help="transcribe files without the server"))
    _add_open(commands.add_parser("open", help="open a sealed export offline with the recovery code"))
    _add_user(commands.add_parser("user", help="let somebody in"))
    _add_keys(commands.add_parser("keys", help="replace the key above all file keys, or say how old it is"))
    add_bundle_arguments(commands.add_parser("bundle", help="model updates: make, sign, check and use them"))
    _add_doctor(commands.add_parser("doctor", help="look whether everything is well, and say what to do if not"))
    _add_health(commands.add_parser("health", help="ask whether the server on this machine answers"))
    _add_edge(commands.add_parser("edge", help="carry a port to the socket of an appliance without a network"))
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="folder of the databases and the sealed audio (default: ./data)")
    parser.add_argument(
        "--keys", type=Path, help="folder of the root key and the TLS keys (default: beside the data folder)"
    )
    parser.add_argument("--models", type=Path, help="folder of the model set")
    parser.add_argument("--host", help="address to listen on (default: all)")
    parser.add_argument("--port", type=int, help="port to listen on (default: 8443)")
    parser.add_argument("--socket", type=Path, help="Unix socket to listen on instead of a port")


def _add_transcribe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="recordings")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the transcripts (default: here)")
    parser.add_argument("--formats", default="json", help="comma-separated: json, srt, vtt, txt, rttm (default: json)")
    parser.add_argument("--language", help="code of the spoken language, such as en (default: detect)")
    parser.add_argument("--speakers", type=int, help="exact number of speakers")
    parser.add_argument("--min-speakers", type=int, help="at least so many speakers")
    parser.add_argument("--max-speakers", type=int, help="at most so many speakers")
    parser.add_argument("--no-diarize", dest="diarize", action="store_false", help="do not tell speakers apart")
    parser.add_argument("--models", type=Path, help="folder of the model set")
    parser.add_argument("--model", help="speech model of the set, where it has several (default: the set's own)")


def _add_open(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a sealed export")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the transcripts (default: here)")
    parser.add_argument("--code-file", type=Path, help="file with the recovery code (default: ask at the terminal)")


def _add_user(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    stopped = "the server must be stopped"
    add = actions.add_parser("add", help=f"invite somebody and print their link; {stopped}")
    add.add_argument("name", metavar="NAME", help="whom")
    add.add_argument("--administrator", action="store_true", help="who may invite and remove others")
    reset = actions.add_parser(
        "reset", help=f"end every session of somebody and print a link by which they enrol afresh; {stopped}"
    )
    reset.add_argument("name", metavar="NAME", help="whom")
    for action in (add, reset, actions.add_parser("list", help=f"print everybody, a line each; {stopped}")):
        action.add_argument("--data", type=Path, help="data folder (default: ./data)")
        action.add_argument("--port", type=int, help="port of the server (default: 8443)")


def _add_keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    rotate = actions.add_parser(
        "rotate", help="make a new epoch and wrap every file key under it; the server must be stopped"
    )
    rotate.add_argument("--keys", type=Path, help="keys folder (default: beside the data folder)")
    listed = actions.add_parser("list", help="show the epochs, when each was made, and how many documents it has")
    listed.add_argument("--json", action="store_true", help="print them as JSON")
    for action in (rotate, listed):
        action.add_argument("--data", type=Path, help="data folder (default: ./data)")


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--data", type=Path, help="data folder (default: ./data)")
    parser.add_argument("--keys", type=Path, help="keys folder (default: beside the data folder)")
    parser.add_argument("--models", type=Path, help="folder of the model set")


def _add_health(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ready", action="store_true", help="ask also whether it takes jobs")
    parser.add_argument("--host", help="address of the server (default: this machine)")
    parser.add_argument("--port", type=int, help="port of the server (default: 8443)")
    parser.add_argument("--socket", type=Path, help="Unix socket of the server, where it has no port")


def _add_edge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket of the appliance")
    parser.add_argument("--host", help="address to listen on (default: all)")
    parser.add_argument("--port", type=int, help="port to listen on (default: 8443)")


if __name__ == "__main__":
    sys.exit(main())
