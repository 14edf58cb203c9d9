"""One-time links as a test has them sent and uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.auth.house import CLIENT, NOW, PASSWORD, MailBox

from gatepass.auth import usecases

if TYPE_CHECKING:
    from gatepass.auth import Auth, CheckedSession, User


NEW = "another horse battery staple"


async def invite(auth: Auth, email: str = "bob@example.org", *, now: float = NOW, **fields: Any) -> User:
    return await usecases.invite_user(
        auth,
        email=email,
        first_name="Bob",
        last_name="Hope",
        actor=fields.pop("actor", "cli"),
        now=now,
        **fields,
    )


async def ask(auth: Auth, box: MailBox, email: str = "ada@example.org", *, now: float = NOW) -> str:
    """Have a reset sent; gives the link's secret."""
    await usecases.ask_reset(auth, email=email, client=CLIENT, now=now)
    await box.collect(auth, now=now)
    return box.link()


async def set_password(auth: Auth, link: str, password: str = NEW, *, now: float = NOW) -> User:
    return await usecases.set_password(auth, link=link, password=password, client=CLIENT, now=now)


async def entered(auth: Auth, *, password: str = PASSWORD, now: float = NOW) -> CheckedSession:
    came = await usecases.log_in(auth, email="ada@example.org", password=password, client=CLIENT, now=now)
    return await usecases.check_session(auth, session_id=came.session_id.reveal(), now=now)


async def change_email(
    auth: Auth, checked: CheckedSession, email: str, *, current: str = PASSWORD, now: float = NOW
) -> None:
    await usecases.change_email(auth, checked=checked, current=current, email=email, client=CLIENT, now=now)


async def change_password(auth: Auth) -> None:
    await usecases.change_password(
        auth, checked=await entered(auth), current=PASSWORD, new=NEW + "!", client=CLIENT, now=NOW
    )
