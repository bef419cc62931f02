-- Signed credentials that are kept after delivery for the time of an introduction, each locked under a key of its own. They are written
-- with the issuance, and count as kept once it is delivered.
CREATE TABLE kept_content (
    issuance_id TEXT NOT NULL PRIMARY KEY REFERENCES issuance (id),
    client TEXT NOT NULL,
    -- 'waiting' until it is delivered.
    stage TEXT NOT NULL CHECK (stage IN ('waiting', 'safety_net', 'choice_open', 'chosen')),
    kept_until BIGINT NOT NULL,
    -- When the credential ends: from then on there is nothing to give again.
    valid_until BIGINT,
    locked TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- What is due, of that which is delivered; and what is kept for longer than the settings say.
CREATE INDEX kept_content_by_end ON kept_content (kept_until, issuance_id) WHERE stage <> 'waiting';
CREATE INDEX kept_content_of_phase ON kept_content (kept_until, issuance_id) WHERE stage = 'safety_net';
CREATE INDEX kept_content_by_client ON kept_content (client, issuance_id);
CREATE INDEX kept_content_by_key ON kept_content (SUBSTR(locked, 4, 8));

-- Records that are about what is over, by when they go: with the end of the credential, or with their last change.
CREATE INDEX issuance_by_record_end
    ON issuance ((CASE WHEN valid_until > updated_at THEN valid_until ELSE updated_at END), id)
    WHERE state IN ('issued', 'revoked', 'failed', 'erased');
CREATE INDEX verification_by_record_end ON verification (updated_at, id)
    WHERE state IN ('declined', 'ended', 'failed', 'erased');
CREATE INDEX profile_by_record_end ON profile (updated_at, id) WHERE state IN ('created', 'failed');
CREATE INDEX attribute_by_record_end ON attribute (updated_at, id) WHERE state IN ('created', 'failed');
CREATE INDEX wallet_link_by_record_end ON wallet_link (updated_at, id)
    WHERE state IN ('proven', 'expired', 'refused', 'erased');
