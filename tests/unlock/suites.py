"""What every unlock source and every session store must do: one suite per Protocol."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import NotApplicable, TooLarge, UsageProblem
from lango_cli.secret import SecretBytes
from tests.unlock.conftest import OTHER_VAULT, VAULT, Slot, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.model import SessionStore, UnlockSource

KINDS = ("passphrase", "keyring", "keyfile", "recovery", "a kind of a later version")


@dataclass(frozen=True)
class Sample:
    """A source that has a credential, and how to take away where it came from."""

    source: UnlockSource
    slot: Slot
    credential: bytes
    serves: tuple[str, ...]
    spoil: Callable[[], object]


class UnlockSourceSuite:
    """A subclass gives `sample`."""

    @pytest.fixture
    def sample(self) -> Sample:
        raise NotImplementedError

    def test_it_offers_the_credential_of_its_slot(self, sample: Sample) -> None:
        assert sample.source.offer(sample.slot) == SecretBytes(sample.credential)

    def test_slots_that_it_does_not_serve_are_not_its_business(self, sample: Sample) -> None:
        for kind in KINDS:
            if kind not in sample.serves:
                with pytest.raises(NotApplicable):
                    sample.source.offer(Slot(kind))

    def test_it_reads_once(self, sample: Sample) -> None:
        sample.source.offer(sample.slot)
        sample.spoil()
        assert sample.source.offer(sample.slot) == SecretBytes(sample.credential)

    def test_it_says_what_it_is_and_never_what_it_holds(self, sample: Sample) -> None:
        offered = sample.source.offer(sample.slot)
        assert sample.source.name
        assert {type(sample.source.interactive), type(sample.source.explicit)} == {bool}
        assert sample.credential.hex() not in f"{sample.source!r} {offered!r}"
        assert repr(sample.credential)[2:-1] not in f"{sample.source!r} {offered!r} {offered}"


class SessionStoreSuite:
    """A subclass gives `store`, and `make`: an expression that makes the same store elsewhere."""

    @pytest.fixture
    def store(self) -> SessionStore:
        raise NotImplementedError

    @pytest.fixture
    def make(self) -> str:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _drop(self, store: SessionStore) -> Iterator[None]:
        yield
        for vault_id in (VAULT, OTHER_VAULT):
            store.drop(vault_id)

    def test_it_works_here(self, store: SessionStore) -> None:
        assert store.available()

    def test_nothing_is_there_before_something_is_put(self, store: SessionStore) -> None:
        assert store.get(VAULT) is None
        assert store.remaining(VAULT) is None
        assert store.drop(VAULT) is False

    def test_what_is_put_comes_back(self, store: SessionStore) -> None:
        store.put(VAULT, SecretBytes(bytes(range(256))), 900)
        assert store.get(VAULT) == SecretBytes(bytes(range(256)))
        left = store.remaining(VAULT)
        assert left is not None
        assert 800 < left <= 900

    def test_a_second_put_replaces_the_first_and_its_time(self, store: SessionStore) -> None:
        store.put(VAULT, SecretBytes(b"first"), 100)
        store.put(VAULT, SecretBytes(b"second"), 900)
        assert store.get(VAULT) == SecretBytes(b"second")
        assert (store.remaining(VAULT) or 0) > 100

    def test_what_is_dropped_is_gone_at_once(self, store: SessionStore) -> None:
        store.put(VAULT, SecretBytes(b"bundle"), 900)
        assert store.drop(VAULT) is True
        assert store.get(VAULT) is None
        assert store.remaining(VAULT) is None
        assert store.drop(VAULT) is False

    def test_it_can_be_put_again_after_a_drop(self, store: SessionStore) -> None:
        store.put(VAULT, SecretBytes(b"first"), 900)
        store.drop(VAULT)
        store.put(VAULT, SecretBytes(b"second"), 900)
        assert store.get(VAULT) == SecretBytes(b"second")

    def test_two_vaults_do_not_touch_one_another(self, store: SessionStore) -> None:
        store.put(VAULT, SecretBytes(b"mine"), 900)
        store.put(OTHER_VAULT, SecretBytes(b"yours"), 900)
        assert store.drop(OTHER_VAULT) is True
        assert store.get(VAULT) == SecretBytes(b"mine")

    def test_it_is_forgotten_when_its_time_is_over(self, store: SessionStore) -> None:
        store.put(VAULT, SecretBytes(b"bundle"), 1)
        until(lambda: store.get(VAULT) is None, "the session is over")
        assert store.remaining(VAULT) is None
        assert store.drop(VAULT) is False

    def test_it_can_be_put_again_after_its_time(self, store: SessionStore) -> None:
        store.put(VAULT, SecretBytes(b"first"), 1)
        until(lambda: store.get(VAULT) is None, "the session is over")
        store.put(VAULT, SecretBytes(b"second"), 900)
        assert (store.remaining(VAULT) or 0) > 1

    def test_another_process_of_the_same_user_finds_it(
        self, store: SessionStore, make: str
    ) -> None:
        store.put(VAULT, SecretBytes(b"bundle"), 900)
        assert elsewhere(make) == b"bundle"

    def test_it_takes_4096_bytes_and_no_more(self, store: SessionStore) -> None:
        store.put(VAULT, SecretBytes(bytes(4096)), 900)
        assert store.get(VAULT) == SecretBytes(bytes(4096))
        with pytest.raises(TooLarge):
            store.put(VAULT, SecretBytes(bytes(4097)), 900)
        assert store.get(VAULT) == SecretBytes(bytes(4096))

    @pytest.mark.parametrize("ttl", [0, -1, 1 << 31])
    def test_a_time_that_is_none_is_refused(self, store: SessionStore, ttl: int) -> None:
        with pytest.raises(UsageProblem):
            store.put(VAULT, SecretBytes(b"bundle"), ttl)
        assert store.get(VAULT) is None

    @pytest.mark.parametrize("vault_id", ["", "../" * 10 + "ab", "0" * 31 + "\n", "0" * 33])
    def test_only_a_vault_id_is_a_name(self, store: SessionStore, vault_id: str) -> None:
        for use in (store.get, store.remaining, store.drop):
            with pytest.raises(UsageProblem):
                use(vault_id)


def elsewhere(make: str, *before: str) -> bytes:
    """What a new process, started by the command `before`, gets from the store."""
    code = (
        "import os\n"
        "from lango_cli.unlock.session import KernelKeyring\n"
        "from lango_cli.unlock.session_process import SessionProcess\n"
        f"kept = ({make}).get('{VAULT}')\n"
        "os.write(1, b'' if kept is None else kept.reveal())\n"
    )
    command = [*before, sys.executable, "-c", code]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
