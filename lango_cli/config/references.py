"""References in the values of settings: `${VARIABLE}` and `{{secret:NAME}}`.

The rule: they stay text wherever a setting is kept, shown, exported or imported, and are filled in
where the value is used; there the setting's kind is checked too. What a variable or a secret holds
is taken as it is, so that nothing is expanded that somebody else wrote. Where it is nothing but a
reference itself, that is an error, and so is a cycle of such: neither is ever handed on as a text.

What is needed before the vault opens refers to no secret of it. What guards a person refers to
nothing: whoever starts a command chooses its variables, and a secret changes without a new version
of the profile.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lango_cli.config.formed import dump
from lango_cli.config.forms import REFERENCE
from lango_cli.config.kinds import JSON_KINDS, WORDS
from lango_cli.errors import InvalidSetting, LangoError, SecretNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.config.setting import Setting

SECRET = "{{secret:"  # noqa: S105  # how a reference begins
UNSHARED = ("LANGO_PASSPHRASE", "LANGO_PKCS11_PIN")
"""Variables that unlock the vault, and nothing else."""
LONGEST = 16
"""Names of a chain that an error shows."""


class Filler:
    """Fills in references; `secret` gives a secret's text, and is None while no vault is open."""

    def __init__(
        self, variable: Callable[[str], str | None], secret: Callable[[str], str] | None
    ) -> None:
        self._variable = variable
        self._secret = secret

    def text(self, setting: Setting, text: str, where: str) -> str:
        """The setting's text filled in; InvalidSetting where that is no value of it.

        SecretNotFound for a secret that is not there. No error has a value.
        """
        filled = self._whole(setting, text)
        try:
            setting.parse(filled, where)
        except InvalidSetting:
            raise InvalidSetting(
                f"{where}: {setting.key} cannot have what {_named(text)} stands for",
                hint=f"it takes {setting.takes()}",
            ) from None
        return filled

    def _whole(self, setting: Setting, text: str) -> str:
        if setting.kind in JSON_KINDS:
            return dump(self.value(setting.key, json.loads(text)))
        if setting.kind == "table":
            return "\n".join(self._member(setting.key, line) for line in text.split("\n"))
        return self._filled(setting.key, text)

    def _member(self, key: str, line: str) -> str:
        filled = self._filled(key, line)
        if "\n" in filled:
            raise InvalidSetting(f"{key} cannot have what {_named(line)} stands for")
        return filled

    def value(self, key: str, value: Any) -> Any:  # noqa: ANN401  # what JSON holds
        """A JSON value with every reference in its texts filled in."""
        if isinstance(value, dict):
            return {name: self.value(key, one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.value(key, one) for one in value]
        return self._filled(key, value) if isinstance(value, str) else value

    def _filled(self, key: str, text: str) -> str:
        done, at = "", 0
        for found in REFERENCE.finditer(text):
            done += text[at : found.start()] + self._one(key, found[0])
            at = found.end()
        return done + text[at:]

    def _one(self, key: str, reference: str) -> str:
        text = self._held(key, reference)
        if is_reference(text):
            raise self._chained(key, reference, text)
        return text

    def _held(self, key: str, reference: str) -> str:
        """What a variable or a secret holds."""
        name = _name(reference)
        if reference.startswith(SECRET):
            if self._secret is None:
                raise InvalidSetting(
                    f"{key} refers to the secret {name}, and no vault is open here"
                )
            try:
                return self._secret(name)
            except SecretNotFound:
                raise SecretNotFound(
                    f"{key} refers to the secret {name}, which is not there",
                    hint=f"keep it: lango secrets set {name}",
                ) from None
            except UnicodeDecodeError:
                raise InvalidSetting(
                    f"{key} refers to the secret {name}, which is no text"
                ) from None
        text = self._variable(name)
        if text is None:
            raise InvalidSetting(
                f"{key} refers to the variable {name}, which is not set",
                hint=f"set {name} where lango is started",
            )
        return text

    def _chained(self, key: str, reference: str, text: str) -> InvalidSetting:
        """The error for a reference that leads to another: the names, as far as they go."""
        chain = [reference]
        while is_reference(text) and len(chain) < LONGEST:
            chain.append(text)
            if text in chain[:-1]:
                return InvalidSetting(
                    f"{key} refers to a cycle of references: {' -> '.join(chain)}",
                    hint="put the value itself where one of them is",
                )
            try:
                text = self._held(key, text)
            except LangoError:
                break
        return InvalidSetting(
            f"{key} refers to a reference, which is not followed: {' -> '.join(chain)}",
            hint="let it refer to where the value is",
        )


def deferred(setting: Setting, text: str, where: str) -> bool:
    """Whether references stand in this text, so that its kind is checked where it is used.

    InvalidSetting, which says `where`, for a reference that the setting may not have.
    """
    found = [one[0] for one in REFERENCE.finditer(text)]
    if not found or (setting.kind in WORDS and not setting.guarded):
        return False
    if setting.guarded:
        raise InvalidSetting(
            f"{where}{setting.key} decides who is asked, and takes no reference",
            hint="whoever starts a command chooses its variables: give the value itself",
        )
    if setting.bootstrap and any(one.startswith(SECRET) for one in found):
        raise InvalidSetting(
            f"{where}{setting.key} is needed before the vault opens, and refers to a secret in it",
            hint="it may refer to a variable: ${NAME}",
        )
    if hidden := {_name(one) for one in found} & {*UNSHARED}:
        raise InvalidSetting(
            f"{where}{setting.key} refers to {hidden.pop()}, which unlocks the vault",
            hint="keep it in a variable or a secret of its own",
        )
    return True


def _name(reference: str) -> str:
    return reference[len(SECRET) : -2] if reference.startswith(SECRET) else reference[2:-1]


def _named(text: str) -> str:
    return ", ".join(one[0] for one in REFERENCE.finditer(text))


def is_reference(text: str) -> bool:
    """Whether this text is one reference and nothing besides: no part of a value stands in it."""
    return REFERENCE.fullmatch(text) is not None
