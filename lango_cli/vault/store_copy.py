"""Copies of a database, page by page, and whether two databases hold the same.

The rule: a copy is taken from a connection of its own that holds one snapshot, so that writers go
on meanwhile and never send it back to its start; and that has no write of its own, on which the
backup API would wait for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.crypto.stream import sha256_of
from lango_cli.errors import FileProblem, NewerFormat, Tampered
from lango_cli.model import Unwatched
from lango_cli.vault.engine import dbapi2
from lango_cli.vault.envelope import PAGE_SIZE
from lango_cli.vault.migrations import MIGRATIONS
from lango_cli.vault.store import ERRORS, Store, translate
from lango_cli.vault.store_open import IMMUTABLE, connect, migrate_alone, open_alone, shadow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.crypto.keys import DatabaseKey
    from lango_cli.errors import LangoError
    from lango_cli.model import Progress
    from lango_cli.vault.engine import Connection

STEP = 1 << 20
"""Bytes that one step copies."""

CACHE_KIB = 4_000
"""Kept of a file that is read once from its start to its end, which is what happens here."""

Digests = dict[str, tuple[int, bytes]]
"""Of each table: how many rows, and the SHA-256 of all of them in their order."""


def snapshot(store: Store, key: DatabaseKey, page_size: int) -> Store:
    """The database of an open store as it is now, however others change it; to be abandoned."""
    if store.writable:
        return _begun(_opened(store.path, "mode=rw", key, page_size))
    copy = _opened(store.path, IMMUTABLE, key, page_size)
    try:
        shadow(copy, copy.meta("schema"))
        return _begun(copy)
    except BaseException:
        copy.abandon()
        raise


def open_copy(path: str, key: DatabaseKey, page_size: int) -> Store:
    """A finished copy, read-only and as it lies there; to be abandoned."""
    return _opened(path, IMMUTABLE, key, page_size)


def _opened(path: str, mode: str, key: DatabaseKey, page_size: int) -> Store:
    try:
        connection = connect(path, mode, key, page_size)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except ERRORS as err:
        raise translate(err, path) from None
    return Store("", path, connection, False)


def _begun(store: Store) -> Store:
    try:
        store.run("BEGIN")
        store.rows("SELECT count(*) FROM sqlite_master")
    except BaseException:
        store.abandon()
        raise
    return store


def copy_pages(
    source: Store, path: str, key: DatabaseKey, page_size: int, progress: Progress
) -> None:
    """Every page of `source` into the empty file `path` under `key`; not synced."""
    target = None
    try:
        target = connect(path, "mode=rw", key, page_size)
        # Whoever fails here throws the whole file away: nothing to roll back, one sync at the end.
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        target.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        _copy(source, target, page_size, progress)
    except ERRORS as err:
        raise _translate(err, path) from None
    finally:
        if target is not None:
            target.close()


def copy_back(
    path: str, target: Store, key: DatabaseKey, page_size: int, progress: Progress
) -> None:
    """Every page of the finished copy `path` over an open database, as one transaction."""
    source = open_copy(path, key, page_size)
    try:
        _copy(source, target._connection, page_size, progress)
    except ERRORS as err:
        raise _translate(err, target.path) from None
    finally:
        source.abandon()


def _translate(err: BaseException, path: str) -> LangoError:
    """The same as `translate`, for the backup API too, whose errors come without a code."""
    code = getattr(err, "sqlite_errorcode", None)
    if code is not None or not isinstance(err, dbapi2.OperationalError):
        return translate(err, path)
    if "full" in str(err):
        return FileProblem(f"{path}: no space left", hint="make room and run the command again")
    return FileProblem(f"{path}: cannot be read or written", hint="is the disk full?")


def _copy(source: Store, target: Connection, page_size: int, progress: Progress) -> None:
    done = 0

    def report(_status: int, remaining: int, total: int) -> None:
        nonlocal done
        if not done:
            progress.start("copying", total)
        progress.advance(total - remaining - done)
        done = total - remaining

    source._connection.backup(target, pages=max(1, STEP // page_size), progress=report)


def brought_forward(source: Store, path: str, key: DatabaseKey, page_size: int) -> Store:
    """A copy of an older database in the empty file `path`, at the newest schema."""
    copy_pages(source, path, key, page_size, Unwatched())
    store = open_alone("", path, key, page_size)
    try:
        migrate_alone(store)
        store.take_over()
    finally:
        store.abandon()
    return open_copy(path, key, page_size)


def compact_into(store: Store, path: str, page_size: int) -> None:
    """The same content without free pages in the empty file `path`, under the same key.

    What SQLCipher makes by `VACUUM INTO` has pages of its default size, whatever the source has.
    """
    store.rows(f"PRAGMA cipher_default_page_size = {page_size}")
    try:
        store.run("VACUUM INTO ?", path)
    finally:
        store.rows(f"PRAGMA cipher_default_page_size = {PAGE_SIZE}")


def digests(store: Store, progress: Progress) -> Digests:
    """What each table holds; equal if and only if two databases hold the same in one order."""
    return {table: _digest(store, table, progress) for table in tables(store)}


def same_rows(
    one: Store, other: Store, table: str, columns: tuple[str, ...], progress: Progress
) -> bool:
    """Whether these columns of a table hold the same rows in the same order."""
    wanted = ", ".join(columns)
    left = _digest(one, table, progress, wanted)
    return left == _digest(other, table, progress, wanted)


def columns_of(store: Store, table: str) -> tuple[str, ...]:
    """The names of a table's columns."""
    names = tuple(row[1] for row in store.rows(f"PRAGMA table_info({table})"))
    if not all(name.isidentifier() for name in names):
        raise Tampered("the database has a column that is not lango's")
    return names


def _digest(store: Store, table: str, progress: Progress, columns: str = "*") -> tuple[int, bytes]:
    import msgspec

    count = 0
    encode = msgspec.msgpack.encode

    def rows() -> Iterator[bytes]:
        nonlocal count
        for row in store.each(f'SELECT {columns} FROM "{table}"'):  # noqa: S608  # the schema's names
            count += 1
            yield encode(row)
            progress.advance()

    digest = sha256_of(rows())
    return count, digest


def tables(store: Store) -> list[str]:
    """The names of all tables."""
    found = store.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    names = [row[0] for row in found]
    if not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise Tampered("the database has a table that is not lango's")
    return names


def page_problems(store: Store, pages: int) -> list[str]:
    """What SQLCipher and SQLite find wrong with the first so many pages of a file at rest."""
    found = [row[0] for row in store.rows("PRAGMA cipher_integrity_check")]
    found = [text for text in found if not _is_beyond(text, pages)]
    if not found:
        found = [row[0] for row in store.rows("PRAGMA integrity_check") if row[0] != "ok"]
    return found


def _is_beyond(text: str, pages: int) -> bool:
    """Whether SQLCipher complains of a page that is not the database's: what follows it."""
    number = text.rpartition(" ")[2]
    return text.startswith("HMAC") and number.isdigit() and int(number) > pages


def know(store: Store, vault: str) -> None:
    """Fill `known` of a copy; Tampered if it is not this vault's, NewerFormat for a later schema.

    An older schema is left as it is: a copy is not changed.
    """
    known = dict(store.rows("SELECT name, value FROM meta"))
    store.known = known
    schema = known.get("schema")
    if known.get("vault") != vault or not isinstance(schema, int) or schema < 1:
        raise Tampered("the database in it is not of the vault that its header names")
    if schema > len(MIGRATIONS):
        raise NewerFormat(f"the database has schema {schema}, this lango knows {len(MIGRATIONS)}")
