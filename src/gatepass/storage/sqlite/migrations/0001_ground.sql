-- Times are seconds since the epoch; names in lists are sorted, with single spaces between them.

CREATE TABLE users (
  id            TEXT PRIMARY KEY NOT NULL,
  email         TEXT NOT NULL UNIQUE,
  first_name    TEXT NOT NULL,
  last_name     TEXT NOT NULL,
  status        TEXT NOT NULL,
  roles         TEXT NOT NULL,
  permissions   TEXT NOT NULL,
  granted       TEXT NOT NULL,
  epoch         INTEGER NOT NULL,
  revoked_below INTEGER NOT NULL,
  created_at    REAL NOT NULL,
  password_hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE roles (
  name        TEXT PRIMARY KEY NOT NULL,
  permissions TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who holds a role; users.roles says the same, for reading in one piece.
CREATE TABLE user_roles (
  role    TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (role, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_roles_user ON user_roles (user_id);

-- One search by primary key is the whole of a session check, so the row lies in the key's own tree.
CREATE TABLE sessions (
  id_hash      BLOB PRIMARY KEY NOT NULL,
  sid          TEXT NOT NULL UNIQUE,
  user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  epoch        INTEGER NOT NULL,
  created_at   REAL NOT NULL,
  last_seen_at REAL NOT NULL,
  idle_ends_at REAL NOT NULL,
  ends_at      REAL NOT NULL,
  ended_at     REAL,
  end_reason   TEXT,
  device       TEXT NOT NULL,
  address      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_idle ON sessions (idle_ends_at);

-- With rowids: the sealed answers are too long for a tree of keys.
CREATE TABLE refresh_records (
  hash              BLOB NOT NULL UNIQUE,
  family            TEXT NOT NULL,
  form              TEXT NOT NULL,
  state             TEXT NOT NULL,
  sid               TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
  user_id           TEXT NOT NULL,
  epoch             INTEGER NOT NULL,
  access_token_hash BLOB NOT NULL,
  issued_at         REAL NOT NULL,
  idle_ends_at      REAL NOT NULL,
  absolute_ends_at  REAL NOT NULL,
  lifetime          INTEGER NOT NULL,
  rotated_at        REAL,
  answer            BLOB,
  successor         BLOB
) STRICT;
CREATE INDEX refresh_records_sid ON refresh_records (sid);
CREATE INDEX refresh_records_idle ON refresh_records (idle_ends_at);
CREATE INDEX refresh_records_answered ON refresh_records (rotated_at) WHERE answer IS NOT NULL;

CREATE TABLE signing_keys (
  kid            TEXT PRIMARY KEY NOT NULL,
  alg            TEXT NOT NULL,
  state          TEXT NOT NULL,
  public_jwk     BLOB NOT NULL,
  sealed_private BLOB,
  created_at     REAL NOT NULL,
  activates_at   REAL NOT NULL,
  retires_at     REAL,
  removed_at     REAL
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  key     TEXT PRIMARY KEY NOT NULL,
  arrival REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_arrival ON attempts (arrival);

CREATE TABLE events (
  seq     INTEGER PRIMARY KEY,
  at      REAL NOT NULL,
  kind    TEXT NOT NULL,
  user_id TEXT,
  sid     TEXT,
  actor   TEXT,
  address TEXT,
  reason  TEXT
) STRICT;
