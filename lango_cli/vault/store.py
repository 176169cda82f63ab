"""The database: SQLCipher, one writer at a time, and every word of SQL beside `rows.py`.

The rule: a raw key of exactly 64 hex digits and nothing else is ever put into a PRAGMA; cipher and
secure_delete are asserted at open; a write holds the vault's lock, re-reads the header's
generation and counts itself. Why not SQLite's own locks alone: a writer that waits on them can be
starved, and a rekey replaces the file beneath them.

Two counters guard against going back in time: the database's own count of commits, and its copy in
the state folder. A database that has fewer commits than this machine has seen was rolled back.
"""

from __future__ import annotations

import os

from lango_cli import files
from lango_cli.errors import (
    AnotherVault,
    Busy,
    FileProblem,
    LangoError,
    NewerFormat,
    Tampered,
    UsageProblem,
)
from lango_cli.vault.engine import dbapi2
from lango_cli.vault.migrations import MIGRATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Any

    from lango_cli.crypto.keys import DatabaseKey

BUSY_MILLISECONDS = 5000
"""How long one statement waits for SQLite's own locks; the vault's lock is taken before."""

CACHE_KIB = 32_000
"""At most so much of the file is kept decrypted: enough for the index of 100,000 secrets."""

UNFINISHED = ".init"
"""Behind the name of a new vault's database until the header, which makes it a vault, stands."""

_SALT = 16
_FULL = (dbapi2.SQLITE_FULL, dbapi2.SQLITE_IOERR, dbapi2.SQLITE_CANTOPEN, dbapi2.SQLITE_READONLY)
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
_ERRORS = (dbapi2.Error, MemoryError, OverflowError, UnicodeEncodeError)
"""All that the binding raises: of its own, and for what SQLite cannot hold."""


def _translate(err: BaseException, path: str) -> LangoError:
    """SQLite's complaint as one of ours; its own text may hold a value and is never passed on."""
    if isinstance(err, (OverflowError, UnicodeEncodeError)):
        return UsageProblem("a text that is no UTF-8, or a number that is too large")
    code = getattr(err, "sqlite_errorcode", None)
    base = None if code is None else code & 0xFF
    if base in (dbapi2.SQLITE_CORRUPT, dbapi2.SQLITE_NOTADB) or isinstance(err, MemoryError):
        return Tampered("the database is damaged")
    if base in (dbapi2.SQLITE_BUSY, dbapi2.SQLITE_LOCKED):
        return Busy("another process is writing to the database")
    if base == dbapi2.SQLITE_FULL:
        return FileProblem(f"{path}: no space left", hint="make room and run the command again")
    if base in _FULL:
        return FileProblem(f"{path}: cannot be read or written")
    # Not a fault of the disk or of another process: a bug, which is shown by its class alone.
    return LangoError(f"the database refuses ({getattr(err, 'sqlite_errorname', 'unknown')})")


class Store:
    """An open database. Rows come back as tuples; times in it are milliseconds since 1970 UTC."""

    def __init__(
        self, folder: str, path: str, connection: dbapi2.Connection, writable: bool
    ) -> None:
        self._folder = folder
        self._connection = connection
        self._after: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self._counters = ""
        self._fence: Callable[[], None] = lambda: None
        self.known: dict[str, Any] = {}
        self.lock_timeout = 10.0
        self.path = path
        self.writable = writable

    def guard(self, counters: str, fence: Callable[[], None]) -> None:
        """Where the commit count is kept outside, and what each write asks before it begins."""
        self._counters = counters
        self._fence = fence

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        try:
            found: list[tuple[Any, ...]] = self._connection.execute(statement, values).fetchall()
        except _ERRORS as err:
            raise _translate(err, self.path) from None
        return found

    def row(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        """The first row, None where there is none."""
        try:
            row: tuple[Any, ...] | None = self._connection.execute(statement, values).fetchone()
        except _ERRORS as err:
            raise _translate(err, self.path) from None
        return row

    def each(self, statement: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Rows one by one, for results too large to hold."""
        try:
            yield from self._connection.execute(statement, values)
        except _ERRORS as err:
            raise _translate(err, self.path) from None

    def run(self, statement: str, *values: object) -> int:
        """One change; how many rows it touched. Only inside `write()`."""
        try:
            changed: int = self._connection.execute(statement, values).rowcount
        except _ERRORS as err:
            raise _translate(err, self.path) from None
        return changed

    def run_many(self, statement: str, values: Sequence[tuple[object, ...]]) -> None:
        """The same change for each tuple. Only inside `write()`."""
        try:
            self._connection.executemany(statement, values)
        except _ERRORS as err:
            raise _translate(err, self.path) from None

    def meta(self, name: str) -> Any:  # noqa: ANN401  # SQLite's cells have no one type
        """One named value of the vault as a whole, None where unset."""
        row = self.row("SELECT value FROM meta WHERE name = ?", name)
        return None if row is None else row[0]

    def set_meta(self, name: str, value: object) -> None:
        """Set one named value. Only inside `write()`."""
        self.run("INSERT OR REPLACE INTO meta(name, value) VALUES (?, ?)", name, value)

    def write(self, timeout: float | None = None) -> Transaction:
        """A write transaction under the vault's lock; Busy after `timeout` seconds."""
        if not self.writable:
            raise FileProblem(
                f"{self._folder} is read-only", hint="write where the vault may change"
            )
        return Transaction(self, self.lock_timeout if timeout is None else timeout)

    def after_commit(self, action: Callable[[], None], otherwise: Callable[[], None]) -> None:
        """Do this once the running transaction is on disk, under its lock; else the other."""
        self._after.append((action, otherwise))

    def check_pages(self) -> list[str]:
        """What SQLCipher and SQLite find wrong with the file; nothing if all is well."""
        if self.writable:
            self._checkpoint()
        found = [row[0] for row in self.rows("PRAGMA cipher_integrity_check")]
        if not found:
            found = [row[0] for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
        return found

    def versions(self) -> dict[str, str]:
        """Versions of the engine, for `doctor`."""
        return {
            "sqlcipher": str(self.rows("PRAGMA cipher_version")[0][0]),
            "sqlite": dbapi2.sqlite_version,
        }

    def close(self) -> None:
        """Put the log into the database file and let go of it."""
        try:
            if self.writable:
                self._checkpoint()
        except FileProblem:
            # No room to take the log over: it stays, and with it everything that was committed.
            return
        finally:
            self._connection.close()

    def abandon(self) -> None:
        """Let go of a database that turned out not to be usable, without writing to it."""
        self._connection.close()

    def _checkpoint(self) -> None:
        # A reader in another process may hold part of the log: then the next close takes it over.
        try:
            self._connection.execute("PRAGMA busy_timeout = 0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        except dbapi2.Error as err:
            problem = _translate(err, self.path)
            if not isinstance(problem, Busy):
                raise problem from None

    def _begin(self) -> None:
        self._fence()
        self.run("BEGIN IMMEDIATE")
        self.run("UPDATE meta SET value = value + 1 WHERE name = 'commits'")

    def _commit(self) -> None:
        commits = self.meta("commits")
        self.run("COMMIT")
        if self._counters:
            note_commits(self._counters, commits)
        actions, self._after = self._after, []
        for action, _ in actions:
            action()

    def _rollback(self) -> None:
        actions, self._after = self._after, []
        for _, otherwise in actions:
            otherwise()
        if self._connection.in_transaction:
            try:
                self._connection.rollback()
            except _ERRORS as err:
                raise _translate(err, self.path) from None


class Transaction:
    """`with store.write():` all of it or nothing; the lock is held from before to after."""

    __slots__ = ("_lock", "_store")

    def __init__(self, store: Store, timeout: float) -> None:
        self._store = store
        self._lock = files.Lock(os.path.join(store._folder, "vault.lock"), timeout)

    def __enter__(self) -> Store:
        self._lock.__enter__()
        try:
            self._store._begin()
        except BaseException:
            self._store._rollback()
            self._lock.__exit__(None, None, None)
            raise
        return self._store

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._store._commit()
        finally:
            try:
                self._store._rollback()
            finally:
                self._lock.__exit__(kind, value, trace)


def _connect(path: str, mode: str, key: DatabaseKey, page_size: int) -> dbapi2.Connection:
    digits = key.reveal().hex()
    if len(digits) != 64:
        raise ValueError("a database key is 32 bytes")
    connection = dbapi2.connect(_uri(path, mode), uri=True, isolation_level=None)
    try:
        _prepare(connection, digits, page_size)
    except BaseException:
        connection.close()
        raise
    return connection


def _uri(path: str, mode: str) -> str:
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
    folder: str, path: str, key: DatabaseKey, vault: str, page_size: int, now: int
) -> Store:
    """A new empty database under `key`, at the newest schema. `now` in milliseconds UTC."""
    files.create(path, b"")
    try:
        connection = _connect(path, "mode=rw", key, page_size)
        connection.execute("PRAGMA journal_mode = WAL")
        store = Store(folder, path, connection, writable=True)
        connection.execute("BEGIN IMMEDIATE")
        for step in MIGRATIONS:
            for statement in step:
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
        connection.execute("COMMIT")
    except dbapi2.Error as err:
        raise _translate(err, path) from None
    return store


def database_salt(path: str) -> bytes:
    """The 16 clear bytes at the start of a SQLCipher file, which tell one file from another."""
    with open(path, "rb") as stream:
        return stream.read(_SALT)


def open_store(
    folder: str, path: str, key: DatabaseKey, vault: str, page_size: int, salt: bytes
) -> Store:
    """The vault's database, at the newest schema.

    Tampered if it is missing, damaged or older than `salt` says; AnotherVault if it is not this
    vault's; NewerFormat for a later schema. Where the folder cannot be written, the file is opened
    unchanged and read-only, provided no log is left over.
    """
    writable = _look(folder, path)
    mode = "mode=rw" if writable else "mode=ro&immutable=1"
    try:
        store = Store(folder, path, _connect(path, mode, key, page_size), writable)
    except dbapi2.Error as err:
        raise _translate(err, path) from None
    try:
        _check(store, vault)
    except Tampered:
        store.abandon()
        if _strangers(path, salt):
            raise AnotherVault("the database is not the one that the header belongs to") from None
        raise
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
    found = database_salt(path)
    return (
        len(found) == _SALT and sum(a != b for a, b in zip(found, salt, strict=True)) > _SALT // 2
    )


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
    if schema < len(MIGRATIONS):
        _migrate(store)


def _migrate(store: Store) -> None:
    """Bring the schema forward, one transaction for all steps; never backward."""
    with store.write():
        for number in range(store.meta("schema"), len(MIGRATIONS)):
            for statement in MIGRATIONS[number]:
                store.run(statement)
        store.set_meta("schema", len(MIGRATIONS))


def note_commits(path: str, commits: int) -> None:
    """Remember outside the home how many commits the database has had. Best effort, not synced."""
    try:
        files.overwrite(path, b"%020d\n" % commits)
    except FileProblem:
        # The state folder is a second witness, not a condition: `doctor` reports its absence.
        return
