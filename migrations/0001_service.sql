-- The whole schema, for SQLite and PostgreSQL alike: only TEXT and BIGINT, whose names and codings both share.
-- Ids and names are TEXT, times are BIGINT milliseconds since 1970-01-01T00:00:00Z, and no default or trigger makes
-- either: the service does. docs/retention.md says what of this is kept how long.

-- What must not change between starts: the fingerprint of the signing key, the network.
CREATE TABLE recorded (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Who may call. The secret itself is not here: only its SHA-256.
CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    used_at BIGINT
);

-- What a client's Idempotency-Key stands for. Key and fingerprint are keyed hashes: neither can be guessed back.
CREATE TABLE idempotency (
    client TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (client, key_hash)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at, client, key_hash);

-- Profiles that are to be created, and wallets that are to be added to profiles: those have neither key nor password
-- store. The wallet and its proof are locked, and gone once they are on the network; so is the keyed hash of the wallet.
CREATE TABLE profile (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'created', 'halted', 'failed')),
    user_id TEXT NOT NULL,
    wallet_id TEXT NOT NULL,
    write_key TEXT NOT NULL,
    encryption_public_key TEXT,
    password_store TEXT,
    locked_wallet TEXT,
    wallet_index TEXT,
    halt TEXT,
    waits_until BIGINT,
    tx_hash TEXT,
    tx_height BIGINT,
    -- 1 if a transaction of it may have reached a node.
    was_sent BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX profile_by_user ON profile (client, user_id, created_at, id);
CREATE INDEX profile_under_way ON profile (user_id, state);
CREATE INDEX profile_by_wallet ON profile (wallet_index, state) WHERE wallet_index IS NOT NULL;
-- However many ask for it at the same time: one profile, and one wallet, is on its way once.
CREATE UNIQUE INDEX profile_once ON profile (client, user_id)
    WHERE state = 'pending' AND encryption_public_key IS NOT NULL;
CREATE UNIQUE INDEX profile_wallet_once ON profile (wallet_index) WHERE state = 'pending' AND wallet_index IS NOT NULL;
CREATE INDEX profile_by_limit ON profile (waits_until, id) WHERE state = 'halted';
CREATE INDEX profile_by_key ON profile (SUBSTR(locked_wallet, 4, 8)) WHERE locked_wallet IS NOT NULL;

-- The record of an issuance: what remains.
CREATE TABLE issuance (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('awaiting_profile', 'awaiting_grant', 'queued', 'uploading', 'issued',
        'halted', 'revoking', 'revoked', 'failed', 'erased')),
    delivery TEXT NOT NULL,
    user_id TEXT NOT NULL,
    original_id TEXT NOT NULL,
    copy_id TEXT NOT NULL,
    notes_id TEXT NOT NULL,
    level TEXT NOT NULL,
    reference TEXT,
    write_key TEXT NOT NULL,
    grantee TEXT,
    grantee_key TEXT,
    grant_id TEXT,
    recipient_key TEXT,
    public_notes TEXT,
    content_hash TEXT,
    valid_until BIGINT,
    -- What ends it then: the document, the source, or a term of the issuer's.
    valid_by TEXT,
    waits_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    sealed_at BIGINT,
    issued_at BIGINT,
    tx_hash TEXT,
    tx_height BIGINT,
    -- 1 if a transaction that writes it may have reached a node.
    was_sent BIGINT NOT NULL,
    -- Since when its row is on the network, where the content has to be uploaded after it.
    announced_at BIGINT,
    halt TEXT,
    revoke_requested_at BIGINT,
    revoked_at BIGINT,
    confirmed_by TEXT,
    noticed TEXT,
    -- What became of its files, where they were made to fit: members, bytes and pixels, as JSON.
    files TEXT,
    -- The issuance that it renews, and the one that has taken its place.
    renews TEXT,
    superseded_by TEXT
);
-- A credential is renewed by one other.
CREATE UNIQUE INDEX issuance_by_renewed ON issuance (renews)
    WHERE renews IS NOT NULL AND state NOT IN ('failed', 'erased');
-- A write grant works once, so no two issuances have the same, unless one of them is over without having used it.
CREATE UNIQUE INDEX issuance_by_grant ON issuance (grant_id)
    WHERE grant_id IS NOT NULL AND (issued_at IS NOT NULL OR state NOT IN ('failed', 'erased'));
-- Lists, newest first. What is asked for is one text, so that exactly one index serves each list: a database that may
-- choose takes, depending on its statistics, the client's index, and walks through all that the client has. By id would be
-- the same order, but then PostgreSQL also thinks of walking the primary key.
CREATE INDEX issuance_by_client ON issuance (client, created_at, id);
CREATE INDEX issuance_by_reference ON issuance ((client || '/' || reference), created_at, id);
CREATE INDEX issuance_by_state ON issuance ((client || '/' || state), created_at, id);
CREATE INDEX issuance_by_kind ON issuance ((client || '/' || kind), created_at, id);
CREATE INDEX issuance_by_kind_and_state ON issuance ((client || '/' || kind || '/' || state), created_at, id);
CREATE INDEX issuance_waiting ON issuance (user_id, id) WHERE state = 'awaiting_profile';
-- What the sweep looks for. A query must repeat the condition of a partial index word by word.
CREATE INDEX issuance_by_end ON issuance (valid_until, id)
    WHERE state = 'issued' AND (noticed IS NULL OR noticed <> 'expired');
CREATE INDEX issuance_not_noticed ON issuance (valid_until, id) WHERE state = 'issued' AND noticed IS NULL;
-- Whose notices are planned anew when the settings change.
CREATE INDEX issuance_with_end ON issuance (valid_until, id) WHERE state = 'issued' AND valid_until IS NOT NULL;
CREATE INDEX issuance_under_way ON issuance (created_at, id)
    WHERE state IN ('awaiting_profile', 'queued', 'uploading', 'revoking');
CREATE INDEX issuance_by_limit ON issuance (waits_until, id)
    WHERE waits_until IS NOT NULL AND (state <> 'halted' OR was_sent = 0);
CREATE INDEX issuance_sent_by_limit ON issuance (waits_until, id)
    WHERE waits_until IS NOT NULL AND state = 'halted' AND was_sent = 1;
-- What a person has to see to: issuances that have stopped, and credentials whose revocation has.
CREATE INDEX issuance_stopped ON issuance (created_at, id) WHERE halt IS NOT NULL AND state IN ('halted', 'issued');

-- Signed credentials that cannot be sealed yet, each locked under a key of its own.
CREATE TABLE unsealed_credential (
    issuance_id TEXT NOT NULL PRIMARY KEY REFERENCES issuance (id),
    locked TEXT NOT NULL
);
CREATE INDEX unsealed_by_key ON unsealed_credential (SUBSTR(locked, 4, 8));

-- Sealed credentials on their way: what only the recipients can read.
CREATE TABLE sealed_credential (
    issuance_id TEXT NOT NULL PRIMARY KEY REFERENCES issuance (id),
    content TEXT,
    encryptor_public_key TEXT NOT NULL,
    public_notes_signature TEXT NOT NULL,
    broader_signature TEXT NOT NULL,
    copy_content TEXT,
    copy_encryptor_public_key TEXT,
    copy_public_notes_signature TEXT,
    copy_broader_signature TEXT,
    -- Where the network keeps contents at a blob gateway: what names them, in place of the contents, which are sealed parts.
    content_id TEXT,
    content_size BIGINT,
    copy_content_id TEXT,
    copy_content_size BIGINT,
    -- Under this id the contents are uploaded, and since then the gateway says that it has them.
    request_id TEXT,
    uploaded_at BIGINT,
    -- How often they were uploaded, or tried to be.
    upload_tries BIGINT
);

-- The contents of sealed credentials that are to be uploaded, in parts of 262144 bytes, base64.
CREATE TABLE sealed_part (
    issuance_id TEXT NOT NULL REFERENCES issuance (id),
    is_copy BIGINT NOT NULL,
    number BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (issuance_id, is_copy, number)
);

-- The user's write grant that delivers a sealed credential, locked: it names a wallet.
CREATE TABLE write_grant (
    issuance_id TEXT NOT NULL PRIMARY KEY REFERENCES issuance (id),
    locked TEXT NOT NULL
);
CREATE INDEX write_grant_by_key ON write_grant (SUBSTR(locked, 4, 8));

-- Whom to write to. Locked; the index is a keyed hash, to find all that belongs to one address. The client is that of
-- the issuance.
CREATE TABLE contact (
    issuance_id TEXT NOT NULL PRIMARY KEY REFERENCES issuance (id),
    client TEXT NOT NULL,
    locked TEXT NOT NULL,
    email_index TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX contact_by_index ON contact (client, email_index, issuance_id);
CREATE INDEX contact_by_key ON contact (SUBSTR(locked, 4, 8));

-- Background work, by ids only. Work with a lane goes to the node and is done by the lane's holder, in order of
-- nonce; hash and nonce are recorded before anything is sent.
CREATE TABLE job (
    id TEXT NOT NULL PRIMARY KEY,
    work TEXT NOT NULL,
    subject TEXT NOT NULL,
    target TEXT NOT NULL,
    -- What has the same one, and the same target, is done in the order of ids. Empty: in any.
    series TEXT NOT NULL,
    lane TEXT,
    state TEXT NOT NULL CHECK (state IN ('ready', 'sent', 'halted')),
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    nonce BIGINT,
    tx_hash TEXT,
    sent_at BIGINT,
    reason TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (work, subject, target)
);
CREATE INDEX job_of_queue ON job ((work || '/' || target), due_at, id) WHERE lane IS NULL AND state = 'ready';
CREATE INDEX job_of_series ON job (series, target, id) WHERE series <> '' AND state = 'ready';
CREATE INDEX job_of_lane ON job (lane, due_at, id) WHERE lane IS NOT NULL AND state = 'ready';
-- Of expressions (`|| ''`): one of the column would tempt SQLite to read, say, all that is ready, and sort.
CREATE INDEX job_by_state ON job ((state || ''), created_at, id);
CREATE INDEX job_not_told ON job (created_at, id) WHERE work || '' = 'send_webhook' AND state = 'halted';
CREATE INDEX job_by_subject ON job (subject);
CREATE INDEX job_in_flight ON job (lane, nonce) WHERE state = 'sent';

-- Who sends for a write key at the moment.
CREATE TABLE lane (
    write_key TEXT NOT NULL PRIMARY KEY,
    owner TEXT,
    lease_until BIGINT NOT NULL,
    epoch BIGINT NOT NULL
);

-- Work that recurs, and when it is next due: one process does it, whichever comes first.
CREATE TABLE recurring (
    name TEXT NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL
);

-- What has happened, for webhooks to tell and to be told again. No personal data.
CREATE TABLE event (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    replayed_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX event_by_client ON event (client, created_at, id);
CREATE INDEX event_by_kind ON event ((client || '/' || kind), created_at, id);
CREATE INDEX event_by_subject ON event (subject);
CREATE INDEX event_by_age ON event (created_at, id);

-- Who did what. Each entry carries the hash of the one before it.
CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    salt TEXT NOT NULL,
    link TEXT NOT NULL,
    also TEXT NOT NULL,
    also_salt TEXT NOT NULL,
    also_link TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject, seq);
-- Most entries name no other record.
CREATE INDEX audit_by_also ON audit (also) WHERE also <> '';

-- Who has looked at what in which hour, so that it is written down once. Gone when the hour is over.
CREATE TABLE audit_view (
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    hour BIGINT NOT NULL,
    PRIMARY KEY (subject, actor, hour)
);
CREATE INDEX audit_view_by_hour ON audit_view (hour, subject, actor);

-- The end of the chain: one row, which every writer moves, and so waits for the one before.
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- Signed with the issuer's key: that the chain was so, up to this entry. Numbered without gaps.
CREATE TABLE audit_checkpoint (
    number BIGINT NOT NULL PRIMARY KEY,
    entry BIGINT NOT NULL,
    hash TEXT NOT NULL,
    at BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    signature TEXT NOT NULL
);
