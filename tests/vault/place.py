"""A vault of the tests' own, opened the way the command line opens one, without the command line.

What lives here: `Place`, a home and a state folder with a vault in them; taking its files away and
putting them back; and what every fault test asks in the end: does it open, and to what. Standard
library and lango only, because the children of the crash tests load it too.

Passphrases are derived with few rounds here. The product's lower bound is patched, in the process
that runs the tests and in its children, and nowhere else.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.crypto import passphrase
from lango_cli.crypto.keys import DatabaseKey, database_key
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import AnotherVault, Busy, FileProblem, Tampered
from lango_cli.secret import SecretBytes
from lango_cli.unlock.keyfile import KeyfileSource, make_keyfile, stored_key
from lango_cli.vault import audit_check
from lango_cli.vault.bundle import decode
from lango_cli.vault.create import NewSlot, create_vault
from lango_cli.vault.envelope import open_slot
from lango_cli.vault.home import COPY, HEADER, Home
from lango_cli.vault.parts import Policy
from lango_cli.vault.unlocking import in_order, open_with
from lango_cli.vault.vault import Vault, open_vault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lango_cli.model import SlotView, UnlockSource

ROUNDS = 1_000
PASSPHRASE = b"correct horse"
KEYFILE_SLOT, PASSPHRASE_SLOT = "this computer", "me"
NAMES = (HEADER, COPY)
DATABASE = "vault-1.db"


def weaken() -> None:
    """Few rounds of PBKDF2 in this process, for new slots and as the least that is accepted."""
    passphrase.PBKDF2_MIN_ROUNDS = ROUNDS
    passphrase.calibrated_rounds = lambda *_arguments, **_options: ROUNDS


class Passphrase:
    """A source that answers passphrase slots with what it was given."""

    def __init__(self, text: bytes, *, explicit: bool = True) -> None:
        self.name = "passphrase"
        self.interactive = False
        self.explicit = explicit
        self._text = text

    def offer(self, slot: SlotView) -> SecretBytes:
        """The passphrase; NotApplicable for slots of another kind."""
        from lango_cli.errors import NotApplicable

        if slot.kind != "passphrase":
            raise NotApplicable("serves passphrase slots only")
        return SecretBytes(self._text)


@dataclass
class Place:
    """A home and a state folder below `root`; `warnings` collects what opening reported."""

    root: Path
    warnings: list[str] = field(default_factory=list)
    policy: Policy = field(default_factory=Policy)
    clock: Callable[[], float] = time.time

    @property
    def home(self) -> Home:
        """The vault's files."""
        return Home(str(self.root / "home"), str(self.root / "state"))

    @property
    def folder(self) -> Path:
        """The vault's folder."""
        return self.root / "home"

    @property
    def state(self) -> Path:
        """The folder of the second witness."""
        return self.root / "state"

    @property
    def database(self) -> Path:
        """The database file of the first generation."""
        return self.folder / DATABASE

    def create(self, *, passphrase: bool = False) -> Vault:
        """A new vault with a keyfile slot, and a passphrase slot where asked for; open."""
        key = self.make_keyfile()
        slots = [NewSlot("keyfile", KEYFILE_SLOT, key, "hkdf-sha256")]
        if passphrase:
            secret = SecretBytes(PASSPHRASE)
            slots.append(NewSlot("passphrase", PASSPHRASE_SLOT, secret, "pbkdf2-sha256"))
        vault_id = random_bytes(16).hex()
        return create_vault(
            self.home, vault_id, slots, self.policy, self.warnings.append, self.clock
        )

    def make_keyfile(self) -> SecretBytes:
        """What the home's keyfile holds; it is made where there is none."""
        files.ensure_folder(str(self.folder))
        path = self.folder / "keyfile"
        return (
            stored_key(SecretBytes(path.read_bytes()))
            if path.exists()
            else make_keyfile(str(path))
        )

    def keyfile(self, *, explicit: bool = False) -> KeyfileSource:
        """The source that reads the home's keyfile."""
        return KeyfileSource(str(self.folder / "keyfile"), explicit)

    def open(self, *sources: UnlockSource) -> Vault:
        """The vault, opened by these sources, or by the keyfile; again if it moved meanwhile."""
        home, warn = self.home, self.warnings.append
        while True:
            envelope = home.read_header(warn)
            slots = in_order(envelope, None, home.remembered_slot(envelope.vault))
            opened = open_with(envelope, sources or (self.keyfile(),), slots, warn)
            try:
                return open_vault(home, envelope, opened, self.policy, warn, self.clock)
            except (AnotherVault, Busy, FileProblem, Tampered):
                if home.read_header(warn).generation == envelope.generation:
                    raise

    def open_session(self, kept: SecretBytes) -> Vault:
        """The vault, opened with what an unlock session keeps."""
        home, warn = self.home, self.warnings.append
        envelope = home.read_header(warn)
        bundle = decode(kept, envelope.vault, envelope.generation)
        return open_vault(home, envelope, bundle, self.policy, warn, self.clock)

    def database_key(self) -> DatabaseKey:
        """SQLCipher's raw key."""
        envelope = self.home.read_header(self.warnings.append)
        slot = next(slot for slot in envelope.slots if slot.kind == "keyfile")
        master = open_slot(envelope, slot, self.keyfile().offer(slot))
        return database_key(master, envelope.vault_bytes)

    def read(self, name: str) -> bytes:
        """A file of the home."""
        return (self.folder / name).read_bytes()

    def save(self, target: Path, *, state: bool = False) -> Path:
        """Copy the home, and the state folder where asked for, to `target`."""
        shutil.copytree(self.folder, target / "home")
        if state:
            shutil.copytree(self.state, target / "state")
        return target

    def restore(self, source: Path, names: Sequence[str] | None = None) -> None:
        """Put files of a saved home back over the present ones; all of it without names."""
        if names is None:
            for folder in ("home", "state"):
                if (source / folder).exists():
                    shutil.rmtree(self.root / folder)
                    shutil.copytree(source / folder, self.root / folder)
            return
        for name in names:
            shutil.copy2(source / "home" / name, self.folder / name)


def set_value(vault: Vault, name: str, value: bytes) -> int:
    """Store a value; its version."""
    return vault.secrets.set(name, SecretBytes(value)).version


def value_of(vault: Vault, reference: str) -> bytes:
    """The value of a secret."""
    return vault.secrets.get(reference).value.reveal()


def events(vault: Vault) -> list[str]:
    """The names of all audit records, oldest first."""
    return [record.event for record in audit_check.listing(vault)]


def assert_sound(vault: Vault) -> None:
    """Pages, audit chain and counters are as they should be."""
    assert vault.store.check_pages() == []
    report = audit_check.verify(vault)
    assert report.intact, report.problems
