"""What a lie of the publisher is: a bundle, the appliance it is shown to, how it must be refused, and how early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.errors import BundleError
from tests.simulators.publisher import World, world


@dataclass(frozen=True, slots=True)
class Lie:
    """One way to lie.

    Attributes:
        name: What is wrong, in words.
        make: Makes the bundle.
        error: How it must be refused.
        stage: How far it may come; see ``tests.bundles.opened.Shown``.
        world: Makes the appliance that it is shown to.
    """

    name: str
    make: Callable[[], bytes]
    error: type[BundleError]
    stage: str
    world: Callable[[], World]


class Lies(list[Lie]):
    """A collection of lies that are refused at one stage."""

    def __init__(self, stage: str) -> None:
        super().__init__()
        self.stage = stage

    def add(
        self, error: type[BundleError], where: Callable[[], World] = world
    ) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
        """Collect a function that makes a lying bundle, by its own name."""

        def collect(make: Callable[[], bytes]) -> Callable[[], bytes]:
            self.append(Lie(make.__name__.replace("_", " "), make, error, self.stage, where))
            return make

        return collect

    def each(
        self,
        error: type[BundleError],
        make: Callable[[object], bytes],
        variants: dict[str, object],
        where: Callable[[], World] = world,
    ) -> None:
        """Collect several lies of one kind, by the names of their variants."""
        for name, variant in variants.items():
            self.append(Lie(name, lambda variant=variant: make(variant), error, self.stage, where))  # type: ignore[misc]
