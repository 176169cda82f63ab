"""The plaintext SQLite file of `db decrypt` and `db encrypt`: its schema, opening, rows.

The rule: it is read and written by SQLCipher's own library without a key, because two SQLite
libraries in one process lose each other's locks. A file that comes from outside is trusted with
nothing: its tables must be tables with exactly these columns, and its schema runs no code.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

from lango_cli import files
from lango_cli.errors import FileProblem, NewerFormat, Tampered, UsageProblem
from lango_cli.vault.engine import dbapi2
from lango_cli.vault.store import ERRORS, Store, translate
from lango_cli.vault.store_open import file_uri

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Row = tuple[Any, ...]

APPLICATION = 0x4C4E474F
"""`LNGO`, in the field by which SQLite files say whose they are."""
FORMAT = 2
"""1: without profiles."""
MAGIC = b"SQLite format 3\0"
HINT = "name a file that lango db decrypt made"

_SCHEMA = (
    "CREATE TABLE lango(name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE keys(
        name TEXT PRIMARY KEY, purpose TEXT NOT NULL, is_default INTEGER NOT NULL)""",
    """CREATE TABLE secrets(
        id TEXT PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL, value_changed_at TEXT NOT NULL,
        deleted_at TEXT, expires_at TEXT, rotate_every INTEGER, note TEXT NOT NULL,
        owner TEXT NOT NULL, last_used_at TEXT, access_count INTEGER NOT NULL)""",
    """CREATE TABLE tags(
        secret_id TEXT NOT NULL REFERENCES secrets(id), tag TEXT NOT NULL,
        PRIMARY KEY(secret_id, tag))""",
    """CREATE TABLE versions(
        secret_id TEXT NOT NULL REFERENCES secrets(id), version INTEGER NOT NULL,
        created_at TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY(secret_id, version))""",
    """CREATE TABLE profiles(
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, active INTEGER NOT NULL,
        version INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    """CREATE TABLE profile_versions(
        profile_id TEXT NOT NULL REFERENCES profiles(id), version INTEGER NOT NULL,
        created_at TEXT NOT NULL, key TEXT NOT NULL, document BLOB NOT NULL,
        PRIMARY KEY(profile_id, version))""",
)
COLUMNS: dict[str, tuple[str, ...]] = {
    "lango": ("name", "value"),
    "keys": ("name", "purpose", "is_default"),
    "secrets": (
        "id",
        "name",
        "version",
        "created_at",
        "updated_at",
        "value_changed_at",
        "deleted_at",
        "expires_at",
        "rotate_every",
        "note",
        "owner",
        "last_used_at",
        "access_count",
    ),
    "tags": ("secret_id", "tag"),
    "versions": ("secret_id", "version", "created_at", "key", "value"),
    "profiles": ("id", "name", "active", "version", "created_at", "updated_at"),
    "profile_versions": ("profile_id", "version", "created_at", "key", "document"),
}
"""Every table of the file, and its columns in their order."""
_OF_PROFILES = ("profiles", "profile_versions")


def create_plain(path: str) -> Store:
    """The schema in the empty file `path`, in a transaction that `finish_plain` ends.

    No journal is kept: whoever fails throws the file away, and nothing in clear lies elsewhere.
    """
    store = _connected(path, "mode=rw")
    try:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "temp_store = MEMORY"):
            store.rows(f"PRAGMA {pragma}")
        store.run("BEGIN IMMEDIATE")
        store.run(f"PRAGMA application_id = {APPLICATION}")
        store.run(f"PRAGMA user_version = {FORMAT}")
        for statement in _SCHEMA:
            store.run(statement)
    except BaseException:
        store.abandon()
        raise
    return store


def finish_plain(store: Store) -> None:
    """Everything is in it."""
    store.run("COMMIT")


def insert(store: Store, table: str, rows: Sequence[Row]) -> None:
    """Rows of one table, columns in the order of `COLUMNS`."""
    places = ", ".join("?" * len(COLUMNS[table]))
    store.run_many(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608  # a known name


def _connected(path: str, mode: str) -> Store:
    try:
        connection = dbapi2.connect(file_uri(path, mode), uri=True, isolation_level=None)
        store = Store("", path, connection, False)
        for pragma in ("cipher_log_level = NONE", "trusted_schema = OFF", "cell_size_check = ON"):
            store.rows(f"PRAGMA {pragma}")
    except ERRORS as err:
        raise translate(err, path) from None
    return store


def open_plain(path: str) -> Store:
    """A file that `db decrypt` wrote, read-only; to be abandoned.

    UsageProblem for another schema, an encrypted file or none of SQLite's; NewerFormat for a later
    schema; Tampered for damage.
    """
    _check_start(path)
    store = _connected(path, "mode=ro")
    try:
        _check_schema(store)
    except Tampered as err:
        store.abandon()
        raise Tampered(f"{path} is damaged", hint=err.hint) from None
    except BaseException:
        store.abandon()
        raise
    return store


def _check_start(path: str) -> None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            regular = stat.S_ISREG(os.fstat(fd).st_mode)
            start = os.read(fd, len(MAGIC)) if regular else b""
        finally:
            os.close(fd)
    except OSError as err:
        raise files.problem(path, err) from None
    if not regular:
        raise FileProblem(f"{path} is not a regular file", hint=HINT)
    if start != MAGIC:
        raise UsageProblem(f"{path} is no plain SQLite file: encrypted, or no database", hint=HINT)


def _check_schema(store: Store) -> None:
    owner, version = _number(store, "application_id"), _number(store, "user_version")
    if owner == APPLICATION and version > FORMAT:
        raise NewerFormat(f"{store.path} has schema {version}, this lango knows {FORMAT}")
    wanted = [name for name in COLUMNS if version >= FORMAT or name not in _OF_PROFILES]
    known = owner == APPLICATION and version in (1, FORMAT)
    if not known or not all(_is_ours(store, table) for table in wanted):
        raise UsageProblem(f"{store.path} is a SQLite file of another schema", hint=HINT)
    if store.rows("PRAGMA integrity_check(1)") != [("ok",)]:
        raise Tampered(f"{store.path} is damaged", hint="write it again: lango db decrypt FILE")


def _number(store: Store, pragma: str) -> int:
    row = store.row(f"PRAGMA {pragma}")
    return 0 if row is None else int(row[0])


def _is_ours(store: Store, table: str) -> bool:
    row = store.row("SELECT type, sql FROM sqlite_master WHERE name = ?", table)
    if row is None or row[0] != "table" or not str(row[1]).upper().startswith("CREATE TABLE"):
        return False
    # `table_xinfo` shows generated columns too, which would be code of the file's own.
    found = store.rows(f"PRAGMA table_xinfo({table})")
    return tuple(column[1] for column in found) == COLUMNS[table]


def plain_secrets(store: Store) -> Iterator[Row]:
    """Rows of `secrets`, by id; Tampered, which names the file, for text that is no UTF-8."""
    columns = ", ".join(COLUMNS["secrets"])
    query = f"SELECT {columns} FROM secrets ORDER BY id"  # noqa: S608  # known names
    try:
        yield from store.each(query)
    except Tampered:
        raise Tampered(f"{store.path} is damaged, or has text of no UTF-8", hint=HINT) from None


def plain_tags(store: Store, secret: str) -> tuple[object, ...]:
    """The tags of one secret, sorted."""
    found = store.rows("SELECT tag FROM tags WHERE secret_id = ? ORDER BY tag", secret)
    return tuple(row[0] for row in found)


def plain_versions(store: Store, secret: str) -> list[Row]:
    """version, created_at, key, value of one secret, oldest first."""
    return store.rows(
        """SELECT version, created_at, key, value FROM versions
            WHERE secret_id = ? ORDER BY version""",
        secret,
    )


def plain_count(store: Store) -> int:
    """How many secrets there are, deleted ones too."""
    row = store.row("SELECT count(*) FROM secrets")
    return 0 if row is None else int(row[0])


def plain_orphans(store: Store) -> int:
    """How many rows of `tags` and `versions` belong to no secret."""
    row = store.row(
        """SELECT (SELECT count(*) FROM tags WHERE secret_id NOT IN (SELECT id FROM secrets))
            + (SELECT count(*) FROM versions WHERE secret_id NOT IN (SELECT id FROM secrets))"""
    )
    return 0 if row is None else int(row[0])


def plain_profiles(store: Store) -> list[Row]:
    """Rows of `profiles`, by id; none of a file that was written before there were any."""
    if _number(store, "user_version") < FORMAT:
        return []
    columns = ", ".join(COLUMNS["profiles"])
    try:
        return store.rows(f"SELECT {columns} FROM profiles ORDER BY id")  # noqa: S608  # known names
    except Tampered:
        raise Tampered(f"{store.path} is damaged, or has text of no UTF-8", hint=HINT) from None


def plain_documents(store: Store, profile: object) -> list[Row]:
    """version, created_at, key, document of one profile, oldest first."""
    return store.rows(
        """SELECT version, created_at, key, document FROM profile_versions
            WHERE profile_id = ? ORDER BY version""",
        profile,
    )
