"""SQLCipher's extension module, without the package round it.

Why: `sqlcipher3/__init__` imports `sqlcipher3.dbapi2`, which loads `datetime` and
`collections.abc` for adapters that lango does not use; that is a tenth of the time of `lango
secrets get`. The extension is found by the ordinary path finder and registered under its own name,
so that whoever imports `sqlcipher3` later gets the same one: two copies on one file would lose
locks.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAME = "sqlcipher3._sqlite3"


def _load() -> Any:  # noqa: ANN401  # the extension has no types
    if _NAME not in sys.modules:
        package = PathFinder.find_spec("sqlcipher3")
        folders = None if package is None else package.submodule_search_locations
        found = None if folders is None else PathFinder.find_spec(_NAME, folders)
        loader = None if found is None else found.loader
        if found is None or loader is None:
            raise ImportError("sqlcipher3 is not installed")
        module = loader.create_module(found)
        if module is None:
            raise ImportError("sqlcipher3 has no extension module")
        sys.modules[_NAME] = module
        loader.exec_module(module)
    return sys.modules[_NAME]


dbapi2 = _load()
if TYPE_CHECKING:
    Connection = Any
