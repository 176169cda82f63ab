"""Whether an answer comes from where the question does: an agent that answers itself.

The rule: who asks and who answers must not belong together. To the asker's family belong its
ancestors up to the shell of the outermost terminal that it runs in, so that an agent which gives
each of its commands a terminal of their own gains nothing; without a terminal, all ancestors up to
the service manager. An answerer that descends from one of the family, or shares a session or a
terminal with one, is kin.

This stops an agent that does what it was told to type, and no more: a process of the same user can
leave its family (setsid(2), a second fork), or trace a terminal that is not its own. Where /proc
is missing nothing is known, and nobody is kin.
"""

from __future__ import annotations

from dataclasses import dataclass

_PTS = range(136, 144)
"""Major device numbers of pseudo terminals."""
_MANAGERS = ("systemd", "launchd", "init")
_DEEPEST = 128


@dataclass(frozen=True, slots=True)
class Process:
    """What /proc says of one process."""

    pid: int
    name: str
    parent: int
    session: int
    terminal: int

    @property
    def in_pts(self) -> bool:
        """Whether its terminal is a pseudo terminal, and not a console of the machine."""
        return (self.terminal >> 8) & 0xFFF in _PTS


def process(pid: int) -> Process | None:
    """One process, None if it is gone or the system does not tell (proc_pid_stat(5))."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            text = stream.read(4096)
    except OSError:
        return None
    before, _, after = text.rpartition(")")
    words = after.split()
    if len(words) < 5:
        return None
    name = before.partition("(")[2]
    return Process(pid, name, int(words[1]), int(words[3]), int(words[4]))


def started(pid: int) -> int:
    """When a process began, in ticks since boot: with its pid it is that process alone; else 0."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            words = stream.read(4096).rpartition(")")[2].split()
    except OSError:
        return 0
    return int(words[19]) if len(words) > 19 else 0


def line_of(pid: int) -> list[Process]:
    """A process and its ancestors, up to the service manager or the last that can be seen."""
    line: list[Process] = []
    while pid > 1 and len(line) < _DEEPEST:
        found = process(pid)
        if found is None or (line and found.name in _MANAGERS):
            break
        line.append(found)
        pid = found.parent
    return line


def family(line: list[Process]) -> list[Process]:
    """Those of an asker's line that belong to it."""
    inside = [at for at, one in enumerate(line) if one.in_pts]
    return line[: inside[-1] + 1] if inside else line


def kinship(asker: int, answerer: int) -> str:
    """How two processes belong together, in words; empty if they do not, as far as is known.

    An answerer that the kernel calls 0 is outside of the asker's container: nothing in there is.
    """
    ours = family(line_of(asker))
    if not ours or answerer == 0:
        return ""
    theirs = line_of(answerer)
    if not theirs:
        return "whoever it came from is gone, or cannot be seen"
    pids = {one.pid for one in ours}
    common = next((one for one in theirs if one.pid in pids), None)
    if common is not None:
        return f"it was started by {common.name}, which started the question too"
    if any(theirs[0].session == one.session for one in ours):
        return "it runs in the same session as the question"
    if theirs[0].terminal and any(theirs[0].terminal == one.terminal for one in ours):
        return "it runs in the same terminal as the question"
    return ""
