"""What the command line gave besides a command's own arguments."""

from __future__ import annotations


class Flags:
    """What the command line gave besides the command's own arguments; None where it did not."""

    def __init__(self) -> None:
        self.home: str | None = None
        self.profile: str | None = None
        self.lock_timeout: float | None = None
        self.no_input = False
        self.passphrase_fd: int | None = None
        self.passphrase_file: str | None = None
        self.passphrase_command: str | None = None
        self.keyfile: str | None = None
        self.recovery = False
        self.slot: str | None = None
        self.share: tuple[str, ...] = ()
        self.settings: dict[str, str] = {}
