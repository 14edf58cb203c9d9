"""Keys: importing one, loading a JWKS of a thousand, and what `import` itself costs."""

import json
import statistics
import subprocess
import sys
import time

from benchmarks.jose.material import material
from benchmarks.rounds import Run, in_process, medians


def key_import(rounds: int) -> dict[str, float]:
    """Microseconds to make an ES256 key from its PEM."""
    import jwt
    from joserfc import jwk as joserfc_jwk
    from jwcrypto import jwk as jwcrypto_jwk

    from gatepass.jose import Key

    pem = material("ES256").private_pem
    algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
    seconds = medians(
        {
            "Gatepass": in_process(lambda: Key.from_pem(pem, "ES256")),
            "PyJWT": in_process(lambda: algorithm.prepare_key(pem)),
            "joserfc": in_process(lambda: joserfc_jwk.import_key(pem, "EC")),
            "jwcrypto": in_process(lambda: jwcrypto_jwk.JWK.from_pem(pem)),
        },
        rounds=rounds,
    )
    return {name: each * 1e6 for name, each in seconds.items()}


def thousand_keys(rounds: int) -> dict[str, float]:
    """Milliseconds to load a JWKS of 1,000 RSA keys."""
    import jwt
    from joserfc import jwk as joserfc_jwk

    from gatepass.jose import Key, KeySet

    several = [Key.generate("RS256").to_jwk() for _ in range(8)]
    jwks = [{**several[number % 8], "kid": f"key-{number}", "use": "sig"} for number in range(1_000)]
    text = json.dumps({"keys": jwks}).encode()
    contenders: dict[str, Run] = {
        "Gatepass": in_process(lambda: KeySet.from_jwks(text)),
        "PyJWT": in_process(lambda: jwt.PyJWKSet.from_dict(json.loads(text))),
        "joserfc": in_process(lambda: joserfc_jwk.KeySet.import_key_set(json.loads(text))),
    }
    return {name: each * 1e3 for name, each in medians(contenders, rounds=max(3, rounds // 3)).items()}


def import_time(rounds: int) -> dict[str, float]:
    """Milliseconds that `import` adds to a fresh interpreter, medians of alternating starts."""
    statements = {
        "nothing": "pass",
        "Gatepass": "import gatepass.jose",
        "PyJWT": "import jwt",
        "joserfc": "from joserfc import jwt",
        "jwcrypto": "from jwcrypto import jwt",
    }
    times: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(max(5, rounds // 2)):
        for name, statement in statements.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            times[name].append(time.perf_counter() - start)
    bare = statistics.median(times.pop("nothing"))
    return {name: (statistics.median(each) - bare) * 1e3 for name, each in times.items()}
