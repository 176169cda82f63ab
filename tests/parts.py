"""The real parts that tests run beside lango, and what to install for them.

The rule: a test that needs a program calls `require(...)`. Where the program is missing the test
is skipped with the reason, and with CI=true it fails: a green run in CI means that everything ran.
Standard library only when imported, because `python3 -m tests` reads the table before anything is
installed.
"""

from __future__ import annotations

import glob
import os
import shutil
from typing import NamedTuple, NoReturn


class Part(NamedTuple):
    """A program, or a library, the Debian and Ubuntu package it comes from, and what it is for."""

    binary: str
    package: str
    purpose: str


PARTS = (
    Part("dbus-daemon", "dbus-daemon", "the bus that the OS keyring answers on"),
    Part("gnome-keyring-daemon", "gnome-keyring", "a real OS keyring"),
    Part("secret-tool", "libsecret-tools", "an independent reader of the OS keyring"),
    Part("kwalletd5", "libkf5wallet-bin", "KDE's keyring"),
    Part("kwallet-query", "libkf5wallet-bin", "an independent reader of it"),
    Part("keyctl", "keyutils", "an independent reader of the kernel keyring"),
    Part("pass", "pass", "the reference beside `secrets get` in the benchmark"),
    Part("gpg", "gnupg", "what pass encrypts with"),
    Part("tmux", "tmux", "prompts and menus on a terminal that others wrote"),
    Part("strace", "strace", "what a process really asks of the system"),
    Part("dunst", "dunst", "a real notification service, for approvals"),
    Part("dunstctl", "dunst", "the person who sees what it shows"),
    Part("Xvfb", "xvfb", "the screen that it shows it on"),
    Part("gcc", "g++", "the library that stops a process at a point; with the headers of C"),
    Part("openssl", "openssl", "an independent maker and reader of keys"),
    Part("groff", "groff-base", "man pages without a warning"),
    Part("bash", "bash", "the completion, as bash reads it"),
    Part("zsh", "zsh", "the completion, as zsh reads it"),
    Part("dash", "dash", "a plain shell, which reads what `lango env` prints"),
    Part("node", "nodejs", "JavaScript's ways to write a text, which must be masked"),
    Part("jq", "jq", "another's ways to write JSON, tables and addresses"),
    Part("perl", "perl-base", "and another's"),
    Part("curl", "curl", "a real command that sends a secret somewhere"),
    Part("vim", "vim-tiny", "a real full-screen program"),
    Part("unshare", "util-linux", "process 1 of a namespace of its own"),
    Part("fish", "fish", "the completion, as fish reads it"),
    Part("dash", "dash", "a reader of exported secrets: the plain POSIX shell"),
    Part("node", "nodejs", "a reader of exported secrets: node's dotenv"),
    Part("npm", "npm", "what installs node's dotenv"),
    Part("softhsm2-util", "softhsm2", "a token that speaks PKCS#11"),
    Part("pkcs11-tool", "opensc", "an independent client of the token"),
    Part("engines-3/pkcs11.so", "libengine-pkcs11-openssl", "OpenSSL's own client of it"),
    Part("swtpm", "swtpm", "a TPM 2.0"),
    Part("tpm2_unseal", "tpm2-tools", "what talks to the TPM"),
    Part("sshd", "openssh-server", "the far end of the menu over ssh"),
    Part("ssh", "openssh-client", "its near end"),
    Part("ssh-keygen", "openssh-client", "the keys of both"),
    Part("docker", "docker.io", "a reader of exported secrets: docker run --env-file"),
    Part("docker-compose", "docker-compose", "a reader of exported secrets: compose files"),
)

SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")
"""Where daemons live, which a person's PATH may leave out."""


def find(binary: str) -> str | None:
    """The path of a program, or of a library named with its folder; or None."""
    if "/" in binary:
        return next(iter(sorted(glob.glob(f"/usr/lib*/*/{binary}"))), None)
    path = os.environ.get("PATH", os.defpath)
    return shutil.which(binary, path=os.pathsep.join((path, *SYSTEM_FOLDERS)))


def missing() -> list[Part]:
    """The parts that are not installed."""
    return [part for part in PARTS if find(part.binary) is None]


def unavailable(reason: str) -> NoReturn:
    """Skip the running test, or fail it with CI=true."""
    import pytest

    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (with CI=true nothing may be missing)", pytrace=False)
    pytest.skip(reason)


def require(*binaries: str) -> str:
    """The path of the first program; skips or fails the test where one is missing.

    A program that is not in `PARTS` is a KeyError: the test command would never install it.
    """
    packages = {part.binary: part.package for part in PARTS}
    found = [(binary, packages[binary], find(binary)) for binary in binaries]
    for binary, package, path in found:
        if path is None:
            unavailable(f"{binary} is not installed: apt-get install {package}")
    return found[0][2] or ""
