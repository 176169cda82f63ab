"""The custodians there are: which module serves which kind of key URI.

The rule: an SDK is imported when a key of its provider is reached for, and no earlier; what is not
installed is said with the command that installs it. A custodian is made here and handed to the
rooms, which know its Protocol alone.
"""

from __future__ import annotations

import shlex
import sys
from importlib import import_module
from typing import TYPE_CHECKING, cast

from lango_cli.config import load
from lango_cli.custody.uri import KeyUri, Options, parse
from lango_cli.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.config.load import Folders, Settings
    from lango_cli.model_custody import Custodian
    from lango_cli.secret import SecretBytes

    Opener = Callable[[KeyUri, Options], Custodian]
    Pin = Callable[[], SecretBytes | None]

MODULES = {
    "aws-kms": ("aws", "aws"),
    "azure-kv": ("azure", "azure"),
    "gcp-kms": ("gcp", "gcp"),
    "pkcs11": ("pkcs11", "pkcs11"),
    "rpc": ("rpc", "rpc"),
    "tpm2": ("tpm", "kms"),
}
"""Provider: module in `custody`, which has an `open_custodian`, and the extra with its SDK."""

LONGEST = 86400
"""Seconds of an operation that may take for ever: a day, which every SDK can count."""


def open_uri(
    text: str, settings: Settings, folders: Folders, pin: Pin, new_pin: Pin | None = None
) -> Custodian:
    """The custodian of a key URI; MissingExtra if its SDK is not installed."""
    uri = parse(text)
    return opener(uri.provider)(uri, options(settings, folders, pin, new_pin))


def opener(provider: str) -> Opener:
    """What makes a provider's custodians."""
    module, extra = MODULES[provider]
    try:
        found = import_module(f"lango_cli.custody.{module}")
    except ImportError as err:
        if err.name is not None and err.name.startswith("lango_cli"):
            raise
        raise MissingExtra(
            f"{provider} needs an extra that is not installed",
            hint=installing(extra),
        ) from None
    return cast("Opener", found.open_custodian)


def installing(extra: str) -> str:
    """The command that installs an extra where this lango runs.

    The Python is named: elsewhere pip finds the Lango of PyPI, which is another program.
    """
    return f"{shlex.quote(sys.executable)} -m pip install 'lango[{extra}]'"


def options(settings: Settings, folders: Folders, pin: Pin, new_pin: Pin | None = None) -> Options:
    """What a custodian may use besides its URI, as the settings have it."""
    return Options(
        pin=pin,
        new_pin=new_pin,
        environment=load.environment(),
        timeout=float(settings.number("security.kms.timeoutPerOperation") or LONGEST),
        retries=settings.number("security.kms.maxRetries"),
        folder=folders.home,
        runtime=folders.runtime,
    )
