"""Making and opening the database file, and finding out why it does not open.

The rule: a raw key of exactly 64 hex digits and nothing else is ever put into a PRAGMA; cipher and
secure_delete are asserted at open. Why a salt is kept in the header: where the file does not open
under its key, it tells a damaged database from another vault's.
"""

from __future__ import annotations

import os

from lango_cli import files
from lango_cli.errors import AnotherVault, FileProblem, LangoError, NewerFormat, Tampered
from lango_cli.vault.engine import dbapi2
from lango_cli.vault.migrations import MIGRATIONS
from lango_cli.vault.store import BUSY_MILLISECONDS, ERRORS, UNFINISHED, Store, translate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.crypto.keys import DatabaseKey
    from lango_cli.vault.store import Transaction

CACHE_KIB = 32_000
"""At most so much of the file is kept decrypted: enough for the index of 100,000 secrets."""

IMMUTABLE = "mode=ro&immutable=1"
"""How a file is opened that nobody changes: without locks, and without files beside it."""

_SALT = 16
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
"""Bytes of a path that mean nothing in a URI."""


def connect(path: str, mode: str, key: DatabaseKey, page_size: int) -> dbapi2.Connection:
    """A connection under `key` with everything set that every connection has.

    Its errors are ours already: on a full disk even a PRAGMA fails.
    """
    digits = key.reveal().hex()
    if len(digits) != 64:
        raise ValueError("a database key is 32 bytes")
    try:
        # The engine is built for threads; nothing here uses one connection from two at a time.
        connection = dbapi2.connect(
            file_uri(path, mode), uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, digits, page_size)
        except BaseException:
            connection.close()
            raise
    except ERRORS as err:
        raise translate(err, path) from None
    return connection


def file_uri(path: str, mode: str) -> str:
    """The path as SQLite takes it with options; every byte but the harmless ones is escaped."""
    found = os.fsencode(os.path.abspath(path))
    name = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in found)
    return f"file://{name}?{mode}"


def _prepare(connection: dbapi2.Connection, digits: str, page_size: int) -> None:
    for pragma in (
        "cipher_log_level = NONE",
        f"key = \"x'{digits}'\"",
        f"cipher_page_size = {page_size}",
        f"cache_size = -{CACHE_KIB}",
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "foreign_keys = ON",
        "synchronous = FULL",
    ):
        connection.execute(f"PRAGMA {pragma}")
    secure = connection.execute("PRAGMA secure_delete = ON").fetchone()
    cipher = connection.execute("PRAGMA cipher_version").fetchone()
    if secure != (1,) or cipher is None:
        raise FileProblem("this SQLite has no encryption", hint="pip install sqlcipher3")


def create_store(
    folder: str,
    path: str,
    key: DatabaseKey,
    vault: str,
    page_size: int,
    now: int,
    fill: Callable[[Store], None],
) -> None:
    """A new database under `key`, at the newest schema, filled, whole on disk and closed.

    `now` in milliseconds UTC.
    """
    files.create(path, b"")
    try:
        connection = connect(path, "mode=rw", key, page_size)
    except ERRORS as err:
        raise translate(err, path) from None
    store = Store(folder, path, connection, writable=True)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in schema():
            connection.execute(statement)
        for name, value in (
            ("vault", vault),
            ("schema", len(MIGRATIONS)),
            ("commits", 1),
            ("revision", 1),
            ("pending", 0),
            ("created", now),
        ):
            store.set_meta(name, value)
        fill(store)
        connection.execute("COMMIT")
        store.take_over()
    except ERRORS as err:
        raise translate(err, path) from None
    finally:
        store.abandon()


def schema() -> Iterator[str]:
    """Every statement that makes an empty database of the newest schema."""
    for step in MIGRATIONS:
        yield from step


def open_alone(folder: str, path: str, key: DatabaseKey, page_size: int) -> Store:
    """A database that nobody else knows of yet, with its log."""
    try:
        connection = connect(path, "mode=rw", key, page_size)
        connection.execute("PRAGMA journal_mode = WAL")
    except ERRORS as err:
        raise translate(err, path) from None
    return Store(folder, path, connection, writable=True)


def database_salt(path: str) -> bytes:
    """The 16 clear bytes at the start of a SQLCipher file, which tell one file from another."""
    with open(path, "rb") as stream:
        return stream.read(_SALT)


def open_store(
    folder: str, path: str, key: DatabaseKey, vault: str, page_size: int, salt: bytes
) -> Store:
    """The vault's database, at the newest schema.

    Tampered if it is missing, damaged or older than `salt` says; AnotherVault if it is not this
    vault's; NewerFormat for a later schema. Where the folder cannot be written, or the disk is
    full, the file is opened unchanged and read-only, provided no log is left over.
    """
    try:
        return _open(folder, path, key, vault, page_size)
    except Tampered:
        if _strangers(path, salt):
            raise AnotherVault("the database is not the one that the header belongs to") from None
        raise


def _open(folder: str, path: str, key: DatabaseKey, vault: str, page_size: int) -> Store:
    writable = _look(folder, path)
    try:
        return _open_as(folder, path, key, vault, page_size, writable=writable)
    except FileProblem as err:
        # A full disk has no room for what a writer keeps beside the file; a reader needs nothing.
        if not writable or _left_over(path + "-wal"):
            raise
        store = _open_as(folder, path, key, vault, page_size, writable=False)
        store.obstacle = err
        return store


def _open_as(
    folder: str, path: str, key: DatabaseKey, vault: str, page_size: int, *, writable: bool
) -> Store:
    mode = "mode=rw" if writable else IMMUTABLE
    try:
        store = Store(folder, path, connect(path, mode, key, page_size), writable)
    except ERRORS as err:
        raise translate(err, path) from None
    try:
        _check(store, vault)
    except BaseException:
        store.abandon()
        raise
    return store


def finish(path: str) -> None:
    """Give a complete new database its name, unless somebody else does at the same time."""
    try:
        files.move(path + UNFINISHED, path)
    except FileProblem:
        if not files.exists(path) and files.exists(path + UNFINISHED):
            raise


def _look(folder: str, path: str) -> bool:
    """Whether the file is there, no link, and may be written; or why it cannot even be read."""
    if not files.exists(path):
        finish(path)
    if not files.exists(path):
        raise Tampered(
            "the database is missing", hint="restore a backup, or see what is left: lango doctor"
        )
    if os.path.islink(path):
        raise FileProblem(f"{path} is a symbolic link, and lango follows none here")
    if not os.path.isfile(path):
        raise FileProblem(f"{path} is not a regular file")
    writable = os.access(folder, os.W_OK) and os.access(path, os.W_OK)
    if not writable and _left_over(path + "-wal"):
        raise FileProblem(
            f"{path} has changes that only a writer can take in, and {folder} is read-only",
            hint="run one command where the vault may be written",
        )
    return writable


def _left_over(log: str) -> bool:
    try:
        return os.stat(log).st_size > 0
    except OSError:
        return False


def _strangers(path: str, salt: bytes) -> bool:
    """Whether the file's first bytes are another file's, rather than this one's with damage."""
    found = database_salt(path) if files.exists(path) else b""
    if len(found) != _SALT or not any(found):
        return False
    return sum(a != b for a, b in zip(found, salt, strict=True)) > _SALT // 2


def _check(store: Store, vault: str) -> None:
    try:
        known = dict(store.rows("SELECT name, value FROM meta"))
    except LangoError as err:
        if type(err) is not LangoError:
            raise
        # What opened has no such table: an emptied file is a new database to SQLite.
        raise Tampered("the database has not the tables it should") from None
    store.known = known
    if known.get("vault") != vault:
        raise AnotherVault("the database is not the one that the header belongs to")
    schema = known.get("schema")
    if not isinstance(schema, int) or schema < 1:
        raise Tampered("the database does not say which schema it has")
    if schema > len(MIGRATIONS):
        raise NewerFormat(f"the database has schema {schema}, this lango knows {len(MIGRATIONS)}")
    if schema < len(MIGRATIONS) and store.writable:
        _migrate(store, store.write())
    elif schema < len(MIGRATIONS):
        shadow(store, schema)


def shadow(store: Store, schema: int) -> None:
    """Make a file that cannot be changed look as if its schema were the newest one.

    The steps that it has not had are done to tables of the connection's own, in memory, which
    stand before those of the file: new ones are empty, changed ones begin as copies.
    """
    store.rows("PRAGMA temp_store = MEMORY")
    copied = set()
    for step in MIGRATIONS[schema:]:
        for statement in step:
            words = statement.split()
            table = words[2]
            if words[0] == "ALTER" and table not in copied:
                # Names of tables come from the steps above.
                store.run(f"CREATE TEMP TABLE {table} AS SELECT * FROM main.{table}")  # noqa: S608
                copied.add(table)
            if words[:2] == ["CREATE", "TABLE"]:
                copied.add(table.partition("(")[0])
                statement = statement.replace("CREATE TABLE", "CREATE TEMP TABLE", 1)
            store.run(statement)


def migrate_alone(store: Store) -> None:
    """Bring the schema of a database forward that nobody else knows of yet."""
    if store.meta("schema") < len(MIGRATIONS):
        _migrate(store, store.write_alone())


def _migrate(store: Store, transaction: Transaction) -> None:
    """Bring the schema forward, one transaction for all steps; never backward."""
    with transaction:
        for number in range(store.meta("schema"), len(MIGRATIONS)):
            for statement in MIGRATIONS[number]:
                store.run(statement)
        store.set_meta("schema", len(MIGRATIONS))
