"""For the tests of your own Services: an issuer without a network, whose passes a real verifier checks.

`FakeIssuer` makes tokens and session ids, and takes them back. The pytest plugin of this package gives the
fixtures `gatepass_issuer` and `gatepass_verifier`, and runs attacks against a Service: `pytest
--gatepass-attack URL`.
"""

from gatepass.testing.issuer import FakeIssuer

__all__ = ["FakeIssuer"]
