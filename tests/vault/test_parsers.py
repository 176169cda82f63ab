"""Arbitrary bytes into everything that reads a file: only a `LangoError` comes out."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lango_cli.codec import b64, canonical, parse_canonical, rfc3339, unb64
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import LangoError, NewerFormat, NotApplicable, Tampered
from lango_cli.files import read_count
from lango_cli.model import AuditRecord
from lango_cli.secret import SecretBytes
from lango_cli.vault import audit_check
from lango_cli.vault.bundle import decode
from lango_cli.vault.envelope import FORMAT
from lango_cli.vault.header import parse
from lango_cli.vault.home import HEADER, PENDING
from tests.vault.place import Place, events, set_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lango_cli.vault.vault import Vault

MANY = settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats()
    | st.text(max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=6), below),
    max_leaves=12,
)
RECORD = tuple(field.name for field in fields(AuditRecord))
FEWER = settings(MANY, max_examples=80)
DEEP = b"[" * 100_000
HUGE = b"9" * 5_000


@pytest.fixture(scope="module")
def place(memory_folder: Path) -> Place:
    """A vault with a slot of each kind of KDF that is quick."""
    found = Place(memory_folder / "parsers")
    found.create(passphrase=True).close()
    return found


@pytest.fixture(scope="module")
def vault(place: Place) -> Iterator[Vault]:
    """The same, open."""
    with place.open() as found:
        set_value(found, "name", b"value")
        yield found


def only_lango_errors(call: Callable[[], object]) -> object:
    """What a call gives, None where it says no in the way that it should."""
    try:
        return call()
    except LangoError as err:
        assert type(err) is not LangoError
        return None


# Bytes.


@given(st.binary(max_size=300))
@MANY
def test_any_bytes_as_a_header(data: bytes) -> None:
    only_lango_errors(lambda: parse(data))


@given(JSON)
@MANY
def test_any_json_as_a_header(value: object) -> None:
    only_lango_errors(lambda: parse(json.dumps(value).encode() + b"\n"))


@pytest.mark.parametrize("data", [DEEP, HUGE, b'{"a":' * 60_000, b"", b"\n", b"\xff\n", b"1e5\n"])
def test_bytes_that_have_broken_parsers_before(vault: Vault, data: bytes) -> None:
    for what in (data, data + b"\n"):
        with pytest.raises(Tampered):
            parse(what)
        with pytest.raises(Tampered):
            audit_check._record(what)
        only_lango_errors(lambda what=what: parse_canonical(what, "it"))  # type: ignore[misc]  # the loop's own


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every member of a document."""
    yield path
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, below in members:
        yield from paths(below, (*path, name))


def replaced(document: Any, path: tuple[str | int, ...], value: object) -> Any:
    """A copy of the document with one member exchanged."""
    if not path:
        return value
    changed = document.copy()
    changed[path[0]] = replaced(changed[path[0]], path[1:], value)
    return changed


@given(st.data(), JSON)
@MANY
def test_any_member_of_the_header_exchanged_for_anything(
    place: Place, data: st.DataObject, value: object
) -> None:
    """In its canonical form, so that the checks behind that one are reached."""
    document = json.loads(place.read(HEADER))
    changed = replaced(document, data.draw(st.sampled_from(list(paths(document)))), value)
    try:
        header = canonical(changed) + b"\n"
    except (TypeError, ValueError):
        return
    envelope = only_lango_errors(lambda: parse(header))
    if envelope is None or changed == document:
        return
    path = place.folder / HEADER
    whole = path.read_bytes()
    path.write_bytes(header)
    try:
        assert only_lango_errors(place.open) is None, "a changed header opened"
    finally:
        path.write_bytes(whole)


@given(st.binary(max_size=250) | st.binary(min_size=168, max_size=168))
@MANY
def test_any_bytes_as_what_a_session_keeps(data: bytes) -> None:
    with pytest.raises(NotApplicable):
        decode(SecretBytes(data), "00" * 16, 1)


@given(st.binary(max_size=200))
@MANY
def test_any_bytes_as_an_audit_record(data: bytes) -> None:
    only_lango_errors(lambda: audit_check._record(data))


@given(JSON, st.lists(JSON, min_size=len(RECORD), max_size=len(RECORD)))
@FEWER
def test_any_json_as_an_audit_record(whole: object, members: list[object]) -> None:
    for value in (whole, dict(zip(RECORD, members, strict=True))):
        try:
            data = canonical(value)
        except (TypeError, ValueError):
            continue
        only_lango_errors(lambda data=data: audit_check._record(data))  # type: ignore[misc]  # the loop's own


@given(JSON, st.data())
@MANY
def test_any_json_as_an_exported_head(vault: Vault, value: object, data: st.DataObject) -> None:
    head = audit_check.head(vault)
    path = data.draw(st.sampled_from(list(paths(head))))
    changed = replaced(head, path, value)
    if changed == head or changed is None:
        return
    with pytest.raises(Tampered):
        audit_check.check_head(changed)
    with pytest.raises(Tampered):
        audit_check.verify(vault, changed)


@pytest.mark.parametrize("at", [10**400, -(10**400), "1", None, [], {}])
def test_a_record_of_an_impossible_time_is_tampering(at: object) -> None:
    with pytest.raises(Tampered):
        audit_check._record(canonical({**dict.fromkeys(RECORD, ""), "at": at}))


def test_a_head_nested_too_deep_is_tampering() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    head: dict[str, Any] = dict.fromkeys(("mac", "public_key", "signature", "v", "vault"), "")
    with pytest.raises(Tampered):
        audit_check.check_head({**head, "seq": 1, "at": deep})
    while deep:
        deep = deep.pop()


@given(st.lists(st.binary(max_size=60), max_size=5).map(b"\n".join))
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_as_pending_records_are_counted_and_gone(vault: Vault, data: bytes) -> None:
    before = len(events(vault))
    path = f"{vault.home.folder}/{PENDING}"
    with open(path, "wb") as stream:
        stream.write(data)
    set_value(vault, "name", b"value")
    wanted = ["audit.pending", "secret.write"] if data.splitlines() else ["secret.write"]
    assert events(vault)[before:] == wanted
    assert audit_check.verify(vault).intact
    with open(path, "rb") as stream:
        assert stream.read() == b""


def test_more_pending_records_than_can_be_read_are_reported_and_stop_no_write(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lango_cli.vault.audit.PENDING_LIMIT", 1000)
    with open(f"{vault.home.folder}/{PENDING}", "wb") as stream:
        stream.write(b"1 abcd\n" * 200)
    set_value(vault, "name", b"value")
    assert events(vault)[-2:] == ["audit.pending", "secret.write"]


@given(st.binary(max_size=70))
@MANY
def test_any_bytes_as_a_counter(place: Place, data: bytes) -> None:
    path = place.root / "counter"
    path.write_bytes(data)
    assert read_count(str(path)) >= 0


# The codec.


@given(st.binary(max_size=200))
@MANY
def test_only_the_canonical_form_is_read(data: bytes) -> None:
    value = only_lango_errors(lambda: parse_canonical(data, "it"))
    if value is not None:
        assert canonical(value) == data


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda below: st.lists(below) | st.dictionaries(st.text(), below),
        max_leaves=20,
    )
)
@MANY
def test_what_was_written_is_read(value: object) -> None:
    assert parse_canonical(canonical(value), "it") == value
    assert json.loads(canonical(value)) == value


@given(st.text(max_size=60) | st.binary(max_size=40).map(b64), st.binary(max_size=60))
@MANY
def test_base64_has_one_spelling(text: str, data: bytes) -> None:
    assert unb64(b64(data), "it") == data
    try:
        assert b64(unb64(text, "it")) == text
    except Tampered:
        pass


@pytest.mark.parametrize("value", [None, 1, b"YQ==", ["YQ=="], "YQ", "YQ==\n", "YR==", "é", " "])
def test_what_is_no_base64_is_tampering(value: object) -> None:
    with pytest.raises(Tampered):
        unb64(value, "it")


def test_times_are_rfc_3339_in_utc() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00Z"
    assert rfc3339(-62_135_596_800) == "0001-01-01T00:00:00Z"
    assert rfc3339(1_769_860_800.9) == "2026-01-31T12:00:00Z"


def test_a_newer_format_is_told_from_damage() -> None:
    with pytest.raises(NewerFormat):
        parse(canonical({"format": FORMAT + 1}) + b"\n")
    with pytest.raises(Tampered):
        parse(random_bytes(100))
