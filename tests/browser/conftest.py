"""Debian's Chromium before a real appliance. What a page loads from elsewhere, or is refused by the policy, is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from appliance.certificates import ensure_certificates
from appliance.records.accounts import ADMINISTRATOR
from appliance.web.security import SESSION_COOKIE
from appliance.worker.workshop import Workshop
from tests.browser.chromium import CHROMIUM, driver, trusting
from tests.web.appliance import LOOPBACK, LiveAppliance, open_workshop, serving, sign_in

TIMEOUT_MS = 30_000

WATCH_POLICY = """
window.refusals = [];
document.addEventListener('securitypolicyviolation', (event) => window.refusals.push(event.violatedDirective));
"""


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


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys folder of an appliance that has its certificates, for all that are tried in this run."""
    folder = tmp_path_factory.mktemp("certificates")
    ensure_certificates(folder, LOOPBACK)
    return folder


@pytest.fixture(scope="session")
def arguments(certificates: Path) -> list[str]:
    """How a Chromium is started that trusts them."""
    return trusting(certificates / "leaf.crt")


@pytest.fixture(scope="session")
def chromium(arguments: list[str], certificates: Path) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with driver(certificates / "ca.crt") as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def live(tmp_path: Path, certificates: Path, request: pytest.FixtureRequest) -> Iterator[LiveAppliance]:
    """An appliance, with the settings that a test is parametrized with."""
    shutil.copytree(certificates, tmp_path / "keys")
    workshop = open_workshop(tmp_path, **getattr(request, "param", {}))
    with serving(workshop) as appliance:
        yield appliance
    workshop.close()


@pytest.fixture
def visit(chromium: Browser, live: LiveAppliance) -> Iterator[Callable[..., Visitor]]:
    """Open a browser with settings of its own; at the end, nothing may have been loaded from elsewhere or refused."""
    visitors: list[Visitor] = []

    def arrive(
        *, signed_in: bool = True, name: str = "owner", role: str = ADMINISTRATOR, **settings: object
    ) -> Visitor:
        context = chromium.new_context(**({"locale": "en-GB"} | settings))  # type: ignore[arg-type]
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(WATCH_POLICY)
        cookie, owner_id = sign_in(live.workshop, name, role)
        if signed_in:
            context.add_cookies(
                [
                    {
                        "name": SESSION_COOKIE,
                        "value": cookie,
                        "url": live.address,
                        "secure": True,
                        "httpOnly": True,
                        "sameSite": "Strict",
                    }
                ]
            )
        watch = Watch(live.address)
        page = context.new_page()
        watch.over(page)
        visitors.append(Visitor(live, owner_id, context, page, watch))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        refusals = visitor.page.evaluate("window.refusals")
        visitor.context.close()
        assert refusals == []
        assert visitor.watch.errors == []
        assert visitor.watch.foreign == []


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()
