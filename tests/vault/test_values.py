"""Values and names at the edges of what is allowed, and ciphertext where it does not belong."""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lango_cli.errors import (
    Conflict,
    InvalidName,
    LangoError,
    SecretNotFound,
    Tampered,
    TooLarge,
    UsageProblem,
)
from lango_cli.secret import SecretBytes
from lango_cli.vault.keys import Keys
from lango_cli.vault.names import check_name, check_prefix, split_reference
from lango_cli.vault.reader import VALUE_LIMIT
from tests.vault.place import DATABASE, Place, set_value, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lango_cli.vault.vault import Vault

TEXT = st.text(st.characters(), max_size=80)
NAMELIKE = st.text(st.sampled_from("aB1é/.@+:#- _\u0301ﬁ한\u200b\n\x00\udc80"), max_size=40)


@pytest.fixture(scope="module")
def vault(memory_folder: Path) -> Iterator[Vault]:
    """One open vault for all tests here."""
    with Place(memory_folder / "values").create() as found:
        yield found


@pytest.mark.parametrize("size", [0, 1, 2, 4095, 4096, 65536, VALUE_LIMIT])
def test_a_value_comes_back_as_it_went_in(vault: Vault, size: int) -> None:
    value = os.urandom(size)
    set_value(vault, "sized", value)
    assert value_of(vault, "sized") == value
    assert vault.secrets.show("sized").size == size


def test_a_value_over_16_mib_is_too_large_and_changes_nothing(vault: Vault) -> None:
    set_value(vault, "large", b"value")
    assert VALUE_LIMIT == 16 * 1024 * 1024
    with pytest.raises(TooLarge):
        set_value(vault, "large", bytes(VALUE_LIMIT + 1))
    assert value_of(vault, "large") == b"value"


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=50)
def test_any_bytes_come_back(vault: Vault, value: bytes) -> None:
    set_value(vault, "any bytes", value)
    assert value_of(vault, "any bytes") == value


def test_no_value_and_no_name_stands_in_the_files(memory_place: Place) -> None:
    value, name = b"a value to look for", "folder/a name to look for"
    with memory_place.create() as vault:
        set_value(vault, name, value)
        vault.secrets.edit(name, note="a note to look for", tags=["sought"])
        value_of(vault, name)
        for path in memory_place.folder.iterdir():
            for text in (value, name.encode(), b"a note to look for", b"sought"):
                assert text not in path.read_bytes(), path.name


@given(TEXT | NAMELIKE)
@settings(deadline=None, max_examples=600)
def test_a_name_is_taken_in_its_normal_form_or_refused(text: str) -> None:
    try:
        name = check_name(text)
    except InvalidName:
        return
    assert name == unicodedata.normalize("NFC", text) == check_name(name)
    assert 1 <= len(name.encode()) <= 255
    assert split_reference(name) == (name, None)
    assert split_reference(f"{name}@7") == (name, 7)
    assert check_prefix(text) == name


@given(TEXT | NAMELIKE, st.binary(max_size=10))
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_hostile_names_and_texts_meet_no_other_error(
    vault: Vault, text: str, value: bytes
) -> None:
    secrets = vault.secrets
    calls = (
        lambda: secrets.set(text, SecretBytes(value)),
        lambda: secrets.get(text),
        lambda: secrets.set("good", SecretBytes(value), note=text, owner=text, tags=[text]),
        lambda: secrets.copy("good", text),
        lambda: secrets.rename(text, "good"),
        lambda: secrets.delete(text),
        lambda: secrets.undelete(text),
        lambda: secrets.undelete(text, text),
        lambda: secrets.purge(text),
        lambda: secrets.history(text),
        lambda: secrets.list(text),
        lambda: secrets.names(text),
        lambda: secrets.find(text),
    )
    for call in calls:
        try:
            call()
        except LangoError as err:
            assert type(err) is not LangoError, err
            assert text.isprintable() or err.message.isprintable() or text in err.message


@pytest.mark.parametrize("number", [0, -1, 2**53, 2**63, 2**64, -(2**64)])
def test_a_version_that_cannot_be_is_not_found(vault: Vault, number: int) -> None:
    set_value(vault, "versioned", b"value")
    with pytest.raises(SecretNotFound):
        vault.secrets.rollback("versioned", number)
    with pytest.raises(SecretNotFound):
        vault.secrets.diff("versioned", 1, number)
    with pytest.raises((SecretNotFound, InvalidName)):
        vault.secrets.get(f"versioned@{number}")


def test_both_spellings_of_an_accent_are_one_name(vault: Vault) -> None:
    composed, combining = "caf\u00e9/x", "cafe\u0301/x"
    set_value(vault, combining, b"value")
    assert value_of(vault, composed) == b"value"
    assert vault.secrets.names("cafe\u0301") == [composed]
    vault.secrets.rename(combining, combining)
    with pytest.raises(Conflict):
        vault.secrets.copy(composed, combining)
    vault.secrets.delete(combining)
    vault.secrets.undelete(combining)
    assert vault.secrets.purge(combining) == 1


@pytest.mark.parametrize("tag", ["", "two\nlines", "\udc80", "\x00"])
def test_a_tag_that_could_not_be_read_back_is_refused(vault: Vault, tag: str) -> None:
    set_value(vault, "tagged", b"value")
    with pytest.raises(UsageProblem):
        vault.secrets.edit("tagged", tags=["good", tag])
    assert vault.secrets.show("tagged").tags == ()


def test_names_are_listed_in_byte_order(vault: Vault) -> None:
    names = ["order/Z", "order/a", "order/é", "order/한", "order/0", "order.x", "order"]
    for name in names:
        set_value(vault, name, b"value")
    inside = [name for name in names if name.startswith("order/")]
    assert vault.secrets.names("order/") == sorted(inside, key=str.encode)
    assert vault.secrets.names("order") == sorted(["order", *inside], key=str.encode)


# Ciphertext where it does not belong. Each move is made with the database's own key.

OF_A = "secret_id = (SELECT id FROM secrets WHERE name = 'a')"
MOVES = {
    "the value of another secret": f"""UPDATE versions SET sealed =
        (SELECT v.sealed FROM versions v JOIN secrets s ON s.id = v.secret_id
        WHERE s.name = 'b') WHERE {OF_A}""",
    "an earlier version of its own": f"""UPDATE versions SET sealed =
        (SELECT v.sealed FROM versions v WHERE v.secret_id = versions.secret_id AND v.version = 1)
        WHERE version = 2 AND {OF_A}""",
    "another secret's id": f"""UPDATE versions SET secret_id =
        (SELECT id FROM secrets WHERE name = 'empty') WHERE version = 2 AND {OF_A}""",
    "another version number": f"UPDATE versions SET version = 3 WHERE version = 2 AND {OF_A}",
    "a wrapped data key": f"""UPDATE versions SET sealed =
        CAST(x'01' || (SELECT wrapped FROM key_versions LIMIT 1) AS BLOB) WHERE {OF_A}""",
    "text that is no text": f"""UPDATE versions SET sealed = x'02' || substr(sealed, 2)
        WHERE {OF_A}""",
    "nothing": f"UPDATE versions SET sealed = x'' WHERE {OF_A}",
    "another format": f"""UPDATE versions SET
        sealed = CAST(x'02' || substr(sealed, 2) AS BLOB) WHERE {OF_A}""",
    "another data key's version": f"UPDATE versions SET key_version = 2 WHERE {OF_A}",
}
MOVED = {"another secret's id": "empty@2", "another version number": "a@3"}


@pytest.mark.parametrize("what", sorted(MOVES))
def test_a_value_in_another_place_does_not_open(memory_place: Place, what: str) -> None:
    with memory_place.create() as vault:
        for name in ("a", "b", "empty"):
            set_value(vault, name, b"first of " + name.encode())
        set_value(vault, "a", b"second of a")
        with vault.store.write():
            vault.store.run(
                "INSERT INTO key_versions SELECT key_id, 2, state, wrapped, created_at"
                " FROM key_versions"
            )
            vault.store.run("UPDATE key_versions SET state = 'retired' WHERE version = 2")
            assert vault.store.run(MOVES[what]) >= 1
    with memory_place.open() as vault, pytest.raises(Tampered):
        value_of(vault, MOVED.get(what, "a"))


def test_a_wrapped_key_does_not_open_in_another_ones_place(memory_place: Place) -> None:
    with memory_place.create() as vault:
        set_value(vault, "name", b"value")
        with vault.store.write():
            vault.store.run(
                "UPDATE meta SET value = (SELECT wrapped FROM key_versions)"
                " WHERE name = 'audit_key'"
            )
    with pytest.raises(Tampered):
        memory_place.open()


def test_a_data_key_of_another_vault_does_not_open(memory_place: Place) -> None:
    with memory_place.create() as vault:
        key_id, version, _ = vault.keys.active()
        stranger = Keys(vault.store, vault.bundle.wrapping, bytes(16))
        with pytest.raises(Tampered):
            stranger.version(key_id, version)


def test_a_value_is_not_left_in_the_file_after_purge(memory_place: Place) -> None:
    """Sealed as it is: `secure_delete` is on, and its page is overwritten."""
    with memory_place.create() as vault:
        set_value(vault, "name", b"value" * 2000)
        (sealed,) = vault.store.rows("SELECT sealed FROM versions")[0]
        vault.secrets.purge("name")
        assert vault.store.rows("PRAGMA secure_delete") == [(1,)]
        assert vault.store.rows("SELECT count(*) FROM versions") == [(0,)]
    assert sealed[100:200] not in memory_place.read(DATABASE)
