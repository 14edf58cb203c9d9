-- Times are seconds since the epoch; names in lists are sorted, with single spaces between them. Text is compared byte
-- by byte (COLLATE "C"), as everywhere else, whatever the database's own order is.

CREATE TABLE users (
  id            text COLLATE "C" PRIMARY KEY,
  email         text COLLATE "C" NOT NULL UNIQUE,
  first_name    text NOT NULL,
  last_name     text NOT NULL,
  status        text NOT NULL,
  roles         text NOT NULL,
  permissions   text NOT NULL,
  granted       text NOT NULL,
  epoch         bigint NOT NULL,
  revoked_below bigint NOT NULL,
  created_at    double precision NOT NULL,
  password_hash text NOT NULL
);

CREATE TABLE roles (
  name        text COLLATE "C" PRIMARY KEY,
  permissions text NOT NULL
);

-- Who holds a role; users.roles says the same, for reading in one piece.
CREATE TABLE user_roles (
  role    text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (role, user_id)
);
CREATE INDEX user_roles_user ON user_roles (user_id);

CREATE TABLE sessions (
  id_hash      bytea PRIMARY KEY,
  sid          text COLLATE "C" NOT NULL UNIQUE,
  user_id      text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  epoch        bigint NOT NULL,
  created_at   double precision NOT NULL,
  last_seen_at double precision NOT NULL,
  idle_ends_at double precision NOT NULL,
  ends_at      double precision NOT NULL,
  ended_at     double precision,
  end_reason   text,
  device       text NOT NULL,
  address      text NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, created_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_idle ON sessions (idle_ends_at);

CREATE TABLE refresh_records (
  hash              bytea PRIMARY KEY,
  family            text NOT NULL,
  form              text NOT NULL,
  state             text NOT NULL,
  sid               text COLLATE "C" NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
  user_id           text COLLATE "C" NOT NULL,
  epoch             bigint NOT NULL,
  access_token_hash bytea NOT NULL,
  issued_at         double precision NOT NULL,
  idle_ends_at      double precision NOT NULL,
  absolute_ends_at  double precision NOT NULL,
  lifetime          bigint NOT NULL,
  rotated_at        double precision,
  answer            bytea,
  successor         bytea
);
CREATE INDEX refresh_records_sid ON refresh_records (sid);
CREATE INDEX refresh_records_active ON refresh_records (sid) WHERE state = 'active';
CREATE INDEX refresh_records_idle ON refresh_records (idle_ends_at);
CREATE INDEX refresh_records_answered ON refresh_records (rotated_at) WHERE answer IS NOT NULL;

CREATE TABLE signing_keys (
  kid            text COLLATE "C" PRIMARY KEY,
  alg            text NOT NULL,
  state          text NOT NULL,
  public_jwk     bytea NOT NULL,
  sealed_private bytea,
  created_at     double precision NOT NULL,
  activates_at   double precision NOT NULL,
  retires_at     double precision,
  removed_at     double precision
);

CREATE TABLE attempts (
  key     text COLLATE "C" PRIMARY KEY,
  arrival double precision NOT NULL
);
CREATE INDEX attempts_arrival ON attempts (arrival);

-- The event log. A line is numbered when it is first read (`event_log`), not when it is written: of two commits at
-- once the later one may take effect first, and a reader who stood between their numbers would never see the other.
CREATE TABLE events (
  line    bigint GENERATED ALWAYS AS IDENTITY,
  seq     bigint,
  at      double precision NOT NULL,
  kind    text NOT NULL,
  user_id text,
  sid     text,
  actor   text,
  address text,
  reason  text
);
CREATE UNIQUE INDEX events_seq ON events (seq) WHERE seq IS NOT NULL;
CREATE INDEX events_unread ON events (line) WHERE seq IS NULL;

CREATE TABLE event_log (
  one  integer PRIMARY KEY CHECK (one = 1),
  head bigint NOT NULL
);
INSERT INTO event_log VALUES (1, 0);

-- The revocation feed: where it stands, in one row, and its entries. Another database is another feed, so its name is
-- drawn here.
CREATE TABLE feed (
  one   integer PRIMARY KEY CHECK (one = 1),
  log   text NOT NULL,
  floor bigint NOT NULL,
  head  bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO feed VALUES (1, substr(replace(gen_random_uuid()::text, '-', ''), 1, 24), 0, 0);

CREATE TABLE revocations (
  seq          bigint PRIMARY KEY,
  selects      text NOT NULL,
  value        text NOT NULL,
  below        bigint NOT NULL,
  forget_after bigint NOT NULL,
  user_id      text COLLATE "C"
);
CREATE INDEX revocations_forget ON revocations (forget_after);
CREATE INDEX revocations_sids ON revocations (user_id) WHERE selects = 'sid';
CREATE INDEX revocations_orders ON revocations (selects, value) WHERE user_id IS NULL;
