"""What the commands of `lango keys` share: the apps they are declared on, and a key's story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lango_cli.cli.secrets_app import when
from lango_cli.wiring import opening, standing

if TYPE_CHECKING:
    from lango_cli.cli.call import Call
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.key_info import KeyInfo
    from lango_cli.vault.vault import Vault

app = typer.Typer()
slot_app = typer.Typer()
app.add_typer(slot_app, name="slot", help="The ways to unlock the vault.")

SlotName = Annotated[
    str, typer.Argument(metavar="ID", help="A slot's id, its start, or its label.")
]

KeyName = Annotated[str, typer.Argument(metavar="KEY", help="A key's name.")]
KeyVersionName = Annotated[
    str, typer.Argument(metavar="KEY", help="A key's name; KEY@2 for its version 2.")
]


def header(call: Call) -> Envelope:
    """The header as it is on disk."""
    return opening.home_of(opening.folders_of(call.flags)).read_header(call.ui.warn)


def end_sessions(call: Call, vault: Vault) -> None:
    """Who may not unlock any more must not go on by an unlock session either."""
    ended = standing.end_sessions(opening.folders_of(call.flags), vault.id)
    if ended:
        call.ui.note(f"the unlock session is ended: the {' and the '.join(ended)} kept one")


def described(key: KeyInfo) -> dict[str, object]:
    """All that is known of a key, as JSON has it."""
    return {
        "id": key.id,
        "name": key.name,
        "type": key.purpose,
        "algorithm": key.algorithm,
        "custodian": key.custodian or None,
        "state": key.state,
        "default": key.default,
        "version": key.version,
        "created_at": when(key.created_at),
        "rotated_at": when(key.rotated_at),
        "last_used_at": when(key.last_used_at),
        "reencrypting_since": when(key.moving_since),
        "values": key.values,
        "versions": [
            {
                "version": one.version,
                "state": one.state,
                "created_at": when(one.created_at),
                "values": one.values,
            }
            for one in key.versions
        ],
    }


def many(count: int, what: str = "value") -> str:
    """`1 value`, `2 values`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
