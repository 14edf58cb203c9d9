"""fastapi-users as in its documentation's full example: SQLAlchemy on SQLite, tokens kept in the database.

`python on_fastapi_users.py` fills the tables and tells the load what it needs; uvicorn serves `app`.
"""

import asyncio
import json
import os
import secrets
import sys
import uuid
from collections.abc import AsyncGenerator

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport
from fastapi_users.authentication.strategy.db import DatabaseStrategy
from fastapi_users.password import PasswordHelper
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users_db_sqlalchemy.access_token import (
    SQLAlchemyAccessTokenDatabase,
    SQLAlchemyBaseAccessTokenTableUUID,
)
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

DAY = 86_400
engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['BENCH_FOLDER']}/fastapi-users.db")
make_session = async_sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine.sync_engine, "connect")
def durable(connection, _):
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
    pass


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = verification_token_secret = secrets.token_hex()


async def get_session() -> AsyncGenerator[AsyncSession, None]:
    async with make_session() as session:
        yield session


async def get_user_manager(session: AsyncSession = Depends(get_session)):
    yield UserManager(SQLAlchemyUserDatabase(session, User))


async def get_tokens(session: AsyncSession = Depends(get_session)):
    yield SQLAlchemyAccessTokenDatabase(session, AccessToken)


def get_strategy(tokens: SQLAlchemyAccessTokenDatabase = Depends(get_tokens)) -> DatabaseStrategy:
    return DatabaseStrategy(tokens, lifetime_seconds=DAY)


backend = AuthenticationBackend(
    name="database", transport=BearerTransport(tokenUrl="auth/login"), get_strategy=get_strategy
)
users = FastAPIUsers[User, uuid.UUID](get_user_manager, [backend])


class UserRead(schemas.BaseUser[uuid.UUID]):
    pass


class UserUpdate(schemas.BaseUserUpdate):
    pass


app = FastAPI()
app.include_router(users.get_auth_router(backend), prefix="/auth")
app.include_router(users.get_users_router(UserRead, UserUpdate), prefix="/users")


async def fill(sessions: int) -> None:
    hashed = PasswordHelper().hash("correct horse battery")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    held = [
        User(id=uuid.uuid4(), email=f"user{i}@clinic.example", hashed_password=hashed)
        for i in range(sessions // 10)
    ]
    async with make_session() as session:
        session.add_all(held)
        await session.flush()
        tokens = [
            AccessToken(token=secrets.token_urlsafe(), user_id=held[i // 10].id) for i in range(sessions)
        ]
        session.add_all(tokens)
        await session.commit()
    print(json.dumps({"session": [each.token for each in tokens[:: sessions // 1000 or 1]]}))


if __name__ == "__main__":
    asyncio.run(fill(int(sys.argv[1])))
