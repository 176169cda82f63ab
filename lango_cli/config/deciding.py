"""Variables that decide what a program loads, runs or trusts, and where it sends what it has.

The rule: no file that comes with a project gives one of these a text, and where a person is asked
for a yes they are shown. The list is of the well-known ones and cannot be whole: each program may
have its own.
"""

from __future__ import annotations

PREFIXES = ("LANGO_", "LD_", "DYLD_", "GIT_", "NPM_CONFIG_")
# fmt: off
NAMES = frozenset((
    "PATH", "HOME", "SHELL", "ENV", "IFS", "PS1", "PS2", "PS4", "CDPATH", "FPATH", "ZDOTDIR",
    "BASH_ENV", "BASHOPTS", "SHELLOPTS", "PROMPT_COMMAND", "EDITOR", "VISUAL", "PAGER",
    "MANPAGER", "BROWSER", "LESSOPEN", "LESSCLOSE", "SSH_ASKPASS", "SUDO_ASKPASS", "PYTHONPATH",
    "PYTHONHOME", "PYTHONSTARTUP", "PYTHONBREAKPOINT", "PYTHONUSERBASE", "PYTHONWARNINGS",
    "NODE_OPTIONS", "NODE_PATH", "PERL5LIB", "PERL5OPT", "PERL5DB", "PERLLIB", "RUBYLIB",
    "RUBYOPT", "LUA_INIT", "LUA_PATH", "LUA_CPATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS", "CLASSPATH", "GCONV_PATH", "LOCPATH", "PHPRC", "PHP_INI_SCAN_DIR",
    "MAKEFLAGS", "MAKEFILES", "RUSTC_WRAPPER", "CARGO_HOME", "GOFLAGS", "XDG_CONFIG_HOME",
    "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "CURL_HOME", "WGETRC", "NETRC", "KUBECONFIG",
    "AWS_CONFIG_FILE", "DOCKER_HOST", "DOCKER_CONFIG", "OPENSSL_CONF", "OPENSSL_MODULES",
    "OPENSSL_ENGINES", "SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED",
    "PYTHONHTTPSVERIFY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY",
    "CREDENTIALS_DIRECTORY", "DBUS_SESSION_BUS_ADDRESS",
))
# fmt: on


def decides(name: str) -> bool:
    """Whether this variable is one of them; programs read some in lower case too."""
    upper = name.upper()
    return upper in NAMES or upper.startswith(PREFIXES)
