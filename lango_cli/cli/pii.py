"""`lango pii list|eval`: what is looked for, and how well it is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument

from lango_cli import files
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.redact import Disable, Enable, chosen
from lango_cli.errors import FileProblem
from lango_cli.interceptor.pii import evaluate
from lango_cli.wiring import redacting

if TYPE_CHECKING:
    from lango_cli.interceptor.pii.evaluate import Score

app = typer.Typer()

FILE_LIMIT = 256 << 20


@command(app, "list")
def list_patterns(call: Call, enable: Enable = None, disable: Disable = None) -> None:
    """List the patterns by name: what each is, its category, and whether it is looked for."""
    found = redacting.patterns(call.settings(), chosen(enable, disable))
    if call.ui.json:
        members = [
            {
                "name": one.pattern.name,
                "label": one.pattern.label,
                "category": one.pattern.category,
                "default": one.pattern.on,
                "on": one.on,
            }
            for one in found
        ]
        call.ui.document({"patterns": members})
        return
    rows = [
        (one.pattern.name, "on" if one.on else "off", one.pattern.category, one.pattern.label)
        for one in found
    ]
    call.ui.table(("name", "state", "category", "what it is"), rows)


@command(app, "eval")
def eval_file(
    call: Call,
    file: Annotated[str, Argument(metavar="FILE", help="Labelled texts, one JSON object a line.")],
    enable: Enable = None,
    disable: Disable = None,
) -> None:
    """Print precision and recall of each type over a labelled file.

    A line is {"text": "...", "spans": [{"start": 0, "end": 5, "type": "email"}]}, with offsets in
    code points; a line without spans holds near misses. A span is found if all of it is covered; a
    finding is right if it touches a span of its type. The last line counts any type.
    """
    data = files.read(file, FILE_LIMIT)
    if data is None:
        raise FileProblem(f"{file}: no such file", hint="name a file of labelled texts")
    labelled = evaluate.samples(data, file)
    with redacting.finder(call.settings(), chosen(enable, disable), call.ui.warn) as finds:
        scores = evaluate.evaluate(finds.find, labelled, finds.unit)
    if call.ui.json:
        call.ui.document({"texts": len(labelled), "types": [_members(score) for score in scores]})
    else:
        head = ("type", "labelled", "found", "recall", "findings", "right", "precision")
        call.ui.table(head, [_row(score) for score in scores])


def _members(score: Score) -> dict[str, object]:
    return {
        "type": score.type,
        "labelled": score.labelled,
        "found": score.found,
        "recall": score.recall,
        "findings": score.findings,
        "right": score.right,
        "precision": score.precision,
    }


def _row(score: Score) -> tuple[str, ...]:
    return (
        score.type,
        str(score.labelled),
        str(score.found),
        _share(score.recall),
        str(score.findings),
        str(score.right),
        _share(score.precision),
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
