"""`pytest --gatepass-attack URL`: each attack is a test against a running service, over HTTP."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from gatepass.jose import JoseError, Key, KeySet, jwt
from gatepass.oauth import MetadataInvalid, ServerMetadata, UrlRefused, metadata_url, web_url
from gatepass.testing.attacks import ATTACKS, CARRIED, Needs
from gatepass.testing.forger import Forger
from gatepass.testing.issuer import FakeIssuer
from gatepass.testing.knock import (
    MANNERS,
    PATIENCE,
    Knock,
    NoAnswer,
    Target,
    what_is_wrong,
    what_is_wrong_with_good,
    with_token,
)
from gatepass.verifier import ALLOWED_ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY: Final = "https://issuer.invalid"
"""In the place of an issuer that the command line does not name."""

MOST_BYTES: Final = 256 * 1024
"""Of a document that is read: a hundred keys have 80 kB."""

TWIN: Final = "the good token is let in"

_WITHOUT: Final[dict[Needs, str]] = {
    Needs.GOOD_TOKEN: "needs a token that the service accepts: set GATEPASS_TOKEN",
    Needs.PUBLIC_KEY: "needs the issuer's public key: give --gatepass-issuer URL",
}


def collect_attacks(session: pytest.Session, *, token: str | None) -> None:
    """Make the attacks the session's tests, in the place of whatever else there is."""
    config = session.config
    try:
        target = Target(config.getoption("gatepass_attack"))
        target.reach()
        forger = _forger(config, token=token)
    except (NoAnswer, ValueError, LookupError, OSError) as error:
        raise pytest.UsageError(f"--gatepass-attack: {error}") from None
    collector = Assault.from_parent(session, name="gatepass-attack", nodeid="gatepass-attack")
    collector.target, collector.forger = target, forger
    session.items = list(session.genitems(collector))
    config.hook.pytest_collection_modifyitems(session=session, config=config, items=session.items)
    config.hook.pytest_collection_finish(session=session)
    session.testscollected = len(session.items)


class Assault(pytest.Collector):
    """All attacks on one service; the twin, which must be let in, goes first."""

    target: Target
    forger: Forger

    def collect(self) -> Iterator[pytest.Item]:
        """Give a test for each attack."""
        yield self._test(TWIN, Needs.GOOD_TOKEN, "", lambda forger: with_token(forger.bend()))
        for name, manner in MANNERS.items():
            yield self._test(name, manner.needs, manner.read, manner.knock)
        for name, row in ((name, ATTACKS[name]) for name in CARRIED):
            yield self._test(name, row.needs, row.read, _carried(row.forge))

    def _test(self, name: str, needs: Needs, read: str, knock: Callable[[Forger], Knock]) -> AttackTest:
        test: AttackTest = AttackTest.from_parent(self, name=name)
        test.needs, test.read, test.knock = needs, read, knock
        return test


class AttackTest(pytest.Item):
    """One request. Whatever goes wrong is said in our own words: a traceback could show a token."""

    needs: Needs
    read: str
    knock: Callable[[Forger], Knock]
    parent: Assault

    def runtest(self) -> None:
        """Knock, and judge the answer."""
        forger = self.parent.forger
        if self.needs is Needs.GOOD_TOKEN and forger.good is None:
            pytest.skip(_WITHOUT[self.needs])
        if self.needs is Needs.PUBLIC_KEY and forger.published is None:
            pytest.skip(_WITHOUT[self.needs])
        knock = self.knock(forger)
        if self.name != TWIN and knock.headers == (f"Bearer {forger.good}",):
            pytest.skip("this good token has nothing to be bent here; another one has")
        self._judge(knock)

    def _judge(self, knock: Knock) -> None:
        try:
            status = self.parent.target.answer(knock)
        except NoAnswer as error:
            wrong: str | None = str(error)
        else:
            twin = self.name == TWIN
            wrong = what_is_wrong_with_good(status) if twin else what_is_wrong(status, knock.answers)
        if wrong is not None:
            read = f" Read {self.read}." if self.read else ""
            pytest.fail(f"{wrong}.{read}", pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002 (pytest's)
        """Show the sentence; of an error of our own only its type and its place."""
        if isinstance(excinfo.value, pytest.fail.Exception):
            return str(excinfo.value)
        place = excinfo.traceback[-1]
        return f"{type(excinfo.value).__name__} at {place.path}:{place.lineno + 1}"

    def reportinfo(self) -> tuple[Path, None, str]:
        """Say where it stands: on the command line."""
        return Path("gatepass-attack"), None, self.name


def _carried(forge: Callable[[Forger], str]) -> Callable[[Forger], Knock]:
    return lambda forger: with_token(forge(forger))


def what_was_proved(reporter: Any, config: pytest.Config, *, token: str | None) -> Iterator[str]:
    """Say in a few lines what this run shows, and what is missing for more."""
    passed, skipped = reporter.stats.get("passed", ()), reporter.stats.get("skipped", ())
    refused = sum(not report.nodeid.endswith(TWIN) for report in passed)
    yield f"{refused} attacks were refused, {len(reporter.stats.get('failed', ()))} tests failed."
    if token is None:
        yield "WITHOUT A GOOD TOKEN: a service that refuses everybody looks the same."
    for why in dict.fromkeys(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped):
        yield f"Not made: {why}."
    if config.getoption("gatepass_key") is None:
        weak = sum(row.needs is Needs.ISSUER_KEY for row in ATTACKS.values())
        yield (
            f"{weak} attacks need the issuer's own key. Here a stranger signed them, so they only prove that"
            " signatures are checked. Made in earnest by --gatepass-key, or by the fixture gatepass_attack."
        )


# What the command line tells of the service and its issuer


def _forger(config: pytest.Config, *, token: str | None) -> Forger:
    own = _own_key(config.getoption("gatepass_key"))
    issuer, audience = config.getoption("gatepass_issuer"), config.getoption("gatepass_audience")
    header = {} if token is None else _header(token)
    published = own.public() if own is not None else _published(issuer, header.get("kid"))
    alg = header.get("alg", "ES256") if published is None else published.alg
    key = own or Key.generate(alg if alg in ALLOWED_ALGORITHMS else "ES256")
    if token is not None:
        return Forger.of_token(token, published=published, key=key)
    like = FakeIssuer(issuer or NOBODY, audience=audience, alg=key.alg)
    seen = jwt.peek(like.token())
    kid = (published or key).kid
    named = {name: value for name, value in {**seen.header, "kid": kid}.items() if value is not None}
    return Forger(
        header=named, claims=seen.claims, good=None, published=published, key=key, now=int(like.clock())
    )


def _header(token: str) -> dict[str, Any]:
    try:
        return dict(jwt.peek(token).header)
    except JoseError:
        raise ValueError("the good token is no signed JWT; a session id has nothing to be forged") from None


def _own_key(file: str | None) -> Key | None:
    if file is None:
        return None
    try:
        key = Key.from_jwk(json.loads(Path(file).read_text(encoding="utf-8")))
        key.public()
    except (JoseError, ValueError) as error:
        raise ValueError(f"--gatepass-key is no JWK of a key pair ({type(error).__name__})") from None
    if not key.is_private:
        raise ValueError("--gatepass-key is a public key: it can't sign")
    return key


def _published(issuer: str | None, kid: object) -> Key | None:
    """Fetch the key that the issuer signs with."""
    if issuer is None:
        return None
    try:
        metadata = ServerMetadata.from_json(_get(metadata_url(issuer)), issuer=issuer)
        keys = list(KeySet.from_jwks(_get(metadata.jwks_uri or "")))
    except (UrlRefused, MetadataInvalid, JoseError) as error:
        raise ValueError(f"what {issuer} publishes can't be used: {error}") from None
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
        raise ValueError(f"{issuer} can't be reached: is it running? ({type(error).__name__})") from None
    named = [key for key in keys if key.kid == kid] or [key for key in keys if key.alg in ALLOWED_ALGORITHMS]
    if not named:
        raise LookupError(f"{issuer} publishes no key that can be used")
    return named[0]


def _get(url: str) -> bytes:
    web_url(url)  # https, or http on this machine
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:  # noqa: S310 (checked above)
        body: bytes = response.read(MOST_BYTES)
    return body
