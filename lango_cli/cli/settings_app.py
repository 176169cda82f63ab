"""What the commands of `lango settings` share: the app, the profiles, how a value is shown."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lango_cli.config.finding import find
from lango_cli.config.formed import dump
from lango_cli.wiring import opening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.cli.call import Call
    from lango_cli.config.setting import Setting
    from lango_cli.vault.vault import Vault

app = typer.Typer()

Key = Annotated[str, typer.Argument(metavar="KEY", help="A setting's name, such as unlock.ttl.")]


@contextmanager
def vault_of(call: Call, key: str | None = None) -> Iterator[Vault | None]:
    """The open vault, where the profile is needed: for all settings, or for this one.

    None where `config.toml` is enough, and where there is no vault yet.
    """
    if (
        key is not None and call.flags.profile is None and find_or_parent(key).bootstrap
    ) or not opening.home_of(opening.folders_of(call.flags)).vault_files():
        yield None
    else:
        with call.vault() as vault:
            yield vault


def find_or_parent(key: str) -> Setting:
    """The setting of a name, or the table that it is a member of; UnknownSetting for neither."""
    from lango_cli.config.declared import locate, member

    inside = member(key) if locate(key) is None else None
    return find(key) if inside is None else inside[0]


def shown(value: Any) -> str:  # noqa: ANN401  # what JSON holds
    """A scalar as JSON writes it, a text without quotes; a list or table as JSON."""
    return value if isinstance(value, str) else dump(value)
