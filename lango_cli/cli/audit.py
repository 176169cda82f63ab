"""`lango audit list|verify|export`: who did what with the vault, and whether the record is whole.

The rule: a record has no value in it, so all of it may be shown. Verifying says apart whether what
is there was changed (integrity), and whether something is missing at the end (completeness), which
only a head that was exported earlier can show.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from lango_cli import files
from lango_cli.cli import parse, ui
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.codec import canonical, rfc3339
from lango_cli.errors import FileProblem, Findings, Tampered, UsageProblem
from lango_cli.vault import audit_check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.model import AuditRecord
    from lango_cli.vault.audit_check import Report
    from lango_cli.vault.vault import Vault

app = typer.Typer()

NEWEST = 50
"""Records that a terminal shows unless asked for more."""
SEEN = ("seq", "time", "event", "outcome", "target", "who", "detail")
HEAD_LIMIT = 65536
"""Bytes of an exported head; lango's own have about 400."""


@command(app, "list", unlocks=True)
def list_records(
    call: Call,
    since: Annotated[
        str | None,
        Option(
            "--since", metavar="N|DATE|7d", help="From record N, a date (UTC), or so long ago."
        ),
    ] = None,
    limit: Annotated[
        str | None,
        Option("--limit", metavar="N", help="Only the newest N; 0: all (terminal: else 50)."),
    ] = None,
) -> None:
    """List what was done with the vault, the oldest first; on a terminal the newest 50."""
    first, moment = _since(since)
    newest = None if limit is None else parse.whole(limit, "--limit")
    on_terminal = call.ui.is_terminal() and not call.ui.json
    if newest is None and on_terminal:
        newest = NEWEST
    with call.vault() as vault:
        found = [record for record in audit_check.listing(vault, first) if record.at >= moment]
    shown = found[-newest:] if newest else found
    if call.ui.json:
        call.ui.document_of("records", map(_members, shown))
    elif on_terminal:
        year = rfc3339(time.time())[:4]
        call.ui.table(SEEN, [_seen(record, year) for record in shown])
    else:
        call.ui.lines_of_cells([_cells(record) for record in shown])
    if limit is None and len(shown) < len(found):
        call.ui.note(f"the newest {len(shown)} of {len(found)} records; for all: --limit 0")


def _since(text: str | None) -> tuple[int, float]:
    """The first record's number, and the earliest time in seconds UTC."""
    if text is None:
        return 1, 0.0
    if text.isascii() and text.isdigit():
        return parse.whole(text, "--since", 1), 0.0
    now = time.time()
    try:
        if text[4:5] == "-":
            return 1, parse.moment(text, now, "--since")
        return 1, now - parse.duration(text, "--since")
    except UsageProblem:
        raise UsageProblem(
            "--since takes a record's number, a date or a duration",
            hint="such as 120, 2027-01-31 or 7d",
        ) from None


def _members(record: AuditRecord) -> dict[str, object]:
    return {
        "seq": record.seq,
        "at": rfc3339(record.at),
        "event": record.event,
        "target": record.target,
        "outcome": record.outcome,
        "detail": record.detail,
        "uid": record.uid,
        "pid": record.pid,
        "parent": record.parent,
        "terminal": record.terminal,
    }


def _cells(record: AuditRecord) -> tuple[str, ...]:
    where = f" on {record.terminal}" if record.terminal else ""
    who = f"uid {record.uid}, pid {record.pid} of {record.parent}{where}"
    return (
        str(record.seq),
        rfc3339(record.at),
        record.event,
        record.target,
        record.outcome,
        who,
        record.detail,
    )


def _seen(record: AuditRecord, year: str) -> tuple[str, ...]:
    """The same for a terminal, where the outcome and who it was must fit into 80 columns."""
    at = rfc3339(record.at).replace("T", " ")
    when = at[5:16] if at.startswith(f"{year}-") else at[:16]
    who = f"uid {record.uid} {record.parent}"
    return (
        str(record.seq),
        when,
        record.event,
        record.outcome,
        record.target,
        who,
        record.detail,
    )


@command(app, "verify", unlocks=True)
def verify(
    call: Call,
    head: Annotated[
        str | None,
        Option("--head", metavar="FILE", help="A head exported earlier, to compare with."),
    ] = None,
) -> None:
    """Check that no record was changed, and with --head that none is missing at the end."""
    known = None if head is None else _read_head(head)
    with call.vault() as vault:
        # Takes in what waits in audit.pending first, so that it is part of what is checked.
        vault.audit.append_read(vault.audit.event("audit.verify"))
        report = audit_check.verify(vault, known)
    if call.ui.json:
        call.ui.document(
            {
                "records": report.records,
                "first": report.first,
                "last": report.last,
                "intact": report.intact,
                "complete": report.complete,
                "problems": list(report.problems),
            }
        )
    else:
        call.ui.lines([_integrity(report), _completeness(report, known)])
    if not report.intact or report.complete is False:
        raise Findings(f"the audit log is not whole: {'; '.join(report.problems)}")


def _integrity(report: Report) -> str:
    if report.intact:
        span = f"{report.records} records, {report.first} to {report.last}"
        return f"integrity: whole, {span}, each follows from the one before"
    return f"integrity: broken after record {report.last}: {report.problems[0]}"


def _completeness(report: Report, head: dict[str, Any] | None) -> str:
    if head is None:
        return "completeness: not checked, no head was given (make one: lango audit export --head)"
    if report.complete:
        return f"completeness: whole, all that the head of {head['at']} knows is there"
    return f"completeness: broken: {report.problems[-1]}"


def _read_head(path: str) -> dict[str, Any]:
    """An exported head, however its JSON is laid out; Tampered if it is none."""
    import json

    try:
        head = json.loads(_read(path))
        canonical(head)
    except (ValueError, RecursionError, TypeError):
        raise Tampered("this is no exported audit head") from None
    audit_check.check_head(head)
    found: dict[str, Any] = head
    return found


def _read(path: str) -> bytes:
    """The file, pipe or link that the person named; `-` is standard input."""
    if path == "-":
        return files.read_fd(ui.STDIN, "standard input", HEAD_LIMIT)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as err:
        reason = (getattr(err, "strerror", None) or "not a path").lower()
        raise FileProblem(f"the file that --head names: {reason}", hint="check it") from None
    try:
        return files.read_fd(fd, "the file that --head names", HEAD_LIMIT)
    finally:
        os.close(fd)


@command(app, "export", unlocks=True)
def export(
    call: Call,
    head: Annotated[
        bool, Option("--head", help="Only the newest record's number and seal, signed.")
    ] = False,
    output: Annotated[
        str | None,
        Option("--output", metavar="FILE", help="Into a new file that only you can read."),
    ] = None,
) -> None:
    """Export all records as JSON lines, or with --head what shows later that none was cut off."""
    with call.vault() as vault:
        with vault.store.write():
            what = "head" if head else "records"
            vault.audit.append(vault.audit.event("audit.export", what))
        data = _line(audit_check.head(vault)) if head else b"".join(_lines(vault))
    if output is None:
        call.ui.out(data)
        return
    files.create(output, data)
    call.ui.note("exported")
    if call.ui.json:
        call.ui.document({"output": output, "head": head})


def _lines(vault: Vault) -> Iterator[bytes]:
    for record in audit_check.listing(vault):
        yield _line(_members(record))


def _line(members: dict[str, object]) -> bytes:
    return ui.json_bytes({name: value for name, value in members.items() if name != "v"})
