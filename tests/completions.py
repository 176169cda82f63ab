"""Completions for bash, zsh and fish, made from the command tree.

Each shell's function walks the words typed so far to the command they name, and offers what that
command takes. Why they hold every command and option themselves: pressing Tab then starts no
Python at all. Only for names of secrets, slots, keys, settings and profiles they ask `lango
__complete`, which never unlocks anything: it answers from an unlock session, from the vault's
header and from what settings there are, or not at all.

A `--home` on the line is passed on. Where only the shell itself could say which folder that is (a
variable, a command), nothing is offered: names of another vault would be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tree import FILE, KEY, PROFILE, SECRET, SETTING, SLOT, common

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.tree import Fill, Option, Page

MADE_BY = "made by: python3 -m tests generate"
ASK = {
    SECRET: "",
    SLOT: " --slots",
    KEY: " --keys",
    SETTING: " --settings",
    PROFILE: " --profiles",
}
"""What `lango __complete` is told to offer."""


def _quoted(text: str) -> str:
    """One word for bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def _names(options: list[Option]) -> str:
    return " ".join(name for option in options for name in option.names)


def _own(page: Page, shared: list[Option]) -> list[Option]:
    return [option for option in page.options if option not in shared]


def _takers(root: Page) -> list[str]:
    """Every name of an option that takes a value, at least somewhere."""
    options = [option for page in root.all() for option in page.options if option.metavar]
    return list(dict.fromkeys(name for option in options for name in option.names))


def _flags(root: Page) -> list[str]:
    """Command and option, where an option takes no value though elsewhere it does."""
    takers = set(_takers(root))
    return [
        f"{page.path} {name}"
        for page in root.all()
        for option in page.options
        for name in option.names
        if not option.metavar and name in takers
    ]


def _fills(root: Page) -> Iterator[tuple[str, Fill]]:
    """Patterns for a command and an option of it, and what its value is: the rarer ones first."""
    usual: dict[str, Fill] = {}
    for page in root.all():
        for option in page.options:
            for name in option.names if option.metavar else ():
                if usual.setdefault(name, option.fill) != option.fill:
                    yield _quoted(f"{page.path} {name}"), option.fill
    for fill in dict.fromkeys(usual.values()):
        if fill:
            names = [name for name, its in usual.items() if its == fill]
            yield "|".join(f"*{_quoted(f' {name}')}" for name in names), fill


def _places(root: Page) -> Iterator[tuple[str, Fill]]:
    """Patterns for a command and how many words it has already, and what the next one is."""
    for page in root.all():
        for place, argument in enumerate(page.arguments):
            if argument.fill:
                end = "*" if argument.repeated else str(place)
                yield f"{_quoted(page.path)}' '{end}", argument.fill


def _steps(root: Page) -> list[tuple[str, str]]:
    """What the words typed add up to: a path and a word, and the path that this gives."""
    steps = []
    for page in root.all():
        steps += [(below.path, below.path) for below in page.pages]
        steps += [(f"{page.path} {a}", f"{page.path} {full}") for a, full in page.aliases.items()]
    return steps


def _walk(root: Page, first: int, end: str) -> list[str]:
    """The loop that bash and zsh share.

    `where` is the command, `place` how many of its own words are there, `taker` an option that
    waits for its value, `home` what --home was given, as typed.
    """
    flags = "|".join(map(_quoted, _flags(root)))
    lines = [
        "    local word where=lango taker= home=",
        "    local -i i place=0",
        f"    for ((i = {first}; i < {end}; i++)); do",
        "        word=${words[i]}",
        "        if [[ -n $taker ]]; then",
        "            [[ $taker == --home ]] && home=$word",
        "            taker=",
        "            continue",
        "        fi",
        *([f'        case "$where $word" in {flags}) continue ;; esac'] if flags else []),
        '        case "$word" in',
        "            --home=*)",
        "                home=${word#*=}",
        "                # No shell expands a ~ in the middle of a word.",
        '                [[ $home == "~"* ]] && home="./$home"',
        "                continue ;;",
        f"            {'|'.join(_takers(root))}) taker=$word; continue ;;",
        "            -?*) continue ;;",
        "        esac",
        '        case "$where $word" in',
    ]
    lines += [
        f"            {_quoted(typed)}) where={_quoted(path)} ;;" for typed, path in _steps(root)
    ]
    return [*lines, "            *) place+=1 ;;", "        esac", "    done"]


def _offer(root: Page, how: Callable[[Fill], str]) -> list[str]:
    """What bash and zsh share too: an option's value first, then the command's next word."""
    return [
        "    if [[ -n $taker ]]; then",
        '        case "$where $taker" in',
        *(f"            {pattern}) {how(fill)} ;;" for pattern, fill in _fills(root)),
        "        esac",
        "        return 0",
        "    fi",
        "    if [[ $current != -* ]]; then",
        '        case "$where $place" in',
        *(f"            {pattern}) {how(fill)} ;;" for pattern, fill in _places(root)),
        "        esac",
        "    fi",
    ]


BASH_HEAD = r"""_lango_reply() {
    local line
    while IFS= read -r line; do COMPREPLY+=("${line#"$stem"}"); done < <(compgen "$@")
}
# Sets `plain` to what the word means; fails where that takes a shell.
_lango_plain() {
    plain=$1
    case "$plain" in
        \'*) plain=${plain#\'}; plain=${plain%\'}; [[ $plain != *\'* ]]; return ;;
        \"*) plain=${plain#\"}; plain=${plain%\"}; [[ $plain != *[\"\$\`\\]* ]]; return ;;
        "~"|"~/"*) plain=$HOME${plain#\~} ;;
        "~"*) return 1 ;;
    esac
    [[ $plain != *[\'\"\$\`]* ]] || return 1
    IFS= read plain <<< "$plain"
}
_lango_ask() {
    local plain line
    if [[ -n $home ]]; then
        _lango_plain "$home" || return 0
        set -- "$@" --home "$plain"
    fi
    _lango_plain "$current" || return 0
    while IFS= read -r line; do COMPREPLY+=("${line#"$stem"}"); done \
        < <(lango __complete "$@" -- "$plain" 2>/dev/null)
}
_lango() {
    COMPREPLY=()
    # Bash takes words apart at = and : too; what nothing stands between is put together again.
    local -a words=("${COMP_WORDS[0]}")
    local piece rest line=${COMP_LINE#*"${COMP_WORDS[0]}"}
    local -i at
    for ((at = 1; at <= COMP_CWORD; at++)); do
        piece=${COMP_WORDS[at]}
        rest=${line#"${line%%[![:space:]]*}"}
        if [[ $rest == "$line" && $line == "$piece"* ]]; then
            words[${#words[@]}-1]+=$piece
        else
            words+=("$piece")
        fi
        line=${rest#"$piece"}
    done
    local current=${words[${#words[@]}-1]} stem
    [[ $piece == *[!=:]* ]] || piece=
    # The part of the word that Readline leaves as it is.
    stem=${current%"$piece"}"""

BASH_VALUE = """    if [[ -z $taker && $current == --*=* ]]; then
        taker=${current%%=*}
        [[ $stem == "$taker="* ]] || return 0
        stem=${stem#"$taker="}
        current=${current#*=}
    fi"""


def bash(root: Page) -> str:
    """For bash, with or without the bash-completion package."""
    shared = common(root)

    def how(fill: Fill) -> str:
        if fill.what in ASK:
            return f"_lango_ask{ASK[fill.what]}"
        if fill.what == FILE:
            return '_lango_reply -f -- "$current"'
        listed = _quoted(" ".join(fill.choices))
        return f'_lango_reply -W {listed} -- "$current"' if fill else ":"

    lines = [
        f"# bash completion for lango; {MADE_BY}",
        BASH_HEAD,
        *_walk(root, 1, "${#words[@]} - 1"),
        BASH_VALUE,
        *_offer(root, how),
        "    local commands= options=",
        '    case "$where" in',
    ]
    for page in root.all():
        words = _quoted(" ".join(word for word, _ in page.words()))
        options = _quoted(_names(_own(page, shared)))
        lines += [f"        {_quoted(page.path)}) commands={words} options={options} ;;"]
    lines += [
        "    esac",
        f'    [[ $current == -* ]] && commands="$options {_names(shared)}"',
        '    _lango_reply -W "$commands" -- "$current"',
        "}",
        "complete -o filenames -F _lango lango",
    ]
    return "\n".join(lines) + "\n"


ZSH_HEAD = r"""# Sets `plain` to what the word means; fails where that takes a shell.
_lango_plain() {
    plain=$1
    [[ $plain == \'* || $plain != *[\$\`]* ]] || return 1
    case "$plain" in
        "~"|"~/"*) plain=$HOME${(Q)${plain#\~}} ;;
        "~"*) return 1 ;;
        *) plain=${(Q)plain} ;;
    esac
}
_lango_ask() {
    local plain
    local -a found
    if [[ -n $home ]]; then
        _lango_plain "$home" || return 0
        set -- "$@" --home "$plain"
    fi
    _lango_plain "$current" || return 0
    found=(${(f)"$(lango __complete "$@" -- "$plain" 2>/dev/null)"})
    if (( $#found )); then compadd -- $found; fi
}"""

ZSH_VALUE = """    local current=$words[CURRENT]
    if [[ -z $taker && $current == --*=* ]]; then
        taker=${current%%=*}
        current=${current#*=}
        compset -P 1 '*='
    fi"""


def zsh(root: Page) -> str:
    """For zsh."""
    shared = common(root)

    def described(rows: list[tuple[str, str]]) -> str:
        return " ".join(_quoted(f"{name}:{text}") for name, text in rows)

    def options(found: list[Option]) -> str:
        return described([(name, option.text) for option in found for name in option.names])

    def how(fill: Fill) -> str:
        if fill.what in ASK:
            return f"_lango_ask{ASK[fill.what]}"
        if fill.what == FILE:
            return "_files"
        return f"compadd -- {' '.join(fill.choices)}" if fill else ":"

    lines = [
        "#compdef lango",
        f"# {MADE_BY}",
        ZSH_HEAD,
        "_lango() {",
        *_walk(root, 2, "CURRENT"),
        ZSH_VALUE,
        *_offer(root, how),
        "    local -a commands options",
        '    case "$where" in',
    ]
    for page in root.all():
        lines += [
            f"        {_quoted(page.path)})",
            f"            commands=({described(page.words())})",
            f"            options=({options(_own(page, shared))}) ;;",
        ]
    lines += [
        "    esac",
        "    if [[ $current == -* ]]; then",
        f"        options+=({options(shared)})",
        "        _describe -o option options",
        "    elif (( $#commands )); then",
        "        _describe command commands",
        "    fi",
        "}",
        'if [[ $funcstack[1] == "_lango" ]]; then _lango "$@"; else compdef _lango lango; fi',
    ]
    return "\n".join(lines) + "\n"


FISH_HEAD = r"""# Prints the command that the words so far name, how many of its own words
# are there (- where an option waits for its value), and what --home was given, if it was.
function __lango_walk
    set -l where lango
    set -l place 0
    set -l taker
    set -l home
    for word in (commandline -opc)[2..]
        if set -q taker[1]
            test $taker = --home; and set home $word
            set -e taker[1]
            continue
        end"""

FISH_TAIL = r"""    end
    set -q taker[1]; and set place -
    printf '%s\n' $where $place $home
end
function __lango_at
    set -l found (__lango_walk)
    contains -- $found[1] $argv
end
function __lango_word
    set -l found (__lango_walk)
    test $found[2] != -; and contains -- $argv[1] '*' $found[2]
    and contains -- $found[1] $argv[2..]
end
function __lango_ask
    set -l word (string replace -r '^--[a-z-]+=' '' -- (commandline -ct))
    string match -qr '^-' -- $word; and return
    set -l found (__lango_walk)
    if set -q found[3]
        set -l home $found[3]
        string match -qr '[$(]|^~[^/]' -- $home; and return
        string match -qr '^~' -- $home; and set home (string replace '~' $HOME -- $home)
        set -a argv --home $home
    end
    set word (string replace -r '^["\']' '' -- $word | string replace -ra '\\\\(.)' '$1')
    command -q lango; and lango __complete $argv -- $word 2>/dev/null
end
complete -c lango -f"""


def fish(root: Page) -> str:
    """For fish."""
    shared = common(root)
    lines = [f"# fish completion for lango; {MADE_BY}", FISH_HEAD]
    lines += [
        "        switch $word",
        "            case '--home=*'",
        "                set home (string replace -r '^--home=' '' -- $word)",
        "                # No shell expands a ~ in the middle of a word.",
        "                string match -q '~*' -- $home; and set home ./$home",
        "                continue",
        "        end",
    ]
    if flags := _flags(root):
        lines += [f'        contains -- "$where $word" {_fish_words(flags)}; and continue']
    lines += [
        f"        if contains -- $word {' '.join(_takers(root))}",
        "            set taker $word",
        "            continue",
        "        end",
        "        string match -qr -- '^-.' $word; and continue",
        '        switch "$where $word"',
    ]
    for typed, path in _steps(root):
        lines += [f"            case {_fish(typed)}", f"                set where {_fish(path)}"]
    lines += [
        "            case '*'",
        "                set place (math $place + 1)",
        "        end",
        FISH_TAIL,
        *(f"complete -c lango {_fish_option(option)}" for option in shared),
    ]
    owners: dict[Option, list[str]] = {}
    for page in root.all():
        words = _fish_words(["*", page.path])
        at = f"complete -c lango -n {_fish(f'__lango_word {words}')}"
        lines += [f"{at} -a {_fish(word)} -d {_fish(text)}" for word, text in page.words()]
        lines += _fish_arguments(page)
        for option in _own(page, shared):
            owners.setdefault(option, []).append(page.path)
    for option, paths in owners.items():
        at = _fish(f"__lango_at {_fish_words(paths)}")
        lines += [f"complete -c lango -n {at} {_fish_option(option)}"]
    return "\n".join(lines) + "\n"


def _fish_arguments(page: Page) -> Iterator[str]:
    for place, argument in enumerate(page.arguments):
        if argument.fill:
            end = "*" if argument.repeated else str(place)
            at = _fish(f"__lango_word {_fish_words([end, page.path])}")
            yield f"complete -c lango -n {at} {_fish_fill(argument.fill)}"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish_words(words: list[str]) -> str:
    return " ".join(map(_fish, words))


def _fish_fill(fill: Fill) -> str:
    if fill.what in ASK:
        return f"-a {_fish(f'(__lango_ask{ASK[fill.what]})')}"
    return "-F" if fill.what == FILE else f"-a {_fish(' '.join(fill.choices))}"


def _fish_option(option: Option) -> str:
    names = [f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in option.names]
    if option.fill.what == FILE:
        names.append("-r -F")
    elif option.metavar:
        names.append(f"-x {_fish_fill(option.fill)}" if option.fill else "-x")
    return f"{' '.join(names)} -d {_fish(option.text)}"
