"""`gatepass token explain`: what a Service would say of a token, and why, with every check listed."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from gatepass.cli.explanation import explain
from gatepass.cli.explanation_words import clock_words
from gatepass.cli.failure import CommandFailed, CommandMisused
from gatepass.cli.key_files import opened, read_file, read_keys
from gatepass.cli.output import write_json, write_table
from gatepass.cli.policy_options import token_of
from gatepass.jose import JoseError
from gatepass.oauth import (
    SHARED_ALGORITHM,
    SecretRefused,
    SharedSecrets,
    UrlRefused,
    access_token_policy,
    is_encrypted,
)
from gatepass.verifier import DEFAULT_ALGORITHMS, FeedTerms, FetchFailed, HttpFetch, Unavailable, Verifier
from gatepass.verifier.issuer import Issuer

if TYPE_CHECKING:
    import argparse

    from gatepass.cli.explanation import Check, Explanation
    from gatepass.jose import Policy

PATIENCE: Final = 10.0
"""Seconds for the first keys and the first view; they need a tenth."""

_WHY: Final[dict[str, str]] = {
    "unreachable": "nobody answers there. Is it running, and is the address right?",
    "timed_out": "it gave no answer in time. Is it running, and is the address right?",
    "redirected": "it redirects. Give the address that stands in 'iss', letter by letter",
    "status_404": "it publishes no metadata there. Give the address that stands in 'iss', letter by letter",
    "issuer_differs": "it goes by another name. Give the address that stands in 'iss', letter by letter",
    "no_jwks_uri": "it publishes no key: it shares a secret with its Services. Give --shared-secret FILE",
    "jwks_without_usable_key": "it publishes no key for these algorithms. See --algorithm",
    "no_revocations_endpoint": "it has no revocation feed. With --no-feed it is explained without one",
}

_UNREADABLE_FEED: Final = (
    ". Is this the secret that Auth has? With --no-feed the token alone is explained, and its 'kid' tells"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("token", help="the token, or '-' to read it from standard input")
    parser.add_argument("--issuer", required=True, help="the Service's issuer; its keys and feed are fetched")
    parser.add_argument("--audience", required=True, help="the Service's name")
    parser.add_argument(
        "--algorithm",
        action="append",
        metavar="ALG",
        help=f"what the Service accepts, once for each (default: {', '.join(sorted(DEFAULT_ALGORITHMS))})",
    )
    parser.add_argument("--leeway", type=int, default=30, help="seconds on nbf and iat (default: 30)")
    parser.add_argument("--no-feed", action="store_true", help="for an issuer without a revocation feed")
    parser.add_argument(
        "--key",
        metavar="FILE",
        help="the Service's private key, where tokens are encrypted",
    )
    parser.add_argument("--alg", help="that key's algorithm, where its file does not say (PEM never does)")
    parser.add_argument(
        "--shared-secret",
        metavar="FILE",
        help="the Service's file of shared secrets, where the issuer publishes no key",
    )
    parser.add_argument("--json", action="store_true", help="write JSON, for scripts")
    parser.epilog = (
        "example:\n"
        "  pbpaste | gatepass token explain - --issuer https://login.example.org --audience clinic\n\n"
        "Exit code 0: the Service would let it in; 1: it would not. The token is sent nowhere.\n"
        "An argument is seen by everybody who lists this machine's processes; '-' avoids that."
    )


def run(args: argparse.Namespace) -> int:
    """Explain, and give the verdict as the exit code."""
    logging.getLogger("gatepass.verifier").addHandler(logging.NullHandler())  # we say it ourselves
    algorithms = frozenset(args.algorithm or DEFAULT_ALGORITHMS)
    secrets = None if args.shared_secret is None else _secrets(args.shared_secret)
    feed = None if args.no_feed else FeedTerms()
    try:
        verifier = Verifier(
            issuer=args.issuer,
            audience=args.audience,
            algorithms=algorithms,
            leeway=args.leeway,
            feed=feed,
            shared_secrets=secrets,
        )
        policy = access_token_policy(
            issuer=args.issuer,
            audience=args.audience,
            algorithms=algorithms if secrets is None else frozenset({SHARED_ALGORITHM}),
            leeway=args.leeway,
        )
    except (ValueError, UrlRefused) as error:
        raise CommandMisused(str(error)) from None
    except ImportError as error:
        raise CommandFailed(str(error)) from None
    token = _inside(token_of(args).removeprefix("Bearer ").strip(), args)
    explanation = asyncio.run(_explained(token, verifier, policy))
    _write(explanation, verifier, as_json=args.json)
    return int(explanation.refusal is not None)


def _secrets(name: str) -> SharedSecrets:
    try:
        return SharedSecrets.parse(read_file(name))
    except SecretRefused as error:
        raise CommandFailed(f"{name}: {error}") from None


def _inside(token: str, args: argparse.Namespace) -> str:
    """Give what is to be explained: of an encrypted token what is inside. Raises `CommandFailed`."""
    if not is_encrypted(token):
        return token
    if args.key is None:
        raise CommandFailed("this token is encrypted: give the Service's private key, --key FILE")
    try:
        return opened(token, read_keys(args.key, args.alg))
    except JoseError as error:
        raise CommandFailed(f"the Service can't open this token: {error} ({error.code})") from None


async def _explained(token: str, verifier: Verifier, policy: Policy) -> Explanation:
    """Learn what a Service would know, and judge by it. Raises `CommandFailed`."""
    await _look_at_issuer(policy, feed=verifier.watch.feed is not None)
    try:
        await verifier.ready(PATIENCE)
    except Unavailable as error:
        why = "" if policy.algorithms != {SHARED_ALGORITHM} else _UNREADABLE_FEED
        raise CommandFailed(f"{policy.issuer}: its feed can't be read ({error.reason}){why}") from None
    try:
        return explain(token, verifier, policy, now=verifier.clock())
    finally:
        await verifier.close()


async def _look_at_issuer(policy: Policy, *, feed: bool) -> None:
    """Read the issuer's documents once, to say at once what is wrong with them."""
    fetch = HttpFetch()
    issuer = Issuer(policy.issuer, algorithms=policy.algorithms)
    try:
        if policy.algorithms != {SHARED_ALGORITHM}:
            await issuer.keys(fetch)
        if feed and (await issuer.metadata(fetch)).revocations_endpoint is None:
            raise FetchFailed("no_revocations_endpoint")
    except FetchFailed as error:
        why = _WHY.get(error.code, f"what it publishes can't be used ({error.code})")
        raise CommandFailed(f"{policy.issuer}: {why}") from None
    finally:
        await fetch.close()


def _write(explanation: Explanation, verifier: Verifier, *, as_json: bool) -> None:
    refusal, health = explanation.refusal, verifier.health()
    if as_json:
        write_json(
            {
                "accepted": refusal is None,
                "status": 200 if refusal is None else refusal.status,
                "code": None if refusal is None else refusal.code,
                "reason": None if refusal is None else refusal.reason,
                "checks": [_as_json(check) for check in explanation.checks],
                "clock_skew": health.clock_skew,
                "view": {
                    "cursor": _text(verifier.watch.revocations.cursor),
                    "age": health.view_age,
                    "entries": health.entries,
                },
            }
        )
        return
    if refusal is None:
        print("The Service would let it in.\n")
    else:
        print(f"The Service would answer {refusal.status} {refusal.code}; its log: {refusal.reason}.\n")
    rows = [(_RESULTS[check.holds], check.name, check.why) for check in explanation.checks]
    write_table(("", "check", "what was found"), rows, empty="")
    print(f"\nClocks: {clock_words(health.clock_skew)}.")


_RESULTS: Final[dict[bool | None, str]] = {True: "ok", False: "FAILS", None: "not reached"}


def _as_json(check: Check) -> dict[str, Any]:
    return {"check": check.name, "result": _RESULTS[check.holds].lower(), "why": check.why}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
