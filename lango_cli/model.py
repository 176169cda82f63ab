"""The shape of every door between rooms: value types and Protocols.

The rule: rooms never import one another; what one needs of another is a Protocol here, and
`wiring` hands in the object. The scripted read path never loads this module at run time (typing
and dataclasses cost more than the whole read), so what it needs is declared where it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    from lango_cli.secret import SecretBytes

Clock = Callable[[], float]
"""Seconds since 1970 UTC."""


class Progress(Protocol):
    """Who watches a long piece of work; it never raises, and may be asked at every step."""

    total: int
    """How much there is to do, in whatever unit `advance` counts; 0 for unknown."""

    def start(self, what: str, total: int) -> None:
        """A stretch of work begins, such as `re-encrypting`; nothing of it is done."""

    def advance(self, count: int = 1) -> None:
        """So much more of it is done."""


class Unwatched:
    """A `Progress` that nobody looks at."""

    total = 0

    def start(self, what: str, total: int) -> None:
        """Nothing."""

    def advance(self, count: int = 1) -> None:
        """Nothing."""


class SlotView(Protocol):
    """What an unlock source may know of a slot."""

    @property
    def id(self) -> str:
        """12 hex digits."""

    @property
    def kind(self) -> str:
        """`passphrase`, `keyring`, `keyfile` or `recovery`."""

    @property
    def label(self) -> str:
        """What its owner calls it."""

    @property
    def kdf_name(self) -> str:
        """`hkdf-sha256` for stored random bytes, else the slow function's name."""

    @property
    def group(self) -> str:
        """The label of the group that it is a member of; empty for a slot that opens alone."""


class UnlockSource(Protocol):
    """One way to come by a slot's credential.

    `offer` returns the credential for `slot` (a passphrase's text as UTF-8, or the 32 bytes that a
    keyring, keyfile or set of recovery words stands for), raises `NotApplicable` where it has
    none, and any other `LangoError` where what it found must not be passed over.
    """

    @property
    def name(self) -> str:
        """How messages and `status` call it, e.g. `OS keyring` or `--keyfile`."""

    @property
    def interactive(self) -> bool:
        """Whether it asks a person."""

    @property
    def explicit(self) -> bool:
        """Named by a flag or variable: its failure is the answer, nothing else is tried."""

    def offer(self, slot: SlotView) -> SecretBytes:
        """The credential for this slot."""


class SessionStore(Protocol):
    """Where an unlocked vault's keys wait for the next command: kernel keyring or small process.

    What is kept is an opaque string of at most 4 KiB under the vault's id.
    """

    @property
    def name(self) -> str:
        """`kernel keyring` or `session process`."""

    def available(self) -> bool:
        """Whether this store works here and now; never changes anything."""

    def put(self, vault_id: str, bundle: SecretBytes, ttl: int) -> None:
        """Keep `bundle` for `ttl` seconds in place of what was there; else CustodyUnavailable."""

    def get(self, vault_id: str) -> SecretBytes | None:
        """What is kept and not yet past its time."""

    def remaining(self, vault_id: str) -> int | None:
        """Whole seconds left, None where nothing is kept."""

    def drop(self, vault_id: str) -> bool:
        """Forget at once; True if there was something."""


class CredentialStore(Protocol):
    """The OS keyring, as far as a slot needs it. Account is `<vault id>:<slot id>`, always."""

    def describe(self) -> KeyringVerdict:
        """Whether it answers, which backend it is, why not, and in how many milliseconds."""

    def read(self, account: str) -> SecretBytes | None:
        """The entry, None where there is none; CustodyUnavailable where the keyring cannot say."""

    def write(self, account: str, value: SecretBytes) -> None:
        """Store and read back; CustodyUnavailable unless the same value came back."""

    def delete(self, account: str) -> bool:
        """Remove the entry; False where there was none."""


@dataclass(frozen=True, slots=True)
class KeyringVerdict:
    """What a probe of the OS keyring found; a probe never writes."""

    usable: bool
    backend: str
    reason: str
    milliseconds: int
    cached: bool = False


@dataclass(frozen=True, slots=True)
class SlotInfo:
    """A slot as `keys slot list` shows it; times are RFC 3339 UTC, None where never or unknown."""

    id: str
    kind: str
    label: str
    kdf: str
    strength: str
    created: str
    last_used: str | None
    last_tested: str | None
    fingerprint: str
    confirmed: bool | None = None
    """Whether it was opened since the header last changed; None where that is not known."""


@dataclass(frozen=True, slots=True)
class SecretMeta:
    """All that is known of a secret but its value. Times are seconds since 1970 UTC."""

    id: str
    name: str
    version: int
    versions: int
    size: int
    created_at: float
    updated_at: float
    value_changed_at: float
    deleted_at: float | None
    expires_at: float | None
    rotate_every: int | None
    note: str
    owner: str
    tags: tuple[str, ...]
    last_used_at: float | None
    access_count: int
    key: str


@dataclass(frozen=True, slots=True)
class VersionMeta:
    """One version of a value: number, seconds UTC, bytes, key and its version."""

    version: int
    created_at: float
    size: int
    key: str
    key_version: int
    current: bool


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One record of the chain: who (uid, pid, parent's command name, terminal), what, outcome."""

    seq: int
    at: float
    event: str
    target: str
    outcome: str
    uid: int
    pid: int
    parent: str
    terminal: str
    detail: str


class FoundValue(Protocol):
    """A value that was read, with what a reader of it should know."""

    @property
    def name(self) -> str:
        """Of the secret."""

    @property
    def version(self) -> int:
        """The version read."""

    @property
    def expires_at(self) -> float | None:
        """Seconds since 1970 UTC, None for never."""

    @property
    def value(self) -> SecretBytes:
        """The value itself."""


class SecretReader(Protocol):
    """What a layer that hands out or masks values may ask of an open vault."""

    def get(self, reference: str) -> FoundValue:
        """The value of `NAME` or `NAME@3`, recorded as an access; else SecretNotFound."""

    def for_masking(self) -> Iterator[tuple[str, SecretBytes]]:
        """Name and value of every live secret: one record together, and no access."""


class TextFilter(Protocol):
    """A stream that goes in as it comes and out changed: masked, redacted.

    What comes out does not depend on how the input was cut. What may still become part of
    something to change is held back, and no more than that.
    """

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; what is safe to pass on now."""

    def idle(self) -> bytes:
        """The safe part of what is held back, when nothing more comes for now: prompts show."""

    def finish(self) -> bytes:
        """Everything that is left, at the end of the input."""


class AuditSink(Protocol):
    """Where a layer leaves its records: an event is what happened, without number and chain."""

    def event(
        self, event: str, target: str = "", outcome: str = "ok", detail: str = ""
    ) -> dict[str, Any]:
        """A record of who and when, to be handed to one of the others; never a value."""

    def later(self, event: dict[str, Any]) -> None:
        """Write it together with the next record, or when the vault closes."""

    def append_read(self, *events: dict[str, Any]) -> None:
        """Write what was read, waiting no longer than a reader may."""


class Store(Protocol):
    """Transactions over a vault's tables: SQLCipher today, a shared engine later.

    Rows are tuples. What fails is a LangoError: Busy, FileProblem or Tampered.
    """

    @property
    def writable(self) -> bool:
        """Whether `write` can work at all."""

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    def row(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        """The first row, None where there is none."""

    def each(self, statement: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Rows one by one, for results too large to hold."""

    def run(self, statement: str, *values: object) -> int:
        """One change inside `write()`; how many rows it touched."""

    def write(self, timeout: float | None = None) -> AbstractContextManager[object]:
        """All of it or nothing, one writer at a time; Busy after `timeout` seconds."""

    def meta(self, name: str) -> Any:  # noqa: ANN401  # SQLite's cells have no one type
        """One named value of the vault as a whole, None where unset."""

    def set_meta(self, name: str, value: object) -> None:
        """Set one named value inside `write()`."""

    def close(self) -> None:
        """Put everything on disk and let go."""
