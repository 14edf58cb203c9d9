"""Trials of Auth itself: something breaks under a load that keeps a ledger, and comes back."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.conftest import GRACE, PASSWORD, PATIENCE
from tests.integration.faults.ledger import BYSTANDER, Clients, emails, hold_to
from tests.integration.faults.trial import until

from gatepass.auth import passwords, usecases
from gatepass.server import PasswordPool
from gatepass.wiring import load_settings, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.integration.faults.ledger import Ledger

QUICK = passwords.Profile(memory=8, passes=1, lanes=1)
"""The smallest cost that argon2 takes: the first log-in hashes anew at the real one."""
SETTINGS = {
    "GATEPASS_TOKENS__GRACE": str(GRACE),
    "GATEPASS_LOGIN__ATTEMPTS_PER_ACCOUNT": "1000",
    "GATEPASS_LOGIN__ATTEMPTS_PER_ADDRESS": "1000",
}
QUIET = 0.7  # seconds of load without a failure before a fault, and after it


@dataclass
class Broken:
    """What was seen of one fault; times in seconds."""

    fault: str
    ledger: Ledger
    began: float = 0
    mended: float = 0
    """When what had broken was started again; the rest is Auth's own matter."""
    violations: list[str] = field(default_factory=list)

    @property
    def recovered_after(self) -> float:
        """How long after the end of the fault the last request failed."""
        return max(0.0, self.ledger.last_failure() - self.mended)

    @property
    def failed_for(self) -> float:
        """How long from the first to the last request that failed."""
        return self.ledger.last_failure() - self.ledger.first_failure()

    def judge(self) -> None:
        """Hold what was seen to what is promised."""
        assert not self.violations, self.violations
        assert self.ledger.count(503) == sum(one.patient for one in self.ledger.tries if one.status == 503)
        assert self.ledger.count(500) == 0
        assert self.ledger.logins
        assert self.ledger.refreshes


def add_users(variables: Mapping[str, str]) -> None:
    """Add the users of the load."""

    async def add() -> None:
        async with opened(load_settings(Path(variables["GATEPASS_SETTINGS"]), variables)) as auth:
            pool = PasswordPool(entropy=os.urandom, profile=QUICK)
            await usecases.keep_keys(auth, now=time.time())
            for email in (*emails(), BYSTANDER):
                await usecases.add_user(
                    replace(auth, passwords=pool),
                    email=email,
                    password=PASSWORD,
                    first_name="Ann",
                    last_name="Lee",
                    actor="cli",
                    now=time.time(),
                )
            pool.close()

    asyncio.run(add())


@contextmanager
def under_load(
    urls: Sequence[str],
    fault: str,
    *,
    let_the_grace_pass: Callable[[], None],
) -> Iterator[Broken]:
    """Load Auth before, while and after the block breaks something and mends it; then hold it to its word."""
    clients = Clients(urls)
    try:
        seen = Broken(fault, clients.ledger)
        until(lambda: clients.ledger.refreshes > 0)
        time.sleep(QUIET)
        seen.began = time.time()
        yield seen
        seen.mended = seen.mended or time.time()
        until(lambda: _is_calm(clients.ledger, since=seen.mended), 2 * PATIENCE)
    finally:
        clients.stop()
    seen.violations = hold_to(clients.ledger, urls, let_the_grace_pass=let_the_grace_pass)


def _is_calm(ledger: Ledger, *, since: float) -> bool:
    """Say whether something was done a while after the last failure, however long that takes here."""
    calm = max(since, ledger.last_failure()) + QUIET
    return any(one.began > calm for one in ledger.tries[-20:])
