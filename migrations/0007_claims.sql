-- Links by which one person each has a credential brought into their profile. The part of a link that cannot be guessed is not here:
-- only its SHA-256. Ids, codes and times; what the person has signed, and where the page leads back to, is locked.
CREATE TABLE claim (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('open', 'identified', 'granted', 'writing', 'written', 'failed', 'expired', 'erased')),
    kind TEXT,
    delivery TEXT NOT NULL,
    -- The user that a new profile gets; once the person is identified, who it is.
    user_id TEXT NOT NULL,
    issuance_id TEXT,
    -- The record of the profile that the person has had created.
    profile_id TEXT,
    -- The wallet by which the person was identified: its type, and a keyed hash.
    wallet_type TEXT,
    wallet_index TEXT,
    reference TEXT,
    locale TEXT,
    grant_seconds BIGINT NOT NULL,
    -- The write grant that was signed last.
    grant_id TEXT,
    locked TEXT,
    -- Counts every change: who writes has seen the one before.
    version BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Until when something is to be done about it by the clock alone: it ends, or what is left of it goes.
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX claim_by_issuance ON claim (issuance_id) WHERE issuance_id IS NOT NULL;
CREATE INDEX claim_by_profile ON claim (profile_id) WHERE profile_id IS NOT NULL;
CREATE INDEX claim_by_due ON claim (due_at, id);
CREATE INDEX claim_by_key ON claim (SUBSTR(locked, 4, 8)) WHERE locked IS NOT NULL;
