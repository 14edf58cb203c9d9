"""A Service that reads the whole feed: a child of `million`, which says what that cost."""

import asyncio
import gc
import json
import os
import sys
import time
import tracemalloc

import aiohttp  # noqa: F401 (the follower would import it, and it is not of the view)

from benchmarks.verifier.auth import AUDIENCE
from benchmarks.verifier.processes import kilobytes
from gatepass.verifier import Verifier

WITHIN = 120.0  # seconds


async def _load(issuer: str, *, traced: bool) -> dict[str, float]:
    verifier = Verifier(issuer=issuer, audience=AUDIENCE)
    gc.collect()
    before = kilobytes(os.getpid(), "Rss")
    if traced:
        tracemalloc.start()
    start = time.perf_counter()
    await verifier.ready(WITHIN)
    seconds = time.perf_counter() - start
    gc.collect()
    figures: dict[str, float] = {
        "entries": verifier.health().entries,
        "seconds": seconds,
        "rss_before_mb": before / 1e3,
        "rss_mb": (kilobytes(os.getpid(), "Rss") - before) / 1e3,
        "pss_mb": kilobytes(os.getpid(), "Pss") / 1e3,
    }
    if traced:
        held, peak = tracemalloc.get_traced_memory()
        figures |= {"held_mb": held / 1e6, "peak_mb": peak / 1e6}
    await verifier.close()
    return figures


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_load(sys.argv[1], traced=sys.argv[2] == "traced"))), flush=True)
