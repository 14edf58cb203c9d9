"""What broke elsewhere and concerns tokens and keys, and the rules of RFC 8725 and its successor.

`docs/reference/attacks.md` is printed from this table and from the attacks: `python -m tests.attacks.page`.
"""

from typing import Final, NamedTuple


class Lesson(NamedTuple):
    """One line: what happened, or what the standard demands, and what Gatepass does about it."""

    what: str
    answer: str


LESSONS: Final = {
    # what happened elsewhere, 2015 to 2026
    "none": Lesson(
        "`alg: none`, also as `nOnE`, also with a blank signature (CVE-2015-9235 and family, CVE-2026-28802)",
        "`none` is in no table",
    ),
    "confusion": Lesson(
        "An RS256 public key taken as HS256 secret; guards by text pattern bypassed again and again "
        "(CVE-2022-29217, CVE-2024-33663, CVE-2024-37568, CVE-2026-48526, CVE-2026-102268)",
        "typed keys, one key = one algorithm, no policy mixes MACs and signatures",
    ),
    "agreement": Lesson(
        "The allow-list checked against the header, verified with another algorithm (CVE-2026-48523)",
        "header, key and policy must all agree",
    ),
    "embedded": Lesson(
        "A key embedded in the token was trusted: `jwk`, `jku`, `x5u` (CVE-2018-0114, CVE-2026-27962)",
        "never followed",
    ),
    "short-secret": Lesson(
        "An empty or short HMAC key accepted (CVE-2026-102266)", "key sizes are enforced when a key is made"
    ),
    "json-serialization": Lesson(
        "JSON serialization without a signature, or with an empty list of signatures, accepted "
        "(CVE-2026-96760, CVE-2026-102946)",
        "compact only",
    ),
    "crit": Lesson(
        "Unknown `crit` accepted (CVE-2025-59420, CVE-2026-32597); an odd type raised a bare `TypeError`",
        "any `crit` is refused, by an error of ours",
    ),
    "size": Lesson(
        "A huge header: gigabytes and seconds (CVE-2025-61920); a 4 MB header refused only after 150 ms",
        "length is capped before any decoding",
    ),
    "zip": Lesson("Decompression bombs (CVE-2024-28102, CVE-2024-33664)", "no `zip`"),
    "p2c": Lesson(
        "The PBES2 count as a bomb (CVE-2023-6681)", "opt-in, and `p2c` between 1,000 and 1,200,000"
    ),
    "base64": Lesson(
        "Non-canonical base64url defeats deny lists keyed on the token's text (CVE-2026-102269); "
        '`token + "=="` accepted',
        "canonical only; revocation by sid, jti, sub and epoch",
    ),
    "ecdsa": Lesson(
        "ECDSA with r = s = 0 (CVE-2022-21449), DER instead of r‖s, wrong lengths",
        "exact lengths, range left to OpenSSL, vectors in the checks",
    ),
    "points": Lesson(
        "Invalid-curve points in `epk`; OKP private and public half that do not match (CVE-2026-102275)",
        "validated when the key is made",
    ),
    "bad-key-in-set": Lesson(
        "One malformed key broke the whole JWKS (CVE-2026-102274)", "one bad key never takes down a set"
    ),
    "issuer": Lesson("A partial match of `iss` (GHSA-75c5-xw7c-p5pm)", "exact equality"),
    "duplicates": Lesson(
        "Duplicate members: `sub` twice, the last one wins", "refused, in header and claims"
    ),
    "numbers": Lesson('`exp: NaN`, `exp: true`, `exp: "1"`, 10**400', "refused, by an error of ours"),
    "typ": Lesson("An ID token accepted where an access token belongs", "`typ` is pinned, always"),
    "clock": Lesson(
        "The clock reading of two machines differs: PyJWT's leeway default of 0 fills issue trackers",
        "leeway of 30 s on `nbf` and `iat`, none on `exp`",
    ),
    # the standard
    "§3.1": Lesson("RFC 8725 §3.1: perform algorithm verification", "one key = one algorithm, at use too"),
    "§3.2": Lesson("RFC 8725 §3.2: use appropriate algorithms", "no `none`, no RSA1_5, no SHA-1 signatures"),
    "§3.3": Lesson("RFC 8725 §3.3: validate all cryptographic operations", "both layers of a nested token"),
    "§3.4": Lesson("RFC 8725 §3.4: validate cryptographic inputs", "points, lengths and ranges"),
    "§3.5": Lesson("RFC 8725 §3.5: keys have sufficient entropy", "sizes by table; RSA from 2048 bits"),
    "§3.6": Lesson("RFC 8725 §3.6: avoid compression of encryption inputs", "no `zip`"),
    "§3.7": Lesson("RFC 8725 §3.7: use UTF-8", "strict UTF-8, no BOM, no lone surrogates"),
    "§3.8": Lesson(
        "RFC 8725 §3.8: validate issuer and subject", "a policy names one issuer, its keys are its own"
    ),
    "§3.9": Lesson("RFC 8725 §3.9: use and validate audience", "a policy cannot be built without one"),
    "§3.10": Lesson("RFC 8725 §3.10: do not trust received claims", "`kid` is compared, never interpreted"),
    "§3.11": Lesson("RFC 8725 §3.11: use explicit typing", "`typ` is required and compared as a media type"),
    "§3.12": Lesson(
        "RFC 8725 §3.12: mutually exclusive validation rules for different kinds of JWTs",
        "every kind of token has its own `typ`",
    ),
    "bis-p2c": Lesson("RFC 8725bis: limit the hash iteration count", "`p2c` up to 1,200,000"),
    "bis-alphabet": Lesson(
        "RFC 8725bis: check the alphabet of what is decoded", "`[A-Za-z0-9_-]`, nothing skipped"
    ),
    "bis-decompression": Lesson("RFC 8725bis: limit decompression", "there is none"),
    "bis-one-key": Lesson("RFC 8725bis: one key = one algorithm, at use", "bound when made, checked at use"),
    # our own ideas
    "cache": Lesson(
        "The memory of known headers is filled or used by a stranger", "only after a good signature"
    ),
    "kid": Lesson("A `kid` that collides, or is of an odd type", "ambiguous is refused"),
    "members": Lesson("JWK members of odd types and spellings", "one spelling, checked when the key is made"),
    "claims": Lesson("Claims of odd types and extreme values", "every registered claim has its type"),
    "json": Lesson("JSON that exhausts the reader", "depth and integers are bounded"),
    "jwe": Lesson(
        "JWE segments and parameters of wrong lengths and kinds", "exact lengths, one error for all"
    ),
}
