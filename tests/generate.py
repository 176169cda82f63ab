"""Writes man/, completions/ and README's table of exit codes from the command tree: `render()`.

The rule: these files are never edited: `python3 -m tests generate` writes them, a test compares.
Why the completions hold every command and option themselves: pressing Tab then starts no Python at
all. Only for the names of secrets they ask `lango __complete`, which never unlocks anything and
answers from an unlock session or not at all.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from typer._click import Context

from lango_cli import __version__
from lango_cli.cli.groups import Root
from lango_cli.cli.options import Group
from lango_cli.errors import EXIT_CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typer._click import Command, Parameter

TOP = Path(__file__).resolve().parent.parent
MADE_BY = "made by: python3 -m tests generate"
FILES = ("FILE", "DIR", "PATH")
"""What a parameter that takes the name of a file is called in usage lines."""
NAMES = ("NAME", "PREFIX", "OLD", "A")
"""What an argument of `lango secrets` is called that takes the name of a secret there is."""
FIXED = {"--color": ("auto", "always", "never"), "--newline": ("auto", "yes", "no")}
"""What an option takes that is checked by the command itself."""
TABLE_START, TABLE_END = f"<!-- exit codes, {MADE_BY} -->", "<!-- end of exit codes -->"


@dataclass(frozen=True)
class Option:
    """One option: all its spellings, what it takes (nothing: a flag), and one line on it."""

    names: tuple[str, ...]
    metavar: str
    text: str
    choices: tuple[str, ...] = ()
    heading: str = ""
    """That of the options which many commands share; empty for a command's own."""

    @property
    def takes_file(self) -> bool:
        """Whether its value is the name of a file."""
        return self.metavar in FILES


@dataclass(frozen=True)
class Argument:
    """One word that stands without a name."""

    metavar: str
    text: str


@dataclass
class Page:
    """One command or group, as its help shows it."""

    path: str
    summary: str
    text: str
    usage: str
    arguments: list[Argument] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last word of its path."""
        return self.path.rpartition(" ")[2]

    @property
    def takes_file(self) -> bool:
        """Whether one of its words is the name of a file."""
        return any(argument.metavar.rstrip(".") in FILES for argument in self.arguments)

    @property
    def takes_name(self) -> bool:
        """Whether its first word is the name of a secret."""
        first = next((argument.metavar.rstrip(".") for argument in self.arguments), "")
        return self.path.startswith("lango secrets ") and first in NAMES

    def all(self) -> Iterator[Page]:
        """This page and those below it, in order."""
        yield self
        for page in self.pages:
            yield from page.all()

    def words(self) -> list[tuple[str, str]]:
        """What may be typed next, aliases too, each with its line."""
        named = {page.name: page.summary for page in self.pages}
        short = [(alias, f"{full}: {named[full]}") for alias, full in self.aliases.items()]
        return [*named.items(), *short]


def tree() -> Page:
    """The whole command tree."""
    return _page(Root(), "lango", None)


def _page(command: Command, name: str, above: Context | None, summary: str = "") -> Page:
    context = Context(command, info_name=name, parent=above)
    text = (command.help or "").replace("\b\n", "").strip()
    page = Page(
        path=context.command_path,
        summary=summary or text.partition("\n")[0],
        text=text,
        usage=" ".join(command.collect_usage_pieces(context)),
    )
    for param in command.get_params(context):
        if param.param_type_name == "argument":
            page.arguments.append(_argument(param, context))
        elif not getattr(param, "hidden", False):
            page.options.append(_option(param, context))
    if isinstance(command, Group):
        listed = command.list_commands(context)
        for word in command.names(context):
            below = command.get_command(context, word)
            if word in listed and below is not None:
                page.pages.append(_page(below, word, context, command.summary(word)))
            elif word not in listed:
                page.aliases[word] = command.canonical(word)
    return page


def _argument(param: Parameter, context: Context) -> Argument:
    record = param.get_help_record(context)
    metavar = param.make_metavar(context).strip("[]")
    return Argument(metavar, record[1].removesuffix("[required]").rstrip() if record else "")


def _option(param: Parameter, context: Context) -> Option:
    flag = getattr(param, "is_flag", False) or getattr(param, "count", False)
    metavar = "" if flag else param.make_metavar(context)
    listed = getattr(param.type, "choices", FIXED.get(param.opts[-1], ()))
    choices = tuple(str(choice) for choice in listed)
    names = (*param.opts, *param.secondary_opts)
    heading = getattr(param, "rich_help_panel", None) or ""
    return Option(names, metavar, getattr(param, "help", "") or "", choices, heading)


def common(root: Page) -> list[Option]:
    """The options that every command takes."""
    return [option for option in root.options if all(option in p.options for p in root.all())]


# Manual pages.


def roff(text: str) -> str:
    """Text as troff shows it unchanged."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(
        f"\\&{line}" if line[:1] in (".", "'") else line for line in escaped.split("\n")
    )


def manual(page: Page, shared: list[Option], *, root: bool) -> str:
    """The manual page of the root or of a group, its commands included.

    What many commands share stands once, at the end.
    """
    own = [option for option in page.options if not option.heading]
    unlocking = [option for option in page.options if option.heading and option not in shared]
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
    lines += ["For every command that opens the vault.", *_options(unlocking)]
    lines += _exit_status() if root else []
    return "\n".join([*lines, *_see_also(page, root=root)]) + "\n"


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


def _exit_status() -> list[str]:
    lines = [".SH EXIT STATUS"]
    for code, meaning in EXIT_CODES.items():
        lines += [".TP", f".B {code}", roff(meaning)]
    return lines


def _see_also(page: Page, *, root: bool) -> list[str]:
    names = [f"lango-{below.name}" for below in page.pages if below.pages] if root else ["lango"]
    return [".SH SEE ALSO", ", ".join(f"\\fB{roff(name)}\\fR(1)" for name in names)]


# Completions. Each shell's function walks the words typed so far to the command they name, and
# offers what that command takes.


def _quoted(text: str) -> str:
    """One word for bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def _names(options: list[Option]) -> str:
    return " ".join(name for option in options for name in option.names)


def _own(page: Page, shared: list[Option]) -> list[Option]:
    return [option for option in page.options if option not in shared]


def _valued(root: Page) -> list[Option]:
    """Every option that takes a value, once."""
    return list(dict.fromkeys(o for page in root.all() for o in page.options if o.metavar))


def _more(page: Page) -> str:
    """What bash and zsh note of a command whose words are files or names of secrets."""
    return (" files=1" if page.takes_file else "") + (" names=1" if page.takes_name else "")


def _steps(root: Page) -> list[tuple[str, str]]:
    """What the words typed add up to: a path and a word, and the path that this gives."""
    steps = []
    for page in root.all():
        steps += [(below.path, below.path) for below in page.pages]
        steps += [(f"{page.path} {a}", f"{page.path} {full}") for a, full in page.aliases.items()]
    return steps


def _walk(root: Page, words: str, first: int, end: str) -> list[str]:
    """The loop that bash and zsh share: `where` is the command, `taker` an option that waits."""
    valued = "|".join(name for option in _valued(root) for name in option.names)
    lines = [
        "    local word where=lango taker=",
        "    local i",
        f"    for ((i = {first}; i < {end}; i++)); do",
        f"        word=${{{words}[i]}}",
        "        if [[ -n $taker ]]; then",
        '            [[ $word == "=" ]] || taker=',
        "            continue",
        "        fi",
        '        case "$word" in',
        f"            {valued}) taker=$word; continue ;;",
        "            -*) continue ;;",
        "        esac",
        '        case "$where $word" in',
    ]
    lines += [
        f"            {_quoted(typed)}) where={_quoted(path)} ;;" for typed, path in _steps(root)
    ]
    return [*lines, "        esac", "    done"]


def bash(root: Page) -> str:
    """For bash, with or without the bash-completion package."""
    shared = common(root)
    lines = [
        f"# bash completion for lango; {MADE_BY}",
        "_lango_reply() {",
        "    local line",
        '    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$@")',
        "}",
        "_lango() {",
        "    COMPREPLY=()",
        '    local current="${COMP_WORDS[COMP_CWORD]}"',
        *_walk(root, "COMP_WORDS", 1, "COMP_CWORD"),
        '    [[ $current == "=" ]] && current=',
        '    case "$taker" in',
        "        '') ;;",
    ]
    for option in _valued(root):
        if option.takes_file or option.choices:
            how = "-f" if option.takes_file else f"-W {_quoted(' '.join(option.choices))}"
            reply = f'_lango_reply {how} -- "$current"'
            lines += [f"        {'|'.join(option.names)}) {reply}; return ;;"]
    lines += [
        "        *) return ;;",
        "    esac",
        "    local words= options= files= names=",
        '    case "$where" in',
    ]
    for page in root.all():
        words = _quoted(" ".join(word for word, _ in page.words()))
        options = _quoted(_names(_own(page, shared)))
        more = _more(page)
        lines += [f"        {_quoted(page.path)}) words={words} options={options}{more} ;;"]
    lines += [
        "    esac",
        f'    [[ $current == -* ]] && words="$options {_names(shared)}" files= names=',
        '    _lango_reply -W "$words" ${files:+-f} -- "$current"',
        "    [[ -n $names ]] || return 0",
        '    while IFS= read -r word; do COMPREPLY+=("$word"); done \\',
        '        < <(lango __complete "$current" 2>/dev/null)',
        "}",
        "complete -o filenames -F _lango lango",
    ]
    return "\n".join(lines) + "\n"


def zsh(root: Page) -> str:
    """For zsh."""
    shared = common(root)

    def described(rows: list[tuple[str, str]]) -> str:
        return " ".join(_quoted(f"{name}:{text}") for name, text in rows)

    def options(found: list[Option]) -> str:
        return described([(name, option.text) for option in found for name in option.names])

    lines = [
        "#compdef lango",
        f"# {MADE_BY}",
        "_lango() {",
        *_walk(root, "words", 2, "CURRENT"),
        '    case "$taker" in',
        "        '') ;;",
    ]
    for option in _valued(root):
        if option.takes_file or option.choices:
            how = "_files" if option.takes_file else f"compadd -- {' '.join(option.choices)}"
            lines += [f"        {'|'.join(option.names)}) {how}; return ;;"]
    lines += [
        "        *) return ;;",
        "    esac",
        "    local -a commands options",
        "    local files= names=",
        '    case "$where" in',
    ]
    for page in root.all():
        lines += [
            f"        {_quoted(page.path)})",
            f"            commands=({described(page.words())})",
            f"            options=({options(_own(page, shared))}){_more(page)} ;;",
        ]
    lines += [
        "    esac",
        "    if [[ $words[CURRENT] == -* ]]; then",
        f"        options+=({options(shared)})",
        "        _describe -o option options",
        "        return",
        "    fi",
        "    if (( $#commands )); then _describe command commands; fi",
        "    if [[ -n $files ]]; then _files; fi",
        "    [[ -n $names ]] || return 0",
        '    commands=(${(f)"$(lango __complete "${(Q)words[CURRENT]}" 2>/dev/null)"})',
        "    if (( $#commands )); then compadd -- $commands; fi",
        "}",
        'if [[ $funcstack[1] == "_lango" ]]; then _lango "$@"; else compdef _lango lango; fi',
    ]
    return "\n".join(lines) + "\n"


def fish(root: Page) -> str:
    """For fish."""
    shared = common(root)
    valued = " ".join(name for option in _valued(root) for name in option.names)
    lines = [
        f"# fish completion for lango; {MADE_BY}",
        "function __lango_at",
        "    set -l where lango",
        "    set -l taker",
        "    for word in (commandline -opc)[2..]",
        "        if set -q taker[1]",
        "            set -e taker[1]",
        "            continue",
        "        end",
        f"        if contains -- $word {valued}",
        "            set taker $word",
        "            continue",
        "        end",
        '        switch "$where $word"',
    ]
    for typed, path in _steps(root):
        lines += [f"            case {_fish(typed)}", f"                set where {_fish(path)}"]
    lines += [
        "        end",
        "    end",
        '    test "$where" = "$argv"',
        "end",
        "function __lango_names",
        "    set -l word (commandline -ct)",
        "    if command -q lango; and not string match -q -- '-*' $word",
        "        lango __complete $word 2>/dev/null",
        "    end",
        "end",
        "complete -c lango -f",
    ]
    lines += [f"complete -c lango {_fish_option(option)}" for option in shared]
    for page in root.all():
        at = f"complete -c lango -n {_fish('__lango_at ' + page.path)}"
        lines += [f"{at} -a {_fish(word)} -d {_fish(text)}" for word, text in page.words()]
        lines += [f"{at} {_fish_option(option)}" for option in _own(page, shared)]
        lines += [f"{at} -F"] if page.takes_file else []
        lines += [f"{at} -a '(__lango_names)' -d secret"] if page.takes_name else []
    return "\n".join(lines) + "\n"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish_option(option: Option) -> str:
    names = [f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in option.names]
    if option.choices:
        names.append(f"-x -a {_fish(' '.join(option.choices))}")
    elif option.metavar:
        names.append("-r -F" if option.takes_file else "-x")
    return f"{' '.join(names)} -d {_fish(option.text)}"


# All of it.


def exit_code_table() -> str:
    """The exit codes as README shows them."""
    rows = [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    return "\n".join(["| code | meaning |", "| --- | --- |", *rows])


def readme(text: str) -> str:
    """README with the table between its two marks made anew."""
    before, start, rest = text.partition(TABLE_START)
    _, end, after = rest.partition(TABLE_END)
    if not (start and end):
        raise SystemExit(f"README.md has no place for the exit codes: {TABLE_START} {TABLE_END}")
    return f"{before}{start}\n{exit_code_table()}\n{end}{after}"


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
