"""Puts a redactor together from the settings, and keeps the maps of reversible placeholders.

The rule: a map is on disk only sealed, 0600, under a key of its own that `vault.key_use` encrypts,
bound to the vault: what opens it is known before any text is read, and no key of the vault that
seals values seals a map. Two commands at one map wait for one another. Whatever is wrong with a
setting of these is an error before any text is read.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from lango_cli import files
from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.keys import KEY_BYTES, DataKey
from lango_cli.crypto.mac import pack, random_bytes
from lango_cli.errors import NewerFormat, Tampered
from lango_cli.interceptor.pii import catalogue, custom, redactor
from lango_cli.interceptor.pii.engine import Detector
from lango_cli.interceptor.pii.reversible import PlaceholderMap, sparing
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lango_cli.config.load import Settings
    from lango_cli.interceptor.pii.finding import Finding
    from lango_cli.interceptor.pii.redactor import Placeholders
    from lango_cli.interceptor.pii.rules import Pattern
    from lango_cli.model import TextFilter
    from lango_cli.vault.vault import Vault

    Warn = Callable[[str], None]
    Find = Callable[[str], list[Finding]]

PREFIX = "security.interceptor."
MAP_LIMIT = 64 << 20
LOCK_SECONDS = 10.0
MAP_FORMAT = 1
LABEL = b"lango/placeholder-map/v1"


class Choice(NamedTuple):
    """What the command line adds to the settings."""

    enable: Sequence[str] = ()
    disable: Sequence[str] = ()


class Standing(NamedTuple):
    """One pattern, and whether it is looked for."""

    pattern: Pattern
    on: bool


def patterns(settings: Settings, choice: Choice) -> list[Standing]:
    """Every pattern there is, the person's own last; the command line stands before settings."""
    on = {pattern.name for pattern in catalogue.PATTERNS if pattern.on}
    on |= catalogue.named(
        settings.words(f"{PREFIX}piiEnabledPatterns"), f"{PREFIX}piiEnabledPatterns"
    )
    on -= catalogue.named(
        settings.words(f"{PREFIX}piiDisabledPatterns"), f"{PREFIX}piiDisabledPatterns"
    )
    on |= catalogue.named(choice.enable, "--enable")
    on -= catalogue.named(choice.disable, "--disable")
    where = f"{PREFIX}piiCustomPatterns"
    own = custom.patterns(settings.table(where), where)
    built_in = [Standing(pattern, pattern.name in on) for pattern in catalogue.PATTERNS]
    return built_in + [Standing(pattern, True) for pattern in own]


class Finder(NamedTuple):
    """What finds, and how many characters it wants together (0: any whole lines)."""

    find: Find
    unit: int


@contextmanager
def finder(settings: Settings, choice: Choice, warn: Warn) -> Iterator[Finder]:
    """The patterns that are on, and Presidio if it is; its connection ends with the block."""
    detector = Detector([one.pattern for one in patterns(settings, choice) if one.on])
    if not settings.on(f"{PREFIX}presidio.enabled"):
        yield Finder(detector.find, 0)
        return
    from lango_cli.interceptor.pii.finder import Both
    from lango_cli.interceptor.pii.presidio import UNIT
    from lango_cli.wiring.presidio import client

    when_down = settings.text(f"{PREFIX}presidio.whenDown")
    asked = client(settings)
    try:
        yield Finder(Both(detector, asked, when_down, warn).find, UNIT)
    finally:
        asked.close()


def placeholders(settings: Settings, *, plain: bool | None) -> Placeholders:
    """The kind the settings name, unless the command line does."""
    if plain is None:
        plain = settings.text(f"{PREFIX}piiPlaceholder") == "plain"
    return redactor.Plain() if plain else redactor.Typed()


def build(finds: Finder, stands: Placeholders) -> redactor.Redactor:
    """The filter; placeholders of a map that are in the text already stay."""
    find = sparing(finds.find, stands) if isinstance(stands, PlaceholderMap) else finds.find
    return redactor.Redactor(find, stands, finds.unit)


@contextmanager
def vault_map(path: str, vault: Vault, *, must_exist: bool) -> Iterator[PlaceholderMap]:
    """`kept_map` with the vault closed after it."""
    with vault, kept_map(path, vault, must_exist=must_exist) as found:
        yield found


@contextmanager
def in_passing(settings: Settings, warn: Warn) -> Iterator[TextFilter]:
    """A redactor as the settings have it, to stand behind a masker."""
    with finder(settings, Choice(), warn) as finds:
        yield build(finds, placeholders(settings, plain=None))


class _Behind:
    """A `TextFilter` of two: the redactor takes what the masker lets through."""

    def __init__(self, masker: TextFilter, redactor_: TextFilter) -> None:
        self._masker = masker
        self._redactor = redactor_

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; what is safe to pass on now."""
        return self._redactor.feed(self._masker.feed(chunk))

    def idle(self) -> bytes:
        """The safe part of what is held back; the start of a line stays."""
        return self._redactor.feed(self._masker.idle()) + self._redactor.idle()

    def finish(self) -> bytes:
        """What is left, at the end of the input."""
        return self._redactor.feed(self._masker.finish()) + self._redactor.finish()


@contextmanager
def behind(
    settings: Settings, maskers: Callable[[], TextFilter], warn: Warn
) -> Iterator[Callable[[], TextFilter]]:
    """What makes a masker with a redactor behind it, for each of several streams."""
    with ExitStack() as streams:
        # What is wrong with a setting comes out here, before anything has started.
        streams.enter_context(in_passing(settings, warn))
        yield lambda: _Behind(maskers(), streams.enter_context(in_passing(settings, warn)))


class _Sealed(msgspec.Struct):
    """A map's file: its key, encrypted, and the map sealed under that."""

    v: int
    vault: str
    key: bytes
    sealed: bytes


@contextmanager
def kept_map(path: str, vault: Vault, *, must_exist: bool) -> Iterator[PlaceholderMap]:
    """The map in this file, new where there is none; written back where it changed.

    It is written however the work ended: what went out already must find its way back.
    """
    # What cannot be a map gets no lock beside it either.
    files.read_private(path, MAP_LIMIT)
    with files.Lock(f"{path}.lock", LOCK_SECONDS, "this map"):
        data = files.read_private(path, MAP_LIMIT)
        if data is None and must_exist:
            raise files.problem(path, FileNotFoundError(2, "no such file or directory"))
        kept = _new(vault) if data is None else _read(data, vault)
        key = DataKey(vault.key_use.decrypt(None, kept.key, LABEL).reveal())
        found = PlaceholderMap() if data is None else _opened(kept, key)
        try:
            yield found
        finally:
            if found.changed or data is None:
                kept.sealed = seal(key, found.dumped(), _context(kept))
                files.replace(path, msgspec.json.encode(kept) + b"\n")


def _new(vault: Vault) -> _Sealed:
    key = SecretBytes(random_bytes(KEY_BYTES))
    return _Sealed(MAP_FORMAT, vault.id, vault.key_use.encrypt(None, key, LABEL), b"")


def _read(data: bytes, vault: Vault) -> _Sealed:
    try:
        kept = msgspec.json.decode(data, type=_Sealed)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Tampered("the map is damaged, or is none", hint="name another file") from None
    if kept.v > MAP_FORMAT:
        raise NewerFormat(f"the map has format {kept.v}, this lango knows {MAP_FORMAT}")
    if kept.vault != vault.id:
        raise Tampered("the map belongs to another vault", hint="name its vault: --home DIR")
    return kept


def _opened(kept: _Sealed, key: DataKey) -> PlaceholderMap:
    return PlaceholderMap.loaded(unseal(key, kept.sealed, _context(kept)))


def _context(kept: _Sealed) -> bytes:
    return pack(LABEL, kept.vault.encode())
