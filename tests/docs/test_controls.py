"""The page of controls says what the code does: its defaults, its ways in, its words."""

from __future__ import annotations

from typing import Final

from tests.docs.pages import DOCS, mentions, named, prose, rows

from gatepass.auth import EventKind
from gatepass.auth.password_rules import commonest
from gatepass.server.operation import Access
from gatepass.server.routes import operations, pages
from gatepass.server.site import ServerConfig
from gatepass.settings import Settings

PAGE: Final = DOCS / "reference" / "controls.md"
SETTINGS: Final = Settings(issuer="https://login.example.org", audience="clinic")
CONFIG: Final = ServerConfig.from_names(issuer=SETTINGS.issuer)

GIVES_NOTHING: Final = {"/logout", "/sessions/{sid}/end", "/sessions/end-others", "/sessions/end-all"}
"""Forms of who is logged in that only end something."""
ASKED_BEFORE: Final = {"/profile/names", "/profile/email"}
"""Forms of who is logged in that ask for the password and open nothing."""


def ways_in() -> set[str]:
    """Give what gives something for a word: by the route table, not by the page."""
    api = {
        f"POST {row.path}"
        for row in operations(CONFIG)
        if row.method == "POST"
        and (row.access is Access.OPEN or row.path in {"/api/tokens", "/api/password"})
    }
    forms = {f"POST {page.path}" for page in pages() if page.method == "POST"}
    return api | (forms - {f"POST {path}" for path in GIVES_NOTHING | ASKED_BEFORE})


def test_no_way_in_is_missing_and_none_is_invented() -> None:
    told = {name for cells in rows(PAGE, "Ways in") for name in named(cells[0])}
    assert {name for name in told if name.startswith("POST ")} == ways_in()


def test_every_default_is_the_default() -> None:
    told = [cells for heading in ("Attempts", "Sessions") for cells in rows(PAGE, heading)]
    assert len(told) == 10
    for cells in told:
        table, _, name = named(cells[0])[0].partition(".")
        assert int(cells[1]) == getattr(getattr(SETTINGS, table), name), cells[0]


def test_the_figures_of_the_prose_hold() -> None:
    text = prose(PAGE)
    assert f"the {round(len(commonest()), -2):,} commonest" in text
    assert (SETTINGS.events.keep, SETTINGS.log.access, SETTINGS.server.metrics) == (31_536_000, False, "off")
    assert EventKind.ATTEMPTS_EXCEEDED
    for name in ("events.keep", "events.to", "log.access", "gatepass:admin", "require_fresh_login"):
        assert mentions(PAGE, name)
