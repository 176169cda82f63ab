"""Kinds of settings and texts that are alike, where everything about settings can see them.

What each kind is, is said in `setting` and `formed`.
"""

from __future__ import annotations

JSON_KINDS = ("list", "regexes", "map", "rules", "free")
"""Kinds whose text is JSON."""
STRUCTURED = (*JSON_KINDS, "table")
"""Kinds whose form is known though references stand in them."""
WORDS = ("order", "names", "words", "command")
"""Kinds whose text is words, as a shell has them."""


def may_refer(text: str) -> bool:
    """Whether a reference may stand in this text; `references` knows for certain."""
    return "${" in text or "{{secret:" in text
