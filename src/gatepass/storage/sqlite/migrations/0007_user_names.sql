-- Where users stand in the order of names: as "first last" and as "last first", without regard to case, the id behind.
-- `other` is the first of the two at the second one. Those that are there already are folded as far as SQL can; the rest
-- follows when they are changed.

CREATE TABLE user_names (
  place   TEXT PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  other   TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX user_names_user ON user_names (user_id);
INSERT INTO user_names SELECT lower(first_name || ' ' || last_name) || char(10) || id, id, NULL FROM users;
INSERT OR IGNORE INTO user_names
  SELECT lower(last_name || ' ' || first_name) || char(10) || id, id, lower(first_name || ' ' || last_name) FROM users;
