"""Getting to a companion: over TLS 1.3 where both ends show a pinned certificate, or by a socket.

The rule: a certificate is right if it is the very one that was pinned; names, authorities and
dates count for nothing. A socket is 0600 in a folder that is its owner's alone, and each end asks
the kernel who is at the other. What is not the one that was asked for is NotTheOne, never an
OSError: being elsewhere is no reason to be called unavailable.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lango_cli import sockets
from lango_cli.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from lango_cli.rpc.channel import Connection
    from lango_cli.rpc.identity import Identity

PORT = 8467
NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME (OpenSSL, x509_vfy.h), which Python has no name for: a machine whose
clock is wrong still knows its companion."""
UNIX, HTTPS = "unix:", "https://"


class NotTheOne(Exception):
    """Somebody else answers there; the text says how that is known."""


def check(url: str) -> str:
    """The address without a final slash; UsageProblem if it is none, which is not repeated."""
    if url.startswith(UNIX) and os.path.isabs(url.removeprefix(UNIX)) and url.isprintable():
        return url
    try:
        parts = urlsplit(url)
        bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
        good = bool(url.startswith(HTTPS) and parts.hostname and parts.port != 0 and bare)
    except ValueError:
        good = False
    if not good or not url.isprintable() or " " in url:
        raise UsageProblem(
            "that is no companion's address", hint="such as https://HOST:8467 or unix:/PATH"
        )
    return url.rstrip("/")


def connect(
    url: str, identity: Identity | None, certificate: bytes | None, until: float
) -> tuple[Connection, bytes | None]:
    """A connection, and over TLS the certificate at its other end.

    `certificate`: the one it must be; None takes any, as only pairing may. OSError where nobody
    answers before `until`, on the monotonic clock.
    """
    if url.startswith(UNIX):
        return _local(url.removeprefix(UNIX), until), None
    parts = urlsplit(url)
    plain = _plain(parts.hostname or "", parts.port or PORT, until)
    try:
        plain.settimeout(_left(until))
        context = client_context(identity, certificate)
        found = context.wrap_socket(plain, server_hostname=parts.hostname)
    except ssl.SSLCertVerificationError:
        plain.close()
        raise NotTheOne("its certificate is not the one that was paired with") from None
    except BaseException:
        plain.close()
        raise
    shown = found.getpeercert(binary_form=True)
    if certificate is not None and shown != certificate:
        found.close()
        raise NotTheOne("its certificate is not the one that was paired with")
    return found, shown


def client_context(identity: Identity | None, certificate: bytes | None) -> ssl.SSLContext:
    """TLS 1.3 to the holder of one certificate; without one, to anybody."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE if certificate is None else ssl.CERT_REQUIRED
    if certificate is not None:
        context.load_verify_locations(cadata=certificate)
    if identity is not None:
        context.load_cert_chain(identity.path)
    return context


def server_context(
    identity: Identity, certificates: Iterable[bytes], *, strangers: bool
) -> ssl.SSLContext:
    """TLS 1.3 for the holders of these certificates; `strangers`: also for who shows none."""
    context = _context(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.path)
    context.verify_mode = ssl.CERT_OPTIONAL if strangers else ssl.CERT_REQUIRED
    # No session is resumed: each connection shows its certificate anew.
    context.num_tickets = 0
    known = b"".join(certificates)
    if known:
        context.load_verify_locations(cadata=known)
    return context


def _context(protocol: ssl._SSLMethod) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= NO_CHECK_TIME
    return context


def _local(path: str, until: float) -> Connection:
    folder = os.path.dirname(path)
    if os.path.isdir(folder) and not sockets.is_private(folder):
        raise NotTheOne("its socket's folder can be used by others")
    found = sockets.connect(path, _left(until))
    if sockets.peer_uid(found) != os.geteuid():
        found.close()
        raise NotTheOne("another user listens at its socket")
    return found


def _plain(host: str, port: int, until: float) -> socket.socket:
    """A TCP connection to the first address that takes one."""
    failed: OSError = ConnectionRefusedError()
    for family, kind, protocol, _, address in _addresses(host, port, until):
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(_left(until))
            plain.connect(address)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as err:
            plain.close()
            failed = err
        else:
            return plain
    raise failed


def _addresses(host: str, port: int, until: float) -> list[Any]:
    """Where a name is; in a thread, as the system's resolver knows no deadline."""
    found: list[Any] = []
    failed: list[OSError] = []

    def look() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as err:
            failed.append(err)

    resolving = threading.Thread(target=look, daemon=True)
    resolving.start()
    resolving.join(_left(until))
    if failed:
        raise failed[0]
    if resolving.is_alive():
        raise TimeoutError
    return found


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
