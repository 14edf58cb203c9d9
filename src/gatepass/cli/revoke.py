"""`gatepass revoke`: access tokens are taken back by what stands in them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.output import local_time, write_json
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, Revocation


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    meant = parser.add_mutually_exclusive_group(required=True)
    meant.add_argument("--jti", help="one access token, by its jti; see 'gatepass token show'")
    meant.add_argument("--client", metavar="ID", help="all that a client was issued up to now")
    meant.add_argument("--everything", action="store_true", help="all that anybody was issued up to now")
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass revoke --jti Q83vEjRWeJCrze8SNFZ4kA\n"
        "  gatepass revoke --client gatepass\n"
        "  gatepass revoke --everything\n\n"
        "Tokens alone: sessions stay, and clients get new tokens unnoticed. To log somebody out there is\n"
        "'gatepass session kick' and 'gatepass user log-out'; for a stolen key\n"
        "'gatepass keys retire --emergency'."
    )


def run(args: argparse.Namespace) -> int:
    """Take the tokens back."""
    now = time.time()

    async def revoke(auth: Auth) -> Revocation:
        if args.jti is not None:
            return await usecases.revoke_token(auth, jti=args.jti, actor="cli", now=now)
        if args.client is not None:
            return await usecases.revoke_client(auth, client_id=args.client, actor="cli", now=now)
        return await usecases.revoke_everything(auth, actor="cli", now=now)

    order = with_auth(args, revoke)
    if args.json:
        written = {"selects": order.selects.value, "value": order.value, "below": order.below}
        write_json({**written, "kept_until": order.forget_after})
    elif args.jti is not None:
        print(f"Took back the access token {args.jti}.")
    else:
        whose = "everybody's access tokens" if args.client is None else f"the access tokens of {args.client}"
        print(f"Took back {whose} from before {local_time(order.below)}.")
    return 0
