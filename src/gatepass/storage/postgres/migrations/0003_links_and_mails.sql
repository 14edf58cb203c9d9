-- One-time links, one of a purpose for each user, and mails that wait to be sent. A mail of nobody is queued like any
-- other, so that asking for a new password takes the same work whether there is an account.

CREATE TABLE links (
  hash    bytea PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose text COLLATE "C" NOT NULL,
  email   text NOT NULL,
  epoch   bigint NOT NULL,
  ends_at double precision NOT NULL,
  UNIQUE (user_id, purpose)
);
CREATE INDEX links_end ON links (ends_at);

CREATE TABLE mails (
  id      text COLLATE "C" PRIMARY KEY,
  kind    text NOT NULL,
  user_id text COLLATE "C" REFERENCES users (id) ON DELETE CASCADE,
  email   text NOT NULL,
  epoch   bigint NOT NULL,
  next_at double precision NOT NULL,
  tries   bigint NOT NULL,
  ends_at double precision NOT NULL
);
CREATE INDEX mails_due ON mails (next_at);
CREATE INDEX mails_end ON mails (ends_at);
CREATE INDEX mails_user ON mails (user_id);
