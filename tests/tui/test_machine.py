"""The menu as a state machine: it never saves unasked, never loses unasked, and cuts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.secret import SecretText
from lango_cli.tui.cells import cells, folded, plain
from lango_cli.tui.draft import Clash, Draft, Field, Pairs
from lango_cli.tui.ending import READING, Conflicts, Summary
from lango_cli.tui.form import ChoiceForm, SecretForm, ValueForm
from lango_cli.tui.keys import Decoder
from lango_cli.tui.machine import begin, brought_together, press, resized
from lango_cli.tui.menu import LEAVE, SAVE, Menu, render
from lango_cli.tui.question import Question
from lango_cli.tui.sections import Search, Sections, found
from tests.tui.drafts import LONG, draft

if TYPE_CHECKING:
    from collections.abc import Iterable

KEYS = st.sampled_from(
    [
        *("up", "down", "left", "right", "enter", "esc", "ctrl-c", "ctrl-x", "ctrl-d", "ctrl-r"),
        *(
            "ctrl-k",
            "ctrl-n",
            "ctrl-p",
            "ctrl-u",
            "backspace",
            "pageup",
            "pagedown",
            "home",
            "end",
        ),
        *("a", "m", "5", " ", "paste:one\ntwo"),
    ]
)


def played(menu: Menu, keys: Iterable[str]) -> Menu:
    for key in keys:
        menu = press(menu, key)
    return menu


def text(menu: Menu) -> str:
    return "\n".join(plain(render(menu).lines))


def to_form(key: str) -> Menu:
    return played(begin(draft()), [*key, "enter"])


@given(st.lists(KEYS, max_size=60))
def test_only_the_yes_of_a_summary_saves_and_what_changed_is_never_dropped_unasked(
    keys: list[str],
) -> None:
    menu = begin(draft())
    for key in keys:
        before, menu = menu, press(menu, key)
        render(menu)
        if menu.ending == SAVE:
            assert isinstance(before.view, Summary)
            assert key == "enter"
        if menu.ending == LEAVE and before.at_stake:
            assert isinstance(before.view, Question)
            assert key == "enter"
        if menu.ending:
            return


@given(st.lists(KEYS, max_size=40), st.integers(20, 100), st.integers(1, 40))
def test_no_line_is_wider_or_screen_higher_than_the_terminal(
    keys: list[str], width: int, height: int
) -> None:
    menu = played(resized(begin(draft(unlock_ttl=LONG)), width, height), keys)
    screen = render(menu)
    assert len(screen.lines) <= height
    assert all(cells(line) <= width for line in plain(screen.lines))


@given(st.integers(40, 120), st.text(min_size=1))
def test_a_value_is_whole_at_any_width(width: int, value: str) -> None:
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    menu = resized(begin(draft(unlock_ttl=value)), width, 10_000)
    form = played(menu, [*"unlock.ttl", "enter"])
    assert isinstance(form.view, ValueForm)
    page = form.view.page(form, width)
    typed = "".join(line[2:] for line in plain(page.lines)[-len(folded(shown, width - 2)) - 1 :])
    assert shown in typed or shown in "".join(line[2:] for line in plain(page.lines))


@pytest.mark.parametrize("key", ["esc", "ctrl-c"])
def test_leaving_an_unchanged_menu_asks_nothing(key: str) -> None:
    assert press(begin(draft()), key).ending == LEAVE


@pytest.mark.parametrize("key", ["esc", "ctrl-c"])
def test_leaving_a_changed_menu_asks_and_the_first_answer_stays(key: str) -> None:
    menu = played(to_form("output.color"), ["down", "enter", "esc"])
    assert menu.draft.changes == {"output.color": "always"}
    asked = press(menu, key)
    assert "Leave without saving changes of 1 setting?" in text(asked)
    assert press(asked, "enter").draft.changes == menu.draft.changes
    assert not press(asked, "enter").ending
    assert played(asked, ["down", "enter"]).ending == LEAVE


def test_typed_text_is_not_dropped_by_esc_without_a_question() -> None:
    menu = played(to_form("unlock.ttl"), ["9", "esc"])
    assert isinstance(menu.view, Question)
    assert isinstance(press(menu, "enter").view, ValueForm)
    assert isinstance(played(menu, ["down", "enter"]).view, Search)


def test_a_wrong_value_stays_in_its_form_with_the_error_below_it() -> None:
    menu = played(to_form("unlock.ttl"), ["ctrl-u", *"soon", "enter"])
    assert isinstance(menu.view, ValueForm)
    assert "it takes a duration such as 90s or 15m" in text(menu)
    assert "> soon" in text(menu)


def test_search_narrows_with_each_key() -> None:
    assert "Search: 2 of 7" in text(played(begin(draft()), "unl"))
    assert "Search: 1 of 7" in text(played(begin(draft()), "unlock tt"))


def test_a_slash_in_front_of_a_search_is_no_word() -> None:
    assert "Search: 1 of 7" in text(played(begin(draft()), "/unlock tt"))


def test_a_search_finds_first_what_a_part_of_the_key_begins_with() -> None:
    fields = [Field(key, "", "text", "", "") for key in ("a.settlement", "a.maxTtl", "unlock.ttl")]
    those = Draft({field.key: field for field in fields}, {})
    assert [field.key for field in found(those, "ttl")] == [
        "a.maxTtl",
        "unlock.ttl",
        "a.settlement",
    ]


def test_a_list_is_edited_item_by_item() -> None:
    menu = played(to_form("unlock.order"), ["down", "ctrl-p"])
    menu = played(menu, ["end", "up", "enter", *"keyfile", "enter"])
    menu = played(menu, ["end", "enter"])
    assert menu.draft.changes == {"unlock.order": ("prompt", "session", "keyfile")}


def test_a_table_is_edited_by_name_and_text() -> None:
    menu = to_form("security.patterns")
    menu = played(menu, ["enter", *"badge", "enter", *"B{2,4}", "enter", "end", "enter"])
    assert menu.draft.changes == {"security.patterns": Pairs((("badge", "B{2,4}"),))}


def test_a_secret_shows_as_stars_until_it_is_asked_for() -> None:
    menu = played(to_form("security.pin"), "31337")
    assert isinstance(menu.view, SecretForm)
    assert "*****" in text(menu)
    assert "31337" not in text(menu)
    assert "31337" in text(press(menu, "ctrl-r"))
    assert "31337" not in text(played(menu, ["ctrl-r", "left"]))
    taken = press(menu, "enter")
    assert taken.draft.changes == {"security.pin": SecretText("31337")}
    assert "31337" not in text(press(taken, "ctrl-x"))


def test_a_setting_that_cannot_be_changed_says_why() -> None:
    menu = to_form("security.fixed")
    assert "make a vault first" in text(menu)
    assert played(menu, ["5", "ctrl-d"]).draft.changes == {}


def test_what_goes_back_to_how_it_was_is_no_change() -> None:
    menu = begin(draft(output_color="always"))
    menu = played(menu, [*"output.color", "enter", "down", "enter"])
    assert menu.draft.changes == {"output.color": "never"}
    menu = played(menu, ["enter", "up", "enter"])
    assert menu.draft.changes == {}


def test_a_name_added_has_the_settings_of_its_pattern() -> None:
    menu = played(begin(draft()), ["down", "enter", "enter", *"openai", "enter"])
    assert "providers.openai.apiKey" in text(menu)


def test_a_summary_longer_than_the_screen_is_read_to_its_end_before_it_can_be_answered() -> None:
    menu = resized(begin(draft()), 60, 12)
    menu = played(menu, [*"unlock.ttl", "enter", "ctrl-u", *("1" * 600 + "m"), "enter", "ctrl-x"])
    assert press(menu, "enter").ending == ""
    while menu.view == Summary(READING):
        menu = press(menu, "down")
    assert "> Save" in text(menu)
    assert press(menu, "enter").ending == SAVE


def test_what_others_changed_is_taken_over_and_only_what_clashes_is_asked() -> None:
    menu = played(begin(draft()), [*"output.color", "enter", "down", "enter"])
    fresh = draft(unlock_ttl="5m")
    merged = brought_together(menu, fresh)
    assert isinstance(merged.view, Summary)
    assert "changed elsewhere meanwhile: unlock.ttl" in text(merged)
    clashing = brought_together(menu, draft(output_color="never"))
    assert isinstance(clashing.view, Conflicts)
    assert clashing.view.clashes == (Clash("output.color", None, "always", "never"),)
    assert press(clashing, "ctrl-x").note
    mine = press(clashing, "enter")
    assert isinstance(mine.view, Summary)
    assert mine.draft.changes == {"output.color": "always"}
    theirs = played(clashing, ["down", "enter"])
    assert isinstance(theirs.view, Sections)
    assert theirs.draft.changes == {}


def test_a_choice_is_opened_where_it_stands() -> None:
    menu = played(begin(draft(output_color="never")), [*"output.color", "enter"])
    assert isinstance(menu.view, ChoiceForm)
    assert "> never" in text(menu)


@given(st.lists(st.binary(max_size=8), max_size=20))
def test_any_bytes_make_keys_or_nothing(pieces: list[bytes]) -> None:
    decoder = Decoder()
    for piece in pieces:
        for key in decoder.feed(piece):
            assert key.startswith("paste:") or key.isprintable()
        decoder.flush()


def test_a_sequence_may_come_in_pieces_and_an_escape_alone_is_esc() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x1b") == []
    assert decoder.feed(b"[") == []
    assert decoder.feed(b"A") == ["up"]
    assert decoder.feed(b"\x1b") == []
    assert decoder.flush() == ["esc"]
    assert decoder.feed(b"\x1b[200~a\r\nb\x1b[201~\xc3") == ["paste:a\nb"]
    assert decoder.feed(b"\xa9") == ["é"]
