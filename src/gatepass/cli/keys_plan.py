"""`gatepass keys plan`: what a change to another signing algorithm brings, and when; nothing is changed."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import usecases
from gatepass.cli.failure import CommandFailed, CommandMisused
from gatepass.cli.keys_rotate import ALGORITHMS
from gatepass.cli.output import local_time, span, write_json
from gatepass.cli.site_access import add_json_option, add_settings_option, settings_of, with_auth
from gatepass.verifier import DEFAULT_ALGORITHMS

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, KeyPlan

# The arrow as it is typed, as a shell lets it through, and the colon that needs no quotes.
_ARROW: Final = re.compile(r"\s*(?:→|->|:)\s*")


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument(
        "change", nargs="?", metavar="FROM:TO", help="such as ES256:Ed25519 or 'ES256→Ed25519'"
    )
    parser.add_argument("--to", choices=ALGORITHMS, help="the new algorithm, from whatever signs now")
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass keys plan ES256:Ed25519\n"
        "  gatepass keys plan --to PS256 --json\n\n"
        "Nothing is changed. 'gatepass keys rotate --algorithm TO' carries the plan out."
    )


def run(args: argparse.Namespace) -> int:
    """Show the plan."""
    old, new = _asked(args)

    async def planned(auth: Auth) -> KeyPlan | None:
        return await usecases.plan_keys(auth, alg=new, now=time.time())

    plan = with_auth(args, planned)
    if plan is None:
        raise CommandFailed(f"nothing to plan: no key signs, or {new} does already; see 'gatepass keys list'")
    if old is not None and old != plan.old:
        raise CommandFailed(f"{plan.old} signs now, not {old}")
    steps = _steps(plan, in_settings=settings_of(args).keys.algorithm)
    if args.json:
        write_json({"from": plan.old, "to": plan.new, "begun": plan.begun, "steps": steps})
    else:
        _show(plan, steps)
    return 0


def _asked(args: argparse.Namespace) -> tuple[str | None, str]:
    if (args.change is None) == (args.to is None):
        raise CommandMisused("say FROM:TO, or --to TO")
    if args.to is not None:
        return None, args.to
    names = _ARROW.split(args.change)
    if len(names) != 2 or not set(names) <= set(ALGORITHMS):
        raise CommandMisused(f"say FROM:TO with two of {', '.join(ALGORITHMS)}")
    return names[0], names[1]


class Step(msgspec.Struct, frozen=True):
    """One date of the plan."""

    at: int
    """Seconds since the epoch."""
    what: str
    services: str
    """What Services must do, or may."""
    undo: str


def _steps(plan: KeyPlan, *, in_settings: str) -> list[Step]:
    """Say what happens when, what Services must do by then, and what can be taken back."""
    old, new = plan.old, plan.new
    settle = f' Set keys.algorithm = "{new}" too: with its next start Auth goes by the settings.'
    back = f"gatepass keys rotate --algorithm {old}"
    return [
        Step(
            int(plan.published_at),
            f"The {new} key is published; {old} signs.{'' if in_settings == new else settle}",
            _to_allow(old, new),
            f"Safe: {back}. No token of {new} was ever made.",
        ),
        Step(
            int(plan.signs_at),
            f"The {new} key signs; the {old} key stays published.",
            f"A Service that doesn't allow {new} by now refuses everybody.",
            f"Safe, but it takes as long as the change: {back}. Keep both allowed meanwhile.",
        ),
        Step(
            int(plan.old_leaves_at),
            f"The {old} key leaves the published set: its last token is dead.",
            f"Need {old} no more.",
            f"As before, while Services still allow {old}.",
        ),
        Step(
            int(plan.old_forgotten_at),
            f"The {old} key is forgotten: no expired token of it is renewed any more.",
            "Nothing.",
            "As before.",
        ),
    ]


def _to_allow(old: str, new: str) -> str:
    """Say what a Service must do before the new key signs."""
    if new in DEFAULT_ALGORITHMS:
        return f"Nothing to do, unless they name their algorithms; then name {new} too."
    return f"Name {new} too, as in Verifier(algorithms=frozenset({{{old!r}, {new!r}}}))."


def _show(plan: KeyPlan, steps: list[Step]) -> None:
    print(f"From {plan.old} to {plan.new}, logging nobody out.")
    for number, step in enumerate(steps, start=1):
        print(f"\n{number}. {local_time(step.at)}\n   {step.what}")
        print(f"   Services  {step.services}\n   Undo      {step.undo}")
    wait = span(plan.signs_at - plan.published_at)
    command = f"gatepass keys rotate --algorithm {plan.new}"
    begin = "It has begun. " if plan.begun else f"Begin it with: {command}\n"
    print(f"\n{begin}The dates count from the beginning; {wait} later the new key signs.")
