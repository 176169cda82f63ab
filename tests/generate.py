"""Writes man/, completions/ and README's table of exit codes from the command tree: `render()`.

The rule: these files are never edited: `python3 -m tests generate` writes them, a test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lango_cli import __version__
from lango_cli.config.declared import everything
from lango_cli.config.load import CONFIG
from lango_cli.config.schema import SETTINGS
from lango_cli.exit_codes import EXIT_CODES
from tests.completions import MADE_BY, bash, fish, zsh
from tests.manual import ENVIRONMENT, EXAMPLES, FOLDERS, SECURITY
from tests.tree import common, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.config.setting import Setting
    from tests.tree import Option, Page

TOP = Path(__file__).resolve().parent.parent


GLYPHS = str.maketrans(
    {"\\": "\\e", "-": "\\-", "~": "\\(ti", "^": "\\(ha", "'": "\\(aq", "`": "\\(ga"}
)
"""What troff would show as another sign, one to copy no command line from."""


def roff(text: str) -> str:
    """Text as troff shows it unchanged."""
    lines = text.translate(GLYPHS).split("\n")
    return "\n".join(f"\\&{line}" if line[:1] == "." else line for line in lines)


def manual(page: Page, shared: list[Option], *, root: bool) -> str:
    """The manual page of the root or of a group, its commands included.

    What many commands share stands once, at the end.
    """
    own = [option for option in page.options if not option.heading]
    title = page.path.replace(" ", "-")
    lines = [
        f'.\\" {MADE_BY}',
        f'.TH "{roff(title.upper())}" 1 "" "lango {__version__}"',
        ".SH NAME",
        f"{roff(title)} \\- {roff(page.summary.rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {roff(page.path)}",
        roff(page.usage),
        ".SH DESCRIPTION",
        *_paragraphs(page.text),
        ".SH COMMANDS",
    ]
    for below in page.pages:
        if below.pages and root:
            lines += [".TP", f".B {roff(below.name)}", roff(below.summary)]
            lines += [f"See \\fB{roff(below.path.replace(' ', '-'))}\\fR(1)."]
    for below in page.pages:
        if not (below.pages and root):
            lines += _command(below)
    if page.aliases:
        named = ", ".join(f"{alias} = {full}" for alias, full in page.aliases.items())
        lines += [".SH ALIASES", roff(named)]
    lines += [".SH OPTIONS", *_options(own), ".SS Global options"]
    lines += ["These may stand before or after the command.", *_options(shared), ".SS Unlocking"]
    lines += ["For every command that opens the vault; others refuse them."]
    lines += _options(page.unlocking)
    lines += [*_reference(page, root=root), *_examples(page)]
    if root:
        lines += [".SH SECURITY NOTES", *_paragraphs("\n\n".join(SECURITY))]
    return "\n".join([*lines, *_see_also(page, root=root)]) + "\n"


def _reference(page: Page, *, root: bool) -> list[str]:
    """What a page tells besides commands and options."""
    if not root:
        return _settings() if page.path == "lango settings" else []
    codes = {str(code): text for code, text in EXIT_CODES.items()}
    places = [*_environment(), *_rows("FILES", FOLDERS)]
    return [*_settings(), *places, *_rows("EXIT STATUS", codes)]


def _command(page: Page) -> list[str]:
    """A command's part of a page; a group's commands one after another."""
    lines = [f'.SS "{roff(page.path)} {roff(page.usage)}"', *_paragraphs(page.text)]
    for argument in page.arguments:
        lines += [".TP", f".I {roff(argument.metavar)}", roff(argument.text) or "\\&"]
    lines += _options([option for option in page.options if not option.heading])
    for below in page.pages:
        lines += _command(below)
    return lines


def _paragraphs(text: str) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        kept = paragraph.startswith((" ", "\t"))
        lines += [".PP", *([".nf", roff(paragraph), ".fi"] if kept else [roff(paragraph)])]
    return lines[1:]


def _options(options: list[Option]) -> list[str]:
    lines: list[str] = []
    for option in options:
        names = ", ".join(f"\\fB{roff(name)}\\fR" for name in option.names)
        value = f" \\fI{roff(option.metavar)}\\fR" if option.metavar else ""
        lines += [".TP", names + value, roff(option.text) or "\\&"]
    return lines


def _rows(heading: str, rows: dict[str, str]) -> list[str]:
    lines = [f".SH {heading}"]
    for name, text in rows.items():
        lines += [".TP", f".B {roff(name)}", roff(text)]
    return lines


def used() -> dict[str, list[Setting]]:
    """The settings that something uses, by section; the parts of security are sections."""
    found: dict[str, list[Setting]] = {}
    for setting in everything():
        if setting.used:
            parts = setting.key.split(".")
            section = ".".join(parts[: 2 if parts[0] == "security" else 1])
            found.setdefault(section, []).append(setting)
    return found


def unused(mark: str = "") -> str:
    """A sentence that names what nothing uses yet: whole sections, and single settings."""
    sections = {section.partition(".")[0] for section in used()}
    names = [
        one.key if one.section in sections else f"{one.section}.*"
        for one in everything()
        if not one.used
    ]
    *most, last = (f"{mark}{name}{mark}" for name in dict.fromkeys(names))
    return f"Accepted, checked and kept, but not used yet are {', '.join(most)} and {last}."


def _settings() -> list[str]:
    rows = {
        setting.key: f"{setting.doc} It takes {setting.takes()}; else it is"
        f" {setting.default or 'empty'}. {_kept(setting)}"
        for settings in used().values()
        for setting in settings
    }
    text = (
        f"Each stands in {CONFIG} or, once the vault is open, in its active profile, which goes"
        " before that file; a variable goes before both."
    )
    heading, *lines = _rows("SETTINGS", rows)
    return [heading, roff(text), *lines, ".PP", roff(unused())]


def _kept(setting: Setting) -> str:
    """Where it is kept, for the manual."""
    place = CONFIG if setting.bootstrap else "the profile"
    return f"Kept in {place}" + ("; it has no variable." if setting.guarded else ".")


def _environment() -> list[str]:
    own = {it.variable: f"The setting {it.key}." for it in SETTINGS if not it.guarded}
    return _rows("ENVIRONMENT", ENVIRONMENT | own)


def _examples(page: Page) -> list[str]:
    lines = [".SH EXAMPLES"]
    for text, command in EXAMPLES[page.path]:
        lines += [".PP", roff(text)] if text else []
        lines += [".RS", ".nf", roff(command), ".fi", ".RE"]
    return lines


def _see_also(page: Page, *, root: bool) -> list[str]:
    names = [f"lango-{below.name}" for below in page.pages if below.pages] if root else ["lango"]
    return [".SH SEE ALSO", ", ".join(f"\\fB{roff(name)}\\fR(1)" for name in names)]


def exit_code_table() -> str:
    """The exit codes as README shows them."""
    rows = [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    return "\n".join(["| code | meaning |", "| --- | --- |", *rows])


def settings_table() -> str:
    """The settings as README shows them: a table for each section."""
    lines = []
    for section, settings in used().items():
        lines += [f"**{section}**", "", "| setting | default | takes | kept in | |"]
        lines += ["| --- | --- | --- | --- | --- |", *map(_row, settings), ""]
    return "\n".join([*lines, unused("`")])


def _row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else ""
    place = CONFIG if setting.bootstrap else "profile"
    return f"| `{setting.key}` | {default} | {setting.takes()} | {place} | {setting.doc} |"


def readme(text: str) -> str:
    """README with the tables between their marks made anew."""
    for name, table in (("exit codes", exit_code_table()), ("settings", settings_table())):
        opening, closing = f"<!-- {name}, {MADE_BY} -->", f"<!-- end of {name} -->"
        before, start, rest = text.partition(opening)
        _, end, after = rest.partition(closing)
        if not (start and end):
            raise SystemExit(f"README.md has no place for the {name}: {opening} {closing}")
        text = f"{before}{start}\n{table}\n{end}{after}"
    return text


def render() -> dict[str, str]:
    """Every generated file: its path from the top, and its text."""
    root = tree()
    shared = common(root)
    shells: dict[str, Callable[[Page], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
    files = {f"completions/lango.{name}": shell(root) for name, shell in shells.items()}
    files["man/lango.1"] = manual(root, shared, root=True)
    for page in root.pages:
        if page.pages:
            files[f"man/lango-{page.name}.1"] = manual(page, shared, root=False)
    if (TOP / "README.md").exists():
        files["README.md"] = readme((TOP / "README.md").read_text())
    return files


def main() -> int:
    """Write what has changed; remove pages of groups that are gone."""
    files = render()
    for old in (TOP / "man").glob("*.1"):
        if str(old.relative_to(TOP)) not in files:
            old.unlink()
    for name, text in files.items():
        path = TOP / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
