-- What somebody who works at the console has proposed, and waits for a second person: console.four_eyes.
CREATE TABLE proposal (
    id TEXT NOT NULL PRIMARY KEY,
    -- What is to be done: invite_staff, change_staff, reset_staff, remove_staff, make_key, revoke_key.
    act TEXT NOT NULL,
    -- To whom or what: a login name, the id of staff, a client, or the id of a key.
    subject TEXT NOT NULL,
    -- What it takes besides: role and client; scopes and days; whose key it is.
    detail TEXT NOT NULL,
    -- The id of whoever has proposed it.
    proposed_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- The same is proposed once.
    UNIQUE (act, subject, detail)
);
CREATE INDEX proposal_by_end ON proposal (expires_at, id);
