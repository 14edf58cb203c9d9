-- Rows refer to each other by number, and are found by a hash through its first 64 bits, `place` (see places.py), which
-- the program knows how to take. Trees of fat rows were six levels deep at ten million sessions, those of numbers are
-- three; the whole hash stands in the row and is compared too. Processes of earlier versions can't read or add sessions
-- and refresh records any more: each statement of theirs that would names a column that is gone, or gives values that
-- don't fit.

-- AUTOINCREMENT: a number never comes again. Who deletes a user by hand leaves their sessions behind (the sqlite3 shell
-- holds no references); those must stay nobody's.
CREATE TABLE new_users (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  id            TEXT NOT NULL,
  email         TEXT NOT NULL,
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
) STRICT;
INSERT INTO new_users SELECT NULL, id, email, first_name, last_name, status, roles, permissions, granted, epoch,
  revoked_below, created_at, password_hash FROM users ORDER BY created_at;
CREATE UNIQUE INDEX users_id ON new_users (id);
CREATE UNIQUE INDEX users_email ON new_users (email);

CREATE TABLE new_sessions (
  place        INTEGER PRIMARY KEY,
  id_hash      BLOB NOT NULL,
  sid          TEXT NOT NULL,
  user_number  INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
  epoch        INTEGER NOT NULL,
  created_at   REAL NOT NULL,
  last_seen_at REAL NOT NULL,
  idle_ends_at REAL NOT NULL,
  ends_at      REAL NOT NULL,
  ended_at     REAL,
  end_reason   TEXT,
  device       TEXT NOT NULL,
  address      TEXT NOT NULL
) STRICT;
INSERT INTO new_sessions SELECT place(s.id_hash), s.id_hash, s.sid, u.number, s.epoch, s.created_at, s.last_seen_at,
  s.idle_ends_at, s.ends_at, s.ended_at, s.end_reason, s.device, s.address
  FROM sessions s JOIN new_users u ON u.id = s.user_id ORDER BY 1;
CREATE UNIQUE INDEX sessions_sid ON new_sessions (sid);

-- In the order they were added, so that what is renewed next, and what a purge takes, lies side by side.
CREATE TABLE new_refresh_records (
  number            INTEGER PRIMARY KEY,
  place             INTEGER NOT NULL,
  hash              BLOB NOT NULL,
  family            TEXT NOT NULL,
  form              TEXT NOT NULL,
  state             TEXT NOT NULL,
  session_place     INTEGER NOT NULL REFERENCES sessions (place) ON DELETE CASCADE,
  epoch             INTEGER NOT NULL,
  access_token_hash BLOB NOT NULL,
  issued_at         REAL NOT NULL,
  idle_ends_at      REAL NOT NULL,
  absolute_ends_at  REAL NOT NULL,
  lifetime          INTEGER NOT NULL,
  rotated_at        REAL,
  successor         BLOB
) STRICT;
INSERT INTO new_refresh_records SELECT r.rowid, place(r.hash), r.hash, r.family, r.form, r.state, s.place, r.epoch,
  r.access_token_hash, r.issued_at, r.idle_ends_at, r.absolute_ends_at, r.lifetime, r.rotated_at, r.successor
  FROM refresh_records r JOIN new_sessions s ON s.sid = r.sid ORDER BY r.rowid;

-- What is repeated within the grace, at most a minute's worth of it: the records don't grow by it, nor shrink.
CREATE TABLE answers (
  record INTEGER PRIMARY KEY REFERENCES refresh_records (number) ON DELETE CASCADE,
  at     REAL NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
INSERT INTO answers SELECT r.rowid, r.rotated_at, r.answer FROM refresh_records r
  JOIN new_refresh_records n ON n.number = r.rowid WHERE r.answer IS NOT NULL AND r.rotated_at IS NOT NULL;
CREATE INDEX answers_at ON answers (at);

DROP TABLE refresh_records;
DROP TABLE sessions;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
ALTER TABLE new_sessions RENAME TO sessions;
ALTER TABLE new_refresh_records RENAME TO refresh_records;

CREATE INDEX sessions_user ON sessions (user_number, created_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_of_user ON sessions (user_number);
CREATE INDEX sessions_idle ON sessions (idle_ends_at);
CREATE UNIQUE INDEX refresh_records_place ON refresh_records (place);
CREATE INDEX refresh_records_session ON refresh_records (session_place, state);
CREATE INDEX refresh_records_idle ON refresh_records (idle_ends_at);
