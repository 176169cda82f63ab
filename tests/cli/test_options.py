"""How commands are declared, and the options that all of them share."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import pytest
import typer

from lango_cli.cli import app as program
from lango_cli.cli import groups, options, ui
from lango_cli.cli.call import Call, Given
from lango_cli.errors import Cancelled, UsageProblem
from tests.cli.conftest import listening

if TYPE_CHECKING:
    from tests.cli.conftest import Said


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Call, str, list[str]]]:
    """What reached the command `lango probe one|plain`, which is there for this test."""
    seen: list[tuple[Call, str, list[str]]] = []
    app = typer.Typer()

    @options.command(app, "one", unlocks=True)
    def one(
        call: Call,
        name: Annotated[str, typer.Argument(metavar="NAME", help="A name.")],
        tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag.")] = None,
    ) -> None:
        """Do one thing.

        And say more.
        """
        seen.append((call, name, tag or []))

    @options.command(app, "delete")
    def plain(call: Call) -> None:
        """Do another."""
        seen.append((call, "", []))

    assert plain.__name__ == "plain", "a declared function stays itself"
    module = type(sys)("lango_cli.cli.probe")
    module.app = app  # type: ignore[attr-defined]  # a module made for the test
    monkeypatch.setitem(sys.modules, "lango_cli.cli.probe", module)
    monkeypatch.setitem(groups.COMMANDS, "probe", ("probe", groups.GROUP, "Probe."))
    return seen


@pytest.mark.parametrize(
    "argv",
    [
        "--home H --lock-timeout 5s --keyfile F --quiet probe one n --tag a --tag b",
        "probe --home H --lock-timeout 5s --keyfile F --quiet one n --tag a --tag b",
        "probe one --home H --tag a --lock-timeout 5s n --keyfile F --tag b --quiet",
        "--home X --lock-timeout 1s probe --home Y one n --home H --lock-timeout 5s --keyfile F"
        " --tag a --tag b --quiet",
        "probe one --home=H --tag=a --lock-timeout=5 --keyfile=F --tag=b --quiet -- n",
    ],
)
def test_shared_options_stand_anywhere_and_later_ones_win(
    calls: list[tuple[Call, str, list[str]]], said: Said, argv: str
) -> None:
    assert program.main(argv.split()) == 0, said.err
    [(call, name, tags)] = calls
    assert (name, tags) == ("n", ["a", "b"])
    assert (call.flags.home, call.flags.lock_timeout, call.flags.keyfile) == ("H", 5.0, "F")
    assert call.ui.quiet


@pytest.mark.parametrize("argv", ["--keyfile F probe delete", "probe delete --keyfile F"])
def test_a_command_that_opens_nothing_takes_no_way_to_open_it(
    calls: list[tuple[Call, str, list[str]]], said: Said, argv: str
) -> None:
    assert program.main(argv.split()) == 2
    assert said.err.startswith("lango: error: lango probe delete takes no --keyfile\n")
    assert calls == []


def test_an_alias_runs_the_command_it_stands_for(
    calls: list[tuple[Call, str, list[str]]], said: Said
) -> None:
    assert program.main(["probe", "rm"]) == 0, said.err
    assert len(calls) == 1
    assert program.main(["probe", "ls"]) == 2


@pytest.mark.usefixtures("calls")
def test_a_help_page_comes_from_the_docstring(said: Said) -> None:
    assert program.main(["probe", "--help"]) == 0
    assert "  one     Do one thing.\n" in said.out
    assert program.main(["probe", "one", "-h"]) == 0
    assert "Usage: lango probe one [OPTIONS] NAME\n" in said.out
    assert "And say more." in said.out
    assert "Unlocking:" in said.out


@pytest.mark.parametrize("name", list(groups.COMMANDS))
def test_the_table_says_of_each_command_what_its_module_says(name: str) -> None:
    module, grouped, text = groups.COMMANDS[name]
    app = import_module(f"lango_cli.cli.{module}").app
    group = options.Group(name, app, text)
    if grouped:
        assert group.list_commands(None)  # type: ignore[arg-type]  # it looks at no context
    else:
        assert group.summary(name) == text


def every_command() -> list[list[str]]:
    """The words of every command there is."""
    found = []
    for name, (module, grouped, text) in groups.COMMANDS.items():
        if not grouped:
            found.append([name])
            continue
        group = options.Group(name, import_module(f"lango_cli.cli.{module}").app, text)
        found += _within([name], group)
    return found


def _within(path: list[str], group: options.Group) -> list[list[str]]:
    found = []
    for name in group.list_commands(None):  # type: ignore[arg-type]  # it looks at no context
        inner = group.get_command(None, name)  # type: ignore[arg-type]  # the same
        if isinstance(inner, options.Group):
            found += _within([*path, name], inner)
        else:
            found.append([*path, name])
    return found


def test_every_command_has_a_help_page_with_the_shared_options() -> None:
    for path in every_command():
        with listening() as said:
            assert program.main([*path, "--help"]) == 0
        assert f"Usage: lango {' '.join(path)} [OPTIONS]" in said.out
        for option in ("--home DIR", "--json", "--no-input", "--lock-timeout TIME"):
            assert option in said.out
        assert all(len(line) <= 80 for line in said.out.splitlines())


def test_the_roots_help_imports_no_command_and_no_rich() -> None:
    program_text = (
        "import sys; from lango_cli.cli import app; app.main(['--help']);"
        "print([m for m in sys.modules if m.startswith(('rich', 'keyring', 'questionary',"
        " 'sqlcipher3', 'cryptography', 'msgspec', 'lango_cli.vault', 'lango_cli.cli.secrets'))],"
        " file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program_text], capture_output=True, check=True, text=True
    )
    assert done.stderr == "[]\n"


def call(*, yes: bool = False, answer: object = None) -> Call:
    """Circumstances with a person who gives this answer, or with nobody."""

    class Person:
        def confirm(self, _question: str) -> bool:
            return answer is True

        def line(self, _prompt: str) -> str:
            return str(answer)

    given = Given(ui.Ui({}))
    given.no_input = True
    made = given.call()
    made.yes = yes
    if answer is not None:
        made._ask = Person()  # type: ignore[assignment]  # a stand-in for a person
    return made


def test_yes_answers_a_question_and_no_cancels() -> None:
    call(yes=True).agree("Delete?")
    call(answer=True).agree("Delete?")
    for made in (call(answer=False), call()):
        with pytest.raises(Cancelled):
            made.agree("Delete?")


def test_where_nobody_can_be_asked_it_is_said_before_anything_is_opened() -> None:
    with pytest.raises(UsageProblem) as caught:
        call().can_agree("delete")
    assert caught.value.hint == "add --yes"
    call().can_agree("delete", given=True)
    call(answer=True).can_agree("delete")


def test_what_cannot_be_undone_wants_its_name_and_yes_is_not_enough() -> None:
    call(answer="s").agree_by_name("Purge s?", "s", None)
    call().agree_by_name("Purge s?", "s", "s")
    with pytest.raises(Cancelled):
        call(answer="y").agree_by_name("Purge s?", "s", None)
    for typed in ("t", None):
        with pytest.raises(UsageProblem):
            call(yes=True).agree_by_name("Purge s?", "s", typed)


@pytest.mark.parametrize(
    ("value", "forbidden"), [("1", True), ("yes", True), ("0", False), ("", False), ("No", False)]
)
def test_a_variable_forbids_questions(value: str, forbidden: bool) -> None:
    given = Given(ui.Ui({"LANGO_NO_INPUT": value}))
    assert given.call().flags.no_input is forbidden
