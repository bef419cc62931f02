-- Requests to erase what is kept about a person: cases. A case that is done holds nothing about anybody.
CREATE TABLE erasure_case (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('awaiting_identity', 'awaiting_decision', 'awaiting_approval', 'held',
        'carrying_out', 'done', 'refused', 'withdrawn')),
    -- Who asked: staff, api, or person.
    origin TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    -- 1 if credentials are revoked before they are forgotten.
    revokes BIGINT NOT NULL,
    -- How many records there are in the case; what they were is forgotten when it is done.
    records BIGINT NOT NULL,
    -- The signed receipt, when it is done.
    receipt TEXT,
    -- 1 if its records were found under several idOS users, so that somebody has to say whose are meant.
    is_shared BIGINT NOT NULL,
    -- By what it is known that whoever asks is the person, and since when.
    identity TEXT,
    identified_at BIGINT,
    -- The link of the mail by which the person shows it: SHA-256 of the part that nobody can guess, and until when it works.
    link_hash TEXT,
    link_until BIGINT,
    -- Who has decided, as the audit chain names them.
    decided_by TEXT,
    decided_at BIGINT,
    approved_at BIGINT,
    extended_at BIGINT,
    extension TEXT,
    -- The law that wants the records held, and until when.
    hold_basis TEXT,
    held_until BIGINT,
    -- Why it was refused, and by which provision.
    grounds TEXT,
    grounds_basis TEXT,
    alerted_at BIGINT,
    -- Counts every change: who writes has seen the one before.
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX erasure_case_by_client ON erasure_case (client, created_at, id);
CREATE INDEX erasure_case_by_state ON erasure_case ((client || '/' || state), created_at, id);
-- What somebody or something still has to do.
CREATE INDEX erasure_case_open ON erasure_case (due_at, id) WHERE state NOT IN ('done', 'refused', 'withdrawn');
CREATE INDEX erasure_case_held ON erasure_case (held_until, id) WHERE state = 'held';
CREATE UNIQUE INDEX erasure_case_by_link ON erasure_case (link_hash) WHERE link_hash IS NOT NULL;

-- What a case is about, until it is done.
CREATE TABLE erasure_record (
    case_id TEXT NOT NULL REFERENCES erasure_case (id),
    -- issuance, verification, claim, profile, wallet, attribute, wallet_link.
    kind TEXT NOT NULL,
    record_id TEXT NOT NULL,
    -- How far it is: listed, and what carrying out makes of it.
    step TEXT NOT NULL,
    -- Whose it is, as far as the record says: what comes of the same user meanwhile goes, too.
    user_id TEXT,
    -- The copy on the network that is ours, the write key that it is for, and what has become of it.
    copy_id TEXT,
    copy_key TEXT,
    copy TEXT,
    -- What the user has of it on the network, and why what was to be done before was not: codes.
    credential TEXT,
    code TEXT,
    PRIMARY KEY (case_id, kind, record_id)
);
CREATE INDEX erasure_record_by_record ON erasure_record (record_id);

-- How far a case is that is being carried out.
CREATE TABLE erasure_run (
    case_id TEXT NOT NULL PRIMARY KEY REFERENCES erasure_case (id),
    phase TEXT NOT NULL CHECK (phase IN ('settling', 'writing', 'forgetting', 'telling', 'looking')),
    -- What became of the confirmation by mail, how often it was tried, and since when the mail server may have all of it.
    mail TEXT NOT NULL,
    mail_attempts BIGINT NOT NULL,
    mail_due_at BIGINT NOT NULL,
    mail_data_at BIGINT,
    started_at BIGINT NOT NULL
);

-- By what all of a record is found, so that all of it goes.
CREATE INDEX idempotency_by_subject ON idempotency (subject);
CREATE INDEX issuance_renewing ON issuance (renews) WHERE renews IS NOT NULL;
CREATE INDEX issuance_by_successor ON issuance (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX verification_by_issuance ON verification (issuance_id) WHERE issuance_id IS NOT NULL;
CREATE INDEX verification_issuance_by_verification ON verification_issuance (verification_id, issuance_id);
CREATE INDEX vendor_event_by_verification ON vendor_event (verification_id) WHERE verification_id IS NOT NULL;
CREATE INDEX vendor_event_by_case ON vendor_event (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX claim_by_reference ON claim ((client || '/' || reference), created_at, id);
CREATE INDEX claim_by_wallet ON claim (wallet_index) WHERE wallet_index IS NOT NULL;
