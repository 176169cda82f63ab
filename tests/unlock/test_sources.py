"""Passphrases and recovery words, from wherever they come."""

from __future__ import annotations

import os
import struct
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.codec import b64
from lango_cli.crypto.bip39 import words_of
from lango_cli.errors import FileProblem, LangoError, NotApplicable, TooLarge, WrongKey
from lango_cli.secret import SecretBytes, SecretText
from lango_cli.unlock.sources import (
    CredentialSource,
    GivenPassphrase,
    PromptedPassphrase,
    RecoveryWords,
    normalised,
    passphrase_from_command,
    passphrase_from_fd,
    passphrase_from_file,
    without_newline,
)
from tests.unlock.conftest import Slot
from tests.unlock.suites import Sample, UnlockSourceSuite

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = Slot("passphrase", "pbkdf2-hmac-sha256")
RECOVERY = Slot("recovery")
KEYFILE = Slot("keyfile")
MEBIBYTE = 1 << 20
ODD = [
    "'single' \"double\" `back` $HOME \\n %s {{x}}",
    " spaces round it ",
    "-starts-with-a-dash",
    "naïve café ключ 密码 🔑",
    "tab\tand\0zero",
    "two\nlines",
]


def private(path: Path, content: bytes) -> str:
    """A file of the caller's alone."""
    path.write_bytes(content)
    path.chmod(0o600)
    return str(path)


def pipe_with(content: bytes) -> int:
    """The reading end of a pipe that holds this and is at its end."""
    end, theirs = os.pipe()
    os.set_inheritable(end, True)
    os.write(theirs, content)
    os.close(theirs)
    return end


class TestGivenPassphrase(UnlockSourceSuite):
    """The suite, on a passphrase file."""

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Sample:
        path = private(tmp_path / "passphrase", b"correct horse\n")
        read = partial(passphrase_from_file, path)
        source = GivenPassphrase("--passphrase-file", read, explicit=True)
        spoil = (tmp_path / "passphrase").unlink
        return Sample(source, PASSPHRASE, b"correct horse", ("passphrase",), spoil)


class TestPromptedPassphrase(UnlockSourceSuite):
    """The suite, on a person who answers once."""

    @pytest.fixture
    def sample(self) -> Sample:
        answers = [SecretText("correct horse")]
        source = PromptedPassphrase("prompt", answers.pop)
        return Sample(source, PASSPHRASE, b"correct horse", ("passphrase",), answers.clear)

    def test_it_asks(self, sample: Sample) -> None:
        assert sample.source.interactive
        assert not sample.source.explicit


class TestRecoveryWords(UnlockSourceSuite):
    """The suite, on words."""

    @pytest.fixture
    def sample(self) -> Sample:
        answers = [SecretText(words_of(bytes(range(32))))]
        source = RecoveryWords(answers.pop, explicit=True, asks=True)
        return Sample(source, RECOVERY, bytes(range(32)), ("recovery",), answers.clear)


class TestKeyfileCredential(UnlockSourceSuite):
    """The suite, on a systemd credential that is a keyfile of lango's."""

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Sample:
        path = private(tmp_path / "lango", b64(bytes(range(32))).encode() + b"\n")
        serves = ("keyfile", "passphrase")
        spoil = (tmp_path / "lango").unlink
        return Sample(CredentialSource(path), KEYFILE, bytes(range(32)), serves, spoil)


class TestPassphraseCredential(UnlockSourceSuite):
    """The suite, on a systemd credential that is a passphrase."""

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Sample:
        path = private(tmp_path / "lango", b"correct horse\n")
        serves = ("passphrase", "keyfile")
        spoil = (tmp_path / "lango").unlink
        return Sample(CredentialSource(path), PASSPHRASE, b"correct horse", serves, spoil)

    def test_keyfile_slots_are_not_its_business(self, sample: Sample) -> None:
        with pytest.raises(NotApplicable):
            sample.source.offer(KEYFILE)


@pytest.mark.parametrize("text", ODD)
def test_a_passphrase_of_odd_characters_arrives_as_it_is(text: str, tmp_path: Path) -> None:
    data = text.encode()
    path = private(tmp_path / "passphrase", data + b"\n")
    fd = pipe_with(data + b"\n")
    os.set_inheritable(fd, True)
    command = f"{sys.executable} -c 'import sys; sys.stdout.write(open(sys.argv[1]).read())' "
    for read in (
        partial(passphrase_from_file, path),
        partial(passphrase_from_fd, fd),
        partial(passphrase_from_command, f"{command}'{path}'", {"LC_ALL": "C.UTF-8"}),
        partial(SecretBytes, data),
    ):
        assert GivenPassphrase("x", read, True).offer(PASSPHRASE) == SecretBytes(data)
    os.close(fd)


def test_the_same_words_from_two_keyboards_are_the_same_passphrase() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert composed != decomposed
    for text in (composed, decomposed):
        for source in (
            GivenPassphrase("x", partial(SecretText, text), True),
            PromptedPassphrase("x", partial(SecretText, text)),
        ):
            assert source.offer(PASSPHRASE) == SecretBytes(composed.encode())


def test_compatible_characters_stay_apart() -> None:
    assert normalised(SecretText("ﬁ")) != normalised(SecretText("fi"))


@pytest.mark.parametrize("data", [b"\xff\xfe", b"e\xcc\x81\xff", b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_stay_as_they_are(data: bytes) -> None:
    assert normalised(SecretBytes(data)) == SecretBytes(data)


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (b"x\n", b"x"),
        (b"x\r\n", b"x"),
        (b"x\n\n", b"x\n"),
        (b"x\r\n\r\n", b"x\r\n"),
        (b"x\n\r", b"x\n\r"),
        (b"x ", b"x "),
        (b"x", b"x"),
    ],
)
def test_exactly_one_final_newline_is_dropped(content: bytes, left: bytes, tmp_path: Path) -> None:
    assert without_newline(SecretBytes(content)) == SecretBytes(left)
    assert passphrase_from_file(private(tmp_path / "f", content)) == SecretBytes(left)


def test_a_prompted_passphrase_keeps_its_newline() -> None:
    source = PromptedPassphrase("prompt", partial(SecretText, "x\n"))
    assert source.offer(PASSPHRASE) == SecretBytes(b"x\n")


def test_a_passphrase_of_one_mebibyte_is_taken_and_a_longer_one_is_not(tmp_path: Path) -> None:
    path = private(tmp_path / "f", b"x" * MEBIBYTE + b"\n")
    source = GivenPassphrase("x", partial(passphrase_from_file, path), True)
    assert len(source.offer(PASSPHRASE)) == MEBIBYTE
    for content in (b"x" * (MEBIBYTE + 1), b"x" * (2 * MEBIBYTE)):
        path = private(tmp_path / "f", content)
        source = GivenPassphrase("x", partial(passphrase_from_file, path), True)
        with pytest.raises(WrongKey, match="over"):
            source.offer(PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n"])
def test_an_empty_passphrase_is_wrong(content: bytes, tmp_path: Path) -> None:
    path = private(tmp_path / "f", content)
    for source in (
        GivenPassphrase("x", partial(passphrase_from_file, path), True),
        PromptedPassphrase("x", partial(SecretText, "")),
    ):
        with pytest.raises(WrongKey, match="empty"):
            source.offer(PASSPHRASE)


def test_a_descriptor_that_is_not_open_is_wrong_and_named() -> None:
    fd = pipe_with(b"")
    os.close(fd)
    source = GivenPassphrase("--passphrase-fd", partial(passphrase_from_fd, fd), True)
    with pytest.raises(WrongKey, match=rf"^--passphrase-fd: file descriptor {fd}"):
        source.offer(PASSPHRASE)


def test_a_descriptor_is_not_handed_on_to_children() -> None:
    fd = pipe_with(b"x")
    passphrase_from_fd(fd)
    assert not os.get_inheritable(fd)
    os.close(fd)


def test_a_descriptor_of_our_own_is_nobodys_passphrase(tmp_path: Path) -> None:
    with open(private(tmp_path / "f", b"x"), "rb") as own:
        source = GivenPassphrase(
            "--passphrase-fd", partial(passphrase_from_fd, own.fileno()), True
        )
        with pytest.raises(WrongKey, match="was not handed to lango"):
            source.offer(PASSPHRASE)


@pytest.mark.parametrize("count", [0, 12, 23, 25])
def test_another_number_of_words_says_how_many_a_vault_has(count: int) -> None:
    words = words_of(bytes(16)).split() * 3
    source = RecoveryWords(partial(SecretText, " ".join(words[:count])), explicit=True)
    with pytest.raises(WrongKey, match=rf"are 24, and {count} were given") as caught:
        source.offer(RECOVERY)
    assert "abandon" not in caught.value.message + caught.value.hint


def test_a_file_that_is_not_there_is_wrong_and_not_echoed(tmp_path: Path) -> None:
    for path in (str(tmp_path / "none"), "hunter2", "h" * 5000):
        source = GivenPassphrase("x", partial(passphrase_from_file, path), True)
        with pytest.raises(WrongKey) as caught:
            source.offer(PASSPHRASE)
        assert path not in caught.value.message


def test_a_file_that_others_can_read_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "f"
    private(path, b"x")
    path.chmod(0o644)
    with pytest.raises(WrongKey, match="0644"):
        passphrase_from_file(str(path))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("false", "ended with exit status 1"),
        ("sh -c 'echo hunter2; exit 77'", "ended with exit status 77"),
        ("sh -c 'kill -9 $$'", "was ended by signal 9"),
        ("/nonexistent/hunter2", "cannot be run: no such file or directory"),
        ("/", "cannot be run: permission denied"),
        ("echo 'hunter2", "has an unclosed quotation"),
        ("", "is empty"),
        ("  ", "is empty"),
    ],
)
def test_a_command_that_fails_says_how_and_is_never_quoted(command: str, reason: str) -> None:
    with pytest.raises(WrongKey, match=reason) as caught:
        passphrase_from_command(command, {"PATH": os.defpath})
    assert "hunter2" not in f"{caught.value.message}{caught.value.hint}"


def test_a_command_runs_without_a_shell() -> None:
    text = "$HOME `id` > out; *"
    kept = passphrase_from_command(f"echo '{text}' \"&&\"", {"PATH": os.defpath})
    assert kept == SecretBytes(f"{text} &&".encode())


def test_a_command_that_prints_too_much_is_ended() -> None:
    with pytest.raises(TooLarge):
        passphrase_from_command("yes hunter2", {"PATH": os.defpath})


def test_a_command_sees_neither_our_stdin_nor_the_passphrase_variable() -> None:
    environment = {"PATH": os.defpath, "LANGO_PASSPHRASE": "hunter2", "KEPT": "yes"}
    seen = passphrase_from_command("sh -c 'cat; env'", environment).reveal()
    assert b"hunter2" not in seen
    assert b"KEPT=yes" in seen


def test_a_source_that_a_file_stands_in_the_way_of_keeps_its_own_name() -> None:
    def read() -> SecretBytes:
        raise FileProblem("a file stands in the way", hint="move it")

    with pytest.raises(WrongKey, match=r"^LANGO_PASSPHRASE_FILE: a file stands") as caught:
        GivenPassphrase("LANGO_PASSPHRASE_FILE", read, True).offer(PASSPHRASE)
    assert caught.value.hint == "move it"


@pytest.mark.parametrize("data", [b"abandon " * 24, b"hunter2", b"", b"\xff", b"x" * 70000])
def test_wrong_words_are_wrong_and_never_quoted(data: bytes) -> None:
    source = RecoveryWords(partial(SecretBytes, data), explicit=True)
    with pytest.raises(WrongKey) as caught:
        source.offer(RECOVERY)
    assert "abandon" not in caught.value.message
    assert "hunter2" not in caught.value.message


def test_more_than_a_mebibyte_of_words_is_too_large() -> None:
    with pytest.raises(TooLarge):
        RecoveryWords(partial(SecretBytes, b"a " * MEBIBYTE), explicit=True).offer(RECOVERY)


def test_words_are_forgiven_case_and_spaces() -> None:
    text = f"\n  {words_of(bytes(32)).upper()} \t\n".replace(" ", "  ")
    source = RecoveryWords(partial(SecretText, text), explicit=True)
    assert source.offer(RECOVERY) == SecretBytes(bytes(32))


def test_a_service_without_this_credential_is_not_meant(tmp_path: Path) -> None:
    source = CredentialSource(str(tmp_path / "lango"))
    assert not source.explicit
    with pytest.raises(NotApplicable):
        source.offer(PASSPHRASE)


def test_a_credential_that_looks_like_a_keyfile_may_still_be_a_passphrase(tmp_path: Path) -> None:
    text = b64(bytes(range(32))).encode()
    source = CredentialSource(private(tmp_path / "lango", text + b"\n"))
    assert source.offer(PASSPHRASE) == SecretBytes(text)
    assert source.offer(Slot("keyfile", "pbkdf2-hmac-sha256")) == SecretBytes(text + b"\n")


def test_a_credential_that_others_can_read_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "lango"
    private(path, b"x")
    for mode in (0o640, 0o644, 0o604):
        path.chmod(mode)
        with pytest.raises(WrongKey, match=r"^\$CREDENTIALS_DIRECTORY/lango: .*others"):
            CredentialSource(str(path)).offer(PASSPHRASE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make root's files")
def test_a_credential_given_by_an_acl_is_taken(tmp_path: Path) -> None:
    """As systemd gives it to a service with `User=`; the mode's group bits are the ACL's mask."""
    path = tmp_path / "lango"
    private(path, b"correct horse")
    path.chmod(0o400)
    nobody = 0xFFFFFFFF
    # acl(5) in the kernel's form: version, then tag, permission and id of each entry.
    entries = [(1, 4, nobody), (2, 4, 65534), (4, 0, nobody), (16, 4, nobody), (32, 0, nobody)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", acl)
    except OSError:
        pytest.skip("this file system has no ACLs")
    assert path.stat().st_mode & 0o777 == 0o440
    assert CredentialSource(str(path)).offer(PASSPHRASE) == SecretBytes(b"correct horse")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_passphrase_or_a_lango_error(data: bytes) -> None:
    try:
        passphrase = normalised(SecretBytes(data))
    except LangoError:
        assert not data
        return
    assert normalised(passphrase) == passphrase


@given(st.text(min_size=1, max_size=50))
def test_normal_text_is_a_fixed_point(text: str) -> None:
    once = normalised(SecretText(text))
    assert normalised(once) == once
