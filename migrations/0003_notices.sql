-- What people are told by mail before their credentials end. Ids, days and times: to whom is in `contact`, and there locked.

CREATE TABLE notice (
    id TEXT NOT NULL PRIMARY KEY,
    issuance_id TEXT NOT NULL REFERENCES issuance (id),
    client TEXT NOT NULL,
    -- Whose credential, of what: client, kind and user. A newer one takes the place of an older one.
    owner TEXT NOT NULL,
    -- How many days before the end.
    days BIGINT NOT NULL,
    -- When the credential ends.
    valid_until BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'sending', 'sent', 'dropped', 'failed', 'unclear')),
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- 1 if its turn at the domain has come.
    paced BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    -- Since when the mail server may have all of it. What has none may be sent again, whatever has happened.
    data_at BIGINT,
    sent_at BIGINT,
    -- The notice whose mail said it along.
    said_with TEXT,
    code TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (issuance_id, days)
);
-- What is due: nothing else is read for it, however much there is.
CREATE INDEX notice_due ON notice (due_at, id) WHERE state = 'planned';
CREATE INDEX notice_being_sent ON notice (lease_until, id) WHERE state = 'sending';
CREATE INDEX notice_of_owner ON notice (owner, valid_until) WHERE state = 'planned';
-- Of an expression: one of the column would tempt SQLite to read all that is planned, and sort.
CREATE INDEX notice_by_state ON notice ((state || ''), due_at, id);

-- How much mail goes where: for a day, and for a domain, which is a keyed hash here. Rows of days that are over go.
CREATE TABLE mail_limit (
    name TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    count BIGINT NOT NULL
);
CREATE INDEX mail_limit_by_age ON mail_limit (at, name);
