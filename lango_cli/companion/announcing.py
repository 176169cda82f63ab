"""Companions on the local network, by multicast DNS (RFC 6762, RFC 6763).

The rule: what is found is a hint of where to look, and nothing more: anybody on the network can
announce anything, so it is the pinned certificate that says who answers.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeroconf import InterfaceChoice, ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

from lango_cli import files
from lango_cli.rpc.identity import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPE = "_lango-companion._tcp.local."
SHOWN = 16
"""Digits of the fingerprint that are announced."""
INFO_MILLISECONDS = 1000
ASKING = 3.0
"""Seconds, beyond those of listening, in which what was heard is asked for its address."""
MOST = 64


@dataclass(frozen=True, slots=True)
class Found:
    """A companion that says it is there."""

    name: str
    url: str
    fingerprint: str
    """The first digits, as it says."""


class Announcement:
    """Says that a companion is there, until `close`."""

    def __init__(
        self, name: str, host: str, port: int, fingerprint: str, interfaces: Sequence[str]
    ) -> None:
        self._zeroconf = _open(interfaces)
        self._info = ServiceInfo(
            TYPE,
            f"{name} {fingerprint[:SHOWN]}.{TYPE}",
            port=port,
            addresses=[_packed(one) for one in _addresses(host, interfaces)],
            properties={"v": "1", "id": fingerprint[:SHOWN], "name": name},
            server=f"lango-{fingerprint[:SHOWN]}.local.",
        )
        self._zeroconf.register_service(self._info)

    def close(self) -> None:
        """Take it back."""
        self._zeroconf.unregister_service(self._info)
        self._zeroconf.close()


def find(seconds: float, interfaces: Sequence[str]) -> list[Found]:
    """Every companion that answers within so many seconds, by name."""
    network = _open(interfaces)
    try:
        heard = _Heard()
        browser = ServiceBrowser(network, TYPE, listener=heard)
        time.sleep(seconds)
        browser.cancel()
        # Whoever announces much and answers nothing does not keep a person waiting for each.
        until = time.monotonic() + seconds + ASKING
        infos = [
            network.get_service_info(TYPE, one, min(INFO_MILLISECONDS, left))
            for one in heard.names()
            if (left := int((until - time.monotonic()) * 1000)) > 0
        ]
    finally:
        network.close()
    found = [_found(info) for info in infos if info is not None]
    return sorted((one for one in found if one is not None), key=lambda one: (one.name, one.url))


class _Heard(ServiceListener):
    """The names that were announced."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def names(self) -> list[str]:
        return sorted(self._names)[:MOST]

    def add_service(self, _zc: Zeroconf, _type: str, name: str) -> None:
        self._names.add(name)

    def update_service(self, _zc: Zeroconf, _type: str, name: str) -> None:
        self._names.add(name)

    def remove_service(self, _zc: Zeroconf, _type: str, name: str) -> None:
        self._names.discard(name)


def _found(info: ServiceInfo) -> Found | None:
    """What an announcement says, as far as it can be shown."""
    said = info.decoded_properties
    name, digits = said.get("name") or "", said.get("id") or ""
    addresses = info.parsed_addresses()
    if not addresses or not info.port or not NAME.fullmatch(name) or not NAME.fullmatch(digits):
        return None
    host = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    return Found(name, f"https://{host}:{info.port}", digits[:SHOWN])


def _open(interfaces: Sequence[str]) -> Zeroconf:
    try:
        return Zeroconf(interfaces=list(interfaces) or InterfaceChoice.All)
    except OSError as err:
        raise files.problem("multicast DNS", err) from None


def _addresses(host: str, interfaces: Sequence[str]) -> list[str]:
    """Where the companion listens; for all addresses, those that this machine has."""
    try:
        given = {str(one[4][0]) for one in socket.getaddrinfo(host, None)}
    except OSError as err:
        raise files.problem("the address to listen at", err) from None
    if not any(ipaddress.ip_address(one).is_unspecified for one in given):
        return sorted(given)
    if interfaces:
        return list(interfaces)
    from ifaddr import get_adapters

    known = [ip.ip for adapter in get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
    return [one for one in known if not ipaddress.ip_address(one).is_loopback]


def _packed(address: str) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address)
