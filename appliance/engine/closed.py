"""The libraries' own ways out, closed at their spots: no attempt is made, and whoever wanted one is named.

The kernel's seal is what keeps calls from leaving. This makes a library that starts to want one fail in words at the
place where it asked, instead of somewhere behind a refused system call that it may well swallow.
"""

from __future__ import annotations

import importlib
import importlib.util
import socket
import sys
from collections.abc import Iterable
from types import FrameType, ModuleType
from typing import NoReturn

from appliance.config import differing_environment
from appliance.errors import CallRefusedError, OpenEnvironmentError

# By module, what fetches something. Every way to the model hub and every other URL ends in one of these. All of them
# are closed before anything else imports them, so that no module holds an open one under a name of its own.
SPOTS = {
    "urllib.request": ("OpenerDirector.open",),
    "requests": ("Session.send",),
    "torch.hub": ("load", "list", "help", "load_state_dict_from_url", "download_url_to_file"),
    "huggingface_hub.file_download": ("hf_hub_download", "http_get"),
    "huggingface_hub._snapshot_download": ("snapshot_download",),
    "nltk.downloader": ("download", "Downloader.download", "Downloader.incr_download"),
    "nltk": ("download",),
}

# Clients and exporters that no stage needs. To whoever imports one it is as if it were not installed.
ABSENT = ("aiohttp", "grpc", "hf_xet", "httpx", "opentelemetry", "pyannoteai")
HIDDEN_CLIENT = "hf_xet"  # It fetches in Rust, where no hook of Python's sees it.

# pyannote.audio 4 makes an exporter and starts its thread while this module is imported, switched off or not.
TELEMETRY = "pyannote.audio.telemetry"
REPORTS = ("track_model_init", "track_pipeline_init", "track_pipeline_apply")
SWITCHES = ("set_telemetry_metrics", "set_opentelemetry_log_level")

# What Python announces to its audit hooks before it reaches for another machine.
CALLS = frozenset({
    "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname", "socket.getnameinfo",
    "socket.sendto", "urllib.Request", "http.client.connect",
})  # fmt: skip


def require_closed_environment(threads: int) -> None:
    """Refuse to go on in an environment that is not exactly a child's.

    Args:
        threads: CPU threads that the child was given.

    Raises:
        OpenEnvironmentError: A switch is missing or a variable is foreign, such as a proxy or a token; or a package is
            installed that fetches where Python does not see it.
    """
    faults = list(differing_environment(threads))
    if importlib.util.find_spec(HIDDEN_CLIENT):
        faults.append(HIDDEN_CLIENT)
    if faults:
        raise OpenEnvironmentError(names=", ".join(faults))


def close_libraries() -> None:
    """Take its ways out from every library of the engine. Call it before the pipeline is imported.

    It cannot be undone: Python keeps an audit hook until the process ends.
    """
    socket.has_ipv6 = False  # Else urllib3 opens a socket while it is imported, to see whether it could.
    for name in ABSENT:
        sys.modules[name] = None  # type: ignore[assignment]  # It is how Python marks what is not to be had.
    sys.modules[TELEMETRY] = _silent_telemetry()
    for module, names in SPOTS.items():
        for name in names:
            _close(module, name)
    sys.addaudithook(_refuse_calls)


def _silent_telemetry() -> ModuleType:
    """Return what stands in the place of pyannote's telemetry: it reports nothing and cannot be switched on."""
    silent = ModuleType(TELEMETRY)
    for name in REPORTS:
        setattr(silent, name, lambda *_given, **_named: None)
    for name in SWITCHES:
        setattr(silent, name, _refusing(TELEMETRY, name))
    return silent


def _close(module: str, name: str) -> None:
    """Replace a function or a method; an AttributeError says that this release of the library has it no more."""
    *path, last = name.split(".")
    owner: object = importlib.import_module(module)
    for part in path:
        owner = getattr(owner, part)
    getattr(owner, last)
    setattr(owner, last, _refusing(module, name))


def _refusing(module: str, name: str) -> object:
    def refuse(*given: object, **named: object) -> NoReturn:
        raise CallRefusedError(library=f"{module}.{name}", wanted=_wanted((*given, *named.values())))

    return refuse


def _refuse_calls(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse, as an audit hook, whatever found a way past the spots above."""
    if event in CALLS:
        raise CallRefusedError(library=f"{_asking()} ({event})", wanted=_wanted(arguments))


def _wanted(given: Iterable[object]) -> str:
    """Return the address or the name among the arguments of a call."""
    values = list(given)
    plain = [value for value in values if isinstance(value, str | tuple)]
    urls = [getattr(value, name, None) for value in values for name in ("full_url", "url")]
    return next((str(found) for found in [*plain, *urls] if found), "something")


def _asking() -> str:
    """Return the package that called, past Python's own modules and this one."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 -- a hook is handed the event and not its caller.
    while frame:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in sys.stdlib_module_names:
            return package
        frame = frame.f_back
    return "Python"
