-- One-time links, one of a purpose for each user, and mails that wait to be sent. A mail of nobody is queued like any
-- other, so that asking for a new password takes the same work whether there is an account.

CREATE TABLE links (
  hash    BLOB PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL,
  email   TEXT NOT NULL,
  epoch   INTEGER NOT NULL,
  ends_at REAL NOT NULL,
  UNIQUE (user_id, purpose)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_end ON links (ends_at);

CREATE TABLE mails (
  id      TEXT PRIMARY KEY NOT NULL,
  kind    TEXT NOT NULL,
  user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
  email   TEXT NOT NULL,
  epoch   INTEGER NOT NULL,
  next_at REAL NOT NULL,
  tries   INTEGER NOT NULL,
  ends_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mails_due ON mails (next_at);
CREATE INDEX mails_end ON mails (ends_at);
CREATE INDEX mails_user ON mails (user_id);
