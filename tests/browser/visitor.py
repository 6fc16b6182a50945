"""One person at one browser, and a watch over what their pages should not do."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page

from appliance.worker.workshop import Workshop
from tests.web.appliance import LiveAppliance


@dataclass
class Watch:
    """What a page should not do."""

    address: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("request", lambda request: self._see(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda message: self.errors.append(message.text) if "Content Security Policy" in message.text else None,
        )

    def _see(self, url: str) -> None:
        if not url.startswith((f"{self.address}/", "data:", "blob:")):
            self.foreign.append(url)


@dataclass(frozen=True)
class Visitor:
    """One person at one browser."""

    live: LiveAppliance
    owner_id: str
    context: BrowserContext
    page: Page
    watch: Watch

    @property
    def workshop(self) -> Workshop:
        return self.live.workshop

    def open(self, path: str) -> Page:
        self.page.goto(self.live.address + path)
        return self.page
