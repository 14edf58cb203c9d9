"""One and the same Service in each framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from tests.unit.verifier.services.talking import Reply

Ask: TypeAlias = Callable[[str, str, Mapping[str, str]], Reply]
"""Method, path and headers of a request."""
