"""The bare floor: the least that Starlette, uvicorn, `cryptography` and a database can do here.

One look-up; one rotation with an ES256 signature; no check of anything, no event log, no second index, no
answer kept for a retry. A factory for uvicorn; where its database is, the environment says.
"""

import asyncio
import hashlib
import os
import secrets
import sqlite3
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Protocol

import msgspec
import psycopg
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Row = tuple[Any, ...]

SCHEMA = (
    (
        "CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, roles text,"
        " permissions text, password_hash text)"
    ),
    "CREATE TABLE sessions (hash {bytes} PRIMARY KEY, user_id bigint){tree}",
    (
        "CREATE TABLE refresh_records (hash {bytes} PRIMARY KEY, user_id bigint, state text,"
        " successor {bytes}){tree}"
    ),
)
ISSUER, AUDIENCE, LIFETIME = "http://127.0.0.1:8000", "clinic", 3_600
USER = "u.id, u.name, u.email, u.roles, u.permissions"

encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


class Database(Protocol):
    """Three look-ups and two writes."""

    async def one(self, statement: str, value: object) -> Row | None: ...

    async def start(self, hash_: bytes, user_id: int) -> None: ...

    async def rotate(self, old: bytes, new: bytes, user_id: int) -> None: ...


SESSION = f"SELECT {USER} FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = $1"  # noqa: S608 (constants)
REFRESH = f"SELECT {USER} FROM refresh_records r JOIN users u ON u.id = r.user_id WHERE r.hash = $1"  # noqa: S608 (constants)
LOGIN = "SELECT id, password_hash FROM users WHERE email = $1"
START = "INSERT INTO sessions VALUES ($1, $2)"
ROTATED = "UPDATE refresh_records SET state = 'rotated', successor = $1 WHERE hash = $2 AND state = 'active'"
ADDED = "INSERT INTO refresh_records VALUES ($1, $2, 'active', NULL)"
ROTATED_AND_ADDED = (
    f"WITH rotated AS ({ROTATED} RETURNING user_id)"  # noqa: S608 (constants)
    " INSERT INTO refresh_records SELECT $1, user_id, 'active', NULL FROM rotated"
)


class Sqlite:
    """Reads on the loop; all writes that wait become one transaction, whose COMMIT is left to a thread."""

    def __init__(self, path: str) -> None:
        self._reader = self._connect(path)
        self._writer = self._connect(path)
        self._waiting: list[tuple[list[tuple[str, Row]], asyncio.Future[None]]] = []
        self._is_busy = False
        self._thread = ThreadPoolExecutor(1)

    @staticmethod
    def _connect(path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    async def one(self, statement: str, value: object) -> Row | None:
        row: Row | None = self._reader.execute(statement.replace("$", "?"), (value,)).fetchone()
        return row

    async def start(self, hash_: bytes, user_id: int) -> None:
        await self._write([(START, (hash_, user_id))])

    async def rotate(self, old: bytes, new: bytes, user_id: int) -> None:
        await self._write([(ROTATED, (new, old)), (ADDED, (new, user_id))])

    def _write(self, statements: list[tuple[str, Row]]) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.append((statements, written))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._turn)
        return written

    def _turn(self) -> None:
        batch, self._waiting = self._waiting, []
        self._writer.execute("BEGIN IMMEDIATE")
        for statements, _ in batch:
            for statement, values in statements:
                self._writer.execute(statement.replace("$", "?"), values)
        committed = asyncio.get_running_loop().run_in_executor(self._thread, self._writer.execute, "COMMIT")
        committed.add_done_callback(lambda _: self._committed(batch))

    def _committed(self, batch: list[tuple[list[tuple[str, Row]], "asyncio.Future[None]"]]) -> None:
        for _, written in batch:
            written.set_result(None)
        self._is_busy = bool(self._waiting)
        if self._is_busy:
            asyncio.get_running_loop().call_soon(self._turn)


class Postgres:
    """One prepared statement for each look-up and each write, over as many connections as requests."""

    def __init__(self, url: str) -> None:
        self.pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] = AsyncConnectionPool(
            url,
            kwargs={"autocommit": True, "prepare_threshold": 0, "cursor_factory": psycopg.AsyncRawCursor},
            min_size=1,
            max_size=16,
            open=False,
        )

    async def one(self, statement: str, value: object) -> Row | None:
        async with self.pool.connection() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(statement.encode(), (value,))
            return await cursor.fetchone()

    async def start(self, hash_: bytes, user_id: int) -> None:
        await self._do(START, (hash_, user_id))

    async def rotate(self, old: bytes, new: bytes, _: int) -> None:
        await self._do(ROTATED_AND_ADDED, (new, old))

    async def _do(self, statement: str, values: Row) -> None:
        async with self.pool.connection() as connection:
            await connection.execute(statement.encode(), values)


class Keys:
    """One ES256 key."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._public = self._private.public_key()
        self._ecdsa = ec.ECDSA(SHA256())
        self._header = _b64(encode({"typ": "at+jwt", "alg": "ES256", "kid": "floor"}))
        numbers = self._public.public_numbers()
        x, y = (_b64(number.to_bytes(32)).decode() for number in (numbers.x, numbers.y))
        key = {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "floor", "use": "sig", "x": x, "y": y}
        self.jwks = encode({"keys": [key]})

    def sign(self, claims: dict[str, object]) -> str:
        signed = self._header + b"." + _b64(encode(claims))
        r, s = decode_dss_signature(self._private.sign(signed, self._ecdsa))
        return (signed + b"." + _b64(r.to_bytes(32) + s.to_bytes(32))).decode()

    def verify(self, token: str) -> Any:
        signed, _, signature = token.encode().rpartition(b".")
        raw = urlsafe_b64decode(signature + b"==")
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        self._public.verify(der, signed, self._ecdsa)
        return decode(urlsafe_b64decode(signed.partition(b".")[2] + b"=="))


class Floor:
    """The operations."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys = Keys()
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1)

    async def check(self, request: Request) -> Response:
        hash_ = _hash(_bearer(request))
        return _json(_claims(await self._found(SESSION, hash_), hash_))

    async def introspect(self, request: Request) -> Response:
        claims = self._keys.verify(_bearer(request))
        await self._found(SESSION, bytes.fromhex(claims["sid"]))
        return _json({"active": True, **claims})

    async def tokens(self, request: Request) -> Response:
        hash_ = _hash(_bearer(request))
        claims = _claims(await self._found(SESSION, hash_), hash_)
        return _json({"access_token": self._keys.sign(claims)})

    async def refresh(self, request: Request) -> Response:
        old = _hash(decode(await request.body())["refresh_token"])
        user = await self._found(REFRESH, old)
        token = "gpr_" + secrets.token_urlsafe(32)
        access = self._keys.sign({**_claims(user, old), "jti": secrets.token_urlsafe(16)})
        await self._database.rotate(old, _hash(token), user[0])
        return _json(
            {
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": LIFETIME,
                "refresh_token": token,
            }
        )

    async def log_in(self, request: Request) -> Response:
        said = decode(await request.body())
        user_id, encoded = await self._found(LOGIN, said["email"])
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._hasher.verify, encoded, said["password"])
        session = "gps_" + secrets.token_urlsafe(32)
        await self._database.start(_hash(session), user_id)
        return _json({"session_id": session})

    async def jwks(self, _: Request) -> Response:
        return Response(self._keys.jwks, media_type="application/json")

    async def _found(self, statement: str, value: object) -> Row:
        row = await self._database.one(statement, value)
        assert row is not None
        return row


def app() -> Starlette:
    """The application, on the database that the environment names."""
    where = os.environ["BENCH_DATABASE"]
    database = Postgres(where) if where.startswith("postgresql:") else Sqlite(where)
    floor = Floor(database)

    @asynccontextmanager
    async def opened(_: Starlette) -> AsyncIterator[None]:
        if isinstance(database, Postgres):
            async with database.pool:
                yield
        else:
            yield

    return Starlette(
        lifespan=opened,
        routes=[
            Route("/api/session/check", floor.check, methods=["POST"]),
            Route("/api/token/check", floor.introspect, methods=["POST"]),
            Route("/api/refresh", floor.refresh, methods=["POST"]),
            Route("/api/tokens", floor.tokens, methods=["POST"]),
            Route("/api/login", floor.log_in, methods=["POST"]),
            Route("/.well-known/jwks.json", floor.jwks),
        ],
    )


def _claims(user: Row, hash_: bytes) -> dict[str, object]:
    ident, name, email, roles, permissions = user
    now = int(time.time())
    return {
        "active": True,
        "iss": ISSUER,
        "sub": str(ident),
        "aud": AUDIENCE,
        "exp": now + LIFETIME,
        "iat": now,
        "sid": hash_.hex(),
        "roles": roles.split(),
        "permissions": permissions.split(),
        "name": name,
        "email": email,
    }


def _json(content: dict[str, object]) -> Response:
    return Response(encode(content), media_type="application/json")


def _bearer(request: Request) -> str:
    return request.headers["authorization"].partition(" ")[2]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _b64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
