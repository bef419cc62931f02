-- What links in mails stand for. The part of a link that cannot be guessed is not here: only its SHA-256.
CREATE TABLE mail_link (
    hash TEXT NOT NULL,
    -- A mail may be about several credentials of one person.
    issuance_id TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('renew', 'unsubscribe')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (hash, issuance_id)
);
CREATE INDEX mail_link_by_issuance ON mail_link (issuance_id);
CREATE INDEX mail_link_by_end ON mail_link (expires_at, hash, issuance_id);

-- Addresses that nothing is sent to, each by the same keyed hash as its contacts.
CREATE TABLE mail_stop (
    client TEXT NOT NULL,
    email_index TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('unsubscribed', 'unreachable', 'complained')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (client, email_index, reason)
);
