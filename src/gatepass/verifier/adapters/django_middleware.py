"""Django: the middleware that answers refusals; Django hands what a view raises to it by name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from gatepass.verifier import Guard, Refused

NOT_IN_MIDDLEWARE = (
    "Nobody answers what this gate refuses: put the gate itself into MIDDLEWARE, by the name under which it "
    'can be imported, such as "clinic.passes.gate".'
)


class AnswerRefusals(MiddlewareMixin):
    """Answers a `Refused` raised by a view; works before sync and async views alike."""

    def __init__(self, get_response: Callable[..., Any], *, guard: Guard) -> None:
        super().__init__(get_response)
        self.guard = guard

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a refusal, and leave every other error alone."""
        if not isinstance(error, Refused):
            return None
        answer = self.guard.answer(error).to(request.method or "")
        return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


class InMiddleware:
    """What a gate is to `MIDDLEWARE`: it makes the middleware, and knows whether it was ever asked to."""

    guard: Guard
    sync_capable = async_capable = True
    _is_asked = False

    def __call__(self, get_response: Callable[..., Any]) -> AnswerRefusals:
        """Let Django answer refusals: `MIDDLEWARE = [..., "clinic.passes.gate"]`, where your gate is."""
        self._is_asked = True
        return AnswerRefusals(get_response, guard=self.guard)

    @contextmanager
    def answered(self) -> Iterator[None]:
        """Let refusals out; with a word, where nobody is there to answer them and they become a bare 500."""
        try:
            yield
        except Refused as refused:
            if not self._is_asked:
                refused.add_note(NOT_IN_MIDDLEWARE)
            raise
