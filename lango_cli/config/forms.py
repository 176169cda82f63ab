"""What a reference in a text looks like: `${VARIABLE}`, `{{secret:NAME}}`.

Apart from `formed`, because few values have one, and `re` takes as long to load as all settings.
"""

from __future__ import annotations

import re

REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|\{\{secret:[^{}\r\n]+\}\}")
