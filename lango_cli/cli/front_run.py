"""The small front of `lango run`: see `cli.front`, whose rule is this one's too.

A command line that has more than plain options, somebody to ask, or an action that needs a yes
goes to Typer's front, before anything was read or started.
"""

from __future__ import annotations

from lango_cli.cli import ui
from lango_cli.cli.running import Elsewhere, as_run_error
from lango_cli.config import load
from lango_cli.errors import Interrupted, LangoError
from lango_cli.wiring import opening, running
from lango_cli.wiring.flags import Flags
from lango_cli.wiring.ordering import Order
from lango_cli.wiring.settings import settings_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.sources import Prompter

_LISTS = {
    "--env-file": "env_files",
    "--only": "only",
    "--set": "sets",
    "--file": "files",
    "--fd": "descriptors",
}
_SWITCHES = {"--no-inherit": "inherit", "--no-masking": "masked", "--no-project": "project"}
_FLAGS = ("--home", "--keyfile", "--passphrase-file", "--passphrase-command", "--slot")


def read(words: Sequence[str], flags: Flags, screen: ui.Ui) -> Order | None:
    """The order, None where the command line is for the other front."""
    order = Order()
    lists: dict[str, list[str]] = {name: [] for name in _LISTS.values()}
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if word == "--":
            break
        if not word.startswith("-"):
            order.argv = [word]
            break
        if word in _SWITCHES:
            setattr(order, _SWITCHES[word], False)
        elif word in ("--quiet", "--no-input"):
            setattr(screen if word == "--quiet" else flags, word[2:].replace("-", "_"), True)
        elif not _take(option, value if equals else next(rest, ""), order, lists, flags):
            return None
    for name, found in lists.items():
        setattr(order, name, found)
    order.argv = [*order.argv, *rest]
    return order if order.argv else None


def _take(
    option: str, value: str, order: Order, lists: Mapping[str, list[str]], flags: Flags
) -> bool:
    """Take an option with its value, if that is one of the plain ones."""
    if not value:
        return False
    if option in _LISTS:
        lists[_LISTS[option]].append(value)
    elif option == "--stdin":
        order.stdin = value
    elif option in _FLAGS:
        setattr(flags, option[2:].replace("-", "_"), value)
    else:
        return False
    return True


def run(words: Sequence[str], person: Callable[[], Prompter | None]) -> int | None:
    """The exit code, or None where the command line is for the other front."""
    screen = ui.Ui(load.environment())
    flags = Flags()
    order = read(words, flags, screen)
    if order is None:
        return None
    try:
        ui.guard_streams()
        return _Call(flags, screen, person).run(order)
    except LangoError as err:
        return _failed(screen, as_run_error(err))
    except KeyboardInterrupt:
        return _failed(screen, Interrupted("interrupted"))
    except Elsewhere:
        raise
    except Exception as err:  # noqa: BLE001  # a bug, shown without a traceback
        return _failed(screen, as_run_error(LangoError(f"unexpected ({type(err).__name__})")))


def _failed(screen: ui.Ui, err: LangoError) -> int:
    screen.fail(err)
    return err.code


class _Call:
    """What `running.run` asks of a front. Warnings wait until this front is sure to answer."""

    def __init__(self, flags: Flags, screen: ui.Ui, person: Callable[[], Prompter | None]) -> None:
        self._flags = flags
        self._screen = screen
        self._person = person
        self._warnings: list[str] = []

    def run(self, order: Order) -> int:
        """The exit code; warnings are told unless the other front is to answer."""
        try:
            code = running.run(
                order, self._flags, self._vault, self._approve, self._warnings.append, self._tell
            )
        except LangoError:
            self._tell()
            raise
        # What came up while the command ran.
        self._tell()
        return code

    def _vault(self) -> Vault:
        mute = self._flags.no_input or ui.never_ask(self._screen.environment)
        person = None if mute else self._person()
        return opening.open_vault(self._flags, person, self._warnings.append)

    def _approve(
        self, vault: Vault, _secrets: Mapping[str, str], _shown: Mapping[str, object]
    ) -> None:
        if settings_of(self._flags, vault).on("security.interceptor.enabled"):
            raise Elsewhere

    def _tell(self) -> None:
        for text in self._warnings:
            self._screen.warn(text)
        self._warnings.clear()
