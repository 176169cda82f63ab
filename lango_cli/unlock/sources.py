"""Credentials that a person or their machine hands in: passphrases and recovery words.

The rule: each source reads at most once, a passphrase loses exactly one final newline where it
comes from a file, fd or command, and UTF-8 text is brought to NFC, so that the same words typed on
two keyboards are the same passphrase. Bytes that are not UTF-8 stay as they are.

Why no shell round a passphrase command: the setting is a command, not a script; what needs a shell
says `sh -c '...'`.
"""

from __future__ import annotations

import os
import stat

from lango_cli import files
from lango_cli.errors import FileProblem, NotApplicable, Tampered, TooLarge, WrongKey
from lango_cli.secret import SecretBytes
from lango_cli.unlock.keyfile import STORED_BYTES_KDF, read_given, stored_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from subprocess import Popen

    from lango_cli.model import SlotView

LIMIT = 1 << 20
"""Bytes of a passphrase."""
WORDS = 24
"""Recovery words of a slot: 32 bytes."""
_READ_LIMIT = LIMIT + 2
"""With the final newline."""


class _Once:
    """Serves slots of one kind with what `read` gives, and reads once."""

    __slots__ = ("_kind", "_read", "_value", "explicit", "interactive", "name")

    def __init__(
        self, name: str, kind: str, read: Callable[[], SecretBytes], *, explicit: bool, asks: bool
    ) -> None:
        self.name = name
        self.interactive = asks
        self.explicit = explicit
        self._kind = kind
        self._read = read
        self._value: SecretBytes | None = None

    def offer(self, slot: SlotView) -> SecretBytes:
        """The credential for a slot of this source's kind; WrongKey if there is nothing in it."""
        if slot.kind != self._kind:
            raise NotApplicable(f"serves {self._kind} slots only", kind=self._kind)
        if self._value is None:
            self._value = self._read()
        return self._value


class GivenPassphrase(_Once):
    """A passphrase from a flag or variable; `read` is one of the readers below, or the like."""

    __slots__ = ()

    def __init__(self, name: str, read: Callable[[], SecretBytes], explicit: bool) -> None:
        def passphrase() -> SecretBytes:
            return _named(name, lambda: normalised(read()))

        super().__init__(name, "passphrase", passphrase, explicit=explicit, asks=False)


class PromptedPassphrase(_Once):
    """A passphrase that `ask` gets from the person at the terminal, once for all slots."""

    __slots__ = ()

    def __init__(self, name: str, ask: Callable[[], SecretBytes]) -> None:
        def passphrase() -> SecretBytes:
            return normalised(ask())

        super().__init__(name, "passphrase", passphrase, explicit=False, asks=True)

    def offer(self, slot: SlotView) -> SecretBytes:
        """The passphrase; a member of a group is asked by name, which is `PromptedMember`'s."""
        if slot.group:
            raise NotApplicable("asked by name", kind="passphrase")
        return super().offer(slot)


class PromptedMember:
    """What people type who are members of a group, each asked by name; empty: not this one."""

    __slots__ = ("_ask", "_words", "explicit", "interactive", "name")

    def __init__(
        self, ask: Callable[[str], SecretBytes], words: Callable[[str], SecretBytes]
    ) -> None:
        self.name = "members"
        self.interactive = True
        self.explicit = False
        self._ask = ask
        self._words = words

    def offer(self, slot: SlotView) -> SecretBytes:
        """The passphrase of this member, or what its recovery words stand for."""
        if not slot.group or slot.kind not in ("passphrase", "recovery"):
            raise NotApplicable("serves members who type something only", kind="passphrase")
        whose = f"of {slot.label}, for slot {slot.group} (empty: without it)"
        if slot.kind == "recovery":
            typed = self._words(f"Recovery words {whose}")
            return _entropy(_given(typed))
        return normalised(_given(self._ask(f"Passphrase {whose}")))


def _given(typed: SecretBytes) -> SecretBytes:
    if not len(typed):
        raise NotApplicable("left out")
    return typed


class RecoveryWords(_Once):
    """BIP-39 words, as `read` gives them; a wrong word or checksum is WrongKey, unnamed."""

    __slots__ = ()

    def __init__(
        self,
        read: Callable[[], SecretBytes],
        explicit: bool,
        *,
        name: str = "--recovery",
        asks: bool = False,
    ) -> None:
        def entropy() -> SecretBytes:
            return _entropy(_named(name, read))

        super().__init__(name, "recovery", entropy, explicit=explicit, asks=asks)


class CredentialSource:
    """`$CREDENTIALS_DIRECTORY/lango` of a systemd service: a keyfile or a passphrase.

    What looks like a lango keyfile serves `keyfile` slots, and `passphrase` slots too, because
    `openssl rand -base64 32` makes passphrases of the same shape; anything else serves
    `passphrase` slots alone. Explicit when the file is there; where it is not, the service has
    other credentials and this source is NotApplicable.
    """

    __slots__ = ("_content", "_path", "explicit", "interactive", "name")

    def __init__(self, path: str, name: str = "$CREDENTIALS_DIRECTORY/lango") -> None:
        self.name = name
        self.interactive = False
        self.explicit = files.exists(path)
        self._path = path
        self._content: SecretBytes | None = None

    def offer(self, slot: SlotView) -> SecretBytes:
        """The credential for this slot."""
        if slot.kind not in {"keyfile", "passphrase"} or not self.explicit:
            raise NotApplicable("no such credential")
        if self._content is None:
            self._content = _read_credential(self._path, self.name)
        if slot.kind == "passphrase":
            return normalised(without_newline(self._content))
        if slot.kdf_name != STORED_BYTES_KDF:
            return self._content
        try:
            return stored_key(self._content)
        except Tampered:
            raise NotApplicable("the credential is a passphrase, not a keyfile") from None


def _read_credential(path: str, name: str) -> SecretBytes:
    """Under systemd a service's user may read by an ACL: the file is root's, shown as 0440."""
    if _is_by_acl(path):
        content = files.read(path, _READ_LIMIT)
        if content is not None:
            return SecretBytes(content)
    return read_given(path, _READ_LIMIT, name, "credential")


def _is_by_acl(path: str) -> bool:
    try:
        about = os.lstat(path)
        return (
            stat.S_ISREG(about.st_mode)
            and about.st_uid == 0
            and about.st_mode & 0o077 == 0o040
            and "system.posix_acl_access" in os.listxattr(path)
        )
    except (AttributeError, OSError):
        return False


def passphrase_from_fd(fd: int) -> SecretBytes:
    """Everything up to the end of `fd`, which stays open here and is closed in child processes."""
    refuse_own(fd, f"file descriptor {fd}")
    content = files.read_fd(fd, f"file descriptor {fd}", _READ_LIMIT)
    if fd > 2:
        os.set_inheritable(fd, False)
    return without_newline(SecretBytes(content))


def refuse_own(fd: int, what: str) -> None:
    """FileProblem for a descriptor that was not handed to us but is one of our own files.

    All that Python opens is closed in children, which nothing inherited can be.
    """
    try:
        own = fd > 2 and not os.get_inheritable(fd)
    except OSError as err:
        raise files.problem(what, err) from None
    if own:
        raise FileProblem(f"{what} was not handed to lango", hint=f"open it: {fd}<FILE")


def passphrase_from_file(path: str) -> SecretBytes:
    """The content of a private file, link or pipe that the person named."""
    return without_newline(read_given(path, _READ_LIMIT, "the passphrase file", "file"))


def passphrase_from_command(command: str, environment: Mapping[str, str]) -> SecretBytes:
    """What `command` prints; its words are split like a shell's, but no shell runs it.

    It gets an empty stdin, our stderr, and `environment` without LANGO_PASSPHRASE. WrongKey where
    it cannot be run or ends with another status than 0; the message never quotes it.
    """
    import shlex

    try:
        words = shlex.split(command)
    except ValueError:
        raise WrongKey("the passphrase command has an unclosed quotation") from None
    if not words:
        raise WrongKey("the passphrase command is empty")
    process = _start(words, {k: v for k, v in environment.items() if k != "LANGO_PASSPHRASE"})
    return without_newline(SecretBytes(_output(process)))


def _start(words: list[str], environment: dict[str, str]) -> Popen[bytes]:
    from subprocess import DEVNULL, PIPE, Popen

    try:
        return Popen(words, env=environment, stdin=DEVNULL, stdout=PIPE, bufsize=0)
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or "not a command"
        raise WrongKey(f"the passphrase command cannot be run: {reason.lower()}") from None


def _output(process: Popen[bytes]) -> bytes:
    with process:
        assert process.stdout is not None
        try:
            content = files.read_fd(process.stdout.fileno(), "the command's output", _READ_LIMIT)
        except BaseException:
            process.kill()
            raise
    if process.returncode < 0:
        raise WrongKey(f"the passphrase command was ended by signal {-process.returncode}")
    if process.returncode:
        raise WrongKey(f"the passphrase command ended with exit status {process.returncode}")
    return content


def without_newline(content: SecretBytes) -> SecretBytes:
    """The content without one final LF or CRLF."""
    data = content.reveal()
    end = b"\r\n" if data.endswith(b"\r\n") else b"\n"
    return SecretBytes(data.removesuffix(end))


def normalised(passphrase: SecretBytes) -> SecretBytes:
    """The passphrase in NFC if it is UTF-8; WrongKey if empty, TooLarge above 1 MiB."""
    data = passphrase.reveal()
    if not data:
        raise WrongKey("the passphrase is empty")
    if not data.isascii():
        data = _nfc(data)
    if len(data) > LIMIT:
        raise TooLarge("the passphrase is over 1 MiB", hint=f"the limit is {LIMIT} bytes")
    return SecretBytes(data)


def _nfc(data: bytes) -> bytes:
    from unicodedata import normalize

    try:
        return normalize("NFC", data.decode()).encode()
    except UnicodeDecodeError:
        return data


def _entropy(words: SecretBytes) -> SecretBytes:
    from lango_cli.crypto.bip39 import entropy_of

    if len(words) > LIMIT:
        raise TooLarge("the recovery words are over 1 MiB", hint="give 24 words")
    try:
        text = words.reveal().decode()
    except UnicodeDecodeError:
        raise WrongKey("the recovery words are not text") from None
    count = len(text.split())
    if count != WORDS:
        raise WrongKey(
            f"the recovery words of a vault are {WORDS}, and {count} were given",
            hint="type all of them in their order, with spaces between them",
        )
    return SecretBytes(entropy_of(text))


def _named(name: str, read: Callable[[], SecretBytes]) -> SecretBytes:
    """What `read` gives; a file in the way is this source's failure, under its name."""
    try:
        return read()
    except (FileProblem, TooLarge) as err:
        raise WrongKey(f"{name}: {err.message}", hint=err.hint) from None
