"""The settings file as `gatepass init` writes it: every setting, with its default and what it is for."""

from __future__ import annotations

from typing import Final

TEMPLATE: Final = """\
# Gatepass settings. What stands behind '#' is the default; durations are seconds.
# Each can also come from the environment: GATEPASS_TOKENS__LIFETIME=60

# The origin under which browsers and Services reach Auth. https, except on this machine.
issuer = "{issuer}"

# The name of your site; every Service checks for it in a token.
audience = "{audience}"

[database]
# The SQLite file; a relative path starts at this file's folder.
# path = "gatepass.db"
# Or a PostgreSQL database, which several processes of Auth can share (pip install 'gatepass[postgres]').
# A password is better kept in GATEPASS_DATABASE__URL or in ~/.pgpass than here.
# url = "postgresql://gatepass@db.example.org/gatepass"

[keys]
# The algorithm of new signing keys: ES256, Ed25519, RS256 or PS256. After a change Auth moves to it with its
# next start, logging nobody out; 'gatepass keys plan' says when what happens.
# algorithm = "ES256"{shared}
# The key-encryption key, which seals the signing keys in the database. Only its owner may read it.
# Back it up, but not beside the database: together they open the signing keys.
kek_file = "{kek_file}"
# How long a key signs before the next one takes over (90 days).
# lifetime = 7776000
# How long a new key is published before it signs; at least 600, since Services keep the keys for minutes.
# publish_ahead = 3600

[encryption]
# The public key of your Service: with it, access tokens are encrypted, and nobody else can read them.
# 'gatepass key generate ECDH-ES+A256KW' makes one, 'gatepass key convert' gives its public half.
# key_file = "service.pub.jwk"
# Or where the Service publishes it.
# jwks_url = "https://app.example.org/jwks.json"
# What the key is for (or RSA-OAEP-256), and how the token itself is encrypted.
# algorithm = "ECDH-ES+A256KW"
# content = "A256GCM"

[tokens]
# How long an access token lives at most; 3600 at the longest.
# lifetime = 600
# How long a refresh token works without being used (14 days), and in all (90 days).
# refresh_idle = 1209600
# refresh_absolute = 7776000
# How long the same refresh token gets the same answer again, for retries and parallel tabs.
# grace = 10

[sessions]
# How long a log-in lasts without use (14 days), and in all (90 days).
# idle = 1209600
# absolute = 7776000

[login]
# Attempts in one window, on one account and from one address, before it must wait.
# attempts_per_account = 10
# attempts_per_address = 100
# window = 900
# Whether strangers may register themselves (POST /api/register; the form is a page of yours); a link in a
# mail has them choose the password.
# registration = false

[passwords]
# The file of Pwned Passwords (ordered by hash, tens of gigabytes): nobody may choose one of them. Without it
# the commonest alone are refused. docs/howto/breached-passwords.md says how to get it.
# breached = "pwnedpasswords.txt"

[links]
# How long a link for a new password or another e-mail address lasts, and the first of a new account (3 days).
# lifetime = 600
# invite_lifetime = 259200

[mail]
# How mails leave. In development they don't: they are written to a folder, links and all ("folder"), or
# printed ("console"). For the real thing: "smtp", with host, port, security ("starttls" or "tls") and sender.
# transport = "folder"
# folder = "mails"
# sender = "gatepass@localhost"
# host = "localhost"
# port = 587
# security = "starttls"
# If the server asks who sends; the password stands in a file that only its owner may read.
# username = "gatepass"
# password_file = "mail.password"

[events]
# How long the log of log-ins, renewals and endings is kept (1 year); it holds user ids and addresses.
# keep = 31536000
# Where each event is written besides, as a line of JSON: "stdout", a file such as "events.jsonl", a collector
# on another machine such as "https://logs.example.org/gatepass", or "off".
# to = "off"
# If the collector asks who sends: the file with its bearer token, which only its owner may read.
# token_file = "events.token"

[log]
# Lines for people ("text") or for programs ("json"), from which level upwards; and whether each request
# leaves one.
# format = "text"
# level = "info"
# access = false

[server]
# Where to listen. Behind a reverse proxy leave it on this machine.
# host = "127.0.0.1"
port = {port}
# GET /api/counters shows how many requests and look-ups there were; for demos and tests.
# counters = false
# Origins of your own browser apps, such as ["https://app.example.org"]: they may call the API with the
# log-in cookie, and log-in may return to them.
# app_origins = []
# Your reverse proxies, such as ["10.0.0.0/8"], whose X-Forwarded-For and X-Request-ID are believed.
# trusted_proxies = []
# Who may read GET /metrics (Prometheus): nobody ("off"), programs of this machine ("loopback"; not beside a
# reverse proxy on it), or who has the bearer token in a file such as "metrics.token" (mode 0600).
# metrics = "off"
# With an https issuer, browsers are told to keep to https for Auth's host and all hosts below it; "host"
# leaves those below out, for an Auth on a domain that others share by plain http.
# hsts = "subdomains"
"""

SHARED: Final = """

# The shared-secret mode: Auth and every Service have the same secret, and nothing is published. Whoever has
# it can make tokens: docs/howto/shared-secret.md says when that is good enough, and how to exchange it.
algorithm = "HS256"
shared_secret_file = "{secret_file}\""""
