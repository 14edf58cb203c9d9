"""Fixtures of auth's tests; who wants somebody in it has an `auth` of their own."""

import pytest
from tests.unit.auth.house import MailBox, open_auth

from gatepass.auth import Auth


@pytest.fixture
async def auth() -> Auth:
    return await open_auth()


@pytest.fixture
def box() -> MailBox:
    return MailBox()
