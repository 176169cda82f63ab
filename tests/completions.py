"""Completions for bash, zsh and fish, made from the command tree.

Each shell's function walks the words typed so far to the command they name, and offers what that
command takes. Why they hold every command and option themselves: pressing Tab then starts no
Python at all. Only for the names of secrets they ask `lango __complete`, which never unlocks
anything and answers from an unlock session or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tree import common

if TYPE_CHECKING:
    from tests.tree import Option, Page

MADE_BY = "made by: python3 -m tests generate"


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
