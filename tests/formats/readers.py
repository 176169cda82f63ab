"""Those who read what lango exports: real programs, and systemd's and GitHub's documented rules.

Each reader takes the bytes of a file and gives what it understood, name to value. Where a reader
runs processes, all values of a test go through one of them.
"""

from __future__ import annotations

import base64
import fcntl
import http.server
import json
import os
import re
import socketserver
import subprocess
import tempfile
import threading
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dotenv
import yaml

from tests.parts import find, require, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOP = Path(__file__).resolve().parent.parent.parent
NPM = TOP / ".tests-env" / "npm"
NODE_VERSIONS = ("16.4.5", "18.0.10")
"""The two of node's dotenv that are asked: the last written as one regular expression in a file of
its own, and a later one.
"""
NEL = "<next line>"
PATH = os.environ.get("PATH", os.defpath)

Found = dict[str, bytes]


@cache
def _home() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="lango-home-")


def home() -> str:
    """An empty folder for programs that make files in theirs, gone when the tests end."""
    return _home().name


def environment(output: bytes) -> Found:
    """What `env -0` printed, those variables that tests make."""
    pairs = (line.partition(b"=") for line in output.split(b"\0") if line)
    return {name.decode(): value for name, _, value in pairs if name[:2] == b"V_"}


def run(command: list[str], data: bytes = b"", **variables: str) -> bytes:
    """Run to success with a bare environment; what it printed."""
    bare = {"PATH": PATH, "HOME": home(), "LC_ALL": "C.UTF-8", **variables}
    done = subprocess.run(command, input=data, env=bare, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[:2000]
    assert not done.stderr, done.stderr.decode(errors="replace")[:2000]
    return done.stdout


def shell(program: str, *options: str) -> Callable[[bytes], Found]:
    """A shell that evaluates the text as `eval "$(lango secrets export --format shell)"` does."""

    def read(data: bytes) -> Found:
        path = require(program)
        script = 'eval "$(cat)"; exec env -0'
        return environment(run([path, *options, "-c", script], data))

    return read


def fish(data: bytes) -> Found:
    """Fish sources the text."""
    path = require("fish")
    with tempfile.TemporaryDirectory() as folder:
        home = {"HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
        script = "source -; exec env -0"
        return environment(run([path, "--no-config", "-c", script], data, **home))


def python_dotenv(data: bytes) -> Found:
    """python-dotenv, replacing `${NAME}` as it does by itself."""
    with tempfile.NamedTemporaryFile(suffix=".env") as file:
        file.write(data)
        file.flush()
        found = dotenv.dotenv_values(file.name)
    return {name: (value or "").encode() for name, value in found.items()}


def node_packages() -> Path:
    """The folder with node's dotenv, installed by npm once."""
    require("node", "npm")
    NPM.mkdir(parents=True, exist_ok=True)
    with (NPM / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = [f"dotenv{v.partition('.')[0]}@npm:dotenv@{v}" for v in NODE_VERSIONS]
        stamp = NPM / "made-from"
        if not stamp.exists() or stamp.read_text() != " ".join(wanted):
            (NPM / "package.json").write_text("{}")
            npm = [require("npm"), "install", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run([*npm, *wanted], cwd=NPM, capture_output=True, text=True)
            if done.returncode:
                unavailable(f"npm cannot install dotenv: {done.stderr[-500:]}")
            stamp.write_text(" ".join(wanted))
    return NPM


def node_dotenv(major: str) -> Callable[[bytes], Found]:
    """The dotenv of node, of this major version."""

    def read(data: bytes) -> Found:
        code = (
            "const d=require('dotenv'+process.argv[1]);"
            "process.stdout.write(JSON.stringify(d.parse(require('fs').readFileSync(0))))"
        )
        folder = node_packages()
        done = subprocess.run(
            [require("node"), "-e", code, major], cwd=folder, input=data, capture_output=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return {name: value.encode() for name, value in json.loads(done.stdout).items()}

    return read


class _Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """As much of a docker daemon as `docker run` needs to hand over a container's variables."""

    daemon_threads = True
    seen: list[str] | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """Docker hangs up when it has heard enough."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Daemon

    def address_string(self) -> str:
        return "socket"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def do_HEAD(self) -> None:
        self._answer(200, b"")

    def do_GET(self) -> None:
        self._answer(200, b"OK")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "/containers/create" in self.path:
            self.server.seen = json.loads(body)["Env"]
        self._answer(400, b'{"message": "seen"}')

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def docker(data: bytes) -> Found:
    """The real `docker run --env-file`, up to what it asks of its daemon."""
    path = require("docker")
    with tempfile.TemporaryDirectory() as folder:
        server = _Daemon(f"{folder}/docker.sock", _Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            (Path(folder) / "env").write_bytes(data)
            host = {"DOCKER_HOST": f"unix://{folder}/docker.sock", "DOCKER_CONFIG": folder}
            done = subprocess.run(
                [path, "run", "--env-file", f"{folder}/env", "image"],
                env={"PATH": PATH, "HOME": folder, **host},
                capture_output=True,
                timeout=60,
            )
        finally:
            server.shutdown()
            server.server_close()
    assert server.seen is not None, done.stderr.decode(errors="replace")[:2000]
    pairs = (line.partition("=") for line in server.seen)
    return {name: value.encode() for name, _, value in pairs}


def compose(data: bytes) -> Found:
    """The real `docker-compose config`, which replaces variables and prints what is left."""
    path = require("docker-compose")
    with tempfile.TemporaryDirectory() as folder:
        # What it prints itself has U+0085 as a line end, so that stands for something else here.
        text = (
            data.decode().replace("\\x85", NEL).replace('"lango":', '"lango":\n    image: "i"', 1)
        )
        (Path(folder) / "docker-compose.yml").write_text(text)
        done = subprocess.run(
            [path, "config"],
            cwd=folder,
            env={"PATH": PATH, "HOME": folder, "LC_ALL": "C.UTF-8", "X": "replaced"},
            capture_output=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[:2000]
    printed = yaml.safe_load(done.stdout)["services"]["lango"].get("environment") or {}
    return {name: _printed(value) for name, value in printed.items()}


def _printed(value: object) -> bytes:
    return str(value).replace("$$", "$").replace(NEL, "\x85").encode()


def compose_rules(data: bytes) -> Found:
    """A YAML reader, and compose's rule that `$$` is a dollar sign and `$NAME` is replaced."""
    services = yaml.safe_load(data)["services"]
    (service,) = services.values()
    found = {}
    for name, value in (service["environment"] or {}).items():
        assert isinstance(value, str)
        assert "$" not in value.replace("$$", "")
        found[name] = value.replace("$$", "$").encode()
    return found


def pyyaml(data: bytes) -> Found:
    """PyYAML."""
    found = yaml.safe_load(data)
    return {name: v if isinstance(v, bytes) else v.encode() for name, v in found.items()}


def toml(data: bytes) -> Found:
    """The standard library's reader."""
    return {name: value.encode() for name, value in tomllib.loads(data.decode()).items()}


def json_map(data: bytes) -> Found:
    """A JSON reader."""
    return {name: value.encode() for name, value in json.loads(data).items()}


def own(data: bytes) -> Found:
    """A JSON reader that knows the form of `lango secrets list --json --reveal`."""
    found = {}
    for one in json.loads(data)["secrets"]:
        text = one["value"]
        is_text = one["encoding"] == "utf-8"
        found[one["name"]] = text.encode() if is_text else base64.b64decode(text, validate=True)
    return found


def kubernetes(data: bytes) -> Found:
    """PyYAML and the API's rules for a Secret; kubectl too, where there is one."""
    manifest = yaml.safe_load(data)
    assert (manifest["apiVersion"], manifest["kind"]) == ("v1", "Secret")
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", key) for key in manifest["data"])
    found = _decoded(manifest["data"])
    kubectl = find("kubectl")
    if kubectl:
        label = [kubectl, "label", "--local", "-f", "-", "a=b", "-o", "json"]
        done = subprocess.run(
            label, input=data, capture_output=True, env={"PATH": PATH, "HOME": home()}
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")[:2000]
        assert _decoded(json.loads(done.stdout).get("data") or {}) == found
    return found


def _decoded(data: dict[str, Any]) -> Found:
    return {name: base64.b64decode(value, validate=True) for name, value in data.items()}


def systemd(data: bytes) -> Found:
    """systemd.exec(5), EnvironmentFile=, one character at a time."""
    found: Found = {}
    text = data.decode()
    at = 0
    while at < len(text):
        if text[at] in " \t\n":
            at += 1
        elif text[at] in "#;":
            at = _after_comment(text, at)
        else:
            equals = text.index("=", at)
            value, end = _systemd_value(text, equals + 1)
            found[text[at:equals].strip()] = value.encode()
            at = end
    return found


def _after_comment(text: str, at: int) -> int:
    while at < len(text) and text[at] != "\n":
        at += 2 if text[at] == "\\" else 1
    return at


def _systemd_value(text: str, at: int) -> tuple[str, int]:
    """The quoted pieces of a value, and where the next line begins."""
    out: list[str] = []
    while at < len(text) and text[at] != "\n":
        quote = text[at]
        at += 1
        if quote not in " \t":
            assert quote in "'\"", "unquoted text, which lango does not write"
            at = _systemd_quoted(text, at, quote, out)
    return "".join(out), at + 1


def _systemd_quoted(text: str, at: int, quote: str, out: list[str]) -> int:
    while (c := text[at]) != quote:
        at += 1
        if c == "\\" and quote == '"':
            c = text[at]
            at += 1
            c = c if c in '"\\`$' else "" if c == "\n" else f"\\{c}"
        out.append(c)
    return at + 1


def github(data: bytes) -> Found:
    """The runner's rules for `$GITHUB_ENV`."""
    found: Found = {}
    lines: Iterator[str] = iter(data.decode().split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if heredoc >= 0 and (equals < 0 or heredoc < equals):
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            body = []
            for inner in lines:
                if inner == delimiter:
                    break
                body.append(inner)
            else:
                raise AssertionError("the delimiter does not come again")
            found[name] = "\n".join(body).encode()
        else:
            name, _, value = line.partition("=")
            found[name] = value.encode()
    return found


READERS: dict[str, dict[str, Callable[[bytes], Found]]] = {
    "lango": {"json": own},
    "json": {"json": json_map},
    "yaml": {"PyYAML": pyyaml},
    "toml": {"tomllib": toml},
    "dotenv": {
        "python-dotenv": python_dotenv,
        "node's dotenv 16": node_dotenv("16"),
        "node's dotenv 18": node_dotenv("18"),
    },
    "dotenv-python": {"python-dotenv": python_dotenv},
    "dotenv-node": {
        "node's dotenv 16": node_dotenv("16"),
        "node's dotenv 18": node_dotenv("18"),
    },
    "shell": {
        "bash": shell("bash", "--norc"),
        "bash as sh": shell("bash", "--posix"),
        "dash": shell("dash"),
        "zsh": shell("zsh", "-f"),
    },
    "fish": {"fish": fish},
    "docker": {"docker": docker},
    "compose": {"docker-compose": compose, "rules": compose_rules},
    "systemd": {"grammar": systemd},
    "kubernetes": {"kubernetes": kubernetes},
    "github": {"rules": github},
}
"""Format: those who read it."""
