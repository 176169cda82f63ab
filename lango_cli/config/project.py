"""`lango.toml`: which settings and secrets the commands of a project need.

The rule: the file narrows and never weakens. It names variables and where their values come from;
it cannot switch masking, records or approval off, choose another vault, or run anything, so what
it does not know is an error, and so is a text for a variable that decides what a program runs
(`config.deciding`). It counts only if nobody but its owner, you or root, may write it.

    [run]
    inherit = false          # as --no-inherit

    [env.DATABASE_URL]
    reference = "postgres://app:{{secret:db/password}}@localhost/app"
    description = "where the data is"

    [env.PORT]
    type = "integer"
    default = 8080
"""

from __future__ import annotations

import os
import stat

from lango_cli import files
from lango_cli.config.deciding import decides
from lango_cli.errors import FileProblem, InvalidSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "lango.toml"
LIMIT = 1 << 20
"""Bytes of a file."""
TYPES = ("string", "integer", "number", "boolean", "url")
MEMBERS = ("default", "description", "reference", "required", "type")
HINT = "see README, Projects"


class Variable:
    """One variable that the project's commands need; None for what the file does not say."""

    __slots__ = ("default", "description", "name", "reference", "required", "type")

    def __init__(self, name: str) -> None:
        self.name = name
        self.type = "string"
        self.description = ""
        self.default: str | None = None
        self.reference: str | None = None
        self.required = True

    @property
    def text(self) -> str | None:
        """What the file itself gives it: a reference's text or the default."""
        return self.default if self.reference is None else self.reference


class Project:
    """A project's file, read and checked."""

    __slots__ = ("inherit", "path", "variables")

    def __init__(self, path: str, inherit: bool, variables: tuple[Variable, ...]) -> None:
        self.path = path
        self.inherit = inherit
        self.variables = variables


def find(folder: str) -> str | None:
    """The path of the nearest file, in this folder or above it."""
    folder = os.path.abspath(folder)
    while True:
        path = os.path.join(folder, NAME)
        if files.exists(path):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def read(path: str) -> Project:
    """The file at this path; FileProblem or InvalidSetting, naming the member that is wrong."""
    _check_owner(path)
    import tomllib

    try:
        document = tomllib.loads((files.read(path, LIMIT) or b"").decode())
    except (ValueError, RecursionError):
        raise InvalidSetting(f"{path} is not TOML", hint=HINT) from None
    _only(document, ("env", "run"), path, "")
    run = _table(document.get("run", {}), path, "run")
    _only(run, ("inherit",), path, "run.")
    inherit = run.get("inherit", True)
    if not isinstance(inherit, bool):
        raise _wrong(path, "run.inherit takes true or false")
    env = _table(document.get("env", {}), path, "env")
    return Project(path, inherit, tuple(_variable(path, name, env[name]) for name in env))


def _check_owner(path: str) -> None:
    try:
        about = os.lstat(path)
    except OSError as err:
        raise files.problem(path, err) from None
    if about.st_uid not in (os.geteuid(), 0):
        raise FileProblem(f"{path} belongs to another user", hint="leave it out: --no-project")
    if stat.S_ISREG(about.st_mode) and about.st_mode & stat.S_IWOTH:
        raise FileProblem(f"{path} can be written by everybody", hint=f"chmod o-w {path}")


def _variable(path: str, name: str, table: object) -> Variable:
    where = f"env.{name}"
    members = _table(table, path, where)
    _only(members, MEMBERS, path, f"{where}.")
    found = Variable(name)
    if not name.isascii() or not name.isidentifier():
        raise _wrong(path, f"{where}: that is no name of a variable")
    for member in ("type", "description", "reference"):
        if not isinstance(members.get(member, ""), str):
            raise _wrong(path, f"{where}.{member} takes a text")
    found.type = members.get("type", "string")
    found.description = members.get("description", "")
    found.reference = members.get("reference")
    required = members.get("required", True)
    if found.type not in TYPES:
        raise _wrong(path, f"{where}.type takes one of: {', '.join(TYPES)}")
    if not isinstance(required, bool):
        raise _wrong(path, f"{where}.required takes true or false")
    found.required = required
    if "default" in members:
        found.default = _default(path, where, members["default"])
        _check_default(path, where, found)
    if found.text is not None and decides(name):
        raise InvalidSetting(
            f"{path}: {where} decides what programs run or trust: a project gives it no text",
            hint="set it in your own environment",
        )
    return found


def _default(path: str, where: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        if isinstance(value, str | int | float):
            return str(value)
    except ValueError:
        # A hexadecimal number may have more digits than Python writes.
        raise _wrong(path, f"{where}.default is too large a number") from None
    raise _wrong(path, f"{where}.default takes a text, a number, true or false")


def _check_default(path: str, where: str, found: Variable) -> None:
    if found.reference is not None:
        raise _wrong(path, f"{where} has a reference and a default, and needs one of them")
    if not fits(found.type, found.default or ""):
        raise _wrong(path, f"{where}.default is no {found.type}")


def fits(kind: str, text: str) -> bool:
    """Whether a variable's text is of this type."""
    if kind == "integer":
        digits = text.removeprefix("-")
        return digits.isascii() and digits.isdigit()
    if kind == "number":
        return _is_number(text)
    if kind == "boolean":
        return text in ("true", "false")
    if kind == "url":
        scheme, mark, rest = text.partition("://")
        return bool(mark and rest and scheme.isascii()) and scheme[:1].isalpha()
    return True


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text and value - value == 0


def _table(value: object, path: str, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path, f"{where} is no table")
    return value


def _only(table: dict[str, Any], allowed: tuple[str, ...], path: str, where: str) -> None:
    for name in table:
        if name not in allowed:
            raise InvalidSetting(
                f"{path}: {where}{name} is nothing that a project can set",
                hint=f"{'here: ' + ', '.join(allowed)}; a project never loosens what guards you",
            )


def _wrong(path: str, what: str) -> InvalidSetting:
    return InvalidSetting(f"{path}: {what}", hint=HINT)
