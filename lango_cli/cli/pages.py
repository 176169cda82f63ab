"""How a help page lists arguments and options: under headings, plain, in the order declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    # Typer 0.28 carries its own Click; pyproject pins it below 0.29.
    from typer._click import Context, HelpFormatter, Parameter


def word(param: Parameter) -> str:
    """What an argument is called in usage lines."""
    return param.metavar or str(param.name).upper()


def write_options(params: Sequence[Parameter], ctx: Context, formatter: HelpFormatter) -> None:
    """The sections of a page: arguments, options, then the shared ones under their headings."""
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for param in params:
        record = param.get_help_record(ctx)
        heading = getattr(param, "rich_help_panel", None)
        if param.param_type_name == "argument":
            sections["Arguments"].append((word(param), getattr(param, "help", None) or ""))
        elif record is not None:
            sections.setdefault(heading or "Options", []).append(record)
    for heading, rows in sections.items():
        if rows:
            with formatter.section(heading):
                formatter.write_dl(rows)
