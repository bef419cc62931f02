-- The tables of the namespace main.
--
-- Constraints have no names of their own: those that PostgreSQL gives them are part of the texts that clients see.

CREATE TABLE IF NOT EXISTS users (
    id uuid PRIMARY KEY,
    recipient_encryption_public_key text NOT NULL,
    encryption_password_store text NOT NULL CHECK (encryption_password_store IN ('user', 'mpc')),
    inserter text NOT NULL,
    gas_allowance numeric(78,0) NOT NULL DEFAULT '100000000000000000000'::numeric(78,0)
);

CREATE TABLE IF NOT EXISTS wallets (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address text NOT NULL,
    public_key text,
    wallet_type text NOT NULL CHECK (wallet_type IN ('EVM', 'NEAR', 'XRPL', 'Stellar', 'FaceSign')),
    message text,
    signature text,
    inserter text
);
CREATE INDEX IF NOT EXISTS wallets_user_id ON wallets (user_id);
CREATE INDEX IF NOT EXISTS wallets_address_scan ON wallets (address, wallet_type);
CREATE INDEX IF NOT EXISTS wallets_public_key_scan ON wallets (public_key, wallet_type);

CREATE TABLE IF NOT EXISTS credentials (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    verifiable_credential_id text,
    public_notes text NOT NULL,
    content text NOT NULL,
    encryptor_public_key text NOT NULL,
    issuer_auth_public_key text NOT NULL,
    inserter text,
    issuer_fee numeric(78,0) NOT NULL DEFAULT 0::numeric(78,0)
);
CREATE INDEX IF NOT EXISTS credentials_user_id ON credentials (user_id);
CREATE INDEX IF NOT EXISTS credentials_vc_id ON credentials (verifiable_credential_id);

-- Which credential holds, encrypted for somebody else, the same as which other.
CREATE TABLE IF NOT EXISTS shared_credentials (
    original_id uuid NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    copy_id uuid NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    PRIMARY KEY (original_id, copy_id)
);
CREATE INDEX IF NOT EXISTS shared_credentials_copy_id ON shared_credentials (copy_id);

CREATE TABLE IF NOT EXISTS user_attributes (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    attribute_key text NOT NULL,
    value text NOT NULL,
    inserter text
);
CREATE INDEX IF NOT EXISTS user_attributes_user_id ON user_attributes (user_id);

CREATE TABLE IF NOT EXISTS shared_user_attributes (
    original_id uuid NOT NULL REFERENCES user_attributes (id) ON DELETE CASCADE,
    copy_id uuid NOT NULL REFERENCES user_attributes (id) ON DELETE CASCADE,
    PRIMARY KEY (original_id, copy_id)
);

CREATE TABLE IF NOT EXISTS inserters (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE
);

-- The keys that act for an inserter, in lower case.
CREATE TABLE IF NOT EXISTS delegates (
    address text PRIMARY KEY,
    inserter_id uuid NOT NULL REFERENCES inserters (id) ON DELETE CASCADE
);

-- A write grant can be used once: its id stays here.
CREATE TABLE IF NOT EXISTS consumed_write_grants (
    id uuid PRIMARY KEY,
    owner_wallet_identifier text NOT NULL,
    grantee_wallet_identifier text NOT NULL,
    issuer_public_key text NOT NULL,
    original_credential_id uuid REFERENCES credentials (id) ON DELETE SET NULL,
    copy_credential_id uuid REFERENCES credentials (id) ON DELETE SET NULL,
    access_grant_timelock text,
    not_usable_before text,
    not_usable_after text
);

-- data_id is the copy's, and no foreign key: grants may outlive what they are for.
CREATE TABLE IF NOT EXISTS access_grants (
    id uuid PRIMARY KEY,
    ag_owner_user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    ag_grantee_wallet_identifier text NOT NULL,
    data_id uuid NOT NULL,
    locked_until int8 NOT NULL DEFAULT 0,
    content_hash text,
    height int8 NOT NULL,
    inserter_type text NOT NULL,
    inserter_id text NOT NULL
);
CREATE INDEX IF NOT EXISTS ag_data_id ON access_grants (data_id);
CREATE INDEX IF NOT EXISTS ag_grantee_content_hash ON access_grants (ag_grantee_wallet_identifier, content_hash);
CREATE INDEX IF NOT EXISTS ag_owner_user_id ON access_grants (ag_owner_user_id);

-- Everybody may call actions and nobody but the owner may read the tables.
REVOKE IF GRANTED SELECT ON main FROM default;
