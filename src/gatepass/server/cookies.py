"""The log-in cookie: its name, its flags, and how it is read (RFC 6265)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME: Final = "gatepass_session"
LINK_NAME: Final = "gatepass_link"


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie that carries a session id, or the secret of a one-time link; on https bound to the host by
    its `__Host-` prefix."""

    name: str
    flags: str

    @classmethod
    def for_scheme(cls, *, https: bool, name: str = _NAME) -> SessionCookie:
        """Choose name and flags: https always, except on this machine."""
        flags = "Path=/; HttpOnly; SameSite=Lax"
        if https:
            # The prefix makes browsers insist on Secure, Path=/ and no Domain, so that no neighbouring
            # host under the same domain can plant this cookie.
            return cls(f"__Host-{name}", f"{flags}; Secure")
        return cls(name, flags)

    def given(self, session_id: str) -> bytes:
        """Write the `Set-Cookie` value; it ends with the browser's session, the server knows the true end."""
        return f"{self.name}={session_id}; {self.flags}".encode("ascii")

    def given_for(self, secret: str, *, seconds: int) -> bytes:
        """Write the `Set-Cookie` value of one that the browser forgets after a while by itself."""
        return f"{self.name}={secret}; {self.flags}; Max-Age={seconds}".encode("ascii")

    def taken_back(self) -> bytes:
        """Write the `Set-Cookie` value that makes the browser forget it."""
        return f"{self.name}=; {self.flags}; Max-Age=0".encode("ascii")

    def read(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Take the value out of the request; None when it is absent.

        Two cookies of the name mean that somebody planted one (RFC 6265 §8.6); which one comes first says
        nothing, so neither is believed.
        """
        found: list[bytes] = []
        wanted = self.name.encode("ascii")
        for header, value in headers:
            if header == b"cookie":
                for pair in value.split(b";"):
                    name, equals, text = pair.strip(b" \t").partition(b"=")
                    if equals and name == wanted:
                        found.append(text)
        if len(found) != 1:
            return None
        return found[0].decode("latin-1")
