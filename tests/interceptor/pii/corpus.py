"""The labelled texts of `corpus.txt`."""

from __future__ import annotations

import re
from pathlib import Path

from lango_cli.interceptor.pii.evaluate import Sample, Span

FILE = Path(__file__).with_name("corpus.txt")
LABEL = re.compile(r"\[\[(\w+)\|(.*?)\]\](?!\])")


def parse(line: str) -> Sample:
    """A line with `[[type|text]]` in it."""
    text, spans, done = "", [], 0
    for label in LABEL.finditer(line):
        text += line[done : label.start()]
        spans.append(Span(len(text), len(text) + len(label[2]), label[1]))
        text += label[2]
        done = label.end()
    return Sample(text + line[done:], spans)


def samples() -> list[Sample]:
    """Every line but comments."""
    lines = FILE.read_text(encoding="utf-8").split("\n")
    return [parse(line) for line in lines if line and line[0] != "#"]
