"""What a process that holds keys does first: umask, no core dump, no debugger.

The rule: called once, before anything is read. Its limits: root can still look, swap can still
hold pages, and the same user can run lango itself.
"""

from __future__ import annotations

import os
import sys

PR_SET_DUMPABLE = 4

_found: list[int] = []
"""The umask as it was, once it was changed."""


def harden(*, untraceable: bool = True) -> None:
    """New files private, no core; on Linux not dumpable, so not traceable by the same user.

    `untraceable=False` for a child that a daemon identifies by its /proc entry.
    """
    import resource

    _found.append(os.umask(0o077))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if untraceable and sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def give_back_umask() -> None:
    """The umask of before, for a command that this process becomes."""
    if _found:
        os.umask(_found[0])
