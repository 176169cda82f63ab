"""A database in the making: filling it row by row, and what is looked at before it counts.

The rule: the target is a file that nobody else knows of: it needs no journal while it is filled.
Rows are the way to another page size; `store_copy` has the fast way, pages.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.errors import LangoError, Tampered
from lango_cli.vault.store import ERRORS, translate
from lango_cli.vault.store_open import connect, schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lango_cli.crypto.keys import DatabaseKey
    from lango_cli.model import Progress


class File:
    """A database file: where it is, its key, its page size, how SQLite opens it."""

    __slots__ = ("key", "mode", "page_size", "path")

    def __init__(self, path: str, key: DatabaseKey, page_size: int, mode: str = "mode=rw") -> None:
        self.path = path
        self.key = key
        self.page_size = page_size
        self.mode = mode

    def connect(self) -> Any:  # noqa: ANN401  # the binding has no types
        """A connection that only reads."""
        connection = connect(self.path, self.mode, self.key, self.page_size)
        connection.execute("PRAGMA query_only = ON")
        return connection


def copy_rows(source: File, target: File, progress: Progress) -> None:
    """Fill the empty file `target` with every row of `source`, whatever its page size.

    Both have the newest schema.
    """
    files.create(target.path, b"")
    into = connect(target.path, "mode=rw", target.key, target.page_size)
    try:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF"):
            into.execute(f"PRAGMA {pragma}")
        into.execute("ATTACH ? AS old KEY ?", (source.path, f"x'{source.key.reveal().hex()}'"))
        into.execute(f"PRAGMA old.cipher_page_size = {source.page_size}")
        into.execute("BEGIN")
        for statement in schema():
            into.execute(statement)
        tables = _tables(into)
        progress.start("copying", len(tables))
        for table in tables:
            # Names of tables come from the schema above, never from the file that is read.
            into.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")  # noqa: S608
            progress.advance()
        into.execute("COMMIT")
        if into.execute("PRAGMA main.foreign_key_check").fetchone() is not None:
            raise Tampered("a row of the database refers to one that is not there")
    except ERRORS as err:
        raise translate(err, target.path) from None
    finally:
        into.close()


def _tables(connection: Any) -> list[str]:  # noqa: ANN401  # the binding has no types
    found = connection.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return sorted(row[0] for row in found)


def counts(source: File) -> dict[str, int]:
    """How many rows each table has."""
    connection = source.connect()
    try:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in _tables(connection)
        }
    except ERRORS as err:
        raise translate(err, source.path) from None
    finally:
        connection.close()


def check_seals(source: File) -> None:
    """Tampered unless every page on disk bears the seal of this key; no log may be left."""
    if _answers(source, "cipher_integrity_check"):
        raise Tampered(f"{os.path.basename(source.path)} has pages that are damaged")


def check_structure(source: File) -> None:
    """Tampered unless trees, indexes and rows are as SQLite knows them."""
    if _answers(source, "integrity_check") != ["ok"]:
        raise Tampered(f"{os.path.basename(source.path)} is damaged inside")


def _answers(source: File, pragma: str) -> list[str]:
    try:
        connection = source.connect()
        try:
            return [row[0] for row in connection.execute(f"PRAGMA {pragma}")]
        finally:
            connection.close()
    except ERRORS as err:
        raise translate(err, source.path) from None


class Meanwhile:
    """Something done on another processor; `result` waits for it and raises what it raised."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._error: LangoError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._action()
        except LangoError as err:
            self._error = err

    def result(self) -> None:
        """Wait, and raise what went wrong."""
        self._thread.join()
        if self._error is not None:
            raise self._error
