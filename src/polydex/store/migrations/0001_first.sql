-- The first schema. {id}: an identity column that never reuses a number; {key}: a primary key out of another table's
-- identity column; {blob}: bytes. Times are unix milliseconds. The table meta is made by store/migrate.py.

CREATE TABLE epoch_limit (
    epoch      BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    last_seq   BIGINT NOT NULL,
    PRIMARY KEY (epoch, account_id)
);

CREATE TABLE app (
    id             {id},
    name           TEXT NOT NULL,
    client_id      TEXT NOT NULL UNIQUE,
    secret_hash    {blob} NOT NULL,
    signing_secret {blob} NOT NULL,
    created_at     BIGINT NOT NULL
);

CREATE TABLE account (
    id               {id},
    app_id           BIGINT NOT NULL REFERENCES app (id),
    provider         TEXT NOT NULL,
    service_type     TEXT NOT NULL,
    service_provider TEXT,
    subject          TEXT NOT NULL,
    login            TEXT,
    email            TEXT,
    name             TEXT,
    server_url       TEXT,
    client_org_id    TEXT,
    auth_org_id      TEXT,
    timezone         TEXT,
    region           TEXT,
    scopes           TEXT NOT NULL,
    secret           {blob},
    token_status     TEXT NOT NULL DEFAULT 'active',
    token_error      TEXT,
    generation       BIGINT NOT NULL DEFAULT 1,
    seq              BIGINT NOT NULL DEFAULT 0,
    touch            BIGINT NOT NULL DEFAULT 0,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    obtained_at      BIGINT NOT NULL,
    deleted_at       BIGINT
);
CREATE UNIQUE INDEX account_subject ON account (app_id, provider, subject) WHERE deleted_at IS NULL;

CREATE TABLE token (
    id         {id},
    account_id BIGINT NOT NULL REFERENCES account (id),
    hash       {blob} NOT NULL,
    scopes     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX token_account ON token (account_id);

CREATE TABLE source (
    id               {id},
    account_id       BIGINT NOT NULL REFERENCES account (id),
    key              TEXT NOT NULL,
    name             TEXT,
    is_default       INTEGER NOT NULL DEFAULT 0,
    read_only        INTEGER NOT NULL DEFAULT 0,
    cursor           TEXT,
    context          {blob},
    walk_id          BIGINT NOT NULL DEFAULT 0,
    walk_mode        TEXT,
    walk_cursor      TEXT,
    walk_start       BIGINT NOT NULL DEFAULT 0,
    walk_start_ms    BIGINT NOT NULL DEFAULT 0,
    walk_done        BIGINT NOT NULL DEFAULT 0,
    walk_total       BIGINT,
    last_sweep       BIGINT NOT NULL DEFAULT 0,
    mapping_version  BIGINT NOT NULL DEFAULT 0,
    ready_at         BIGINT,
    pulled_at        BIGINT,
    tried_at         BIGINT,
    full_at          BIGINT,
    halted_walk      BIGINT,
    halted_count     BIGINT NOT NULL DEFAULT 0,
    error_code       TEXT,
    error_message    TEXT,
    fails            BIGINT NOT NULL DEFAULT 0,
    due_at           BIGINT,
    wake             BIGINT NOT NULL DEFAULT 0,
    lease_owner      TEXT,
    lease_until      BIGINT NOT NULL DEFAULT 0,
    fence            BIGINT NOT NULL DEFAULT 0,
    UNIQUE (account_id, key)
);
CREATE INDEX source_due ON source (due_at) WHERE due_at IS NOT NULL;

-- One row for each contact that was ever known. A tombstone whose key came back is detached (current = 0): it stays in
-- the journal under its public id while a new row holds the key. seq is NULL for what was never shown.
CREATE TABLE contact (
    row_id          {id},
    account_id      BIGINT NOT NULL,
    source_id       BIGINT NOT NULL REFERENCES source (id),
    key             TEXT NOT NULL,
    current         INTEGER NOT NULL DEFAULT 1,
    stable_key      TEXT NOT NULL,
    n               BIGINT,
    public_id       TEXT,
    live            INTEGER NOT NULL,
    rev             TEXT,
    etag            TEXT,
    photo_hash      TEXT,
    photo_mime      TEXT,
    uid             TEXT,
    mark            TEXT,
    seq             BIGINT,
    created_seq     BIGINT,
    created_ms      BIGINT,
    modified_ms     BIGINT,
    deleted_at      BIGINT,
    touch           BIGINT NOT NULL,
    wrote_at        BIGINT NOT NULL DEFAULT 0,
    checked_at      BIGINT NOT NULL DEFAULT 0,
    seen_walk       BIGINT NOT NULL DEFAULT 0,
    gone_walk       BIGINT,
    gone_asked      BIGINT NOT NULL DEFAULT 0,
    pending_delete  BIGINT,
    verify_due      BIGINT,
    verify_fails    BIGINT NOT NULL DEFAULT 0,
    verify_error    TEXT,
    mapping_version BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX contact_key_current ON contact (source_id, key) WHERE current = 1;
CREATE UNIQUE INDEX contact_public ON contact (account_id, public_id) WHERE public_id IS NOT NULL;
CREATE UNIQUE INDEX contact_seq ON contact (account_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX contact_journal ON contact (source_id, live, seq) WHERE seq IS NOT NULL;
CREATE INDEX contact_list ON contact (source_id, row_id) WHERE live = 1 AND seq IS NOT NULL;
CREATE INDEX contact_stable ON contact (source_id, stable_key);
CREATE INDEX contact_mark ON contact (source_id, mark) WHERE mark IS NOT NULL;
CREATE INDEX contact_uid ON contact (source_id, uid) WHERE uid IS NOT NULL AND current = 1;
CREATE INDEX contact_verify ON contact (source_id, verify_due) WHERE verify_due IS NOT NULL;
CREATE INDEX contact_gone ON contact (source_id, gone_walk) WHERE gone_walk IS NOT NULL;
CREATE INDEX contact_pending ON contact (source_id, pending_delete) WHERE pending_delete IS NOT NULL;

-- Apart from its contact, so that stamping a row does not rewrite its documents.
CREATE TABLE document (
    row_id {key} REFERENCES contact (row_id),
    body   {blob},
    raw    {blob}
);

-- Exact look-ups. kind: e (folded e-mail address), p (last seven digits of a phone number).
CREATE TABLE contact_key (
    source_id BIGINT NOT NULL,
    kind      TEXT NOT NULL,
    value     TEXT NOT NULL,
    row_id    BIGINT NOT NULL,
    PRIMARY KEY (source_id, kind, value, row_id)
){without_rowid};
CREATE INDEX contact_key_row ON contact_key (row_id);

-- Words for search; made by core/search.py, each with its source in front. {search} is the engine's own index.
{search};

-- The intent of every write, stored before its call (JOURNAL.md, J10).
CREATE TABLE intent (
    id           {id},
    account_id   BIGINT NOT NULL,
    source_id    BIGINT NOT NULL,
    generation   BIGINT NOT NULL,
    verb         TEXT NOT NULL,
    idem_key     TEXT,
    body_hash    {blob} NOT NULL,
    body         {blob},
    row_id       BIGINT,
    base_etag    TEXT,
    target_etag  TEXT,
    mark         TEXT,
    state        TEXT NOT NULL,
    asked        BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    finished_at  BIGINT,
    delivered    INTEGER NOT NULL DEFAULT 0,
    result       {blob},
    due_at       BIGINT,
    tries        BIGINT NOT NULL DEFAULT 0,
    owner        TEXT
);
CREATE INDEX intent_hash ON intent (account_id, body_hash, created_at);
CREATE INDEX intent_open ON intent (due_at) WHERE due_at IS NOT NULL;

-- Writes of one account happen one after the other, across processes.
CREATE TABLE write_lease (
    account_id  {key},
    owner       TEXT,
    until_ms    BIGINT NOT NULL,
    fence       BIGINT NOT NULL
);
