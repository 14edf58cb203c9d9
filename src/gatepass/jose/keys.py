"""A key: bound to one algorithm and checked when it is made, silent about its material."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from gatepass.jose import jwk as members_of
from gatepass.jose import material as materials
from gatepass.jose import thumbprint as thumbprints
from gatepass.jose import usage
from gatepass.jose.algorithms import Check, JwsAlgorithm, Sign
from gatepass.jose.errors import AlgorithmNotAllowed, KeyInvalid, KeyNotFound
from gatepass.jose.header import Header
from gatepass.jose.material import Material

if TYPE_CHECKING:
    from gatepass.jose.jwe_algorithms import Unwrap, Wrap
    from gatepass.jose.jwe_encryptions import Open

_PUBLIC_SIDE: Final = {"sign": "verify", "decrypt": "encrypt", "unwrapKey": "wrapKey"}


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class Key:
    """One key for one algorithm (RFC 8725 §3.1): generated, or taken from a JWK, PEM, DER or a secret."""

    alg: str
    kid: str | None
    use: str | None = None
    key_ops: frozenset[str] | None = None
    x5t_s256: str | None = None
    _material: Material
    _named: bool = True  # kid is somebody's word, not our thumbprint
    # The rest is made from the above, once.
    _names: frozenset[str] = field(init=False)  # what a header may call this key's algorithm
    _sign: Sign | None = field(init=False, default=None)
    _check: Check | None = field(init=False, default=None)
    _wrap: "Wrap | None" = field(init=False, default=None)
    _unwrap: "Unwrap | None" = field(init=False, default=None)
    _seen: "dict[str, tuple[Key, Header]]" = field(init=False, default_factory=dict)  # see jws.signed
    _openers: "dict[str, Open]" = field(init=False, default_factory=dict)  # see jwe.opened
    _heads: dict[object, bytes] = field(init=False, default_factory=dict)  # see jws.sign

    def __post_init__(self) -> None:
        row, material = usage.row_of(self.alg), self._material
        usage.check_shape(row, material)
        may_protect, may_open = usage.check_usage(row.family, self.use, self.key_ops)
        put = object.__setattr__
        if isinstance(row, JwsAlgorithm):
            put(self, "_names", usage.BY_ED_CURVE.get(material.curve or "", frozenset({row.name})))
            put(self, "_sign", row.signer(material.opener) if may_protect and self.is_private else None)
            put(self, "_check", row.checker(material.checker) if may_open else None)
        else:
            put(self, "_names", frozenset({"dir" if row.family == "direct" else row.name}))
            put(self, "_wrap", row.wrapper(material) if may_protect else None)
            put(self, "_unwrap", row.unwrapper(material) if may_open and self.is_private else None)

    @classmethod
    def generate(
        cls, alg: str, kid: str | None = None, *, curve: str | None = None, bits: int = 2048
    ) -> Self:
        """Make a new key for one algorithm, named by its thumbprint unless `kid` names it.

        Args:
            alg: the JOSE name of the algorithm.
            kid: its name; a secret without one has none, because a thumbprint tells something about it (RFC
                7638 §7).
            curve: the JWK `crv`, where the algorithm has several (ECDH-ES, EdDSA); the first of them by
                default.
            bits: the size of an RSA modulus.

        Raises:
            KeyInvalid: no such algorithm, curve or size.
        """
        row = usage.row_of(alg)
        shape = row.shape
        curve = curve or (shape.curves[0] if shape.curves else None)
        if curve not in (shape.curves or (None,)):
            raise KeyInvalid("the algorithm does not use this curve")
        if shape.kty == "oct":
            return cls._new(alg, materials.generate_secret(shape.default or shape.least), kid)
        return cls._new(alg, materials.generate(curve, bits), kid)

    @classmethod
    def from_secret(cls, alg: str, secret: bytes, kid: str | None = None) -> Self:
        """Take a shared secret (for PBES2: a password).

        Raises:
            KeyInvalid: not for this algorithm, or shorter than its hash (RFC 7518 §3.2), or not of its exact
                size.
        """
        return cls._new(alg, materials.of_secret(secret), kid)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any], alg: str | None = None) -> Self:
        """Take a JWK, public or private (RFC 7517 §4).

        The algorithm is the JWK's `alg` or the argument; where both are given they must agree; where neither
        is, the kind of the key must leave no choice. Certificates in it (`x5c`, `x5u`, `x5t`) are not read:
        the caller vouches for the key.

        Raises:
            KeyInvalid: naming the member that is wrong.
        """
        members_of.check_object(jwk)
        text = members_of.text_member
        declared, use, kid = text(jwk, "alg"), text(jwk, "use"), text(jwk, "kid")
        ops = usage.operations(jwk)
        material = members_of.read(jwk)
        name = usage.agreed(declared, alg, material, use, ops)
        return cls(
            alg=name, kid=kid, use=use, key_ops=ops, x5t_s256=members_of.x5t_s256(jwk), _material=material
        )

    @classmethod
    def from_pem(
        cls, data: bytes | str, alg: str, kid: str | None = None, *, password: bytes | None = None
    ) -> Self:
        """Take a PEM private key, public key or X.509 certificate, named by its thumbprint unless `kid` names
        it.

        Of a certificate only the key is taken, and `x5t_s256`; who issued it and until when it holds is not
        judged.

        Raises:
            KeyInvalid: not exactly one readable key, or not one for this algorithm.
        """
        from gatepass.jose import pem

        material, x5t_s256 = pem.read_pem(
            data.encode("ascii", "replace") if isinstance(data, str) else data, password
        )
        return cls._new(alg, material, kid, x5t_s256)

    @classmethod
    def from_der(
        cls, data: bytes, alg: str, kid: str | None = None, *, password: bytes | None = None
    ) -> Self:
        """Take the same as `from_pem`, in DER.

        Raises:
            KeyInvalid: not a readable key, or not one for this algorithm.
        """
        from gatepass.jose import pem

        material, x5t_s256 = pem.read_der(data, password)
        return cls._new(alg, material, kid, x5t_s256)

    @classmethod
    def _new(cls, alg: str, material: Material, kid: str | None, x5t_s256: str | None = None) -> Self:
        named = kid is not None
        if named:
            members_of.text_member({"kid": kid}, "kid")
        elif material.secret is None:
            kid = thumbprints.thumbprint(material)
        use = "sig" if usage.row_of(alg).family in ("mac", "signature") else "enc"
        return cls(alg=alg, kid=kid, use=use, x5t_s256=x5t_s256, _material=material, _named=named)

    @property
    def is_private(self) -> bool:
        """Whether this key must stay secret: a private key or a shared secret."""
        return self._material.is_private

    @property
    def curve(self) -> str | None:
        """The JWK `crv` of an EC or OKP key."""
        return None if self._material.kty == "AKP" else self._material.curve

    def public(self) -> Self:
        """Give the public half as a key of its own.

        Raises:
            KeyInvalid: a shared secret has none.
        """
        if self._material.secret is not None:
            raise KeyInvalid("a shared secret has no public half")
        if not self.is_private:
            return self
        material = Material(self._material.kty, self._material.curve, public=self._material.public)
        ops = self.key_ops and frozenset(_PUBLIC_SIDE.get(op, op) for op in self.key_ops)
        return replace(self, key_ops=ops, _material=material)

    def to_jwk(self) -> dict[str, Any]:
        """Give the public half as JWK members.

        Raises:
            KeyInvalid: a shared secret has none.
        """
        public = self.public()
        return members_of.public_members(public._material) | public._metadata()

    def to_private_jwk(self) -> dict[str, Any]:
        """Give all members, the secret ones too.

        Raises:
            KeyInvalid: this is a public key.
        """
        if not self.is_private:
            raise KeyInvalid("a public key has no private half")
        material = self._material
        return members_of.public_members(material) | members_of.private_members(material) | self._metadata()

    def to_pem(self) -> bytes:
        """Give the public half as PEM (SubjectPublicKeyInfo).

        Raises:
            KeyInvalid: a shared secret has none.
        """
        return self._public_bytes("PEM")

    def to_der(self) -> bytes:
        """Give the public half as DER (SubjectPublicKeyInfo).

        Raises:
            KeyInvalid: a shared secret has none.
        """
        return self._public_bytes("DER")

    def to_private_pem(self, password: bytes | None = None) -> bytes:
        """Give the private half as PEM (PKCS#8), encrypted if there is a password.

        Raises:
            KeyInvalid: this is a public key or a shared secret, or the password is empty.
        """
        return self._private_bytes("PEM", password)

    def to_private_der(self, password: bytes | None = None) -> bytes:
        """Give the private half as DER (PKCS#8), encrypted if there is a password.

        Raises:
            KeyInvalid: this is a public key or a shared secret, or the password is empty.
        """
        return self._private_bytes("DER", password)

    def _public_bytes(self, encoding: str) -> bytes:
        from gatepass.jose import pem

        return pem.write_public(self.public()._material, encoding)

    def _private_bytes(self, encoding: str, password: bytes | None) -> bytes:
        from gatepass.jose import pem

        if self._material.private is None:
            raise KeyInvalid("the key has no private half that PKCS#8 can hold")
        return pem.write_private(self._material, encoding, password)

    def _metadata(self) -> dict[str, Any]:
        ops = None if self.key_ops is None else sorted(self.key_ops)
        named = {"alg": self.alg, "use": self.use, "key_ops": ops, "kid": self.kid, "x5t#S256": self.x5t_s256}
        return {name: value for name, value in named.items() if value is not None}

    def thumbprint(self) -> str:
        """Give the SHA-256 thumbprint (RFC 7638); do not show that of a shared secret around (§7)."""
        return thumbprints.thumbprint(self._material)

    def thumbprint_uri(self) -> str:
        """Give the thumbprint as a URI (RFC 9278)."""
        return thumbprints.thumbprint_uri(self._material)

    def _find(self, header: Header) -> "Key":
        """Give this key if the header means it; of the names, only one that was given counts."""
        if header.kid is not None and self._named and self.kid not in (None, header.kid):
            raise KeyNotFound("the header's kid is not that of the key", header.kid)
        if header.alg not in self._names:
            raise AlgorithmNotAllowed("the header's algorithm is not that of the key")
        return self

    def __repr__(self) -> str:
        """Show what a log may hold."""
        half = "private" if self.is_private else "public"
        return f"<Key {self.alg} kid={self.kid!r} {half}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: that would write the material down by accident."""
        raise TypeError("a Key cannot be pickled; export it with to_jwk() or to_private_jwk()")
