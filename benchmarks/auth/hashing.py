"""Tells how many argon2id hashes of Gatepass's profile a core makes in a second, and does nothing else."""

import sys
import time

from gatepass.auth.passwords import hash_password, verify_password


def rate(seconds: float) -> float:
    """Verify one password over and over."""
    encoded = hash_password("correct horse battery", entropy=lambda count: bytes(range(count)))
    verify_password(encoded, "correct horse battery")
    count, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < seconds:
        verify_password(encoded, "correct horse battery")
        count += 1
    return count / took


if __name__ == "__main__":
    print(rate(float(sys.argv[1])))
