"""An appliance with two intruders: on a signal its server and its engine try to open a socket, as native code would.

Everything else is the product: the same command, the same processes, the same seals. ``python infiltrated.py serve …``.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

from appliance.__main__ import main
from appliance.worker import process

ENGINE = "appliance.worker.engine_child"

# What the engine's interpreter runs instead of `-m`: the intruder, then the module as it is. It calls past Python,
# where the engine would be told of it before the kernel is.
INTRUDED = f"""
import ctypes, runpy, signal
library = ctypes.CDLL(None)
signal.signal(signal.SIGUSR1, lambda *_: library.socket(2, 1, 0))
runpy.run_module("{ENGINE}", run_name="__main__", alter_sys=True)
"""


class Popen(subprocess.Popen[bytes]):
    """Starts the engine with its intruder."""

    def __init__(self, command: list[str], **others: Any) -> None:
        if ENGINE in command:
            at = command.index("-m")
            command = [*command[:at], "-c", INTRUDED, *command[at + 2 :]]
        super().__init__(command, **others)


if __name__ == "__main__":
    setattr(process, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": Popen}))  # noqa: B010 -- a stand-in.
    library = ctypes.PyDLL(None)  # It holds the interpreter meanwhile, as careless native code does.
    signal.signal(signal.SIGUSR1, lambda *_: library.socket(2, 1, 0))
    sys.exit(main(sys.argv[1:]))
