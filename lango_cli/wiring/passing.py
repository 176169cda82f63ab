"""A `TextFilter` that changes nothing: it stands where a filter may be wanted and is not."""

from __future__ import annotations


class Nothing:
    """A `TextFilter` that changes nothing."""

    def feed(self, chunk: bytes) -> bytes:
        """The same."""
        return chunk

    def idle(self) -> bytes:
        """Nothing is held back."""
        return b""

    def finish(self) -> bytes:
        """Nothing is left."""
        return b""
