"""Every setting, declared once: name, kind, default, choices, one line of documentation.

The rule: from a declaration come the default, the check, the environment's name and the table in
the README. Each setting here is read by something. The others are `declared`'s, which is loaded
when one of them is named.
"""

from __future__ import annotations

from lango_cli.config.schema_kms import KMS
from lango_cli.config.setting import Setting

PAGE_SIZES = tuple(str(1 << power) for power in range(10, 17))
"""Not 512: SQLCipher takes 80 bytes of each page for its IV and HMAC, and SQLite needs 480."""
SOURCES = ("session", "keyring", "keyfile", "kms", "prompt")

SETTINGS = (
    Setting(
        "audit.reads",
        "choice",
        "warn",
        ("require", "warn", "off"),
        "What happens when the record of a read cannot be written: fail, warn, or keep no record.",
    ),
    Setting(
        "audit.retention",
        "duration",
        "400d",
        (),
        "How long audit records are kept; forever: none is ever cut off.",
        endless=True,
    ),
    Setting(
        "kdf.algorithm",
        "choice",
        "pbkdf2",
        ("pbkdf2", "argon2id"),
        "Key derivation of new passphrase slots.",
    ),
    Setting(
        "output.color", "choice", "auto", ("auto", "always", "never"), "Colour on a terminal."
    ),
    Setting(
        "output.newline",
        "choice",
        "auto",
        ("auto", "yes", "no"),
        "A newline after the value of secrets get; auto: only on a terminal.",
    ),
    Setting(
        "secrets.retention",
        "duration",
        "30d",
        (),
        "How long deleted secrets can be brought back; forever: until they are purged.",
        endless=True,
    ),
    Setting(
        "secrets.versions", "count", "0", (), "How many versions of a secret are kept; 0: all."
    ),
    Setting(
        "security.interceptor.enabled",
        "switch",
        "false",
        (),
        "Whether actions of tools are judged before they happen.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.approvalPolicy",
        "choice",
        "dangerous",
        ("dangerous", "all", "configured", "none"),
        "Which tools need a yes, besides those named: dangerous and unknown ones, all, none more.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.piiCustomPatterns",
        "table",
        "",
        (),
        "Regular expressions of your own for lango redact, by name (RE2's syntax).",
    ),
    Setting(
        "security.interceptor.piiDisabledPatterns",
        "words",
        "",
        (),
        "Patterns or categories of lango pii list that are not looked for.",
    ),
    Setting(
        "security.interceptor.piiEnabledPatterns",
        "words",
        "",
        (),
        "Patterns or categories that are looked for besides those on by default; all: every one.",
    ),
    Setting(
        "security.interceptor.piiPlaceholder",
        "choice",
        "typed",
        ("typed", "plain"),
        "What stands for personal data: [REDACTED:email], or [REDACTED].",
    ),
    Setting(
        "security.interceptor.redactPii",
        "switch",
        "false",
        (),
        "Personal data goes too from what lango mask and lango run let through.",
    ),
    Setting(
        "security.interceptor.presidio.allowHttp",
        "switch",
        "false",
        (),
        "Text may go to a Presidio on another machine without TLS.",
    ),
    Setting(
        "security.interceptor.presidio.enabled",
        "switch",
        "false",
        (),
        "A Microsoft Presidio analyzer is asked too.",
    ),
    Setting(
        "security.interceptor.presidio.entities",
        "words",
        "PERSON EMAIL_ADDRESS PHONE_NUMBER CREDIT_CARD CRYPTO IBAN_CODE IP_ADDRESS MEDICAL_LICENSE"
        " US_BANK_NUMBER US_DRIVER_LICENSE US_ITIN US_PASSPORT US_SSN UK_NHS UK_NINO",
        (),
        "Which of Presidio's entities count; the others it finds are left alone.",
    ),
    Setting(
        "security.interceptor.presidio.language",
        "words",
        "en",
        (),
        "Languages in which Presidio is asked, one after another.",
    ),
    Setting(
        "security.interceptor.presidio.scoreThreshold",
        "fraction",
        "0.7",
        (),
        "How sure Presidio must be.",
    ),
    Setting(
        "security.interceptor.presidio.timeout",
        "duration",
        "5s",
        (),
        "How long Presidio may take to answer one request.",
        low=1,
        high=3600,
    ),
    Setting(
        "security.interceptor.presidio.url",
        "text",
        "http://localhost:5002",
        (),
        "Where the Presidio analyzer answers.",
    ),
    Setting(
        "security.interceptor.presidio.whenDown",
        "choice",
        "block",
        ("block", "regex", "allow"),
        "Without an answer of Presidio: nothing passes, the patterns alone decide, or all passes.",
    ),
    Setting(
        "security.interceptor.approval.channels",
        "order",
        "desktop watch",
        ("desktop", "watch", "command", "terminal"),
        "How a person is asked: all of these at once, and the first answer counts.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.approval.command",
        "command",
        "",
        (),
        "The program of the channel command.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.approval.bus",
        "text",
        "",
        (),
        "The D-Bus address of the channel desktop, where it is not /run/user/UID/bus.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.approval.answers",
        "choice",
        "elsewhere",
        ("elsewhere", "anywhere"),
        "Whether an answer may come from the terminal or the process that the question came from.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.approval.proof",
        "choice",
        "vault",
        ("vault", "person"),
        "What an answer takes: the open vault, or the passphrase typed by a person.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.approval.grantTtl",
        "duration",
        "30d",
        (),
        "How long a yes for always lasts, unless it says less or more; 366 days at most, which is"
        " what forever is too.",
        guarded=True,
        endless=True,
    ),
    Setting(
        "security.interceptor.approvalTimeoutSec",
        "count",
        "120",
        (),
        "Seconds after which a question that nobody answered is a no.",
        guarded=True,
        low=1,
        high=86_400,
    ),
    Setting(
        "security.interceptor.headlessAutoApprove",
        "switch",
        "false",
        (),
        "Whether everything is allowed where no channel but watch can ask; never for peers.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.sensitiveTools",
        "names",
        "",
        (),
        "Tools that always need a yes, whatever the policy.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.exemptTools",
        "names",
        "",
        (),
        "Tools that never need a yes; stands before everything else.",
        guarded=True,
    ),
    Setting(
        "security.dbEncryption.cipherPageSize",
        "choice",
        "4096",
        PAGE_SIZES,
        "Bytes of a page of a new vault's database; the vault's header remembers it.",
    ),
    *KMS,
    Setting(
        "unlock.order",
        "order",
        "session keyring keyfile kms prompt",
        SOURCES,
        "Which ways to unlock are tried, in this order, when none is named.",
    ),
    Setting(
        "unlock.session",
        "choice",
        "auto",
        ("auto", "kernel", "process"),
        "Where lango unlock keeps the keys: kernel keyring or a small process.",
    ),
    Setting(
        "unlock.ttl",
        "duration",
        "15m",
        (),
        "How long lango unlock lasts without --ttl.",
        low=1,
        high=30 * 86_400,
    ),
    Setting(
        "vault.lockTimeout",
        "duration",
        "10s",
        (),
        "How long a command waits for another writer; not at all is --lock-timeout 0.",
        low=1,
        endless=True,
    ),
)
BY_KEY = {setting.key: setting for setting in SETTINGS}
