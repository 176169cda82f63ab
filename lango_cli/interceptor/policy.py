"""Which actions need a yes: one pure function, which `lango approve explain` explains.

The rule: off > exempt > sensitive > policy, and the first that speaks decides. A level that nobody
named, or that is none, counts as dangerous. A tool's name is compared exactly, upper and lower
case included; an entry that ends with `*` stands for every name that begins so.
"""

from __future__ import annotations

from dataclasses import dataclass

from lango_cli.model_approval import DANGEROUS, LEVELS, MODERATE, SAFE

ALL, CONFIGURED, NONE = "all", "configured", "none"

KNOWN = {
    "run": DANGEROUS,
    "crypto_decrypt": DANGEROUS,
    "crypto_encrypt": DANGEROUS,
    "crypto_hash": SAFE,
    "crypto_keys": SAFE,
    "crypto_sign": DANGEROUS,
    "inject": DANGEROUS,
    "env": DANGEROUS,
    "redact": SAFE,
    "mask": SAFE,
    "check": SAFE,
    "secrets_delete": DANGEROUS,
    "secrets_get": DANGEROUS,
    "secrets_list": SAFE,
    "secrets_store": DANGEROUS,
    "settings_get": SAFE,
    "settings_set": MODERATE,
}
"""Levels of lango's own tools, for those that ask about one without saying its level."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say."""

    enabled: bool = False
    policy: str = DANGEROUS
    sensitive: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a yes is needed, the level that counted, the rule that decided, and why in words."""

    needed: bool
    level: str
    rule: str
    why: str


def judge(rules: Rules, tool: str, level: str = "") -> Verdict:
    """Whether this tool needs a yes."""
    said = level or KNOWN.get(tool, "")
    counts = said if said in LEVELS else DANGEROUS
    if not rules.enabled:
        return Verdict(False, counts, "off", "the interceptor is off")
    if entry := _entry(rules.exempt, tool):
        return Verdict(False, counts, "exempt", f"exemptTools has {entry}")
    if entry := _entry(rules.sensitive, tool):
        return Verdict(True, counts, "sensitive", f"sensitiveTools has {entry}")
    how = f"{tool} is {said}" if said == counts else f"{tool} is unknown, which is as dangerous"
    if rules.policy == NONE:
        return Verdict(False, counts, "policy", "the policy none asks for no other tool")
    if rules.policy == CONFIGURED:
        why = "the policy configured asks for the tools in sensitiveTools alone"
        return Verdict(False, counts, "policy", why)
    if rules.policy == DANGEROUS:
        verb = "asks" if counts == DANGEROUS else "does not ask"
        return Verdict(
            counts == DANGEROUS, counts, "policy", f"{how}: the policy dangerous {verb}"
        )
    return Verdict(True, counts, "policy", f"the policy {rules.policy} asks for every tool")


def _entry(entries: tuple[str, ...], tool: str) -> str:
    """The entry that this tool falls under, the exact one first; empty where none."""
    if tool in entries:
        return tool
    for entry in entries:
        if entry.endswith("*") and tool.startswith(entry[:-1]):
            return entry
    return ""
