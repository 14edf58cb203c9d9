-- Every check of an access token at Auth asks for orders, and finds none but in rare hours. Deleting a user looks
-- for all of their sessions, those that ended too, which the index of live ones passes over.

CREATE INDEX revocations_orders ON revocations (selects, value) WHERE user_id IS NULL;
CREATE INDEX sessions_of_user ON sessions (user_id);
