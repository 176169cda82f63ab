"""Every setting that is said to be used has an owner: a test that sets it and sees what it does.

The rule: `OWNERS` is a reviewed list. A new setting needs a line, and a test worth naming in it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lango_cli.config.declared import everything
from lango_cli.config.finding import find

TESTS = Path(__file__).parents[1]
APPROVAL = "interceptor/test_approval.py"
CHANNELS = "interceptor/test_channels.py"
PRESIDIO = (
    "interceptor/pii/test_presidio.py::test_every_setting_of_presidio_changes_how_it_is_asked"
)
KEY_URIS = "custody/test_kept_slots.py::test_what_a_uri_leaves_out_comes_from_the_settings"
CALLS = "custody/test_kept_slots.py::test_how_long_and_how_often_is_a_setting"

OWNERS = {
    "appSchemas.<name>": ("config/test_app_schemas.py::test_path_and_rule_are_said_and_no_value"),
    "apps.<name>.*": "transcripts/settings-commands.txt",
    "audit.reads": "transcripts/settings-effects.txt",
    "audit.retention": "transcripts/settings-effects.txt",
    "kdf.algorithm": "transcripts/settings.txt",
    "output.color": "transcripts/streams-quiet.txt",
    "output.newline": "transcripts/settings.txt",
    "secrets.retention": "transcripts/settings-effects.txt",
    "secrets.versions": (
        "config/test_profile_layer.py::test_a_profile_says_how_many_versions_are_kept"
    ),
    "security.dbEncryption.cipherPageSize": "transcripts/db-vacuum.txt",
    "security.interceptor.approval.answers": "transcripts/approve.txt",
    "security.interceptor.approval.bus": (
        f"{CHANNELS}::test_a_real_notification_service_asks_and_is_answered"
    ),
    "security.interceptor.approval.channels": "transcripts/run-approval.txt",
    "security.interceptor.approval.command": (
        f"{CHANNELS}::test_a_program_that_cannot_be_started_is_no_channel"
    ),
    "security.interceptor.approval.grantTtl": f"{APPROVAL}::test_a_yes_for_ever_lasts_a_year",
    "security.interceptor.approval.proof": (
        f"{APPROVAL}::test_the_passphrase_can_be_made_what_an_answer_takes"
    ),
    "security.interceptor.approvalPolicy": "transcripts/run-approval.txt",
    "security.interceptor.approvalTimeoutSec": (
        f"{APPROVAL}::test_nobody_is_51_and_an_answer_after_that_is_told_so"
    ),
    "security.interceptor.enabled": "transcripts/approve.txt",
    "security.interceptor.exemptTools": "transcripts/approve.txt",
    "security.interceptor.headlessAutoApprove": (
        f"{APPROVAL}::test_headless_allows_loudly_and_never_for_a_peer"
    ),
    "security.interceptor.piiCustomPatterns": "transcripts/settings-commands.txt",
    "security.interceptor.piiDisabledPatterns": "transcripts/redact.txt",
    "security.interceptor.piiEnabledPatterns": "transcripts/redact.txt",
    "security.interceptor.piiPlaceholder": "transcripts/redact.txt",
    "security.interceptor.presidio.allowHttp": PRESIDIO,
    "security.interceptor.presidio.enabled": "transcripts/redact-presidio.txt",
    "security.interceptor.presidio.entities": PRESIDIO,
    "security.interceptor.presidio.language": PRESIDIO,
    "security.interceptor.presidio.scoreThreshold": PRESIDIO,
    "security.interceptor.presidio.timeout": PRESIDIO,
    "security.interceptor.presidio.url": PRESIDIO,
    "security.interceptor.presidio.whenDown": "transcripts/redact-presidio.txt",
    "security.interceptor.redactPii": "transcripts/redact-mask.txt",
    "security.interceptor.sensitiveTools": "transcripts/approve.txt",
    "security.kms.azure.keyVersion": KEY_URIS,
    "security.kms.azure.vaultUrl": KEY_URIS,
    "security.kms.endpoint": KEY_URIS,
    "security.kms.fallbackToLocal": (
        "custody/test_end_to_end.py"
        "::test_without_the_token_nothing_serves_where_that_is_not_allowed"
    ),
    "security.kms.keyId": KEY_URIS,
    "security.kms.maxRetries": CALLS,
    "security.kms.pkcs11.keyLabel": KEY_URIS,
    "security.kms.pkcs11.modulePath": KEY_URIS,
    "security.kms.pkcs11.slotId": KEY_URIS,
    "security.kms.region": KEY_URIS,
    "security.kms.timeoutPerOperation": CALLS,
    "security.signer.keyId": (
        "custody/test_kept_slots.py::test_a_signing_key_has_a_setting_of_its_own"
    ),
    "security.signer.provider": KEY_URIS,
    "security.signer.rpcUrl": KEY_URIS,
    "unlock.order": "transcripts/settings.txt",
    "unlock.session": "transcripts/unlock.txt",
    "unlock.ttl": "transcripts/settings.txt",
    "vault.lockTimeout": (
        "cli/test_lock_timeout.py::"
        "test_a_command_waits_for_another_writer_as_long_as_the_setting_says"
    ),
}
"""Setting: a transcript, or a file and a test in it."""


def test_every_setting_that_is_used_has_an_owner_and_no_other_has() -> None:
    assert {one.key for one in everything() if one.used} == OWNERS.keys()


@pytest.mark.parametrize(("key", "owner"), OWNERS.items(), ids=OWNERS)
def test_an_owner_is_there_and_names_its_setting(key: str, owner: str) -> None:
    path, _, test = owner.partition("::")
    text = (TESTS / path).read_text()
    assert bool(test) is path.endswith(".py")
    assert not test or re.search(rf"^def {test}\(", text, re.MULTILINE)
    if "<" in key:
        assert key.partition("<")[0] in text
        return
    variable = find(key).variable.removeprefix("LANGO_").removeprefix("SECURITY_")
    names = (re.escape(key.rpartition(".")[2]), variable)
    assert re.search(rf"((?<![A-Za-z])|(?<=\\n))({'|'.join(names)})\b", text)
