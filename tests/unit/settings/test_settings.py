"""Settings: what an operator writes is either used exactly or refused with words that help."""

from __future__ import annotations

from typing import Any

import pytest

from gatepass.auth import LONGEST_LIFETIME
from gatepass.server.routes.well_known import JWKS_MAX_AGE
from gatepass.settings import (
    PUBLISHED_AHEAD_AT_LEAST,
    TOKENS_LIVE_AT_MOST,
    SettingsError,
    parse_settings,
)
from gatepass.verifier.session_verifier import REMEMBERED

LEAST: dict[str, Any] = {"issuer": "https://login.example.org", "audience": "clinic"}


def test_the_least_settings_are_issuer_and_audience() -> None:
    settings = parse_settings(LEAST, {})
    assert (settings.issuer, settings.audience) == ("https://login.example.org", "clinic")
    assert (settings.tokens.lifetime, settings.tokens.grace) == (600, 10)
    assert not settings.login.registration
    assert not settings.server.counters


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no issuer": ({"issuer": None}, "issuer"),
    "a misspelt table's key": ({"tokens": {"lifetim": 60}}, "did you mean 'tokens.lifetime'?"),
    "a misspelt top key": ({"audiense": "x"}, "did you mean 'audience'?"),
    "a key in the wrong table": ({"server": {"registration": True}}, "did you mean 'login.registration'?"),
    "a word like nothing known": ({"zzzzzz": 1}, "known are: issuer"),
    "a value in a table's place": ({"tokens": 5}, "tokens must be a table"),
    "a text for a number": ({"tokens": {"lifetime": "60"}}, "tokens.lifetime: expected `int`"),
    "a truth for a number": ({"tokens": {"lifetime": True}}, "tokens.lifetime"),
    "no lifetime at all": ({"tokens": {"lifetime": 0}}, "tokens.lifetime"),
    "a minute of grace and more": ({"tokens": {"grace": 61}}, "tokens.grace"),
    "an algorithm that is none": ({"keys": {"algorithm": "none"}}, "keys.algorithm"),
    "a word that is none of the known": ({"log": {"format": "yaml"}}, "'yaml'; known are: json, text"),
    "a public issuer without https": ({"issuer": "http://login.example.org"}, "must be https"),
    "an issuer with a path": ({"issuer": "https://example.org/login"}, "must be an origin"),
    "an issuer with a slash": ({"issuer": "https://example.org/"}, "must be an origin"),
    "an issuer with a user": ({"issuer": "https://a@example.org"}, "must be an origin"),
    "an issuer in capitals": ({"issuer": "https://Example.org"}, "lower case"),
    "an issuer with its default port": ({"issuer": "https://example.org:443"}, "default port"),
    "a port that is none": ({"issuer": "https://example.org:70000"}, "65536"),
    "a foreign app without https": ({"server": {"app_origins": ["http://app.example.org"]}}, "app_origins"),
    "every app": ({"server": {"app_origins": ["*"]}}, "app_origins"),
    "a proxy that is a name": ({"server": {"trusted_proxies": ["proxy"]}}, "trusted_proxies"),
    "a proxy network with host bits": ({"server": {"trusted_proxies": ["10.0.0.1/8"]}}, "trusted_proxies"),
    "tokens outliving the revocation feed": ({"tokens": {"lifetime": 3601}}, "tokens.lifetime must be 3600"),
    "tokens outliving their renewal": ({"tokens": {"lifetime": 100, "refresh_idle": 50}}, "refresh_idle"),
    "idle beyond absolute": ({"sessions": {"idle": 100, "absolute": 50}}, "sessions.idle"),
    "refresh idle beyond absolute": ({"tokens": {"refresh_absolute": 700}}, "tokens.refresh_idle"),
    "HS256 without a secret": ({"keys": {"algorithm": "HS256"}}, "go together"),
    "a secret without HS256": ({"keys": {"shared_secret_file": "x"}}, "go together"),
    "two encryption keys": (
        {"encryption": {"key_file": "x", "jwks_url": "https://app.example/jwks.json"}},
        "give one of them",
    ),
    "an encryption key over plain http": (
        {"encryption": {"jwks_url": "http://app.example/jwks.json"}},
        "must be https",
    ),
    "an encryption key from a file address": ({"encryption": {"jwks_url": "file:///etc/passwd"}}, "https"),
    "an encryption key from no address": ({"encryption": {"jwks_url": "https://[x/"}}, "no address"),
    "events to a stranger's eyes": ({"events": {"to": "http://logs.example/in"}}, "must be https"),
    "events to no address": ({"events": {"to": "https://[x/"}}, "no address"),
    "events to an address of other letters": ({"events": {"to": "https://logs.example/é"}}, "no address"),
    "events to an address with a space": ({"events": {"to": "https://logs.example/a b"}}, "no address"),
    "events to another kind of address": ({"events": {"to": "syslog://logs.example"}}, "must be https"),
    "events with a password in the address": ({"events": {"to": "https://a:b@logs.example/"}}, "password"),
    "a token for a file of events": ({"events": {"to": "e.jsonl", "token_file": "x"}}, "for a collector"),
    "a shared key to encrypt to": ({"encryption": {"algorithm": "dir"}}, "encryption.algorithm"),
    "a key that signs before Services know it": ({"keys": {"publish_ahead": 599}}, "Services keep"),
    "a file and a server": ({"database": {"path": "a.db", "url": "postgresql:///a"}}, "give one of them"),
    "a server of another kind": ({"database": {"url": "mysql://ada:hunter2@db/a"}}, "postgresql://"),
    "links in the clear through a network": (
        {"mail": {"host": "mail.example.org", "security": "none"}},
        "starttls or tls",
    ),
    "a sender that is none": ({"mail": {"sender": "Clinic"}}, "mail.sender"),
    "a sender with a second header": ({"mail": {"sender": "a@example.org\nBcc: b@c.de"}}, "mail.sender"),
    "links for a day": ({"links": {"lifetime": 86_400}}, "links.lifetime"),
    "an empty audience": ({"audience": ""}, "audience"),
}


def test_a_key_is_published_ahead_for_twice_as_long_as_anybody_may_keep_the_keys() -> None:
    settings = parse_settings(LEAST | {"keys": {"publish_ahead": PUBLISHED_AHEAD_AT_LEAST}}, {})
    assert settings.keys.publish_ahead >= 2 * JWKS_MAX_AGE


def test_tokens_live_as_long_as_the_feed_remembers_and_no_longer() -> None:
    settings = parse_settings(LEAST | {"tokens": {"lifetime": TOKENS_LIVE_AT_MOST}}, {})
    assert settings.tokens.lifetime == LONGEST_LIFETIME == REMEMBERED


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    change, words = REFUSED[name]
    mapping = {key: value for key, value in (LEAST | change).items() if value is not None}
    with pytest.raises(SettingsError) as caught:
        parse_settings(mapping, {})
    assert words in str(caught.value)


ACCEPTED: dict[str, dict[str, Any]] = {
    "http on 127.0.0.1": {"issuer": "http://127.0.0.1:8000"},
    "http on localhost": {"issuer": "http://localhost:8000"},
    "http on [::1]": {"issuer": "http://[::1]:8000"},
    "an app beside it": {"server": {"app_origins": ["https://app.example.org", "http://localhost:3000"]}},
    "a proxy and a network": {"server": {"trusted_proxies": ["10.0.0.1", "10.1.0.0/16", "::1"]}},
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    parse_settings(LEAST | ACCEPTED[name], {})


def test_a_variable_wins_over_the_file_and_has_the_settings_type() -> None:
    env = {
        "GATEPASS_TOKENS__LIFETIME": "60",
        "GATEPASS_LOGIN__REGISTRATION": "true",
        "GATEPASS_SERVER__APP_ORIGINS": "https://a.example, https://b.example",
        "GATEPASS_AUDIENCE": "shop",
        "GATEPASS_SETTINGS": "/etc/gatepass.toml",
        "GATEPASS_TOKEN": "eyJ",
        "PATH": "/bin",
    }
    settings = parse_settings(LEAST | {"tokens": {"lifetime": 600, "grace": 5}}, env)
    assert (settings.tokens.lifetime, settings.tokens.grace, settings.audience) == (60, 5, "shop")
    assert settings.login.registration
    assert settings.server.app_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("GATEPASS_TOKEN__LIFETIME", "60", "did you mean 'GATEPASS_TOKENS__LIFETIME'?"),
        ("GATEPASS_TOKENS__LIFETIME", "6e1", "whole number"),
        ("GATEPASS_LOGIN__REGISTRATION", "maybe", "true or false"),
    ],
)
def test_a_variable_is_checked_like_the_file(variable: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse_settings(LEAST, {variable: value})


def test_a_database_s_password_is_in_no_text() -> None:
    for url in ("postgresql://ada:hunter2@db/a", "mysql://ada:hunter2@db/a"):
        for mapping, env in (
            ({"database": {"url": url}}, {}),
            ({"database": {"url": url, "path": "a.db"}}, {}),
            ({}, {"GATEPASS_DATABASE__URL": url}),
        ):
            try:
                text = repr(parse_settings(LEAST | mapping, env))
            except SettingsError as error:
                text = str(error)
            assert "hunter2" not in text


def test_the_given_mapping_stays_as_it_was() -> None:
    mapping = LEAST | {"tokens": {"grace": 5}}
    parse_settings(mapping, {"GATEPASS_TOKENS__LIFETIME": "60"})
    assert mapping["tokens"] == {"grace": 5}
