"""The database's schema, as the steps that made it: forward only, never edited once released.

Times are milliseconds since 1970 UTC, ids hex text. A value is sealed before it comes here.
"""

from __future__ import annotations

_FIRST = (
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    """CREATE TABLE keys(
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, purpose TEXT NOT NULL,
        is_default INTEGER NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX keys_default ON keys(purpose) WHERE is_default = 1",
    """CREATE TABLE key_versions(
        key_id TEXT NOT NULL REFERENCES keys(id) ON DELETE RESTRICT, version INTEGER NOT NULL,
        state TEXT NOT NULL, wrapped BLOB NOT NULL, created_at INTEGER NOT NULL,
        PRIMARY KEY(key_id, version)) WITHOUT ROWID""",
    """CREATE TABLE secrets(
        id TEXT PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
        value_changed_at INTEGER NOT NULL, deleted_at INTEGER, expires_at INTEGER,
        rotate_every INTEGER, note TEXT NOT NULL, owner TEXT NOT NULL,
        last_used_at INTEGER, access_count INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX secrets_live ON secrets(name) WHERE deleted_at IS NULL",
    "CREATE INDEX secrets_trash ON secrets(deleted_at) WHERE deleted_at IS NOT NULL",
    """CREATE TABLE tags(
        secret_id TEXT NOT NULL REFERENCES secrets(id) ON DELETE CASCADE, tag TEXT NOT NULL,
        PRIMARY KEY(secret_id, tag)) WITHOUT ROWID""",
    """CREATE TABLE versions(
        secret_id TEXT NOT NULL REFERENCES secrets(id) ON DELETE CASCADE,
        version INTEGER NOT NULL, key_id TEXT NOT NULL, key_version INTEGER NOT NULL,
        created_at INTEGER NOT NULL, size INTEGER NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY(secret_id, version),
        FOREIGN KEY(key_id, key_version) REFERENCES key_versions(key_id, version)
            ON DELETE RESTRICT)""",
    "CREATE INDEX versions_key ON versions(key_id, key_version)",
    """CREATE TABLE slot_use(
        slot_id TEXT PRIMARY KEY, last_used_at INTEGER, last_tested_at INTEGER) WITHOUT ROWID""",
    "CREATE TABLE audit(seq INTEGER PRIMARY KEY, record BLOB NOT NULL, mac BLOB NOT NULL)",
)

_BACKUPS = (
    """CREATE TABLE backups(
        id TEXT PRIMARY KEY, path BLOB NOT NULL, made_at INTEGER NOT NULL,
        generation INTEGER NOT NULL, size INTEGER NOT NULL, slots TEXT NOT NULL) WITHOUT ROWID""",
)

_ROTATION = (
    "ALTER TABLE slot_use ADD COLUMN confirmed_at INTEGER",
    "ALTER TABLE slot_use ADD COLUMN public_key BLOB",
    """CREATE TABLE exposed(
        secret_id TEXT NOT NULL REFERENCES secrets(id) ON DELETE CASCADE,
        version INTEGER NOT NULL, slot TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY(secret_id, version)) WITHOUT ROWID""",
)

_KEY_REGISTRY = (
    "ALTER TABLE keys ADD COLUMN algorithm TEXT NOT NULL DEFAULT 'aes-256-gcm'",
    "ALTER TABLE keys ADD COLUMN state TEXT NOT NULL DEFAULT 'active'",
    "ALTER TABLE keys ADD COLUMN last_used_at INTEGER",
    "ALTER TABLE keys ADD COLUMN moving_since INTEGER",
)

_APPROVALS = (
    """CREATE TABLE grants(
        id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        used_at INTEGER, uses INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE approvals(
        id TEXT PRIMARY KEY, at INTEGER NOT NULL, turn TEXT NOT NULL, digest TEXT NOT NULL,
        outcome TEXT NOT NULL, channel TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX approvals_turn ON approvals(turn, digest) WHERE turn <> ''",
)

_POLICIES = (
    """CREATE TABLE policies(
        secret_id TEXT NOT NULL REFERENCES secrets(id) ON DELETE CASCADE,
        kind TEXT NOT NULL, pattern TEXT NOT NULL,
        PRIMARY KEY(secret_id, kind, pattern)) WITHOUT ROWID""",
)

_PROFILES = (
    """CREATE TABLE profiles(
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, active INTEGER NOT NULL,
        version INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX profiles_active ON profiles(active) WHERE active = 1",
    """CREATE TABLE profile_versions(
        profile_id TEXT NOT NULL REFERENCES profiles(id) ON DELETE CASCADE,
        version INTEGER NOT NULL, key_id TEXT NOT NULL, key_version INTEGER NOT NULL,
        created_at INTEGER NOT NULL, size INTEGER NOT NULL, members INTEGER NOT NULL,
        sealed BLOB NOT NULL, PRIMARY KEY(profile_id, version),
        FOREIGN KEY(key_id, key_version) REFERENCES key_versions(key_id, version)
            ON DELETE RESTRICT)""",
    "CREATE INDEX profile_versions_key ON profile_versions(key_id, key_version)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _FIRST,
    _BACKUPS,
    _ROTATION,
    _KEY_REGISTRY,
    _APPROVALS,
    _POLICIES,
    _PROFILES,
)
