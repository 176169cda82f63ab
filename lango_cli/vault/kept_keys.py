"""Keys of the registry that a custodian keeps: what stands in the place of the wrapped key.

Of a key that seals, the 32 bytes as its custodian wrapped them; of one that signs, its public
half, because the key itself never leaves its place. The rule: a rekey leaves these alone, since
the vault's own keys have no part in them; what is wrapped is bound to the vault and the key's id.
Why in the same column: a vault is read as it is where it cannot be written.
"""

from __future__ import annotations

from lango_cli.codec import b64, canonical, parse_canonical, unb64
from lango_cli.crypto.ecdsa import Verifier
from lango_cli.crypto.mac import digest, random_bytes
from lango_cli.errors import KeyUnusable, Tampered
from lango_cli.model_custody import KEY_BYTES, Context, Generating, SigningMany
from lango_cli.secret import SecretBytes
from lango_cli.vault.envelope import KEPT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lango_cli.model_custody import Custodian

    Reach = Callable[[str], Custodian]

MAGIC = KEPT
"""Longer than the nonce that every other wrapped key begins with."""


class KeptKey:
    """One version of such a key: provider, URI, and one of `wrapped` and `public` (PEM)."""

    __slots__ = ("provider", "public", "uri", "wrapped")

    def __init__(
        self, provider: str, uri: str, *, wrapped: bytes = b"", public: bytes = b""
    ) -> None:
        self.provider = provider
        self.uri = uri
        self.wrapped = wrapped
        self.public = public

    def encode(self) -> bytes:
        """As the database has it."""
        members = {"provider": self.provider, "uri": self.uri}
        kept = {"wrapped": b64(self.wrapped)} if self.wrapped else {"public": b64(self.public)}
        return MAGIC + canonical(members | kept)


def is_kept(blob: bytes) -> bool:
    """Whether this stands for a key that a custodian keeps."""
    return blob.startswith(MAGIC)


def decode(blob: bytes) -> KeptKey:
    """What `encode` made; Tampered for anything else."""
    members = parse_canonical(blob.removeprefix(MAGIC), "a kept key")
    if not isinstance(members, dict) or not is_kept(blob):
        raise Tampered("a kept key is not what lango wrote")
    kept = members.keys() - {"provider", "uri"}
    if kept not in ({"wrapped"}, {"public"}) or len(members) != 3:
        raise Tampered("a kept key has not the members it should")
    if not all(isinstance(value, str) for value in members.values()):
        raise Tampered("a kept key has not the members it should")
    name = kept.pop()
    data = unb64(members[name], "a kept key")
    return KeptKey(members["provider"], members["uri"], **{name: data})


def context_of(vault: str, key_id: str) -> Context:
    """What a kept key of this vault (32 hex digits) is bound to."""
    return Context(vault, f"key:{key_id}")


def unwrap(reach: Reach | None, blob: bytes, vault: str, key_id: str, name: str) -> SecretBytes:
    """The key out of its custodian; KeyUnusable for one that never leaves it."""
    kept = decode(blob)
    if not kept.wrapped:
        raise KeyUnusable(f"key {name} never leaves its custodian ({kept.provider})", hint="")
    custodian = reached(reach, kept)
    try:
        return custodian.unwrap(kept.wrapped, context_of(vault, key_id))
    finally:
        custodian.close()


def sign_kept(
    reach: Reach | None, blob: bytes, name: str, messages: Iterable[bytes]
) -> list[bytes]:
    """Signatures by a key that never leaves its custodian; Tampered where another key's came."""
    kept, hashes = decode(blob), list[bytes]()

    def noted() -> Iterator[bytes]:
        for message in messages:
            hashes.append(digest(message))
            yield message

    custodian = reached(reach, kept)
    try:
        if isinstance(custodian, SigningMany):
            made = custodian.sign_all(noted())
        else:
            made = [custodian.sign(one) for one in noted()]
    finally:
        custodian.close()
    key = Verifier(kept.public)
    if len(made) != len(hashes) or not all(map(key.verify, hashes, made)):
        raise Tampered(f"{kept.provider} signed with another key than key {name}")
    return made


def reached(reach: Reach | None, kept: KeptKey) -> Custodian:
    """The custodian of a kept key, to be closed; Tampered if it is of another provider."""
    if reach is None:
        raise KeyUnusable(f"a key that {kept.provider} keeps cannot be reached from here", hint="")
    custodian = reach(kept.uri)
    if custodian.provider != kept.provider:
        custodian.close()
        raise Tampered("a kept key names one provider and the key of another")
    return custodian


def wrap(custodian: Custodian, uri: str, key: SecretBytes, vault: str, key_id: str) -> bytes:
    """What stands for a key that seals; unwrapped once to see that it comes back."""
    context = context_of(vault, key_id)
    return _proved(custodian, uri, key, custodian.wrap(key, context), context)


def make(custodian: Custodian, uri: str, vault: str, key_id: str) -> bytes:
    """What stands for a new key that seals; the custodian makes it, if it makes keys."""
    context = context_of(vault, key_id)
    return _proved(custodian, uri, *fresh(custodian, context), context)


def fresh(custodian: Custodian, context: Context) -> tuple[SecretBytes, bytes]:
    """A new 32-byte key and what it is wrapped in."""
    if isinstance(custodian, Generating):
        return custodian.generate(context)
    key = SecretBytes(random_bytes(KEY_BYTES))
    return key, custodian.wrap(key, context)


def _proved(
    custodian: Custodian, uri: str, key: SecretBytes, wrapped: bytes, context: Context
) -> bytes:
    if custodian.unwrap(wrapped, context) != key:
        raise Tampered(f"{custodian.provider} did not give back what it wrapped")
    return KeptKey(custodian.provider, uri, wrapped=wrapped).encode()
