"""The page of README.md in a real Chromium: it works at one address and is blocked at the other."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ..support.serving import running_in_a_thread, serving

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM_PATH, DRIVER_PATH = shutil.which("chromium"), shutil.which("chromedriver")
if not CHROMIUM_PATH or not DRIVER_PATH:
    pytest.skip("Chromium or its driver is not installed", allow_module_level=True)

README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")
pytestmark = pytest.mark.browser


def block(language: str) -> str:
    """Return the first block of a language in README.md."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[0]


@contextmanager
def driving(profile: Path) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM_PATH
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-background-networking",
        "no-first-run",
        "no-proxy-server",
        f"user-data-dir={profile}",
    ):
        options.add_argument(f"--{argument}")
    service = webdriver.ChromeService(executable_path=DRIVER_PATH)
    chrome = webdriver.Chrome(options=options, service=service)
    try:
        yield chrome
    finally:
        chrome.quit()


def shown_at(chrome: Any, address: str) -> str:
    """Return the text that the page shows after the response."""
    chrome.get(address)
    shown = chrome.execute_async_script(
        "const done = arguments[0], shown = document.querySelector('pre');"
        "const look = () => shown.textContent.startsWith('Asking') ? setTimeout(look, 20)"
        " : done(shown.textContent); look();"
    )
    return str(shown)


def test_the_page_reads_the_app_from_localhost_and_is_blocked_from_127_0_0_1(
    tmp_path: Path,
) -> None:
    program: dict[str, Any] = {"__name__": "app"}
    app = block("python").replace("http://localhost:3000", "http://localhost:*")
    exec(compile(app, "app.py", "exec"), program)  # noqa: S102  (the example in README.md)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    pages = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with (
        serving(program["app"]) as port,
        running_in_a_thread(pages) as page_port,
        driving(tmp_path / "p") as chrome,
    ):
        (tmp_path / "page.html").write_text(block("html").replace(":5000", f":{port}"), "utf-8")
        chrome.set_script_timeout(30)
        from_localhost = shown_at(chrome, f"http://localhost:{page_port}/page.html")
        from_address = shown_at(chrome, f"http://127.0.0.1:{page_port}/page.html")
    assert from_localhost.strip() == '{"items":["tea","cake"]}'
    assert from_address == "Blocked: Failed to fetch"
