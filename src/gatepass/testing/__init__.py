"""For the tests of your own Services: an issuer without a network, whose passes a real verifier checks.

`FakeIssuer` makes tokens and session ids, and takes them back; `attacks_on` gives the tokens that a Service
must refuse. The pytest plugin gives fixtures, and runs the attacks against a Service over HTTP: `pytest
--gatepass-attack URL`. No extra is needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gatepass.testing.attacks import Attack, attacks_on
    from gatepass.testing.issuer import FakeIssuer

__all__ = ["Attack", "FakeIssuer", "attacks_on"]

_PLACES: Final = {"Attack": "attacks", "FakeIssuer": "issuer", "attacks_on": "attacks"}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: pytest loads the plugin of this package in every run."""
    if name in _PLACES:
        return getattr(import_module(f"gatepass.testing.{_PLACES[name]}"), name)
    raise AttributeError(name)
