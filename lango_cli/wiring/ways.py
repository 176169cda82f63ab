"""What to say where nothing opens the vault: exactly the ways that fit its slots, here and now.

The rule: a way is named only if the vault, or the slot that was asked for, has a slot for it; what
asks a person only where it can work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.vault.recipient import ELSEWHERE, GROUP
from lango_cli.wiring import sources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lango_cli.config.load import Folders

FOR_HUMAN_SLOT = (
    "--passphrase-file F, --passphrase-fd N, --passphrase-command C, LANGO_PASSPHRASE_FILE,"
    " LANGO_PASSPHRASE_COMMAND or $CREDENTIALS_DIRECTORY/lango"
)
FOR_KEYFILE = "--keyfile F or LANGO_KEYFILE"
FOR_RECOVERY = "--recovery on a terminal"


FOR_MEMBERS = "for a slot that several open together: --share FILE for each who is not asked"


FOR_HSM = "give the token's PIN: LANGO_PKCS11_PIN, or type it on a terminal"


def hint(
    folders: Folders,
    kinds: Iterable[str],
    *,
    person: bool,
    members: bool = False,
    pin: bool = False,
) -> str:
    """The ways for slots of these kinds.

    `person`: somebody could be asked; `members`: there are slots that several open together;
    `pin`: a token may want one that nothing gave.
    """
    has = set(kinds)
    given = [
        text
        for kind, text in (
            ("passphrase", FOR_HUMAN_SLOT),
            ("keyfile", FOR_KEYFILE),
            ("recovery", FOR_RECOVERY),
        )
        if kind in has
    ]
    found = []
    if person and "passphrase" in has:
        found.append("unlock it: lango unlock")
    if given:
        found.append(f"give {'; or '.join(given)}")
    if pin:
        found.append(FOR_HSM)
    if members:
        found.append(FOR_MEMBERS)
    if has & {*ELSEWHERE} - ({GROUP} if members else set()):
        found.append("see how its custodian is: lango keys kms status")
    if "keyring" in has:
        found += _keyring(folders)
    return "; or ".join(found) or "see which slots there are: lango keys slot list"


def _keyring(folders: Folders) -> list[str]:
    """A keyring that answers and still opens nothing has no right entry: no use in naming it."""
    verdict = sources.os_keyring(folders).describe()
    return [] if verdict.usable else [f"unlock the desktop keyring ({verdict.reason})"]
