-- Who works at the console, the sessions in which they do, and how often somebody has tried to come in. Of a person there is no more than
-- the name that they sign in with. Of what lets them in there are hashes, and the secret of their codes, locked.
CREATE TABLE staff (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'compliance', 'admin')),
    -- Whose records they see: a client's, or everybody's: *.
    client TEXT NOT NULL,
    -- By argon2id, with its parameters and salt.
    password TEXT,
    -- The secret of one-time codes.
    locked_totp TEXT,
    -- The time step of the last code that was taken: none is taken twice.
    totp_step BIGINT NOT NULL,
    -- When the invitation was followed to its end: nobody signs in before.
    accepted_at BIGINT,
    invitation_hash TEXT UNIQUE,
    invited_until BIGINT,
    language TEXT,
    time_zone TEXT,
    -- Who they are at an identity provider.
    issuer TEXT,
    subject TEXT,
    signed_in_at BIGINT,
    -- Counts every change: who writes has seen the one before.
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE INDEX staff_by_key ON staff (SUBSTR(locked_totp, 4, 8)) WHERE locked_totp IS NOT NULL;

-- Codes for those who have lost what makes theirs: each works once, and is then gone.
CREATE TABLE staff_recovery (
    staff_id TEXT NOT NULL REFERENCES staff (id),
    hash TEXT NOT NULL,
    PRIMARY KEY (staff_id, hash)
);

-- The token itself is in a browser alone: here is its SHA-256.
CREATE TABLE staff_session (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    -- What has been shown: the password alone opens nothing but the question for a code.
    stage TEXT NOT NULL CHECK (stage IN ('password', 'full')),
    -- When a code was given last.
    factor_at BIGINT,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX staff_session_by_staff ON staff_session (staff_id, id);
CREATE INDEX staff_session_by_end ON staff_session (ends_at, id, hash);

-- Who has tried to come in how often, by a keyed hash of a name or an address.
CREATE TABLE sign_in_attempt (
    who TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    -- Nobody is let try before.
    pause_until BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempt_by_age ON sign_in_attempt (at, who);
