"""New credentials, as init, onboard, `keys slot add` and `keys passphrase` ask for them.

The rule: a new passphrase comes from the source that was named, else from a person who types it
twice; recovery words are shown once, where no scrollback keeps them, and two of them are asked
back, because words that nobody wrote down are no way in.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

from typer import Option

from lango_cli.cli import parse
from lango_cli.errors import Cancelled, UsageProblem
from lango_cli.wiring import slotting

if TYPE_CHECKING:
    from lango_cli.cli.call import Call
    from lango_cli.cli.terminal import Prompter
    from lango_cli.model import SlotInfo
    from lango_cli.secret import SecretBytes

TRIES = 3
ASKED_BACK = 2
ROWS = 8
"""Words below one another; 24 words make three columns, which fit on any terminal."""
NEW_WAYS = "give --new-passphrase-file F or --new-passphrase-fd N"

NewFd = Annotated[
    str | None,
    Option("--new-passphrase-fd", metavar="N", help="Read the new passphrase from descriptor N."),
]
NewFile = Annotated[
    str | None,
    Option("--new-passphrase-file", metavar="FILE", help="Read the new passphrase from FILE."),
]
KdfName = Annotated[
    str | None,
    Option("--kdf", metavar="NAME", help="Derivation of the passphrase: pbkdf2 or argon2id."),
]
RecoveryFile = Annotated[
    str | None,
    Option("--recovery-file", metavar="FILE", help="Write the words to this new file (0600)."),
]


def kdf_of(call: Call, name: str | None) -> str:
    """The header's name for `--kdf`, or for the setting where it is not given."""
    given = call.settings().text("kdf.algorithm") if name is None else name
    return slotting.KDFS[parse.choice(given, "--kdf", tuple(slotting.KDFS))]


class NewPassphrase:
    """Where a new passphrase comes from; what makes no sense is refused at once."""

    def __init__(self, call: Call, fd: str | None, path: str | None) -> None:
        if fd is not None and path is not None:
            raise UsageProblem(
                "the new passphrase has more than one source", hint="give one of the two"
            )
        self._call = call
        self._fd = None if fd is None else parse.descriptor(fd, "--new-passphrase-fd")
        self._path = path
        if self._fd is not None and self._fd == call.flags.passphrase_fd:
            raise UsageProblem(
                "the old and the new passphrase come from the same descriptor",
                hint="give one of them in a file: --passphrase-file F",
            )

    @property
    def named(self) -> bool:
        """Whether a source was named."""
        return self._fd is not None or self._path is not None

    def check(self, more: str = "") -> None:
        """Locked (12) if it would have to be asked for, and nobody can be asked."""
        if not self.named:
            self._call.asking("a new passphrase", hint=f"{NEW_WAYS}{more}")

    def read(self, prompt: str = "New passphrase") -> SecretBytes:
        """The passphrase; a short one with a warning, an empty one not at all."""
        found = slotting.new_passphrase(self._fd, self._path)
        if found is None:
            ask = self._call.asking("a new passphrase", hint=NEW_WAYS)
            found = slotting.checked_passphrase(ask.new_secret(prompt))
        if slotting.is_short(found):
            self._call.ui.warn(
                f"the new passphrase has fewer than {slotting.SHORT} characters: anyone with the"
                " vault's files can try all of that length"
            )
        return found


def check_words(call: Call, path: str | None, refusal: str) -> None:
    """UsageProblem where words could neither be shown nor written; `refusal` is one more way."""
    if path is None and call.ask is None:
        raise UsageProblem(
            "recovery words are shown on a terminal, and there is none",
            hint=f"give --recovery-file F{refusal}",
        )


def hand_out_words(call: Call, entropy: SecretBytes, path: str | None, otherwise: str) -> None:
    """Show the words unless they go to a file, and ask two back; else Cancelled: `otherwise`."""
    if path is not None or call.ask is None:
        return
    words = slotting.words_for(entropy)
    wrong: list[str] = []
    for _ in range(TRIES):
        page = [*wrong, *_page(words)]
        call.ask.show_once(page, "Press Enter when you have written them down")
        if _knows(call.ask, words):
            return
        wrong = ["That is not what was shown. Here they are once more.", ""]
    raise Cancelled(f"the words were not repeated: {otherwise}")


def _page(words: list[str]) -> list[str]:
    cells = [f"{number:2}. {word:<10}" for number, word in enumerate(words, 1)]
    rows = ["   ".join(cells[at::ROWS]).rstrip() for at in range(ROWS)]
    return [
        "These words open the vault when everything else is lost. They are shown once.",
        "Write them on paper, in this order, and keep it where this machine is not.",
        "",
        *rows,
        "",
    ]


def _knows(ask: Prompter, words: list[str]) -> bool:
    """Whether words at two random places are typed as they were shown; not shown while typed."""
    places = sorted(secrets.SystemRandom().sample(range(len(words)), ASKED_BACK))
    answers = [ask.secret(f"Word {place + 1}").text().strip().lower() for place in places]
    return answers == [words[place] for place in places]


def slot_members(slot: SlotInfo) -> dict[str, object]:
    """A slot as JSON has it."""
    return {
        "id": slot.id,
        "kind": slot.kind,
        "label": slot.label,
        "strength": slot.strength,
        "kdf": slot.kdf,
        "fingerprint": slot.fingerprint,
        "created_at": slot.created,
        "last_used_at": slot.last_used,
        "last_tested_at": slot.last_tested,
    }
