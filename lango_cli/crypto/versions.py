"""Which cryptography is at work, for `doctor`."""

from __future__ import annotations

from cryptography import __version__
from cryptography.hazmat.backends.openssl.backend import backend


def versions() -> dict[str, str]:
    """`cryptography` and the OpenSSL that it carries."""
    return {"cryptography": __version__, "openssl": backend.openssl_version_text()}
