"""Kinds of settings that are alike, in a place that everything about settings can see.

What each kind is, is said in `setting` and `formed`.
"""

from __future__ import annotations

JSON_KINDS = ("list", "regexes", "map", "rules", "free")
"""Kinds whose text is JSON."""
WORDS = ("order", "names", "words", "command")
"""Kinds whose text is words, as a shell has them."""
