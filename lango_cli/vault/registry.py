"""The key registry: which keys there are, and what state each version of them is in.

A key's purpose, algorithm and id never change. Each version has a state, and so has the key as a
whole; the stricter of the two holds.

    active      seals new values, or signs; only the newest version ever does
    retired     opens what it sealed, verifies what it signed, and makes nothing new
    disabled    refuses both, until it is enabled
    destroyed   its wrapped key is erased: nothing opens what it sealed; there is no way back

    rotate      a new version, active; the one that was is retired
    enable      disabled or retired -> active; of an older version: disabled -> retired
    disable     active or retired -> disabled
    retire      active -> retired
    destroy     any -> destroyed

The rule: one key of each purpose may be the default, and is so only because somebody said it. What
the default data key and its newest version seal with is never taken away (Conflict): without it no
value could be stored. A change and its audit record are one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import Conflict, KeyNotFound, KeyUnusable, UsageProblem
from lango_cli.vault import kept_keys, reencrypt, registry_kept, rows, rows_keys
from lango_cli.vault.key_info import KeyInfo, KeyVersionInfo
from lango_cli.vault.keys import (
    ACTIVE,
    DESTROYED,
    DISABLED,
    ENCRYPTION,
    RETIRED,
    SIGNING,
)
from lango_cli.vault.names import check_name, split_reference

if TYPE_CHECKING:
    from builtins import list as List

    from lango_cli.model import Progress
    from lango_cli.vault.parts import Parts

ENABLE, DISABLE, RETIRE = "enable", "disable", "retire"
_WANTED = {ENABLE: ACTIVE, DISABLE: DISABLED, RETIRE: RETIRED}


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did. `resumed`: it went on with a re-encryption that was begun before."""

    key: KeyInfo
    resumed: bool
    moved: int | None


class Registry:
    """The keys of an open vault. `NAME@2` is version 2 of a key."""

    def __init__(self, vault: Parts) -> None:
        self._vault = vault
        self._store = vault.store

    def list(self) -> List[KeyInfo]:
        """All keys, by name."""
        return [self._info(row) for row in rows_keys.keys(self._store)]

    def show(self, name: str) -> KeyInfo:
        """One key; KeyNotFound where there is none of this name."""
        row = rows_keys.key(self._store, check_name(name))
        if row is None:
            raise KeyNotFound(f"no key called {name}", hint="list keys: lango keys list")
        return self._info(row)

    def create(
        self, name: str, purpose: str, algorithm: str, *, default: bool, custodian: str = ""
    ) -> KeyInfo:
        """A new key with its first version; Conflict if the name is taken, by a destroyed one too.

        `default`: it serves its purpose from now on where no key is named. `custodian`: the URI of
        the key that keeps it.
        """
        name = check_name(name)
        key_id = random_bytes(8).hex()
        made = (
            registry_kept.material(self._vault, custodian, purpose, key_id) if custodian else None
        )
        with self._store.write():
            if rows_keys.key(self._store, name):
                raise Conflict(
                    f"there is a key called {name} already", hint="list keys: lango keys list"
                )
            rows.insert_key(self._store, key_id, name, purpose, algorithm, self._now())
            self._add_version(key_id, purpose, algorithm, 1, made)
            if default:
                rows_keys.make_default(self._store, key_id, purpose)
            detail = f"{algorithm}{', default' * default}{', kept elsewhere' * bool(custodian)}"
            self._record("key.create", f"{name}@1", detail)
            return self.show(name)

    def make_default(self, name: str) -> KeyInfo:
        """Its purpose is served by this key where none is named; KeyUnusable unless it can be."""
        with self._store.write():
            key = self.show(name)
            self._vault.keys.newest(key.purpose, key.name).refuse(RETIRED, DISABLED, DESTROYED)
            rows_keys.make_default(self._store, key.id, key.purpose)
            self._record("key.default", key.name)
            return self.show(name)

    def rotate(self, name: str, progress: Progress | None = None) -> Rotated:
        """A new version; with `progress`, every value of the key is moved to it as well.

        Where such a move was begun and is not through, it goes on, and no version is made.
        """
        before = self.show(name)
        made = registry_kept.next_material(self._vault, before.id, before.version, before.name)
        with self._store.write():
            key = self.show(name)
            if made is not None and key.version != before.version:
                raise Conflict(f"key {name} was changed by another process meanwhile")
            _refuse(key.name, key.state, RETIRED, DISABLED, DESTROYED)
            if progress is not None:
                self._check_movable(key)
            moving = key.moving_since is not None and key.versions[0].state == ACTIVE
            resumed = progress is not None and moving
            if not resumed:
                self._next_version(key, made, moving=progress is not None)
            target = f"{key.name}@{key.version + (not resumed)}"
            if progress is not None:
                self._record("key.reencrypt", target, "resumed" if resumed else "")
        moved = None
        if progress is not None:
            moved = reencrypt.Reencryption(self._vault, key.name, progress).run()
        return Rotated(self.show(name), resumed, moved)

    def rewrap(self, name: str) -> int:
        """Wrap a kept key's versions anew, no value touched; how many. See `registry_kept`."""
        key = self.show(name)
        _refuse(key.name, key.state, DISABLED, DESTROYED)
        return registry_kept.rewrap(self._vault, key.name, key.id)

    def _check_movable(self, key: KeyInfo) -> None:
        if key.purpose != ENCRYPTION:
            raise UsageProblem(f"key {key.name} is for {key.purpose}: it seals no values")
        reencrypt.check_openable(self._vault, key.id, key.version + 1)

    def _next_version(self, key: KeyInfo, made: bytes | None, *, moving: bool) -> None:
        version = key.version + 1
        rows_keys.retire_older(self._store, key.id, version)
        self._add_version(key.id, key.purpose, key.algorithm, version, made)
        if moving:
            rows_keys.set_moving(self._store, key.id, self._now())
        self._record("key.rotate", f"{key.name}@{version}")

    def change_state(self, reference: str, verb: str) -> KeyInfo:
        """Enable, disable or retire a key, or one version of it; see the module's table."""
        with self._store.write():
            key, version = self._find(reference)
            state = key.state if version is None else version.state
            _refuse(reference, state, DESTROYED)
            wanted = _WANTED[verb]
            if wanted == ACTIVE and version and version.version != key.version:
                wanted = RETIRED
            if verb == RETIRE and state == DISABLED:
                raise Conflict(
                    f"key {reference} is disabled", hint=f"lango keys enable {reference}"
                )
            if wanted != ACTIVE:
                _keep_default(key, version, verb)
            if wanted != state:
                number = None if version is None else version.version
                rows_keys.set_state(self._store, key.id, number, wanted)
                self._record(f"key.{verb}", reference)
            return self.show(key.name)

    def dependents(self, reference: str) -> int:
        """How many values would be lost with this key or version; Conflict if it has to stay."""
        key, version = self._find(reference)
        _refuse(reference, key.state if version is None else version.state, DESTROYED)
        _keep_default(key, version, "destroy")
        if version:
            return version.values
        return sum(one.values for one in key.versions if one.state != DESTROYED)

    def destroy(self, reference: str, accepted: int = 0) -> KeyInfo:
        """Erase the wrapped key of a version, or of all versions of a key, for ever.

        Conflict if more than `accepted` values depend on it.
        """
        with self._store.write():
            lost = self.dependents(reference)
            if lost > accepted:
                raise Conflict(depends(reference, lost), hint=_save(reference))
            key, version = self._find(reference)
            number = None if version is None else version.version
            rows_keys.erase(self._store, key.id, number)
            if version is None:
                rows_keys.set_state(self._store, key.id, None, DESTROYED)
                rows_keys.set_moving(self._store, key.id, None)
            self._record("key.destroy", reference, f"{lost} values lost")
            return self.show(key.name)

    def _find(self, reference: str) -> tuple[KeyInfo, KeyVersionInfo | None]:
        name, number = split_reference(reference)
        key = self.show(name)
        if number is None:
            return key, None
        for version in key.versions:
            if version.version == number:
                return key, version
        raise KeyNotFound(
            f"key {name} has no version {number}", hint=f"see which: lango keys show {name}"
        )

    def _add_version(
        self, key_id: str, purpose: str, algorithm: str, version: int, made: bytes | None
    ) -> None:
        key = made or random_bytes(32)
        if purpose == SIGNING and made is None:
            from lango_cli.crypto.signing import new_signing_key

            key = new_signing_key(algorithm).reveal()
        self._vault.keys.add_version(key_id, purpose, algorithm, version, key, self._now())

    def _info(self, row: rows.Row) -> KeyInfo:
        key_id, name, purpose, algorithm, state, default, created, used, moving = row
        counts = rows_keys.counts(self._store, key_id) if purpose == ENCRYPTION else {}
        versions = tuple(
            KeyVersionInfo(version, its_state, made / 1000, counts.get(version, 0))
            for version, its_state, made in rows_keys.versions(self._store, key_id)
        )
        newest = versions[0]
        return KeyInfo(
            id=key_id,
            name=name,
            purpose=purpose,
            algorithm=algorithm,
            state=state,
            default=bool(default),
            version=newest.version,
            created_at=created / 1000,
            rotated_at=newest.created_at if newest.version > 1 else None,
            last_used_at=None if used is None else used / 1000,
            moving_since=None if moving is None else moving / 1000,
            versions=versions,
            custodian=self._custodian(key_id, newest.version),
        )

    def _custodian(self, key_id: str, version: int) -> str:
        blob = self._vault.keys.stored(key_id, version).wrapped
        return kept_keys.decode(blob).uri if kept_keys.is_kept(blob) else ""

    def _now(self) -> int:
        return int(self._vault.clock() * 1000)

    def _record(self, event: str, target: str, detail: str = "") -> None:
        self._vault.audit.append(self._vault.audit.event(event, target, detail=detail))


def depends(reference: str, lost: int) -> str:
    """What stands in the way of destroying a key."""
    many = "1 value depends" if lost == 1 else f"{lost} values depend"
    return f"{many} on key {reference}"


def _save(reference: str) -> str:
    name = split_reference(reference)[0]
    return (
        f"move them first: lango keys rotate {name} --reencrypt; or lose them for ever:"
        " --lose-values"
    )


def _refuse(name: str, state: str, *states: str) -> None:
    if state in states:
        hint = "" if state == DESTROYED else f"lango keys enable {name}"
        raise KeyUnusable(f"key {name} is {state}", hint=hint)


def _keep_default(key: KeyInfo, version: KeyVersionInfo | None, verb: str) -> None:
    """Conflict if without it the default key of its purpose could make nothing new."""
    if key.default and version is None:
        raise Conflict(
            f"{key.name} is the default {key.purpose} key",
            hint=f"make another the default before you {verb} it: lango keys default NAME",
        )
    if key.default and version and version.version == key.version:
        raise Conflict(
            f"version {version.version} is what the default {key.purpose} key makes new things"
            " with",
            hint=f"lango keys rotate {key.name}",
        )
