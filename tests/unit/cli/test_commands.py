"""The command as a whole: help, exit codes, and files that are never overwritten."""

from __future__ import annotations

import hashlib
import importlib
import json
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gatepass.cli import main
from gatepass.cli.entry import COMMANDS, GROUPS, module_of
from gatepass.cli.settings_template import TEMPLATE
from gatepass.settings import parse_settings
from gatepass.wiring import load_settings, read_shared_secrets

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert main(["init", str(tmp_path), "--audience", "clinic"]) == 0
    monkeypatch.setenv("GATEPASS_SETTINGS", str(tmp_path / "gatepass.toml"))
    return tmp_path


@pytest.mark.parametrize("path", COMMANDS)
def test_help_is_enough_to_use_it(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*path, "--help"])
    out = capsys.readouterr().out
    assert left.value.code == 0
    assert "example" in out
    assert f"gatepass {' '.join(path)}" in out


def test_every_command_has_a_module_and_every_group_has_words() -> None:
    for path in COMMANDS:
        module = importlib.import_module(module_of(path))
        assert callable(module.configure)
        assert callable(module.run)
    assert {path[0] for path in COMMANDS if len(path) > 1} == set(GROUPS)


MISUSES = [
    [],
    ["user"],
    ["nonsense"],
    ["user", "add"],
    ["session", "kick"],
    ["init", "--issuer", "http://a.example"],
]


@pytest.mark.parametrize("arguments", MISUSES)
def test_a_wrong_call_is_told_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: gatepass" in capsys.readouterr().err


def test_init_writes_settings_that_work_and_a_key_for_the_owner_alone(folder: Path) -> None:
    settings = parse_settings(tomllib.loads((folder / "gatepass.toml").read_text()), {})
    assert (settings.issuer, settings.audience) == ("http://127.0.0.1:8000", "clinic")
    assert (folder / "gatepass.kek").stat().st_mode & 0o777 == 0o600


def test_a_new_site_has_no_account_that_everybody_knows(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["user", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) in ([], {"users": []})


@pytest.mark.parametrize(
    ("issuer", "more", "port"),
    [
        ("http://127.0.0.1:9770", [], 9770),
        ("http://localhost:9770", ["--port", "9771"], 9771),
        ("http://localhost", [], 8000),
        ("https://login.example:8443", [], 8000),
    ],
)
def test_init_listens_where_a_plain_http_issuer_says(
    tmp_path: Path, issuer: str, more: list[str], port: int
) -> None:
    assert main(["init", str(tmp_path), "--issuer", issuer, *more]) == 0
    settings = parse_settings(tomllib.loads((tmp_path / "gatepass.toml").read_text()), {})
    assert (settings.issuer, settings.server.port) == (issuer, port)


def test_init_overwrites_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = (folder / "gatepass.kek").read_bytes()
    assert main(["init", str(folder)]) == 1
    assert "nothing was written" in capsys.readouterr().err
    (folder / "gatepass.toml").unlink()
    assert main(["init", str(folder)]) == 1
    assert (folder / "gatepass.kek").read_bytes() == key
    assert not (folder / "gatepass.toml").exists()


def test_init_leaves_no_half_of_a_site_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gatepass.toml").symlink_to(tmp_path / "nowhere")  # found to be there when it is written
    assert main(["init", str(tmp_path), "--shared-secret"]) == 1
    assert "can't write" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["gatepass.toml"]
    (tmp_path / "gatepass.toml").unlink()
    assert main(["init", str(tmp_path), "--shared-secret"]) == 0  # and nothing is in the way of another try


@pytest.mark.parametrize("port", ["70000", "-1", "65536"])
def test_a_port_that_is_none_is_not_taken_for_another(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    served: list[int] = []
    monkeypatch.setattr("gatepass.cli.serve.serve", lambda settings, **_: served.append(settings.server.port))
    main(["init", str(folder)])
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as left:
        main(["serve", f"--port={port}"])
    assert left.value.code == 2
    assert "--port" in capsys.readouterr().err
    assert main(["serve", "--port=65535"]) == 0
    assert served == [65_535]


OTHER_CHOICES = {  # what has no default, or stands in the place of one
    'url = "postgresql://gatepass@db.example.org/gatepass"',
    'key_file = "service.pub.jwk"',
    'jwks_url = "https://app.example.org/jwks.json"',
    'username = "gatepass"',
    'password_file = "mail.password"',
    'breached = "pwnedpasswords.txt"',
    'token_file = "events.token"',
}


def test_the_commented_defaults_are_the_defaults() -> None:
    named = {"issuer": "http://127.0.0.1:8000", "audience": "a", "kek_file": "gatepass.kek"}
    lines = TEMPLATE.format(**named, port=8000, shared="")
    bare = [line.removeprefix("# ") for line in lines.splitlines()]
    kept = [line for line in bare if line.startswith("[") or (" = " in line and line not in OTHER_CHOICES)]
    written: dict[str, Any] = tomllib.loads("\n".join(kept))
    assert parse_settings(written, {}) == parse_settings(
        {"issuer": "http://127.0.0.1:8000", "audience": "a"}, {}
    )
    of_other_modes = {
        *("database.url", "keys.shared_secret_file"),
        *("mail.username", "mail.password_file"),
        *("encryption.key_file", "encryption.jwks_url"),
        *("passwords.breached", "events.token_file"),
    }
    assert names(written) | of_other_modes == names(msgspec.to_builtins(parse_settings(written, {})))


def names(settings: dict[str, Any]) -> set[str]:
    """Every setting's full name, such as `tokens.lifetime`."""
    named = {k for k, v in settings.items() if not isinstance(v, dict)}
    return named | {f"{t}.{k}" for t, table in settings.items() if isinstance(table, dict) for k in table}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_users_are_added_listed_and_disabled(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    capsys.readouterr()
    assert run(capsys, "role", "list") == []
    assert run(capsys, "role", "define", "doctor", "a:read")["permissions"] == ["a:read"]
    assert run(capsys, "role", "list") == [{"name": "doctor", "permissions": ["a:read"]}]
    assert main(["role", "list"]) == 0
    assert capsys.readouterr().out.split() == ["ROLE", "MAY", "doctor", "a:read"]
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    named = ["Ann@Example.org", "--first-name", "Ann", "--last-name", "Lee", "--role", "doctor"]
    added = run(capsys, "user", "add", "--password-stdin", *named)
    assert (added["email"], added["permissions"]) == ("ann@example.org", ["a:read"])
    assert [user["id"] for user in run(capsys, "user", "list")] == [added["id"]]
    assert run(capsys, "user", "disable", "ann@example.org")["status"] == "disabled"
    assert run(capsys, "session", "list") == []
    assert main(["session", "list", "--email", " ANN@example.org"]) == 0
    assert "is not logged in" in capsys.readouterr().out
    assert main(["session", "list", "--email", "nobody@example.org"]) == 1
    assert main(["user", "disable", "nobody@example.org"]) == 1
    assert "gatepass: no such user" in capsys.readouterr().err


def test_what_was_in_a_breach_is_refused_if_the_operator_has_the_list(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    lost = hashlib.sha1(b"stapled horse battery").hexdigest().upper()  # noqa: S324
    (folder / "lost.txt").write_text(f"{lost}:3\n")
    monkeypatch.setenv("GATEPASS_PASSWORDS__BREACHED", "lost.txt")
    named = ["ann@example.org", "--first-name", "Ann", "--last-name", "Lee"]
    for password, code in (("stapled horse battery", 1), ("stapled horse batteries", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        assert main(["user", "add", "--password-stdin", *named]) == code
    assert "tried first" in capsys.readouterr().err


def test_a_list_that_can_not_serve_is_told_at_the_start(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "lost.txt").write_text("password\n")
    for name, why in (("lost.txt", "ordered by hash"), ("none.txt", "No such file")):
        monkeypatch.setenv("GATEPASS_PASSWORDS__BREACHED", name)
        assert main(["serve", "--port=0"]) == 1
        told = capsys.readouterr().err
        assert "passwords.breached" in told
        assert why in told
        assert main(["user", "list"]) == 0  # what needs no list goes on


def test_users_are_invited_edited_and_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    named = ["--first-name", "Ann", "--last-name", "Lee"]
    assert run(capsys, "user", "invite", "ann@example.org", *named)["status"] == "invited"
    assert run(capsys, "user", "invite", "ann@example.org")["status"] == "invited"  # the link once more
    edited = run(
        capsys, "user", "edit", "ann@example.org", "--new-email", "a@example.org", "--last-name", "Po"
    )
    assert (edited["email"], edited["last_name"]) == ("a@example.org", "Po")
    for wanted in (["--email", "A@"], ["--name", "po"]):
        assert [user["id"] for user in run(capsys, "user", "list", *wanted)] == [edited["id"]]
    for wanted in (["--email", "ann"], ["--name", "lee"], ["--role", "doctor"]):
        assert run(capsys, "user", "list", *wanted) == []
    assert main(["user", "invite", "nobody@example.org"]) == 1
    assert "a new one needs --first-name" in capsys.readouterr().err
    for wrong in (["invite", "x@example.org", "--first-name", "X"], ["edit", "a@example.org"]):
        with pytest.raises(SystemExit):
            main(["user", *wrong])


def test_without_a_terminal_the_password_is_not_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    for stdin in (io.StringIO(""), None):  # a pipe; closed by who called
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(SystemExit) as left:
            main(["user", "add", "a@b.example", "--first-name", "A", "--last-name", "B"])
        assert left.value.code == 2
        assert "--password-stdin" in capsys.readouterr().err


BROKEN = {
    "no settings": ("gatepass.toml", None, "'gatepass init' writes one"),
    "no TOML": ("gatepass.toml", "issuer = ", "is no TOML"),
    "a misspelt key": (
        "gatepass.toml",
        'issuer="https://a.example"\naudiense="a"',
        "did you mean 'audience'?",
    ),
    "no key": ("gatepass.kek", None, "'gatepass init' makes one"),
    "a short key": ("gatepass.kek", "AAAA", "32 bytes"),
    "a key that is none": ("gatepass.kek", "!" * 44, "32 bytes"),
    "no database folder": ("gatepass.toml", 'issuer="https://a.example"\naudience="a"\n', ""),
}


def break_site(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Break something, and give the words that tell of it."""
    file, text, words = BROKEN[name]
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text)
    if not words:
        monkeypatch.setenv("GATEPASS_DATABASE__PATH", "nowhere/gatepass.db")
        words = "cannot open gatepass.db"
    return words


@pytest.mark.parametrize("command", [["user", "list"], ["serve", "--port=0"]], ids=" ".join)
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_told_in_words(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = break_site(folder, name, monkeypatch)
    assert main(command) == 1
    assert words in capsys.readouterr().err


UNREADABLE = {"no settings", "no TOML"}
SAID_BY = [("variable", name) for name in BROKEN] + [
    ("file", name) for name in BROKEN if name not in UNREADABLE
]


@pytest.mark.parametrize(("by", "name"), SAID_BY)
def test_a_start_that_is_refused_is_a_line_of_the_log(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = break_site(folder, name, monkeypatch)
    if by == "variable":
        monkeypatch.setenv("GATEPASS_LOG__FORMAT", "json")
    else:
        settings = folder / "gatepass.toml"
        written = settings.read_text().replace("[log]\n", "")
        settings.write_text(f'{written}\n[log]\nformat = "json"\n')
    assert main(["serve", "--port=0"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (lines[-1]["level"], lines[-1]["logger"]) == ("critical", "gatepass")
    assert lines[-1]["message"].startswith("Auth does not start: ")
    assert words in lines[-1]["message"]
    assert main(["user", "list"]) == 1  # who types a command reads words
    assert capsys.readouterr().err.startswith("gatepass: ")


def test_another_key_encryption_key_is_told_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "rotate"]) == 0
    (folder / "gatepass.kek").write_text("A" * 43 + "=")
    for command in (["keys", "rotate"], ["serve", "--port=0"]):
        assert main(command) == 1
        assert "is this the right key-encryption key?" in capsys.readouterr().err


def test_a_role_that_nobody_defined_is_named_with_the_remedy(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n" * 2))
    named = ["ann@example.org", "--first-name", "Ann", "--last-name", "Lee", "--role", "docter"]
    assert main(["user", "add", "--password-stdin", *named]) == 1
    told = capsys.readouterr().err
    assert "a role that is not defined (docter)" in told
    assert "gatepass role define" in told
    main(["user", "add", "--password-stdin", *named[:-2]])
    assert main(["user", "roles", named[0], "nurse", "docter"]) == 1
    assert "not defined, among docter, nurse; define it first" in capsys.readouterr().err


def test_ctrl_d_at_the_password_is_no_traceback(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(prompt: str) -> str:
        raise EOFError(prompt)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", ended)
    assert main(["user", "add", "a@b.example", "--first-name", "A", "--last-name", "B"]) == 1
    assert "nothing was added" in capsys.readouterr().err


def test_token_show_needs_the_base_install_alone() -> None:
    code = (
        "import sys; from gatepass.cli import main; main(['token', 'show', 'gps_x']); "
        "print(sorted({m.partition('.')[0] for m in sys.modules} & "
        "{'starlette', 'uvicorn', 'jinja2', 'argon2', 'aiohttp', 'uvloop', 'sqlite3'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["serve", "user list", "keys list"])
def test_a_missing_extra_is_named(command: str) -> None:
    code = (
        "import sys; sys.modules['starlette'] = None; from gatepass.cli import main; "
        f"sys.exit(main({command.split()!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 'gatepass[server]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_who_names_a_server_without_its_driver_is_told_what_to_install(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gatepass.storage.postgres", None)
    monkeypatch.setenv("GATEPASS_DATABASE__URL", "postgresql:///gatepass")
    assert main(["user", "list"]) == 1
    assert "pip install 'gatepass[postgres]'" in capsys.readouterr().err


def test_a_shared_secret_is_made_for_its_owner_alone_and_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path), "--shared-secret"]) == 0
    file = tmp_path / "gatepass.secret"
    assert file.stat().st_mode & 0o777 == 0o600
    secret = file.read_text().splitlines()[-1]
    assert secret not in capsys.readouterr().out
    settings = load_settings(tmp_path / "gatepass.toml", {})
    assert (settings.keys.algorithm, settings.keys.shared_secret_file) == ("HS256", str(file))
    assert repr(read_shared_secrets(str(file))) == "<SharedSecrets: 1>"
    monkeypatch.setenv("GATEPASS_SETTINGS", str(tmp_path / "gatepass.toml"))
    for refused in (
        ["list"],
        ["rotate"],
        ["plan", "--to", "ES256"],
        ["retire", "x"],
        ["retire", "--emergency", "--yes", "x"],
    ):
        assert main(["keys", *refused]) == 1
        assert "secret" in capsys.readouterr().err
    assert main(["session", "list"]) == 0  # the site opens
    assert main(["init", str(tmp_path), "--shared-secret"]) == 1


WEAK_FILES = {
    "readable by the group": ("good", 0o640, "can be read by others"),
    "readable by all": ("good", 0o604, "can be read by others"),
    "short": ("c2hvcnQgYW5kIFdlYWs", 0o600, "32 to 64 random bytes"),
    "empty": ("", 0o600, "1 to 4 secrets"),
    "binary": ("\x80\xff", 0o600, "base64url"),
}


@pytest.mark.parametrize("name", WEAK_FILES)
def test_a_site_with_a_weak_secret_does_not_open(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text, mode, words = WEAK_FILES[name]
    assert main(["init", str(tmp_path), "--shared-secret"]) == 0
    file = tmp_path / "gatepass.secret"
    if text != "good":
        file.write_bytes(text.encode("latin-1"))
    file.chmod(mode)
    monkeypatch.setenv("GATEPASS_SETTINGS", str(tmp_path / "gatepass.toml"))
    capsys.readouterr()
    assert main(["session", "list"]) == 1
    told = capsys.readouterr().err
    assert words in told
    assert text == "" or text not in told


def test_a_service_gives_its_public_key_and_keeps_the_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    private, public = tmp_path / "service.jwk", tmp_path / "service.pub.jwk"
    assert main(["init", str(tmp_path)]) == 0
    assert main(["key", "generate", "ECDH-ES+A256KW", "--out", str(private)]) == 0
    assert main(["key", "convert", str(private), "--out", str(public)]) == 0
    monkeypatch.setenv("GATEPASS_SETTINGS", str(tmp_path / "gatepass.toml"))
    monkeypatch.setenv("GATEPASS_ENCRYPTION__KEY_FILE", public.name)
    assert main(["session", "list"]) == 0
    capsys.readouterr()
    for name, words in ((private.name, "private key"), ("gatepass.kek", "no key"), ("nobody", "can't read")):
        monkeypatch.setenv("GATEPASS_ENCRYPTION__KEY_FILE", name)
        assert main(["session", "list"]) == 1
        assert words in capsys.readouterr().err


DASHED = "-b3LrMEn1yPuxXlmEPhtYd"  # an id of a session, a user or a token
DASHED_KEY = "-b3LrMEn1yPuxXlmEPhtYdA33qDBGDP0wVUBOkSLpQE"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["session", "kick", DASHED], "no such session"),
        (["session", "kick", "--", DASHED], "no such session"),
        (["keys", "retire", DASHED_KEY, "--emergency", "--yes"], "no such signing key"),
        (["keys", "retire", "--emergency", "--yes", f"-{DASHED_KEY[:-1]}"], "no such signing key"),
    ],
)
def test_an_id_may_begin_with_a_dash(
    folder: Path, capsys: pytest.CaptureFixture[str], command: list[str], told: str
) -> None:
    assert main(command) == 1
    assert told in capsys.readouterr().err


def test_an_id_behind_an_option_may_begin_with_a_dash(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["revoke", "--jti", DASHED]) == 0
    assert DASHED in capsys.readouterr().out
    assert main(["events", "--user", DASHED, "--json"]) == 0
    assert capsys.readouterr().out == ""
