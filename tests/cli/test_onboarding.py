"""`lango onboard`: a key is kept whole or not at all; it can be left at each question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pexpect
import pytest

from lango_cli.errors import Conflict
from lango_cli.secret import SecretBytes
from lango_cli.vault.profiles import Profiles
from lango_cli.wiring import making, onboarding, settings_edit
from tests.cli.test_making import ENTRY, flags, quiet
from tests.stage import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from lango_cli.wiring.flags import Flags

__all__ = ["flags"]

QUESTIONS = (
    ("What shall open the vault", " \x1b[B \r"),
    ("recovery words", "n"),
    ("Keep an API key of a provider now", "\r"),
    ("API key of anthropic", "sk-made-up\r"),
    ("Will AI agents use this vault", "y"),
)
"""What is asked, in turn, and an answer."""
BEGUN_AGAIN = {0: 0, 1: 0, 2: 2, 3: 2, 4: 4}
"""By the question at which it was left: the first that is asked when it is begun again."""


def test_a_key_whose_setting_cannot_be_written_is_not_kept_either(
    flags: Flags, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        with monkeypatch.context() as patch:
            patch.setattr(Profiles, "_add", stopped)
            with pytest.raises(KeyboardInterrupt):
                onboarding.keep_key(vault, flags, "anthropic", SecretBytes(b"made-up"))
        assert vault.secrets.list() == []
        assert vault.profiles.read() == {}
        onboarding.keep_key(vault, flags, "anthropic", SecretBytes(b"made-up"))
        assert [meta.name for meta in vault.secrets.list()] == ["anthropic/api-key"]
        assert onboarding.unsettled(vault, flags) == []


def test_neither_a_kept_key_nor_the_kind_of_a_provider_is_replaced(flags: Flags) -> None:
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        changes = settings_edit.Changes()
        changes.put("providers.openai.type", "gemini")
        settings_edit.apply(flags, changes, vault)
        name = onboarding.keep_key(vault, flags, "openai", SecretBytes(b"first"))
        assert vault.profiles.read()["providers"]["openai"] == {
            "type": "gemini",
            "apiKey": "{{secret:openai/api-key}}",
        }
        with pytest.raises(Conflict, match="openai/api-key is there already"):
            onboarding.keep_key(vault, flags, "openai", SecretBytes(b"second"))
        assert vault.secrets.get(name).value.reveal() == b"first"


def guide(stage: Stage, width: int = 99) -> pexpect.spawn:
    return pexpect.spawn(
        ENTRY[0],
        [*ENTRY[1:], "onboard"],
        env={**stage.env, "TERM": "xterm", "SHELL": "/bin/sh"},
        encoding="utf-8",
        dimensions=(40, width),
        timeout=60,
    )


@pytest.mark.parametrize("left_at", BEGUN_AGAIN)
def test_a_guide_left_with_ctrl_c_goes_on_where_it_was_left(tmp_path: Path, left_at: int) -> None:
    stage = Stage(tmp_path, ENTRY)
    child = guide(stage)
    for question, answer in QUESTIONS[:left_at]:
        child.expect(question)
        child.send(answer)
    child.expect(QUESTIONS[left_at][0])
    child.send("\x03")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert (tmp_path / "home" / "lango").exists() is (left_at > 1)
    again = guide(stage)
    for question, answer in QUESTIONS[BEGUN_AGAIN[left_at] :]:
        again.expect(question)
        again.send(answer)
    again.expect("doctor: ")
    again.expect(pexpect.EOF)
    again.close()
    assert again.exitstatus == 0
    stage.perform(
        "lango secrets list\nstdout '^anthropic/api-key$'\n"
        "lango settings get providers.anthropic.apiKey --resolve\nstdout '^sk-made-up$'\n"
    )


def test_at_60_columns_no_choice_is_cut_and_questions_break_between_words(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ENTRY)
    child = guide(stage, 60)
    seen = ""
    for question, answer in QUESTIONS[:-1]:
        child.expect(question)
        seen += child.before + child.after
        child.send(answer)
    child.expect(r"\(Y/n\)")
    seen += child.before
    child.send("n")
    child.expect(pexpect.EOF)
    child.close()
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)
    assert re.search(r"the OS keyring(: nothing to type while logged in| \([^)\r\n]+\))", plain)
    assert "a keyfile in the vault's folder: nothing to type" in plain
    assert re.search(r"Will AI agents use this vault\? Then\s+dangerous tools", plain)
