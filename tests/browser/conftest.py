"""Debian's Chromium before a real appliance. What a page loads from elsewhere, or is refused by the policy, is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from appliance.certificates import ensure_certificates
from appliance.records.accounts import ADMINISTRATOR
from appliance.web.security import SESSION_COOKIE
from tests.browser.chromium import CHROMIUM, driver, trusting
from tests.browser.shared import Visit, make_workspace, take_in, unlock_here
from tests.browser.visitor import Visitor, Watch
from tests.web.appliance import LOOPBACK, LiveAppliance, open_workshop, serving, sign_in

TIMEOUT_MS = 30_000

WATCH_POLICY = """
window.refusals = [];
document.addEventListener('securitypolicyviolation', (event) => window.refusals.push(event.violatedDirective));
"""


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


@pytest.fixture
def anna(visit: Visit) -> Visitor:
    return visit(name="anna")


@pytest.fixture
def ben(visit: Visit) -> Visitor:
    visitor = visit(name="ben")
    unlock_here(visitor)
    return visitor


@pytest.fixture
def workspace(anna: Visitor, ben: Visitor) -> str:
    """A workspace of anna with ben as an editor."""
    workspace = make_workspace(anna)
    take_in(anna, workspace, "ben")
    return workspace
