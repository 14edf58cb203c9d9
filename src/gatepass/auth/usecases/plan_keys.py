"""Plan the keys: what a change to another algorithm would bring, and when. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import key_plan
from gatepass.auth.errors import SecretShared

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.key_plan import KeyPlan


async def plan_keys(auth: Auth, *, alg: str, now: float) -> KeyPlan | None:
    """Give the plan of the change to `alg`; None where no key signs, or one of that algorithm does.

    Raises `SecretShared`.
    """
    if auth.shared_secrets is not None:
        raise SecretShared
    return key_plan.plan(await auth.store.signing_keys(), alg, terms=auth.terms, now=now)
