"""`gatepass user import`: users from another system, with their password hashes."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import COLUMNS, Contended, ImportRun, Line, Refusal, usecases
from gatepass.cli.failure import CommandFailed, CommandMisused
from gatepass.cli.progress import Progress
from gatepass.cli.refusal_report import RefusalReport
from gatepass.cli.site_access import add_settings_option, with_auth
from gatepass.cli.user_files import FORMATS, open_users

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gatepass.auth import Auth, Judged
    from gatepass.cli.user_files import UserFile

BATCH: Final = 500
"""Lines of one commit: a few tens of milliseconds in which nobody else writes, and 200 commits for 100,000
users."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="CSV with a first line of names, or JSON Lines"
    )
    parser.add_argument("--format", choices=FORMATS, help="what it is (default: what its name says)")
    parser.add_argument(
        "--map",
        metavar="OURS=THEIRS",
        action="append",
        default=[],
        help="which of the file's columns is which; '=THEIRS' passes over one; may be repeated",
    )
    parser.add_argument(
        "--report", metavar="FILE", type=Path, help="where refused lines are told (default: FILE.refused)"
    )
    parser.add_argument("--dry-run", action="store_true", help="check every line, and import nothing")
    parser.add_argument("--resume", action="store_true", help="go on where an import of this file stopped")
    parser.epilog = (
        "examples:\n"
        "  gatepass user import people.csv --dry-run\n"
        "  gatepass user import people.csv --map email=mail --map password_hash=password --map =phone\n"
        "  gatepass user import people.csv --resume\n\n"
        f"columns: {', '.join(COLUMNS)}\n\n"
        "Hashes of bcrypt, Django (PBKDF2, scrypt, bcrypt, argon2), scrypt and argon2 stay as they are\n"
        "until the first log-in, which hashes anew. Who has none sets one by 'forgot password'. What can't\n"
        "be imported is told in the report; all else is. Killed at any moment, nothing is lost and nobody\n"
        "is there twice: --resume goes on."
    )


def run(args: argparse.Namespace) -> int:
    """Import the file; 1 where lines were refused."""
    path = args.report or args.file.with_name(args.file.name + ".refused")
    with closing(open_users(args.file, args.format, _names(args.map))) as users:

        async def work(auth: Auth) -> ImportRun:
            if args.dry_run:
                return await _checked(auth, users, path)
            return await _imported(auth, users, path, resume=args.resume)

        done = with_auth(args, work)
    verb = "would be imported" if args.dry_run else "imported"
    came = "1 user" if done.imported == 1 else f"{done.imported} users"
    left = "1 line" if done.refused == 1 else f"{done.refused} lines"
    print(f"{came} {verb}, {left} refused{f': {path}' if done.refused else ''}.")
    return 1 if done.refused else 0


def _names(options: list[str]) -> dict[str, str]:
    """Give which of theirs is which of ours."""
    names: dict[str, str] = {}
    for option in options:
        ours, equals, theirs = option.partition("=")
        if not equals or not theirs or (ours and ours not in COLUMNS):
            raise CommandMisused(f"--map must be OURS=THEIRS, where OURS is one of {', '.join(COLUMNS)}")
        names[theirs] = ours
    return names


async def _checked(auth: Auth, users: UserFile, path: Path) -> ImportRun:
    """Say what an import would do."""
    done = ImportRun(users.source)
    with closing(RefusalReport(path, after=0)) as report, closing(Progress(users.size)) as progress:
        seen: set[str] = set()
        for batch in _batches(users, after=0):
            _, done = await _judged(auth, batch, report, seen=seen, done=done)
            progress.show(users.place, _words(done))
    return done


async def _imported(auth: Auth, users: UserFile, path: Path, *, resume: bool) -> ImportRun:
    run = await usecases.find_import(auth, source=users.source)
    if run is not None and not resume:
        where = "to its end" if run.finished else f"up to line {run.line}; go on: --resume"
        raise CommandFailed(f"this file was imported already, {where}")
    if run is not None and run.finished:
        return run
    done = run or ImportRun(users.source)
    with closing(RefusalReport(path, after=done.line)) as report, closing(Progress(users.size)) as progress:
        seen: set[str] = set()
        for batch in _batches(users, after=done.line):
            judged, done = await _judged(auth, batch, report, seen=seen, done=done)
            await _written(auth, judged, run=run, after=done)
            run = done
            progress.show(users.place, _words(done))
    done = msgspec.structs.replace(done, finished=True)
    await usecases.finish_import(auth, run=run, after=done)
    return done


async def _written(auth: Auth, judged: Judged, *, run: ImportRun | None, after: ImportRun) -> None:
    try:
        await usecases.import_users(auth, judged, run=run, after=after, now=time.time())
    except Contended:
        raise CommandFailed(
            "a user, a role or this import was changed by somebody else meanwhile; go on: --resume"
        ) from None


async def _judged(
    auth: Auth, batch: list[Line | Refusal], report: RefusalReport, *, seen: set[str], done: ImportRun
) -> tuple[Judged, ImportRun]:
    """Judge a batch, report what is refused of it, and say how far that is."""
    lines = [line for line in batch if isinstance(line, Line)]
    judged = await usecases.judge_users(auth, lines, seen=seen, now=time.time())
    unread = [line for line in batch if isinstance(line, Refusal)]
    refusals = sorted((*unread, *judged.refusals), key=lambda refusal: refusal.number)
    report.add(refusals)
    return judged, ImportRun(
        done.source, batch[-1].number, done.imported + len(judged.users), done.refused + len(refusals)
    )


def _batches(users: UserFile, *, after: int) -> Iterator[list[Line | Refusal]]:
    """Give the lines behind a place, in batches."""
    batch: list[Line | Refusal] = []
    for line in users.lines():
        if line.number > after:
            batch.append(line)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _words(done: ImportRun) -> str:
    return f"line {done.line:,}: {done.imported:,} users, {done.refused:,} refused"
