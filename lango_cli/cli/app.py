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
from lango_cli.config import load
from lango_cli.errors import Interrupted, LangoError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

SIGPIPE_CODE = 128 + 13
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
    screen = ui.Ui(load.environment())
    screen.json, screen.debugging = _stands(argv, "--json"), _stands(argv, "--debug")
    try:
        _end_on(signal.SIGTERM, signal.SIGHUP)
        _run(list(argv), screen)
    except LangoError as err:
        return _failed(screen, err, err)
    except KeyboardInterrupt as err:
        return _failed(screen, Interrupted("interrupted"), err)
    except Ended as err:
        return 128 + err.number
    except ui.StdoutGone:
        return SIGPIPE_CODE
    except typer.Exit as err:
        return err.exit_code
    except click_errors.UsageError as err:
        return _failed(screen, in_our_words(err), err)
    except Exception as err:  # noqa: BLE001  # the one place: a bug shows as its class name
        return _failed(screen, LangoError(f"unexpected ({type(err).__name__})"), err)
    return 0


def _run(argv: list[str], screen: ui.Ui) -> None:
    root = Root()
    with root.make_context("lango", argv, obj=Given(screen)) as context:
        root.invoke(context)
    screen.debug("done")


def _stands(argv: Sequence[str], flag: str) -> bool:
    """Whether a flag stands on the command line, for errors found before it is read."""
    words = list(argv)
    return flag in (words[: words.index("--")] if "--" in words else words)


def _end_on(*signals: signal.Signals) -> None:
    """Leave through every `finally` on these signals; what the parent ignores stays ignored."""
    for number in signals:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise Ended(number)


def _failed(screen: ui.Ui, err: LangoError, cause: BaseException) -> int:
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
