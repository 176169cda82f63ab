"""Which values are worth masking, and why others are not.

The rule: a value is masked unless masking it would garble ordinary output without hiding anything:
it is too short, one character again and again, a small number, or a word that stands in any log.
Why not a bar of entropy: a person's weak password is a secret too, and a value that is left in
clear must be one that `doctor` can explain in a word.
"""

from __future__ import annotations

SHORTEST = 4
"""Bytes, blanks left out, below which a value is in any text by chance."""
NUMBER = 6
"""Digits below which a number is a port, a year or a count."""
REPEATED = 8
"""Times that one letter or digit must be repeated to be more than a ruler."""
WHOLE = 65_536
"""Bytes of a value that are looked for."""
BLANKS = b" \t\r\n"

WORDS = frozenset(
    b"""
    access account admin administrator alpha anonymous apikey auth authorization auto
    basic bearer beta bool boolean changeit changeme client config data database debug
    default demo deny dev develop development disable disabled domain dummy empty enable
    enabled enforce error example fail failed fake false file foobar github gitlab
    google guest hello home host hostname http https info internal json key latest level
    linux live local localhost login main manual master message metadata mock mode mongo
    mongodb mysql name never nginx nobody none normal null oauth open optional pass
    passphrase password path placeholder plain port postgres postgresql private prod
    production project public readonly redacted redis region release remote required
    root sample sandbox secret secrets server service session sqlite stage staging state
    status strict string success system temp test testing text todo token trace true
    type ubuntu undefined unknown unset user username value verbose version warn warning
    xxxx yaml
    api_key change-me your-api-key your_api_key
    """.split()
)
"""Words that configuration and logs are made of."""


def weakness(value: bytes) -> str:
    """Why this value is not masked, in a word or two; empty where it is."""
    bare = value.translate(None, BLANKS)
    if len(bare) < SHORTEST:
        return "too short"
    if bare.isdigit() and len(bare) < NUMBER:
        return "a small number"
    if len(set(bare)) == 1 and not (len(bare) >= REPEATED and bare.isalnum()):
        return "one character repeated"
    if value.strip().lower() in WORDS:
        return "an everyday word"
    return ""
