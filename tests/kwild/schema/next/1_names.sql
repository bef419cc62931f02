-- Upstream's next version: contents lie at a blob gateway, and rows name them. The owner of a network runs this on one of
-- today's version, and then, unless its old actions are to stay, what is in the other file.

ALTER TABLE credentials ALTER COLUMN content DROP NOT NULL;
ALTER TABLE credentials ADD COLUMN content_uri text;
ALTER TABLE credentials ADD COLUMN content_size int8;
ALTER TABLE credentials ADD COLUMN inserter_type text;
UPDATE credentials SET inserter_type = 'delegated_write_grant'
    WHERE inserter IN (SELECT id::text FROM consumed_write_grants);
CREATE INDEX IF NOT EXISTS credentials_content_uri ON credentials (content_uri);

-- What the blob gateway waits for, by the id under which it is brought.
CREATE TABLE IF NOT EXISTS preliminary_requests (
    id uuid PRIMARY KEY,
    original_id uuid REFERENCES credentials (id) ON DELETE SET NULL,
    copy_id uuid REFERENCES credentials (id) ON DELETE SET NULL
);

-- What writes rows ----------------------------------------------------------------------------------------------

CREATE OR REPLACE ACTION create_preliminary_credentials_by_dwg($request_id uuid, $issuer_auth_public_key text,
    $original_encryptor_public_key text, $original_id uuid, $original_content_uri text,
    $original_content_size int8, $original_public_notes text, $original_public_notes_signature text,
    $original_broader_signature text, $copy_encryptor_public_key text, $copy_id uuid, $copy_content_uri text,
    $copy_content_size int8, $copy_public_notes_signature text, $copy_broader_signature text, $content_hash text,
    $dwg_owner text, $dwg_grantee text, $dwg_issuer_public_key text, $dwg_id uuid, $dwg_access_grant_timelock text,
    $dwg_not_before text, $dwg_not_after text, $dwg_signature text) PUBLIC {
    capture_gas(0::numeric(6,2));
    -- What is null is asked for by itself: to the engine, true or null is null.
    IF NOT idos.is_content_uri($original_content_uri) {
        error('original_content_uri must be ipfs:// and a content identifier of version 1');
    }
    IF $original_content_size IS NULL {
        error('original_content_size must be from 1 to 20971520');
    }
    IF $original_content_size < 1 OR $original_content_size > 20971520 {
        error('original_content_size must be from 1 to 20971520');
    }
    IF NOT idos.is_content_uri($copy_content_uri) {
        error('copy_content_uri must be ipfs:// and a content identifier of version 1');
    }
    IF $copy_content_size IS NULL {
        error('copy_content_size must be from 1 to 20971520');
    }
    IF $copy_content_size < 1 OR $copy_content_size > 20971520 {
        error('copy_content_size must be from 1 to 20971520');
    }
    $owner_id, $locked_until := check_write_grant($issuer_auth_public_key, $dwg_owner, $dwg_grantee,
        $dwg_issuer_public_key, $dwg_id, $dwg_access_grant_timelock, $dwg_not_before, $dwg_not_after, $dwg_signature);

    IF NOT idos.assert_reference_signatures($issuer_auth_public_key, $original_public_notes,
        $original_public_notes_signature, $original_content_uri, $original_broader_signature) {
        error('an original credential signature is wrong');
    }
    IF NOT idos.assert_reference_signatures($issuer_auth_public_key, '', $copy_public_notes_signature,
        $copy_content_uri, $copy_broader_signature) {
        error('a copy credential signature is wrong');
    }

    $inserter := $dwg_id::text;
    $verifiable_credential_id := id_in_notes($original_public_notes);
    INSERT INTO credentials (id, user_id, verifiable_credential_id, public_notes, content_uri, content_size,
            encryptor_public_key, issuer_auth_public_key, inserter_type, inserter)
        VALUES ($original_id, $owner_id, $verifiable_credential_id, $original_public_notes, $original_content_uri,
            $original_content_size, $original_encryptor_public_key, $issuer_auth_public_key,
            'delegated_write_grant', $inserter);
    INSERT INTO credentials (id, user_id, public_notes, content_uri, content_size, encryptor_public_key,
            issuer_auth_public_key, inserter_type, inserter)
        VALUES ($copy_id, $owner_id, '', $copy_content_uri, $copy_content_size, $copy_encryptor_public_key,
            $issuer_auth_public_key, 'delegated_write_grant', $inserter);
    use_write_grant($original_id, $copy_id, $locked_until, $content_hash, $dwg_owner, $dwg_grantee,
        $dwg_issuer_public_key, $dwg_id, $dwg_access_grant_timelock, $dwg_not_before, $dwg_not_after);
    INSERT INTO preliminary_requests (id, original_id, copy_id) VALUES ($request_id, $original_id, $copy_id);
};

-- A row of the caller's. The names of nothing are passed on to this, so that both actions below say the same.
CREATE OR REPLACE ACTION add_named_credential($id uuid, $issuer_auth_public_key text, $encryptor_public_key text,
    $content_uri text, $content_size int8, $public_notes text, $public_notes_signature text,
    $broader_signature text) PRIVATE {
    IF NOT idos.assert_reference_signatures($issuer_auth_public_key, $public_notes, $public_notes_signature,
        $content_uri, $broader_signature) {
        error('signature is wrong');
    }
    $verifiable_credential_id := id_in_notes($public_notes);
    $user_id := caller_user();
    INSERT INTO credentials (id, user_id, verifiable_credential_id, public_notes, content_uri, content_size,
            encryptor_public_key, issuer_auth_public_key)
        VALUES ($id, $user_id, $verifiable_credential_id, $public_notes, $content_uri, $content_size,
            $encryptor_public_key, $issuer_auth_public_key);
};

CREATE OR REPLACE ACTION check_content_name($content_uri text, $content_size int8) PRIVATE VIEW {
    IF NOT idos.is_content_uri($content_uri) {
        error('content_uri must be ipfs:// and a content identifier of version 1');
    }
    IF $content_size IS NULL {
        error('content_size must be from 1 to 20971520');
    }
    IF $content_size < 1 OR $content_size > 20971520 {
        error('content_size must be from 1 to 20971520');
    }
};

-- The content's hash is for the owner's own use: there is no grant that would hold it.
CREATE OR REPLACE ACTION create_preliminary_credential($request_id uuid, $credential_id uuid,
    $issuer_auth_public_key text, $encryptor_public_key text, $content_uri text, $content_size int8,
    $content_hash text, $public_notes text, $public_notes_signature text, $broader_signature text) PUBLIC {
    capture_gas(0::numeric(6,2));
    check_content_name($content_uri, $content_size);
    add_named_credential($credential_id, $issuer_auth_public_key, $encryptor_public_key, $content_uri,
        $content_size, $public_notes, $public_notes_signature, $broader_signature);
    INSERT INTO preliminary_requests (id, original_id) VALUES ($request_id, $credential_id);
};

CREATE OR REPLACE ACTION share_preliminary_credential($request_id uuid, $copy_id uuid, $original_id uuid,
    $public_notes text, $public_notes_signature text, $broader_signature text, $content_uri text,
    $content_size int8, $content_hash text, $encryptor_public_key text, $issuer_auth_public_key text,
    $grantee_wallet_identifier text, $locked_until int8) PUBLIC {
    capture_gas(0::numeric(6,2));
    check_content_name($content_uri, $content_size);
    IF NOT credential_belongs_to_caller($original_id) {
        error('original credential does not belong to the caller');
    }
    IF $public_notes != '' {
        error('shared credentials cannot have public_notes, it must be an empty string');
    }
    add_named_credential($copy_id, $issuer_auth_public_key, $encryptor_public_key, $content_uri, $content_size,
        $public_notes, $public_notes_signature, $broader_signature);
    INSERT INTO shared_credentials (original_id, copy_id) VALUES ($original_id, $copy_id);
    create_access_grant($grantee_wallet_identifier, $copy_id, $locked_until, $content_hash, 'user', @caller);
    INSERT INTO preliminary_requests (id, copy_id) VALUES ($request_id, $copy_id);
};

-- What reads them, which in today's version returns other columns -------------------------------------------------

CREATE OR REPLACE ACTION get_credential_shared($id uuid) PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid,
    public_notes text, content text, content_uri text, content_size int8, encryptor_public_key text,
    issuer_auth_public_key text, inserter_type text, inserter_id text) {
    IF NOT credential_exist($id) {
        error('the credential does not exist');
    }
    $is_shared := false;
    FOR $grant IN SELECT id FROM access_grants
        WHERE data_id = $id AND lower(ag_grantee_wallet_identifier) = lower(@caller) LIMIT 1 {
        $is_shared := true;
    }
    IF NOT $is_shared {
        error('the credential is not shared with the caller');
    }
    RETURN SELECT c.id, c.user_id, o.public_notes, c.content, c.content_uri, c.content_size,
            c.encryptor_public_key, c.issuer_auth_public_key, c.inserter_type, c.inserter AS inserter_id
        FROM credentials AS c LEFT JOIN shared_credentials AS s ON c.id = s.copy_id
            LEFT JOIN credentials AS o ON s.original_id = o.id
        WHERE c.id = $id ORDER BY s.original_id;
};

CREATE OR REPLACE ACTION get_credentials_shared_by_user($user_id uuid, $original_issuer_auth_public_key text)
PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid, public_notes text, encryptor_public_key text,
    issuer_auth_public_key text, inserter_type text, inserter_id text, original_id uuid) {
    RETURN SELECT DISTINCT c.id AS id, c.user_id AS user_id, o.public_notes AS public_notes,
            c.encryptor_public_key AS encryptor_public_key, c.issuer_auth_public_key AS issuer_auth_public_key,
            c.inserter_type AS inserter_type, c.inserter AS inserter_id, s.original_id AS original_id
        FROM credentials AS c JOIN access_grants AS g ON c.id = g.data_id
            JOIN shared_credentials AS s ON c.id = s.copy_id
            JOIN credentials AS o ON s.original_id = o.id
        WHERE c.user_id = $user_id AND lower(g.ag_grantee_wallet_identifier) = lower(@caller)
            AND ($original_issuer_auth_public_key IS NULL
                OR o.issuer_auth_public_key = $original_issuer_auth_public_key)
        ORDER BY c.id, s.original_id;
};

CREATE OR REPLACE ACTION get_credentials() PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid, public_notes text,
    content_uri text, content_size int8, issuer_auth_public_key text, inserter_type text, inserter_id text,
    original_id uuid) {
    $user_id := caller_user();
    RETURN SELECT c.id, c.user_id, c.public_notes, c.content_uri, c.content_size, c.issuer_auth_public_key,
            c.inserter_type, c.inserter AS inserter_id, s.original_id
        FROM credentials AS c LEFT JOIN shared_credentials AS s ON c.id = s.copy_id
        WHERE c.user_id = $user_id ORDER BY c.id, s.original_id;
};

CREATE OR REPLACE ACTION get_credential_owned($id uuid) PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid,
    public_notes text, content text, content_uri text, content_size int8, encryptor_public_key text,
    issuer_auth_public_key text, inserter_type text, inserter_id text) {
    $user_id := caller_user();
    RETURN SELECT id, user_id, public_notes, content, content_uri, content_size, encryptor_public_key,
            issuer_auth_public_key, inserter_type, inserter AS inserter_id
        FROM credentials WHERE id = $id AND user_id = $user_id;
};
