"""What the manual says that no declaration holds: variables, files, examples, notes on security.

The rule: settings, options and exit codes come from the code and are not repeated here; tests
compare the variables with those that the code reads, and run the examples past the command tree.
"""

from __future__ import annotations

from lango_cli.config.load import CONFIG, PASSPHRASE, PIN
from lango_cli.custody.pkcs11_module import MODULE
from lango_cli.rpc.identity import CLIENT, COMPANIONS
from lango_cli.unlock.keyring import VERDICT
from lango_cli.vault.home import COPY, HEADER, KEYFILE, PENDING

ENVIRONMENT = {
    "LANGO_HOME": "The folder with everything of a vault, where --home does not name it.",
    "LANGO_NO_INPUT": "If set to anything but 0, no, off or false: never ask, as --no-input.",
    "LANGO_PASSPHRASE_FILE": "Read the passphrase from this file.",
    "LANGO_PASSPHRASE_COMMAND": "Run this (without a shell); what it prints is the passphrase.",
    "LANGO_KEYFILE": "Unlock with this keyfile.",
    PASSPHRASE: "The passphrase itself, if none of these three is set. Other programs of yours can"
    " read it, so prefer one of those; lango doctor reports it.",
    PIN: "The PIN of a PKCS#11 token that a slot or key needs.",
    MODULE: "The PKCS#11 module to load, whatever the key's URI or the settings say; the only way"
    " to one that does not belong to root.",
    "CREDENTIALS_DIRECTORY": "A systemd service's credentials: its file lango is a keyfile or a"
    " passphrase.",
    "LANGO_SESSION": "The session that actions belong to, for a yes that lasts as long.",
    "LANGO_TURN": "The turn in it: an action that was denied in a turn is not asked again in it.",
    "NO_COLOR": "If not empty: no colour, unless --color says otherwise.",
    "CLICOLOR_FORCE": "If neither empty nor 0: colour off a terminal too, unless NO_COLOR or"
    " --color says otherwise.",
    "XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR": "On Linux, where the"
    " platform's folders are; see FILES.",
}
"""Every variable but those of the settings."""

FOLDERS = {
    "home": "--home, else LANGO_HOME, else $XDG_DATA_HOME/lango (~/.local/share/lango); it holds:",
    HEADER: "The header: the ways to unlock. Nothing in it is secret by itself.",
    COPY: "Its copy, for the day it is damaged.",
    "vault-1.db": "The database, encrypted as a whole; the number grows with each new key"
    " generation.",
    KEYFILE: "A key, if the vault has such a slot. Keep it out of backups of the home.",
    PENDING: "Sealed audit records that wait for the next writer.",
    CLIENT: "Who this home is to companions: a certificate and its key, in clear.",
    COMPANIONS: "The companions that it is paired with.",
    "companion": "What a companion keeps that is served from here: who it is (identity.pem), its"
    " clients (clients.json) and its keys in software (keys.json), in clear.",
    "vault.lock": "What writers take turns with.",
    CONFIG: "Settings: in the home if one is named, else in $XDG_CONFIG_HOME/lango"
    " (~/.config/lango).",
    "state folder": "$XDG_STATE_HOME/lango (~/.local/state/lango): for each vault how many changes"
    f" this machine has seen, how many unlocks failed and which slot worked last; {VERDICT}, how"
    " the OS keyring answered.",
    "asking": "In the state folder: a socket for each request that waits for a yes.",
    "runtime folder": "$XDG_RUNTIME_DIR/lango: the socket of an unlock session that a process"
    " keeps.",
}

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "lango": (
        ("Make a vault that opens with a passphrase:", "lango init"),
        ("Keep a secret, asked for without being shown, and use it:", "lango secrets set db/main"),
        ("", "lango secrets get db/main"),
        (
            "Run a command that gets it, and none of it in what it prints:",
            "lango run --set 'PGPASSWORD={{secret:db/main}}' -- psql",
        ),
        ("Do not be asked for an hour, then forget at once:", "lango unlock --ttl 1h"),
        ("", "lango lock"),
    ),
    "lango pii": (
        ("What is looked for, with everything switched on:", "lango pii list --enable all"),
        ("How well it is found in texts of your own:", "lango pii eval labelled.jsonl"),
    ),
    "lango secrets": (
        ("Take a value from another program:", "lango secrets set api/token -"),
        ("Have one made:", "lango secrets set db/main --generate password:40"),
        ("Change it only if nobody else did:", "lango secrets set db/main --if-version 2 -"),
        ("Read an earlier version:", "lango secrets get db/main@1"),
        ("See what wants a new value soon:", "lango secrets due --within 30d"),
        ("See what to change after a compromise:", "lango secrets due --exposed"),
    ),
    "lango keys": (
        ("Make recovery words for the vault:", "lango keys slot add recovery"),
        ("Try now and then whether they still open it:", "lango keys slot test recovery"),
        ("Change the passphrase:", "lango keys passphrase"),
        ("Seal values anew, all of them:", "lango keys rotate default --reencrypt"),
        (
            "Make a key that signs, and show its public half:",
            "lango keys create ci --type signing",
        ),
        ("", "lango keys export ci"),
        ("Sign a file, and check that:", "lango keys sign ci --from-file app --output app.sig"),
        ("", "lango keys verify ci app.sig --from-file app"),
    ),
    "lango db": (
        ("See how large the database is, and what is in it:", "lango db status"),
        ("Take a backup, also while others write:", "lango db backup /media/stick/lango.backup"),
        ("See whether it is whole, and who can open it:", "lango db verify lango.backup"),
        ("Put back what a backup holds:", "lango db restore lango.backup"),
        ("Check everything that is in the vault:", "lango db check"),
        ("See what a new master key would mean, then make one:", "lango db rekey --dry-run"),
        ("", "lango db rekey"),
        ("Keep only the slots that open now:", "lango db rekey --compromised"),
    ),
    "lango companion": (
        (
            "On the machine that keeps the key, compare a code and be asked before each use:",
            "lango companion serve --listen 0.0.0.0:8467 --pair --ask",
        ),
        ("On the machine with the vault:", "lango companion pair https://keeper:8467"),
        (
            "Serve a token's key to this user's processes:",
            "lango companion serve --socket ~/.companion/socket --key 'kek=pkcs11:object=kek'",
        ),
        ("Turn a client away for good:", "lango companion forget laptop"),
    ),
    "lango approve": (
        ("Answer what comes, in a terminal of your own:", "lango approve watch"),
        ("Or one request, by its id:", "lango approve show 3f9a"),
        ("", "lango approve allow 3f9a"),
        (
            "Allow a request from now on for a week, and others that differ only in a name:",
            "lango approve allow 3f9a --always --for 7d --like 'argv[2]=https://api.example.com/*'",
        ),
        ("See which rule asks for a tool:", "lango approve explain run"),
        ("Take a yes back:", "lango approve revoke 81c0"),
    ),
    "lango settings": (
        ("Keep a document of settings in the vault:", "lango settings profile import work.json"),
        ("Go by it from now on:", "lango settings profile use work"),
        ("See its versions, and go back:", "lango settings profile history work"),
        ("", "lango settings profile rollback work 1"),
    ),
    "lango audit": (
        ("See what happened in the last day:", "lango audit list --since 1d"),
        ("Take a head, kept elsewhere:", "lango audit export --head --output head.json"),
        ("Check later that no record is missing:", "lango audit verify --head head.json"),
    ),
}
"""Of each page: what for, and the command line; an empty text goes with the one before."""

SECURITY = (
    "A value never goes into an argument, a log or a message: other users can see arguments, and"
    " the shell keeps them.",
    "Whoever runs code as you can do what you can: read the keyfile, ask the OS keyring, use an"
    " unlock session until it ends. A keyring or keyfile slot protects a stolen disk only as far"
    " as the keyring's password or the keyfile's place does.",
    "A changed passphrase still opens old copies of the header, and the database with them until"
    " lango db rekey. Home and state folder put back"
    " together from one old copy are not noticed.",
    "Audit records cut from the end are noticed only against a head exported before.",
    "README has the whole of what lango protects against, and what it cannot.",
)
