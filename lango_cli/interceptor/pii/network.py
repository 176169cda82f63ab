"""Addresses of machines, and what people log in with: IP, MAC, tokens, passwords.

Why passwords are here too: `user:password@host` and `password=...` are the commonest personal
things in the logs of programs.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
from typing import TYPE_CHECKING

from lango_cli.interceptor.credentials import find_credentials
from lango_cli.interceptor.pii.rules import Pattern, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_OCTET = r"(?:25[0-5]|2[0-4]\d|[01]?\d\d?)"


def _ipv6(text: str) -> bool:
    """An address that the standard library takes and a person would too: `a::b` in C++ is none."""
    bare = text.partition("%")[0]
    if sum(char != ":" for char in bare) < 2 or not any(char.isdigit() for char in bare):
        return False
    try:
        ipaddress.IPv6Address(bare)
    except ValueError:
        return False
    return True


def _mac(text: str) -> bool:
    return len(set(text.lower()) - set(":-.")) > 1


def _jwt(text: str) -> bool:
    """Three parts, the first a JSON object that names an algorithm (RFC 7519, RFC 7515)."""
    head = text.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return False
    return isinstance(header, dict) and ("alg" in header or "enc" in header)


IPV4 = Pattern(
    "ipv4",
    "IPv4 address",
    "network",
    False,
    (
        Rule(
            rf"(?:^|[^\d.\w]|_)((?:{_OCTET}\.){{3}}{_OCTET})(?:\b(?:$|[^.\w]|\.(?:$|\D)))",
            never=r"version|ver|v|release",
        ),
    ),
)
IPV6 = Pattern(
    "ipv6",
    "IPv6 address",
    "network",
    False,
    (
        Rule(
            r"(?:^|[^0-9A-Za-z:._])((?:[0-9A-Fa-f]{0,4}:){2,7}"
            r"(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?:%[0-9A-Za-z]{1,15})?)(?:$|[^0-9A-Za-z:]|:(?:$|[^0-9A-Fa-f:]))",
            _ipv6,
            literal=b":",
        ),
    ),
)
MAC = Pattern(
    "mac",
    "MAC address",
    "network",
    False,
    (
        Rule(
            r"(?:^|[^0-9A-Za-z:\-])([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}"
            r"|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5})(?:$|[^0-9A-Za-z:\-]|[:\-](?:$|[^0-9A-Fa-f]))",
            _mac,
        ),
        Rule(r"\b([0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})\b", _mac),
    ),
)
JWT = Pattern(
    "jwt",
    "JSON web token",
    "credential",
    True,
    (Rule(r"\b(eyJ[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]*){2,4})", _jwt, literal=b"eyJ"),),
)
URL_CREDENTIALS = Pattern(
    "url_credentials",
    "User and password in a URL",
    "credential",
    True,
    (Rule(r"[A-Za-z][A-Za-z0-9+.\-]*://([^\s/?#\"'<>@:]*:[^\s/?#\"'<>]+)@", literal=b"://"),),
)

_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd|pswd|secret|client[_\-]?secret|api[_\-]?key|apikey"
    r"|(?:access|auth|refresh|bearer|session|api)[_\-]?token|private[_\-]?key|access[_\-]?key"
    r"|credentials?|passwort|kennwort|mot de passe|contraseña|contrasena|senha|wachtwoord|lösenord"
    r"|пароль|비밀번호|패스워드|암호|パスワード|密码|密碼"
)
_EMPTY = frozenset(
    (
        *(
            "null",
            "none",
            "nil",
            "true",
            "false",
            "yes",
            "no",
            "undefined",
            "required",
            "optional",
        ),
        *(
            "string",
            "str",
            "text",
            "empty",
            "hidden",
            "changeme",
            "redacted",
            "input",
            "password",
            "passwd",
            "secret",
            "token",
        ),
    )
)
_STANDS_FOR = re.compile(
    r"[$%]?[{(<\[]|\$\w|\*+$|x+$|\.+$|[\"'`]*$|\w+[(\[]|os\.|process\.|getenv|env\.", re.I
)


def _assigned(text: str) -> bool:
    """A value, and not a variable, a placeholder, a type or nothing."""
    bare = text.strip("\"'`,;")
    return len(bare) >= 3 and bare.lower() not in _EMPTY and not _STANDS_FOR.match(bare)


def _said(text: str) -> bool:
    """In a sentence a password shows by a digit or a sign: `password: please choose` has none."""
    bare = text.strip("\"'`,;.")
    mixed = any(char.isdigit() for char in bare) or any(not char.isalnum() for char in bare)
    cased = any(char.isupper() for char in bare[1:]) and any(char.islower() for char in bare)
    return len(bare) >= 4 and (mixed or cased) and _assigned(bare)


_VALUE = r"[^\s\"'`,;&<>{}\[\]()|][^\s\"'`,;<>|]*"
_NEXT = re.compile(r"&[\w.\-]+=")


def _alone(text: str) -> tuple[int, int]:
    """The value without the next parameter of a query, and without the end of a sentence."""
    following = _NEXT.search(text)
    return 0, len(text[: following.start()] if following else text.rstrip(".:"))


PASSWORD = Pattern(
    "password",
    "Password or key that is called one",
    "credential",
    True,
    (
        Rule(
            rf"(?i:{_NAMES})[\"'`]?\s{{0,3}}(?:=|:=|=>|:)\s{{0,3}}[\"'`]([^\"'`\n]{{3,256}})[\"'`]",
            _assigned,
        ),
        Rule(
            rf"(?i:{_NAMES})[\"'`]?\s{{0,3}}(?:=|:=|=>)\s{{0,3}}({_VALUE})", _assigned, trim=_alone
        ),
        Rule(rf"(?:^|[^\[])(?i:{_NAMES})[\"'`]?\s?[:：]\s{{0,3}}({_VALUE})", _said, trim=_alone),
        Rule(
            rf"--(?i:password|passwd|pass|token|secret|api-key)[ =]({_VALUE})",
            _assigned,
            trim=_alone,
        ),
        Rule(rf"(?i:{_NAMES})\s(?:is|was|ist|est|es|è)\s[\"'`]?({_VALUE})", _said, trim=_alone),
        Rule(rf"(?:비밀번호|패스워드|암호)(?:는|은|가|이)?\s({_VALUE})", _said, trim=_alone),
        Rule(
            r"(?i:authorization)[\"']?\s?[:=]\s?[\"']?(?i:basic|bearer|token)\s([A-Za-z0-9+/=._\-]{6,})"
        ),
    ),
)


class _Tokens(Rule):
    """The tokens that the masker knows; one that goes over lines is the masker's alone."""

    def spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where they are, as offsets of bytes."""
        for found in find_credentials(data):
            if b"\n" not in data[found.start : found.end]:
                yield found.start, found.end


API_KEY = Pattern(
    "api_key", "Key or token of a service", "credential", True, (_Tokens("", score=0.9),)
)

PATTERNS = (API_KEY, IPV4, IPV6, MAC, JWT, URL_CREDENTIALS, PASSWORD)
