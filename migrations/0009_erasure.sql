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
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX erasure_case_by_client ON erasure_case (client, created_at, id);

-- What a case is about, until it is done.
CREATE TABLE erasure_record (
    case_id TEXT NOT NULL REFERENCES erasure_case (id),
    -- issuance, verification, claim, profile, wallet, attribute, wallet_link.
    kind TEXT NOT NULL,
    record_id TEXT NOT NULL,
    -- How far it is: listed, and what carrying out makes of it.
    step TEXT NOT NULL,
    PRIMARY KEY (case_id, kind, record_id)
);
CREATE INDEX erasure_record_by_record ON erasure_record (record_id);
