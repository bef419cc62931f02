-- The tables of the idOS schema (namespace main), under the names and constraints that PostgreSQL would give
-- them, and below those the tables a node needs for itself. uuids are lower-case dashed text; numeric(78,0) is
-- decimal text; times are unix seconds.

CREATE TABLE IF NOT EXISTS users (
    id TEXT NOT NULL,
    recipient_encryption_public_key TEXT NOT NULL,
    encryption_password_store TEXT NOT NULL,
    inserter TEXT NOT NULL,
    gas_allowance TEXT NOT NULL DEFAULT '100000000000000000000',
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_encryption_password_store_check CHECK (encryption_password_store IN ('user', 'mpc'))
) STRICT;

CREATE TABLE IF NOT EXISTS wallets (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    address TEXT NOT NULL,
    public_key TEXT,
    wallet_type TEXT NOT NULL,
    message TEXT,
    signature TEXT,
    inserter TEXT,
    CONSTRAINT wallets_pkey PRIMARY KEY (id),
    CONSTRAINT wallets_wallet_type_check CHECK (wallet_type IN ('EVM', 'NEAR', 'XRPL', 'Stellar', 'FaceSign')),
    CONSTRAINT wallets_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX IF NOT EXISTS wallets_user_id ON wallets (user_id);
CREATE INDEX IF NOT EXISTS wallets_address_scan ON wallets (address COLLATE NOCASE, wallet_type);
CREATE INDEX IF NOT EXISTS wallets_public_key_scan ON wallets (public_key, wallet_type);

CREATE TABLE IF NOT EXISTS credentials (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    verifiable_credential_id TEXT,
    public_notes TEXT NOT NULL,
    content TEXT, -- null where it lies at the blob gateway
    content_uri TEXT,
    content_size INTEGER,
    encryptor_public_key TEXT NOT NULL,
    issuer_auth_public_key TEXT NOT NULL,
    inserter TEXT, -- the next schema's inserter_id
    inserter_type TEXT,
    issuer_fee TEXT NOT NULL DEFAULT '0',
    uploaded INTEGER NOT NULL DEFAULT 1, -- the node's own: 0 while the blob gateway waits for the content
    CONSTRAINT credentials_pkey PRIMARY KEY (id),
    CONSTRAINT credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX IF NOT EXISTS credentials_user_id ON credentials (user_id);
CREATE INDEX IF NOT EXISTS credentials_vc_id ON credentials (verifiable_credential_id);
CREATE INDEX IF NOT EXISTS credentials_content_uri ON credentials (content_uri);

-- Of the next schema: what the blob gateway waits for, by the id under which it is brought.
CREATE TABLE IF NOT EXISTS preliminary_requests (
    id TEXT NOT NULL,
    original_id TEXT,
    copy_id TEXT,
    CONSTRAINT preliminary_requests_pkey PRIMARY KEY (id),
    CONSTRAINT preliminary_requests_original_id_fkey
        FOREIGN KEY (original_id) REFERENCES credentials (id) ON DELETE SET NULL,
    CONSTRAINT preliminary_requests_copy_id_fkey
        FOREIGN KEY (copy_id) REFERENCES credentials (id) ON DELETE SET NULL
) STRICT;
CREATE INDEX IF NOT EXISTS preliminary_requests_original_id ON preliminary_requests (original_id);
CREATE INDEX IF NOT EXISTS preliminary_requests_copy_id ON preliminary_requests (copy_id);

CREATE TABLE IF NOT EXISTS shared_credentials (
    original_id TEXT NOT NULL,
    copy_id TEXT NOT NULL,
    CONSTRAINT shared_credentials_pkey PRIMARY KEY (original_id, copy_id),
    CONSTRAINT shared_credentials_original_id_fkey
        FOREIGN KEY (original_id) REFERENCES credentials (id) ON DELETE CASCADE,
    CONSTRAINT shared_credentials_copy_id_fkey
        FOREIGN KEY (copy_id) REFERENCES credentials (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX IF NOT EXISTS shared_credentials_copy_id ON shared_credentials (copy_id);

CREATE TABLE IF NOT EXISTS user_attributes (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    attribute_key TEXT NOT NULL,
    value TEXT NOT NULL,
    inserter TEXT,
    CONSTRAINT user_attributes_pkey PRIMARY KEY (id),
    CONSTRAINT user_attributes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX IF NOT EXISTS user_attributes_user_id ON user_attributes (user_id);

CREATE TABLE IF NOT EXISTS shared_user_attributes (
    original_id TEXT NOT NULL,
    copy_id TEXT NOT NULL,
    CONSTRAINT shared_user_attributes_pkey PRIMARY KEY (original_id, copy_id),
    CONSTRAINT shared_user_attributes_original_id_fkey
        FOREIGN KEY (original_id) REFERENCES user_attributes (id) ON DELETE CASCADE,
    CONSTRAINT shared_user_attributes_copy_id_fkey
        FOREIGN KEY (copy_id) REFERENCES user_attributes (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE IF NOT EXISTS inserters (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT inserters_name_key UNIQUE (name), -- SQLite checks what is declared last first, PostgreSQL the key
    CONSTRAINT inserters_pkey PRIMARY KEY (id)
) STRICT;

CREATE TABLE IF NOT EXISTS delegates (
    address TEXT NOT NULL,
    inserter_id TEXT NOT NULL,
    CONSTRAINT delegates_pkey PRIMARY KEY (address),
    CONSTRAINT delegates_inserter_id_fkey FOREIGN KEY (inserter_id) REFERENCES inserters (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE IF NOT EXISTS consumed_write_grants (
    id TEXT NOT NULL,
    owner_wallet_identifier TEXT NOT NULL,
    grantee_wallet_identifier TEXT NOT NULL,
    issuer_public_key TEXT NOT NULL,
    original_credential_id TEXT,
    copy_credential_id TEXT,
    access_grant_timelock TEXT,
    not_usable_before TEXT,
    not_usable_after TEXT,
    CONSTRAINT consumed_write_grants_pkey PRIMARY KEY (id),
    CONSTRAINT consumed_write_grants_original_credential_id_fkey
        FOREIGN KEY (original_credential_id) REFERENCES credentials (id) ON DELETE SET NULL,
    CONSTRAINT consumed_write_grants_copy_credential_id_fkey
        FOREIGN KEY (copy_credential_id) REFERENCES credentials (id) ON DELETE SET NULL
) STRICT;

CREATE TABLE IF NOT EXISTS access_grants (
    id TEXT NOT NULL,
    ag_owner_user_id TEXT NOT NULL,
    ag_grantee_wallet_identifier TEXT NOT NULL,
    data_id TEXT NOT NULL,
    locked_until INTEGER NOT NULL DEFAULT 0,
    content_hash TEXT,
    height INTEGER NOT NULL,
    inserter_type TEXT NOT NULL,
    inserter_id TEXT NOT NULL,
    CONSTRAINT access_grants_pkey PRIMARY KEY (id),
    CONSTRAINT access_grants_ag_owner_user_id_fkey
        FOREIGN KEY (ag_owner_user_id) REFERENCES users (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX IF NOT EXISTS ag_data_id ON access_grants (data_id);
CREATE INDEX IF NOT EXISTS ag_grantee_content_hash
    ON access_grants (ag_grantee_wallet_identifier COLLATE NOCASE, content_hash);
CREATE INDEX IF NOT EXISTS ag_owner_user_id ON access_grants (ag_owner_user_id);

-- The node's own. ----------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS node_meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The last nonce that each account has used.
CREATE TABLE IF NOT EXISTS node_accounts (
    identifier TEXT NOT NULL, -- lower-case hexadecimal of the sender
    key_type TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    PRIMARY KEY (identifier, key_type)
) STRICT;

CREATE TABLE IF NOT EXISTS node_blocks (
    height INTEGER NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    app_hash TEXT NOT NULL,
    timestamp INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS node_transactions (
    hash TEXT NOT NULL PRIMARY KEY,
    height INTEGER NOT NULL REFERENCES node_blocks (height),
    position INTEGER NOT NULL,
    caller TEXT NOT NULL,
    action TEXT NOT NULL, -- '' if the payload could not be read
    body TEXT NOT NULL, -- the transaction as user.broadcast took it, in JSON
    code INTEGER NOT NULL,
    log TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS node_transactions_height ON node_transactions (height, position);
