"""How AWS is reached: the SDK's client, with the person's own settings, credentials and roles.

The rule: who one is, is found as AWS's own tools find it (variables, profiles, source profiles,
SSO, processes, the machine's role), by the SDK and not by us; a role's credentials are made anew
before they are over. No request is the SDK's to repeat, and none outlives the deadline. The code
of an MFA device is asked for outside of that, because a person types it.

What boto3 is made of (botocore) is used without boto3 itself, whose import costs an unlock as
much again as all the rest of it and brings nothing that a KMS needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from lango_cli.custody.aws_answers import check_whole
from lango_cli.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "::1", "localhost")
API = "2014-11-01"
NAME = "lango"
"""Of the sessions of a role, as CloudTrail shows them, and in the user agent."""


def check_endpoint(url: str) -> None:
    """UsageProblem for an endpoint without TLS that is not on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise UsageProblem("an AWS endpoint without TLS may only be on this machine")


class WantsCode(Exception):
    """AWS gives credentials for the code of an MFA device alone, and none is here yet."""


class Access:
    """The way to one region of AWS KMS; `options` are those of a key's URI."""

    def __init__(self, options: Mapping[str, str], region: str | None, timeout: float) -> None:
        self._options = options
        self._region = region
        self._timeout = timeout
        self._client: Any = None
        self._code: str | None = None

    def client(self) -> Any:  # noqa: ANN401  # the SDK makes its classes as it runs
        """The SDK's client, made once; nothing is asked yet, except for credentials."""
        if self._client is None:
            session = self._session()
            client = session.create_client(
                "kms", api_version=API, endpoint_url=self._options.get("endpoint")
            )
            # A variable or a profile may name one too.
            check_endpoint(client.meta.endpoint_url)
            client.meta.events.register("before-parse.kms", check_whole)
            self._client = client
        return self._client

    def give(self, code: str) -> None:
        """Begin anew, with the code that was wanted; it serves once."""
        self.close()
        self._code = code

    def close(self) -> None:
        """Let go of the connections, and of the credentials."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _session(self) -> Any:  # noqa: ANN401  # see above
        session = Session(profile=self._options.get("profile"))
        if self._region is not None:
            session.set_config_variable("region", self._region)
        # For the client, and for those that the SDK makes in order to take a role.
        session.set_default_client_config(
            Config(
                connect_timeout=self._timeout,
                read_timeout=self._timeout,
                retries={"total_max_attempts": 1, "mode": "standard"},
                user_agent_extra=NAME,
            )
        )
        resolver = session.get_component("credential_provider")
        # Its own would read the terminal, and wait there whatever --no-input says.
        resolver.get_provider("assume-role")._prompter = self._prompt
        if "role" in self._options:
            role = _Role(session, resolver, self._options["role"])
            session.register_component("credential_provider", CredentialResolver([role]))
        return session

    def _prompt(self, _prompt: str) -> str:
        if self._code is None:
            raise WantsCode
        code, self._code = self._code, None
        return code


class _Role:
    """A credential provider of the SDK: the URI's role, taken by whoever one is without it."""

    METHOD = CANONICAL_NAME = "assume-role"

    def __init__(self, session: Any, source: Any, role: str) -> None:  # noqa: ANN401  # see above
        self._session = session
        self._source = source
        self._role = role

    def load(self) -> Any:  # noqa: ANN401  # see above
        """Credentials that are fetched at the first request, and anew before they are over."""
        source = self._source.load_credentials()
        if source is None:
            raise NoCredentialsError
        fetcher = AssumeRoleCredentialFetcher(
            self._session.create_client, source, self._role, {"RoleSessionName": NAME}
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)
