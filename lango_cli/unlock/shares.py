"""A file with what one member of a group holds: `--share FILE`.

The rule: it is read once and tried with every member that it could be of, as a keyfile, as a
passphrase and as recovery words; named by the person, so what is wrong with it is the answer.
"""

from __future__ import annotations

from lango_cli.errors import LangoError, NotApplicable, Tampered
from lango_cli.unlock.keyfile import STORED_BYTES_KDF, read_given, stored_key
from lango_cli.unlock.sources import LIMIT, RecoveryWords, normalised, without_newline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.model import SlotView
    from lango_cli.secret import SecretBytes


class ShareFile:
    """Serves members of a group from the file at `path`; WrongKey where it cannot be read."""

    __slots__ = ("_content", "explicit", "interactive", "name")

    def __init__(self, path: str) -> None:
        self.name = share_name(path)
        self.interactive = False
        self.explicit = True
        self._content = read_given(path, LIMIT + 2, self.name, "file")

    def offer(self, slot: SlotView) -> SecretBytes:
        """What the file is to a member of this kind."""
        if slot.kind not in ("keyfile", "passphrase", "recovery"):
            raise NotApplicable("a file opens none of this kind", kind="keyfile")
        content = self._content
        if slot.kind == "passphrase":
            return normalised(without_newline(content))
        if slot.kind == "recovery":
            return _words(content, slot)
        if slot.kdf_name != STORED_BYTES_KDF:
            return content
        try:
            return stored_key(content)
        except Tampered:
            raise NotApplicable("the file is no keyfile that lango made", kind="keyfile") from None


def share_name(path: str) -> str:
    """What the source of this file is called."""
    return f"--share {path}"


def _words(content: SecretBytes, slot: SlotView) -> SecretBytes:
    try:
        return RecoveryWords(lambda: content, True, name="--share").offer(slot)
    except LangoError:
        raise NotApplicable("the file holds no recovery words", kind="recovery") from None
