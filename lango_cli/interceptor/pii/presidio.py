"""Microsoft Presidio's analyzer over HTTP: names and whatever else no expression knows.

The rule: its answer is a stranger's. What is late, too long, no JSON of the right shape or points
outside of the text counts as no answer (`Down`), and no part of it is used; after three of them
in a row it is not asked for half a minute. Its offsets are code points. Entities that are not on
the list are left alone: by default it calls every date, place and link personal.

Text leaves for another machine by TLS alone, unless a setting says otherwise; no proxy is used
and no redirection followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import threading
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import msgspec

from lango_cli.errors import InvalidSetting
from lango_cli.interceptor.pii.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

UNIT = 4_096
"""Characters that are asked about together."""
OVERLAP = 200
"""Characters seen twice where a longer text is asked about in parts."""
ANSWER_LIMIT = 2 << 20
"""Bytes of the longest answer that is read."""
FAILURES, PAUSE = 3, 30.0
"""After how many failures in a row it is left alone, and for how many seconds."""
HEALTH_SECONDS = 3.0

NAMES = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip_address",
}
"""Kinds that lango has a name for; the others keep theirs in small letters."""
_KIND = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-zA-Z]{2,4})?")
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"\s\S*\Z")


class Down(Exception):
    """No answer that can be used; the text says why."""


class Entity(msgspec.Struct):
    """What is used of one entry of an answer."""

    entity_type: str
    start: int
    end: int
    score: float


class Place(NamedTuple):
    """Where the analyzer is."""

    secure: bool
    host: str
    port: int
    path: str


class Wish(NamedTuple):
    """How it is asked: seconds it may take, what counts, how sure it must be, in which tongues."""

    timeout: float
    entities: Collection[str]
    threshold: float
    languages: Sequence[str]


def place_of(url: str, *, allow_http: bool) -> Place:
    """The parts of its URL; InvalidSetting where it is none, or where text would go in clear."""
    where = "security.interceptor.presidio.url"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidSetting(f"{where} is no URL", hint="such as http://localhost:5002") from None
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
        raise InvalidSetting(
            f"{where} is no http or https URL without a user", hint="such as http://localhost:5002"
        )
    secure = parts.scheme == "https"
    if not (secure or allow_http or _is_here(host)):
        raise InvalidSetting(
            f"{where} names another machine without TLS: text would go there in clear",
            hint="use https, or set security.interceptor.presidio.allowHttp",
        )
    return Place(secure, host, port or (443 if secure else 80), parts.path.rstrip("/"))


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Presidio:
    """One analyzer; the connection is kept. `clock` counts seconds."""

    def __init__(
        self, place: Place, wish: Wish, clock: Callable[[], float] = time.monotonic
    ) -> None:
        for language in wish.languages:
            if not _LANGUAGE.fullmatch(language):
                raise InvalidSetting(
                    "security.interceptor.presidio.language has a word that is no language",
                    hint="such as en or ko",
                )
        self._place = place
        self._wish = wish
        self._clock = clock
        self._connection: http.client.HTTPConnection | None = None
        self._failed = 0
        self._again = 0.0

    def find(self, text: str) -> list[Finding]:
        """What it finds in the text; Down if it does not answer as it should."""
        return [
            Finding(at + found.start, at + found.end, found.kind, found.score)
            for at, part in _parts(text)
            for language in self._wish.languages
            for found in self._analyzed(part, language)
        ]

    def health(self) -> float:
        """How many seconds it took to say that it is well; Down if it did not."""
        begun = time.monotonic()
        self._answered("GET", "/health", None, min(HEALTH_SECONDS, self._wish.timeout))
        return time.monotonic() - begun

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _analyzed(self, text: str, language: str) -> list[Finding]:
        if self._failed >= FAILURES and self._clock() < self._again:
            raise Down(f"it failed {self._failed} times in a row, and is left alone for a while")
        question = {
            # A byte that is no UTF-8 keeps its place, and means nothing there.
            "text": _SURROGATES.sub("\ufffd", text),
            "language": language,
            "score_threshold": self._wish.threshold,
            "entities": sorted(self._wish.entities),
        }
        try:
            body = msgspec.json.encode(question)
            answer = self._answered("POST", "/analyze", body, self._wish.timeout)
            findings = self._read(answer, len(text))
        except Down:
            self._failed += 1
            self._again = self._clock() + PAUSE
            self.close()
            raise
        self._failed = 0
        return findings

    def _read(self, answer: bytes, length: int) -> list[Finding]:
        try:
            entities = msgspec.json.decode(answer, type=list[Entity])
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Down("its answer is not a list of entities") from None
        return [
            Finding(one.start, one.end, NAMES.get(one.entity_type, one.entity_type.lower()), score)
            for one in entities
            for score in (_checked(one, length),)
            if one.entity_type in self._wish.entities and score >= self._wish.threshold
            if one.end > one.start
        ]

    def _answered(self, method: str, path: str, body: bytes | None, seconds: float) -> bytes:
        """The body of a 200; a connection that was kept and has died is made anew once."""
        kept = self._connection is not None
        try:
            return self._exchange(method, path, body, seconds)
        except (ConnectionError, http.client.BadStatusLine) as err:
            self.close()
            if not kept:
                raise Down(_reason(err)) from None
        except (OSError, http.client.HTTPException, ValueError) as err:
            self.close()
            raise Down(_reason(err)) from None
        try:
            return self._exchange(method, path, body, seconds)
        except (OSError, http.client.HTTPException, ValueError) as err:
            self.close()
            raise Down(_reason(err)) from None

    def _exchange(self, method: str, path: str, body: bytes | None, seconds: float) -> bytes:
        connection = self._connected(seconds)
        late = threading.Event()
        # A timeout of the socket starts anew with every byte: this one ends the whole.
        timer = threading.Timer(seconds, _cut, (connection.sock, late))
        timer.daemon = True
        timer.start()
        try:
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            connection.request(method, f"{self._place.path}{path}", body, headers)
            response = connection.getresponse()
            answer = response.read(ANSWER_LIMIT + 1)
        except (OSError, http.client.HTTPException):
            if late.is_set():
                raise Down(_TOO_SLOW) from None
            raise
        finally:
            timer.cancel()
        if late.is_set():
            raise Down(_TOO_SLOW)
        if response.status != http.client.OK:
            raise Down(f"it answered with status {response.status}")
        if len(answer) > ANSWER_LIMIT:
            raise Down(f"its answer is over {ANSWER_LIMIT} bytes")
        return answer

    def _connected(self, seconds: float) -> http.client.HTTPConnection:
        if self._connection is None:
            kind = (
                http.client.HTTPSConnection if self._place.secure else http.client.HTTPConnection
            )
            connection = kind(self._place.host, self._place.port, timeout=seconds)
            connection.connect()
            self._connection = connection
        return self._connection


_TOO_SLOW = "it took too long"


def _cut(connection: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # It ended by itself in this moment.


def _reason(err: Exception) -> str:
    """Why there was no answer, in words without anything that was sent."""
    if isinstance(err, TimeoutError):
        return _TOO_SLOW
    if isinstance(err, socket.gaierror):
        return "its host name is not known"
    if isinstance(err, OSError) and err.strerror:
        return err.strerror.lower()
    return "what answers does not speak HTTP as it should"


def _checked(entity: Entity, length: int) -> float:
    """The score of an entity that lies inside the text; Down for any other."""
    inside = 0 <= entity.start <= entity.end <= length
    if not (inside and 0 <= entity.score <= 1 and _KIND.fullmatch(entity.entity_type)):
        raise Down("its answer points outside of the text")
    return entity.score


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Where parts of a text begin, and they: cut between words, with an overlap."""
    at = 0
    while len(text) - at > UNIT + OVERLAP:
        space = _SPACE.search(text, at + UNIT // 2, at + UNIT)
        end = space.start() if space else at + UNIT
        yield at, text[at:end]
        at = end - OVERLAP
    if not text[at:].isspace() and text[at:]:
        yield at, text[at:]
