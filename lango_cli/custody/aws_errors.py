"""What an error of AWS or its SDK stands for, by its code or its class and never by its text.

The rule: only what waiting may mend is unavailable. An identity that is missing, over or without
the right is a refusal, and the hint says in one line what mends that.

Sources: AWS KMS API Reference, version 2014-11-01, the errors of each operation and the common
ones; AWS STS API Reference, version 2011-06-15, AssumeRole; botocore.exceptions.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
    SSLError,
)
from botocore.exceptions import ConnectionError as NoConnection

from lango_cli.custody.fault import DESCRIBE, PUBLIC_KEY, SIGN, UNWRAP, VERIFY, WRAP
from lango_cli.errors import CustodyDenied, KeyNotFound, KeyUnusable, LangoError, Tampered

if TYPE_CHECKING:
    from lango_cli.custody.fault import Where

GENERATE, REWRAP = "generate", "rewrap"
ACCESS_DENIED = ("AccessDenied", "AccessDeniedException")
BAD_SIGNATURE = "KMSInvalidSignatureException"
INCORRECT_KEY = "IncorrectKeyException"

THROTTLED = ("LimitExceeded", "RequestLimitExceeded", "Throttl", "TooManyRequests")
"""How the codes begin that ask for patience."""
DOWN = {
    "DependencyTimeoutException",
    "InternalFailure",
    "KMSInternalException",
    "KeyUnavailableException",
    "RequestTimeout",
    "ServiceUnavailable",
    "ServiceUnavailableException",
}
UNNAMED = "that is not how a key is named"
LOOK = "look at the key's URI: its region and account, and the spelling"
KINDS: dict[str, tuple[type[LangoError], str]] = {
    "DisabledException": (KeyUnusable, "the key is disabled"),
    "KMSInvalidStateException": (KeyUnusable, "the key is in a state that does not allow it"),
    "InvalidKeyUsageException": (KeyUnusable, "the key is not for this"),
    "UnsupportedOperationException": (KeyUnusable, "the key is not for this"),
    "ValidationException": (KeyUnusable, "the key is not for this"),
    "NotFoundException": (KeyNotFound, "there is no such key"),
    "InvalidArnException": (KeyNotFound, UNNAMED),
    "InvalidCiphertextException": (Tampered, "it is damaged, or of another context"),
    INCORRECT_KEY: (Tampered, "another key wrapped it"),
}
"""What an error code stands for; what is not here is a refusal."""
RIGHTS = {
    DESCRIBE: "kms:DescribeKey",
    GENERATE: "kms:GenerateDataKey or kms:Encrypt",
    PUBLIC_KEY: "kms:GetPublicKey",
    REWRAP: "kms:ReEncryptFrom and kms:ReEncryptTo",
    SIGN: "kms:Sign",
    UNWRAP: "kms:Decrypt",
    VERIFY: "kms:Verify",
    WRAP: "kms:Encrypt",
}
"""What an operation takes at AWS."""
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
UNKNOWN = (
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
AGAIN = "log in to AWS again: aws sso login, or renew what AWS_PROFILE or the environment has"
LOGIN = "name an AWS profile (?profile= or AWS_PROFILE), set AWS_ACCESS_KEY_ID, or use a role"
CERTIFICATE = "see who answers at the endpoint, and whom AWS_CA_BUNDLE says to trust"
SETTINGS = "see what AWS's tools find: aws configure list"
SDK = {
    "ConfigParseError": ("AWS's own settings cannot be read", SETTINGS),
    "CredentialRetrievalError": ("no credentials came from where they should", SETTINGS),
    "InvalidConfigError": ("AWS's own settings do not fit together", SETTINGS),
    "LoginError": ("the login is over", "log in to AWS again: aws login"),
    "InvalidRegionError": ("that is no AWS region", "see ?region= of the URI"),
    "NoCredentialsError": ("no AWS credentials were found", LOGIN),
    "NoRegionError": ("no AWS region is named", "add ?region= to the URI, or set it in a profile"),
    "OSError": ("a file or program that AWS's settings name cannot be used", SETTINGS),
    "PartialCredentialsError": ("half of the AWS credentials is missing", SETTINGS),
    "ProfileNotFound": ("there is no such AWS profile", "see them: aws configure list-profiles"),
    "RefreshWithMFAUnsupportedError": ("the session with the MFA code is over", "begin anew"),
    "RuntimeError": ("the AWS credentials are over", AGAIN),
    "SSOError": ("the login is over", "log in to AWS again: aws sso login"),
    "TokenRetrievalError": ("the login is over", "log in to AWS again: aws sso login"),
}
"""Reason and hint for what the SDK stumbles over before it asks, by class or a class above."""


def code_of(err: ClientError) -> str:
    """The error code of an answer."""
    return str(err.response.get("Error", {}).get("Code", ""))


def lacks_right(err: ClientError, operation: str) -> bool:
    """Whether it says that this operation of the API, as AWS writes it, is not allowed."""
    return code_of(err) in ACCESS_DENIED and bool(err.operation_name == operation)


def problem(where: Where, operation: str, err: Exception) -> LangoError:
    """What an error that came out of the SDK is to whoever called."""
    if isinstance(err, ClientError):
        return _refusal(where, operation, err)
    if isinstance(err, SSLError) and not _cut(err):
        reason = "whoever answers is not who its certificate has to say"
        return where.problem(CustodyDenied, operation, reason, hint=CERTIFICATE)
    if isinstance(err, HTTPClientError | IncompleteReadError | NoConnection):
        return where.unavailable(operation, "it cannot be reached")
    if isinstance(err, ParamValidationError):
        return where.problem(KeyNotFound, operation, UNNAMED, hint=LOOK)
    for kind in type(err).__mro__:
        if kind.__name__ in SDK:
            reason, hint = SDK[kind.__name__]
            return where.problem(CustodyDenied, operation, reason, hint=hint)
    reason = f"the SDK could not ask ({type(err).__name__})"
    return where.problem(CustodyDenied, operation, reason, hint=SETTINGS)


def _cut(err: SSLError) -> bool:
    """Whether TLS ended in the middle, which says nothing of who answers."""
    cause = next(iter(getattr(err.kwargs.get("error"), "args", ())), None)
    return isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _refusal(where: Where, operation: str, err: ClientError) -> LangoError:
    code = code_of(err)
    status = err.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code.startswith(THROTTLED) or status == 429:
        return where.unavailable(operation, "too many requests", throttled=True)
    if code in DOWN or status >= 500:
        return where.unavailable(operation, "the service has a fault of its own")
    if code in EXPIRED:
        return where.problem(
            CustodyDenied, operation, f"the AWS credentials are over ({code})", hint=AGAIN
        )
    if code in UNKNOWN:
        reason = f"AWS does not take these credentials ({code})"
        return where.problem(CustodyDenied, operation, reason, hint=SETTINGS)
    if err.operation_name.startswith("AssumeRole"):
        # No error of KMS: those mean something else there.
        reason = f"the role is not given ({_printable(code)})"
        hint = "the role's trust policy must let in whoever `aws sts get-caller-identity` names"
        return where.problem(CustodyDenied, operation, reason, hint=hint)
    if code in ACCESS_DENIED:
        hint = f"{RIGHTS[operation]} is wanted by whoever `aws sts get-caller-identity` names"
        return where.problem(CustodyDenied, operation, f"no right to it ({code})", hint=hint)
    kind, reason = KINDS.get(code, (CustodyDenied, f"refused ({_printable(code)})"))
    where_to = LOOK if kind is KeyNotFound else None
    return where.problem(kind, operation, reason, hint=where_to)


def _printable(code: str) -> str:
    """An error code that may be shown: letters and no more than a line of them."""
    return code if code.isalnum() and len(code) <= 64 else "no known code"
