"""Every exit code and what it means: frozen, later versions only append.

Why the table is longer than the tree of errors: codes are frozen for all layers from the first
release, so that a script written today stays right when the later layers arrive. Why it is a
module of its own: a script that reads a secret needs none of it.
"""

from __future__ import annotations

EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "unexpected: a bug",
    2: "usage",
    3: "the person said no",
    10: "vault not initialised",
    11: "vault already initialised",
    12: "locked, and no way to unlock without asking",
    13: "wrong passphrase or credential",
    14: "tampered or corrupt",
    15: "busy: another process holds the vault",
    16: "newer format than this program",
    17: "files of another vault",
    20: "secret not found",
    21: "invalid name",
    22: "conflict: exists, or not the expected version",
    23: "expired, under --strict",
    24: "too large",
    30: "unknown setting",
    31: "invalid setting value",
    32: "profile not found",
    33: "profile is active, or exists",
    40: "custody unavailable: KMS, HSM, keyring, TPM unreachable",
    41: "custody denied",
    42: "an optional extra is not installed",
    43: "key not found",
    44: "key disabled, retired or destroyed",
    45: "signature does not verify",
    50: "approval denied",
    51: "approval timed out",
    52: "presidio does not answer, and nothing passes without it",
    53: "a secret's policy does not allow this use",
    60: "sign-in failed",
    61: "session expired or revoked",
    62: "origin or host refused",
    70: "peer handshake failed",
    71: "replay detected",
    72: "firewall denied",
    73: "sandbox failed or unavailable",
    80: "findings: doctor, due, scan, audit verify have something to report",
    90: "file or permission problem",
    125: "lango run itself failed before the start",
    126: "lango run: not executable",
    127: "lango run: not found",
    130: "interrupted (128+N: ended by signal N)",
}
