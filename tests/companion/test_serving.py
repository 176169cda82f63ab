"""What a companion does with one request, without any connection."""

from __future__ import annotations

import pytest

from lango_cli.codec import b64
from lango_cli.companion import serving
from lango_cli.crypto.signing import ECDSA_P256, new_signing_key
from lango_cli.custody.local import LocalCustodian
from lango_cli.rpc import messages
from lango_cli.secret import SecretBytes
from tests.custody.suite import HERE


class Broken(LocalCustodian):
    """A custodian with a bug."""

    def sign(self, message: bytes) -> bytes:
        raise RuntimeError(message)


def served(custodian: LocalCustodian) -> dict[str, serving.Served]:
    def nothing(_data: object, _context: object) -> bytes:
        return b""

    def nor_this(_data: object, _context: object) -> SecretBytes:
        return SecretBytes(b"")

    return {"key": serving.Served(custodian, nothing, nor_this)}


def request(method: str, **parameters: str) -> messages.Request:
    return messages.Request("1", method, bytes(32), "c", "key", parameters, b"")


def test_a_bug_is_a_refusal_and_repeats_nothing() -> None:
    keys = served(Broken("x", signing=new_signing_key(ECDSA_P256)))
    asked = request("sign", message=b64(b"a text"))
    with pytest.raises(serving.Refused) as caught:
        serving.perform(asked, keys)
    assert caught.value.code == messages.BUG
    assert "text" not in str(caught.value)


def test_what_a_person_sees_has_no_value_in_it_and_cannot_draw() -> None:
    keys = served(LocalCustodian("a\x1b[2Jb", wrapping=SecretBytes(bytes(32))))
    asked = request("wrap", data=b64(b"v" * 32), vault=HERE.vault, slot=HERE.slot)
    serving.check(asked, keys)
    lines = serving.described(asked, "laptop", keys)
    assert all(line.isprintable() for line in lines)
    assert b64(b"v" * 32) not in "".join(lines)
    assert HERE.vault in "".join(lines)


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("nothing", {}, messages.UNKNOWN_METHOD),
        ("sign", {}, messages.BAD_PARAMETERS),
        ("sign", {"message": "", "more": ""}, messages.BAD_PARAMETERS),
        ("sign", {"message": "???"}, messages.BAD_PARAMETERS),
        ("wrap", {"data": "", "vault": "0" * 31, "slot": "a"}, messages.BAD_PARAMETERS),
        ("wrap", {"data": "", "vault": "0" * 32, "slot": "a\n"}, messages.BAD_PARAMETERS),
    ],
)
def test_what_is_not_asked_rightly_is_not_done(
    method: str, parameters: dict[str, str], code: int
) -> None:
    keys = served(LocalCustodian("x", wrapping=SecretBytes(bytes(32))))
    with pytest.raises(serving.Refused) as caught:
        serving.check(request(method, **parameters), keys)
    assert caught.value.code == code


def test_a_key_that_is_not_served_is_refused() -> None:
    with pytest.raises(serving.Refused) as caught:
        serving.check(request("describe"), {})
    assert caught.value.code == messages.NO_KEY
