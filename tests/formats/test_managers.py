"""Exports of other password managers, as their own programs write them."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from lango_cli.errors import UsageProblem
from lango_cli.formats import catalogue
from lango_cli.formats.items import read_pass
from lango_cli.formats.names import from_title, title_of
from lango_cli.vault.names import check_name

BITWARDEN = {
    "encrypted": False,
    "folders": [{"id": "f1", "name": "Work/Infra"}],
    "items": [
        {
            "id": "1", "type": 1, "name": "GitHub (bot)", "folderId": "f1", "notes": "two\nlines",
            "login": {"username": "bot", "password": "p1", "totp": "otpauth://x",
                      "uris": [{"uri": "https://github.com"}]},
            "fields": [{"name": "pin", "value": "1234", "type": 1},
                       {"name": "shown", "value": "yes", "type": 0}],
        },
        {"id": "2", "type": 1, "name": "Shop", "folderId": None, "notes": None,
         "login": {"username": "a", "password": "p2", "totp": None}},
        {"id": "3", "type": 1, "name": "Shop", "login": {"username": "b", "password": "p3"}},
        {"id": "4", "type": 2, "name": "Note", "notes": "the note", "secureNote": {"type": 0}},
        {"id": "5", "type": 1, "name": "Empty", "login": {}},
    ],
}  # fmt: skip
ONEPUX = {
    "accounts": [{"attrs": {}, "vaults": [{"attrs": {"name": "Private"}, "items": [
        {"uuid": "u", "overview": {"title": "Bank", "url": "https://b.example", "tags": ["money"]},
         "details": {
             "loginFields": [{"designation": "username", "value": "me"},
                             {"designation": "password", "value": "p1"}],
             "notesPlain": "n",
             "sections": [{"title": "", "fields": [
                 {"title": "PIN", "id": "x", "value": {"concealed": "1234"}},
                 {"title": "otp", "id": "y", "value": {"totp": "otpauth://y"}},
                 {"title": "branch", "id": "z", "value": {"string": "Main"}}]}]}},
        {"uuid": "v", "overview": {"title": "API"}, "details": {"password": "p2"}},
    ]}]}]
}  # fmt: skip
KEEPASS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile><Meta><Generator>KeePassXC</Generator></Meta><Root><Group><Name>Passwords</Name>
<Entry><String><Key>Title</Key><Value>Top</Value></String>
<String><Key>Password</Key><Value ProtectInMemory="True">p1</Value></String>
<String><Key>UserName</Key><Value>me</Value></String>
<String><Key>Notes</Key><Value/></String></Entry>
<Group><Name>Mail</Name><Entry><String><Key>Title</Key><Value>a &amp; b</Value></String>
<String><Key>Password</Key><Value ProtectInMemory="True">p&lt;2&gt;</Value></String>
<String><Key>key</Key><Value ProtectInMemory="True">hidden</Value></String>
<String><Key>note to self</Key><Value>seen</Value></String>
<History><Entry><String><Key>Title</Key><Value>old</Value></String>
<String><Key>Password</Key><Value>old</Value></String></Entry></History></Entry></Group>
</Group></Root></KeePassFile>"""
CSV = {
    "keepassxc-csv": '"Group","Title","Username","Password","URL","Notes","TOTP","Icon",'
    '"Last Modified","Created"\n"Root/Mail","Post","me","p ""1""","https://m","line\nline","",'
    '"0","",""\n"Root","Top","","p2","","","otpauth://z","0","",""\n',
    "bitwarden-csv": "folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,"
    'login_password,login_totp\nMail,,login,Post,line,,0,https://m,me,"p ""1""",\n'
    ",,login,Top,,,0,,,p2,otpauth://z\n",
    "1password-csv": "Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\n"
    'Post,https://m,me,"p ""1""",,false,false,"mail,x",line\nTop,,,p2,otpauth://z,,,,\n',
}


def secrets(form: str, data: bytes) -> dict[str, str]:
    parsed = catalogue.read(form, data)
    assert parsed.problems == []
    for entry in parsed.entries:
        assert check_name(entry.name) == entry.name
    return {entry.name: entry.value.reveal().decode() for entry in parsed.entries}


def notes(form: str, data: bytes) -> dict[str, str]:
    return {entry.name: entry.note or "" for entry in catalogue.read(form, data).entries}


def test_bitwarden_json() -> None:
    data = json.dumps(BITWARDEN).encode()
    assert catalogue.detect("export.json", data) == "bitwarden"
    assert secrets("bitwarden", data) == {
        "Work/Infra/GitHub -bot-": "p1",
        "Work/Infra/GitHub -bot-/totp": "otpauth://x",
        "Work/Infra/GitHub -bot-/pin": "1234",
        "Shop/a": "p2",
        "Shop/b": "p3",
        "Note": "the note",
    }
    kept = notes("bitwarden", data)["Work/Infra/GitHub -bot-"]
    assert kept.split("\n") == [
        "title: Work/Infra/GitHub (bot)",
        "user: bot",
        "shown: yes",
        "url: https://github.com",
        "notes: two",
        "lines",
    ]
    ignored = catalogue.read("bitwarden", data).ignored
    assert [problem.place for problem in ignored] == ["item 5"]
    with pytest.raises(UsageProblem, match="unencrypted"):
        catalogue.read("bitwarden", b'{"encrypted": true, "data": "x"}')


def test_1pux() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.attributes", "{}")
        archive.writestr("export.data", json.dumps(ONEPUX))
    data = file.getvalue()
    assert catalogue.detect("x", data) == "1pux"
    assert secrets("1pux", data) == {
        "Private/Bank": "p1",
        "Private/Bank/PIN": "1234",
        "Private/Bank/otp": "otpauth://y",
        "Private/API": "p2",
    }
    assert "branch: Main" in notes("1pux", data)["Private/Bank"]
    assert catalogue.read("1pux", data).entries[0].tags == ("money",)
    for cut in range(0, len(data), 7):
        with pytest.raises(UsageProblem):
            catalogue.read("1pux", data[:cut])


def test_keepassxc_xml() -> None:
    data = KEEPASS.encode()
    assert catalogue.detect("x", data) == "keepassxc"
    assert secrets("keepassxc", data) == {
        "Top": "p1",
        "Mail/a - b": "p<2>",
        "Mail/a - b/key": "hidden",
    }
    assert "note to self: seen" in notes("keepassxc", data)["Mail/a - b"]


def test_an_xml_bomb_is_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><KeePassFile>&c;</KeePassFile>'
    with pytest.raises(UsageProblem, match="document type"):
        catalogue.read("keepassxc", bomb)


@pytest.mark.parametrize("form", CSV)
def test_csv(form: str) -> None:
    data = CSV[form].encode()
    assert catalogue.detect("x.csv", data) == form
    found = secrets(form, data)
    folder = "" if form == "1password-csv" else "Mail/"
    assert found == {f"{folder}Post": 'p "1"', "Top": "p2", "Top/totp": "otpauth://z"}
    kept = notes(form, data)[f"{folder}Post"]
    assert "user: me" in kept
    assert "url: https://m" in kept
    assert "notes: line" in kept
    assert secrets(form, b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))["Top"] == "p2"


def test_the_keys_of_llm() -> None:
    data = b'{"// Note": "This file stores secret API credentials.", "openai": "sk-1"}'
    assert catalogue.detect("keys.json", data) == "llm"
    assert secrets("llm", data) == {"openai": "sk-1"}


def test_a_store_of_pass_keeps_the_first_line_apart_from_the_rest() -> None:
    texts = [("mail/me", b"pw\nuser: me\notpauth://x\n"), ("a", b"pw"), ("b (old)", b"\xff\n")]
    parsed = read_pass(texts)
    assert {entry.name: entry.value.reveal() for entry in parsed.entries} == {
        "mail/me": b"pw",
        "mail/me/more": b"user: me\notpauth://x",
        "a": b"pw",
        "b -old-": b"\xff",
    }


@pytest.mark.parametrize(
    "title",
    ["plain", "GitHub (bot)", "a/b", "../x", "-x", " x ", "x@3", "tab\there", "line\nend", "\\n",
     "😀", "e\u0301", "", "/", "x" * 300, "a//b", "日本語/パス", "50% off", "a\u202eb", "\x85"],
)  # fmt: skip
def test_a_title_that_cannot_be_a_name_stays_in_the_note(title: str) -> None:
    name, note = from_title(title)
    assert check_name(name) == name
    assert title_of(name, f"{note}\nmore: x") == title
