"""The commands that grant, shut out, delete, retire and revoke, on a site of their own."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.auth.house import add, log_in, open_auth

from gatepass.auth import SessionRefused, usecases
from gatepass.cli import main, user_log_out

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> pytest.CaptureFixture[str]:
    """A site with a role and Ann."""
    assert main(["init", str(tmp_path), "--audience", "clinic"]) == 0
    monkeypatch.setenv("GATEPASS_SETTINGS", str(tmp_path / "gatepass.toml"))
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert main(["role", "define", "doctor", "a:read"]) == 0
    named = ["ann@example.org", "--first-name", "Ann", "--last-name", "Lee"]
    assert main(["user", "add", "--password-stdin", *named]) == 0
    capsys.readouterr()
    return capsys


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_a_user_from_grants_to_the_end(site: pytest.CaptureFixture[str]) -> None:
    ann = "ann@example.org"
    assert run(site, "user", "roles", ann, "doctor")["permissions"] == ["a:read"]
    given = run(site, "user", "permissions", ann, "b:read", "gatepass:admin")
    assert given["permissions"] == ["a:read", "b:read", "gatepass:admin"]
    assert told(site, "user", "permissions", ann, "--none") == "Ann Lee <ann@example.org> may: a:read.\n"
    assert told(site, "user", "roles", ann, "--none") == "Ann Lee <ann@example.org> may: nothing.\n"
    assert run(site, "user", "disable", ann)["status"] == "disabled"
    assert run(site, "user", "enable", ann)["status"] == "active"
    assert told(site, "user", "enable", ann) == "Enabled Ann Lee <ann@example.org>.\n"
    epoch = run(site, "user", "list")[0]["epoch"]
    assert run(site, "user", "log-out", ann)["epoch"] == epoch + 1
    assert told(site, "user", "log-out", ann) == "Logged out Ann Lee <ann@example.org>.\n"
    assert run(site, "user", "delete", ann, "--yes")["deleted"]
    assert run(site, "user", "list") == []
    assert main(["user", "delete", ann, "--yes"]) == 1
    assert "no such user" in site.readouterr().err


class Terminal(io.StringIO):
    """A terminal on which somebody types."""

    def isatty(self) -> bool:
        return True


# The command, and what it says of what goes.
ASKED: dict[str, tuple[list[str], str]] = {
    "delete a user": (
        ["user", "delete", "ann@example.org"],
        "Ann Lee <ann@example.org> goes for good: 0 live",
    ),
    "log everybody out": (["user", "log-out", "--everybody"], "Everybody who is logged in must log in again"),
    "forget a key": (["keys", "retire", "--emergency", "--"], "is forgotten for good, and every token of it"),
}


@pytest.mark.parametrize(("command", "words"), ASKED.values(), ids=ASKED)
def test_what_is_not_undone_is_asked_about_on_a_terminal(
    site: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str], words: str
) -> None:
    run(site, "keys", "rotate")
    key = next(key["kid"] for key in run(site, "keys", "list") if key["state"] == "active")
    called = [*command, key] if command[0] == "keys" else command
    before = run(site, "user", "list"), run(site, "keys", "list"), told(site, "events")
    for typed in ("no\n", "\n", "y\n", ""):
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        assert main(called) == 1
        asked = site.readouterr()
        assert words in asked.err
        assert "Go on? Type yes: " in asked.err
        assert "nothing was done" in asked.err
        assert asked.out == ""
    assert (run(site, "user", "list"), run(site, "keys", "list"), told(site, "events")) == before
    monkeypatch.setattr("sys.stdin", Terminal(" Yes\n"))
    assert told(site, *called)


def test_who_is_deleted_is_who_was_asked_about(
    site: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            run(site, "user", "edit", "ann@example.org", "--new-email", "gone@example.org")
            names = ("--first-name", "Bob", "--last-name", "Lee")
            run(site, "user", "invite", "ann@example.org", *names)
            return "yes\n"

    monkeypatch.setattr("sys.stdin", Slow())
    assert "gone@example.org" in told(site, "user", "delete", "ann@example.org")
    assert [user["first_name"] for user in run(site, "user", "list")] == ["Bob"]


@pytest.mark.parametrize("stdin", [io.StringIO("yes\n"), None], ids=["a pipe", "closed"])
@pytest.mark.parametrize(("command", "words"), ASKED.values(), ids=ASKED)
def test_without_a_terminal_somebody_must_have_said_yes(
    site: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    words: str,
    stdin: io.StringIO | None,
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    called = [*command, "x"] if command[0] == "keys" else command
    with pytest.raises(SystemExit) as left:
        main(called)
    assert left.value.code == 2
    told = site.readouterr().err
    assert "use --yes" in told
    assert words not in told


async def test_everybody_is_logged_out_a_piece_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_log_out, "PAGE", 2)
    auth = await open_auth()
    emails = [f"{name}@example.org" for name in ("ann", "bob", "cleo")]
    for email in emails:
        await add(auth, email)
    now = time.time()
    came = [await log_in(auth, email, now=now) for email in (*emails, *emails)]
    assert await user_log_out._log_out_all(auth) == 3
    for entered in came:
        with pytest.raises(SessionRefused):
            await usecases.check_session(auth, session_id=entered.session_id.reveal(), now=now)
    again = await log_in(auth, emails[0], now=now)
    await usecases.check_session(auth, session_id=again.session_id.reveal(), now=now)


def test_it_is_one_user_or_everybody(site: pytest.CaptureFixture[str]) -> None:
    assert told(site, "user", "log-out", "--everybody", "--yes") == "Logged out 0 users.\n"
    assert run(site, "user", "log-out", "--everybody", "--yes") == {"logged_out": 0}
    for arguments in ([], ["ann@example.org", "--everybody"]):
        with pytest.raises(SystemExit) as left:
            main(["user", "log-out", *arguments])
        assert left.value.code == 2


@pytest.mark.parametrize("kind", ["roles", "permissions"])
@pytest.mark.parametrize("rest", [[], ["doctor", "--none"]])
def test_nothing_is_taken_away_by_leaving_something_out(
    site: pytest.CaptureFixture[str], kind: str, rest: list[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["user", kind, "ann@example.org", *rest])
    assert left.value.code == 2
    assert "--none" in site.readouterr().err


def test_a_key_retires_early_and_another_one_at_once(site: pytest.CaptureFixture[str]) -> None:
    waiting = run(site, "keys", "rotate")["kid"]
    first = next(key["kid"] for key in run(site, "keys", "list") if key["state"] == "active")
    assert told(site, "keys", "retire", "--json", "--", first).count(waiting) == 1
    assert " signs from " in told(site, "keys", "retire", "--", first)
    words = told(site, "keys", "retire", "--emergency", "--yes", "--", first)
    assert words == f"Key {first} is forgotten. Key {waiting} (ES256) signs.\n"
    assert [(key["kid"], key["state"]) for key in run(site, "keys", "list")] == [(waiting, "active")]
    assert main(["keys", "retire", "--emergency", "--yes", "--", first]) == 1
    assert "no such signing key" in site.readouterr().err


def test_tokens_are_taken_back_by_what_stands_in_them(site: pytest.CaptureFixture[str]) -> None:
    one = run(site, "revoke", "--jti", "AbC")
    assert (one["selects"], one["value"], one["below"]) == ("jti", "AbC", 0)
    client = run(site, "revoke", "--client", "gatepass")
    everything = run(site, "revoke", "--everything")
    assert (client["selects"], everything["selects"]) == ("client_id", "all")
    assert everything["below"] >= client["below"] > 0
    assert told(site, "revoke", "--jti", "AbC") == "Took back the access token AbC.\n"
    assert told(site, "revoke", "--client", "app").startswith(
        "Took back the access tokens of app from before"
    )
    assert told(site, "revoke", "--everything").startswith("Took back everybody's access tokens from before")


@pytest.mark.parametrize("rest", [[], ["--jti", "a", "--everything"]])
def test_an_order_names_exactly_one(site: pytest.CaptureFixture[str], rest: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["revoke", *rest])
    assert left.value.code == 2


@pytest.mark.parametrize(
    "change", [["ES256:Ed25519"], ["ES256→Ed25519"], ["ES256->Ed25519"], ["--to", "Ed25519"]]
)
def test_a_change_of_algorithm_is_planned_then_carried_out(
    site: pytest.CaptureFixture[str], change: list[str]
) -> None:
    run(site, "keys", "rotate")
    site.readouterr()
    plan = run(site, "keys", "plan", *change)
    assert (plan["from"], plan["to"], plan["begun"]) == ("ES256", "Ed25519", False)
    dates = [step["at"] for step in plan["steps"]]
    assert dates == sorted(dates)
    assert dates[1] - dates[0] == 3_600
    assert plan["steps"][0]["undo"].startswith("Safe: gatepass keys rotate --algorithm ES256.")
    said = told(site, "keys", "plan", *change)
    assert "1. " in said
    assert "Services  Nothing to do, unless" in said
    assert "Begin it with: gatepass keys rotate --algorithm Ed25519\n" in said
    words = told(site, "keys", "rotate", "--algorithm", "Ed25519")
    assert 'set keys.algorithm = "Ed25519" too' in words
    assert run(site, "keys", "plan", *change)["begun"]


def test_a_plan_says_what_a_service_that_takes_defaults_must_do(site: pytest.CaptureFixture[str]) -> None:
    run(site, "keys", "rotate")
    assert "Nothing to do" in run(site, "keys", "plan", "--to", "PS256")["steps"][0]["services"]
    assert "RS256" in run(site, "keys", "plan", "--to", "RS256")["steps"][0]["services"]


@pytest.mark.parametrize(
    ("change", "code"),
    [(["Ed25519:ES256"], 1), (["--to", "ES256"], 1), (["ES256"], 2), (["ES256:none"], 2), ([], 2)],
)
def test_there_is_not_a_plan_for_everything(
    site: pytest.CaptureFixture[str], change: list[str], code: int
) -> None:
    assert main(["keys", "rotate"]) == 0
    if code == 1:
        assert main(["keys", "plan", *change]) == 1
        assert site.readouterr().err.startswith("gatepass: ")
    else:
        with pytest.raises(SystemExit) as left:
            main(["keys", "plan", *change])
        assert left.value.code == 2
