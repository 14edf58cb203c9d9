"""Django: the middleware that answers refusals; Django hands what a view raises to it by name."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from gatepass.verifier import Guard, Refused


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
