"""The OS keyring: GNOME's own on a private bus, and services that behave badly."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli.codec import b64
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    NotApplicable,
    Tampered,
    UsageProblem,
)
from lango_cli.secret import SecretBytes
from lango_cli.unlock import keyring_child
from lango_cli.unlock.keyring import KeyringSource, OsKeyring
from tests.parts import require
from tests.unlock.conftest import (
    ACCOUNT,
    OTHER_VAULT,
    SLOT_ID,
    VAULT,
    Desk,
    Slot,
    children,
    store_on,
)
from tests.unlock.suites import Sample, UnlockSourceSuite

if TYPE_CHECKING:
    from lango_cli.model import CredentialStore

KEY = SecretBytes(bytes(range(32)))
OTHER_KEY = SecretBytes(bytes(32))
OTHER_ACCOUNT = f"{OTHER_VAULT}:{SLOT_ID}"
SECRETS = "org.freedesktop.secrets"
KWALLET = ("org.kde.kwalletd5", "/modules/kwalletd5", "org.kde.KWallet")
OFFSCREEN = ("env", "QT_QPA_PLATFORM=offscreen")
"""KDE's programs want a screen, and take this for one."""


class TestKeyringSource(UnlockSourceSuite):
    """The suite, on GNOME's keyring."""

    @pytest.fixture
    def sample(self, gnome: Desk, state: str) -> Sample:
        store = store_on(gnome, state)
        store.write(ACCOUNT, KEY)
        return Sample(
            source=KeyringSource(store, VAULT),
            slot=Slot("keyring"),
            credential=KEY.reveal(),
            serves=("keyring",),
            spoil=lambda: store.delete(ACCOUNT),
        )


def test_what_is_written_is_read_and_can_be_deleted(gnome: Desk, state: str) -> None:
    store: CredentialStore = store_on(gnome, state)
    assert store.read(ACCOUNT) is None
    store.write(ACCOUNT, KEY)
    assert store.read(ACCOUNT) == KEY
    store.write(ACCOUNT, OTHER_KEY)
    assert store.read(ACCOUNT) == OTHER_KEY
    assert store.delete(ACCOUNT) is True
    assert store.read(ACCOUNT) is None
    assert store.delete(ACCOUNT) is False


def test_another_client_reads_the_same_entry(gnome: Desk, state: str) -> None:
    store_on(gnome, state).write(ACCOUNT, KEY)
    found = gnome.run(require("secret-tool"), "lookup", "service", "lango", "username", ACCOUNT)
    assert found.decode().strip() == b64(KEY.reveal())


def test_what_another_client_wrote_is_read(gnome: Desk, state: str) -> None:
    attributes = ("service", "lango", "username", ACCOUNT)
    tool = require("secret-tool")
    gnome.run(tool, "store", "--label=x", *attributes, stdin=b64(KEY.reveal()).encode())
    assert store_on(gnome, state).read(ACCOUNT) == KEY


def test_two_vaults_do_not_touch_one_another(gnome: Desk, state: str) -> None:
    store = store_on(gnome, state)
    store.write(ACCOUNT, KEY)
    store.write(OTHER_ACCOUNT, OTHER_KEY)
    assert store.read(ACCOUNT) == KEY
    assert store.delete(OTHER_ACCOUNT)
    assert store.read(ACCOUNT) == KEY
    with pytest.raises(NotApplicable, match="no entry"):
        KeyringSource(store, OTHER_VAULT).offer(Slot("keyring"))


@pytest.mark.parametrize(
    "account",
    ["", "master-passphrase", VAULT, f"{VAULT}:", f":{SLOT_ID}", f"{VAULT}:{SLOT_ID}0", "a:b"],
    ids=["nothing", "older tool", "vault", "no slot", "no vault", "longer", "shorter"],
)
def test_no_account_but_a_slots_is_touched(gnome: Desk, state: str, account: str) -> None:
    store = store_on(gnome, state)
    for use in (store.read, store.delete, lambda name: store.write(name, KEY)):
        with pytest.raises(CustodyDenied):
            use(account)


def test_a_credential_is_32_bytes(gnome: Desk, state: str) -> None:
    with pytest.raises(UsageProblem):
        store_on(gnome, state).write(ACCOUNT, SecretBytes(b"short"))


@pytest.mark.parametrize(
    "content", [b"hunter2", b64(bytes(31)).encode(), b64(bytes(32)).encode() + b"\n", b"x" * 5000]
)
def test_an_entry_that_is_not_langos_is_passed_over(
    gnome: Desk, state: str, content: bytes
) -> None:
    attributes = ("service", "lango", "username", ACCOUNT)
    gnome.run(require("secret-tool"), "store", "--label=x", *attributes, stdin=content)
    store = store_on(gnome, state)
    with pytest.raises(Tampered, match="not one that lango wrote") as caught:
        store.read(ACCOUNT)
    assert content[:5].decode() not in caught.value.message
    with pytest.raises(NotApplicable, match="not one that lango wrote"):
        KeyringSource(store, VAULT).offer(Slot("keyring"))


def test_every_entry_of_the_account_is_deleted(gnome: Desk, state: str) -> None:
    """Another client's entry differs in its other attributes, and stands beside ours."""
    store = store_on(gnome, state)
    store.write(ACCOUNT, KEY)
    gnome.run(
        require("secret-tool"), "store", "--label=x", "service", "lango", "username", ACCOUNT,
        "more", "so", stdin=b"other",
    )  # fmt: skip
    assert store.delete(ACCOUNT) is True
    assert store.read(ACCOUNT) is None


def test_a_locked_collection_is_named_and_nobody_is_asked(gnome: Desk, state: str) -> None:
    store = store_on(gnome, state)
    store.write(ACCOUNT, KEY)
    gnome.lock()
    with pytest.raises(CustodyUnavailable, match="locked"):
        store.read(ACCOUNT)
    with pytest.raises(CustodyUnavailable, match="locked"):
        store.write(ACCOUNT, OTHER_KEY)
    assert store.describe().reason == "locked"
    assert store.describe().backend == "Secret Service"
    with pytest.raises(NotApplicable, match=r"^locked$"):
        KeyringSource(store, VAULT).offer(Slot("keyring"))


def test_without_a_bus_it_says_so_and_starts_nothing(state: str, tmp_path: Path) -> None:
    for variables in (
        {},
        {"XDG_RUNTIME_DIR": str(tmp_path)},
        {"DBUS_SESSION_BUS_ADDRESS": "autolaunch:", "DISPLAY": ":0"},
    ):
        store = OsKeyring(state, variables, python="/nonexistent")
        verdict = store.describe()
        assert (verdict.usable, verdict.reason) == (False, "no session bus")
        with pytest.raises(CustodyUnavailable, match="no session bus"):
            store.read(ACCOUNT)
        with pytest.raises(CustodyUnavailable, match="no session bus"):
            store.write(ACCOUNT, KEY)


@pytest.mark.parametrize("address", ["unix:path=/nonexistent/bus", "tcp:host=localhost", "bogus"])
def test_a_bus_that_is_not_there_is_said(state: str, address: str) -> None:
    store = OsKeyring(state, {"DBUS_SESSION_BUS_ADDRESS": address})
    with pytest.raises(CustodyUnavailable, match="the session bus does not answer"):
        store.read(ACCOUNT)


def test_a_bus_that_never_answers_is_given_up(desk: Desk, state: str) -> None:
    path = str(desk.folder / "mute")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(path)
        mute.listen()
        store = OsKeyring(state, {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={path}"})
        before = children()
        with pytest.raises(CustodyUnavailable, match="answer"):
            store.read(ACCOUNT)
        assert children() == before


def test_the_bus_of_the_runtime_folder_is_found_without_a_variable(desk: Desk, state: str) -> None:
    variables = desk.environment
    path = variables.pop("DBUS_SESSION_BUS_ADDRESS").removeprefix("unix:path=").partition(",")[0]
    if not Path(path).is_socket():
        pytest.skip("this bus listens on an abstract socket")
    runtime = desk.folder / "run time"
    runtime.mkdir()
    (runtime / "bus").symlink_to(path)
    variables["XDG_RUNTIME_DIR"] = str(runtime)
    assert OsKeyring(state, variables).describe().reason == "no keyring service is running"


def test_a_service_that_is_not_running_is_not_started(desk: Desk, state: str) -> None:
    marker = desk.folder / "started"
    services = desk.folder / "data" / "dbus-1" / "services"
    services.mkdir(parents=True)
    (services / "x.service").write_text(
        f"[D-BUS Service]\nName={SECRETS}\nExec=/usr/bin/touch {marker}\n"
    )
    desk.ask_bus("ReloadConfig")
    assert SECRETS in desk.ask_bus("ListActivatableNames")
    store = store_on(desk, state)
    assert store.describe().reason == "no keyring service is running"
    with pytest.raises(CustodyUnavailable, match="no keyring service is running"):
        store.write(ACCOUNT, KEY)
    assert not marker.exists()
    assert not desk.ask_bus("NameHasOwner", "s", SECRETS)


def test_a_service_without_a_collection_is_not_asked_to_make_one(desk: Desk, state: str) -> None:
    """What the bus starts by itself: a daemon that nobody ever unlocked."""
    desk.start(require("gnome-keyring-daemon"), "--foreground", "--components=secrets")
    desk.wait_for(SECRETS)
    store = store_on(desk, state)
    assert store.describe().reason == "no default collection"
    with pytest.raises(CustodyUnavailable, match="no default collection"):
        store.write(ACCOUNT, KEY)


def test_a_keyring_that_hangs_costs_one_second_a_minute(desk: Desk, state: str) -> None:
    desk.start_fake(SECRETS, "silent")
    before = children()
    store = store_on(desk, state)
    with pytest.raises(CustodyUnavailable, match=r"^the OS keyring did not answer within 1 s$"):
        store.read(ACCOUNT)
    assert children() == before
    # The next command does not even start the child.
    cached = OsKeyring(state, desk.environment, python="/nonexistent")
    with pytest.raises(NotApplicable, match=r"^did not answer within 1 s$"):
        KeyringSource(cached, VAULT).offer(Slot("keyring"))
    assert cached.describe().cached


def test_a_write_into_one_that_hangs_is_given_up(desk: Desk, state: str) -> None:
    desk.start_fake(SECRETS, "silent")
    before = children()
    with pytest.raises(CustodyUnavailable, match="did not answer within 5 s"):
        store_on(desk, state).write(ACCOUNT, KEY)
    assert children() == before


def test_one_that_confirms_but_keeps_nothing_is_found_out(desk: Desk, state: str) -> None:
    desk.start_fake(SECRETS, "deaf")
    with pytest.raises(CustodyUnavailable, match="did not keep what was written"):
        store_on(desk, state).write(ACCOUNT, KEY)
    assert not store_on(desk, state).describe().usable


@pytest.mark.parametrize("content", [b64(bytes(32)).encode(), b"nonsense", b"\xff\xfe", b""])
def test_one_that_answers_with_other_bytes_is_found_out(
    desk: Desk, state: str, content: bytes
) -> None:
    desk.start_fake(SECRETS, "sticky", content.hex())
    store = store_on(desk, state)
    with pytest.raises(CustodyUnavailable, match="did not keep what was written"):
        store.write(ACCOUNT, KEY)


def test_one_that_confirms_a_deletion_but_keeps_the_entry_is_found_out(
    desk: Desk, state: str
) -> None:
    desk.start_fake(SECRETS, "sticky", b64(KEY.reveal()).encode().hex())
    store = store_on(desk, state)
    assert store.read(ACCOUNT) == KEY
    with pytest.raises(CustodyUnavailable, match="did not forget what was deleted"):
        store.delete(ACCOUNT)


@pytest.mark.parametrize("name", ["org.kde.kwalletd6", "org.kde.kwalletd5"])
def test_a_closed_kwallet_is_not_opened(desk: Desk, state: str, name: str) -> None:
    desk.start_fake(name, "shut")
    verdict = store_on(desk, state).describe()
    assert (verdict.usable, verdict.backend, verdict.reason) == (False, "KWallet", "locked")


class TestKWallet:
    """A real one: kwalletd, with a wallet that was opened as a log-in opens it."""

    @pytest.fixture
    def wallet(self, desk: Desk) -> Desk:
        daemon = require("kwalletd5", "kwallet-query")
        (desk.folder / "config" / "kwalletrc").write_text("[Wallet]\nFirst Use=false\n")
        desk.start(*OFFSCREEN, daemon)
        desk.wait_for(KWALLET[0])
        self.open(desk)
        return desk

    def open(self, desk: Desk) -> None:
        """What PAM does when somebody logs in; 56 bytes stand for the hash of the passphrase."""
        desk.call(KWALLET, "pamOpen", "sayi", "kdewallet", bytes(range(56)), 0)
        assert desk.call(KWALLET, "isOpen", "s", "kdewallet")[0] is True

    def query(self, desk: Desk, *words: str, stdin: bytes = b"") -> bytes:
        """What KDE's own client prints."""
        client = require("kwallet-query")
        return desk.run(*OFFSCREEN, client, *words, "-f", "lango", "kdewallet", stdin=stdin)

    def test_what_is_written_is_read_and_can_be_deleted(self, wallet: Desk, state: str) -> None:
        store = store_on(wallet, state)
        assert store.describe().backend == "KWallet"
        assert store.read(ACCOUNT) is None
        store.write(ACCOUNT, KEY)
        store.write(OTHER_ACCOUNT, OTHER_KEY)
        assert store.read(ACCOUNT) == KEY
        store.write(ACCOUNT, OTHER_KEY)
        assert store.read(ACCOUNT) == OTHER_KEY
        assert store.delete(ACCOUNT) is True
        assert store.read(ACCOUNT) is None
        assert store.delete(ACCOUNT) is False
        assert store.read(OTHER_ACCOUNT) == OTHER_KEY

    def test_another_client_sees_the_same_entry(self, wallet: Desk, state: str) -> None:
        store = store_on(wallet, state)
        store.write(ACCOUNT, KEY)
        assert ACCOUNT.encode() in self.query(wallet, "-l")
        assert self.query(wallet, "-r", ACCOUNT).decode().strip() == b64(KEY.reveal())
        self.query(wallet, "-w", ACCOUNT, stdin=b64(OTHER_KEY.reveal()).encode())
        assert store.read(ACCOUNT) == OTHER_KEY

    def test_an_entry_that_is_not_langos_is_passed_over(self, wallet: Desk, state: str) -> None:
        store = store_on(wallet, state)
        store.write(ACCOUNT, KEY)
        self.query(wallet, "-w", ACCOUNT, stdin=b"hunter2")
        with pytest.raises(NotApplicable, match="not one that lango wrote") as caught:
            KeyringSource(store, VAULT).offer(Slot("keyring"))
        assert caught.value.stale

    def test_a_closed_wallet_is_named_and_nobody_is_asked(self, wallet: Desk, state: str) -> None:
        store = store_on(wallet, state)
        store.write(ACCOUNT, KEY)
        wallet.call(KWALLET, "close", "sb", "kdewallet", True)
        for use in (store.read, lambda name: store.write(name, OTHER_KEY)):
            with pytest.raises(CustodyUnavailable, match="locked"):
                use(ACCOUNT)
        assert store.describe(fresh=True).reason == "locked"
        self.open(wallet)
        store.describe(fresh=True)
        assert store.read(ACCOUNT) == KEY


def test_several_processes_write_and_read_at_once(gnome: Desk, state: str) -> None:
    """Each has an entry of its own, and all of them fight for one more; none is torn or lost."""
    code = (
        "import os, sys\n"
        "from lango_cli.secret import SecretBytes\n"
        "from lango_cli.unlock.keyring import OsKeyring\n"
        "store = OsKeyring(sys.argv[1], os.environ)\n"
        "number, own, common = int(sys.argv[2]), sys.argv[3], sys.argv[4]\n"
        "key = SecretBytes(bytes([number] * 32))\n"
        "for account in (common, own):\n"
        "    store.write(account, key)\n"
        "assert store.read(own) == key\n"
    )
    owns = [f"{VAULT}:{number:012x}" for number in range(1, 5)]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, state, str(number), own, ACCOUNT],
            env={**gnome.environment, "PYTHONPATH": os.getcwd()},
        )
        for number, own in enumerate(owns, 1)
    ]
    assert [process.wait() for process in started] == [0] * len(owns)
    store = store_on(gnome, state)
    assert [store.read(own) for own in owns] == [
        SecretBytes(bytes([number] * 32)) for number in range(1, 5)
    ]
    assert store.read(ACCOUNT) in [SecretBytes(bytes([number] * 32)) for number in range(1, 5)]


def test_only_the_backends_of_the_list_can_be_made() -> None:
    assert set(keyring_child.ALLOWED.values()) == {
        ("keyring.backends.SecretService", "Keyring"),
        ("keyring.backends.macOS", "Keyring"),
        ("keyring.backends.Windows", "WinVaultKeyring"),
    }


def test_no_configuration_of_the_library_chooses_the_backend(gnome: Desk, state: str) -> None:
    """Neither its variable nor its file, here naming the backend that loses everything."""
    settings = gnome.folder / "config" / "python_keyring"
    settings.mkdir()
    (settings / "keyringrc.cfg").write_text(
        "[backend]\ndefault-keyring=keyring.backends.null.Keyring\n"
    )
    store = store_on(gnome, state, PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring")
    store.write(ACCOUNT, KEY)
    found = gnome.run(require("secret-tool"), "lookup", "service", "lango", "username", ACCOUNT)
    assert found.decode().strip() == b64(KEY.reveal())


def test_no_other_backend_and_no_plug_in_is_even_loaded(gnome: Desk) -> None:
    """`keyrings.alt` would write keys to a plain file; what is not loaded cannot.

    `fail` comes with the library itself, and does what its name says.
    """
    code = (
        "import sys\n"
        "from lango_cli.unlock import keyring_child\n"
        f"reply = keyring_child.answer('read', {{'account': '{ACCOUNT}'}})\n"
        "assert reply['usable'], reply\n"
        "print(*[n for n in sys.modules if n.startswith(('keyrings', 'keyring.backends.'))])\n"
    )
    variables = {**gnome.environment, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, env=variables, check=True, stdout=subprocess.PIPE).stdout
    assert sorted(loaded.split()) == [
        b"keyring.backends.SecretService",
        b"keyring.backends.fail",
    ]


def test_the_child_is_given_what_a_bus_needs_and_nothing_else(state: str) -> None:
    wanted = {
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/x",
        "DISPLAY": ":0",
        "HOME": "/home/x",
        "PATH": "/bin",
        "WAYLAND_DISPLAY": "wayland-0",
        "XDG_RUNTIME_DIR": "/run/x",
    }
    unwanted = {
        "KEYRING_PROPERTY_SCHEME": "KeePassXC",
        "LANGO_PASSPHRASE": "hunter2",
        "LD_PRELOAD": "/x.so",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "PYTHONPATH": "/x",
    }
    assert OsKeyring(state, {**wanted, **unwanted})._environment == wanted


def test_a_probe_writes_nothing_into_the_keyring(gnome: Desk, state: str) -> None:
    store_on(gnome, state).describe()
    collection = (
        SECRETS,
        "/org/freedesktop/secrets/aliases/default",
        "org.freedesktop.DBus.Properties",
    )
    items = gnome.call(collection, "Get", "ss", "org.freedesktop.Secret.Collection", "Items")
    assert items == (("ao", []),)


def test_an_interpreter_that_does_not_start_is_a_reason(desk: Desk, state: str) -> None:
    variables = desk.environment
    absent = OsKeyring(state, variables, python="/nonexistent").describe(fresh=True)
    assert absent.reason == "no helper process: no such file or directory"
    broken = OsKeyring(state, variables, python="/bin/false").describe(fresh=True)
    assert broken.reason == "the helper process ended without an answer"
