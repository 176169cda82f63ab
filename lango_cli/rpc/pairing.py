"""Pairing: two parties exchange certificates, and two people, or one, compare a code.

The rule: commit, then reveal, then compare (a short authentication string; S. Vaudenay, Secure
Communications over Insecure Channels Based on Short Authenticated Strings, CRYPTO 2005).

    client     certificate, name, SHA-256 of (certificate, name, nonce)
    companion  certificate, name, nonce
    client     nonce
    both       code = SHA-256 of all of it, modulo 10^6; a person compares the two
    both       a signature over all of it, so that each holds the key of its certificate

Somebody in the middle has a different transcript, and so another code, on each side. Towards the
companion they commit to their nonce before they see its; towards the client they give theirs
before they see the client's. So they can choose neither code once they know anything of the other,
and the two are equal by luck alone: once in 1,000,000 tries, each of which a person sees fail.
Over TLS the client also checks that the certificate is the connection's. Nothing is kept by either
side before a person said yes on both.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.codec import b64, canonical
from lango_cli.crypto import certificates
from lango_cli.crypto.mac import digest, pack, random_bytes, same
from lango_cli.errors import Cancelled, CustodyDenied, CustodyUnavailable, Tampered
from lango_cli.rpc import channel, places
from lango_cli.rpc.identity import CERTIFICATE_LIMIT, NAME, Pin
from lango_cli.rpc.messages import NONCE, PAIRING, Garbled, data, parse, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lango_cli.rpc.identity import Identity

LIMIT = 16_384
"""Bytes of a message."""
SECONDS = 120.0
"""How long a pairing may take, comparing included."""
REACH_SECONDS = 10.0
DIGITS = 6
HINT = "start it with: lango companion serve --pair"


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two says of itself."""

    certificate: bytes
    name: str
    nonce: bytes


def commitment(client: Side) -> bytes:
    """What a client is bound to before it knows anything of the other."""
    return digest(pack(b"lango/pair/commit/v1", *_parts(client)))


def transcript(client: Side, companion: Side) -> bytes:
    """All that both have seen, if they have seen the same."""
    return digest(pack(b"lango/pair/v1", *_parts(client), *_parts(companion)))


def code_of(seen: bytes) -> str:
    """Six digits, as both show them: `123 456`."""
    digits = f"{int.from_bytes(digest(b'code' + seen)[:16], 'big') % 10**DIGITS:0{DIGITS}}"
    return f"{digits[:3]} {digits[3:]}"


def proof(who: bytes, seen: bytes) -> bytes:
    """What a party signs; `who`: client or companion."""
    return pack(b"lango/pair/proof/v1", who, seen)


def _parts(side: Side) -> tuple[bytes, bytes, bytes]:
    return side.certificate, side.name.encode(), side.nonce


def read_side(members: dict[str, Any], nonce: bytes | None = None) -> Side:
    """What the other says of itself; Garbled otherwise. `nonce`: it comes later."""
    certificate, name = data(members, "certificate"), text(members, "name")
    given = data(members, "nonce") if nonce is None else nonce
    if len(certificate) > CERTIFICATE_LIMIT or not NAME.fullmatch(name):
        raise Garbled
    if nonce is None and len(given) != NONCE:
        raise Garbled
    try:
        certificates.check(certificate)
    except Tampered:
        raise Garbled from None
    return Side(certificate, name, given)


def pair(url: str, us: Identity, name: str, agree: Callable[[str, Pin], bool]) -> Pin:
    """Pair with the companion at `url`; `agree(code, pin)` is the person on this side.

    CustodyUnavailable where nobody answers, CustodyDenied where no pairing is taken or somebody is
    in between, Cancelled where a person says no.
    """
    until = time.monotonic() + SECONDS
    try:
        connection, shown = places.connect(url, None, None, time.monotonic() + REACH_SECONDS)
        asker = channel.Asker(connection)
        asker.until = until
        try:
            return _pair(
                asker, url, Side(us.certificate, name, random_bytes(NONCE)), us, shown, agree
            )
        finally:
            asker.close()
    except OSError:
        raise CustodyUnavailable(
            "no companion that can be paired with answers there", hint=HINT
        ) from None
    except Garbled:
        raise CustodyDenied("what answers there is no companion of this kind") from None
    except places.NotTheOne as err:
        raise CustodyDenied(f"not paired: {err}") from None


def _pair(
    asker: channel.Asker,
    url: str,
    ours: Side,
    us: Identity,
    shown: bytes | None,
    agree: Callable[[str, Pin], bool],
) -> Pin:
    begin = {"certificate": b64(ours.certificate), "name": ours.name}
    theirs = read_side(_say(asker, begin | {"commitment": b64(commitment(ours))}))
    if shown is not None and shown != theirs.certificate:
        raise places.NotTheOne("somebody is between this client and the companion")
    seen = transcript(ours, theirs)
    proved = data(_say(asker, {"nonce": b64(ours.nonce)}), "signature")
    if not certificates.verify(theirs.certificate, proof(b"companion", seen), proved):
        raise places.NotTheOne("the companion does not hold its certificate's key")
    pin = Pin(theirs.name, url, theirs.certificate)
    agreed = agree(code_of(seen), pin)
    signature = us.sign(proof(b"client", seen)) if agreed else b""
    answer = _say(asker, {"agreed": agreed, "signature": b64(signature)}, last=True)
    if not agreed:
        raise Cancelled("not paired")
    if answer.get("agreed") is not True:
        raise Cancelled("not paired: nobody said yes at the companion")
    return pin


def _say(asker: channel.Asker, members: dict[str, Any], *, last: bool = False) -> dict[str, Any]:
    body = canonical(members)
    status = asker.begin(PAIRING, {}, len(body))
    if status == channel.GO_ON:
        status, _ = asker.finish(body)
    if status == channel.REFUSED:
        raise CustodyDenied("the companion takes no pairing now", hint=HINT)
    if status != channel.OK:
        raise Garbled
    answer = parse(asker.body(LIMIT))
    if not last:
        asker.again()
    return answer


class Receiving:
    """The companion's side of one pairing, on a connection whose first head was read."""

    def __init__(self, answerer: channel.Answerer, us: Identity, name: str) -> None:
        self._answerer = answerer
        self._us = us
        self._name = name
        self._client = self._companion = Side(b"", "", b"")

    def begin(self) -> tuple[str, Pin]:
        """Hear who it is and say who we are; the code, and what would be kept."""
        heard = self._hear()
        promised = data(heard, "commitment")
        client = read_side(heard, b"")
        self._companion = Side(self._us.certificate, self._name, random_bytes(NONCE))
        said = {
            "certificate": b64(self._companion.certificate),
            "name": self._name,
            "nonce": b64(self._companion.nonce),
        }
        self._next(said)
        nonce = data(self._hear(), "nonce")
        self._client = Side(client.certificate, client.name, nonce)
        if len(nonce) != NONCE or not same(commitment(self._client), promised):
            raise Garbled
        return code_of(self._seen()), Pin(client.name, "", client.certificate)

    def prove(self) -> bool:
        """Sign what was seen, then wait for the other side; whether its person said yes."""
        self._next({"signature": b64(self._us.sign(proof(b"companion", self._seen())))})
        heard = self._hear()
        signed = proof(b"client", self._seen())
        return heard.get("agreed") is True and certificates.verify(
            self._client.certificate, signed, data(heard, "signature")
        )

    def end(self, *, agreed: bool) -> None:
        """Say how it ended."""
        self._answerer.answer(channel.OK, canonical({"agreed": agreed}))

    def _seen(self) -> bytes:
        return transcript(self._client, self._companion)

    def _hear(self) -> dict[str, Any]:
        self._answerer.go_on()
        return parse(self._answerer.body(LIMIT))

    def _next(self, said: dict[str, Any]) -> None:
        self._answerer.answer(channel.OK, canonical(said))
        self._answerer.again()
        path, _ = self._answerer.head()
        if path != PAIRING:
            raise Garbled
