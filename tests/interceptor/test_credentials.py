"""Credentials that no vault knows: what is hidden, what stays, and that cuts do not matter."""

from __future__ import annotations

import base64
import itertools
import json
import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lango_cli.interceptor.credentials import CredentialMasker
from lango_cli.interceptor.tokens import SHAPES, Shape

CHANCE = random.Random(11)
LETTERS_DIGITS = string.ascii_letters + string.digits


def token(size: int, characters: str = LETTERS_DIGITS) -> str:
    """Made up, the same in every run."""
    return "".join(CHANCE.choice(characters) for _ in range(size))


def pass_through(parts: list[bytes]) -> bytes:
    """What comes out of a fresh stream, idle after each part."""
    masker = CredentialMasker()
    out = [masker.feed(part) + masker.idle() for part in parts]
    return b"".join(out) + masker.finish()


def hidden(text: str) -> str:
    """One text through one stream."""
    return pass_through([text.encode()]).decode()


BODY = "\n".join(token(64) for _ in range(12))
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJ{token(40)}.{token(43)}"

FOUND = {
    "github": (f"ghp_{token(36)}", "github-token"),
    "github, fine-grained": (f"github_pat_{token(22)}_{token(59)}", "github-token"),
    "gitlab": (f"glpat-{token(20)}", "gitlab-token"),
    "aws": (f"AKIA{token(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}", "aws-key-id"),
    "google": (f"AIza{token(35)}", "google-key"),
    "google, refresh": (f"//0{token(60)}", "google-token"),
    "slack": (f"xoxb-2345678901-234567890123-{token(24)}", "slack-token"),
    "stripe": (f"sk_live_{token(24)}", "stripe-key"),
    "openai": (f"sk-proj-{token(48)}", "openai-key"),
    "openai, old": (f"sk-{token(48)}", "secret-key"),
    "anthropic": (f"sk-ant-api03-{token(93)}-AA", "anthropic-key"),
    "npm": (f"npm_{token(36)}", "npm-token"),
    "pypi": (f"pypi-AgEIcHlwaS5vcmc{token(120)}", "pypi-token"),
    "jwt": (JWT, "jwt"),
    "pem": (KEY[5:], "private-key"),
    "huggingface": (f"hf_{token(34)}", "huggingface-token"),
    "sendgrid": (f"SG.{token(22)}.{token(43)}", "sendgrid-key"),
}
BEFORE = {"google, refresh": "1", "pem": "-----"}


@pytest.mark.parametrize("case", FOUND)
def test_a_token_of_a_known_shape_is_hidden_whole(case: str) -> None:
    text, kind = FOUND[case]
    before = BEFORE.get(case, "")
    for left, right in ((" ", " "), ('"', '",'), ("x: ", "\n"), ("", "")):
        shown = hidden(f"{left}{before}{text}{right}")
        assert shown == f"{left}{before}[REDACTED:{kind}]{right}"


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.beginnings.split()[0])
def test_every_shape_finds_its_own(shape: Shape) -> None:
    narrow = {"0-9a-f": "0123456789abcdef", "A-Z0-9": string.ascii_uppercase + string.digits}
    characters = next((own for a, own in narrow.items() if shape.alphabet.startswith(a)), None)
    for beginning in shape.beginnings.split():
        before = (shape.after or (b"",))[0].decode()
        made = before + beginning + token(shape.least, characters or LETTERS_DIGITS)
        out = hidden(f"a {made} b")
        assert "[REDACTED:" in out
        assert made not in out


IN_CONTEXT = [
    ("Authorization: Bearer {}", token(40), "bearer-token"),
    ("authorization: bearer {}", token(40), "bearer-token"),
    ("Authorization: Basic {}", base64.b64encode(b"me:pa55word!").decode(), "basic-auth"),
    ("postgres://app:{}@db.example.com:5432/x", token(14), "url-password"),
    ("https://x.blob.core.windows.net/c?sv=1&sig={}&se=2", f"{token(43)}%3D", "url-signature"),
    ("DB_PASSWORD={}", token(12), "secret-value"),
    ("export API_TOKEN='{}'", token(20), "secret-value"),
    ('{{"client_secret": "{}", "a": 1}}', token(24), "secret-value"),
    ('{{"clientSecret":"{}"}}', token(24), "secret-value"),
    ("password: {}", "Tr0ub4dor&3", "secret-value"),
    ('"body": "{{\\"api_key\\": \\"{}\\"}}"', token(24), "secret-value"),
    ("aws_secret_access_key = {}", f"{token(20)}/+{token(18)}", "secret-value"),
    ("AccountName=x;AccountKey={};Endpoint=y", f"{token(86)}==", ""),
]


@pytest.mark.parametrize(("frame", "value", "kind"), IN_CONTEXT)
def test_a_secret_in_a_telling_place_is_hidden_and_its_name_stays(
    frame: str, value: str, kind: str
) -> None:
    out = hidden(frame.format(value))
    assert value not in out
    if kind:
        assert out == frame.format(f"[REDACTED:{kind}]")


INNOCENT = [
    "the password is required, and a token must be given",
    "password: ",
    "Enter password:",
    "max_tokens: 4096, token_count=123456789",
    "tokenizer: gpt2-xl-v1.0",
    "secret_name=projects/1/secrets/db2",
    "PASSWORD_FILE=/run/secrets/db-1",
    "api_key = os.environ['API_KEY_1']",
    "const token = getToken2(session1)",
    "token=${TOKEN_1}",
    "token: [SECRET:demo/token-1]",
    "password=********1a",
    "password: <your-password-1>",
    "https://user:[SECRET:db/pass]@host/",
    "https://github.com/owner/repository/blob/0123456789abcdef0123456789abcdef01234567/x.py",
    "http://localhost:8080/path@home",
    "mailto:someone@example.com at 10:30",
    "sk-fading-circle sk-chasing-dots-and-a-long-name-for-a-class",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "AKIA",
    "eyJ is how a token begins; eyJhbGciOiJIUzI1NiJ9 is a header",
    "-----BEGIN PRIVATE KEY----- is what it starts with",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "commit 0123456789abcdef0123456789abcdef01234567",
    "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "Basic authentication is used; Bearer is better",
    "550e8400-e29b-41d4-a716-446655440000",
]


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_credential_stays_as_it_is(text: str) -> None:
    assert hidden(text) == text
    assert hidden(json.dumps({"x": text})) == json.dumps({"x": text})


def test_a_prompt_shows_at_once() -> None:
    for prompt in (b"Password: ", b"Token:", b"Continue? ", b"45%", b"$ ", b"a -", b"\r | "):
        assert CredentialMasker().feed(prompt) == prompt


def test_a_person_sees_what_they_type_after_a_telling_name() -> None:
    masker = CredentialMasker(typed=True)
    shown = b"".join(masker.feed(bytes([key])) + masker.idle() for key in b"token: abc123")
    assert shown == b"token: abc123"
    assert masker.feed(b"\nTOKEN=a1b2c3d4e5f6\n") == b"\nTOKEN=[REDACTED:secret-value]\n"


def test_a_key_in_json_and_a_key_that_breaks_off_are_hidden() -> None:
    assert hidden(json.dumps(KEY)) == '"-----[REDACTED:private-key]"'
    assert hidden(f"{KEY[:300]}#") == "-----[REDACTED:private-key]#"


PIECES = [
    *"-:='\"@/\\ \n.?&[Q1_",
    *["ghp_", "sk-", "eyJ", "password", "TOKEN", "Bearer ", "://", "BEGIN ", "-----", "sig="],
    *["PRIVATE KEY-----", "-----END KEY-----", "//0", "AA", "Q~", "\\n", '\\"', "Basic "],
    *[text for text, _ in FOUND.values()],
    *[token(size) for size in (8, 20, 36, 36, 43)],
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.data())
def test_every_cut_of_a_stream_gives_the_same_output(text: str, data: st.DataObject) -> None:
    whole = pass_through([text.encode()])
    assert pass_through([bytes([byte]) for byte in text.encode()]) == whole
    for at in data.draw(st.lists(st.integers(0, len(text)), max_size=40)):
        assert pass_through([text[:at].encode(), text[at:].encode()]) == whole
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    parts = [text[a:b].encode() for a, b in itertools.pairwise([0, *cuts, len(text)])]
    assert pass_through(parts) == whole


BOMBS = [
    b"eyJ." * 300_000,
    b"-----BEGIN PRIVATE KEY-----\n" * 40_000,
    b"://a:" * 240_000,
    b"password=" * 130_000,
    b"password" * 150_000,
    b"Bearer  " * 150_000,
    b"ghp_" * 300_000,
    b"token" + b"=" * 1_200_000,
    b"sig=sig" * 170_000,
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[:12].decode())
def test_no_text_takes_more_than_linear_time(bomb: bytes) -> None:
    def seconds(text: bytes) -> float:
        begun = time.process_time()
        pass_through([text])
        return time.process_time() - begun

    small = min(seconds(bomb[: len(bomb) // 8]) for _ in range(2))
    assert seconds(bomb) < 8 * 3 * small + 1
