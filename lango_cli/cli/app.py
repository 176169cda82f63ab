"""The root command: reads the command line, runs one command, turns what went wrong into a code.

The rule: the one `try` of the program is here. Every `LangoError` becomes `lango: error: ...` with
a hint and its exit code; what Typer finds wrong becomes a UsageProblem in our words, without what
was typed; anything else is a bug and shows its class name alone. A traceback under --debug has
files, lines and function names, never source lines, local variables or an exception's text, where
a value could stand.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import typer

# Typer carries its own Click and exports only some of its errors; pyproject pins Typer.
from typer._click import exceptions as click_errors

from lango_cli.cli import ui
from lango_cli.cli.call import Given
from lango_cli.cli.groups import Root
from lango_cli.cli.options import nearest
from lango_cli.cli.running import as_run_error
from lango_cli.config import load
from lango_cli.errors import Interrupted, LangoError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

SIGPIPE_CODE = 128 + 13
ENDINGS = (signal.SIGTERM, signal.SIGHUP)
NEEDS = {"integer": "a whole number", "float": "a number", "boolean": "yes or no"}
"""What an option of a Click type takes, in our words."""


class Ended(BaseException):
    """A signal asked the program to end: everything is put back on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name); the exit code."""
    ui.guard_streams()
    given = Given(ui.Ui(load.environment()))
    try:
        _end_on(*ENDINGS)
        _run(list(argv), given)
    except Ended as err:
        return 128 + err.number
    except ui.StdoutGone:
        return SIGPIPE_CODE
    except typer.Exit as err:
        return err.exit_code
    except (Exception, KeyboardInterrupt) as err:  # noqa: BLE001  # the one place: see `_as_ours`
        _take_unread_flags(given, argv)
        ours = as_run_error(_as_ours(err)) if given.runs else _as_ours(err)
        return _failed(given.ui, ours, err)
    return 0


def _as_ours(err: BaseException) -> LangoError:
    """What went wrong as an error of ours; a bug shows as its class name."""
    if isinstance(err, LangoError):
        return err
    if isinstance(err, KeyboardInterrupt):
        return Interrupted("interrupted")
    if isinstance(err, click_errors.UsageError):
        return in_our_words(err)
    return LangoError(f"unexpected ({type(err).__name__})")


def _run(argv: list[str], given: Given) -> None:
    root = Root()
    with root.make_context("lango", argv, obj=given) as context:
        root.invoke(context)
    given.ui.debug("done")


def _take_unread_flags(given: Given, argv: Sequence[str]) -> None:
    """--json and --debug where an error came before the whole command line was read.

    A word after an option that takes a value is that value, whatever it looks like.
    """
    if given.complete:
        return
    words = iter(argv)
    for word in words:
        if word == "--":
            return
        if word in given.takers:
            next(words, None)
        elif word == "--json":
            given.ui.json = True
        elif word == "--debug":
            given.ui.debugging = True


def _end_on(*signals: signal.Signals) -> None:
    """Leave through every `finally` on these signals; what the parent ignores stays ignored."""
    for number in signals:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    for one in ENDINGS:
        signal.signal(one, signal.SIG_IGN)
    raise Ended(number)


def _failed(screen: ui.Ui, err: LangoError, cause: BaseException) -> int:
    try:
        screen.fail(err)
    except Exception:  # noqa: BLE001  # a bug in drawing it must not hide what went wrong
        screen.colour = "never"
        screen.fail(err)
    if screen.debugging:
        _trace(screen, cause)
    return err.code


def _trace(screen: ui.Ui, err: BaseException | None) -> None:
    """Where it happened, innermost last, then what it came from; no text of any exception."""
    while err is not None:
        screen.debug(f"{type(err).__module__}.{type(err).__qualname__}")
        step = err.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            screen.debug(f"through {code.co_filename}:{step.tb_lineno} {code.co_name}")
            step = step.tb_next
        err = err.__cause__ or (None if err.__suppress_context__ else err.__context__)


def in_our_words(err: click_errors.UsageError) -> UsageProblem:
    """What Typer found wrong, naming options of ours and nothing that was typed."""
    path = err.ctx.command_path if err.ctx else "lango"
    hint = f"{path} --help"
    if isinstance(err, click_errors.NoSuchOption):
        known = err.ctx.command.get_params(err.ctx) if err.ctx else []
        near = nearest(err.option_name, [name for param in known for name in param.opts])
        spill = getattr(err.ctx.command, "spill", "") if err.ctx and not near else ""
        return UsageProblem(f"no such option{near}", hint=spill or hint)
    if isinstance(err, click_errors.MissingParameter) and err.param:
        return UsageProblem(f"{_called(err)} is missing", hint=hint)
    if isinstance(err, click_errors.BadParameter) and err.param:
        needs = NEEDS.get(err.param.type.name, "another value")
        return UsageProblem(f"{_called(err)} takes {needs}", hint=hint)
    if isinstance(err, click_errors.BadOptionUsage):
        # Typer names the option as declared, and says only whether a value is missing or too many.
        what = "takes no value" if "not take" in err.message else "needs a value"
        return UsageProblem(f"{err.option_name} {what}", hint=hint)
    return UsageProblem("the command line makes no sense", hint=hint)


def _called(err: click_errors.BadParameter) -> str:
    """How a person calls the parameter: its longest option, or its place in the usage line."""
    param = err.param
    if param is None:
        return "a word"
    options = [name for name in param.opts if name.startswith("-")]
    return max(options, key=len) if options else (param.metavar or str(param.name)).upper()
