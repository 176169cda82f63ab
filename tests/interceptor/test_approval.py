"""Asked and answered between processes: who wins, who is late, and who may not."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.interceptor.conftest import ENTRY, USUAL, until

if TYPE_CHECKING:
    from tests.interceptor.conftest import Stand


def test_a_yes_lets_it_go_on_and_is_on_record(stand: Stand) -> None:
    asker = stand.ask("--", "ls", "-l")
    request = stand.request()
    assert "argv[0]: ls" in stand.lango("approve", "show", request[:5])
    stand.lango("approve", "allow", request, "--yes")
    said, _ = asker.communicate()
    assert (asker.returncode, said.splitlines()[-1]) == (0, "person watch")
    (record,) = stand.audit()
    assert (record["target"], record["outcome"]) == ("run", "allowed")
    assert f"request {request}" in str(record["detail"])
    assert "by watch, uid" in str(record["detail"])
    assert not os.listdir(stand.asking)


def test_a_no_is_50(stand: Stand) -> None:
    asker = stand.ask("ls")
    stand.lango("approve", "deny", stand.request())
    said, _ = asker.communicate()
    assert asker.returncode == 50
    assert "run was denied by watch" in said
    assert stand.audit()[-1]["outcome"] == "denied"


def test_nobody_is_51_and_an_answer_after_that_is_told_so(stand: Stand) -> None:
    stand.settings("approvalTimeoutSec = 1")
    asker = stand.ask("ls")
    request = stand.request()
    said, _ = asker.communicate()
    assert (asker.returncode, "nobody answered in 1 s" in said) == (51, True)
    assert "timed out: this answer changes nothing" in stand.lango(
        "approve", "allow", request, "--yes", code=51
    )
    assert [record["outcome"] for record in stand.audit()] == ["timed_out"]


def test_no_channel_is_50_at_once(stand: Stand) -> None:
    stand.settings(below='channels = ["terminal", "command", "desktop"]\nbus = "unix:path=/none"')
    code, said = stand.asked("ls")
    assert code == 50
    for reason in ("terminal: there is no terminal", "command: ", "desktop: the session bus"):
        assert reason in said
    assert stand.audit()[-1]["outcome"] == "unavailable"


def test_a_second_answer_is_22_and_changes_nothing(stand: Stand) -> None:
    asker = stand.ask("ls")
    request = stand.request()
    stand.lango("approve", "deny", request)
    assert asker.wait() == 50
    said = stand.lango("approve", "allow", request, "--yes", code=22)
    assert "was answered before: denied by watch; this answer changes nothing" in said
    assert len(stand.audit()) == 1


def test_of_many_answers_at_once_exactly_one_counts(stand: Stand) -> None:
    asker = stand.ask("ls")
    request = stand.request()
    verbs = [("allow", "--yes"), ("deny",)] * 4
    answerers = [
        subprocess.Popen(
            [sys.executable, str(ENTRY), "typer", "approve", verb, request, *rest],
            env=stand.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        for verb, *rest in verbs
    ]
    codes = []
    for answerer in answerers:
        answerer.communicate()
        codes.append(answerer.returncode)
    assert sorted(codes) == [0, *[22] * 7]
    won = verbs[codes.index(0)][0]
    assert asker.wait() == {"allow": 0, "deny": 50}[won]
    assert len([r for r in stand.audit() if r["event"] == "approval"]) == 1


def test_a_question_whose_asker_was_killed_is_gone(stand: Stand) -> None:
    asker = stand.ask("ls")
    request = stand.request()
    os.kill(asker.pid, signal.SIGKILL)
    asker.wait()
    assert os.listdir(stand.asking)
    assert stand.lango("approve", "list") == ""
    assert not os.listdir(stand.asking)
    said = stand.lango("approve", "allow", request, "--yes", code=2)
    assert "who asked may have been ended too" in said
    assert stand.audit() == []


def test_an_answerer_that_is_killed_answers_nothing(stand: Stand) -> None:
    stand.settings("approvalTimeoutSec = 3")
    asker = stand.ask("ls")
    stand.request()
    (name,) = os.listdir(stand.asking)
    with socket.socket(socket.AF_UNIX) as half:
        folder = os.open(stand.asking, os.O_RDONLY)
        half.connect(f"/proc/self/fd/{folder}/{name}")
        os.close(folder)
        half.send(b"half of an answer")
    assert asker.wait() == 51


def test_a_stopped_asker_is_shown_by_nobody_and_times_out_when_it_goes_on(stand: Stand) -> None:
    stand.settings("approvalTimeoutSec = 2")
    asker = stand.ask("ls")
    stand.request()
    os.kill(asker.pid, signal.SIGSTOP)
    assert stand.lango("approve", "list") == ""
    os.kill(asker.pid, signal.SIGCONT)
    assert asker.wait() == 51


def test_what_is_not_sealed_under_the_vaults_key_is_no_answer(stand: Stand) -> None:
    other = {**stand.env, "LANGO_HOME": str(stand.root / "other")}
    subprocess.run(
        [sys.executable, str(ENTRY), "typer", "init", "--keyfile", "--no-recovery"],
        env=other,
        check=True,
        capture_output=True,
    )
    asker = stand.ask("ls")
    request = stand.request()
    (name,) = os.listdir(stand.asking)
    vault = next(p.name for p in (stand.root / "state" / "lango").glob("*.commits"))
    for path in (stand.root / "state" / "lango").glob("*.commits"):
        if not path.name.startswith(name[:8]):
            vault = path.name
    # The other vault's lango sees a request only under its own vault's name.
    os.link(stand.asking / name, stand.asking / f"{vault[:8]}-{name.partition('-')[2]}")
    done = subprocess.run(
        [sys.executable, str(ENTRY), "typer", "approve", "allow", request, "--yes"],
        env=other,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert asker.poll() is None
    stand.lango("approve", "deny", request)
    assert asker.wait() == 50
    assert [r["outcome"] for r in stand.audit()] == ["refused", "denied"]


def test_denied_in_a_turn_stays_denied_in_it_and_is_asked_in_the_next(stand: Stand) -> None:
    asker = stand.ask("--turn", "1", "--session", "s", "ls")
    stand.lango("approve", "deny", stand.request())
    assert asker.wait() == 50
    code, said = stand.asked("ls", env={"LANGO_TURN": "1", "LANGO_SESSION": "s"})
    assert (code, "denied before in this turn" in said) == (50, True)
    for other in (["--turn", "1", "--session", "s", "--", "ls", "-l"], ["--turn", "2", "ls"]):
        asker = stand.ask(*other)
        stand.lango("approve", "allow", stand.request(), "--yes")
        assert asker.wait() == 0
    outcomes = [record["outcome"] for record in stand.audit()]
    assert outcomes == ["denied", "replayed", "allowed", "allowed"]


def test_three_times_unanswered_is_the_most_in_a_turn(stand: Stand) -> None:
    stand.settings("approvalTimeoutSec = 1")
    for _ in range(3):
        assert stand.asked("--turn", "1", "ls")[0] == 51
    code, said = stand.asked("--turn", "1", "ls")
    assert (code, "nobody is asked again" in said) == (51, True)


def test_a_yes_for_the_session_is_for_these_words_in_this_session(stand: Stand) -> None:
    asker = stand.ask("--session", "one", "--", "ls", "-l")
    stand.lango("approve", "allow", stand.request(), "--session", "--yes")
    assert asker.wait() == 0
    assert stand.asked("--session", "one", "--", "ls", "-l")[1].startswith("grant grant")
    for other in (["--session", "two", "--", "ls", "-l"], ["--session", "one", "--", "ls", "-la"]):
        asker = stand.ask(*other)
        stand.lango("approve", "deny", stand.request())
        assert asker.wait() == 50


def test_a_yes_for_always_lasts_until_it_ends_or_is_taken_back(stand: Stand) -> None:
    asker = stand.ask("curl", "https://api.example.com/v1/x")
    request = stand.request()
    like = "argv[1]=https://api.example.com/v1/*"
    refused = ("approve", "allow", request, "--yes", "--always", "--like")
    assert "no pattern can stand in" in stand.lango(*refused, "argv[0]=cur*", code=2)
    assert "this pattern does not stand for" in stand.lango(*refused, "argv[1]=http:*", code=2)
    stand.lango(*refused, like, "--for", "1h")
    assert asker.wait() == 0
    code, said = stand.asked("curl", "https://api.example.com/v1/y")
    assert (code, said[:5]) == (0, "grant")
    (grant,) = json.loads(stand.lango("approve", "grants", "--json"))["grants"]
    assert grant["likes"] == {"argv[1]": "https://api.example.com/v1/*"}
    assert grant["uses"] == 1
    stand.lango("approve", "revoke", grant["id"][:6])
    stand.lango("approve", "revoke", grant["id"], code=2)
    assert stand.lango("approve", "grants") == ""
    asker = stand.ask("curl", "https://api.example.com/v1/y")
    stand.lango("approve", "deny", stand.request())
    assert asker.wait() == 50
    events = [(record["event"], record["outcome"]) for record in stand.audit()]
    assert ("approval.revoke", "ok") in events
    assert events.count(("approval.answer", "refused")) == 2


def test_a_grant_put_back_into_the_table_with_a_later_end_does_not_open(stand: Stand) -> None:
    from lango_cli.wiring import opening
    from lango_cli.wiring.flags import Flags

    asker = stand.ask("ls")
    stand.lango("approve", "allow", stand.request(), "--always", "--yes")
    assert asker.wait() == 0
    flags = Flags()
    flags.home = stand.env["LANGO_HOME"]
    with opening.open_vault(flags, None, lambda _text: None) as vault:
        assert len(vault.approvals.grants()) == 1
        with vault.store.write():
            vault.store.run("UPDATE grants SET expires_at = expires_at + 1")
        assert vault.approvals.grants() == []


def test_what_needs_no_yes_goes_on_and_says_why_on_record(stand: Stand) -> None:
    stand.settings('exemptTools = ["run"]\nsensitiveTools = ["run", "look*"]')
    assert stand.asked("ls") == (0, "policy\n")
    asker = stand.ask("--tool", "look_up", "--level", "safe", "x")
    stand.lango("approve", "deny", stand.request())
    assert asker.wait() == 50
    assert "not needed: exemptTools has run" in str(stand.audit()[0]["detail"])


def test_with_the_interceptor_off_nothing_is_asked_or_recorded(stand: Stand) -> None:
    (stand.root / "vault" / "config.toml").unlink()
    assert stand.asked("ls") == (0, "policy\n")
    assert stand.audit() == []


def test_what_needs_no_yes_reads_no_value(stand: Stand) -> None:
    stand.lango("secrets", "set", "demo", "-", stdin="a long enough value")
    stand.settings('exemptTools = ["run"]')
    assert stand.asked("ls")[0] == 0
    events = json.loads(stand.lango("audit", "list", "--json"))["records"]
    assert not [one for one in events if "mask" in str(one["event"])]


def test_a_yes_for_ever_lasts_a_year(stand: Stand) -> None:
    stand.settings(below=f'{USUAL}grantTtl = "forever"')
    asker = stand.ask("ls")
    stand.lango("approve", "allow", stand.request(), "--always", "--yes")
    assert asker.wait() == 0
    assert stand.asked("ls")[1].startswith("grant")


def test_headless_allows_loudly_and_never_for_a_peer(stand: Stand) -> None:
    stand.settings("headlessAutoApprove = true\napprovalTimeoutSec = 1")
    code, said = stand.asked("ls")
    assert code == 0
    assert "warning: run was allowed without asking anybody" in said
    assert stand.asked("--peer", "ls")[0] == 51
    assert "nobody was asked" in str(stand.audit()[0]["detail"])
    assert "for a peer" in str(stand.audit()[1]["detail"])


def test_a_decision_that_cannot_be_kept_is_no_yes(stand: Stand) -> None:
    from lango_cli.files import Lock

    asker = stand.ask("ls", env={"LANGO_VAULT_LOCK_TIMEOUT": "1s"})
    request = stand.request()
    answerer = subprocess.Popen(
        [sys.executable, str(ENTRY), "typer", "approve", "allow", request, "--yes"],
        env=stand.env,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    with Lock(str(stand.root / "vault" / "vault.lock"), 5):
        assert asker.wait() == 15
    assert answerer.wait() == 22
    assert stand.audit() == []


@pytest.mark.parametrize("seconds", ["0", "86401"])
def test_a_question_has_to_end(seconds: str, stand: Stand) -> None:
    stand.settings(f"approvalTimeoutSec = {seconds}")
    assert stand.asked("ls")[0] == 31


def test_where_the_folder_of_sockets_is_open_to_others_nothing_is_asked_there(
    stand: Stand,
) -> None:
    stand.asking.mkdir(parents=True)
    stand.asking.chmod(0o755)
    code, said = stand.asked("ls")
    assert (code, "can be used by others" in said) == (50, True)


def test_the_passphrase_can_be_made_what_an_answer_takes(stand: Stand) -> None:
    stand.settings(below=f'{USUAL}proof = "person"')
    asker = stand.ask("ls")
    request = stand.request()
    stand.lango("approve", "allow", request, "--yes", code=12)
    assert asker.poll() is None
    asker.send_signal(signal.SIGINT)
    assert asker.wait() == 130
    until(lambda: not os.listdir(stand.asking), "the socket of an interrupted asker is gone")
    assert stand.audit()[-1]["outcome"] == "denied"
