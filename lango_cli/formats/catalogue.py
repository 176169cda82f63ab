"""The table of formats, and which one a file is in.

The rule: a format is recognised where its name or its content leaves no doubt; everything else is
asked for with --format. A format's module is imported when it is used, for some bring a library
along.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from lango_cli.errors import UsageProblem
from lango_cli.formats import names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.formats.entry import Entry, Parsed


class Format(NamedTuple):
    """One format: its module, the functions there, the argument they take, and its keys."""

    module: str
    reads: str = ""
    writes: str = ""
    argument: str | None = None
    fit: Callable[[str], str] = names.as_it_is
    whole: bool = False
    """Whether it writes names in full, whatever folder is exported."""


FORMATS: dict[str, Format] = {
    "lango": Format("jsons", "read", "write_own", whole=True),
    "json": Format("jsons", "read", "write"),
    "dotenv": Format("dotenv", "read", "write", "dotenv", names.variable),
    "dotenv-python": Format("dotenv", "read", "write", "dotenv-python", names.variable),
    "dotenv-node": Format("dotenv", "read", "write", "dotenv-node", names.variable),
}

READABLE = tuple(name for name, one in FORMATS.items() if one.reads)
WRITABLE = tuple(name for name, one in FORMATS.items() if one.writes)

_ENDINGS = {".json": "json", ".env": "dotenv"}


def detect(path: str, data: bytes) -> str:
    """The format of a file, by its name or what it begins with; UsageProblem if that is open."""
    base = os.path.basename(path).lower()
    if base.startswith(".env"):
        return "dotenv"
    found = _ENDINGS.get(os.path.splitext(base)[1])
    if found is None and data.lstrip()[:1] == b"{":
        found = "json"
    if found is not None:
        return found
    raise UsageProblem(
        "the input does not say which format it has",
        hint=f"name it with --format: {', '.join(READABLE)}",
    )


def read(name: str, data: bytes) -> Parsed:
    """The entries of a file in this format."""
    form = FORMATS[name]
    function: Callable[..., Parsed] = getattr(_module(form), form.reads)
    return function(data) if form.argument is None else function(data, form.argument)


def write(name: str, entries: Sequence[Entry], prefix: str = "") -> bytes:
    """The entries as a file in this format; UsageProblem naming what it cannot carry."""
    form = FORMATS[name]
    names.assign_keys(entries, form.fit, prefix)
    function: Callable[..., bytes] = getattr(_module(form), form.writes)
    return function(entries) if form.argument is None else function(entries, form.argument)


def _module(form: Format) -> object:
    return import_module(f"lango_cli.formats.{form.module}")
