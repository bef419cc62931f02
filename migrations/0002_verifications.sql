-- Verifications at vendors of KYC results, and what vendors have told of them. Ids, codes and times; the contact is locked.

CREATE TABLE verification (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    source TEXT NOT NULL,
    -- What the vendor knows the person by: random, and nothing about anybody.
    external_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('opened', 'pending', 'approved', 'halted', 'declined', 'issued', 'revoked', 'ended',
        'failed', 'erased')),
    delivery TEXT NOT NULL,
    user_id TEXT,
    reference TEXT,
    grantee TEXT,
    grantee_key TEXT,
    -- Whom to write to, until there is an issuance: locked; and a keyed hash, to find all that belongs to one address.
    locked_contact TEXT,
    contact_index TEXT,
    -- The vendor's ids of the case.
    case_id TEXT,
    case_scope TEXT,
    -- Whom the vendor waits for.
    waits_for TEXT,
    code TEXT,
    -- Codes and names of fields, never what is in them.
    problems TEXT NOT NULL,
    -- What the vendor has told last, if it is still to be acted on, and when that happened by the vendor's clock.
    heard TEXT,
    heard_at BIGINT,
    -- When the vendor decided what the present credential is made of.
    decided_at BIGINT,
    -- How many credentials were made of it.
    made BIGINT NOT NULL,
    issuance_id TEXT,
    -- Counts every change: who writes has seen the one before.
    version BIGINT NOT NULL,
    waits_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX verification_by_case ON verification ((source || '/' || case_id)) WHERE case_id IS NOT NULL;
-- Lists, newest first: exactly one index serves each.
CREATE INDEX verification_by_client ON verification (client, created_at, id);
CREATE INDEX verification_by_reference ON verification ((client || '/' || reference), created_at, id);
CREATE INDEX verification_by_state ON verification ((client || '/' || state), created_at, id);
CREATE INDEX verification_by_source ON verification ((client || '/' || source), created_at, id);
CREATE INDEX verification_by_source_and_state ON verification ((client || '/' || source || '/' || state), created_at, id);
CREATE INDEX verification_by_limit ON verification (waits_until, id) WHERE waits_until IS NOT NULL;
CREATE INDEX verification_by_contact ON verification (client, contact_index) WHERE contact_index IS NOT NULL;
CREATE INDEX verification_by_key ON verification (SUBSTR(locked_contact, 4, 8)) WHERE locked_contact IS NOT NULL;

-- Which issuances were made of verifications. The owner is client, source and user: of one owner, the newest credential holds.
CREATE TABLE verification_issuance (
    issuance_id TEXT NOT NULL PRIMARY KEY,
    verification_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX verification_issuance_by_owner ON verification_issuance (owner, issuance_id);

-- Webhooks that were taken, so that a repetition is known for one: the source, and a keyed hash of what the vendor repeats.
CREATE TABLE vendor_event (
    id TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    verification_id TEXT,
    case_id TEXT,
    case_scope TEXT,
    received_at BIGINT NOT NULL
);
CREATE INDEX vendor_event_by_age ON vendor_event (received_at, id);

-- People whom a source of personhood has found to be one, as long as they have a credential by it: a keyed hash of source, action and the
-- source's id, under the vault's present key. One row for each person: whoever comes second is not the first.
CREATE TABLE person (
    hash TEXT NOT NULL PRIMARY KEY,
    -- Whose it is: client and idOS user.
    owner TEXT NOT NULL,
    -- What the hash is made of, so that it can be made anew under another vault key: a hash itself, locked.
    locked TEXT NOT NULL,
    -- How many issuances hold it.
    uses BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX person_by_key ON person (SUBSTR(locked, 4, 8));

-- Which issuances were made for them.
CREATE TABLE person_issuance (
    issuance_id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL
);
CREATE INDEX person_issuance_by_hash ON person_issuance (hash, issuance_id);
