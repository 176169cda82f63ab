"""What the menu edits: the settings as they stood when they were read, and what was changed since.

The rule: a draft is a value. Changing it makes another one; nothing is saved from here. A value is
a text, a list of texts, a table of texts by name (`Pairs`), or a secret. What another process
changed meanwhile is brought together key by key (`merged`): only where both changed one key to
different values has a person to choose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lango_cli.secret import SecretText

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SWITCH, CHOICE, TEXT, LIST, TABLE, SECRET = "switch", "choice", "text", "list", "table", "secret"
HIDDEN = "(hidden)"
EMPTY = "(empty)"
FREE = "<"
"""What the free part of a pattern begins with, as in `providers.<id>.apiKey`."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """A table: texts by name, in the order in which they stand."""

    members: tuple[tuple[str, str], ...] = ()


Value = str | tuple[str, ...] | Pairs | SecretText
Check = Callable[[str, Value], str]
"""What is wrong with a value of a key, for people; "" if nothing is."""


@dataclass(frozen=True, slots=True)
class Field:
    """One setting as the menu shows it.

    `shape` says which form edits it; `takes` which values it can have; `notes` is what else one
    has to know (a variable that wins, a layer that does not use it yet); `home` is where it is
    kept; `fixed`, if not empty, says why it cannot be changed now.
    """

    key: str
    section: str
    shape: str
    default: Value
    doc: str
    takes: str = ""
    choices: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    home: str = ""
    fixed: str = ""
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A key as it was read: what counts and where that comes from, and what is kept.

    `kept` is the value in the place that the menu would change; None if there is none, and then
    a default, or another layer, counts.
    """

    value: Value
    origin: str
    kept: Value | None = None


@dataclass(frozen=True, slots=True)
class Clash:
    """A key that was changed here and elsewhere: as it was, the change here, the change there."""

    key: str
    was: Value | None
    mine: Value | None
    theirs: Value | None


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings, as read and as changed; `changes` holds None for a key whose value shall go."""

    fields: Mapping[str, Field]
    standing: Mapping[str, Standing]
    patterns: tuple[Field, ...] = ()
    changes: Mapping[str, Value | None] = field(default_factory=dict)
    check: Check = lambda _key, _value: ""
    check_name: Callable[[str], str] = lambda _key: ""
    profile: str = ""

    def value(self, key: str) -> Value:
        """What would count if this were saved."""
        if key not in self.changes:
            return self._read(key).value
        changed = self.changes[key]
        return self.fields[key].default if changed is None else changed

    def kept(self, key: str) -> Value | None:
        """What would be kept for the key if this were saved; None for nothing."""
        return self.changes[key] if key in self.changes else self._read(key).kept

    def origin(self, key: str) -> str:
        """Where the value comes from, for people."""
        if key not in self.changes:
            return self._read(key).origin
        return "default, when saved" if self.changes[key] is None else "changed, not saved"

    def was(self, key: str) -> Value | None:
        """What is kept for the key now."""
        return self._read(key).kept

    def _read(self, key: str) -> Standing:
        return self.standing.get(key) or Standing(self.fields[key].default, "default")

    def with_change(self, key: str, new: Value | None) -> Draft:
        """The same with this value for the key; what is kept already is no change."""
        changes = dict(self.changes)
        changes.pop(key, None)
        if new != self._read(key).kept:
            changes[key] = new
        return replace(self, changes=changes)

    def with_name(self, pattern: Field, name: str) -> Draft:
        """The same with the settings that a pattern's group has for this name of a free part."""
        prefix = pattern.key.partition(FREE)[0]
        fields = dict(self.fields)
        for one in self.patterns:
            if one.key.partition(FREE)[0] == prefix:
                made = named(one, name)
                fields.setdefault(made.key, made)
        return replace(self, fields=fields)

    def merged(self, fresh: Draft) -> tuple[Draft, list[str], list[Clash]]:
        """This one's changes upon `fresh`, the keys that others changed, and what clashes.

        A clash stays as it is here until a person has chosen.
        """
        fields = dict(self.fields) | dict(fresh.fields)
        made = replace(fresh, fields=fields)
        others, clashes = [], []
        for key in sorted(set(self.standing) | set(fresh.standing) | set(self.changes)):
            was, theirs = self._read(key).kept, made._read(key).kept
            if was != theirs:
                others.append(key)
            if key not in self.changes:
                continue
            mine = self.changes[key]
            if theirs not in (was, mine):
                clashes.append(Clash(key, was, mine, theirs))
            made = made.with_change(key, mine)
        return made, others, clashes


def named(pattern: Field, name: str) -> Field:
    """The setting that a pattern stands for, with this name for its first free part.

    Where all that follows is free (`apps.<name>.*`), the name is all of it.
    """
    before, _, rest = pattern.key.partition(FREE)
    if pattern.key.endswith(".*"):
        return replace(pattern, key=f"{before}{name}")
    return replace(pattern, key=f"{before}{name}{rest.partition('>')[2]}")


def counted(count: int) -> str:
    """How many settings, in words."""
    return f"{count} setting{'s' if count != 1 else ''}"


def text_of(value: Value | None) -> str:
    """A value in one text, as it is shown; a secret is not."""
    if value is None:
        return "(not set)"
    if isinstance(value, SecretText):
        return HIDDEN
    if isinstance(value, Pairs):
        return _listed(f"{name} = {text}" for name, text in value.members)
    return (value or EMPTY) if isinstance(value, str) else _listed(value)


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts) or EMPTY
