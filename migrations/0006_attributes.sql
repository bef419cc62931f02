-- Attributes that are to be written into users' profiles. Name and value, as they are to stand on the network, are locked, and gone
-- once they are there.
CREATE TABLE attribute (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'created', 'halted', 'failed')),
    user_id TEXT NOT NULL,
    -- Its row on the network.
    attribute_id TEXT NOT NULL,
    -- What of it is encrypted there for the user.
    sensitive TEXT NOT NULL CHECK (sensitive IN ('none', 'value', 'key_and_value')),
    write_key TEXT NOT NULL,
    locked TEXT,
    halt TEXT,
    waits_until BIGINT,
    tx_hash TEXT,
    tx_height BIGINT,
    -- 1 if a transaction of it may have reached a node.
    was_sent BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX attribute_by_limit ON attribute (waits_until, id) WHERE state = 'halted';
CREATE INDEX attribute_by_key ON attribute (SUBSTR(locked, 4, 8)) WHERE locked IS NOT NULL;
