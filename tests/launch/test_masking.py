"""Nothing that `lango run` lets out holds a secret of the vault."""

from __future__ import annotations

import base64
import http.server
import json
import os
import threading
from typing import TYPE_CHECKING

import pytest

from tests.launch.runs import TOKEN, Lango
from tests.launch.test_pipes import read_until
from tests.parts import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SET = ("--set", "T={{secret:demo/token}}")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Lango]:
    """A vault for one test, which may change it."""
    made = Lango(tmp_path)
    yield made
    made.close()


class Echo(http.server.BaseHTTPRequestHandler):
    """Sends back what it was sent."""

    seen: str = ""

    def do_GET(self) -> None:
        Echo.seen = self.headers.get("Authorization", "")
        body = json.dumps({"you sent": Echo.seen, "again": Echo.seen[::-1]}).encode()
        self.send_response(200)
        self.send_header("X-You-Sent", Echo.seen)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Quietly."""


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/"
        made.shutdown()


def test_a_real_request_is_made_with_the_secret_and_all_that_comes_back_is_masked(
    lango: Lango, server: str
) -> None:
    require("curl")
    config = 'header = "Authorization: Bearer {{secret:demo/token}}"'
    words = ["--stdin", config, "--", "curl", "-sv", "--noproxy", "*", "--config", "-", server]
    process = lango.start(*words)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert Echo.seen == f"Bearer {TOKEN}"
    assert b"Bearer [SECRET:demo/token]" in out
    assert b"X-You-Sent: Bearer [SECRET:demo/token]" in err
    assert TOKEN.encode() not in out + err
    assert TOKEN[::-1].encode() not in out


def test_both_streams_are_masked_in_every_form(lango: Lango) -> None:
    script = (
        "echo $T; echo $T >&2; printf %s $T | base64; printf %s $T | od -An -tx1 | tr -d ' \\n'"
    )
    out, err = lango.start(*SET, "--", "sh", "-c", script).communicate()
    for form in (TOKEN.encode(), base64.b64encode(TOKEN.encode()), TOKEN.encode().hex().encode()):
        assert form not in out + err
    assert out.count(b"[SECRET:demo/token]") == 3
    assert err == b"[SECRET:demo/token]\n"


def test_a_secret_that_the_command_was_not_given_is_masked_too(lango: Lango) -> None:
    out, _ = lango.start("--", "echo", TOKEN).communicate()
    assert out == b"[SECRET:demo/token]\n"


def test_an_older_version_that_was_handed_out_is_masked(own: Lango) -> None:
    own("secrets", "set", "old", "-", stdin=b"the-first-value-81723")
    own("secrets", "set", "old", "-", stdin=b"the-second-value-1231")
    words = ["--set", "A={{secret:old@1}}", "--", "sh", "-c", "echo $A"]
    assert own.start(*words).communicate()[0] == b"[SECRET:old]\n"


def test_a_value_in_two_writes_is_masked_and_a_prompt_does_not_wait(lango: Lango) -> None:
    script = "printf 'Password: '; read x; printf hunter2-sword; read x; echo fish-0123456789"
    process = lango.start("--", "sh", "-c", script)
    assert read_until(process, b": ") == b"Password: "
    assert process.stdin is not None
    process.stdin.write(b"a\nb\n")
    assert process.communicate()[0] == b"[SECRET:demo/token]\n"


def test_what_comes_after_the_commands_end_is_masked_too(lango: Lango) -> None:
    script = f"(read x < {lango.folder}/late; echo $T) & exit 0"
    lango_fifo = lango.folder / "late"
    os.mkfifo(lango_fifo)
    process = lango.start(*SET, "--", "sh", "-c", script)
    assert process.wait(60) == 0
    lango_fifo.write_text("go\n")
    assert read_until(process, b"\n") == b"[SECRET:demo/token]\n"


PII = "[security.interceptor]\nredactPii = true\n"


@pytest.fixture
def settings(lango: Lango) -> Iterator[Path]:
    """config.toml, gone again after the test: the vault is everybody's."""
    path = lango.folder / "home" / "config.toml"
    path.write_text(PII)
    path.chmod(0o600)
    yield path
    path.unlink()


@pytest.mark.usefixtures("settings")
def test_personal_data_goes_from_both_streams_too_if_the_settings_say_so(lango: Lango) -> None:
    script = "echo $T jane@example.com; echo jane@example.com >&2; printf 'tom@example.com'"
    out, err = lango.start(*SET, "--", "sh", "-c", script).communicate()
    assert out == b"[SECRET:demo/token] [REDACTED:email]\n[REDACTED:email]"
    assert err == b"[REDACTED:email]\n"


def test_a_setting_of_redaction_that_is_wrong_stops_all_before_the_command_starts(
    lango: Lango, settings: Path
) -> None:
    settings.write_text(PII + 'piiDisabledPatterns = ["nothing-of-this-name"]\n')
    mark = lango.folder / "mark"
    process = lango.start("--", "touch", str(mark))
    _, err = process.communicate()
    assert (process.returncode, mark.exists()) == (125, False), err


@pytest.mark.usefixtures("settings")
def test_on_a_terminal_it_is_said_that_personal_data_stays(lango: Lango) -> None:
    import pexpect

    words = [*lango.command[1:], "run", *SET, "--", "sh", "-c", "echo $T jane@example.com"]
    child = pexpect.spawn(lango.command[0], words, env=lango.env, timeout=60)
    child.expect(pexpect.EOF)
    said = child.before
    child.close()
    assert child.exitstatus == 0
    assert b"personal data stays in what a terminal shows" in said
    assert b"[SECRET:demo/token] jane@example.com" in said


def test_without_masking_nothing_is_between_and_that_is_on_record(lango: Lango) -> None:
    out, _ = lango.start("--no-masking", *SET, "--", "sh", "-c", "echo $T").communicate()
    assert out.decode() == f"{TOKEN}\n"
    records = lango("audit", "list", "--json").decode()
    assert "run /usr/bin/sh, not masked" in records or "run /bin/sh, not masked" in records
    assert TOKEN not in records


def test_one_run_is_one_record_of_what_was_handed_out_and_one_of_masking(lango: Lango) -> None:
    def events() -> list[str]:
        found = json.loads(lango("audit", "list", "--limit", "1000", "--json"))["records"]
        return [one["event"] for one in found if one["event"] in ("secret.use", "secret.masking")]

    before = events()
    words = [*SET, "--set", "U={{secret:demo/token}} {{secret:demo/token@1}}"]
    lango.start(*words, "--", "sh", "-c", "echo out; echo err >&2").communicate()
    after = events()
    assert sorted(after)[:] == sorted([*before, "secret.use", "secret.masking"])


def test_a_line_whose_end_could_begin_a_value_shows_before_the_next(own: Lango) -> None:
    own("secrets", "set", "demo/dye", "-", stdin=b"dye-works-0123456789")
    process = own.start(
        "--", "sh", "-c", "echo ready; read word; printf 'dy\\ne-works-0123456789\\n'"
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdin.write(b"go\n")
    assert process.communicate()[0] == b"[SECRET:demo/dye]\n"


def test_on_a_terminal_each_key_shows_at_once_and_a_value_never(own: Lango) -> None:
    import pexpect

    for number in range(30):
        own("secrets", "set", f"many/{number}", "--generate", "password:24")
    command, *words = [*own.command, "run", "--", "bash", "--norc"]
    child = pexpect.spawn(command, words, env=own.env, encoding="utf-8", timeout=60)
    child.expect_exact("# " if os.geteuid() == 0 else "$ ")
    for key in "echo token=abc9 hello":
        child.send(key)
        child.expect_exact(key)
    child.send(f"\x15echo {TOKEN}-\r")
    child.expect_exact("[SECRET:demo/token]-")
    child.send("exit\r")
    child.expect(pexpect.EOF)
    assert TOKEN not in child.before
    child.close()
    assert child.exitstatus == 0
