"""Settings, and the environment that child processes get. The only module that reads ``os.environ``."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from appliance.errors import SettingsError

MEBIBYTE = 2**20
SETTINGS_FILE = Path("/etc/cloister/settings.toml")  # Read where it is there; CLOISTER_SETTINGS names another one.

CLOSED_ENVIRONMENT = {
    # Every switch by which a library of this stack can be told not to call out.
    # The kernel's seal is the proof; these make the attempt not happen in the first place.
    "PYANNOTE_METRICS_ENABLED": "0",
    "OTEL_SDK_DISABLED": "true",
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_METRICS_EXPORTER": "none",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "true",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime reports from native code, unless told so before it is loaded.
    "HF_ENDPOINT": "http://127.0.0.1:9",
}

PASSED_ON = (
    "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
)  # fmt: skip

LOCALE_OF_PYTHON = "LC_CTYPE"  # Python sets it for itself while it starts, where no locale was given.


class Settings(BaseSettings):
    """How this appliance is set up: the command line before ``CLOISTER_<NAME>`` in the environment before the file."""

    model_config = SettingsConfigDict(env_prefix="CLOISTER_", frozen=True, extra="forbid")

    data: Path = Field(Path("data"), description="Folder of the databases and the sealed audio.")
    keys: Path | None = Field(
        None, description="Folder of the root key and the TLS keys; beside the data folder unless given."
    )
    models: Path = Field(
        Path(__file__).resolve().parent.parent / "models" / "starter", description="Folder of the active model set."
    )
    imports: Path | None = Field(
        None, description="Folder where model updates arrive, such as a mounted stick; read, never written."
    )
    watch_imports: bool = Field(
        False, description="Check and try a model update by itself as soon as it lies in the folder of imports."
    )
    host: str = Field("0.0.0.0", description="Address to listen on.")  # noqa: S104 -- an appliance serves its LAN.
    port: int = Field(8443, ge=1, le=65535, description="TCP port to listen on.")
    socket: Path | None = Field(
        None, description="Unix socket to listen on instead of a port, for a machine or container without a network."
    )
    names: tuple[str, ...] = Field(
        ("localhost", "127.0.0.1", "::1"), description="Host names and addresses in the certificate, as a JSON list."
    )
    max_upload_bytes: int = Field(4096 * MEBIBYTE, ge=1, description="Largest recording in bytes.")
    spool_quota_bytes: int = Field(64 * 1024 * MEBIBYTE, ge=1, description="Most sealed audio held at once, in bytes.")
    max_recording_hours: float = Field(12.0, gt=0, description="Longest recording in hours.")
    upload_idle_hours: float = Field(
        24.0, gt=0, description="An upload that nobody continues is erased after so many hours."
    )
    privacy: Literal["choice", "private", "standard"] = Field(
        "choice", description="Whether people choose for each recording who can read it, or every one is of one mode."
    )
    asr: str = Field(
        "",
        pattern=r"^([a-z0-9][a-z0-9-]{0,15})?$",
        description="Speech model that is chosen at first where the set has several; empty is the set's own default.",
    )
    key_rotation_days: int = Field(
        30, ge=0, description="The key above all file keys is replaced after so many days; 0 is only by command."
    )
    threads: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)), ge=1, description="CPU threads of the engine."
    )
    passphrase_kdf: Literal["argon2id", "pbkdf2"] = Field(
        "argon2id",
        description="How browsers stretch a passphrase; pbkdf2 for sites whose browsers may not run WebAssembly.",
    )
    allow_weaker_cage: bool = Field(False, description="Start although the kernel lacks a part of the seal.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- of the method that this overrides.
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above.
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the settings file last, so that it is overridden by everything else."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _settings_file())

    @property
    def keys_folder(self) -> Path:
        """Where secrets lie: never inside the data folder, so that a copy of the data alone opens nothing."""
        return self.keys or self.data.resolve().with_name("keys")


def load_settings(**given: object) -> Settings:
    """Return the settings from the environment, overridden by what the command line gave.

    Raises:
        SettingsError: A value is missing, of the wrong kind, or out of range.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except (OSError, ValueError) as exc:
        if not isinstance(exc, ValidationError):  # Of the file: it cannot be read, or it is not TOML.
            raise SettingsError(name=str(_settings_file()), reason=f"the file cannot be read ({exc})") from exc
        first = exc.errors()[0]
        raise SettingsError(name=".".join(map(str, first["loc"])), reason=first["msg"]) from exc


def _settings_file() -> Path:
    """Return the file of the settings, which may not be there unless somebody named it.

    Raises:
        SettingsError: Somebody named it, and it is not there.
    """
    named = os.environ.get("CLOISTER_SETTINGS")
    path = Path(named) if named else SETTINGS_FILE
    if named and not path.is_file():
        raise SettingsError(name="CLOISTER_SETTINGS", reason=f"there is no file {path}")
    return path


def child_environment(threads: int) -> dict[str, str]:
    """Return the whole environment of a child process: closed, and nothing inherited but what is named.

    Args:
        threads: Threads for numeric libraries.
    """
    scratch = str(scratch_folder())
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= CLOSED_ENVIRONMENT
    environment |= {
        "PATH": str(Path(sys.executable).parent),
        "HOME": scratch,
        "TMPDIR": scratch,
        "HF_HOME": scratch,
        "TORCH_HOME": scratch,
        "NLTK_DATA": scratch,
        "MPLCONFIGDIR": scratch,
        "XDG_CACHE_HOME": scratch,
        "OMP_NUM_THREADS": str(threads),
    }
    return environment


def close_environment() -> None:
    """Set every switch of this process by which a library can be told not to call out, before one is imported."""
    os.environ.update(CLOSED_ENVIRONMENT)


def differing_environment(threads: int) -> tuple[str, ...]:
    """Return the names of the variables by which this process's environment differs from a child's; none if it is one.

    What is not named there is foreign, whatever it is called: a proxy, a token, a folder of caches. Values are not
    told, because a token is one.

    Args:
        threads: As the child was given.
    """
    closed = child_environment(threads)
    names = {*os.environ, *closed} - {LOCALE_OF_PYTHON}
    return tuple(sorted(name for name in names if os.environ.get(name) != closed.get(name)))


def hub_environment() -> tuple[str | None, str | None]:
    """Return the address of the model hub and the token for it, where a connected machine has them in its environment.

    The appliance itself never asks: its processes have neither, and no way out.
    """
    return os.environ.get("HF_ENDPOINT"), os.environ.get("HF_TOKEN")


def gpu_is_hidden() -> bool:
    """Tell whether somebody told CUDA to see no GPU, which is how to run on the CPU of a machine that has one."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible is not None and visible.strip() in ("", "-1")


def scratch_folder() -> Path:
    """Return a folder of our own for scratch files, in RAM where there is a RAM disk; made where it is missing.

    Raises:
        SettingsError: Somebody else has made it before us.
    """
    shared_memory = Path("/dev/shm")  # noqa: S108 -- RAM on purpose: no plaintext may reach a disk.
    parent = shared_memory if os.access(shared_memory, os.W_OK) else Path(tempfile.gettempdir())
    folder = parent / f"cloister-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise SettingsError(name="scratch", reason=f"{folder} is not a private folder of this user; remove it")
    return folder
