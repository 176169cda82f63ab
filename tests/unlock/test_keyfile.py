"""Keyfiles: lango's own and a person's."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.codec import b64
from lango_cli.errors import FileProblem, NotApplicable, Tampered, TooLarge, WrongKey
from lango_cli.secret import SecretBytes
from lango_cli.unlock.keyfile import KeyfileSource, make_keyfile, stored_key
from tests.unlock.conftest import Slot
from tests.unlock.suites import Sample, UnlockSourceSuite

if TYPE_CHECKING:
    from pathlib import Path

OURS = Slot("keyfile", "hkdf-sha256")
THEIRS = Slot("keyfile", "pbkdf2-hmac-sha256")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a keyfile may be written."""
    return tmp_path / "keyfile"


def written(path: Path, content: bytes, mode: int = 0o600) -> Path:
    """A file with this content and mode."""
    path.write_bytes(content)
    path.chmod(mode)
    return path


class TestOwnKeyfile(UnlockSourceSuite):
    """The suite, on `<home>/keyfile` as lango makes it."""

    @pytest.fixture
    def sample(self, path: Path) -> Sample:
        key = make_keyfile(str(path))
        source = KeyfileSource(str(path), explicit=False)
        return Sample(source, OURS, key.reveal(), ("keyfile",), path.unlink)


class TestGivenKeyfile(UnlockSourceSuite):
    """The suite, on a file of any content that the person named."""

    @pytest.fixture
    def sample(self, path: Path) -> Sample:
        written(path, b"any content\n")
        source = KeyfileSource(str(path), explicit=True, name="--keyfile")
        return Sample(source, THEIRS, b"any content\n", ("keyfile",), path.unlink)


def test_a_new_keyfile_is_32_random_bytes_in_base64_for_its_owner_alone(path: Path) -> None:
    key = make_keyfile(str(path))
    assert path.read_bytes() == b64(key.reveal()).encode() + b"\n"
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert make_keyfile(f"{path}2") != key


def test_a_new_keyfile_never_replaces_a_file_or_follows_a_link(path: Path) -> None:
    written(path, b"something")
    with pytest.raises(FileProblem):
        make_keyfile(str(path))
    assert path.read_bytes() == b"something"
    link = path.with_name("link")
    link.symlink_to(path.with_name("target"))
    with pytest.raises(FileProblem):
        make_keyfile(str(link))
    assert not path.with_name("target").exists()


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_the_final_newline_of_our_own_keyfile_is_optional(path: Path, end: bytes) -> None:
    written(path, b64(bytes(32)).encode() + end)
    assert KeyfileSource(str(path), False).offer(OURS) == SecretBytes(bytes(32))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b64(bytes(31)).encode(),
        b64(bytes(33)).encode(),
        b64(bytes(32)).encode() + b"\n\n",
        b64(bytes(32)).encode() + b"\r\n",
        b" " + b64(bytes(32)).encode(),
        bytes(32),
        b"\xff" * 44,
        b"correct horse battery staple",
    ],
)
@pytest.mark.parametrize("explicit", [False, True])
def test_other_content_where_lango_made_the_file_is_tampered(
    path: Path, content: bytes, explicit: bool
) -> None:
    written(path, content)
    with pytest.raises(Tampered) as caught:
        KeyfileSource(str(path), explicit).offer(OURS)
    assert "horse" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("content", [b"", b"\n", b"a\r\n\n", b"\x00\xff", b"e\xcc\x81"])
def test_the_file_of_a_slow_kdf_is_taken_verbatim(path: Path, content: bytes) -> None:
    written(path, content)
    assert KeyfileSource(str(path), False).offer(THEIRS) == SecretBytes(content)


def test_no_keyfile_at_home_is_no_news(path: Path) -> None:
    with pytest.raises(NotApplicable, match="no keyfile"):
        KeyfileSource(str(path), explicit=False).offer(OURS)


def test_no_keyfile_where_the_person_said_is_a_failure_that_does_not_echo_it(path: Path) -> None:
    for given_path in (str(path), "hunter2", "x" * 5000, f"{path}/below/a/file"):
        source = KeyfileSource(given_path, explicit=True, name="--keyfile")
        with pytest.raises(WrongKey, match=r"^--keyfile: ") as caught:
            source.offer(OURS)
        assert given_path not in caught.value.message


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666])
def test_a_keyfile_that_others_can_use_is_refused_and_not_passed_over(
    path: Path, mode: int
) -> None:
    written(path, b64(bytes(32)).encode(), mode)
    with pytest.raises(FileProblem, match=f"{mode:04o}"):
        KeyfileSource(str(path), explicit=False).offer(OURS)
    with pytest.raises(WrongKey, match=f"{mode:04o}") as caught:
        KeyfileSource(str(path), explicit=True).offer(OURS)
    assert caught.value.hint == f"chmod 600 {path}"


def test_a_keyfile_at_home_is_no_link_no_folder_and_no_pipe(path: Path) -> None:
    target = written(path.with_name("target"), b64(bytes(32)).encode())
    link, folder, pipe = (path.with_name(name) for name in ("link", "folder", "pipe"))
    link.symlink_to(target)
    folder.mkdir(0o700)
    os.mkfifo(pipe, 0o600)
    for other in (link, folder, pipe):
        with pytest.raises(FileProblem):
            KeyfileSource(str(other), explicit=False).offer(OURS)


def test_a_keyfile_that_the_person_named_may_be_a_link(path: Path) -> None:
    path.symlink_to(written(path.with_name("target"), b64(bytes(32)).encode()))
    assert KeyfileSource(str(path), explicit=True).offer(OURS) == SecretBytes(bytes(32))


def test_a_keyfile_that_the_person_named_may_be_a_pipe(path: Path) -> None:
    """What `--keyfile <(command)` gives: readable once, and asked for twice."""
    end, theirs = os.pipe()
    os.write(theirs, b64(bytes(32)).encode())
    os.close(theirs)
    source = KeyfileSource(f"/dev/fd/{end}", explicit=True)
    for _ in range(2):
        assert source.offer(OURS) == SecretBytes(bytes(32))
    os.close(end)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_another_users_keyfile_is_refused(path: Path) -> None:
    written(path, b64(bytes(32)).encode())
    os.chown(path, 65534, 65534)
    with pytest.raises(FileProblem, match="another user"):
        KeyfileSource(str(path), explicit=False).offer(OURS)
    with pytest.raises(WrongKey, match="another user"):
        KeyfileSource(str(path), explicit=True).offer(OURS)


@pytest.mark.parametrize("explicit", [False, True])
def test_a_keyfile_is_at_most_a_mebibyte(path: Path, explicit: bool) -> None:
    written(path, bytes(1 << 20))
    assert len(KeyfileSource(str(path), explicit).offer(THEIRS)) == 1 << 20
    written(path, bytes((1 << 20) + 1))
    with pytest.raises(WrongKey if explicit else TooLarge) as err:
        KeyfileSource(str(path), explicit).offer(THEIRS)
    assert err.value.message.count(str(path)) == (0 if explicit else 1)


@given(st.binary(max_size=60) | st.binary(min_size=32, max_size=32).map(lambda k: b64(k).encode()))
def test_any_bytes_are_32_bytes_or_tampered(content: bytes) -> None:
    try:
        key = stored_key(SecretBytes(content))
    except Tampered:
        return
    assert len(key) == 32
    assert b64(key.reveal()).encode() == content.removesuffix(b"\n")
