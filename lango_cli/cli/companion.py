"""`lango companion serve|pair|find|list|forget`: keys that another machine or process keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from lango_cli.cli import parse
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.errors import KeyNotFound, UsageProblem
from lango_cli.rpc.identity import NAME
from lango_cli.wiring import companions

if TYPE_CHECKING:
    from lango_cli.rpc.identity import Pin

app = typer.Typer()

Name = Annotated[
    str | None,
    Option("--name", metavar="NAME", help="What to be called there (else this machine's name)."),
]
Folder = Annotated[
    str | None,
    Option("--folder", metavar="DIR", help="The companion's files (else <home>/companion)."),
]
Interfaces = Annotated[
    list[str] | None,
    Option("--interface", metavar="ADDRESS", help="Only the network of this address of ours."),
]
LONGEST_SEARCH = 60.0


@command(app, "serve")
def serve(
    call: Call,
    listen: Annotated[
        str | None, Option("--listen", metavar="HOST:PORT", help="Serve paired clients over TLS.")
    ] = None,
    socket: Annotated[
        str | None,
        Option("--socket", metavar="PATH", help="Serve this user's processes at a socket."),
    ] = None,
    keys: Annotated[
        list[str] | None,
        Option(
            "--key",
            metavar="NAME=KEY",
            help="What to serve: local:wrap, local:sign or a key URI (more than once).",
        ),
    ] = None,
    pair: Annotated[
        bool, Option("--pair", help="Take one new client, after comparing codes.")
    ] = False,
    ask: Annotated[
        bool, Option("--ask", help="Ask on this terminal before each use of a key.")
    ] = False,
    announce: Annotated[
        bool, Option("--announce", help="Say on the local network that it is here.")
    ] = False,
    interfaces: Interfaces = None,
    name: Name = None,
    folder: Folder = None,
) -> None:
    """Be a companion: keep keys here and use them for the clients that are paired.

    Without --key it serves two keys in software: default, which wraps, and signing, which signs.
    Runs until Ctrl-C or SIGTERM.
    """
    from lango_cli.cli.companion_serving import Serving

    if listen is None and socket is None:
        raise UsageProblem("nothing to serve at", hint="add --listen HOST:PORT or --socket PATH")
    if announce and listen is None:
        raise UsageProblem("--announce needs --listen", hint="a socket is not on the network")
    serving = Serving(call, folder, name or companions.own_name(), asks=ask, pairs=pair)
    try:
        serving.begin(keys or [], listen, socket)
        if announce:
            serving.announce(interfaces or [])
        serving.run()
    finally:
        serving.close()


@command(app, "pair")
def pair(
    call: Call,
    url: Annotated[
        str | None,
        Argument(metavar="URL", help="https://HOST:PORT or unix:PATH (security.signer.rpcUrl)."),
    ] = None,
    name: Name = None,
) -> None:
    """Pair this home with a companion, by a code that both show."""
    person = call.asking("the comparison of a code", "run it on a terminal")

    def agree(code: str, pin: Pin) -> bool:
        person.tell(f"companion  {pin.name} ({pin.url})")
        person.tell(f"code       {code}")
        return person.confirm("Does the companion show the same code?")

    pin = companions.pair(call.flags, url, name or companions.own_name(), agree)
    call.ui.note(f"paired with {pin.name}; its key: rpc:{pin.url}?key=default")
    if call.ui.json:
        call.ui.document({"companion": _described(pin)})


@command(app, "find")
def find(
    call: Call,
    seconds: Annotated[
        str, Option("--wait", metavar="TIME", help="How long to listen, such as 3s.")
    ] = "3s",
    interfaces: Interfaces = None,
) -> None:
    """List the companions that announce themselves on the local network."""
    wait = parse.seconds(seconds, "--wait")
    if not 0 < wait <= LONGEST_SEARCH:
        raise UsageProblem("--wait takes up to a minute", hint="such as 3s")
    found = companions.find(wait, interfaces or [])
    paired = {pin.fingerprint for pin in companions.known(call.flags).all()}
    if not found:
        call.ui.note("none was heard; if you know its address: lango companion pair URL")
    rows = [(one, any(full.startswith(one.fingerprint) for full in paired)) for one in found]
    if call.ui.json:
        call.ui.document(
            {
                "companions": [
                    {
                        "name": one.name,
                        "url": one.url,
                        "fingerprint": one.fingerprint,
                        "claims_paired": known,
                    }
                    for one, known in rows
                ]
            }
        )
        return
    call.ui.table(
        ("name", "address", "fingerprint", ""),
        [
            (one.name, one.url, one.fingerprint, "says it is paired" if known else "")
            for one, known in rows
        ],
    )


@command(app, "list")
def list_pairings(call: Call, folder: Folder = None) -> None:
    """List the companions of this home, and the clients of the companion served from it."""
    companies = companions.known(call.flags).all()
    customers = companions.served_here(call.flags, folder).all()
    if call.ui.json:
        call.ui.document(
            {
                "companions": [_described(pin) for pin in companies],
                "clients": [_described(pin) for pin in customers],
            }
        )
        return
    rows = [("companion", pin.name, pin.url, pin.fingerprint[:16]) for pin in companies]
    rows += [("client", pin.name, "-", pin.fingerprint[:16]) for pin in customers]
    call.ui.table(("kind", "name", "address", "fingerprint"), rows)


@command(app, "forget")
def forget(
    call: Call,
    who: Annotated[
        str, Argument(metavar="WHO", help="A name, an address or a whole fingerprint.")
    ],
    folder: Folder = None,
) -> None:
    """End a pairing, on this side: a client is turned away from its next request on."""
    call.can_agree("forget", call.yes)
    call.agree(f"Forget {who}?" if NAME.fullmatch(who) else "Forget whoever that is?")
    gone = companions.known(call.flags).remove(who)
    gone += companions.served_here(call.flags, folder).remove(who)
    if not gone:
        raise KeyNotFound("nobody of this name is paired", hint="lango companion list")
    for pin in gone:
        call.ui.note(f"{'companion' if pin.url else 'client'} {pin.name} is forgotten")
    if call.ui.json:
        call.ui.document({"forgotten": [_described(pin) for pin in gone]})


def _described(pin: Pin) -> dict[str, object]:
    return {"name": pin.name, "url": pin.url or None, "fingerprint": pin.fingerprint}
