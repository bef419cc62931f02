-- The person's own page: visits, and the cases that people have opened there themselves. Who somebody is lies locked, for as long as the
-- visit lasts; of the link and of the cookie there are hashes.
CREATE TABLE visit (
    id TEXT NOT NULL PRIMARY KEY,
    -- By what it is known who it is: mail or wallet.
    way TEXT NOT NULL CHECK (way IN ('mail', 'wallet')),
    -- The address or the idOS user, locked; nothing while a wallet has not signed yet.
    locked TEXT,
    -- The link of the mail: SHA-256 of the part that nobody can guess. It goes when it is followed.
    link_hash TEXT UNIQUE,
    -- The cookie: SHA-256 of what it holds. Without it, nothing is open yet.
    hash TEXT UNIQUE,
    ends_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX visit_by_end ON visit (ends_at, id);
CREATE INDEX visit_by_key ON visit (SUBSTR(locked, 4, 8)) WHERE locked IS NOT NULL;

-- The records that a visit is about: it ends when one of them is erased.
CREATE TABLE visit_record (
    visit_id TEXT NOT NULL REFERENCES visit (id) ON DELETE CASCADE,
    record_id TEXT NOT NULL,
    PRIMARY KEY (visit_id, record_id)
);
CREATE INDEX visit_record_by_record ON visit_record (record_id);

-- Which request to erase a person has made on the page, about which record: they are shown what became of it.
CREATE TABLE asked_erasure (
    record_id TEXT NOT NULL,
    case_id TEXT NOT NULL REFERENCES erasure_case (id),
    PRIMARY KEY (record_id, case_id)
);
