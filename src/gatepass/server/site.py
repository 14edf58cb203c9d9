"""What the server is given, and what follows from it: worked out once, read by every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gatepass.server.addresses import parse_networks
from gatepass.server.cookies import LINK_NAME, SessionCookie
from gatepass.server.counters import Counters
from gatepass.server.return_to import safe_return_to
from gatepass.server.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from gatepass.auth import Auth, Secret
    from gatepass.server.addresses import Network
    from gatepass.server.feed import FeedHub
    from gatepass.server.headers import Hsts
    from gatepass.server.pages import Pages


MetricsFor: TypeAlias = "Literal['off', 'loopback'] | Secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """How Auth appears over HTTP.

    `issuer` is the origin under which browsers reach it; `app_origins` are the origins of browser
    applications that may call the API with the cookie and be returned to; `trusted_networks` are
    those of the proxies whose X-Forwarded-For and X-Request-ID are believed.
    """

    issuer: str
    app_origins: frozenset[str] = frozenset()
    trusted_networks: tuple[Network, ...] = ()
    counters: bool = False
    metrics: MetricsFor = "off"
    """Who may read them: nobody, programs of this machine, or who has this bearer token."""
    hsts: Hsts = "subdomains"
    """For which hosts browsers must keep to https: Auth's and all below it, or Auth's alone."""

    @classmethod
    def from_names(
        cls,
        *,
        issuer: str,
        app_origins: tuple[str, ...] = (),
        trusted_proxies: tuple[str, ...] = (),
        counters: bool = False,
        metrics: MetricsFor = "off",
        hsts: Hsts = "subdomains",
    ) -> ServerConfig:
        """Make it from the texts of the settings. Raises `ValueError` for a network that is none."""
        return cls(
            issuer=issuer,
            app_origins=frozenset(app_origins),
            trusted_networks=parse_networks(trusted_proxies),
            counters=counters,
            metrics=metrics,
            hsts=hsts,
        )

    @property
    def https(self) -> bool:
        """Whether browsers come over https; what decides on cookies and HSTS."""
        return self.issuer.startswith("https://")


class Site:
    """Everything a handler may need, made once at the start."""

    __slots__ = (
        "auth",
        "clock",
        "config",
        "cookie",
        "counters",
        "document",
        "feed",
        "link_cookie",
        "origins",
        "pages",
        "traffic",
    )

    def __init__(
        self,
        auth: Auth,
        config: ServerConfig,
        *,
        feed: FeedHub,
        pages: Pages,
        document: bytes,
        clock: Callable[[], float],
    ) -> None:
        self.auth = auth
        self.config = config
        self.clock = clock
        self.counters = Counters()
        self.traffic = Traffic()
        self.feed = feed
        self.pages = pages
        self.document = document
        self.cookie = SessionCookie.for_scheme(https=config.https)
        self.link_cookie = SessionCookie.for_scheme(https=config.https, name=LINK_NAME)
        self.origins = frozenset({config.issuer}) | config.app_origins

    def return_to(self, text: str | None) -> str | None:
        """Give the address back when a browser may be sent there, otherwise None."""
        return safe_return_to(text, own_origin=self.config.issuer, app_origins=self.config.app_origins)
