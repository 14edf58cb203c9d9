-- The revocation feed: where it stands, in one row, and its entries. Every entry counts `head` up in its own
-- transaction. Another database is another feed, so its name is drawn here.

CREATE TABLE feed (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  log   TEXT NOT NULL,
  floor INTEGER NOT NULL,
  head  INTEGER NOT NULL
) STRICT;
INSERT INTO feed VALUES (1, lower(hex(randomblob(12))), 0, 0);

CREATE TABLE revocations (
  seq          INTEGER PRIMARY KEY,
  selects      TEXT NOT NULL,
  value        TEXT NOT NULL,
  below        INTEGER NOT NULL,
  forget_after INTEGER NOT NULL,
  user_id      TEXT
) STRICT;
CREATE INDEX revocations_forget ON revocations (forget_after);
CREATE INDEX revocations_sids ON revocations (user_id) WHERE selects = 'sid';
