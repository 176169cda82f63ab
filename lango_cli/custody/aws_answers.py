"""What an answer of AWS KMS has to be before anything in it is believed.

The rule: only what cannot be reached, or ends in the middle, is unavailable. Whoever answers all
the same, with something that AWS would not say (a login page, a proxy, nothing at all), is a
refusal, since what is unavailable may be followed by a weaker way. The SDK takes any 200 for an
answer, with nothing in it, and does not count the bytes of what comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import IncompleteReadError
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    from collections.abc import Mapping

MEMBERS = {
    "CiphertextBlob": bytes,
    "KeyMetadata": dict,
    "Plaintext": bytes,
    "PublicKey": bytes,
    "Signature": bytes,
    "SignatureValid": bool,
}
STRANGE = "what answers is not AWS KMS, or its answer is damaged"
MALFORMED = (AttributeError, KeyError, ResponseParserError, TypeError, ValueError)
"""What the SDK stumbles with over JSON that is none of AWS's."""


def has(answer: Mapping[str, Any], member: str) -> bool:
    """Whether it holds this member, of the right type, and something in it."""
    found = answer.get(member)
    return isinstance(found, MEMBERS[member]) and found not in (b"", {})


def check_whole(response_dict: Mapping[str, Any], **_: object) -> None:
    """IncompleteReadError where fewer bytes came than were promised: a handler for the SDK."""
    promised = int(response_dict["headers"].get("content-length", -1))
    came = len(response_dict["body"])
    if came < promised:
        raise IncompleteReadError(actual_bytes=came, expected_bytes=promised)
