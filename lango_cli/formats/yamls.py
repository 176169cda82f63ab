"""YAML, and the two documents of others that are YAML: Kubernetes Secrets and compose files.

The rule: a file is read as a stream of events, without building objects: an anchor or alias is
refused (a bomb is made of them), so is a key that stands twice, a nesting that is too deep and a
tag other than `!!str` and `!!binary`. A plain scalar is the text that stands there: `yes`, `0x1F`
and `1.50` stay as they are written.

What is written is quoted throughout, so that no reader takes a value for a number, a date or a
truth value; a value that is not UTF-8 is `!!binary`. In a compose file `$` is doubled, because
compose replaces `$NAME` in all values.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any

import yaml

from lango_cli.codec import b64
from lango_cli.errors import UsageProblem
from lango_cli.formats.entry import (
    DEPTH_LIMIT,
    Parsed,
    Unfit,
    bytes_of,
    decoded,
    refuse_beyond,
    spelled,
    variable_text,
)
from lango_cli.formats.names import NAMES_EXTENSION, NAMES_MEMBER, named_by
from lango_cli.formats.tree import Pairs, entries_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lango_cli.formats.entry import Entry

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BAD_HINT = "mend the file, or name its form with --format"
MANIFEST_LIMIT = 1 << 20
"""Bytes that the values of a Kubernetes Secret may have together."""
KEY_LIMIT = 253
_STRING, _BINARY = "tag:yaml.org,2002:str", "tag:yaml.org,2002:binary"
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_NULLS = ("", "~", "null", "Null", "NULL")


def documents(data: bytes) -> list[Any]:
    """Each document of a stream: `Pairs`, lists, texts, bytes and None."""
    text = decoded(data, "the file")
    try:
        return [*_documents(yaml.parse(text, Loader))]
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise UsageProblem(f"{place}this is not YAML", hint=BAD_HINT) from None
    except (RecursionError, ValueError):
        raise UsageProblem("this is not YAML", hint=BAD_HINT) from None


def _documents(events: Iterator[Any]) -> Iterator[Any]:
    """The nodes of the stream, put together without recursion."""
    open_nodes: list[_Node] = []
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UsageProblem(f"line {line}: anchors and aliases are not read", hint=BAD_HINT)
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append(_Node(event, line, len(open_nodes)))
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            value: object = open_nodes.pop().value()
        elif isinstance(event, yaml.ScalarEvent):
            value = _scalar(event, line)
        else:
            continue
        if open_nodes:
            open_nodes[-1].members.append(value)
        else:
            yield value


class _Node:
    """A map or list whose end has not come yet."""

    def __init__(self, event: Any, line: int, depth: int) -> None:  # noqa: ANN401  # no types
        if event.tag not in (None, "!", *_COLLECTIONS):
            raise UsageProblem(f"line {line}: a tag that is not read", hint=BAD_HINT)
        if depth > DEPTH_LIMIT + 1:
            raise UsageProblem(f"line {line}: nested too deep", hint=BAD_HINT)
        self.is_map = isinstance(event, yaml.MappingStartEvent)
        self.line = line
        self.members: list[object] = []

    def value(self) -> object:
        if not self.is_map:
            return self.members
        keys = self.members[0::2]
        if not all(isinstance(key, str) for key in keys):
            raise UsageProblem(f"line {self.line}: a key is no text", hint=BAD_HINT)
        return Pairs(zip(map(str, keys), self.members[1::2], strict=True))


def _scalar(event: Any, line: int) -> object:  # noqa: ANN401  # the library has no types for it
    if event.tag in (None, "!") or event.tag == _STRING:
        # What stands without quotes and without a tag may mean nothing at all.
        return None if event.implicit[0] and event.value in _NULLS else event.value
    if event.tag == _BINARY:
        try:
            packed = "".join(event.value.split()).encode("ascii")
            return binascii.a2b_base64(packed, strict_mode=True)
        except ValueError:
            raise UsageProblem(f"line {line}: this is not base64", hint=BAD_HINT) from None
    raise UsageProblem(f"line {line}: a tag that is not read", hint=BAD_HINT)


def _one_map(data: bytes) -> Pairs:
    found = documents(data)
    if len(found) == 1 and isinstance(found[0], Pairs):
        return found[0]
    raise UsageProblem("the YAML is no single map of names to values", hint=BAD_HINT)


def read(data: bytes) -> Parsed:
    """The entries of a map of names to values."""
    return entries_of(_one_map(data))


def write(entries: Sequence[Entry]) -> bytes:
    """A map of names to values."""
    lines = spelled(entries, lambda one: f"{quoted(one.key)}: {_value(one)}\n", "YAML", "")
    return "".join(lines).encode() or b"{}\n"


def _value(entry: Entry) -> str:
    data = bytes_of(entry)
    try:
        return quoted(data.decode())
    except UnicodeDecodeError:
        return f'!!binary "{b64(data)}"'


def quoted(text: str) -> str:
    """A text in double quotes on one line, everything not printable as an escape."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable() and character != "\ufeff":
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def read_manifest(data: bytes) -> Parsed:
    """The data of every Secret in a stream of manifests; other kinds are passed over."""
    parsed = Parsed()
    for number, manifest in enumerate(documents(data), 1):
        place = f"document {number}"
        if not isinstance(manifest, Pairs) or manifest.get("kind") != "Secret":
            if manifest is not None:
                parsed.wrong(place, "this is not a Secret")
            continue
        _read_secret(manifest, place, parsed)
    return parsed


def _read_secret(manifest: Pairs, place: str, parsed: Parsed) -> None:
    names = _names_of(manifest)
    for part in ("data", "stringData"):
        members = manifest.get(part)
        for entry in entries_of(members).entries if isinstance(members, Pairs) else ():
            entry.place = f"{place}, {part}, {entry.key}"
            try:
                if part == "data":
                    data = binascii.a2b_base64(bytes_of(entry), strict_mode=True)
                    entry.value = type(entry.value)(data)
            except ValueError:
                parsed.wrong(entry.place, "this is not base64")
                continue
            entry.name = names.get(entry.key, entry.key)
            parsed.entries.append(entry)


def _names_of(manifest: Pairs) -> dict[str, str]:
    """The names that an export left in the manifest's annotation."""
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Pairs) else None
    text = annotations.get(NAMES_MEMBER) if isinstance(annotations, Pairs) else None
    if not isinstance(text, str):
        return {}
    pairs = (line.partition("=") for line in text.split("\n"))
    return {key: name for key, _, name in pairs if name}


def write_manifest(entries: Sequence[Entry], title: str) -> bytes:
    """A Kubernetes Secret called `title`; keys that are not the name have it in an annotation."""
    what, instead = "a Kubernetes Secret", "export a folder at a time"
    refuse_beyond(entries, [len(one.value) for one in entries], MANIFEST_LIMIT, what, instead)
    lines = spelled(entries, _manifest_line, what, "rename it")
    renamed = "\n".join(f"{one.key}={one.name}" for one in entries if one.key != one.name)
    note = f"  annotations:\n    {quoted(NAMES_MEMBER)}: {quoted(renamed)}\n" if renamed else ""
    head = (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {quoted(title)}\n{note}type: Opaque\n"
    )
    return f"{head}data:{''.join(lines) or ' {}'}\n".encode()


def _manifest_line(entry: Entry) -> str:
    if not entry.key or len(entry.key) > KEY_LIMIT or entry.key.startswith(".."):
        raise Unfit("its name makes no key of a Secret")
    if entry.key == ".":
        raise Unfit("its name makes no key of a Secret")
    return f'\n  {quoted(entry.key)}: "{b64(bytes_of(entry))}"'


def read_compose(data: bytes) -> Parsed:
    """The environment of the one service of a compose file that has one."""
    body = _one_map(data)
    services, names = body.get("services"), body.get(NAMES_EXTENSION)
    found = [
        (name, service.get("environment"))
        for name, service in (services if isinstance(services, Pairs) else ())
        if isinstance(service, Pairs) and service.get("environment") is not None
    ]
    if len(found) != 1:
        raise UsageProblem("not one service with an environment", hint=BAD_HINT)
    environment = found[0][1]
    if isinstance(environment, list) and not isinstance(environment, Pairs):
        environment = Pairs(_halves(str(item)) for item in environment)
    if not isinstance(environment, Pairs):
        raise UsageProblem("the environment is no map and no list", hint=BAD_HINT)
    parsed = entries_of(environment)
    kept = []
    for entry in parsed.entries:
        text = bytes_of(entry).replace(b"$$", b"")
        if b"$" in text:
            parsed.wrong(entry.place, "compose replaces $NAME; a dollar sign is $$")
            continue
        entry.value = type(entry.value)(bytes_of(entry).replace(b"$$", b"$"))
        name = names.get(entry.key) if isinstance(names, Pairs) else None
        entry.name = named_by(name if isinstance(name, str) else "", entry.key)
        kept.append(entry)
    parsed.entries = kept
    return parsed


def _halves(item: str) -> tuple[str, str]:
    key, _, value = item.partition("=")
    return key, value


def write_compose(entries: Sequence[Entry], title: str) -> bytes:
    """A compose file that gives one service these variables."""
    lines = spelled(entries, _compose_line, "a compose file", "take --format kubernetes or lango")
    head = f"services:\n  {quoted(title)}:\n    environment:"
    renamed = [one for one in entries if one.key != one.name]
    names = "".join(f"  {quoted(one.key)}: {quoted(one.name)}\n" for one in renamed)
    extension = f"{NAMES_EXTENSION}:\n{names}" if names else ""
    return f"{head}{''.join(lines) or ' {}'}\n{extension}".encode()


def _compose_line(entry: Entry) -> str:
    return f"\n      {quoted(entry.key)}: {quoted(variable_text(entry).replace('$', '$$'))}"
