"""An open database: SQLCipher, one writer at a time, and SQL beside `rows.py`.

The rule: a write holds the vault's lock, re-reads the header's generation and counts itself. Why
not SQLite's own locks alone: a writer that waits on them can be starved, and a rekey replaces the
file beneath them.

Two counters guard against going back in time: the database's own count of commits, and its copy in
the state folder. A database that has fewer commits than this machine has seen was rolled back.
"""

from __future__ import annotations

import os

from lango_cli import files
from lango_cli.errors import Busy, FileProblem, LangoError, Tampered, UsageProblem
from lango_cli.vault.engine import dbapi2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Any

BUSY_MILLISECONDS = 5000
"""How long one statement waits for SQLite's own locks; the vault's lock is taken before."""

UNFINISHED = ".init"
"""Behind the name of a new vault's database until the header, which makes it a vault, stands."""

COMPACT = ".compact"
"""Behind the name of a database, begins the name of the copy that a vacuum makes of it."""

SIDES = ("-wal", "-shm", "-journal")
"""What SQLite puts behind the name of a database for what it keeps beside it."""

LOOKS_AGAIN = 2
"""How often a page that seems damaged is read again before it counts as damaged."""

_FULL = (dbapi2.SQLITE_FULL, dbapi2.SQLITE_IOERR, dbapi2.SQLITE_CANTOPEN, dbapi2.SQLITE_READONLY)
ERRORS = (dbapi2.Error, MemoryError, OverflowError, UnicodeEncodeError)
"""All that the binding raises: of its own, and for what SQLite cannot hold."""


def translate(err: BaseException, path: str) -> LangoError:
    """SQLite's complaint as one of ours; its own text may hold a value and is never passed on."""
    if isinstance(err, (OverflowError, UnicodeEncodeError)):
        return UsageProblem("a text that is no UTF-8, or a number that is too large")
    code = getattr(err, "sqlite_errorcode", None)
    base = None if code is None else code & 0xFF
    # Without a code: text in the file that is no UTF-8, as the binding finds it.
    undecodable = code is None and isinstance(err, dbapi2.OperationalError)
    damaged = base in (dbapi2.SQLITE_CORRUPT, dbapi2.SQLITE_NOTADB) or undecodable
    if damaged or isinstance(err, MemoryError):
        return Tampered("the database is damaged")
    if base in (dbapi2.SQLITE_BUSY, dbapi2.SQLITE_LOCKED, dbapi2.SQLITE_PROTOCOL):
        return Busy("another process is writing to the database")
    if base == dbapi2.SQLITE_FULL:
        return FileProblem(f"{path}: no space left", hint="make room and run the command again")
    if base in _FULL:
        return FileProblem(f"{path}: cannot be read or written")
    # Not a fault of the disk or of another process: a bug, which is shown by its class alone.
    return LangoError(f"the database refuses ({getattr(err, 'sqlite_errorname', 'unknown')})")


def engine_versions() -> dict[str, str]:
    """Versions of the engine, for `doctor`; no vault is opened."""
    connection = dbapi2.connect(":memory:")
    try:
        cipher = connection.execute("PRAGMA cipher_version").fetchone()
    finally:
        connection.close()
    return {"sqlcipher": str(cipher[0] if cipher else "none"), "sqlite": dbapi2.sqlite_version}


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
        self._tidy: Callable[[], None] = lambda: None
        self.known: dict[str, Any] = {}
        self.obstacle: FileProblem | None = None
        self.lock_timeout = 10.0
        self.log_taken_over = False
        self.unsure = False
        """Whether `check_pages` met pages of which it cannot say that they are whole."""
        self.path = path
        self.writable = writable

    def guard(self, counters: str, fence: Callable[[], None], tidy: Callable[[], None]) -> None:
        """Where the commit count is kept outside; what each write asks first, and does last."""
        self._counters = counters
        self._fence = fence
        self._tidy = tidy

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        try:
            found: list[tuple[Any, ...]] = self._connection.execute(statement, values).fetchall()
        except ERRORS as err:
            raise translate(err, self.path) from None
        return found

    def row(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        """The first row, None where there is none."""
        try:
            row: tuple[Any, ...] | None = self._connection.execute(statement, values).fetchone()
        except ERRORS as err:
            raise translate(err, self.path) from None
        return row

    def each(self, statement: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Rows one by one, for results too large to hold."""
        try:
            yield from self._connection.execute(statement, values)
        except ERRORS as err:
            raise translate(err, self.path) from None

    def run(self, statement: str, *values: object) -> int:
        """One change; how many rows it touched. Only inside `write()`."""
        try:
            changed: int = self._connection.execute(statement, values).rowcount
        except ERRORS as err:
            raise translate(err, self.path) from None
        return changed

    def run_many(self, statement: str, values: Sequence[tuple[object, ...]]) -> None:
        """The same change for each tuple. Only inside `write()`."""
        try:
            self._connection.executemany(statement, values)
        except ERRORS as err:
            raise translate(err, self.path) from None

    def meta(self, name: str) -> Any:  # noqa: ANN401  # SQLite's cells have no one type
        """One named value of the vault as a whole, None where unset."""
        row = self.row("SELECT value FROM meta WHERE name = ?", name)
        return None if row is None else row[0]

    def set_meta(self, name: str, value: object) -> None:
        """Set one named value. Only inside `write()`."""
        self.run("INSERT OR REPLACE INTO meta(name, value) VALUES (?, ?)", name, value)

    def write(self, timeout: float | None = None) -> Transaction:
        """A write transaction under the vault's lock; Busy after `timeout` seconds."""
        if self.obstacle is not None:
            raise self.obstacle
        if not self.writable:
            raise FileProblem(
                f"{self._folder} is read-only", hint="write where the vault may change"
            )
        wait = self.lock_timeout if timeout is None else timeout
        return Transaction(self, files.Lock(os.path.join(self._folder, "vault.lock"), wait))

    @property
    def writing(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._connection.in_transaction)

    def write_alone(self) -> Transaction:
        """A write transaction on a database that nobody else knows of yet, without the lock."""
        return Transaction(self, None)

    def after_commit(self, action: Callable[[], None], otherwise: Callable[[], None]) -> None:
        """Do this once the running transaction is on disk, under its lock; else the other."""
        self._after.append((action, otherwise))

    def check_pages(self) -> list[str]:
        """What SQLCipher and SQLite find wrong with the file; nothing if all is well.

        The log is put into the file first. Where a reader keeps it from that, or another process
        puts it there meanwhile, a page may be caught half written: such a page is looked at again,
        and what stays wrong only while the log cannot be taken over is no proof of damage.
        """
        found = self._cipher_problems()
        for _ in range(LOOKS_AGAIN):
            if not found:
                break
            again = self._cipher_problems()
            found = [text for text in found if text in again]
        self.unsure = bool(found) and not self.log_taken_over
        if self.unsure:
            found = []
        if not found:
            found = [row[0] for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
        return found

    def _cipher_problems(self) -> list[str]:
        try:
            self.log_taken_over = not self.writable or self.take_over()
        except FileProblem:
            self.log_taken_over = False  # No room for it: what is in the log stays there.
        return [row[0] for row in self.rows("PRAGMA cipher_integrity_check")]

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
                self.take_over()
        except FileProblem:
            # No room to take the log over: it stays, and with it everything that was committed.
            return
        finally:
            self._connection.close()

    def abandon(self) -> None:
        """Let go of a database that turned out not to be usable, without writing to it."""
        self._connection.close()

    def take_over(self) -> bool:
        """Put the log into the database file; False where another process reads from it."""
        try:
            self._connection.execute("PRAGMA busy_timeout = 0")
            found = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        except ERRORS as err:
            problem = translate(err, self.path)
            if not isinstance(problem, Busy):
                raise problem from None
            return False
        return found is None or found[0] == 0

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
        self._tidy()

    def _rollback(self) -> None:
        actions, self._after = self._after, []
        for _, otherwise in actions:
            otherwise()
        if self._connection.in_transaction:
            try:
                self._connection.rollback()
            except ERRORS as err:
                raise translate(err, self.path) from None


class Transaction:
    """`with store.write():` all of it or nothing; the lock is held from before to after."""

    __slots__ = ("_lock", "_store")

    def __init__(self, store: Store, lock: files.Lock | None) -> None:
        self._store = store
        self._lock = lock

    def __enter__(self) -> Store:
        if self._lock is not None:
            self._lock.__enter__()
        try:
            self._store._begin()
        except BaseException:
            self._store._rollback()
            self._unlock()
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
                self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.__exit__(None, None, None)


def note_commits(path: str, commits: int) -> None:
    """Remember outside the home how many commits the database has had. Best effort, not synced."""
    try:
        files.overwrite(path, b"%020d\n" % commits)
    except FileProblem:
        # The state folder is a second witness, not a condition: `doctor` reports its absence.
        return
