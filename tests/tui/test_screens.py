"""The menu as a person meets it: the real program on a real terminal, its screens kept as text.

The rule: a test waits for what must appear and never for time. A screen is compared with its file
in `screens/`; with SCREENS=write in the environment the files are written anew, to be reviewed.
Counts of settings show as `#`: they are not what these screens are about.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pyte
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCREENS = Path(__file__).parent / "screens"
LIMIT = 60.0
UP, DOWN, ENTER, ESC, CTRL_C, REVIEW = "\x1b[A", "\x1b[B", "\r", "\x1b", "\x03", "\x18"
COUNTS = re.compile(r"(?<=\()\d+(?=\))|\d+(?= (settings?|below|above))|(?<=Search: )\d+")


class Home:
    """A vault that opens by its keyfile, and what it takes to run `lango` in it."""

    def __init__(self, root: Path) -> None:
        self.config = root / "lango" / "config.toml"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "LANGO_HOME": str(root / "lango"),
            "XDG_RUNTIME_DIR": str(root),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "NO_COLOR": "1",
        }
        self.run("init", "--keyfile", "--no-recovery")
        self.run("settings", "set", "unlock.order", '["keyfile", "prompt"]')

    def run(self, *words: str, code: int = 0) -> str:
        """What a command prints on both streams, without a terminal."""
        done = subprocess.run(
            [sys.executable, "-m", "lango_cli", *words],
            env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def get(self, key: str) -> str:
        return self.run("settings", "get", key).strip()


class Person:
    """Somebody at a terminal of 60 columns in front of `lango settings`.

    `through`: what shows it, where that is not this Python.
    """

    def __init__(
        self,
        home: Home,
        *words: str,
        rows: int = 24,
        term: str = "xterm",
        through: Sequence[str] = (),
    ) -> None:
        self.screen = pyte.Screen(60, rows)
        self.stream = pyte.ByteStream(self.screen)
        program, *given = through or (sys.executable, "-m", "lango_cli", "settings", *words)
        self.child = pexpect.spawn(
            program,
            given,
            env=home.env | {"TERM": term},
            dimensions=(rows, 60),
        )
        self.modes = self.left = termios.tcgetattr(self.child.child_fd)
        self.raw = b""

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip() + "\n"

    def sees(self, words: str) -> str:
        """The screen, once these words are on it."""
        return self.until(words, lambda: words in self.text())

    def until(self, what: str, done: object) -> str:
        assert callable(done)
        end = time.monotonic() + LIMIT
        while not done():
            assert time.monotonic() < end, f"{what} is not on the screen:\n{self.text()}"
            try:
                data = self.child.read_nonblocking(65536, 1)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                pytest.fail(f"it ended before {what} was on the screen:\n{self.text()}")
            self.raw += data
            self.stream.feed(data)
        return self.text()

    def press(self, *keys: str, sees: str) -> str:
        """Type these keys, and see this."""
        for key in keys:
            self.child.send(key)
        return self.sees(sees)

    def ends(self) -> int:
        """The exit code, once the program has ended."""
        try:
            while True:
                self.raw += self.child.read_nonblocking(65536, LIMIT)
        except pexpect.EOF:
            self.left = termios.tcgetattr(self.child.child_fd)
        self.child.close()
        status = self.child.exitstatus
        return 128 + int(self.child.signalstatus or 0) if status is None else status


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def people(home: Home) -> Iterator[list[Person]]:
    found: list[Person] = []
    yield found
    for person in found:
        person.child.close(force=True)


@pytest.fixture
def person(home: Home, people: list[Person]) -> Person:
    people.append(Person(home))

    people[0].sees("save, Esc leaves")
    return people[0]


def same(name: str, screen: str) -> None:
    """The screen is the one that is kept under this name."""
    path = SCREENS / f"{name}.txt"
    screen = COUNTS.sub("#", screen)
    if os.environ.get("SCREENS") == "write":
        SCREENS.mkdir(exist_ok=True)
        path.write_text(screen)
    assert screen == path.read_text()


def to(person: Person, key: str, sees: str) -> str:
    """The form of a setting, found by typing its name."""
    person.press(key, sees=f"Search: {key}_")
    return person.press(ENTER, sees=sees)


def test_the_first_screen_has_the_sections(person: Person) -> None:
    same("sections", person.text())


def test_what_is_typed_searches(person: Person) -> None:
    same("search", person.press("retention", sees="Search: retention_"))


def test_a_wrong_value_is_told_in_the_form(person: Person) -> None:
    to(person, "unlock.ttl", "Kept in")
    person.press("\x15", "soon", sees="> soon")
    same("form-error", person.press(ENTER, sees="cannot have this value"))


def test_a_list_has_its_items_one_by_one(person: Person) -> None:
    to(person, "unlock.order", "Take this list")
    person.press(DOWN, "\x10", sees="> - prompt")
    same("list", person.press(DOWN, DOWN, sees="> Add an item"))


def test_a_section_has_its_settings_and_what_can_be_added(person: Person) -> None:
    person.press(*[DOWN] * 13, sees="> providers")
    same("section", person.press(ENTER, sees="> Add: providers.<id>"))
    same("adding", person.press(ENTER, sees="The name that stands in"))


def test_a_choice_shows_what_there_is_and_where_it_is_kept(person: Person) -> None:
    same("choice", to(person, "output.color", "> auto"))


def test_a_table_has_its_members_and_each_a_form_of_two_lines(
    home: Home, people: list[Person]
) -> None:
    home.run("settings", "set", "security.interceptor.piiCustomPatterns.staff", "EMP-[0-9]+")
    people.append(Person(home))
    people[0].sees("save, Esc leaves")
    same("table", to(people[0], "piiCustom", "> - staff"))
    same("item", people[0].press(ENTER, sees="> EMP-[0-9]+"))


def test_a_secret_is_shown_on_request_and_until_the_next_key(
    home: Home, people: list[Person]
) -> None:
    subprocess.run(
        [sys.executable, "-m", "lango_cli", "settings", "set", "providers.openai.apiKey", "-"],
        env=home.env, input=b"hunter2", check=True,
    )  # fmt: skip
    people.append(Person(home))
    person = people[0]
    person.sees("save, Esc leaves")
    same("secret", to(person, "apiKey", "New value"))
    same("secret-shown", person.press("\x12", sees="hunter2"))
    person.press("n", sees="> *")
    assert "hunter2" not in person.text()


def test_leaving_with_a_change_is_a_question(person: Person) -> None:
    to(person, "output.color", "> auto")
    person.press(DOWN, ENTER, sees="* output.color")
    same("leaving", person.press(CTRL_C, sees="Leave without"))


def test_three_settings_changed_and_saved_are_in_diff(home: Home, person: Person) -> None:
    to(person, "output.color", "> auto")
    person.press(DOWN, ENTER, sees="* output.color")
    person.press(ESC, sees="lango settings,")
    to(person, "unlock.ttl", "> 15m")
    person.press("\x15", "20m", ENTER, sees="* unlock.ttl")
    person.press(ESC, sees="lango settings,")
    to(person, "secrets.retention", "> 30d")
    person.press("\x15", "10d", ENTER, sees="* secrets.retention")
    same("summary", person.press(REVIEW, sees="> Save"))
    assert home.get("unlock.ttl") == "15m"
    person.press(ENTER, sees="saved: 3 settings")
    assert person.ends() == 0
    values = [home.get(key) for key in ("output.color", "unlock.ttl", "secrets.retention")]
    assert values == ["always", "20m", "10d"]


def test_what_another_process_changed_is_brought_together(home: Home, person: Person) -> None:
    to(person, "output.color", "> auto")
    person.press(DOWN, ENTER, sees="* output.color")
    home.run("settings", "set", "output.color", "never")
    home.run("settings", "set", "unlock.ttl", "5m")
    person.press(REVIEW, sees="> Save")
    same("conflict", person.press(ENTER, sees="Changed elsewhere too (1 of 1)"))
    assert home.get("output.color") == "never"
    person.press(ENTER, sees="Summary: 1 setting")
    person.press(ENTER, sees="saved: 1 setting")
    assert person.ends() == 0
    assert home.get("output.color") == "always"
    assert home.get("unlock.ttl") == "5m"


@pytest.mark.parametrize("key", [ESC, CTRL_C])
def test_leaving_asks_saves_nothing_and_ends_with_3(home: Home, person: Person, key: str) -> None:
    to(person, "output.color", "> auto")
    person.press(DOWN, ENTER, sees="* output.color")
    person.press(ESC, sees="lango settings,")
    person.press(key, sees="Leave without saving changes of 1 setting?")
    person.press(DOWN, sees="> Leave, and save nothing")
    person.child.send(ENTER)
    assert person.ends() == 3
    assert home.get("output.color") == "auto"


def test_a_new_size_is_drawn_anew(person: Person) -> None:
    to(person, "unlock.ttl", "> 15m")
    person.screen.resize(12, 40)
    person.child.setwinsize(12, 40)
    person.press("9", sees="> 15m9")
    assert all(len(line.rstrip()) <= 40 for line in person.text().splitlines())


def test_a_hang_up_saves_nothing_and_puts_the_terminal_back(home: Home, person: Person) -> None:
    to(person, "output.color", "> auto")
    person.press(DOWN, ENTER, sees="* output.color")
    person.child.kill(signal.SIGHUP)
    assert person.ends() == 128 + signal.SIGHUP
    assert b"\x1b[?1049l" in person.raw.rpartition(b"* output.color")[2]
    assert person.left == person.modes
    assert home.get("output.color") == "auto"


def test_a_dumb_terminal_gets_numbered_choices_and_no_escapes(
    home: Home, people: list[Person]
) -> None:
    people.append(Person(home, rows=200, term="dumb"))
    person = people[0]
    person.sees("q to leave:")
    person.press("output.color\r", sees="Number, or Enter to go back:")
    person.press("1\r", sees="Enter to keep it:")
    person.press("purple\r", sees="Error:")
    person.press("2\r", sees="changed, output.color")
    person.press("\r", sees="1 changed")
    same("plain", person.press("s\r", sees="Save? [y/N]:"))
    assert b"\x1b" not in person.raw
    person.press("y\r", sees="saved: 1 setting")
    assert person.ends() == 0
    assert home.get("output.color") == "always"


def test_ctrl_c_in_the_conversation_asks_before_it_loses(home: Home, people: list[Person]) -> None:
    people.append(Person(home, "--plain", rows=200))
    person = people[0]
    person.sees("q to leave:")
    person.press("output.color\r", sees="Number, or Enter to go back:")
    person.press("1\r", sees="Enter to keep it:")
    person.press("2\r", sees="changed, output.color")
    person.press(CTRL_C, sees="[y/N]:")
    person.press("n\r", sees="1 changed")
    person.child.send("q\r")
    person.child.send("y\r")
    assert person.ends() == 3
    assert home.get("output.color") == "auto"


def test_the_conversation_says_which_answer_it_cannot_use(
    home: Home, people: list[Person]
) -> None:
    people.append(Person(home, "--plain", rows=200))
    person = people[0]
    person.sees("q to leave:")
    person.press("exempt\r", sees="Number, or Enter to go back:")
    person.press("77\r", sees="Error: 77 is none of these")
    person.press("1\r", sees="no items")
    person.press("crypto_hash\r", sees="Error: crypto_hash is none of these")


def test_without_a_terminal_it_names_the_scripted_commands(home: Home) -> None:
    said = home.run("settings", code=2)
    assert "lango settings get, set, unset, list" in said
    assert "no-input" not in home.run("settings", "--no-input", code=2)


def test_a_secret_is_added_masked_revealed_on_request_and_kept_as_a_secret(
    home: Home, people: list[Person]
) -> None:
    people.append(Person(home, rows=60))
    person = people[0]
    rows = [line[2:].partition(" ")[0] for line in person.sees("Esc leaves").splitlines()[2:]]
    person.press(*[DOWN] * rows.index("providers"), sees="> providers")
    person.press(ENTER, sees="Add: providers.<id>")
    person.press(ENTER, sees="Enter adds it")
    person.press("openai", ENTER, sees="> providers.openai.apiKey")
    person.press(ENTER, sees="Enter alone keeps it")
    person.press("sk-made-up", sees="**********")
    assert "sk-made-up" not in person.text()
    person.press("\x12", sees="> sk-made-up")
    person.press(ENTER, sees="providers.openai.apiKey")
    person.press(REVIEW, sees="after : (hidden)")
    person.press(ENTER, sees="saved: 1 setting")
    assert person.ends() == 0
    assert "{{secret:" in home.get("providers.openai.apiKey")
    assert home.run("secrets", "get", "settings/default/providers.openai.apiKey").strip() == (
        "sk-made-up"
    )
