"""AWS KMS by TLS: who answers has to be who its certificate says, or it is a refusal."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import CustodyDenied, CustodyUnavailable
from tests.custody.aws_here import account, client, made, opened_at
from tests.custody.suite import HERE, KEY
from tests.doubles.authority import Authority
from tests.doubles.moto_kms import MotoKms, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["account"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def aws(authority: Authority) -> Iterator[MotoKms]:
    with serving(authority.server()) as kms:
        yield kms


@contextmanager
def cutting() -> Iterator[str]:
    """Where every connection ends when its first bytes have come."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1 << 16)

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_of_a_trusted_authority_is_spoken_to(
    aws: MotoKms, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.path))
    key = made(client(aws))
    custodian = opened_at(key, aws.url)
    assert custodian.unwrap(custodian.generate(HERE)[1], HERE)
    assert custodian.describe().usable


def test_a_certificate_that_nobody_trusts_is_a_refusal(aws: MotoKms) -> None:
    with pytest.raises(CustodyDenied, match="certificate") as refused:
        opened_at("alias/kek", aws.url, retries=9).wrap(KEY, HERE)
    assert "AWS_CA_BUNDLE" in refused.value.hint
    assert aws.seen == []


def test_a_certificate_of_another_authority_is_a_refusal(
    tmp_path: Path, aws: MotoKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(Authority(tmp_path / "other").path))
    with pytest.raises(CustodyDenied, match="certificate"):
        opened_at("alias/kek", aws.url).wrap(KEY, HERE)


def test_a_bundle_that_is_not_there_is_no_reason_to_fall_back(
    aws: MotoKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nonexistent/bundle.pem")
    with pytest.raises(CustodyDenied):
        opened_at("alias/kek", aws.url).wrap(KEY, HERE)


def test_what_answers_without_tls_where_tls_is_wanted_is_a_refusal() -> None:
    with serving() as plain, pytest.raises(CustodyDenied):
        opened_at("alias/kek", plain.url.replace("http:", "https:")).wrap(KEY, HERE)


def test_a_connection_that_is_cut_is_not_available() -> None:
    with cutting() as endpoint, pytest.raises(CustodyUnavailable):
        opened_at("alias/kek", endpoint).wrap(KEY, HERE)
