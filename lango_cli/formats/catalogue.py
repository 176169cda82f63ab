"""The table of formats, and which one a file is in.

The rule: a format is recognised where its name or its content leaves no doubt; everything else is
asked for with --format. A format's module is imported when it is used, for some bring a library
along.
"""

from __future__ import annotations

import os
import re
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
    titled: bool = False
    """Whether what it writes has a title of its own: a service, a manifest's name."""


FORMATS: dict[str, Format] = {
    "lango": Format("jsons", "read", "write_own", whole=True),
    "json": Format("jsons", "read", "write"),
    "dotenv": Format("dotenv", "read", "write", "dotenv", names.variable),
    "dotenv-python": Format("dotenv", "read", "write", "dotenv-python", names.variable),
    "dotenv-node": Format("dotenv", "read", "write", "dotenv-node", names.variable),
    "yaml": Format("yamls", "read", "write"),
    "toml": Format("tomls", "read", "write"),
    "shell": Format("shells", "read", "write", fit=names.variable),
    "fish": Format("shells", "read_fish", "write_fish", fit=names.variable),
    "docker": Format("lines", "read_docker", "write_docker", fit=names.variable),
    "compose": Format("yamls", "read_compose", "write_compose", fit=names.variable, titled=True),
    "systemd": Format("lines", "read_systemd", "write_systemd", fit=names.variable),
    "kubernetes": Format(
        "yamls", "read_manifest", "write_manifest", fit=names.manifest_key, titled=True
    ),
    "github": Format("lines", "read_github", "write_github", fit=names.variable),
    "bitwarden": Format("managers", "read_bitwarden"),
    "bitwarden-csv": Format("csvs", "read_csv", argument="bitwarden-csv"),
    "1password-csv": Format("csvs", "read_csv", argument="1password-csv"),
    "1pux": Format("managers", "read_1pux"),
    "keepassxc-csv": Format("csvs", "read_csv", argument="keepassxc-csv"),
    "keepassxc": Format("keepassxc", "read_keepassxc"),
    "llm": Format("managers", "read_llm"),
}
STORE = "pass"
"""A folder of files that gpg has to decrypt first: see `items.read_pass`."""

READABLE: tuple[str, ...] = tuple(name for name, one in FORMATS.items() if one.reads)
IMPORTABLE = (*READABLE, STORE)
WRITABLE = tuple(name for name, one in FORMATS.items() if one.writes)

TITLE = "lango"
"""What a manifest, or the service of a compose file, is called if nobody says."""

_ENDINGS = {
    ".env": "dotenv",
    ".json": "json",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".1pux": "1pux",
    ".fish": "fish",
    ".sh": "shell",
    ".xml": "keepassxc",
}
HEAD_SHOWN = 4096
"""Bytes in which a file says what it is."""


def detect(path: str, data: bytes) -> str:
    """The format of a file, by its name or what it begins with; UsageProblem if that is open."""
    base = os.path.basename(path).lower()
    found = "dotenv" if base.startswith(".env") else _ENDINGS.get(os.path.splitext(base)[1])
    head = data[:HEAD_SHOWN].removeprefix(b"\xef\xbb\xbf").lstrip()
    if found in (None, "json") and head[:1] == b"{":
        found = _json_kind(head)
    elif found in (None, "yaml") and re.search(rb"^kind: *[\"']?Secret\b", head, re.MULTILINE):
        found = "kubernetes"
    elif found == "yaml" and re.search(rb"^services:", head, re.MULTILINE):
        found = "compose"
    elif found is None:
        found = _by_content(head)
    if found is not None:
        return found
    raise UsageProblem(
        "the input does not say which format it has",
        hint=f"name it with --format: {', '.join(IMPORTABLE)}",
    )


def _json_kind(head: bytes) -> str:
    if b'"// Note"' in head:
        return "llm"
    if re.search(rb'^\{\s*"encrypted"\s*:', head):
        return "bitwarden"
    if re.search(rb'"kind"\s*:\s*"Secret"', head):
        return "kubernetes"
    return "json"


def _by_content(head: bytes) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        return "1pux"
    if b"<KeePassFile" in head:
        return "keepassxc"
    line = head.partition(b"\n")[0].decode("utf-8", "replace").strip()
    if "," in line:
        from lango_cli.formats.csvs import csv_format

        return csv_format([name.strip('"') for name in line.split(",")])
    return None


def read(name: str, data: bytes) -> Parsed:
    """The entries of a file in this format."""
    form = FORMATS[name]
    function: Callable[..., Parsed] = getattr(_module(form), form.reads)
    return function(data) if form.argument is None else function(data, form.argument)


def write(name: str, entries: Sequence[Entry], prefix: str = "", title: str = TITLE) -> bytes:
    """The entries as a file in this format; UsageProblem naming what it cannot carry."""
    form = FORMATS[name]
    names.assign_keys(entries, form.fit, prefix)
    function: Callable[..., bytes] = getattr(_module(form), form.writes)
    if form.titled:
        return function(entries, title)
    return function(entries) if form.argument is None else function(entries, form.argument)


def _module(form: Format) -> object:
    return import_module(f"lango_cli.formats.{form.module}")
