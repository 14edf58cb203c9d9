"""Finds the command's module, and makes an exit code of whatever happens in it."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from gatepass.cli.failure import EXIT_FAILURE, CommandFailed, CommandMisused

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS: Final[dict[str, str]] = {
    "user": "add, list, grant, disable, enable and delete users",
    "role": "see the roles, and say what each may do",
    "session": "see who is logged in, and end it",
    "keys": "see, rotate and retire the signing keys",
    "feed": "look after the revocation feed",
    "db": "check the database, and move it to PostgreSQL",
    "key": "make, look into and convert keys in files",
    "token": "make, check and look into tokens",
}

# Each is a module here: ("user", "log-out") is user_log_out.py, with `configure(parser)` and `run(args)`.
COMMANDS: Final[dict[tuple[str, ...], str]] = {
    ("init",): "write a settings file and a key-encryption key",
    ("serve",): "run Auth",
    ("user", "add"): "add a user",
    ("user", "invite"): "add a user who chooses the password, or send the link once more",
    ("user", "edit"): "change the names or the e-mail address of a user",
    ("user", "list"): "list users",
    ("user", "import"): "bring users in from another system, with their password hashes",
    ("user", "export"): "write all users to a file, without secrets",
    ("user", "disable"): "disable a user: every pass of theirs stops holding",
    ("user", "enable"): "let a disabled user log in again",
    ("user", "roles"): "set the roles of a user",
    ("user", "permissions"): "set the permissions that a user holds beside those of the roles",
    ("user", "log-out"): "end all sessions of a user",
    ("user", "delete"): "delete a user, with everything that is theirs",
    ("role", "list"): "list the roles and what each may do",
    ("role", "define"): "define a role, or change what it may do",
    ("session", "list"): "list live sessions",
    ("session", "kick"): "end a session",
    ("keys", "list"): "list the signing keys and their states",
    ("keys", "plan"): "say what a change to another algorithm brings, and when",
    ("keys", "rotate"): "publish a new signing key, which takes over soon",
    ("keys", "retire"): "retire a signing key early, or at once in an emergency",
    ("events",): "see who did what, when and from where, or follow it",
    ("feed", "rename"): "name the revocation feed anew, after a backup was restored",
    ("db", "check"): "look whether the database is whole",
    ("db", "copy"): "copy the SQLite file to PostgreSQL",
    ("revoke",): "take access tokens back: one, a client's, or everybody's",
    ("key", "generate"): "make a key",
    ("key", "show"): "say what a key file holds",
    ("key", "convert"): "write a key in another form, or its public half",
    ("token", "show"): "decode a token for a person",
    ("token", "sign"): "sign claims",
    ("token", "verify"): "check a token with keys in a file",
    ("token", "explain"): "say what a Service would say of a token, and why, check by check",
    ("token", "encrypt"): "encrypt claims",
    ("token", "decrypt"): "open an encrypted token",
}

# Ids of sessions, users, tokens and keys are base64url: one of 64 begins with '-', as options do.
_DASHED_ID: Final = re.compile(r"-[A-Za-z0-9_-]{21}(?:[A-Za-z0-9_-]{21})?")
_TAKES_ID: Final = frozenset({"--jti", "--user"})

EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
EXIT_BROKEN_PIPE: Final = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 0 for success, 1 for failure, 2 for a wrong call."""
    arguments = _ids_told_apart(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(_chosen(arguments)).parse_args(arguments)
        try:
            return int(args.run(args) or 0)
        except CommandMisused as error:
            args.parser.error(str(error))  # leaves with EXIT_USAGE
            return EXIT_USAGE
    except CommandFailed as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "gatepass":
            raise
        return _complain(
            f"this command needs more than the base install: pip install 'gatepass[server]' ({error})"
        )


def _complain(text: str) -> int:
    print(f"gatepass: {text}", file=sys.stderr)
    return EXIT_FAILURE


def _ids_told_apart(arguments: Sequence[str]) -> list[str]:
    """Put an id that begins with '-' where argparse takes it for what it is."""
    told: list[str] = []
    ids: list[str] = []
    for argument in arguments:
        if argument == "--":
            return list(arguments)
        if not _DASHED_ID.fullmatch(argument):
            told.append(argument)
        elif told and told[-1] in _TAKES_ID:
            told[-1] += f"={argument}"
        else:
            ids.append(argument)
    return [*told, "--", *ids] if ids else told


def _chosen(arguments: Sequence[str]) -> tuple[str, ...] | None:
    """Say which command is called, so that only its module is imported."""
    return next((path for path in COMMANDS if tuple(arguments[: len(path)]) == path), None)


def _parser(chosen: tuple[str, ...] | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gatepass",
        description="Gatepass: log in once; every service checks the pass by itself.",
        epilog="'gatepass COMMAND --help' tells the rest. Start with: gatepass init",
    )
    parser.add_argument("--version", action="version", version=f"gatepass {version('gatepass')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")
    groups: dict[str, Any] = {}
    for path, summary in COMMANDS.items():
        if len(path) > 1 and path[0] not in groups:
            group = commands.add_parser(path[0], help=GROUPS[path[0]], description=_sentence(GROUPS[path[0]]))
            groups[path[0]] = group.add_subparsers(metavar="COMMAND", required=True, title="commands")
        command = (groups[path[0]] if len(path) > 1 else commands).add_parser(
            path[-1],
            help=summary,
            description=_sentence(summary),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if path == chosen:
            module = importlib.import_module(module_of(path))
            module.configure(command)
            command.set_defaults(run=module.run, parser=command)
    return parser


def module_of(path: Sequence[str]) -> str:
    """Name the module of a command."""
    return f"gatepass.cli.{'_'.join(path).replace('-', '_')}"


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
