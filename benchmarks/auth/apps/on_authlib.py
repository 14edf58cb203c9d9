"""Authlib's authorization server in Flask, as its documentation builds it: SQLAlchemy on SQLite.

RFC 9068 access tokens with ES256, rotating refresh tokens, introspection (RFC 7662).
`python on_authlib.py` fills the tables and tells the load what it needs; granian serves `app`.
"""

import json
import os
import secrets
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.sqla_oauth2 import (
    OAuth2ClientMixin,
    OAuth2TokenMixin,
    create_query_client_func,
    create_save_token_func,
)
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, jsonify
from flask_sqlalchemy import SQLAlchemy
from joserfc.jwk import ECKey, KeySet
from sqlalchemy import Engine, event

FOLDER = Path(os.environ["BENCH_FOLDER"])
SCOPE = "appointments:read"

app = Flask(__name__)
app.config["SECRET_KEY"] = secrets.token_hex()
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{FOLDER}/authlib.db"
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
db = SQLAlchemy(app)


@event.listens_for(Engine, "connect")
def durable(connection, _):
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80))

    def get_user_id(self):
        return self.id


class Client(db.Model, OAuth2ClientMixin):
    id = db.Column(db.Integer, primary_key=True)


class Token(db.Model, OAuth2TokenMixin):
    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("user.id"))
    user = db.relationship("User")


class RefreshTokenGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        token = Token.query.filter_by(refresh_token=refresh_token).first()
        return token if token and not token.refresh_token_revoked_at else None

    def authenticate_user(self, refresh_token):
        return db.session.get(User, refresh_token.user_id)

    def revoke_old_credential(self, refresh_token):
        refresh_token.refresh_token_revoked_at = int(time.time())
        db.session.add(refresh_token)
        db.session.commit()


class Introspection(IntrospectionEndpoint):
    def query_token(self, token_string, token_type_hint):
        return Token.query.filter_by(access_token=token_string).first()

    def check_permission(self, token, client, request):
        return True

    def introspect_token(self, token):
        return {
            "active": not token.is_revoked(),
            "client_id": token.client_id,
            "token_type": token.token_type,
            "scope": token.get_scope(),
            "sub": str(token.user_id),
            "exp": token.issued_at + token.expires_in,
            "iat": token.issued_at,
        }


def _key():
    """One key for all processes of a run."""
    file = FOLDER / "authlib.json"
    if not file.exists():
        file.write_text(json.dumps(ECKey.generate_key("P-256", {"kid": "authlib"}).as_dict(private=True)))
    return json.loads(file.read_text())


KEY = _key()
JWKS = KeySet([ECKey.import_key(KEY)]).as_dict(private=False)


class Tokens(JWTBearerTokenGenerator):
    def get_jwks(self):
        return KEY


def _refresh_token(*_args, **_kwargs):
    return secrets.token_urlsafe(32)


server = AuthorizationServer(
    app,
    query_client=create_query_client_func(db.session, Client),
    save_token=create_save_token_func(db.session, Token),
)
server.register_token_generator(
    "default", Tokens(issuer="http://127.0.0.1:8000", alg="ES256", refresh_token_generator=_refresh_token)
)
server.register_grant(RefreshTokenGrant)
server.register_endpoint(Introspection)


@app.post("/oauth/token")
def token():
    return server.create_token_response()


@app.post("/oauth/introspect")
def introspect():
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


@app.get("/.well-known/jwks.json")
def jwks():
    return jsonify(JWKS)


def fill(sessions: int) -> None:
    with app.app_context():
        db.create_all()
        client = Client(client_id="clinic", client_secret="secret", client_id_issued_at=0)
        client.set_client_metadata(
            {
                "grant_types": ["refresh_token"],
                "scope": SCOPE,
                "token_endpoint_auth_method": "client_secret_basic",
            }
        )
        users = [User(name=f"user{i}") for i in range(sessions // 10)]
        db.session.add_all([client, *users])
        db.session.flush()
        make = Tokens(issuer="http://127.0.0.1:8000", alg="ES256", refresh_token_generator=_refresh_token)
        given = make.generate("refresh_token", client, user=users[0], scope=SCOPE)["access_token"]
        tokens = [
            Token(
                client_id="clinic",
                user_id=users[i // 10].id,
                token_type="Bearer",
                access_token=given if i == 0 else f"{given[:-8]}{i:08d}",
                refresh_token=secrets.token_urlsafe(32),
                scope=SCOPE,
                issued_at=int(time.time()),
                expires_in=86_400,
                access_token_revoked_at=0,
                refresh_token_revoked_at=0,
            )
            for i in range(sessions)
        ]
        db.session.add_all(tokens)
        db.session.commit()
        told = tokens[:: sessions // 1000 or 1]
        print(
            json.dumps(
                {
                    "refresh": [each.refresh_token for each in told],
                    "access": [each.access_token for each in told],
                }
            )
        )


if __name__ == "__main__":
    fill(int(sys.argv[1]))
