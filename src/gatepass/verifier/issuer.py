"""The documents of one issuer: from its name to its metadata, from there to its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.jose import JoseError, KeySet
from gatepass.oauth import MetadataInvalid, ServerMetadata, metadata_url
from gatepass.verifier.fetch import FetchFailed

if TYPE_CHECKING:
    from gatepass.verifier.fetch import Document, Fetch


class Issuer:
    """Reads an issuer's documents. The metadata is kept until something fails, then read anew."""

    def __init__(self, identifier: str, *, algorithms: frozenset[str]) -> None:
        self.identifier = identifier
        self._algorithms = algorithms
        self._metadata_url = metadata_url(identifier)
        self._metadata: ServerMetadata | None = None

    async def metadata(self, fetch: Fetch) -> ServerMetadata:
        """Give the metadata. Raises `FetchFailed`."""
        if self._metadata is None:
            document = await fetch.get(self._metadata_url)
            try:
                self._metadata = ServerMetadata.from_json(document.body, issuer=self.identifier)
            except MetadataInvalid as error:
                raise FetchFailed(error.code) from error
        return self._metadata

    async def keys(self, fetch: Fetch) -> tuple[KeySet, Document]:
        """Fetch the keys; gives them and the document they came in. Raises `FetchFailed`.

        One bad key is passed over; a set without any usable key counts as a failure, so it replaces nothing.
        """
        metadata = await self.metadata(fetch)
        if metadata.jwks_uri is None:
            raise FetchFailed("no_jwks_uri")
        document = await fetch.get(metadata.jwks_uri)
        try:
            usable = self.usable(KeySet.from_jwks(document.body))
        except JoseError as error:
            raise FetchFailed(f"jwks_{error.code}") from error
        if not len(usable):
            raise FetchFailed("jwks_without_usable_key")
        return usable, document

    def usable(self, keys: KeySet) -> KeySet:
        """Leave out the keys of other algorithms.

        A shared secret above all is of no use here and must never become one.
        """
        return KeySet([key for key in keys if key.alg in self._algorithms])

    def forget(self) -> None:
        """Read the metadata anew next time: an endpoint may have moved."""
        self._metadata = None
