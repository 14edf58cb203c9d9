"""The composition root: the one place that knows who is connected to what."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import socket
import stat
import time
import tomllib
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import Auth, AuthError, Limit, Recipient, Secret, Terms, usecases
from gatepass.mail import ConsoleMailer, FolderMailer, Security, SmtpMailer
from gatepass.oauth import SecretRefused, Selects, SharedSecrets
from gatepass.server import (
    FOLLOWERS,
    EventExport,
    EventFile,
    PasswordPool,
    ServerConfig,
    StandardOutput,
    configure_logs,
    create_app,
)
from gatepass.settings import Encryption, Mail, Settings, SettingsError
from gatepass.storage import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import FrameType

    from gatepass.auth import Mailer
    from gatepass.server import MetricsFor, Outlet
    from gatepass.storage.postgres import PostgresStore

_LOG: Final = logging.getLogger("gatepass")

# Words in the place of a file's name.
NO_FILES: Final = frozenset({"off", "stdout", "loopback"})

# A token for the metrics that nobody guesses: 'openssl rand -hex 32' gives twice as many characters.
METRICS_TOKEN_AT_LEAST: Final = 32

# How often keys are moved and loaded again, and lapsed rows deleted. A key rotated by the command line is
# known after this long, far below the time it is published before it signs. Seconds.
HOUSEKEEPING_EVERY: Final = 15.0

# Between two looks for mails that wait: soon enough for who looks at their mailbox, and a look costs a few
# microseconds. Seconds.
MAILS_EVERY: Final = 1.0

# Entries of the feed that are looked through for revoked keys in one go: a millisecond.
FEED_PIECE: Final = 200

# Requests under way may take this long to end after the signal. Seconds.
GRACEFUL_SHUTDOWN: Final = 10

# Connections waiting to be accepted; short bursts above it make clients try again.
BACKLOG: Final = 2048

_KEK_LENGTH: Final = 44  # 32 bytes in padded base64url
_KEY_AT_MOST: Final = 65_536  # bytes of a file that holds a public key
_SECRETS_AT_MOST: Final = 4_096  # bytes of a file that holds secrets: a few lines and comments


class WiringError(Exception):
    """Auth can't be put together; the text says what to do about it."""

    code: Final = "wiring"


def load_settings(path: Path, env: Mapping[str, str]) -> Settings:
    """Read the file and the variables; relative paths in it start at its folder.

    Raises `SettingsError`, `WiringError`.
    """
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WiringError(f"there is no settings file {path}; 'gatepass init' writes one") from None
    except OSError as error:
        raise WiringError(f"can't read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WiringError(f"{path} is no TOML: {error}") from None
    try:
        settings = Settings.from_mapping(mapping, env)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    folder = path.resolve().parent
    keys = msgspec.structs.replace(settings.keys, kek_file=str(folder / settings.keys.kek_file))
    if keys.shared_secret_file is not None:
        keys = msgspec.structs.replace(keys, shared_secret_file=str(folder / keys.shared_secret_file))
    return msgspec.structs.replace(
        settings,
        database=msgspec.structs.replace(settings.database, path=str(folder / settings.database.path)),
        keys=keys,
        encryption=_encryption_placed(folder, settings.encryption),
        events=msgspec.structs.replace(settings.events, to=_placed(folder, settings.events.to)),
        server=msgspec.structs.replace(settings.server, metrics=_placed(folder, settings.server.metrics)),
        mail=_mail_placed(folder, settings.mail),
    )


def _encryption_placed(folder: Path, encryption: Encryption) -> Encryption:
    if encryption.key_file is None:
        return encryption
    return msgspec.structs.replace(encryption, key_file=str(folder / encryption.key_file))


def _placed(folder: Path, name: str) -> str:
    """Give a file's path; a word that is no file stays."""
    return name if name in NO_FILES else str(folder / name)


def _mail_placed(folder: Path, mail: Mail) -> Mail:
    secret = None if mail.password_file is None else str(folder / mail.password_file)
    return msgspec.structs.replace(mail, folder=str(folder / mail.folder), password_file=secret)


def mailer_of(mail: Mail, env: Mapping[str, str]) -> Mailer:
    """Make the mailer that the settings ask for; loudly, where it sends nothing. Raises `WiringError`."""
    if mail.transport == "folder":
        _LOG.warning("NO MAIL IS SENT: mails are written to %s ([mail] in the settings)", mail.folder)
        return FolderMailer(Path(mail.folder), sender=mail.sender)
    if mail.transport == "console":
        _LOG.warning("NO MAIL IS SENT: mails, links and all, are printed here ([mail] in the settings)")
        return ConsoleMailer(sender=mail.sender)
    return SmtpMailer(
        mail.host,
        mail.port,
        sender=mail.sender,
        security=Security(mail.security),
        username=mail.username,
        password=None if mail.username is None else _mail_password(mail, env),
    )


def _mail_password(mail: Mail, env: Mapping[str, str]) -> Secret:
    if "GATEPASS_MAIL_PASSWORD" in env:
        return Secret(env["GATEPASS_MAIL_PASSWORD"].encode())
    if mail.password_file is None:
        raise WiringError("mail.username needs mail.password_file, or the variable GATEPASS_MAIL_PASSWORD")
    what = "password of the mail server"
    return Secret(_read_private(mail.password_file, what=what, hint="write it there, mode 0600").strip())


def read_kek(path: str) -> Secret:
    """Read the key-encryption key from a file that only its owner may read. Raises `WiringError`."""
    text = _read_private(path, what="key-encryption key", hint="'gatepass init' makes one").strip()
    try:
        key = urlsafe_b64decode(text) if len(text) == _KEK_LENGTH else b""
    except Base64Error:
        key = b""
    if len(key) != 32:
        raise WiringError(f"{path} does not hold 32 bytes in base64url, as 'gatepass init' writes them")
    return Secret(key)


def read_shared_secrets(path: str) -> SharedSecrets:
    """Read what Services know too from a file that only its owner may read. Raises `WiringError`."""
    text = _read_private(path, what="shared secret", hint="'gatepass init --shared-secret' makes one")
    try:
        return SharedSecrets.parse(text)
    except SecretRefused as error:
        raise WiringError(f"{path}: {error}") from None


def _read_private(path: str, *, what: str, hint: str) -> bytes:
    """Read a small file that only its owner may read. Raises `WiringError`."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (one descriptor for the check and the reading)
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise WiringError(f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")
            return file.read(_SECRETS_AT_MOST)
    except FileNotFoundError:
        raise WiringError(f"there is no {what} {path}; {hint}") from None
    except OSError as error:
        raise WiringError(f"can't read {path}: {error.strerror}") from None


def metrics_for(named: str) -> MetricsFor:
    """Say who may read the metrics; a file holds a bearer token. Raises `WiringError`."""
    if named in ("off", "loopback"):
        return "off" if named == "off" else "loopback"
    token = _read_private(named, what="token for the metrics", hint="make one: openssl rand -hex 32").strip()
    if len(token) < METRICS_TOKEN_AT_LEAST or not token.isascii() or not token.decode().isprintable():
        raise WiringError(f"{named} must hold {METRICS_TOKEN_AT_LEAST} printable characters at least")
    return Secret(token)


def recipient_of(encryption: Encryption) -> Recipient | None:
    """Say to whom tokens are encrypted; a key that a Service publishes comes later. Raises `WiringError`."""
    if encryption.jwks_url is not None:
        if importlib.util.find_spec("aiohttp") is None:
            raise WiringError(
                "encryption.jwks_url needs an HTTP client; run: pip install 'gatepass[verifier]'"
            )
        return Recipient(enc=encryption.content)
    if encryption.key_file is None:
        return None
    from gatepass.recipient_keys import RecipientRefused, read_recipient  # late: only for who encrypts

    try:
        with open(encryption.key_file, "rb") as file:  # noqa: PTH123
            key = read_recipient(file.read(_KEY_AT_MOST), encryption.algorithm)
    except OSError as error:
        raise WiringError(f"can't read {encryption.key_file}: {error.strerror}") from None
    except RecipientRefused as error:
        raise WiringError(f"{encryption.key_file}: {error}") from None
    return Recipient(enc=encryption.content, key=key)


def terms_of(settings: Settings) -> Terms:
    """Tell auth what the operator decided."""
    login, tokens = settings.login, settings.tokens
    return Terms(
        issuer=settings.issuer,
        audience=settings.audience,
        access_token_lifetime=tokens.lifetime,
        refresh_idle=tokens.refresh_idle,
        refresh_absolute=tokens.refresh_absolute,
        refresh_grace=tokens.grace,
        session_idle=settings.sessions.idle,
        session_absolute=settings.sessions.absolute,
        account_limit=Limit(login.attempts_per_account, login.window),
        address_limit=Limit(login.attempts_per_address, login.window),
        events_kept=settings.events.keep,
        link_lifetime=settings.links.lifetime,
        invite_lifetime=settings.links.invite_lifetime,
        registration_open=login.registration,
        signing_algorithm=settings.keys.algorithm,
        key_lifetime=settings.keys.lifetime,
        key_publish_ahead=settings.keys.publish_ahead,
    )


def config_of(settings: Settings) -> ServerConfig:
    """Tell the server what the operator decided."""
    return ServerConfig.from_names(
        issuer=settings.issuer,
        app_origins=settings.server.app_origins,
        trusted_proxies=settings.server.trusted_proxies,
        counters=settings.server.counters,
        metrics=metrics_for(settings.server.metrics),
        hsts=settings.server.hsts,
    )


async def open_store(settings: Settings) -> SqliteStore | PostgresStore:
    """Open the database that the settings name. Raises `WiringError`, `StorageUnavailable`."""
    if settings.database.url is None:
        return SqliteStore.open(settings.database.path)
    try:
        from gatepass.storage.postgres import PostgresStore  # late: only who uses it has the driver
    except ModuleNotFoundError:
        raise WiringError(
            "database.url needs PostgreSQL's driver; run: pip install 'gatepass[postgres]'"
        ) from None
    return await PostgresStore.open(settings.database.url)


def outlet_of(settings: Settings) -> Outlet | None:
    """Say where events are written to. Raises `WiringError` where that can't be."""
    if settings.events.to == "off":
        return None
    if settings.events.to == "stdout":
        return StandardOutput()
    file = EventFile(settings.events.to)
    try:
        file.touch()
    except OSError as error:
        raise WiringError(f"can't write events to {settings.events.to}: {error.strerror or error}") from None
    return file


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Auth]:
    """Open the database and put Auth together, without a key loaded. Raises `WiringError`, `AuthError`."""
    kek = read_kek(settings.keys.kek_file)
    file = settings.keys.shared_secret_file
    secrets = None if file is None else read_shared_secrets(file)
    recipient = recipient_of(settings.encryption)
    try:
        terms = terms_of(settings)
    except ValueError as error:
        raise WiringError(str(error)) from None
    store = await open_store(settings)
    passwords = PasswordPool(entropy=os.urandom)
    try:
        yield Auth(
            store=store,
            passwords=passwords,
            entropy=os.urandom,
            kek=kek,
            terms=terms,
            shared_secrets=secrets,
            recipient=recipient,
        )
    finally:
        passwords.close()
        await store.close()


async def keep_house(auth: Auth, *, every: float = HOUSEKEEPING_EVERY) -> None:
    """Move keys, load the ring, delete what lapsed, compact the feed, for ever.

    One bad round is logged and is not the last.
    """
    while True:
        await asyncio.sleep(every)
        for chore in (usecases.keep_keys, usecases.purge, usecases.compact_revocations):
            try:
                await chore(auth, now=time.time())
            except AuthError as error:
                _LOG.warning("housekeeping: %s failed: %s (%s)", chore.__name__, error.code, error)
            except Exception:
                _LOG.exception("housekeeping: %s failed", chore.__name__)


async def carry_mails(auth: Auth, mailer: Mailer, *, every: float = MAILS_EVERY) -> None:
    """Send the mails that wait, for ever; a round that found some is followed by the next at once."""
    while True:
        tried = 0
        try:
            tried = await usecases.send_mails(auth, mailer, now=time.time())
        except AuthError as error:
            _LOG.warning("sending mails failed: %s (%s)", error.code, error)
        except Exception:
            _LOG.exception("sending mails failed")
        if not tried:
            await asyncio.sleep(every)


async def watch_keys(auth: Auth, *, within: float = HOUSEKEEPING_EVERY) -> None:
    """Load the ring at once when any process revoked a key, for ever: until then this one signs with it."""
    place: int | None = None
    while True:
        try:
            if place is None:
                place = (await auth.store.revocations_after(0, 0)).head
            if await auth.store.revocations_grew(place, within):
                place = await _heeded(auth, place)
        except AuthError as error:
            _LOG.warning("watching for revoked keys failed: %s (%s)", error.code, error)
            await asyncio.sleep(within)
        except Exception:
            _LOG.exception("watching for revoked keys failed")
            await asyncio.sleep(within)


async def _heeded(auth: Auth, place: int) -> int:
    """Look through the entries behind a place for keys; gives the place that was reached."""
    feed = await auth.store.revocations_after(place, FEED_PIECE)
    if any(entry.revocation.selects is Selects.KID for entry in feed.entries):
        await usecases.keep_keys(auth, now=time.time())
    return feed.entries[-1].seq if feed.entries else feed.head


def listening_socket(host: str, port: int) -> socket.socket:
    """Bind before anything else is done, so that a taken port is told in words. Raises `WiringError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        another = port + 1 if 0 < port < 65_535 else 8080
        raise WiringError(
            f"can't listen on {host}:{port} ({error.strerror or error}). Choose another port: "
            f"gatepass serve --port {another}, or server.port in the settings, or GATEPASS_SERVER__PORT. "
            "Where browsers use that port directly, the issuer must name it too."
        ) from None
    return listener


def serve(settings: Settings, *, verbose: bool = False) -> None:
    """Run Auth until SIGINT or SIGTERM. Raises `WiringError`, `AuthError`."""
    configure_logs(settings.log.format, settings.log.level)
    verbose = verbose or settings.log.access
    listener = listening_socket(settings.server.host, settings.server.port)
    with listener:
        runner = asyncio.Runner(loop_factory=_loop_factory())
        with runner:
            runner.run(_serve(settings, listener, verbose=verbose))


async def _serve(settings: Settings, listener: socket.socket, *, verbose: bool) -> None:
    import uvicorn  # late: 120 ms that no other command needs

    from gatepass.server.protocol import BoundedHttpProtocol

    class Server(uvicorn.Server):
        """uvicorn, without its last act: to raise the signal again, while the store is still open.

        And who follows the revocation feed is let go first: those answers never end by themselves.
        """

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Take no more requests, and finish what is under way."""
            app.state.feed.close()
            await super().shutdown(sockets)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
            """Finish what is under way; at the second signal drop it."""
            self.force_exit = self.should_exit
            self.should_exit = True

    mailer = mailer_of(settings.mail, os.environ)
    async with opened(settings) as auth:
        await usecases.change_algorithm(auth, now=time.time())
        await auth.passwords.verify(None, "-")  # makes the hash that stands in for an unknown user's
        app = create_app(auth, config_of(settings), followers=_followers())
        server = Server(
            uvicorn.Config(
                app,
                http=BoundedHttpProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="info" if verbose else "warning",
                access_log=verbose,
                # The client's address is worked out in server/addresses.py, from trusted proxies alone.
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GRACEFUL_SHUTDOWN,
            )
        )
        host, port = listener.getsockname()[:2]
        _LOG.info("listening on %s:%s for %s", host, port, settings.issuer)
        async with _house_kept(auth, settings, mailer):
            await server.serve(sockets=[listener])


def _followers() -> int:
    """Say how many may follow the revocation feed: half of the connections that this process may have, after
    it took as many as it is allowed."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return FOLLOWERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * FOLLOWERS if hard == resource.RLIM_INFINITY else min(4 * FOLLOWERS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return FOLLOWERS if soft == resource.RLIM_INFINITY else min(FOLLOWERS, soft // 2)


@asynccontextmanager
async def _house_kept(auth: Auth, settings: Settings, mailer: Mailer) -> AsyncIterator[None]:
    """Keep house meanwhile, on a connection of its own: what it reads is no request's look-up."""
    store = await open_store(settings)
    apart = replace(auth, store=store)
    chores = [
        asyncio.create_task(keep_house(apart)),
        asyncio.create_task(watch_keys(apart)),
        asyncio.create_task(carry_mails(apart, mailer)),
    ]
    if auth.recipient is not None and settings.encryption.jwks_url is not None:
        from gatepass.recipient_keys import keep_recipient  # late: only for who encrypts

        url, alg = settings.encryption.jwks_url, settings.encryption.algorithm
        chores.append(asyncio.create_task(keep_recipient(auth.recipient, url, alg)))
    outlet = outlet_of(settings)
    if outlet is not None:
        name = f"{socket.gethostname()} {os.getpid()} {os.urandom(4).hex()}"
        chores.append(asyncio.create_task(EventExport(store, outlet, name=name, clock=time.time).run()))
    try:
        yield
    finally:
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await store.close()


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Take uvloop where there is one: it is not made for Windows."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.Loop
