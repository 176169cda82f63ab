"""Presidio: the real analyzer, and servers that are slow, wrong or down."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.config import load
from lango_cli.errors import DetectorUnavailable, InvalidSetting
from lango_cli.interceptor.pii import presidio
from lango_cli.interceptor.pii.catalogue import select
from lango_cli.interceptor.pii.engine import Detector
from lango_cli.interceptor.pii.finder import Both
from lango_cli.interceptor.pii.finding import Finding
from lango_cli.interceptor.pii.presidio import Down, Presidio, Wish, place_of
from lango_cli.interceptor.pii.windows import search
from lango_cli.wiring.presidio import client, verdict
from tests.interceptor.pii.presidio_part import analyzer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTITIES = ("PERSON", "EMAIL_ADDRESS", "CREDIT_CARD")
OPEN: list[Presidio] = []


def asking(
    url: str, timeout: float = 20.0, clock: Callable[[], float] = time.monotonic
) -> Presidio:
    """A client of this server."""
    wish = Wish(timeout, ENTITIES, 0.5, ("en",))
    return kept(Presidio(place_of(url, allow_http=False), wish, clock))


def kept(asked: Presidio) -> Presidio:
    """The same, closed when the test ends."""
    OPEN.append(asked)
    return asked


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


class Double:
    """A server whose answer a test decides; `asked` keeps what came."""

    def __init__(self, answer: Callable[[Any, Any], bytes | None]) -> None:
        self.asked: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(body)
                said = answer(self, body)
                if said is not None:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(said)))
                    self.end_headers()
                    self.wfile.write(said)

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_arguments: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # A handler's client that hung up is what the test wanted.
        self.server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]  # quiet
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextlib.contextmanager
def double(answer: Callable[[Any, Any], bytes | None]) -> Iterator[Double]:
    """A running double."""
    server = Double(answer)
    try:
        yield server
    finally:
        server.stop()


def entities(*found: tuple[str, int, int, float]) -> bytes:
    """An answer of the right form."""
    names = ("entity_type", "start", "end", "score")
    return json.dumps([dict(zip(names, one, strict=True)) for one in found]).encode()


@pytest.fixture(scope="module")
def real() -> Iterator[str]:
    """The URL of a real analyzer."""
    with analyzer() as url:
        yield url


@pytest.mark.xdist_group("presidio")
@pytest.mark.timeout(900)
def test_the_real_analyzer_finds_people_beside_what_the_patterns_find(real: str) -> None:
    both = Both(Detector(select((), ())), asking(real), "block", pytest.fail)
    text = "Jane Miller wrote to 김민수 <minsu@example.kr>.\nHer husband Peter Brown paid.\n"
    found = {(one.kind, text[one.start : one.end]) for one in search(both.find, text, 4096)}
    assert ("person", "Jane Miller") in found
    assert ("person", "Peter Brown") in found
    assert any("minsu@example.kr" in what for _, what in found)


@pytest.mark.xdist_group("presidio")
@pytest.mark.timeout(900)
def test_offsets_of_the_real_analyzer_are_code_points(real: str) -> None:
    text = "𝒳 한국어 🙂 e\u0301: Jane Miller lives here, says Jane Miller."
    spans = [text[one.start : one.end] for one in asking(real).find(text)]
    assert spans
    assert all("Jane Miller" in span for span in spans)


@pytest.mark.xdist_group("presidio")
@pytest.mark.timeout(900)
def test_dates_and_places_stay_unless_they_are_asked_for(real: str) -> None:
    text = "On 12 March 2026 we met in Paris, see http://example.com/x."
    assert asking(real).find(text) == []
    wish = Wish(20.0, ("LOCATION", "DATE_TIME"), 0.5, ("en",))
    kinds = {one.kind for one in kept(Presidio(place_of(real, allow_http=False), wish)).find(text)}
    assert kinds == {"location", "date_time"}


@pytest.mark.xdist_group("presidio")
@pytest.mark.timeout(900)
def test_a_language_that_the_real_analyzer_has_not_counts_as_no_answer(real: str) -> None:
    wish = Wish(20.0, ENTITIES, 0.5, ("xx",))
    with pytest.raises(Down, match="status 500"):
        kept(Presidio(place_of(real, allow_http=False), wish)).find("Jane Miller")


def test_the_question_has_text_language_threshold_and_entities() -> None:
    with double(lambda _handler, _body: b"[]") as server:
        assert asking(server.url).find("Jane") == []
    assert server.asked == [
        {
            "text": "Jane",
            "language": "en",
            "score_threshold": 0.5,
            "entities": sorted(ENTITIES),
        }
    ]


def test_entities_off_the_list_or_below_the_threshold_are_left_alone() -> None:
    answer = entities(("PERSON", 0, 4, 0.4), ("URL", 0, 4, 0.9), ("PERSON", 5, 9, 0.8))
    with double(lambda _handler, _body: answer) as server:
        assert asking(server.url).find("Jane Jane") == [Finding(5, 9, "person", 0.8)]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b"not json",
        b"[" * 100_000,
        b"\xff\xfe",
        b'[{"entity_type": "PERSON", "start": 0}]',
        entities(("PERSON", 0, 5, 0.9)),
        entities(("PERSON", -1, 3, 0.9)),
        entities(("PERSON", 3, 2, 0.9)),
        entities(("PERSON", 0, 3, 7.0)),
        entities(("PER\nSON", 0, 3, 0.9)),
        b'[{"entity_type": "PERSON", "start": 0, "end": 1e99, "score": 1}]',
        b'[{"entity_type": "PERSON", "start": 0, "end": 3, "score": NaN}]',
        b"[" + b" " * (3 << 20) + b"]",
    ],
)
def test_a_wrong_answer_counts_as_none(answer: bytes) -> None:
    with double(lambda _handler, _body: answer) as server, pytest.raises(Down):
        asking(server.url).find("Jane")


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_an_answer_or_none(answer: bytes) -> None:
    with contextlib.suppress(Down):
        asking("http://127.0.0.1:9")._read(answer, 10)


def test_an_error_status_counts_as_no_answer() -> None:
    def fail(handler: Any, _body: Any) -> None:
        handler.send_error(500)

    with double(fail) as server, pytest.raises(Down, match="status 500"):
        asking(server.url).find("Jane")


def test_a_redirection_is_not_followed() -> None:
    def elsewhere(handler: Any, _body: Any) -> None:
        handler.send_response(307)
        handler.send_header("Location", "http://127.0.0.1:1/analyze")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with double(elsewhere) as server, pytest.raises(Down, match="status 307"):
        asking(server.url).find("Jane")


def test_an_answer_that_comes_byte_by_byte_ends_with_the_timeout() -> None:
    ended = threading.Event()

    def drip(handler: Any, _body: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not ended.wait(0.05):
                handler.wfile.write(b" ")

    with double(drip) as server:
        begun = time.monotonic()
        with pytest.raises(Down, match="took too long"):
            asking(server.url, timeout=0.5).find("Jane")
        assert time.monotonic() - begun < 60
        ended.set()


def test_a_server_that_never_answers_ends_with_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Down, match="took too long"):
            asking(f"http://127.0.0.1:{port}", timeout=0.3).find("Jane")


def test_what_is_no_http_counts_as_no_answer() -> None:
    def garbage(handler: Any, _body: Any) -> None:
        handler.wfile.write(b"SSH-2.0-x\r\n\r\n")
        handler.close_connection = True

    with double(garbage) as server, pytest.raises(Down):
        asking(server.url).find("Jane")


def test_a_kept_connection_that_died_is_made_anew() -> None:
    def once(handler: Any, _body: Any) -> bytes:
        handler.close_connection = True
        return b"[]"

    with double(once) as server:
        client_of = asking(server.url)
        assert [client_of.find("Jane") for _ in range(3)] == [[], [], []]


def test_after_three_failures_it_is_left_alone_for_half_a_minute() -> None:
    now = 0.0
    replies = [b"no", b"no", b"no", b"[]"]
    with double(lambda _handler, _body: replies.pop(0)) as server:
        asked = asking(server.url, clock=lambda: now)
        for _ in range(3):
            with pytest.raises(Down):
                asked.find("Jane")
        with pytest.raises(Down, match="left alone"):
            asked.find("Jane")
        assert len(server.asked) == 3
        now = 31.0
        assert asked.find("Jane") == []
        assert len(server.asked) == 4


@pytest.mark.parametrize("when_down", ["block", "regex", "allow"])
def test_without_an_answer_the_policy_decides_and_says_so(when_down: str) -> None:
    said: list[str] = []
    both = Both(
        Detector(select((), ())), asking("http://127.0.0.1:9", 2.0), when_down, said.append
    )
    text = "Jane <jane@example.com>"
    if when_down == "block":
        with pytest.raises(DetectorUnavailable, match="presidio does not answer"):
            both.find(text)
        return
    found = [both.find(text), both.find(text)]
    assert [bool(one) for one in found] == [when_down == "regex"] * 2
    assert len(said) == 1
    assert "does not answer" in said[0]


def test_a_long_text_is_asked_about_in_parts_that_overlap() -> None:
    text = "word " * 3000
    with double(lambda _handler, _body: b"[]") as server:
        asking(server.url).find(text)
    parts = [asked["text"] for asked in server.asked]
    assert all(len(part) <= presidio.UNIT + presidio.OVERLAP for part in parts)
    assert "".join([parts[0], *(part[presidio.OVERLAP :] for part in parts[1:])]) == text


def test_a_text_with_bytes_that_are_none_keeps_its_places() -> None:
    answer = entities(("PERSON", 2, 6, 0.9))
    with double(lambda _handler, _body: answer) as server:
        assert asking(server.url).find("\udcff Jane") == [Finding(2, 6, "person", 0.9)]
    assert server.asked[0]["text"] == "\ufffd Jane"


@pytest.mark.parametrize(
    "url",
    [
        "presidio",
        "ftp://localhost",
        "http://",
        "http://user:x@localhost",
        "http://localhost:99999",
        "http://presidio.example.com",
        "http://10.0.0.5:5002",
    ],
)
def test_a_url_that_is_none_or_sends_text_in_clear_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting):
        place_of(url, allow_http=False)


@pytest.mark.parametrize(
    "url", ["http://localhost:5002", "http://127.0.0.1", "http://[::1]:1", "https://x.example/a/"]
)
def test_this_machine_needs_no_tls(url: str) -> None:
    assert place_of(url, allow_http=False).path in ("", "/a")


def settings_of(**values: str) -> load.Settings:
    """Settings with these of Presidio's."""
    from lango_cli.config.finding import find

    keys = {f"security.interceptor.presidio.{name}": text for name, text in values.items()}
    return load.Settings(
        {key: (find(key).parse(text, "test"), load.FLAG) for key, text in keys.items()}
    )


def test_every_setting_of_presidio_changes_how_it_is_asked() -> None:
    with double(lambda _handler, _body: entities(("URL", 0, 1, 0.8))) as server:
        usual = kept(client(settings_of(url=server.url)))
        assert usual.find("Jane") == []
        wish = settings_of(url=server.url, entities="URL", language="en ko", scoreThreshold="0.75")
        other = kept(client(wish))
        assert other.find("Jane") == [Finding(0, 1, "url", 0.8)] * 2
        assert [asked["language"] for asked in server.asked] == ["en", "en", "ko"]
        assert server.asked[-1]["entities"] == ["URL"]
        assert server.asked[-1]["score_threshold"] == 0.75
    assert client(settings_of(timeout="2s"))._wish.timeout == 2.0
    assert client(settings_of())._wish.timeout == 5.0
    with pytest.raises(InvalidSetting):
        client(settings_of(url="http://presidio.example.com"))
    client(settings_of(url="http://presidio.example.com", allowHttp="true"))
    with pytest.raises(InvalidSetting):
        client(settings_of(language="e_"))


def test_the_verdict_says_whether_it_answers_and_what_happens_without() -> None:
    assert verdict(settings_of()).line() == "not asked"
    with double(lambda _handler, _body: b"[]") as server:
        line = verdict(settings_of(enabled="true", url=server.url)).line()
    assert "answers in" in line
    assert "(block: without it nothing passes)" in line
    gone = verdict(settings_of(enabled="true", url=server.url, whenDown="regex")).line()
    assert "does not answer" in gone
    assert "(regex: without it the patterns alone decide)" in gone
    wrong = verdict(settings_of(enabled="true", url="http://elsewhere.example"))
    assert wrong.answers is False
