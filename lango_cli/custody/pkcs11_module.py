"""Which PKCS#11 module is loaded: that of the URI, or LANGO_PKCS11_MODULE.

The rule: a URI's `module-path` counts only if root alone decides what stands there, because a
header that came from elsewhere must not make lango run code that came along. What was looked at is
what is loaded: links in the URI's path are followed once, before that.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from lango_cli.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULE = "LANGO_PKCS11_MODULE"
EXAMPLE = "pkcs11:token=TOKEN;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so"


def module_of(options: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """The path of the module, checked; UsageProblem where none is named, or none to be trusted."""
    chosen = environment.get(MODULE, "")
    path = chosen or options.get("module-path", "")
    if not path:
        raise UsageProblem(
            "no PKCS#11 module is named",
            hint=f"by module-path in the URI, by {MODULE}, or for all keys to come:"
            " lango settings set security.kms.pkcs11.modulePath PATH",
        )
    if not os.path.isabs(path) or not path.isprintable():
        raise UsageProblem(
            "the path of a PKCS#11 module is an absolute one", hint=f"for example {EXAMPLE}"
        )
    if chosen:
        return path
    path = os.path.realpath(path)
    if not _is_the_systems(path):
        raise UsageProblem(
            "a PKCS#11 module named by a URI has to belong to root, as do the folders it is in",
            hint=f"if it is one that you trust: {MODULE}=PATH",
        )
    return path


def _is_the_systems(place: str) -> bool:
    """Whether root alone decides what stands there, now or later; a path without links."""
    while True:
        if os.path.lexists(place):
            about = os.stat(place)
            others = stat.S_IWOTH | (stat.S_IWGRP if about.st_gid != 0 else 0)
            if about.st_uid != 0 or about.st_mode & others:
                return False
        if place == os.path.dirname(place):
            return True
        place = os.path.dirname(place)
