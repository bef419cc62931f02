-- Wallets that their holders have proven, or are to prove, by signing a challenge.
CREATE TABLE wallet_link (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('challenged', 'proven', 'expired', 'refused', 'erased')),
    -- Gone when it is erased.
    user_id TEXT,
    -- 1 if the wallet is to be written into the user's profile.
    in_profile BIGINT NOT NULL,
    -- 1 if the wallet stays locked once it is proven, to be listed in a credential.
    for_credential BIGINT NOT NULL,
    reference TEXT,
    -- By what the same wallet of the same user is found again, once it is proven.
    wallet_index TEXT,
    locked_wallet TEXT,
    -- Wrong signatures so far.
    attempts BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    proven_at BIGINT,
    -- By what the same proof is told from another one.
    proof_hash TEXT,
    -- The record that writes the wallet, or has written it.
    record_id TEXT,
    -- The issuance whose credential lists the wallet. There is one at most.
    issuance_id TEXT,
    -- When the locked wallet is forgotten.
    waits_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX wallet_link_by_client ON wallet_link (client, created_at, id);
CREATE INDEX wallet_link_by_user ON wallet_link ((client || '/' || user_id), created_at, id);
CREATE INDEX wallet_link_by_reference ON wallet_link ((client || '/' || reference), created_at, id);
CREATE INDEX wallet_link_by_wallet ON wallet_link (wallet_index, created_at) WHERE wallet_index IS NOT NULL;
CREATE INDEX wallet_link_by_record ON wallet_link (record_id) WHERE record_id IS NOT NULL;
CREATE INDEX wallet_link_by_limit ON wallet_link (waits_until, id) WHERE waits_until IS NOT NULL;
CREATE INDEX wallet_link_by_key ON wallet_link (SUBSTR(locked_wallet, 4, 8)) WHERE locked_wallet IS NOT NULL;
-- What a credential lists.
CREATE INDEX wallet_link_by_issuance ON wallet_link (issuance_id) WHERE issuance_id IS NOT NULL;
