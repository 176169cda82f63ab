"""References in the values of settings: `${VARIABLE}` and `{{secret:NAME}}`.

The rule: they stay text wherever a setting is kept, shown, exported or imported, and are filled in
where the value is used. A value is filled once: what a variable or a secret holds is never looked
at for references, so there is no cycle and nothing that somebody else wrote is expanded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lango_cli.config.forms import REFERENCE
from lango_cli.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Callable


def resolve(
    key: str,
    value: Any,  # noqa: ANN401  # what JSON holds
    variable: Callable[[str], str | None],
    secret: Callable[[str], str],
) -> Any:  # noqa: ANN401
    """The value with every reference filled in; InvalidSetting for a variable that is not set."""
    if isinstance(value, dict):
        return {name: resolve(key, one, variable, secret) for name, one in value.items()}
    if isinstance(value, list):
        return [resolve(key, one, variable, secret) for one in value]
    if not isinstance(value, str):
        return value
    done, at = "", 0
    for found in REFERENCE.finditer(value):
        done += value[at : found.start()] + _filled(key, found[0], variable, secret)
        at = found.end()
    return done + value[at:]


def _filled(
    key: str,
    reference: str,
    variable: Callable[[str], str | None],
    secret: Callable[[str], str],
) -> str:
    if reference.startswith("{{"):
        return secret(reference[len("{{secret:") : -2])
    text = variable(reference[2:-1])
    if text is None:
        raise InvalidSetting(
            f"{key} refers to {reference[2:-1]}, which is not set", hint="set the variable"
        )
    return text


def is_reference(text: str) -> bool:
    """Whether this text is one reference and nothing besides: no part of a value stands in it."""
    return REFERENCE.fullmatch(text) is not None
