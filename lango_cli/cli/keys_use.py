"""`lango keys encrypt|decrypt|sign|verify`: the vault's keys for what is not kept in it.

The rule: bytes come from standard input or --from-file as they are, nothing taken off, at most 16
MiB; what comes out is the bytes themselves, which a terminal does not get if they are binary.
"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from lango_cli.cli import keys_each, ui, values
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.keys_app import KeyVersionName, app
from lango_cli.cli.options import command
from lango_cli.cli.show import Wish, check, refuse_binary, show_value
from lango_cli.codec import unb64
from lango_cli.errors import UsageProblem
from lango_cli.secret import SecretBytes

ENCODED = values.LIMIT * 3 // 2
"""Bytes of a ciphertext in base64 with line ends, at most."""

AnyKey = Annotated[
    str | None, Argument(metavar="KEY", help="A key's name; else the default of its type.")
]
FromFile = Annotated[
    str | None, Option("--from-file", metavar="FILE", help="Instead of standard input.")
]
Output = Annotated[
    str | None, Option("--output", metavar="FILE", help="Into a new file that only you can read.")
]
Base64 = Annotated[bool, Option("--base64", help="The result in base64.")]
Force = Annotated[bool, Option("--force", help="Binary on a terminal too.")]
Context = Annotated[
    str | None,
    Option("--context", metavar="TEXT", help="Bind it to this text, which is no secret."),
]


@command(app, "encrypt", unlocks=True)
def encrypt(
    call: Call,
    name: AnyKey = None,
    context: Context = None,
    from_file: FromFile = None,
    base64: Base64 = False,
    output: Output = None,
    force: Force = False,
) -> None:
    """Encrypt standard input with a data key of the vault.

    The result says which key and version opens it: lango keys decrypt. At most 16 MiB.
    """
    wish = _wish(call, output, base64=base64, force=force)
    refuse_binary("the ciphertext", wish, call.ui)
    data = SecretBytes(_read(call, from_file, values.LIMIT))
    with call.vault() as vault:
        made = vault.key_use.encrypt(name, data, _bound(context))
    _show(call, "the ciphertext", SecretBytes(made), wish)


@command(app, "decrypt", unlocks=True)
def decrypt(
    call: Call,
    name: Annotated[
        str | None, Argument(metavar="KEY", help="Refuse what another key encrypted.")
    ] = None,
    context: Context = None,
    from_file: FromFile = None,
    base64: Base64 = False,
    output: Output = None,
    force: Force = False,
) -> None:
    """Decrypt what lango keys encrypt made, raw or in base64; its key is found by itself."""
    wish = _wish(call, output, base64=base64, force=force)
    blob = _read(call, from_file, ENCODED)
    with call.vault() as vault:
        data = vault.key_use.decrypt(name, blob, _bound(context))
    _show(call, "the plaintext", data, wish)


@command(app, "sign", unlocks=True)
def sign(
    call: Call,
    name: AnyKey = None,
    paths: Annotated[
        list[str] | None, Argument(metavar="FILE...", help="With --each: what to sign.")
    ] = None,
    each: Annotated[
        bool, Option("--each", help="Sign each FILE, into FILE.sig beside it; all or none.")
    ] = False,
    from_file: FromFile = None,
    base64: Base64 = False,
    output: Output = None,
    force: Force = False,
) -> None:
    """Sign standard input, or many files, with a signing key of the vault.

    The signature alone, in its standard encoding: Ed25519 64 bytes, ECDSA DER, HMAC 32 bytes.
    """
    if each:
        _alone(from_file=from_file, output=output, force=force)
        if name is None:
            raise UsageProblem("--each needs a KEY", hint="lango keys sign KEY --each FILE...")
        keys_each.sign(call, name, paths or (), base64=base64)
        return
    if paths:
        raise UsageProblem("what is signed is standard input", hint="for files add --each")
    wish = _wish(call, output, base64=base64, force=force)
    refuse_binary("the signature", wish, call.ui)
    message = _read(call, from_file, values.LIMIT)
    with call.vault() as vault:
        signature = vault.key_use.sign(name, message)
    _show(call, "the signature", SecretBytes(signature), wish)


@command(app, "verify", unlocks=True)
def verify(
    call: Call,
    name: KeyVersionName,
    paths: Annotated[
        list[str],
        Argument(metavar="FILE...", help="The signature; with --each what was signed."),
    ],
    each: Annotated[
        bool, Option("--each", help="Check each FILE against FILE.sig beside it.")
    ] = False,
    from_file: FromFile = None,
    base64: Annotated[bool, Option("--base64", help="The signature is in base64.")] = False,
) -> None:
    """Say whether a signature is a key's over standard input; exit 45 if it is not.

    With --each every FILE is looked at, and one without a good signature in FILE.sig makes it 45.
    """
    if each:
        _alone(from_file=from_file)
        keys_each.verify(call, name, paths, base64=base64)
        return
    if len(paths) != 1:
        raise UsageProblem("a signature is one FILE", hint="for many signed files add --each")
    (signature_file,) = paths
    if signature_file == "-" and from_file in (None, "-"):
        raise UsageProblem(
            "the signature and what was signed cannot both be standard input",
            hint="give one of them as a file",
        )
    message = _read(call, from_file, values.LIMIT)
    signature = values.from_file(signature_file, "FILE", keys_each.SIGNATURE_LIMIT)
    if base64:
        text = values.without_line_end(signature).decode("ascii", "replace")
        signature = unb64(text, "the signature")
    with call.vault() as vault:
        version = vault.key_use.verify(name, message, signature)
    call.ui.note(f"the signature is {name.partition('@')[0]}@{version}'s")
    if call.ui.json:
        call.ui.document({"verified": True, "version": version})


def _alone(*, from_file: str | None, output: str | None = None, force: bool = False) -> None:
    """UsageProblem for what has no sense beside --each."""
    given = {"--from-file": from_file is not None, "--output": output is not None}
    for option, is_there in (given | {"--force": force}).items():
        if is_there:
            raise UsageProblem(f"--each and {option} exclude one another", hint="give one of them")


def _wish(call: Call, output: str | None, *, base64: bool, force: bool) -> Wish:
    wish = Wish()
    wish.output, wish.base64, wish.force, wish.json = output, base64, force, call.ui.json
    check(wish, 1)
    return wish


def _read(call: Call, path: str | None, limit: int) -> bytes:
    """What to work on, byte for byte."""
    if path is not None:
        return values.from_file(path, "--from-file", limit)
    values.refuse_shared(call, ui.STDIN)
    return values.from_stdin(call, limit)


def _bound(context: str | None) -> bytes | None:
    return None if context is None else context.encode("utf-8", "surrogateescape")


def _show(call: Call, what: str, data: SecretBytes, wish: Wish) -> None:
    show_value(what, data, wish, call.ui, lambda: call.settings().text("output.newline"))
