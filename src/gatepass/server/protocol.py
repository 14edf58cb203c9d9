"""uvicorn's HTTP protocol, with an end to what a client may send beside the body, and to its patience.

And with an end to what goes into the log: query strings do not, nor that somebody asked for an upgrade.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gatepass.server.answers import Answer, Refused
from gatepass.server.headers import EVERY_ANSWER
from gatepass.server.whole import WHOLE, WholeCycle

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

# Bytes of request line, headers, chunk sizes and trailers. An honest head with a large token is a quarter of
# it; httptools itself has no limit, and would collect one endless header until memory is gone.
MAX_FRAMING: Final = 65_536

# Seconds from the first byte of a request, or from the opened connection, until the request must be whole. A
# full body takes a second over the worst of lines; without an end, a thousand connections that say nothing
# would use up the process's file descriptors, and Auth could accept no other.
PATIENCE: Final = 20.0


# Seconds in which a client may leave unread what is waiting for it. A follower of the revocation feed gets
# bytes for as long as it stays; one that does not read would keep its connection, and them, for ever.
UNREAD: Final = 20.0


# Seconds in which an idle connection is still listened to when the process is about to end. A request may be
# on its way: cut off, a load balancer can't know whether it was carried out, nor ask another process.
LINGER: Final = 0.5


class _PathOnly(logging.Filter):
    """Cuts the query string off uvicorn's access line: it carries whatever a client or a page puts there."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with its third value, the percent-encoded path, cut at the query."""
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, target, *rest = record.args
            record.args = (client, method, str(target).partition("?")[0], *rest)
        return True


_PATH_ONLY: Final = _PathOnly()


class Exchange(WholeCycle):
    """A request and its answer; where the application could not even say that it failed, we do."""

    async def send_500_response(self) -> None:
        """Say it as problem details, with the headers of every answer."""
        answer = _last("internal")
        await self.send(
            {"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)}
        )
        await self.send({"type": "http.response.body", "body": answer.body})


def _last(code: str) -> Answer:
    """Make the answer after which the connection is closed, where the outer layer makes none."""
    answer = Refused(code).answer()
    length = (b"content-length", b"%d" % len(answer.body))
    headers = (*answer.headers, *EVERY_ANSWER, length, (b"connection", b"close"))
    return Answer(answer.status, answer.body, headers)


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose request has too much that is not body, and passes trailers over."""

    _framing = 0
    _is_whole = False
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _is_leaving = False
    _is_deaf = False
    _in_front: RequestResponseCycle | None = None
    _begun: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        self.access_logger.addFilter(_PATH_ONLY)  # once, however often it is said
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        self._is_read()
        super().connection_lost(exc)
        # uvicorn tells the last request alone. Where others stand behind it, the one that is being answered
        # would never hear of it: a stream would go on, and keep its place.
        if self._begun is not None and not self._begun.response_complete:
            self._begun.disconnected = True
            self._begun.message_event.set()

    def pause_writing(self) -> None:
        """Give the client a while to read; then drop it, with all that it did not read."""
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD, self.transport.abort)

    def resume_writing(self) -> None:
        """Know that it reads."""
        self._is_read()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse what came; refuse once it is too much and the request still not whole."""
        if self._is_deaf:
            return
        self._framing += len(data)
        self._is_whole = False
        super().data_received(data)
        if not self._is_whole and self._deadline is None:
            self._wait()  # a request that comes in one piece, as nearly all do, never gets here
        if self._framing > MAX_FRAMING and not self.transport.is_closing():
            self._refuse("headers_too_large")

    def on_message_begin(self) -> None:
        """Know that there is more to come, behind another request in the same piece too."""
        self._is_whole = False
        super().on_message_begin()
        if not self.access_log:  # which uvicorn writes, with the head of an answer that comes in pieces
            self.scope["extensions"] = {WHOLE: {}}

    def on_headers_complete(self) -> None:
        """Know that the head is whole, and that what follows in the form of headers is none of its.

        uvicorn would append trailers to the headers of the request that is being answered: an
        `X-Forwarded-For` or `Origin` that no proxy in front has looked at (RFC 9110 §6.5.1).
        """
        self._in_front = self.cycle
        super().on_headers_complete()
        self.headers = []  # the request keeps the list that it has
        if self.cycle is None:
            return
        # uvicorn has no place to say which class it is to make. It has only begun: nothing was sent yet.
        self.cycle.__class__ = Exchange
        if self._is_leaving:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Know whose turn it is."""
        self._begun = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Let the body be counted by who reads it."""
        self._framing -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Begin to count the next request."""
        self._framing = 0
        self._is_whole = True
        self._wait_no_more()
        super().on_message_complete()

    def shutdown(self) -> None:
        """Answer what is under way or on its way, and then close."""
        is_idle = self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]
        if is_idle and not self._is_leaving:
            self.loop.call_later(LINGER, self.shutdown)
        else:
            super().shutdown()
        self._is_leaving = True

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's own words for it)
        """Refuse what httptools can't read."""
        self._refuse("malformed_request")

    def _refuse(self, code: str) -> None:
        """Answer with problem details where no request was made of it, and close.

        What is under way is answered first, and nothing behind it: else this would be taken for its answer.
        """
        in_front = self._unanswered()
        if in_front is not None:
            in_front.keep_alive = False
            self._is_deaf = True
            return
        answer = _last(code)
        head = [b"HTTP/1.1 %d %s" % (answer.status, HTTPStatus(answer.status).phrase.encode())]
        head += [b"%s: %s" % header for header in answer.headers]
        self.transport.write(b"\r\n".join([*head, b"", answer.body]))
        self.transport.close()

    def _unanswered(self) -> RequestResponseCycle | None:
        """Give the last request that came whole and is still to be answered."""
        last = self.cycle
        if last is None or last.response_complete:  # type: ignore[redundant-expr]
            return None
        if last.more_body and self.pipeline:  # it has not begun, and never will
            self.pipeline.popleft()
            return self._in_front
        return None if last.more_body else last

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the request is answered as any other (RFC 9110 §7.8).

        uvicorn would write two warnings for each, one of which advises an operator to install something.
        """

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(PATIENCE, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
