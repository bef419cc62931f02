-- Access grants: who may read which copy, and until when the owner cannot take that back.

-- The id is derived from grantee, copy and lock, the letter case of the grantee included. Missing values have no
-- part in it: the table refuses them, by the name of their column.
CREATE OR REPLACE ACTION create_access_grant($grantee_wallet_identifier text, $data_id uuid, $locked_until int8,
    $content_hash text, $inserter_type text, $inserter_id text) PRIVATE {
    $owner_id uuid;
    FOR $credential IN SELECT user_id FROM credentials WHERE id = $data_id {
        $owner_id := $credential.user_id;
    }
    IF $owner_id IS NULL {
        error('the credential, that the AG is for, does not exist');
    }
    $id uuid;
    FOR $row IN SELECT uuid_generate_v5('31276fd4-105f-4ff7-9f64-644942c14b79'::uuid,
            coalesce($grantee_wallet_identifier, '') || '-' || coalesce($data_id::text, '') || '-'
            || coalesce($locked_until::text, '')) AS id {
        $id := $row.id;
    }
    FOR $grant IN SELECT id FROM access_grants WHERE id = $id {
        error('a grant with the same grantee, copy_credential_id, and locked_until already exists');
    }
    INSERT INTO access_grants (id, ag_owner_user_id, ag_grantee_wallet_identifier, data_id, locked_until,
            content_hash, height, inserter_type, inserter_id)
        VALUES ($id, $owner_id, $grantee_wallet_identifier, $data_id, $locked_until, $content_hash, @height,
            $inserter_type, $inserter_id);
};

-- The grant alone: the copy stays.
CREATE OR REPLACE ACTION revoke_access_grant($id uuid) PUBLIC {
    capture_gas(0::numeric(6,2));
    $user_id := caller_user();
    $is_found := false;
    FOR $grant IN SELECT locked_until FROM access_grants WHERE id = $id AND ag_owner_user_id = $user_id {
        $is_found := true;
        IF $grant.locked_until >= @block_timestamp {
            error('the grant is locked');
        }
    }
    IF NOT $is_found {
        error('the access grant not found');
    }
    DELETE FROM access_grants WHERE id = $id;
};

CREATE OR REPLACE ACTION has_locked_access_grants($id uuid) PUBLIC VIEW RETURNS (has bool) {
    $user_id := caller_user();
    FOR $grant IN SELECT id FROM access_grants
        WHERE data_id = $id AND ag_owner_user_id = $user_id AND locked_until >= @block_timestamp LIMIT 1 {
        RETURN true;
    }
    RETURN false;
};

CREATE OR REPLACE ACTION get_access_grants_owned() PUBLIC VIEW RETURNS TABLE (id uuid, ag_owner_user_id uuid,
    ag_grantee_wallet_identifier text, data_id uuid, locked_until int8, content_hash text, inserter_type text,
    inserter_id text) {
    $user_id := caller_user();
    RETURN SELECT id, ag_owner_user_id, ag_grantee_wallet_identifier, data_id, locked_until, content_hash,
            inserter_type, inserter_id
        FROM access_grants WHERE ag_owner_user_id = $user_id ORDER BY id;
};

-- A null page or size is not refused: without a size there is no limit, without a page no offset.
CREATE OR REPLACE ACTION get_access_grants_granted($user_id uuid, $page int8, $size int8) PUBLIC VIEW
RETURNS TABLE (id uuid, ag_owner_user_id uuid, ag_grantee_wallet_identifier text, data_id uuid, locked_until int8,
    content_hash text, inserter_type text, inserter_id text) {
    IF $page < 1 {
        error('page has to be a positive integer');
    }
    IF $size < 1 {
        error('size has to be a positive integer');
    }
    RETURN SELECT id, ag_owner_user_id, ag_grantee_wallet_identifier, data_id, locked_until, content_hash,
            inserter_type, inserter_id
        FROM access_grants
        WHERE lower(ag_grantee_wallet_identifier) = lower(@caller)
            AND ($user_id IS NULL OR ag_owner_user_id = $user_id)
        ORDER BY height, id LIMIT $size OFFSET ($page - 1) * $size;
};

CREATE OR REPLACE ACTION get_access_grants_granted_count($user_id uuid) PUBLIC VIEW RETURNS (count int8) {
    RETURN SELECT count(*) AS count FROM access_grants
        WHERE lower(ag_grantee_wallet_identifier) = lower(@caller)
            AND ($user_id IS NULL OR ag_owner_user_id = $user_id);
};

CREATE OR REPLACE ACTION get_access_grants_for_credential($credential_id uuid) PUBLIC VIEW
RETURNS TABLE (id uuid, ag_owner_user_id uuid, ag_grantee_wallet_identifier text, data_id uuid, locked_until int8,
    content_hash text, inserter_type text, inserter_id text) {
    RETURN SELECT id, ag_owner_user_id, ag_grantee_wallet_identifier, data_id, locked_until, content_hash,
            inserter_type, inserter_id
        FROM access_grants
        WHERE data_id = $credential_id AND lower(ag_grantee_wallet_identifier) = lower(@caller) ORDER BY id;
};

CREATE OR REPLACE ACTION dag_message($dag_owner_wallet_identifier text, $dag_grantee_wallet_identifier text,
    $dag_data_id uuid, $dag_locked_until int8, $dag_content_hash text) PUBLIC VIEW RETURNS (message text) {
    RETURN idos.dag_message($dag_owner_wallet_identifier, $dag_grantee_wallet_identifier, $dag_data_id::text,
        $dag_locked_until, $dag_content_hash);
};

-- The caller is not asked for: anybody may bring a grant that the owner signed.
CREATE OR REPLACE ACTION create_ag_by_dag_for_copy($dag_owner_wallet_identifier text,
    $dag_grantee_wallet_identifier text, $dag_data_id uuid, $dag_locked_until int8, $dag_content_hash text,
    $dag_signature text) PUBLIC {
    capture_gas(0::numeric(6,2));
    _, $owner_id, $wallet_type, $public_key := wallet_of($dag_owner_wallet_identifier);
    IF $owner_id IS NULL {
        error('dag_owner not found');
    }
    IF NOT idos.verify_owner($dag_owner_wallet_identifier, $wallet_type, $public_key,
        $dag_grantee_wallet_identifier, $dag_data_id::text, $dag_locked_until, $dag_content_hash, $dag_signature) {
        error('the dag_signature is invalid');
    }
    $is_owned := false;
    FOR $credential IN SELECT id FROM credentials WHERE id = $dag_data_id AND user_id = $owner_id {
        $is_owned := true;
    }
    IF NOT $is_owned {
        error('the data_id does not belong to the owner');
    }
    create_access_grant($dag_grantee_wallet_identifier, $dag_data_id, $dag_locked_until, $dag_content_hash,
        'dag_message', @caller);
};

-- The text of a write grant. Looks at its times and at nothing else.
CREATE OR REPLACE ACTION dwg_message($owner_wallet_identifier text, $grantee_wallet_identifier text,
    $issuer_public_key text, $id uuid, $access_grant_timelock text, $not_usable_before text,
    $not_usable_after text) PUBLIC VIEW RETURNS (message text) {
    idos.parse_date($access_grant_timelock);
    IF NOT idos.validate_not_usable_times($not_usable_before, $not_usable_after) {
        error('not_usable_before must be before not_usable_after');
    }
    RETURN idos.dwg_message($owner_wallet_identifier, $grantee_wallet_identifier, $issuer_public_key, $id::text,
        $access_grant_timelock, $not_usable_before, $not_usable_after);
};
