"""The ways to unlock: which there are, in which order, and where an unlock session is kept.

The rule: flag > environment > credentials folder; two of one rank is a
usage error; a source that was named is the only one tried. Otherwise quiet sources come first, a
question last and only where somebody can answer.
"""

from __future__ import annotations

import os

from lango_cli.config import load
from lango_cli.errors import CustodyError, CustodyUnavailable, Locked, NotApplicable, UsageProblem
from lango_cli.vault.bundle import decode
from lango_cli.vault.home import KEYFILE
from lango_cli.vault.recipient import ELSEWHERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Protocol

    from lango_cli.config.load import Folders, Settings
    from lango_cli.model import SessionStore, UnlockSource
    from lango_cli.secret import SecretBytes, SecretText
    from lango_cli.unlock.custodian import CustodianSource
    from lango_cli.unlock.keyring import OsKeyring
    from lango_cli.vault.bundle import Bundle
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.recipient import Recipient
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

    class Prompter(Protocol):
        """What of the terminal is needed to unlock."""

        def secret(self, prompt: str) -> SecretText:
            """A line typed without echo."""

        def new_secret(self, prompt: str) -> SecretText:
            """The same, typed twice."""

        def words(self, prompt: str, count: int) -> SecretText:
            """Words typed without echo, on one line or several."""

    Named = list[tuple[str, Callable[[], UnlockSource]]]


def session_bundle(settings: Settings, folders: Folders, envelope: Envelope) -> Bundle | None:
    """The keys that an unlock session keeps for this vault and generation, None without one."""
    if "session" not in settings.words("unlock.order"):
        return None
    for store in session_stores(settings, folders):
        try:
            kept = store.get(envelope.vault)
            if kept is not None:
                return decode(kept, envelope.vault, envelope.generation)
        except (NotApplicable, CustodyError):
            continue
    return None


def session_stores(settings: Settings, folders: Folders) -> Iterator[SessionStore]:
    """Where an unlock session may be, the preferred place first, each made when its turn comes."""
    from lango_cli.unlock.session import KernelKeyring

    choice = settings.text("unlock.session")
    if choice in ("auto", "kernel"):
        kernel = KernelKeyring()
        if choice == "kernel" or kernel.available():
            yield kernel
    if choice == "kernel" or not (choice == "process" or os.path.isdir(folders.runtime)):
        return
    from lango_cli.unlock.session_process import SessionProcess

    yield SessionProcess(folders.runtime)


def explicit_source(flags: Flags, ask: Prompter | None) -> UnlockSource | None:
    """The one source that was named, by flag, variable or credentials folder; None if none was."""
    ranks = (_flag_sources(flags, ask), _variable_sources())
    for rank, what in zip(ranks, ("flags", "variables"), strict=True):
        if len(rank) > 1:
            names = " and ".join(name for name, _ in rank)
            raise UsageProblem(
                f"two {what} name a way to unlock: {names}", hint="give one of them"
            )
        if rank:
            return rank[0][1]()
    passphrase = load.variable(load.PASSPHRASE)
    if passphrase is not None:
        from lango_cli.secret import SecretText
        from lango_cli.unlock.sources import GivenPassphrase

        return GivenPassphrase(load.PASSPHRASE, lambda: SecretText(passphrase), True)
    folder = load.variable("CREDENTIALS_DIRECTORY")
    if folder is not None:
        from lango_cli.unlock.sources import CredentialSource

        source = CredentialSource(os.path.join(folder, "lango"))
        return source if source.explicit else None
    return None


def _flag_sources(flags: Flags, ask: Prompter | None) -> Named:
    found: Named = []
    if flags.passphrase_fd is not None:
        number = flags.passphrase_fd
        found.append(("--passphrase-fd", lambda: _from_fd(number)))
    if flags.passphrase_file is not None:
        path = flags.passphrase_file
        found.append(("--passphrase-file", lambda: _from_file("--passphrase-file", path)))
    if flags.passphrase_command is not None:
        command = flags.passphrase_command
        found.append(
            ("--passphrase-command", lambda: _from_command("--passphrase-command", command))
        )
    if flags.keyfile is not None:
        keyfile = flags.keyfile
        found.append(("--keyfile", lambda: _from_keyfile(keyfile, "--keyfile")))
    if flags.recovery:
        found.append(("--recovery", lambda: _recovery(ask)))
    return found


def _variable_sources() -> Named:
    found: Named = []
    path = load.variable("LANGO_PASSPHRASE_FILE")
    if path is not None:
        found.append(("LANGO_PASSPHRASE_FILE", lambda: _from_file("LANGO_PASSPHRASE_FILE", path)))
    command = load.variable("LANGO_PASSPHRASE_COMMAND")
    if command is not None:
        found.append(
            (
                "LANGO_PASSPHRASE_COMMAND",
                lambda: _from_command("LANGO_PASSPHRASE_COMMAND", command),
            )
        )
    keyfile = load.variable("LANGO_KEYFILE")
    if keyfile is not None:
        found.append(("LANGO_KEYFILE", lambda: _from_keyfile(keyfile, "LANGO_KEYFILE")))
    return found


def _from_fd(number: int) -> UnlockSource:
    from lango_cli.unlock.sources import GivenPassphrase, passphrase_from_fd

    return GivenPassphrase("--passphrase-fd", lambda: passphrase_from_fd(number), True)


def _from_file(name: str, path: str) -> UnlockSource:
    from lango_cli.unlock.sources import GivenPassphrase, passphrase_from_file

    return GivenPassphrase(name, lambda: passphrase_from_file(path), True)


def _from_command(name: str, command: str) -> UnlockSource:
    from lango_cli.unlock.sources import GivenPassphrase, passphrase_from_command

    environment = load.child_environment()
    return GivenPassphrase(name, lambda: passphrase_from_command(command, environment), True)


def _from_keyfile(path: str, name: str) -> UnlockSource:
    from lango_cli.unlock.keyfile import KeyfileSource

    return KeyfileSource(path, True, name)


def _recovery(ask: Prompter | None) -> UnlockSource:
    from lango_cli.unlock.sources import WORDS, RecoveryWords

    def words() -> SecretText:
        if ask is None:
            raise Locked(
                "nobody can be asked for the recovery words",
                hint="run it on a terminal without --no-input",
            )
        return ask.words("Recovery words", WORDS)

    return RecoveryWords(words, True, asks=True)


def os_keyring(folders: Folders) -> OsKeyring:
    """The OS keyring, asked in a child process."""
    from lango_cli.unlock.keyring import OsKeyring

    return OsKeyring(folders.state, load.environment())


def quiet_sources(
    flags: Flags,
    folders: Folders,
    settings: Settings,
    envelope: Envelope,
    ask: Prompter | None,
    slots: Sequence[Slot],
) -> list[UnlockSource]:
    """The ways to unlock that apply to these slots, in the order of the setting."""
    found: list[UnlockSource] = []
    person = None if flags.no_input else ask
    kinds = kinds_of(slots)
    kept = kept_sources(settings, folders, envelope, person) if kinds & set(ELSEWHERE) else {}
    for word in settings.words("unlock.order"):
        if word in kept:
            found.append(kept[word])
        if word == "keyring" and "keyring" in kinds:
            from lango_cli.unlock.keyring import KeyringSource

            found.append(KeyringSource(os_keyring(folders), envelope.vault))
        elif word == "keyfile" and "keyfile" in kinds:
            from lango_cli.unlock.keyfile import KeyfileSource

            found.append(KeyfileSource(os.path.join(folders.home, KEYFILE), False))
        elif word == "prompt" and person:
            found += _prompts(person, slots)
    return found


def kinds_of(slots: Sequence[Slot]) -> set[str]:
    """The kinds of these slots, and of the members of those that are groups."""
    return {one.kind for slot in slots for one in (slot, *slot.members)}


def of_groups(slots: Sequence[Slot]) -> list[Slot]:
    """Those that members open together; UsageProblem, for `--share`, where there are none."""
    found = [slot for slot in slots if slot.members]
    if not found:
        raise UsageProblem(
            "--share is for a slot that members open together, and there is none here",
            hint="see which slots there are: lango keys slot list",
        )
    return found


def shares_of(flags: Flags) -> list[UnlockSource]:
    """What `--share` names: files that hold a member's passphrase, keyfile or recovery words."""
    from lango_cli.unlock.shares import ShareFile

    return [ShareFile(path) for path in flags.share]


def _prompts(ask: Prompter, slots: Sequence[Slot]) -> Iterator[UnlockSource]:
    """The one question that a slot of its own takes, then those to the members of a group."""
    if any(slot.kind == "passphrase" for slot in slots):
        yield _prompt(ask)
    if any(slot.members for slot in slots):
        from lango_cli.unlock.sources import WORDS, PromptedMember

        yield PromptedMember(ask.secret, lambda prompt: ask.words(prompt, WORDS))


def _prompt(ask: Prompter) -> UnlockSource:
    from lango_cli.unlock.sources import PromptedPassphrase

    return PromptedPassphrase("passphrase", lambda: ask.secret("Passphrase"))


def kept_sources(
    settings: Settings, folders: Folders, envelope: Envelope, ask: Prompter | None
) -> dict[str, CustodianSource]:
    """What asks custodians, by its word in the order: the quiet way, and the one with a PIN."""
    from lango_cli.unlock.custodian import Asked, CustodianSource

    def unwrap(slot_id: str, pin: Callable[[], SecretBytes | None]) -> SecretBytes:
        from lango_cli.wiring.kept import Keeping

        slot = _recipient(envelope, slot_id)
        return Keeping(settings, folders, ask).unwrap(envelope, slot, pin)

    asked = Asked(unwrap)
    found = {"kms": CustodianSource(asked)}
    if ask is not None and "kms" in settings.words("unlock.order"):
        prompter = ask
        found["prompt"] = CustodianSource(
            asked, lambda label: _pin(prompter, _recipient(envelope, label))
        )
    return found


def _recipient(envelope: Envelope, wanted: str) -> Recipient:
    """The slot or member with this id or label, which is somewhere in this header."""
    return next(
        one
        for slot in envelope.slots
        for one in (slot, *slot.members)
        if wanted in (one.id, one.label)
    )


def _pin(ask: Prompter, slot: Recipient) -> SecretBytes:
    from lango_cli.wiring.kept import pin_of

    return pin_of(ask, slot)


def keep_session(vault: Vault, ttl: int, settings: Settings, folders: Folders) -> str:
    """Keep an open vault's keys for `ttl` seconds; the name of the place.

    Where the setting leaves the choice, the process serves when the kernel takes no more keys
    (a user's quota is small). What the other place kept before goes.
    """
    from lango_cli.unlock.session import KernelKeyring
    from lango_cli.unlock.session_process import SessionProcess

    kernel, process = KernelKeyring(), SessionProcess(folders.runtime)
    choice = settings.text("unlock.session")
    content = vault.bundle.encode()
    if choice == "kernel" or (choice == "auto" and kernel.available()):
        try:
            kernel.put(vault.id, content, ttl)
        except CustodyUnavailable:
            if choice == "kernel":
                raise
        else:
            process.drop(vault.id)
            return kernel.name
    process.put(vault.id, content, ttl)
    kernel.drop(vault.id)
    return process.name
