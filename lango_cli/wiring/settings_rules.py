"""What settings say about one another, seen as a whole before it is changed.

The rule: it is judged over all layers as they will be, and only rules that a change touches count,
so that what was wrong before keeps nobody from mending something else. A contradiction is refused
always. What is still missing is refused where the whole was meant to come at once (`whole`), and
is otherwise told: people set one setting after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lango_cli.config import document, load
from lango_cli.config.finding import flat
from lango_cli.config.rules import Broken, broken
from lango_cli.errors import InvalidSetting
from lango_cli.wiring import opening
from lango_cli.wiring.settings import profile_layer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lango_cli.model_settings import Profiles
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.settings_edit import Changes


class Whole:
    """Called once nobody else can write: InvalidSetting where the changes break a rule."""

    def __init__(
        self,
        flags: Flags,
        profiles: Profiles | None,
        new: Mapping[str, Any],
        first: Callable[[], None] | None = None,
        *,
        whole: bool = False,
    ) -> None:
        self._flags, self._profiles, self._new = flags, profiles, new
        self._first, self._whole = first, whole
        self.missing: list[str] = []
        """What the change leaves to be set, for people."""

    def __call__(self) -> None:
        """Judge; `first` is asked before."""
        if self._first is not None:
            self._first()
        found = [one for one in broken(self._after(), document.defaults()) if self._touches(one)]
        self.missing = [one.text for one in found if one.missing]
        wrong = found if self._whole else [one for one in found if not one.missing]
        document.refuse([InvalidSetting(one.text) for one in wrong], "the settings")

    def _after(self) -> dict[str, Any]:
        """What is set in any layer once this is written; what is replaced need not be right."""
        profile = () if self._profiles is None else profile_layer(self._flags, self._profiles)
        values: dict[str, Any] = {}
        for one in load.layers(opening.folders_of(self._flags).config, {}, profile):
            if one.setting.key not in self._new:
                one.value()  # Says what is wrong with it.
                values[one.setting.key] = document.to_json(one.setting, one.text)
        whole = document.nested(values)
        for key, value in self._new.items():
            if value is None:
                document.take(whole, key)
            else:
                document.put(whole, key, value)
        return dict(flat(whole))

    def _touches(self, one: Broken) -> bool:
        return any(
            key == changed or changed.startswith(f"{key}.")
            for key in one.keys
            for changed in self._new
        )


def changed(changes: Changes) -> dict[str, Any]:
    """Every name that is changed; a sensitive value as what says that there is one."""
    return {**changes.file, **changes.sealed, **dict.fromkeys(changes.secrets, document.REDACTED)}
