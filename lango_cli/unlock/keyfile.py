"""A file that unlocks: lango's own 32 random bytes in base64, or any content a person chose.

The rule: the slot says how the file is read, the file never does. Content of a slot whose KDF is
`hkdf-sha256` is base64 of exactly 32 bytes with at most one final newline; every other KDF takes
the file verbatim. A file that others can read, or that is not the caller's, is an error and never
passed over: a service that silently falls back to a prompt does not start.
"""

from __future__ import annotations

from lango_cli import files
from lango_cli.codec import b64, unb64
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import FileProblem, NotApplicable, Tampered, TooLarge, WrongKey
from lango_cli.secret import SecretBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.model import SlotView

LIMIT = 1 << 20
"""Bytes of a keyfile."""
KEY_BYTES = 32
STORED_BYTES_KDF = "hkdf-sha256"
"""The KDF of slots whose credential is 32 bytes made by lango."""


class KeyfileSource:
    """Serves `keyfile` slots from the file at `path`, which is read at most once.

    `explicit`: the person named the path (flag or variable), so it may also belong to root, be a
    link or a pipe, and whatever is wrong with it is the answer (WrongKey, 13). Otherwise it is
    `<home>/keyfile`: absent is NotApplicable, wrong mode, owner or kind is FileProblem (90).
    """

    __slots__ = ("_content", "_path", "explicit", "interactive", "name")

    def __init__(self, path: str, explicit: bool, name: str = "keyfile") -> None:
        self.name = name
        self.interactive = False
        self.explicit = explicit
        self._path = path
        self._content: SecretBytes | None = None

    def offer(self, slot: SlotView) -> SecretBytes:
        """The credential; Tampered if a lango-made keyfile holds something else."""
        if slot.kind != "keyfile":
            raise NotApplicable("serves keyfile slots only", kind="keyfile")
        content = self._read()
        if slot.kdf_name != STORED_BYTES_KDF:
            return content
        return stored_key(content)

    def _read(self) -> SecretBytes:
        if self._content is None:
            self._content = self._read_given() if self.explicit else self._read_default()
        return self._content

    def _read_default(self) -> SecretBytes:
        content = files.read_private(self._path, LIMIT)
        if content is None:
            raise NotApplicable("no keyfile")
        return SecretBytes(content)

    def _read_given(self) -> SecretBytes:
        return read_given(self._path, LIMIT, self.name, "keyfile")


def read_given(path: str, limit: int, name: str, what: str) -> SecretBytes:
    """A file that the person named as source `name`; WrongKey says what is wrong with it.

    Only the system's reason goes into the message: what stands where a path belongs may have been
    typed in the wrong place.
    """
    try:
        content = files.read_private(path, limit, given=True)
    except TooLarge as err:
        raise WrongKey(f"{name}: the {what} is over {limit} bytes", hint=err.hint) from None
    except FileProblem as err:
        reason = err.message.removeprefix(path).lstrip(": ")
        raise WrongKey(f"{name}: {reason}", hint=err.hint) from None
    if content is None:
        raise WrongKey(f"{name}: no {what} at that path")
    return SecretBytes(content)


def stored_key(content: SecretBytes) -> SecretBytes:
    """The 32 bytes that a lango-made keyfile stands for; Tampered if it is not one."""
    try:
        key = unb64(content.reveal().removesuffix(b"\n").decode("ascii"), "the keyfile")
    except (UnicodeDecodeError, Tampered):
        key = b""
    if len(key) != KEY_BYTES:
        raise Tampered(
            "the keyfile is not one that lango made: base64 of 32 bytes",
            hint="put back the right file, or make a new slot: lango keys slot add keyfile",
        )
    return SecretBytes(key)


def make_keyfile(path: str, key: SecretBytes | None = None) -> SecretBytes:
    """Write 32 new random bytes (or `key`) in base64, exclusively and 0600; return them."""
    if key is None:
        key = SecretBytes(random_bytes(KEY_BYTES))
    files.create(path, _stored_form(key))
    return key


def unmake_keyfile(path: str, key: SecretBytes) -> None:
    """Remove the keyfile that was made of `key`, or begun to be; no other file."""
    found = files.read(path, LIMIT)
    if found is not None and _stored_form(key).startswith(found):
        files.remove(path)


def _stored_form(key: SecretBytes) -> bytes:
    return f"{b64(key.reveal())}\n".encode()
