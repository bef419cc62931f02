-- Consumers of upstream's relay: who they are, and whom their tokens have brought here. Ids, keys, codes, times and keyed hashes.

CREATE TABLE relay_consumer (
    -- Random: what its tokens name it by.
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    -- What people are told who gets the copy.
    name TEXT NOT NULL,
    -- By which it signs: a point of P-521, uncompressed, in hex.
    public_key TEXT NOT NULL,
    -- Its name on the network, and the key for which its copies are encrypted.
    grantee TEXT NOT NULL,
    encryption_key TEXT NOT NULL,
    -- Codes of two letters, with blanks between them.
    blocked_countries TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Claims that a consumer's token has begun. They go with their claims.
CREATE TABLE relay_start (
    claim_id TEXT NOT NULL PRIMARY KEY,
    consumer_id TEXT NOT NULL,
    level TEXT NOT NULL,
    -- A keyed hash of what makes a person the same for this consumer.
    person TEXT NOT NULL,
    -- A keyed hash of the wallet that the person has to have.
    wallet TEXT,
    verification_id TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX relay_start_by_person ON relay_start (person, created_at, claim_id);
CREATE INDEX relay_start_by_verification ON relay_start (verification_id) WHERE verification_id IS NOT NULL;

-- For which consumer a verification is.
CREATE TABLE relay_check (
    verification_id TEXT NOT NULL PRIMARY KEY,
    consumer_id TEXT NOT NULL
);

-- Whose credentials are: the user's and the copy, by their ids on the network.
CREATE TABLE relay_credential (
    credential_id TEXT NOT NULL PRIMARY KEY,
    consumer_id TEXT NOT NULL,
    issuance_id TEXT NOT NULL
);
CREATE INDEX relay_credential_by_issuance ON relay_credential (issuance_id);
