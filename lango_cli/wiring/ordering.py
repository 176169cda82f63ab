"""What was asked of `lango run`, `env` and `inject`, and the variables that follow from it.

The rule: of two that set one variable the more explicit wins: --set, then --env-file (later files
before earlier ones), then what is inherited, then lango.toml. What was typed is never repeated in
a message: it may be a value in the wrong place.
"""

from __future__ import annotations

import os

from lango_cli import files
from lango_cli.config import project
from lango_cli.errors import FileProblem, Findings, UsageProblem
from lango_cli.launch import env_file, environment
from lango_cli.wiring.handing import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from lango_cli.config.project import Project

EXAMPLES = {
    "--set": "--set 'TOKEN={{secret:NAME}}'",
    "--file": "--file 'KEY_FILE={{secret:NAME}}'",
    "--fd": "--fd '3={{secret:NAME}}'",
    "--stdin": "--stdin '{{secret:NAME}}'",
}


class Order:
    """What was asked: one attribute an option."""

    __slots__ = (
        "argv",
        "descriptors",
        "env_files",
        "files",
        "inherit",
        "masked",
        "only",
        "project",
        "sets",
        "stdin",
    )

    def __init__(self) -> None:
        self.argv: Sequence[str] = ()
        self.env_files: Sequence[str] = ()
        self.only: Sequence[str] = ()
        self.sets: Sequence[str] = ()
        self.files: Sequence[str] = ()
        self.descriptors: Sequence[str] = ()
        self.stdin: str | None = None
        self.inherit = True
        self.masked = True
        self.project = True


def project_of(order: Order) -> Project | None:
    """The nearest lango.toml, unless an env file or --no-project stands in its place."""
    path = project.find(os.getcwd()) if order.project and not order.env_files else None
    return None if path is None else project.read(path)


def variables(
    order: Order, way: str, inherited: dict[str, str], of: Project | None
) -> dict[str, Place]:
    """Every variable that lango sets or fills, with its text, by name; taken out of `inherited`.

    Of the inherited ones those alone that hold a reference; with `only`, the names in it alone.
    Findings if the project needs a variable that nothing sets.
    """
    only = [name for names in order.only for name in names.split(",")]
    given = given_by(order)
    if of is not None:
        given = _from_project(of, given.keys() | inherited.keys(), only) | given
    found: dict[str, Place] = {}
    for name, text in (inherited | given).items():
        place = Place(way, f"env {name}", os.fsencode(text))
        if place.references or name in given:
            found[name] = place
            inherited.pop(name, None)
    if not found.keys() >= set(only):
        raise UsageProblem("--only names a variable that nothing here sets", hint="see --help")
    return {name: place for name, place in found.items() if not only or name in only}


def _from_project(of: Project, known: AbstractSet[str], only: Sequence[str]) -> dict[str, str]:
    """What the project's file gives to variables that nothing else sets."""
    open_ones = [one for one in of.variables if one.name not in known]
    missing = [one.name for one in open_ones if one.text is None and one.required]
    if missing := [name for name in missing if not only or name in only]:
        raise Findings(
            f"{of.path} asks for {', '.join(missing)}, which nothing sets", hint="lango check"
        )
    return {one.name: one.text for one in open_ones if one.text is not None}


def check_types(of: Project | None, environment: Mapping[str, bytes]) -> None:
    """UsageProblem, without the value, if a variable is not of the type that the project says."""
    for one in of.variables if of else ():
        data = environment.get(one.name)
        if data is not None and not project.fits(one.type, os.fsdecode(data)):
            raise UsageProblem(
                f"env {one.name}: the value is no {one.type}, which {project.NAME} asks for",
                hint="lango check",
            )


def given_by(order: Order) -> dict[str, str]:
    """What files and --set say."""
    found: dict[str, str] = {}
    for path in order.env_files:
        found |= env_file.parse(read_named(path, env_file.LIMIT), path)
    for text in order.sets:
        name, value = assigned(text, "--set")
        found[check_variable(name, "--set")] = value
    return found


def read_named(path: str, limit: int) -> bytes:
    """All of a file, pipe or link that the person named; `-` is standard input."""
    if path == "-":
        return files.read_fd(0, "standard input", limit)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as err:
        raise FileProblem(
            f"{path}: {(getattr(err, 'strerror', '') or 'not a path').lower()}",
            hint="check its name",
        ) from None
    try:
        return files.read_fd(fd, path, limit)
    finally:
        os.close(fd)


def assigned(text: str, option: str) -> tuple[str, str]:
    """The two sides of `NAME=text with a reference`."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageProblem(f"{option} takes a name, = and a reference", hint=EXAMPLES[option])
    must_refer(value, option)
    return name, value


def must_refer(text: str, option: str) -> str:
    """The text, if there is a reference in it: a value has no place on a command line."""
    if not Place("", option, os.fsencode(text)).references:
        raise UsageProblem(
            f"{option} holds no reference to a secret",
            hint=f"{EXAMPLES[option]}; plain values come by the environment or --env-file",
        )
    return text


def check_variable(name: str, option: str) -> str:
    """The name, if every shell can have a variable called so."""
    if not environment.is_name(name):
        raise UsageProblem(f"{option}: that is no name of a variable", hint=EXAMPLES[option])
    return name
