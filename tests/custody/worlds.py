"""Custodians with a fault proxy before each: what the tests of faults share.

The rule: the vendor's own client, the double or the real companion, and between them the proxy
alone. Each world says what it takes to reach it: here, and from a process of its own.
"""

from __future__ import annotations

import base64
import json
import os
import socket
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import grpc
from google.cloud.kms_v1 import types

from lango_cli.custody import aws, azure, gcp
from lango_cli.custody.rpc import RpcCustodian
from lango_cli.custody.uri import Options, parse
from lango_cli.rpc import identity
from lango_cli.rpc.identity import Pin, Pins
from lango_cli.secret import SecretBytes
from tests.companion.companions import Companion
from tests.custody.aws_here import ALONE, CREDENTIALS, REGION, client, made, without_account
from tests.custody.suite import HERE, KEY
from tests.doubles import moto_kms
from tests.doubles.fault_proxy import (
    GrpcProxy,
    HttpProxy,
    Proxy,
    WireProxy,
    http,
    kept,
    relayed,
)
from tests.doubles.gcp_kms import RING, CloudKms, crc, service_account
from tests.doubles.key_vault import KeyVault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from lango_cli.model_custody import Custodian
    from tests.doubles.authority import Authority

OTHER = SecretBytes(bytes(range(100, 132)))
"""What another key wraps."""


class World:
    """A provider whose key `kek` wrapped KEY, whose key `spare` wrapped OTHER, and the proxy."""

    provider = ""
    proxy: Proxy
    environment: dict[str, str]
    """For a process that uses it."""
    expired: Any = None
    """The fault that the service's own answer to an old token is."""
    secret = ""
    """What a client sends to show who it is."""

    def begin(self) -> None:
        """Wrap both keys, and see that all is well, and what is answered for the other one."""
        self.stale: list[bytes] = []
        with closing(self.at()) as kek, closing(self.at(name="spare")) as spare:
            self.key = kek.key
            self.wrapped = kek.wrap(KEY, HERE)
            self.other = spare.wrap(OTHER, HERE)
            self.proxy.when(kept(self.stale))
            assert spare.unwrap(self.other, HERE) == OTHER
            assert kek.unwrap(self.wrapped, HERE) == KEY
        self.proxy.clean()

    def warm(self) -> None:
        """What a client does once in a process is done."""

    def at(
        self, *, name: str = "kek", port: int = 0, timeout: float = 60.0, retries: int = 0
    ) -> Custodian:
        """A key, through the proxy, or at another port."""
        uri = parse(self.uri(name, port))
        return self.open(uri, Options(lambda: None, {}, timeout, retries))

    open: Callable[..., Custodian]

    def uri(self, name: str = "kek", port: int = 0) -> str:
        """Where that is."""
        raise NotImplementedError

    def swap(self, request: bytes) -> bytes:
        """The same request with what `spare` wrapped in it."""
        raise NotImplementedError

    def pair(self, home: Path) -> None:
        """What a home needs besides."""


class Aws(World):
    """AWS KMS as moto speaks it, by TLS."""

    provider = "aws-kms"
    open = staticmethod(aws.open_custodian)
    expired = http(400, b'{"__type":"ExpiredTokenException"}')
    secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"] + "-"

    def __init__(self, kms: moto_kms.MotoKms, authority: Authority) -> None:
        self.proxy = proxy = HttpProxy(urlsplit(kms.url).port or 0, authority)
        self._port = proxy.port
        self.environment = {"AWS_CA_BUNDLE": str(authority.path), **ALONE, **CREDENTIALS}
        self._kms = kms

    def begin(self) -> None:
        sdk = client(self._kms)
        self._keys = {name: made(sdk) for name in ("kek", "spare")}
        super().begin()

    def uri(self, name: str = "kek", port: int = 0) -> str:
        where = f"https://127.0.0.1:{port or self._port}"
        return f"aws-kms:{self._keys[name]}?region={REGION}&endpoint={where}"

    def swap(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        asked = json.loads(body)
        size = int.from_bytes(self.other[8:10], "big")
        asked["CiphertextBlob"] = base64.b64encode(self.other[10 + size :]).decode()
        return _resized(head, json.dumps(asked).encode())


class Azure(World):
    """Key Vault."""

    provider = "azure-kv"
    open = staticmethod(azure.open_custodian)
    expired = http(401, b'{"error":{"code":"Unauthorized"}}')

    def __init__(self, vault: KeyVault, authority: Authority) -> None:
        self.proxy = proxy = HttpProxy(vault.port, authority)
        self._port = proxy.port
        self.environment = {"REQUESTS_CA_BUNDLE": str(authority.path), **vault.environment()}
        self.secret = vault.token

    def warm(self) -> None:
        """The SDK remembers the vault's challenge, unless it has just met another."""
        with closing(self.at()) as key:
            assert key.describe().usable
        self.proxy.clean()

    def uri(self, name: str = "kek", port: int = 0) -> str:
        return f"azure-kv:https://127.0.0.1:{port or self._port}/keys/{name}"

    def swap(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        if not body:
            # It asks for the challenge alone.
            return request
        asked = json.loads(body)
        asked["value"] = base64.urlsafe_b64encode(self.other[36:292]).rstrip(b"=").decode()
        return _resized(head, json.dumps(asked).encode())


class Gcp(World):
    """Cloud KMS, behind the proxy of its calls and one of its bytes, `wire`."""

    provider = "gcp-kms"
    open = staticmethod(gcp.open_custodian)
    secret = "Bearer"

    def __init__(self, cloud: CloudKms, authority: Authority, folder: Path) -> None:
        self.proxy = calls = GrpcProxy(cloud.port, authority)
        listener = socket.create_server(("127.0.0.1", 0))
        self.wire = WireProxy(
            listener, lambda: socket.create_connection(("127.0.0.1", calls.port)), usual=relayed
        )
        self.environment = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(service_account(folder)),
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(authority.path),
            "NO_PROXY": "127.0.0.1",
        }

    def uri(self, name: str = "kek", port: int = 0) -> str:
        return f"gcp-kms:{RING}/{name}?endpoint=https://127.0.0.1:{port or self.wire.port}"

    def swap(self, request: bytes) -> bytes:
        asked = types.DecryptRequest.deserialize(request)
        asked.ciphertext, asked.ciphertext_crc32c = self.other, crc(self.other)
        found: bytes = types.DecryptRequest.serialize(asked)
        return found


class Rpc(World):
    """A companion at a socket."""

    provider = "rpc"
    expired = http(403)

    def __init__(self, companion: Companion, folder: Path) -> None:
        self._companion, self._folder = companion, folder
        folder.chmod(0o700)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(folder / "proxy"))
        listener.listen()
        self.proxy = WireProxy(listener, self._dial)
        self._us = companion.client(folder / "client")
        self.environment = {}

    def _dial(self) -> socket.socket:
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        found.connect(self._companion.url[5:])
        return found

    def at(
        self, *, name: str = "kek", port: int = 0, timeout: float = 60.0, retries: int = 0
    ) -> Custodian:
        url = f"https://127.0.0.1:{port}" if port else f"unix:{self._folder / 'proxy'}"
        pin = Pin("companion", url, self._companion.us.certificate)
        return RpcCustodian(
            self._us, pin, name, timeout=timeout, retries=retries, patience=timeout
        )

    def uri(self, name: str = "kek", port: int = 0) -> str:
        assert not port
        return f"rpc:unix:{self._folder / 'proxy'}?key={name}"

    def pair(self, home: Path) -> None:
        self._companion.client(home, name="home")
        url = f"unix:{self._folder / 'proxy'}"
        pin = Pin("companion", url, self._companion.us.certificate)
        Pins(str(home / identity.COMPANIONS)).add(pin)


def _resized(head: bytes, body: bytes) -> bytes:
    lines = [
        line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")
    ]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


@contextmanager
def world(name: str, folder: Path, authority: Authority) -> Iterator[Any]:
    """One of them, while it stands."""
    if name == "aws":
        with moto_kms.serving(authority.server()) as kms:
            yield Aws(kms, authority)
    elif name == "azure":
        vault = KeyVault(authority)
        yield Azure(vault, authority)
        vault.stop()
    elif name == "gcp":
        cloud = CloudKms(authority)
        found = Gcp(cloud, authority, folder)
        yield found
        found.wire.stop()
        cloud.stop()
    else:
        companion = Companion(folder, tls=False, keys=("kek=local:wrap", "spare=local:wrap"))
        companion.start()
        (folder / "p").mkdir()
        yield Rpc(companion, folder / "p")
        companion.stop()


def settle(patch: pytest.MonkeyPatch, folder: Path, authority: Authority) -> None:
    """Nothing of this machine's own in this process, where Google's client has one authority."""
    without_account(patch, folder)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        patch.delenv(name, raising=False)

    def channel(calls: grpc.CallCredentials) -> grpc.ChannelCredentials:
        trusted = grpc.ssl_channel_credentials(authority.pem)
        return grpc.composite_channel_credentials(trusted, calls)

    patch.setattr(grpc, "compute_engine_channel_credentials", channel)


def process_environment(found: World, folder: Path) -> dict[str, str]:
    """For lango as a command, in a folder of its own."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANGO_HOME": str(folder / "vault"),
        "LANGO_SECURITY_KMS_TIMEOUT_PER_OPERATION": "1m",
        "LANGO_SECURITY_KMS_MAX_RETRIES": "0",
        "LANGO_UNLOCK_ORDER": "kms keyfile",
        "LANGO_UNLOCK_SESSION": "process",
        "LC_ALL": "C.UTF-8",
        "XDG_STATE_HOME": str(folder / "state"),
        **found.environment,
    }
