"""A project's needs held against what there is, without reading a value."""

from __future__ import annotations

import os
import time

from lango_cli.codec import rfc3339
from lango_cli.config import load, project
from lango_cli.errors import FileProblem, SecretNotFound
from lango_cli.interceptor import refs
from lango_cli.vault.names import split_reference
from lango_cli.wiring.ordering import given_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.config.project import Variable
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.ordering import Order


class Need:
    """One variable: where it would come from, and what is wrong with that, if anything."""

    __slots__ = ("problem", "secrets", "source", "text", "variable")

    def __init__(self, variable: Variable, source: str, text: str | None) -> None:
        self.variable = variable
        self.source = source
        self.text = text
        self.problem = ""
        pieces = refs.cut(os.fsencode(text or ""), f"env {variable.name}")
        self.secrets = refs.references(pieces)

    @property
    def name(self) -> str:
        """The variable's name."""
        return self.variable.name

    @property
    def description(self) -> str:
        """What the project says it is for."""
        return self.variable.description

    def described(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "name": self.name,
            "type": self.variable.type,
            "required": self.variable.required,
            "source": self.source,
            "secrets": self.secrets,
            "ok": not self.problem,
            "problem": self.problem or None,
            "description": self.description,
        }


def check(order: Order, open_vault: Callable[[], Vault]) -> tuple[str, list[Need]]:
    """The project's path and its needs, in the file's order."""
    path = project.find(os.getcwd())
    if path is None:
        raise FileProblem(f"there is no {project.NAME} here or above", hint="see README, Projects")
    found = project.read(path)
    files = given_by(order)
    needs = [_need(variable, files) for variable in found.variables]
    for need in needs:
        _judge(need)
    if any(need.secrets for need in needs):
        with open_vault() as vault:
            for need in needs:
                _look_up(need, vault)
    return found.path, needs


def _need(variable: Variable, files: dict[str, str]) -> Need:
    environment = load.environment()
    if variable.name in files:
        return Need(variable, "env file", files[variable.name])
    if variable.name in environment:
        return Need(variable, "environment", environment[variable.name])
    if variable.text is not None:
        source = "default" if variable.reference is None else project.NAME
        return Need(variable, source, variable.text)
    return Need(variable, "nowhere", None)


def _judge(need: Need) -> None:
    if need.text is None:
        need.problem = "missing" if need.variable.required else ""
    elif not need.secrets and not project.fits(need.variable.type, need.text):
        need.problem = f"no {need.variable.type}"


def _look_up(need: Need, vault: Vault) -> None:
    for reference in need.secrets:
        name, version = split_reference(reference)
        try:
            meta = vault.secrets.show(name)
        except SecretNotFound:
            need.problem = f"no secret {name}"
            return
        known = (
            {meta.version}
            if version is None
            else {one.version for one in vault.secrets.history(name)}
        )
        if version is not None and version not in known:
            need.problem = f"no version {version} of {name}"
        elif meta.expires_at is not None and meta.expires_at <= time.time():
            need.problem = f"{name} expired on {rfc3339(meta.expires_at)}"
