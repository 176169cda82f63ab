"""What a custodian's own worker process and its parent say to each other: lists of bytes.

The rule: a frame is its length (4 bytes), then each part behind its own length; it fits into an
empty pipe, so that whoever writes one never waits. Whatever is not such a frame ends the talk.
"""

from __future__ import annotations

import os

from lango_cli.crypto.mac import pack

HEAD = 4
LIMIT = 60000
"""Bytes of a frame; an empty pipe takes 64 KiB."""


def encode(*parts: bytes) -> bytes:
    """The frame with these parts."""
    body = pack(*parts)
    assert len(body) <= LIMIT, "the pipe would fill"
    return len(body).to_bytes(HEAD, "big") + body


def size_of(head: bytes) -> int:
    """How long the body behind this head is; ValueError if that can be no frame."""
    size = int.from_bytes(head, "big")
    if size > LIMIT:
        raise ValueError("no frame")
    return size


def decode(body: bytes) -> list[bytes]:
    """The parts of a body; ValueError if it is cut short."""
    parts, at = [], 0
    while at < len(body):
        end = at + HEAD + int.from_bytes(body[at : at + HEAD], "big")
        if end > len(body):
            raise ValueError("cut short")
        parts.append(body[at + HEAD : end])
        at = end
    return parts


def receive(fd: int) -> list[bytes] | None:
    """The next frame, however long it takes; None at the end, or where there is none."""
    data = b""
    while len(data) < HEAD or len(data) < HEAD + size_of(data[:HEAD]):
        chunk = os.read(fd, HEAD + LIMIT)
        if not chunk:
            return None
        data += chunk
    return decode(data[HEAD:])
