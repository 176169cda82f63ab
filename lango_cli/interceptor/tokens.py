"""What credentials look like: the shapes of well-known tokens, and how each is told from chance.

The rule: a shape is a literal beginning and a bounded run of one alphabet after it; nothing is
searched backwards or twice, so no text takes more than linear time. A rule says *found*, *no*, or
*wait*: what has come so far may still become one. Where a beginning is not rare enough by itself,
length, variety of characters and the words around it must speak for a secret.

Sources: the issuers' pages on their token formats, RFC 7519 (JWT), RFC 7468 and RFC 4880 (PEM and
OpenPGP armour), RFC 3986 3.2.1 (user information in an address), RFC 6750 and RFC 7617 (headers).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

LONGEST = 4096
"""Bytes of a token at most; also what is held back at most, but for keys and signed tokens."""
LONGEST_KEY = 16_384


class Found(NamedTuple):
    """A credential: offsets in the data, and what it is."""

    start: int
    end: int
    kind: str


class Wait(NamedTuple):
    """Too early to say; nothing before `start` will be part of it."""

    start: int


Verdict = Found | Wait | None


class View:
    """What a rule looks at: the data, and whether nothing follows it.

    It remembers how far a run of one alphabet goes, so that a text that is all beginnings is not
    walked through again from each of them.
    """

    __slots__ = ("_runs", "data", "last")

    def __init__(self, data: bytes, *, last: bool) -> None:
        self.data = data
        self.last = last
        self._runs: dict[re.Pattern[bytes], tuple[int, int]] = {}

    def end(self, run: re.Pattern[bytes], at: int, limit: int) -> int:
        """Where a run from `at` ends, after `limit` bytes at most."""
        start, end = self._runs.get(run, (0, -1))
        if not start <= at < end:
            found = run.match(self.data, at)
            end = found.end() if found else at
            self._runs[run] = (at, end)
        return min(end, at + limit)

    def is_open(self, end: int) -> bool:
        """Whether what ends here may go on with what has not come yet."""
        return end == len(self.data) and not self.last


Rule = Callable[[View, int], Verdict]
"""What is said of a literal beginning that stands at an offset."""

WORD_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
SAMPLE = 64
"""Bytes of a run by which its character is judged."""
VARIETY = 6
"""Different characters that a token has at least: `xxxx` and `1234` are examples in a manual."""


class Shape(NamedTuple):
    """A literal beginning, then so many characters of one alphabet; `after` must stand before."""

    kind: str
    beginnings: str
    alphabet: str
    least: int
    most: int
    after: tuple[bytes, ...] = ()

    def rule(self, beginning: bytes) -> Rule:
        """The rule for one of its beginnings."""
        run = re.compile(b"[%s]*+" % self.alphabet.encode())

        def look(view: View, at: int) -> Verdict:
            if not may_stand(view.data, at, beginning, self.after):
                return None
            first = at + len(beginning)
            end = view.end(run, first, self.most + 1)
            if view.is_open(end):
                return Wait(at)
            varied = len(set(view.data[first : min(end, first + SAMPLE)])) >= VARIETY
            fits = self.least <= end - first <= self.most
            return Found(at, end, self.kind) if fits and varied else None

        return look


def may_stand(data: bytes, at: int, beginning: bytes, after: tuple[bytes, ...]) -> bool:
    """Whether a beginning counts here: after what it needs, else not in the middle of a word."""
    if after:
        return data.endswith(after, 0, at)
    return not (at and data[at - 1] in WORD_BYTES and beginning[0] in WORD_BYTES)


AFTER_DIGIT = tuple(b"%d" % digit for digit in range(10))
WORD, URL, HEX, BASE64 = "A-Za-z0-9", r"A-Za-z0-9_\-", "0-9a-f", "A-Za-z0-9+/"

# fmt: off
SHAPES = (
    Shape("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", WORD + "_", 30, 255),
    Shape("github-token", "github_pat_", WORD + "_", 50, 255),
    Shape("gitlab-token", "glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glsoat- glimt- glagent- "
          "gloas- glffct- glwt-", URL + ".", 20, 255),
    Shape("aws-key-id", "AKIA ASIA ABIA ACCA", "A-Z0-9", 16, 16),
    Shape("aws-bedrock-key", "ABSK", BASE64 + "=", 100, 300),
    Shape("google-key", "AIza", URL, 35, 35),
    Shape("google-token", "ya29.", URL + ".", 20, 2048),
    Shape("google-secret", "GOCSPX-", URL, 24, 64),
    Shape("google-token", "//0", URL, 30, 255, after=(b"1",)),
    Shape("azure-secret", "Q~", WORD + "_~.-", 31, 34, after=AFTER_DIGIT),
    Shape("azure-key", "AccountKey=", BASE64 + "=", 80, 96),
    Shape("azure-key", "SharedAccessKey=", BASE64 + "=", 40, 64),
    Shape("slack-token", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxc- xoxd- xoxe. xoxe- xapp-",
          WORD + "%.-", 10, 512),
    Shape("slack-webhook", "hooks.slack.com/services/ hooks.slack.com/workflows/ "
          "hooks.slack.com/triggers/", WORD + "/", 20, 255),
    Shape("discord-webhook", "discord.com/api/webhooks/ discordapp.com/api/webhooks/",
          URL + "/", 40, 255),
    Shape("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_ sk_org_", WORD + "_", 16, 255),
    Shape("webhook-secret", "whsec_", BASE64 + "=", 20, 255),
    Shape("anthropic-key", "sk-ant-", URL, 20, 255),
    Shape("openai-key", "sk-proj- sk-svcacct- sk-admin- sk-None-", URL, 20, 255),
    Shape("openrouter-key", "sk-or-v1-", HEX, 32, 128),
    Shape("npm-token", "npm_", WORD, 30, 64),
    Shape("pypi-token", "pypi-AgEIcHlwaS5vcmc pypi-AgENdGVzdC5weXBpLm9yZw", URL, 40, 1024),
    Shape("huggingface-token", "hf_ api_org_", WORD, 30, 64),
    Shape("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", HEX, 64, 64),
    Shape("shopify-token", "shpat_ shpca_ shppa_ shpss_", "0-9a-fA-F", 32, 32),
    Shape("square-token", "sq0atp- sq0csp- sq0idp-", URL, 20, 64),
    Shape("sendgrid-key", "SG.", URL + ".", 60, 80),
    Shape("mailgun-key", "key-", HEX, 32, 32),
    Shape("twilio-key", "SK", HEX, 32, 32),
    Shape("telegram-token", "AA", URL, 32, 34, after=(b":",)),
    Shape("databricks-token", "dapi", HEX + "-", 32, 36),
    Shape("vault-token", "hvs. hvb. hvr.", URL, 20, 512),
    Shape("docker-token", "dckr_pat_ dckr_oat_", URL, 20, 64),
    Shape("age-key", "AGE-SECRET-KEY-1", "A-Z0-9", 58, 58),
    Shape("grafana-token", "glsa_ glc_", WORD + "_+/=", 30, 400),
    Shape("sentry-token", "sntrys_ sntryu_", BASE64 + "_=", 40, 512),
    Shape("newrelic-key", "NRAK-", "A-Z0-9", 27, 27),
    Shape("linear-key", "lin_api_ lin_oauth_", WORD, 32, 80),
    Shape("notion-token", "ntn_", WORD, 40, 64),
    Shape("postman-key", "PMAK-", WORD + "-", 50, 64),
    Shape("rubygems-key", "rubygems_", HEX, 48, 48),
    Shape("doppler-token", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", WORD + "._", 40, 64),
    Shape("pulumi-token", "pul-", HEX, 40, 40),
    Shape("groq-key", "gsk_", WORD, 48, 64),
    Shape("xai-key", "xai-", WORD, 70, 90),
    Shape("perplexity-key", "pplx-", WORD, 40, 64),
    Shape("replicate-token", "r8_", WORD, 36, 40),
    Shape("fly-token", "fm1_ fm2_ fo1_", BASE64 + "_=,", 40, 2048),
    Shape("figma-token", "figd_", URL, 36, 48),
    Shape("supabase-token", "sbp_ sb_secret_", WORD + "_-", 30, 64),
    Shape("planetscale-token", "pscale_tkn_ pscale_pw_", URL + ".", 30, 64),
    Shape("tailscale-key", "tskey-auth- tskey-api- tskey-client- tskey-scim-", WORD + "-", 20, 96),
    Shape("dynatrace-token", "dt0c01. dt0s16.", "A-Z0-9.", 80, 96),
    Shape("heroku-key", "HRKU-", URL, 36, 80),
    Shape("alibaba-key-id", "LTAI", WORD, 12, 26),
    Shape("artifactory-key", "AKCp", WORD, 60, 80),
    Shape("onepassword-token", "ops_eyJ", URL, 200, LONGEST),
    Shape("hubspot-token", "pat-na1- pat-eu1-", HEX + "-", 36, 36),
    Shape("terraform-token", ".atlasv1.", URL, 60, 80),
    Shape("atlassian-token", "ATATT3 ATCTT3", URL + "=", 100, 300),
    Shape("bitbucket-token", "ATBB", WORD + "_=.-", 28, 40),
    Shape("langfuse-key", "sk-lf-", HEX + "-", 36, 36),
)
# fmt: on
