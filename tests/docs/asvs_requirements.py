"""The requirements of OWASP ASVS 5.0.0 that docs/reference/asvs.md answers: their numbers and levels.

From the published list (`OWASP_Application_Security_Verification_Standard_5.0.0_en.csv`).
"""

from typing import Final

_LEVELS: Final[dict[str, str]] = {
    "3.3": "12223",
    "3.4": "11222233",
    "3.5": "11122333",
    "6.1": "122",
    "6.2": "111111112222",
    "6.3": "11223333",
    "6.4": "112233",
    "6.5": "22222333",
    "6.6": "2223",
    "6.7": "33",
    "6.8": "2222",
    "7.1": "222",
    "7.2": "1111",
    "7.3": "22",
    "7.4": "11222",
    "7.5": "223",
    "7.6": "22",
    "8.1": "1233",
    "8.2": "1123",
    "8.3": "133",
    "8.4": "23",
    "9.1": "111",
    "9.2": "1222",
    "16.1": "2",
    "16.2": "22222",
    "16.3": "2222",
    "16.4": "222",
    "16.5": "2223",
}
"""One figure a requirement, in their order."""

REQUIREMENTS: Final[dict[str, int]] = {
    f"{section}.{number}": int(level)
    for section, levels in _LEVELS.items()
    for number, level in enumerate(levels, start=1)
}
"""The level of each number."""
