"""`lango run`: an order becomes a command with its environment, and runs.

The rule: all that can be found wrong without the vault is found before it is unlocked, and nothing
has started before everything is resolved. With masking the command runs under lango, on a terminal
of its own or on pipes; without it lango becomes the command, and nothing stands between.
"""

from __future__ import annotations

import _thread
import os

from lango_cli.config import load
from lango_cli.config.deciding import decides
from lango_cli.errors import UsageProblem
from lango_cli.interceptor import use_policy as ways
from lango_cli.launch import environment, program
from lango_cli.launch.child import Command, become
from lango_cli.launch.memory import above, memory_file, path_of
from lango_cli.wiring import opening
from lango_cli.wiring.handing import Place, Receiver, hand_out
from lango_cli.wiring.ordering import (
    assigned,
    check_types,
    check_variable,
    must_refer,
    project_of,
    variables,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.model import TextFilter
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.handing import Approve, Old
    from lango_cli.wiring.ordering import Order

    Warn = Callable[[str], None]

KEPT_FROM = 100
"""Numbers of descriptors that commands get for files in memory: above those people use."""
REDACT = "security.interceptor.redactPii"
STANDARD = 3
"""Descriptors below this one have meanings of their own."""


class Launch:
    """A command that was found, in the making: places to be filled, and where each goes."""

    def __init__(self, order: Order, flags: Flags) -> None:
        self._order = order
        self._flags = flags
        self._places: list[Place] = []
        self._sinks: list[Callable[[bytes], None]] = []
        self._environment: dict[str, bytes] = {}
        self._given: dict[str, str] = {}
        self._arguments = [os.fsencode(word) for word in order.argv]
        self._placed: dict[int, int] = {}
        self._kept: list[int] = []
        self._in_memory = True
        self._project = project_of(order)
        self._take_variables()
        self._take_words()
        self._take_streams()
        path = self._environment.get("PATH")
        self.path = program.find(order.argv[0], None if path is None else os.fsdecode(path))

    def resolve(self, vault: Vault, approve: Approve, warn: Warn) -> tuple[Command, Old]:
        """The command with every reference resolved, and what of that is no current value."""
        how = "" if self._order.masked else ", not masked"
        doing = f"run {self.path}{how}"
        receiver = Receiver(self.path, doing, self._shown(), always=not self._order.masked)
        handed = hand_out(vault, self._places, receiver, approve, warn)
        for sink, data in zip(self._sinks, handed.texts, strict=True):
            sink(data)
        check_types(self._project, self._environment)
        if not self._in_memory:
            warn(
                "this system has no files in memory: a nameless file in the runtime folder is used"
            )
        fd = self._flags.passphrase_fd
        closed = () if fd is None or fd < STANDARD else (fd,)
        command = Command(
            self.path, self._arguments, self._environment, self._placed, self._kept, closed
        )
        return command, handed.old

    def _shown(self) -> dict[str, object]:
        """All that decides what the command does with a secret, beside its words."""
        told: dict[str, object] = dict(self._given)
        told |= {place.label: place.text for place in self._places}
        return {
            "program": ways.place(self.path),
            "masked": self._order.masked,
            "given": told,
            "environment": {
                name: os.fsdecode(text)
                for name, text in self._environment.items()
                if f"env {name}" not in told and decides(name)
            },
        }

    def _add(self, place: Place, sink: Callable[[bytes], None]) -> None:
        self._places.append(place)
        self._sinks.append(sink)

    def _take_variables(self) -> None:
        everything = self._order.inherit and (self._project is None or self._project.inherit)
        # Beside the project's own narrowing; never past a --no-inherit, which the person said.
        by_name = self._project.variables if self._project and self._order.inherit else ()
        asked_for = [one.name for one in by_name]
        inherited = environment.inherited(
            load.environment(), everything=everything, asked_for=asked_for
        )
        found = variables(self._order, ways.ENVIRONMENT, inherited, self._project)
        for name, place in found.items():
            if place.references:
                self._add(place, self._variable(name))
            else:
                self._environment[name] = os.fsencode(place.text)
                self._given[place.label] = place.text
        for name, text in inherited.items():
            self._environment[name] = os.fsencode(text)

    def _variable(self, name: str) -> Callable[[bytes], None]:
        def put(data: bytes) -> None:
            self._environment[name] = _without_zero(data, f"env {name}")

        return put

    def _take_words(self) -> None:
        for number, word in enumerate(self._arguments):
            place = Place(ways.ARGUMENT, f"argument {number}", word)
            if place.references and not number:
                raise UsageProblem("the command's name holds a reference", hint="name a program")
            if place.references:
                self._add(place, self._argument(number))

    def _argument(self, number: int) -> Callable[[bytes], None]:
        def put(data: bytes) -> None:
            self._arguments[number] = _without_zero(data, f"argument {number}")

        return put

    def _take_streams(self) -> None:
        if self._order.stdin is not None:
            text = must_refer(self._order.stdin, "--stdin")
            self._add(Place(ways.STDIN, "stdin", os.fsencode(text)), self._descriptor(0))
        for given in self._order.descriptors:
            digits, text = assigned(given, "--fd")
            number = int(digits) if digits.isascii() and digits.isdigit() else 0
            if not STANDARD <= number < KEPT_FROM:
                raise UsageProblem(f"--fd takes a number from {STANDARD} to {KEPT_FROM - 1}")
            place = Place(ways.DESCRIPTOR, f"fd {number}", os.fsencode(text))
            self._add(place, self._descriptor(number))
        for given in self._order.files:
            name, text = assigned(given, "--file")
            check_variable(name, "--file")
            self._add(Place(ways.FILE, f"file {name}", os.fsencode(text)), self._file(name))

    def _memory_file(self, data: bytes) -> int:
        fd, in_memory = memory_file(data, opening.folders_of(self._flags).runtime)
        self._in_memory = self._in_memory and in_memory
        return fd

    def _descriptor(self, number: int) -> Callable[[bytes], None]:
        def put(data: bytes) -> None:
            self._placed[number] = self._memory_file(data)

        return put

    def _file(self, name: str) -> Callable[[bytes], None]:
        def put(data: bytes) -> None:
            fd = above(self._memory_file(data), KEPT_FROM)
            self._kept.append(fd)
            self._environment[name] = path_of(fd).encode()

        return put


def run(
    order: Order,
    flags: Flags,
    open_vault: Callable[[], Vault],
    approve: Approve,
    warn: Warn,
    before: Callable[[], None] = lambda: None,
) -> int:
    """Run the command to its end; its exit code, 128+N where signal N ended it.

    Errors are those of finding the command, of unlocking and of handing out. `before` is called
    when all is ready and nothing has started.
    """
    launch = Launch(order, flags)
    with open_vault() as vault:
        command, old = launch.resolve(vault, approve, warn)
        if order.masked:
            return _run_masked(command, vault, old, flags, warn, before)
    before()
    become(command)
    raise AssertionError("unreachable")


def _run_masked(
    command: Command,
    vault: Vault,
    old: Old,
    flags: Flags,
    warn: Warn,
    before: Callable[[], None],
) -> int:
    """Under lango, with every value of the vault masked, and `old` ones that were handed out.

    Personal data goes too, if the settings say so, but not on a terminal: it is found in whole
    lines, and a prompt is none.
    """
    settings = opening.load_settings(flags)
    redacts = settings.on(REDACT)
    if 0 not in command.placed and os.isatty(0) and os.isatty(1):
        from lango_cli.launch import terminal

        if terminal.fits():
            if redacts:
                warn("values are masked; personal data stays in what a terminal shows")
            before()
            return terminal.run(command, _Masks(vault, old, typed=True))
    from lango_cli.launch import pipes

    masks = _Masks(vault, old, typed=False)
    if not redacts:
        before()
        return pipes.run(command, masks)
    from lango_cli.wiring.redacting import behind

    with behind(settings, masks, warn) as redacted:
        before()
        return pipes.run(command, redacted)


class _Masks:
    """Makes the filters of a command's streams; a command that prints nothing costs nothing."""

    def __init__(self, vault: Vault, old: Old, *, typed: bool) -> None:
        self._vault = vault
        self._old = old
        self._typed = typed
        self._lock = _thread.allocate_lock()
        self._make: Callable[[], TextFilter] | None = None

    def __call__(self) -> TextFilter:
        with self._lock:
            if self._make is None:
                from lango_cli.wiring.masking import maskers_for

                self._make = maskers_for(self._vault.secrets, self._old, typed=self._typed)
        return self._make()


def _without_zero(data: bytes, label: str) -> bytes:
    if b"\0" in data:
        raise UsageProblem(
            f"{label}: the value holds a zero byte, which neither a variable nor an argument can",
            hint="hand it over by --stdin, --file or --fd",
        )
    return data
