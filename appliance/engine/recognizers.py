"""The recognisers of a set: its default one always, and at most one other, loaded when a job first wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.engine.asr import Recognizer
from appliance.engine.models import RECOGNIZER
from appliance.errors import OutOfMemoryError

if TYPE_CHECKING:
    from appliance.engine.devices import DevicePlan
    from appliance.engine.models import ModelSet


class Recognizers:
    """What hears words, by its role."""

    def __init__(self, models: ModelSet, plan: DevicePlan, default: Recognizer) -> None:
        self._models = models
        self._plan = plan
        self._default = default
        self._others: dict[str, Recognizer] = {}

    @classmethod
    def load(cls, models: ModelSet, plan: DevicePlan) -> Recognizers:
        """Load the default one.

        Raises:
            ModelError: It is missing or incomplete.
        """
        return cls(models, plan, Recognizer.load(models.path(RECOGNIZER), plan))

    @property
    def others(self) -> frozenset[str]:
        """The roles of those in memory besides the default."""
        return frozenset(self._others)

    def get(self, role: str) -> Recognizer:
        """Return a recogniser, loaded.

        The one of before gives its memory back first: a device that was planned for one set of weights and a second has
        no room for a third.

        Args:
            role: As ``ModelSet.recognizer`` returns it.

        Raises:
            OutOfMemoryError: It does not fit beside the others.
            ModelError: It is incomplete.
        """
        if role == RECOGNIZER:
            return self._default
        if role not in self._others:
            self._others.clear()
            try:
                self._others[role] = Recognizer.load(self._models.path(role), self._plan)
            except RuntimeError as exc:
                if "out of memory" not in str(exc).lower():
                    raise
                raise OutOfMemoryError from exc
        return self._others[role]

    def drop_others(self) -> None:
        """Give back the memory of all but the default."""
        self._others.clear()
