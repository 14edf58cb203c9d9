"""The route table: every operation of the API and every page, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.server.routes import (
    account,
    counts,
    events,
    health,
    links,
    live_sessions,
    login,
    login_page,
    metrics,
    orders,
    password,
    profile,
    revocations,
    sessions,
    static,
    tokens,
    users,
    well_known,
)

if TYPE_CHECKING:
    from gatepass.server.operation import Operation, Page
    from gatepass.server.site import ServerConfig

__all__ = ["operations", "pages"]


def operations(config: ServerConfig) -> tuple[Operation, ...]:
    """Give the API's rows, the hottest first: the router tries them in this order."""
    rows: list[Operation] = [*sessions.HOT, *tokens.ROWS, *revocations.ROWS]
    rows += (*well_known.ROWS, *health.ROWS, *login.ROWS, *sessions.ROWS)
    rows += (*links.ROWS, *profile.ROWS)
    rows += (*password.ROWS, *live_sessions.ROWS, *users.ROWS, *orders.ROWS, *events.ROWS)
    rows += metrics.rows(config.metrics)
    return (*rows, *counts.ROWS) if config.counters else tuple(rows)


def pages() -> tuple[Page, ...]:
    """Give the pages' rows."""
    return (*login_page.PAGES, *account.PAGES, *password.PAGES, *profile.PAGES, *links.PAGES, *static.PAGES)
