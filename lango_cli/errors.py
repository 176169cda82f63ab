"""What can go wrong, and the exit code a script sees.

The rule: one class, one exit code, one stable id, one default hint. A message is lower case, names
the thing, has no full stop and never holds a value; the hint is the next command to type.

    LangoError 1                 unexpected: a bug
    |- UsageProblem 2            the command line makes no sense
    |- Cancelled 3               the person said no
    |- VaultError
    |  |- NotInitialised 10      AlreadyInitialised 11   Locked 12        WrongKey 13
    |  `- Tampered 14            Busy 15                 NewerFormat 16   AnotherVault 17
    |- SecretError
    |  |- SecretNotFound 20      InvalidName 21          Conflict 22
    |  `- Expired 23             TooLarge 24
    |- SettingsError
    |  |- UnknownSetting 30      InvalidSetting 31     ProfileNotFound 32
    |  `- ProfileExists 33
    |- CustodyError
    |  |- CustodyUnavailable 40  CustodyDenied 41        MissingExtra 42  KeyNotFound 43
    |  `- KeyUnusable 44         BadSignature 45
    |- ApprovalError
    |  `- ApprovalDenied 50       ApprovalTimedOut 51
    |- DetectorUnavailable 52    Presidio does not answer, and nothing passes without it
    |- PolicyDenied 53           a secret's policy does not allow this use of it
    |- Findings 80               a check has something to report
    |- FileProblem 90            a file, folder or permission stands in the way
    |- RunFailed 125             NotExecutable 126       CommandNotFound 127: in `errors_launch`
    |- Interrupted 130           Ctrl-C
    `- NotApplicable             internal: "not mine, try the next"; never reaches a person

All exit codes, also those that no class has yet, are in `exit_codes`.
"""

from __future__ import annotations


class LangoError(Exception):
    """Anything lango says no to; `code` is the exit code, `id` is stable for scripts."""

    code = 1
    id = "unexpected"
    default_hint = "this is a bug; run again with --debug and report what it prints"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint


class UsageProblem(LangoError):
    """The command line makes no sense."""

    code = 2
    id = "usage"
    default_hint = "lango --help"


class Cancelled(LangoError):
    """The person said no."""

    code = 3
    id = "cancelled"
    default_hint = ""


class VaultError(LangoError):
    """The vault as a whole cannot be used."""


class NotInitialised(VaultError):
    """No vault at this home."""

    code = 10
    id = "not_initialised"
    default_hint = "make one: lango quickstart, or lango init"


class AlreadyInitialised(VaultError):
    """A vault stands here already."""

    code = 11
    id = "already_initialised"
    default_hint = "look at it: lango status"


class Locked(VaultError):
    """Nothing that may be used without asking unlocks the vault."""

    code = 12
    id = "locked"
    default_hint = (
        "unlock it: lango unlock, or give --passphrase-file F, --passphrase-fd N, "
        "--passphrase-command C, --keyfile F, LANGO_PASSPHRASE_FILE or LANGO_KEYFILE"
    )


class WrongKey(VaultError):
    """A credential was offered and does not open the slot."""

    code = 13
    id = "wrong_key"
    default_hint = "see which slots there are: lango keys slot list"


class Tampered(VaultError):
    """Bytes on disk are not what lango wrote."""

    code = 14
    id = "tampered"
    default_hint = "see what is wrong: lango doctor"


class Busy(VaultError):
    """Another process holds the writer lock."""

    code = 15
    id = "busy"
    default_hint = "wait for the other command, or raise --lock-timeout"


class NewerFormat(VaultError):
    """The files were written by a newer lango."""

    code = 16
    id = "newer_format"
    default_hint = "upgrade lango from its source; the Lango on PyPI is another program"


class AnotherVault(VaultError):
    """Files of two vaults are mixed in one home."""

    code = 17
    id = "another_vault"
    default_hint = "put back the files that belong together, or restore a backup"


class SecretError(LangoError):
    """Something about one secret."""


class SecretNotFound(SecretError):
    """No live secret, or no such version, under this name."""

    code = 20
    id = "secret_not_found"
    default_hint = "list names: lango secrets list"


class InvalidName(SecretError):
    """Not a name a secret can have."""

    code = 21
    id = "invalid_name"
    default_hint = "letters, digits, space and ._/@+:#- in parts divided by /, at most 255 bytes"


class Conflict(SecretError):
    """It exists already, or is not at the expected version."""

    code = 22
    id = "conflict"
    default_hint = "see its versions: lango secrets history NAME"


class Expired(SecretError):
    """The secret has expired, and --strict was given."""

    code = 23
    id = "expired"
    default_hint = "give it a new value: lango secrets set NAME"


class TooLarge(SecretError):
    """A value is over the limit of 16 MiB, or another input over its own."""

    code = 24
    id = "too_large"
    default_hint = "the limit is 16 MiB a value"


class SettingsError(LangoError):
    """Something about a setting."""


class UnknownSetting(SettingsError):
    """No setting of this name."""

    code = 30
    id = "unknown_setting"
    default_hint = "see which there are: lango settings schema, or man lango-settings"


class InvalidSetting(SettingsError):
    """A setting's value is not one it can have."""

    code = 31
    id = "invalid_setting"
    default_hint = "mend config.toml or the variable it names"


class ProfileNotFound(SettingsError):
    """No settings profile of this name."""

    code = 32
    id = "profile_not_found"
    default_hint = "leave out --profile"


class ProfileExists(SettingsError):
    """The name is taken, or the profile is the active one."""

    code = 33
    id = "profile_exists"
    default_hint = "list profiles: lango settings profile list"


class CustodyError(LangoError):
    """Something that keeps keys outside the vault."""


class CustodyUnavailable(CustodyError):
    """What keeps the key cannot be reached, is locked, or has no time now (`throttled`)."""

    code = 40
    id = "custody_unavailable"
    default_hint = "see why: lango doctor"
    throttled = False


class CustodyDenied(CustodyError):
    """What keeps the key refuses."""

    code = 41
    id = "custody_denied"
    default_hint = "see why: lango doctor"


class MissingExtra(CustodyError):
    """An optional extra is not installed; the hint is the command that installs it."""

    code = 42
    id = "missing_extra"


class KeyNotFound(CustodyError):
    """No key or slot of this name."""

    code = 43
    id = "key_not_found"
    default_hint = "list slots: lango keys slot list"


class KeyUnusable(CustodyError):
    """The key, or this version of it, is retired, disabled or destroyed."""

    code = 44
    id = "key_unusable"
    default_hint = "see the states of keys: lango keys list"


class BadSignature(CustodyError):
    """The signature is not this key's over this message."""

    code = 45
    id = "bad_signature"
    default_hint = ""


class ApprovalError(LangoError):
    """An action that needs a yes did not get one."""


class ApprovalDenied(ApprovalError):
    """A person, an earlier answer or the lack of anybody to ask says no."""

    code = 50
    id = "approval_denied"
    default_hint = "see which rule asks: lango approve explain TOOL"


class ApprovalTimedOut(ApprovalError):
    """Nobody answered in time, which is a no."""

    code = 51
    id = "approval_timed_out"
    default_hint = "answer in another terminal: lango approve watch"


class DetectorUnavailable(LangoError):
    """Presidio does not answer, and the settings say that nothing passes without it."""

    code = 52
    id = "detector_unavailable"
    default_hint = (
        "see why: lango doctor; what else may happen:"
        " lango settings describe security.interceptor.presidio.whenDown"
    )


class PolicyDenied(LangoError):
    """The policy of a secret does not allow this use of it."""

    code = 53
    id = "policy_denied"


class Findings(LangoError):
    """A check has something to report; the report itself is on stdout."""

    code = 80
    id = "findings"
    default_hint = ""


class FileProblem(LangoError):
    """A file, folder or permission stands in the way."""

    code = 90
    id = "file_problem"
    default_hint = "see what is wrong: lango doctor"


class Interrupted(LangoError):
    """Ctrl-C at a prompt or in the middle of work."""

    code = 130
    id = "interrupted"
    default_hint = ""


class NotApplicable(LangoError):
    """Not mine: the caller tries the next source. Never reaches a person.

    `stale`: what was to be there is not, or is something else, which a person should know.
    `kind`: the slot is of another kind, this source serves that one alone.
    """

    id = "not_applicable"
    default_hint = ""

    def __init__(self, message: str, *, stale: bool = False, kind: str = "") -> None:
        super().__init__(message)
        self.stale = stale
        self.kind = kind
