"""One request, as the handlers see it: parsed on demand, typed, bounded."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec

from gatepass.auth import Client
from gatepass.server.addresses import client_address
from gatepass.server.answers import Refused
from gatepass.server.csrf import SAFE_METHODS
from gatepass.server.device import device_label
from gatepass.server.limits import read_body

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

    from gatepass.auth import CheckedSession
    from gatepass.server.site import Site

_S = TypeVar("_S", bound=msgspec.Struct)

# A form or query of ours has a handful of fields; more are refused before they are decoded.
MAX_FIELDS: Final = 16

_LOG: Final = logging.getLogger("gatepass.server")


class Call:
    """A request and the site it came to; `now` is read from the clock once, here."""

    __slots__ = ("_checked", "now", "receive", "scope", "site")

    def __init__(self, scope: Scope, receive: Receive, site: Site) -> None:
        self.scope = scope
        self.receive = receive
        self.site = site
        self.now = site.clock()
        self._checked: CheckedSession | None = None

    @property
    def checked(self) -> CheckedSession:
        """The session and user that authorise this request; only operations that need a pass have them."""
        if self._checked is None:
            raise AssertionError("this operation is open to everybody")
        return self._checked

    @checked.setter
    def checked(self, checked: CheckedSession) -> None:
        self._checked = checked

    @property
    def is_safe(self) -> bool:
        """Whether the method changes nothing."""
        return self.scope["method"] in SAFE_METHODS

    @property
    def client(self) -> Client:
        """Who asks: the address that counts, and a short name of the device."""
        return Client(address=self.address, device=device_label(self.header(b"user-agent")))

    @property
    def address(self) -> str:
        """Where it comes from: the address that counts."""
        peer = self.scope.get("client")
        networks = self.site.config.trusted_networks
        return client_address(peer[0] if peer else None, self.scope["headers"], networks) or "unknown"

    def header(self, name: bytes) -> str | None:
        """Give a header's value, None when it is absent. Raises `Refused` when it is there twice."""
        found: bytes | None = None
        for key, value in self.scope["headers"]:
            if key == name:
                if found is not None:
                    raise Refused("invalid_request", detail=f"The header {name.decode()} is there twice.")
                found = value
        return None if found is None else found.decode("latin-1")

    def path_value(self, name: str) -> str:
        """Give what the path has at a `{name}`."""
        return str(self.scope["path_params"][name])

    async def json_body(self, decoder: msgspec.json.Decoder[_S]) -> _S:
        """Read and parse the body, strictly. Raises `Refused`."""
        if self._media_type() != "application/json":
            raise Refused("unsupported_media_type")
        body = await read_body(self.scope["headers"], self.receive)
        try:
            message = decoder.decode(body)
            # msgspec keeps the last of two equal members. By now the body is known to be flat and small; with
            # one colon it has one member, as a refresh has.
            if body.count(b":") > 1:
                _PLAIN.decode(body.decode())
        except (msgspec.MsgspecError, UnicodeDecodeError, _Duplicate) as error:
            field = named_field(str(error))
            words = _NO_OBJECT if field is None else "The body is not what this operation takes: see `field`."
            raise Refused("invalid_body", field=field, detail=words) from None
        return message

    async def form_body(self) -> dict[str, str]:
        """Read a form that a page of ours sent. Raises `Refused`."""
        if self._media_type() != "application/x-www-form-urlencoded":
            raise Refused("unsupported_media_type")
        return _fields(await read_body(self.scope["headers"], self.receive), "invalid_body")

    def query(self) -> dict[str, str]:
        """Parse the query string. Raises `Refused`."""
        return _fields(self.scope["query_string"], "invalid_request")

    def log_refusal(self, *, label: str, code: str, words: object = "") -> None:
        """Tell the operator why, to whom and to which address, where the client is only told that."""
        self.site.traffic.refused(label, code)
        user = "nobody" if self._checked is None else self._checked.user.id
        why = f"{code} ({words})" if words else code
        _LOG.info("%s refused: %s user=%s address=%.64s", label, why, user, self.address)

    def _media_type(self) -> str:
        return (self.header(b"content-type") or "").partition(";")[0].strip().lower()


class _Duplicate(Exception):
    """An object with two members of one name."""


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) != len(pairs):
        raise _Duplicate("duplicate member")


_PLAIN: Final = json.JSONDecoder(object_pairs_hook=_refuse_duplicates)


_NO_OBJECT: Final = "The body must be one JSON object, in UTF-8, without two members of one name."


def named_field(message: str) -> str | None:
    """Take the member's name out of msgspec's words; never its value."""
    path = message.rpartition(" - at `$.")[2] if " - at `$." in message else ""
    if path:
        return path.rstrip("`")
    for start in ("Object missing required field `", "Object contains unknown field `"):
        if message.startswith(start):
            return message.removeprefix(start).partition("`")[0][:64]
    return None


def _fields(data: bytes, code: str) -> dict[str, str]:
    """Decode `application/x-www-form-urlencoded`; bad UTF-8, too many or repeated fields are refused."""
    try:
        pairs = parse_qsl(
            data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise Refused(code) from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused(code)
    return fields
