-- What staff look at: numbers of each day, what is brought on in bulk, and the indexes by which all of one user is found.

-- How often something happened on a day. Counted from the audit chain, up to the entry that is recorded as `numbers_counted`; nothing
-- of it is about a person.
CREATE TABLE daily (
    -- `*` stands for all clients together.
    client TEXT NOT NULL,
    -- The beginning of the day in UTC.
    day BIGINT NOT NULL,
    what TEXT NOT NULL,
    count BIGINT NOT NULL
);
CREATE UNIQUE INDEX daily_of_client ON daily (client, day, what);
CREATE INDEX daily_by_day ON daily (day, client);

-- What has stopped for one reason and is brought on, record by record, by the background work. Ids, codes, counts.
CREATE TABLE bulk_resume (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    -- What has stopped, and why.
    what TEXT NOT NULL,
    code TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped')),
    -- By whose word, as the audit chain has it.
    actor TEXT NOT NULL,
    -- How many there were at the beginning, if they could be counted: no more than 1001 are.
    total BIGINT NOT NULL,
    resumed BIGINT NOT NULL,
    -- How many did not go on: each says by itself why.
    remaining BIGINT NOT NULL,
    -- The place behind which it goes on, by when each has stopped.
    place_at BIGINT NOT NULL,
    place_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX bulk_resume_by_age ON bulk_resume (created_at, id);
-- One at a time for what is the same.
CREATE UNIQUE INDEX bulk_resume_once ON bulk_resume (client, what, code) WHERE state = 'running';

-- What has stopped, by client and reason. Of an expression (`|| ''`): another index of what has stopped would tempt PostgreSQL to read
-- all of that.
CREATE INDEX issuance_stopped_for ON issuance ((client || '/' || halt || '/' || state), updated_at, id)
    WHERE halt IS NOT NULL AND state || '' IN ('halted', 'issued');
CREATE INDEX profile_stopped_for ON profile ((client || '/' || halt || '/' || SUBSTR(id, 1, 3)), updated_at, id)
    WHERE state = 'halted' AND halt IS NOT NULL;
CREATE INDEX attribute_stopped_for ON attribute ((client || '/' || halt), updated_at, id)
    WHERE state = 'halted' AND halt IS NOT NULL;

-- All of one user, whichever client's. A client's are few among them.
CREATE INDEX issuance_of_user ON issuance (user_id, created_at, id);
CREATE INDEX profile_of_user ON profile (user_id, created_at, id);
CREATE INDEX attribute_of_user ON attribute (user_id, created_at, id);
CREATE INDEX verification_of_user ON verification (user_id, created_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX wallet_link_of_user ON wallet_link (user_id, created_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX claim_of_user ON claim (user_id, created_at, id);

-- What a consumer or a block explorer names.
CREATE INDEX issuance_by_original ON issuance (original_id);
CREATE INDEX issuance_by_copy ON issuance (copy_id);
CREATE INDEX issuance_by_transaction ON issuance (tx_hash) WHERE tx_hash IS NOT NULL;
CREATE INDEX profile_by_transaction ON profile (tx_hash) WHERE tx_hash IS NOT NULL;
CREATE INDEX attribute_by_transaction ON attribute (tx_hash) WHERE tx_hash IS NOT NULL;
CREATE INDEX attribute_by_row ON attribute (attribute_id);
CREATE INDEX job_by_transaction ON job (tx_hash) WHERE tx_hash IS NOT NULL;

-- Notices of one client, by when they are or were due.
CREATE INDEX notice_of_client ON notice ((client || '/' || state), due_at, id);
