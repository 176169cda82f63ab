"""The helper process behind the keyring and the session process."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from lango_cli.unlock import child
from tests.unlock.conftest import children, processes

if TYPE_CHECKING:
    from pathlib import Path

ECHO = "import os\n\ndef main():\n    os.write(1, os.read(0, 100))\n    os._exit(0)\n"
HANG = "import time\n\ndef main():\n    time.sleep(600)\n"
SHOUT = "import os\n\ndef main():\n    while True:\n        os.write(1, bytes(65536))\n"
DROP_OUT = "import os\n\ndef main():\n    os.write(1, b'half')\n    os.abort()\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder whose modules the child may start, in place of lango's own."""
    for name, text in (("echo", ECHO), ("hang", HANG), ("shout", SHOUT), ("half", DROP_OUT)):
        (tmp_path / f"child_that_{name}.py").write_text(text)
    monkeypatch.setattr(child, "_ROOT", str(tmp_path))
    return "child_that_"


def test_it_replies_to_its_request(package: str) -> None:
    reply = child.ask((sys.executable, f"{package}echo"), b"question", {}, 30)
    assert reply == b"question"


def test_one_that_hangs_is_killed_and_reaped(package: str) -> None:
    before = children()
    assert child.ask((sys.executable, f"{package}hang"), b"", {}, 0.3) is None
    assert children() == before
    assert not processes(package, child._ROOT)


def test_one_that_never_stops_talking_is_killed_at_its_limit(package: str) -> None:
    assert child.ask((sys.executable, f"{package}shout"), b"", {}, 600) is None
    assert not processes(package, child._ROOT)


def test_a_reply_cut_short_is_the_callers_to_notice(package: str) -> None:
    assert child.ask((sys.executable, f"{package}half"), b"", {}, 30) == b"half"


def test_an_interrupted_wait_leaves_no_child_behind(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> bytes:
        raise KeyboardInterrupt

    before = children()
    monkeypatch.setattr(child, "_read", interrupt)
    with pytest.raises(KeyboardInterrupt):
        child.ask((sys.executable, f"{package}hang"), b"", {}, 600)
    assert children() == before


def test_an_interpreter_that_is_not_there_leaves_no_descriptor_open(package: str) -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(FileNotFoundError):
        child.ask(("/nonexistent", f"{package}echo"), b"", {}, 1)
    assert os.listdir("/proc/self/fd") == before


def test_it_starts_where_our_own_standard_streams_are_closed(package: str, tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        f"sys.path.append({os.getcwd()!r})\n"
        "from lango_cli.unlock import child\n"
        f"child._ROOT = {child._ROOT!r}\n"
        "os.closerange(0, 3)\n"
        f"reply = child.ask((sys.executable, '{package}echo'), b'question', {{}}, 30)\n"
        f"os._exit(0 if reply == b'question' else 1)\n"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-I", "-c", code]) == 0
