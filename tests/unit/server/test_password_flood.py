"""A crowd at the log-in: who would wait too long is told to come back, and everybody else gets in."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from gatepass.auth import passwords
from gatepass.server.passwords import QUEUE_PER_THREAD

if TYPE_CHECKING:
    import pytest
    from tests.server_world import World

PASSWORD = "correct horse battery"


async def test_beyond_the_queue_a_crowd_is_told_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, verify = threading.Event(), passwords.verify_password

    def slowly(encoded: str | None, password: str, *, profile: passwords.Profile) -> bool:
        go_on.wait(60)
        return verify(encoded, password, profile=profile)

    monkeypatch.setattr(passwords, "verify_password", slowly)
    bound = 1 + QUEUE_PER_THREAD  # one thread, as the world is made
    async with world.client() as client:
        body = {"email": "ann@example.org", "password": PASSWORD}
        crowd = [asyncio.create_task(client.post("/api/login", json=body)) for _ in range(3 * bound)]
        turned_away = []
        for answer in asyncio.as_completed(crowd):
            turned_away.append(await answer)
            if len(turned_away) == 2 * bound:
                go_on.set()  # nobody else was answered before
                break
        answers = await asyncio.gather(*crowd)
        assert {(a.status_code, a.headers["retry-after"]) for a in turned_away} == {(503, "1")}
        assert {a.json()["code"] for a in turned_away} == {"busy"}
        assert sorted(a.status_code for a in answers) == [200] * bound + [503] * 2 * bound
        assert (await client.post("/api/login", json=body)).status_code == 200  # and it is over
