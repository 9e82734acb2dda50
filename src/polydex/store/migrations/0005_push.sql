-- Channels by which providers tell of changes: a row for each source whose provider can. Work as any other: due at
-- due_at, done under a lease, whose fence is looked at when the outcome is stored. url: what the row was last settled
-- for; empty: that nothing is watched. pull_at: when a notification last made the source due. A row goes with its source:
-- processes of the version before, which may still run, know nothing of it.

CREATE TABLE watch (
    source_id     {key} REFERENCES source (id) ON DELETE CASCADE,
    channel       TEXT,
    url           TEXT NOT NULL DEFAULT '',
    made_at       BIGINT NOT NULL DEFAULT 0,
    expires_at    BIGINT NOT NULL DEFAULT 0,
    ended         INTEGER NOT NULL DEFAULT 0,
    pull_at       BIGINT NOT NULL DEFAULT 0,
    fails         BIGINT NOT NULL DEFAULT 0,
    error_code    TEXT,
    error_message TEXT,
    due_at        BIGINT,
    wake          BIGINT NOT NULL DEFAULT 0,
    lease_owner   TEXT,
    lease_until   BIGINT NOT NULL DEFAULT 0,
    fence         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX watch_due ON watch (due_at) WHERE due_at IS NOT NULL;
