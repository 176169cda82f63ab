"""What is true of every custodian: one suite, run unchanged against each.

A provider is done when it passes this against its real counterpart. A test class derives from
`CustodianSuite` and gives three fixtures: `wrapping`, `other` (two wrapping keys of the same
provider) and `signing`.
"""

from __future__ import annotations

import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from lango_cli.custody import enveloping
from lango_cli.errors import KeyNotFound, KeyUnusable, LangoError, Tampered, UsageProblem
from lango_cli.model_custody import Context
from lango_cli.secret import SecretBytes
from tests.parts import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lango_cli.model_custody import Custodian

    Opened = Callable[[str], Custodian]

KEY = SecretBytes(bytes(range(32)))
HERE = Context("0123456789abcdef0123456789abcdef", "0123456789ab")
ELSEWHERE = (
    Context("0123456789abcdef0123456789abcdee", "0123456789ab"),
    Context("0123456789abcdef0123456789abcdef", "0123456789ac"),
)
FLIPS = 12
"""Places, evenly spread, at which a wrapped key is damaged: each costs a call."""


class CustodianSuite:
    """Wrapping, signing, and saying how one is."""

    @pytest.fixture
    def wrapping(self) -> Custodian:
        """A key that wraps."""
        raise NotImplementedError

    @pytest.fixture
    def other(self) -> Custodian:
        """Another key that wraps, of the same provider."""
        raise NotImplementedError

    @pytest.fixture
    def signing(self) -> Custodian:
        """A P-256 key that signs."""
        raise NotImplementedError

    def test_what_was_wrapped_comes_back(self, wrapping: Custodian) -> None:
        wrapped = wrapping.wrap(KEY, HERE)
        assert KEY.reveal() not in wrapped
        assert wrapping.unwrap(wrapped, HERE) == KEY

    def test_the_same_key_wrapped_twice_looks_different(self, wrapping: Custodian) -> None:
        assert wrapping.wrap(KEY, HERE) != wrapping.wrap(KEY, HERE)

    @pytest.mark.parametrize("context", ELSEWHERE, ids=["vault", "slot"])
    def test_it_opens_in_its_own_context_alone(
        self, wrapping: Custodian, context: Context
    ) -> None:
        wrapped = wrapping.wrap(KEY, HERE)
        with pytest.raises(Tampered):
            wrapping.unwrap(wrapped, context)

    def test_a_flipped_bit_anywhere_is_noticed(self, wrapping: Custodian) -> None:
        wrapped = wrapping.wrap(KEY, HERE)
        for place in {round(step * (len(wrapped) - 1) / FLIPS) for step in range(FLIPS + 1)}:
            damaged = bytearray(wrapped)
            damaged[place] ^= 1
            with pytest.raises((Tampered, KeyNotFound)):
                wrapping.unwrap(bytes(damaged), HERE)

    @pytest.mark.parametrize("size", [0, 1, 16])
    def test_what_was_cut_short_is_noticed(self, wrapping: Custodian, size: int) -> None:
        wrapped = wrapping.wrap(KEY, HERE)
        with pytest.raises(Tampered):
            wrapping.unwrap(wrapped[:size], HERE)
        with pytest.raises(Tampered):
            wrapping.unwrap(wrapped[:-1], HERE)

    def test_another_key_does_not_open_it(self, wrapping: Custodian, other: Custodian) -> None:
        with pytest.raises(Tampered):
            other.unwrap(wrapping.wrap(KEY, HERE), HERE)

    @pytest.mark.parametrize("size", [0, 16, 31, 33, 4096])
    def test_only_keys_of_32_bytes_are_wrapped(self, wrapping: Custodian, size: int) -> None:
        with pytest.raises(UsageProblem):
            wrapping.wrap(SecretBytes(bytes(size)), HERE)

    def test_data_of_any_size_is_sealed_beside_it(self, wrapping: Custodian) -> None:
        for size in (0, 1, 100_000):
            data = SecretBytes(b"x" * size)
            sealed = enveloping.encrypt(wrapping, data, HERE)
            assert enveloping.decrypt(wrapping, sealed, HERE) == data

    def test_a_signature_holds_and_openssl_agrees(
        self, signing: Custodian, tmp_path: Path
    ) -> None:
        signature = signing.sign(b"a text")
        assert signing.verify(b"a text", signature)
        (tmp_path / "public.pem").write_bytes(signing.public_key())
        (tmp_path / "signature").write_bytes(signature)
        words = ["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature"]
        done = subprocess.run(
            [require("openssl"), *words], cwd=tmp_path, input=b"a text", capture_output=True
        )
        assert done.stdout == b"Verified OK\n"

    def test_a_long_text_is_signed_too(self, signing: Custodian) -> None:
        text = b"long " * 20_000
        assert signing.verify(text, signing.sign(text))

    def test_a_signature_of_something_else_does_not_hold(self, signing: Custodian) -> None:
        signature = signing.sign(b"a text")
        assert not signing.verify(b"another text", signature)
        assert not signing.verify(b"a text", signature[:-1] + bytes([signature[-1] ^ 1]))
        assert not signing.verify(b"a text", b"")
        assert not signing.verify(b"a text", b"no signature")

    def test_a_key_that_signs_does_not_wrap(self, signing: Custodian) -> None:
        with pytest.raises((KeyUnusable, KeyNotFound)):
            signing.wrap(KEY, HERE)

    def test_a_key_that_wraps_does_not_sign(self, wrapping: Custodian) -> None:
        with pytest.raises((KeyUnusable, KeyNotFound)):
            wrapping.sign(b"a text")

    def test_it_says_how_it_is(self, wrapping: Custodian, signing: Custodian) -> None:
        for custodian, purpose in ((wrapping, "wrap"), (signing, "sign")):
            health = custodian.describe()
            assert (health.provider, health.key) == (custodian.provider, custodian.key)
            assert (health.usable, health.reason) == (True, "")
            assert health.purpose == purpose
            assert health.algorithm

    def test_an_error_names_provider_operation_and_key_and_no_value(
        self, wrapping: Custodian
    ) -> None:
        with pytest.raises(LangoError) as caught:
            wrapping.sign(b"a text that is not to be repeated")
        message = caught.value.message
        assert message.startswith(f"{wrapping.provider} sign")
        assert wrapping.key in message
        assert "repeated" not in message

    def test_closing_twice_is_nothing(self, wrapping: Custodian) -> None:
        wrapping.close()
        wrapping.close()


class OpenedByName(CustodianSuite):
    """The suite for a service whose keys are opened by name, each closed after its test."""

    signer = "signer"

    @pytest.fixture
    def opened(self) -> Opened:
        """What opens the key of a name: `kek` and `spare` wrap, and `signer` says which signs."""
        raise NotImplementedError

    @pytest.fixture
    def wrapping(self, opened: Opened) -> Iterator[Custodian]:
        with closing(opened("kek")) as custodian:
            yield custodian

    @pytest.fixture
    def other(self, opened: Opened) -> Iterator[Custodian]:
        with closing(opened("spare")) as custodian:
            yield custodian

    @pytest.fixture
    def signing(self, opened: Opened) -> Iterator[Custodian]:
        with closing(opened(self.signer)) as custodian:
            yield custodian
