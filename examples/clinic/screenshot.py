"""Take the pictures of the README from a running demo: `python -m examples.clinic.screenshot docs/images`."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from examples.clinic.config import FIRST_PORT, Clinic
from examples.clinic.people import ACCOUNTS
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOCTOR = next(account for account in ACCOUNTS if "doctor" in account.roles)
READY = "body[data-state=ready][data-loads][data-busy=false]"


def main() -> None:
    """Log in as a doctor, look around, and be kicked out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=FIRST_PORT)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    clinic = Clinic(port=options.port, data=Path())
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
        _take(page, clinic, options.folder)
        browser.close()


def _take(page: Page, clinic: Clinic, folder: Path) -> None:
    page.goto(f"{clinic.users}/")
    page.get_by_role("link", name="Log in at Auth").click()
    page.get_by_label("E-mail").fill(DOCTOR.email)
    page.set_viewport_size({"width": 1280, "height": 640})
    page.screenshot(path=folder / "login.png")
    page.set_viewport_size({"width": 1280, "height": 1110})
    page.get_by_label("Password", exact=True).fill(DOCTOR.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector(READY)
    for mode in ("session", "token"):
        page.get_by_role("radio", name=mode).check()
        page.wait_for_selector(READY)
    page.get_by_role("button", name="Load again").click()
    page.wait_for_selector(READY)
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=folder / "clinic.png")
    page.get_by_role("button", name="Kick me out").click()
    page.get_by_role("alert").wait_for()
    page.set_viewport_size({"width": 1280, "height": 600})
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=folder / "kicked-out.png")


if __name__ == "__main__":
    main()
