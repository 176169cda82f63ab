"""Who may receive which secret: kept with the secret, through renames, copies and new versions.

The rule: a policy is replaced as a whole, with its audit record, in one transaction. What the
entries mean is the interceptor's business; here they are checked for their shape alone.
"""

from __future__ import annotations

from lango_cli.errors import SecretNotFound, UsageProblem
from lango_cli.vault import rows, rows_policies
from lango_cli.vault.names import check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lango_cli.vault.audit import AuditLog
    from lango_cli.vault.store import Store

KINDS = ("commands", "arguments", "tools", "hosts")
LONGEST = 4096
_HOST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_:[]")


class SecretPolicy:
    """A secret's policy; all empty where none was set."""

    __slots__ = ("arguments", "commands", "hosts", "name", "tools")

    def __init__(self, name: str, entries: Sequence[tuple[str, str]] = ()) -> None:
        def of(kind: str) -> tuple[str, ...]:
            return tuple(pattern for this, pattern in entries if this == kind)

        self.name = name
        self.commands, self.arguments = of("commands"), of("arguments")
        self.tools, self.hosts = of("tools"), of("hosts")

    def entries(self) -> dict[str, list[str]]:
        """Kind to patterns, empty kinds included."""
        return {kind: list(getattr(self, kind)) for kind in KINDS}

    def __bool__(self) -> bool:
        return any(self.entries().values())


class Policies:
    """The policies of an open vault."""

    def __init__(self, store: Store, audit: AuditLog) -> None:
        self._store = store
        self._audit = audit

    def of(self, name: str) -> SecretPolicy:
        """The policy of a live secret; one that says nothing where none was set."""
        return SecretPolicy(name, rows_policies.policy(self._store, self._secret(name)))

    def set(self, name: str, entries: Mapping[str, Sequence[str]]) -> SecretPolicy:
        """These entries instead of what the policy said; none at all removes it."""
        checked = sorted({(kind, _checked(kind, p)) for kind in entries for p in entries[kind]})
        with self._store.write():
            secret = self._secret(name)
            rows_policies.replace_policy(self._store, secret, checked)
            detail = ", ".join(f"{kind} {pattern}" for kind, pattern in checked) or "none"
            self._audit.append(self._audit.event("secret.policy", name, detail=detail[:LONGEST]))
        return SecretPolicy(check_name(name), checked)

    def names(self) -> list[str]:
        """Live secrets that have one, in byte order."""
        return rows_policies.secrets_with_policies(self._store)

    def _secret(self, name: str) -> str:
        found = rows.live(self._store, check_name(name))
        if found is None:
            raise SecretNotFound(f"no secret named {name}")
        return found[0]


def _checked(kind: str, pattern: str) -> str:
    """The entry in its one form; UsageProblem for one that could never match."""
    if not pattern or len(pattern) > LONGEST or not pattern.isprintable():
        raise UsageProblem(f"an entry of {kind} is empty, too long or not printable")
    if kind in ("commands", "arguments") and not pattern.startswith("/"):
        raise UsageProblem(f"{kind} are absolute paths")
    if kind == "hosts":
        pattern = pattern.lower()
        if not _HOST.issuperset(pattern.removeprefix("*.")) or pattern == "*.":
            raise UsageProblem(
                "a host is a name or an address", hint="such as api.example.org or *.example.org"
            )
    return pattern
