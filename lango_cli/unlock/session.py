"""The unlock session in the Linux kernel keyring.

What lives here: the frame in which every session store keeps its bundle, and the store that needs
no process of its own. The rule: a bundle carries its own deadline, read on a clock that runs
through suspend (CLOCK_BOOTTIME), and is never given out after it, whatever the store believes.

The key is of type `user`, called `lango:<vault id>`, in the user keyring `@u`. Its permissions are
all for the owning uid and none for possessors: so every process of this uid finds it, also from
another session keyring, and a child that changed its uid but inherited our session keyring does
not. The kernel forgets it by itself when its timeout is over (keyctl_set_timeout(3)).

Containers: the default seccomp profiles of Docker and Podman refuse add_key and keyctl (EPERM),
gVisor lacks them (ENOSYS); `available()` is then False, and the session process serves.
"""

from __future__ import annotations

import os
import sys
import time

from lango_cli.errors import CustodyUnavailable, TooLarge, UsageProblem
from lango_cli.secret import SecretBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from ctypes import _NamedFuncPointer

BUNDLE_LIMIT = 4096
"""Bytes of a bundle."""
TTL_LIMIT = (1 << 31) - 1
"""Seconds; what the kernel's timeout takes on every machine."""
MAGIC = b"LSS1"
HEAD = len(MAGIC) + 8
FRAME_LIMIT = HEAD + BUNDLE_LIMIT

_ADD_KEY_AND_KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}
_PROCESS_KEYRING = -2
_USER_KEYRING = -4
_REVOKE = 3
_SETPERM = 5
_LINK = 8
_UNLINK = 9
_SEARCH = 10
_READ = 11
_SET_TIMEOUT = 15
_OWNER_ALL = 0x003F0000
_OVERLONG = 1 << 20
_EINVAL = 22


def boottime() -> int:
    """Nanoseconds since boot, suspend included; macOS's monotonic clock runs through sleep."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def frame(bundle: SecretBytes, ttl: int, now: int) -> bytes:
    """`LSS1`, the deadline in nanoseconds as 8 bytes big-endian, the bundle."""
    if not 1 <= ttl <= TTL_LIMIT:
        raise UsageProblem(f"an unlock session lasts from 1 to {TTL_LIMIT} seconds")
    if len(bundle) > BUNDLE_LIMIT:
        hint = f"the limit is {BUNDLE_LIMIT} bytes"
        raise TooLarge("the session bundle is too large", hint=hint)
    return MAGIC + (now + ttl * 1_000_000_000).to_bytes(8, "big") + bundle.reveal()


def deadline_of(framed: bytes, now: int) -> int | None:
    """The deadline of a frame, None if it is over or this is not a frame."""
    if not framed.startswith(MAGIC) or not HEAD <= len(framed) <= FRAME_LIMIT:
        return None
    deadline = int.from_bytes(framed[len(MAGIC) : HEAD], "big")
    return deadline if now < deadline <= now + TTL_LIMIT * 1_000_000_000 else None


def seconds_left(deadline: int, now: int) -> int:
    """Whole seconds, rounded up: a session that still serves has at least one."""
    return -((now - deadline) // 1_000_000_000)


def checked(vault_id: str) -> str:
    """A vault id that may stand in a path or a key's name: 32 hex digits."""
    if len(vault_id) == 32 and not vault_id.strip("0123456789abcdef"):
        return vault_id
    raise UsageProblem("a vault id is 32 hex digits")


class KernelKeyring:
    """Keeps bundles in the user keyring; `clock` is nanoseconds since boot, for tests."""

    __slots__ = ("_call", "_clock", "name")

    def __init__(self, clock: Callable[[], int] = boottime) -> None:
        self.name = "kernel keyring"
        self._clock = clock
        self._call: _NamedFuncPointer | None = None

    def available(self) -> bool:
        """Whether the kernel takes add_key; asked with a length it must refuse as invalid."""
        try:
            self._add(b"lango:probe", None, _OVERLONG)
        except OSError as err:
            return err.errno == _EINVAL
        return False

    def put(self, vault_id: str, bundle: SecretBytes, ttl: int) -> None:
        """Keep `bundle` for `ttl` seconds in place of what was there."""
        name = _described(vault_id)
        content = frame(bundle, ttl, self._clock())
        try:
            # Only who possesses a new key may set its permissions. The link ends with us.
            self._keyctl(_LINK, _USER_KEYRING, _PROCESS_KEYRING)
            key = self._add(name, content, len(content))
            try:
                self._keyctl(_SET_TIMEOUT, key, ttl)
                self._keyctl(_SETPERM, key, _OWNER_ALL)
            except OSError:
                self._forget(key)
                raise
        except OSError as err:
            reason = (err.strerror or "no answer").lower()
            raise CustodyUnavailable(f"the kernel keyring keeps no session: {reason}") from None

    def get(self, vault_id: str) -> SecretBytes | None:
        """What is kept, None where nothing is or its time is over."""
        framed = self._framed(vault_id)
        if deadline_of(framed, self._clock()) is None:
            return None
        return SecretBytes(framed[HEAD:])

    def remaining(self, vault_id: str) -> int | None:
        """Whole seconds left."""
        now = self._clock()
        deadline = deadline_of(self._framed(vault_id), now)
        return None if deadline is None else seconds_left(deadline, now)

    def drop(self, vault_id: str) -> bool:
        """Revoke and unlink; False where there was nothing."""
        try:
            key = self._search(_described(vault_id))
        except OSError:
            return False
        self._forget(key)
        return True

    def _framed(self, vault_id: str) -> bytes:
        from ctypes import create_string_buffer

        buffer = create_string_buffer(FRAME_LIMIT)
        try:
            key = self._search(_described(vault_id))
            length = self._keyctl(_READ, key, buffer, FRAME_LIMIT)
        except OSError:
            return b""
        return buffer.raw[:length] if length <= FRAME_LIMIT else b""

    def _forget(self, key: int) -> None:
        for operation in ((_REVOKE, key), (_UNLINK, key, _USER_KEYRING)):
            try:
                self._keyctl(*operation)
            except OSError:
                continue

    def _search(self, name: bytes) -> int:
        return self._keyctl(_SEARCH, _USER_KEYRING, b"user", name, 0)

    def _keyctl(self, *arguments: object) -> int:
        return self._syscall(1, *arguments)

    def _add(self, name: bytes, content: bytes | None, length: int) -> int:
        return self._syscall(0, b"user", name, content, length, _USER_KEYRING)

    def _syscall(self, which: int, *arguments: object) -> int:
        """One system call; OSError with the kernel's errno, ENOSYS on machines not listed."""
        import ctypes

        numbers = _ADD_KEY_AND_KEYCTL.get(os.uname().machine)
        if sys.platform != "linux" or numbers is None or ctypes.sizeof(ctypes.c_void_p) != 8:
            raise OSError(38, os.strerror(38))
        if self._call is None:
            self._call = ctypes.CDLL(None, use_errno=True).syscall
            self._call.restype = ctypes.c_long
        words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
        result = self._call(ctypes.c_long(numbers[which]), *words)
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return int(result)


def _described(vault_id: str) -> bytes:
    return f"lango:{checked(vault_id)}".encode()
