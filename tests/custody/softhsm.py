"""A SoftHSM2 token of a test's own, filled by OpenSC's pkcs11-tool; a module that fails at will.

The rule: lango did not make what is on the token; another client did, and sees the same keys.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from lango_cli.custody.pkcs11 import Pkcs11Custodian, open_custodian
from lango_cli.custody.uri import Options, parse
from tests.parts import find, require, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lango_cli.secret import SecretBytes

PIN, SO_PIN = "473829", "94837261"
WRONG_PIN = "111222"
PLACES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
SOURCE = Path(__file__).resolve().parent.parent / "doubles" / "pkcs11_fault.c"
SECONDS = 60.0


def module() -> str:
    """The path of SoftHSM's module; skips or fails the test where there is none."""
    require("softhsm2-util", "pkcs11-tool")
    for place in PLACES:
        if os.path.exists(place):
            return place
    return unavailable("SoftHSM's module is not where Debian has it: apt-get install softhsm2")


def no_pin() -> SecretBytes | None:
    """Nobody is asked."""
    return None


class Token:
    """A token called `name` with these keys: `kek` and `spare` (AES-256), `sig` (P-256)."""

    def __init__(self, folder: Path, name: str = "lango") -> None:
        self.module = module()
        self.name = name
        self.folder = folder
        self.tokens = folder / "tokens"
        self.tokens.mkdir(parents=True)
        config = folder / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n")
        self.environment = {"PATH": os.environ["PATH"], "SOFTHSM2_CONF": str(config)}
        self.initialise(name)

    def initialise(self, name: str) -> None:
        """Another token beside those that are there."""
        self._run("softhsm2-util", "--init-token", "--free", "--label", name)

    def _run(self, program: str, *words: str) -> str:
        pins = ["--so-pin", SO_PIN, "--pin", PIN]
        done = subprocess.run(
            [require(program), *words, *pins], env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tool(self, *words: str) -> bytes:
        """What pkcs11-tool, logged in, prints."""
        login = ["--token-label", self.name, "--login", "--pin", PIN]
        done = subprocess.run(
            [require("pkcs11-tool"), "--module", self.module, *login, *words],
            env=self.environment,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def serial_and_slot(self) -> tuple[str, int]:
        """What the other client says they are."""
        program = [require("pkcs11-tool"), "--module", self.module, "--list-slots"]
        told = subprocess.run(program, env=self.environment, capture_output=True, text=True).stdout
        serial = re.search(r"serial num +: (\S+)", told)
        slot = re.search(r"Slot 0 \(0x([0-9a-f]+)\)", told)
        assert serial
        assert slot
        return serial[1], int(slot[1], 16)

    def secret_key(
        self, label: str, key_id: str, kind: str = "AES:32", *more: str, private: bool = True
    ) -> None:
        """An AES key."""
        words = ["--key-type", kind, "--label", label, "--id", key_id, *more]
        self.tool("--keygen", *words, *(["--private", "--sensitive"] if private else []))

    def pair(self, label: str, key_id: str, kind: str = "EC:prime256v1") -> None:
        """A key pair that signs."""
        words = ["--key-type", kind, "--label", label, "--id", key_id, "--usage-sign"]
        self.tool("--keypairgen", *words)

    def fill(self) -> None:
        """The keys that the class's docstring names."""
        self.secret_key("kek", "01")
        self.secret_key("spare", "02")
        self.pair("sig", "03")

    def uri(self, key: str = "object=kek", query: str = "", token: str | None = None) -> str:
        """The URI of a key."""
        name = self.name if token is None else token
        return f"pkcs11:token={name};{key}?module-path={self.module}{query}"

    def custodian(
        self,
        key: str = "object=kek",
        *,
        query: str = "",
        token: str | None = None,
        pin: str | None = PIN,
        ask: Callable[[], SecretBytes | None] = no_pin,
        timeout: float = SECONDS,
        retries: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> Pkcs11Custodian:
        """The client that lango is of a key; `pin` by the variable, None: no variable."""
        given = {} if pin is None else {"LANGO_PKCS11_PIN": pin}
        environment = self.environment | given | dict(variables or {})
        options = Options(ask, environment, timeout, retries)
        return open_custodian(parse(self.uri(key, query, token)), options)

    def take_away(self) -> None:
        """As if somebody pulled it out."""
        shutil.move(self.tokens, self.folder / "away")
        self.tokens.mkdir()

    def put_back(self) -> None:
        """The same token, plugged in again."""
        self.tokens.rmdir()
        shutil.move(self.folder / "away", self.tokens)


class Fault:
    """A module in front of SoftHSM's, which does what its plan says when a function is called."""

    def __init__(self, folder: Path, real: str) -> None:
        self.module = folder / "fault.so"
        self.plan = folder / "plan"
        self.plan.write_text("")
        compiler = find("gcc")
        assert compiler is not None
        paths = ["-o", str(self.module), str(SOURCE), "-ldl"]
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", *paths], check=True
        )
        self.variables = {
            "LANGO_PKCS11_MODULE": str(self.module),
            "FAULT_REAL": real,
            "FAULT_PLAN": str(self.plan),
        }

    def when(self, *lines: str) -> None:
        """Each line: function, action, and what the action takes; see the source."""
        self.plan.write_text("".join(f"{line}\n" for line in lines))

    def noted(self) -> list[str]:
        """The functions that a plan noted since this was asked last."""
        log = self.plan.with_name(self.plan.name + ".log")
        found = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return found
