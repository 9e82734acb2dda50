-- Refresh tokens that a provider ended when they were tried, before they belonged to an account: what came in their
-- place, sealed, by the hash of what was given.

CREATE TABLE successor (
    digest      {blob} PRIMARY KEY,
    secret      {blob} NOT NULL,
    kept_until  BIGINT NOT NULL
);
