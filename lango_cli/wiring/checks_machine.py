"""Checks of the machine round the vault: memory that reaches the disk, environment, programs."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import TYPE_CHECKING

from lango_cli import __version__
from lango_cli.config import load
from lango_cli.crypto.versions import versions as crypto_versions
from lango_cli.errors import LangoError
from lango_cli.vault.store import engine_versions
from lango_cli.wiring.findings import advice, error, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.config.load import Folders
    from lango_cli.model import KeyringVerdict
    from lango_cli.wiring.findings import Finding
    from lango_cli.wiring.flags import Flags

SLOW_KEYRING = 500
"""Milliseconds from which a keyring is worth a word: it answers before every cold read."""
PR_GET_DUMPABLE = 3
IN_MEMORY = ("/dev/zram", "/zram")
"""Swap that is compressed memory, not disk."""


def core_dumps() -> Iterator[Finding]:
    """Whether a crash would write this process's memory, keys included, to the disk."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_CORE)
    if soft == 0 and not _dumpable():
        yield ok("core_dumps", "a crash of lango writes no core dump")
    elif _piped() and _dumpable():
        yield advice(
            "core_dumps",
            "a crash of lango hands its memory to the system's crash handler",
            "start it by the command `lango`, which forbids that",
        )
    elif soft == 0:
        yield ok("core_dumps", "a crash of lango writes no core dump (limit 0)")
    else:
        yield advice("core_dumps", "a crash of lango may write its memory to disk", "ulimit -c 0")


def _dumpable() -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))


def _piped() -> bool:
    return _system_file("/proc/sys/kernel/core_pattern").startswith("|")


def _system_file(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(65536)
    except OSError:
        return ""


def swap() -> Iterator[Finding]:
    """Whether memory may reach the disk; that it is encrypted cannot be seen from here."""
    if sys.platform != "linux":
        return
    areas = [line.split()[0] for line in _system_file("/proc/swaps").splitlines()[1:] if line]
    on_disk = [area for area in areas if not area.startswith(IN_MEMORY)]
    if on_disk:
        yield advice(
            "swap",
            f"memory may be swapped to {', '.join(on_disk)}, keys included;"
            " whether that is encrypted cannot be seen from here",
            "encrypt the swap, or use zram",
        )
    else:
        yield ok("swap", "no memory is swapped to a disk")


def environment() -> Iterator[Finding]:
    """A passphrase in the environment is one that every child and every `ps e` may read."""
    if load.variable(load.PASSPHRASE) is not None:
        yield advice(
            "environment",
            f"{load.PASSPHRASE} is set: every program started from here can read it",
            "use LANGO_PASSPHRASE_FILE instead",
        )
    else:
        yield ok("environment", f"{load.PASSPHRASE} is not set")


def settings(flags: Flags, folders: Folders) -> Iterator[Finding]:
    """Whether `config.toml` and the variables hold settings there are, with values they take."""
    try:
        load.load(folders.config, flags.settings)
    except LangoError as err:
        yield error("settings", err.message, err.hint)
    else:
        yield ok("settings", f"{folders.config} and the environment hold valid settings")


def keyring(verdict: KeyringVerdict, *, needed: bool) -> Iterator[Finding]:
    """Whether the OS keyring answers, how fast, and why not."""
    took = f"{verdict.milliseconds} ms"
    if not verdict.usable:
        text = f"the OS keyring cannot be used: {verdict.reason} ({took})"
        if needed:
            yield advice("keyring", text, "start or unlock it")
        else:
            yield ok("keyring", f"{text}; no slot needs it")
    elif verdict.milliseconds > SLOW_KEYRING:
        yield advice("keyring", f"{verdict.backend} takes {took} to answer", "lango unlock")
    else:
        yield ok("keyring", f"{verdict.backend} answers in {took}")


def versions() -> dict[str, str]:
    """Names and versions of what is at work; no vault is opened for it."""
    return {
        "lango": __version__,
        "python": sys.version.split()[0],
        **engine_versions(),
        **{name: metadata.version(name) for name in ("sqlcipher3", "keyring")},
        **crypto_versions(),
    }
