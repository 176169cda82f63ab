"""JSON exports: Bitwarden, 1Password's 1PUX, and the keys of `llm`. What becomes what: `items`."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from lango_cli.errors import UsageProblem
from lango_cli.formats.entry import INPUT_LIMIT
from lango_cli.formats.items import BAD_HINT, Item, collect, take_notes
from lango_cli.formats.jsons import document
from lango_cli.formats.tree import Pairs, text_value

if TYPE_CHECKING:
    from lango_cli.formats.entry import Parsed

LLM_NOTE = "// Note"
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, KeyError, OSError, ValueError, RuntimeError,
    EOFError,
)  # fmt: skip
"""What a damaged or encrypted archive raises."""


def read_llm(data: bytes) -> Parsed:
    """The keys.json of `llm`: a map with a note in it."""
    body = document(data)
    if not isinstance(body, Pairs):
        raise UsageProblem("this is not the keys file of llm", hint=BAD_HINT)
    items: list[Item] = []
    for key, value in body:
        if key != LLM_NOTE:
            item = Item(f"at {key[:80]}", "", key)
            item.secret = text_value(value) or ""
            items.append(item)
    return collect(items)


def read_bitwarden(data: bytes) -> Parsed:
    """An unencrypted JSON export of Bitwarden."""
    body = document(data)
    if not isinstance(body, Pairs) or not isinstance(body.get("items"), list):
        raise UsageProblem("this is not an unencrypted export of Bitwarden", hint=BAD_HINT)
    folders = {
        _text(one, "id"): _text(one, "name")
        for one in (*_list(body, "folders"), *_list(body, "collections"))
    }
    return collect(
        _bitwarden_item(one, f"item {number}", folders)
        for number, one in enumerate(_list(body, "items"), 1)
    )


def _bitwarden_item(one: Pairs, place: str, folders: dict[str, str]) -> Item:
    item = Item(place, folders.get(_text(one, "folderId"), ""), _text(one, "name"))
    login, key = _map(one, "login"), _map(one, "sshKey")
    item.user = _text(login, "username")
    item.secret = _text(login, "password") or _text(key, "privateKey")
    item.more.append(("totp", _text(login, "totp")))
    for part in ("card", "identity"):
        item.more += [(name, text_value(value) or "") for name, value in _map(one, part)]
    for field in _list(one, "fields"):
        hidden = _text(field, "type") == "1"
        pair = (_text(field, "name") or "field", _text(field, "value"))
        (item.more if hidden else item.about).append(pair)
    item.about += [("url", _text(uri, "uri")) for uri in _list(login, "uris")]
    take_notes(item, _text(one, "notes"))
    return item


def read_1pux(data: bytes) -> Parsed:
    """A 1PUX file of 1Password: a zip with a JSON document in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            packed = archive.getinfo("export.data")
            if packed.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise UsageProblem("it is packed in a way that is not read", hint=BAD_HINT)
            with archive.open(packed) as stream:
                content = stream.read(INPUT_LIMIT + 1)
    except _BROKEN:
        raise UsageProblem("this is not a 1PUX file of 1Password", hint=BAD_HINT) from None
    if len(content) > INPUT_LIMIT:
        raise UsageProblem("the export in it is too large", hint=BAD_HINT)
    body = document(content)
    items: list[Item] = []
    for account in _list(body if isinstance(body, Pairs) else Pairs(), "accounts"):
        for vault in _list(account, "vaults"):
            folder = _text(_map(vault, "attrs"), "name")
            for one in _list(vault, "items"):
                items.append(_1pux_item(one, f"item {len(items) + 1}", folder))
    return collect(items)


def _1pux_item(one: Pairs, place: str, folder: str) -> Item:
    overview, details = _map(one, "overview"), _map(one, "details")
    item = Item(place, folder, _text(overview, "title"))
    tags = overview.get("tags")
    item.tags = tuple(filter(None, map(text_value, tags if isinstance(tags, list) else ())))
    item.about.append(("url", _text(overview, "url")))
    item.secret = _text(details, "password")
    for field in _list(details, "loginFields"):
        if _text(field, "designation") == "username":
            item.user = _text(field, "value")
        elif _text(field, "designation") == "password":
            item.secret = _text(field, "value")
    for section in _list(details, "sections"):
        for field in _list(section, "fields"):
            _take_1pux_field(item, field)
    take_notes(item, _text(details, "notesPlain"))
    return item


def _take_1pux_field(item: Item, field: Pairs) -> None:
    label = _text(field, "title") or _text(field, "id") or "field"
    for kind, value in _map(field, "value"):
        if isinstance(value, Pairs):
            value = value.get("privateKey")
        text = text_value(value) or ""
        if kind in ("concealed", "totp", "sshKey", "creditCardNumber"):
            item.more.append((label, text))
        else:
            item.about.append((label, text))


def _text(members: object, key: str) -> str:
    found = members.get(key) if isinstance(members, Pairs) else None
    return text_value(found) or ""


def _map(members: object, key: str) -> Pairs:
    found = members.get(key) if isinstance(members, Pairs) else None
    return found if isinstance(found, Pairs) else Pairs()


def _list(members: object, key: str) -> list[Pairs]:
    found = members.get(key) if isinstance(members, Pairs) else None
    if not isinstance(found, list) or isinstance(found, Pairs):
        return []
    return [one for one in found if isinstance(one, Pairs)]
