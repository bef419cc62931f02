-- Credentials. Signatures are checked when they are written, and not kept.

CREATE OR REPLACE ACTION credential_exist($id uuid) PRIVATE VIEW RETURNS (credential_exist bool) {
    FOR $credential IN SELECT id FROM credentials WHERE id = $id {
        RETURN true;
    }
    RETURN false;
};

CREATE OR REPLACE ACTION credential_belongs_to_caller($id uuid) PRIVATE VIEW RETURNS (belongs bool) {
    $user_id := caller_user();
    FOR $credential IN SELECT id FROM credentials WHERE id = $id AND user_id = $user_id {
        RETURN true;
    }
    RETURN false;
};

-- The id in the notes; null if they have none.
CREATE OR REPLACE ACTION id_in_notes($public_notes text) PRIVATE VIEW RETURNS (id text) {
    $id := idos.get_verifiable_credential_id($public_notes);
    IF $id = '' {
        $id := NULL;
    }
    RETURN $id;
};

-- What issuers do -----------------------------------------------------------------------------------------------

-- Neither that the caller's key is the one that signed nor that an existing row is the caller's is checked.
CREATE OR REPLACE ACTION upsert_credential_as_inserter($id uuid, $user_id uuid, $issuer_auth_public_key text,
    $encryptor_public_key text, $content text, $public_notes text, $public_notes_signature text,
    $broader_signature text) PUBLIC {
    capture_gas(0::numeric(6,2));
    $inserter := get_inserter();
    IF NOT idos.assert_credential_signatures($issuer_auth_public_key, $public_notes, $public_notes_signature,
        $content, $broader_signature) {
        error('signature is wrong');
    }
    $verifiable_credential_id := id_in_notes($public_notes);
    INSERT INTO credentials (id, user_id, verifiable_credential_id, public_notes, content, encryptor_public_key,
            issuer_auth_public_key, inserter)
        VALUES ($id, $user_id, $verifiable_credential_id, $public_notes, $content, $encryptor_public_key,
            $issuer_auth_public_key, $inserter)
        ON CONFLICT (id) DO UPDATE SET user_id = $user_id,
            verifiable_credential_id = $verifiable_credential_id, public_notes = $public_notes,
            content = $content, encryptor_public_key = $encryptor_public_key,
            issuer_auth_public_key = $issuer_auth_public_key, inserter = $inserter;
};

-- Whether a user's grant permits to write for them: who they are, and until when they cannot take back what they grant.
CREATE OR REPLACE ACTION check_write_grant($issuer_auth_public_key text, $dwg_owner text, $dwg_grantee text,
    $dwg_issuer_public_key text, $dwg_id uuid, $dwg_access_grant_timelock text, $dwg_not_before text,
    $dwg_not_after text, $dwg_signature text) PRIVATE VIEW RETURNS (owner_id uuid, locked_until int8) {
    $is_delegate := false;
    FOR $delegate IN SELECT d1.address AS address
        FROM delegates AS d1 JOIN delegates AS d2 ON d1.inserter_id = d2.inserter_id
        WHERE d1.address = lower($issuer_auth_public_key) AND d2.address = lower($dwg_issuer_public_key) {
        $is_delegate := true;
    }
    IF NOT $is_delegate {
        error('credentials issuer must be an issuer of delegated write grant');
    }

    _, $owner_id, $wallet_type, $public_key := wallet_of($dwg_owner);
    IF $owner_id IS NULL {
        error('dwg_owner not found');
    }

    $locked_until := idos.parse_date($dwg_access_grant_timelock);
    IF NOT idos.validate_not_usable_times($dwg_not_before, $dwg_not_after) {
        error('dwg_not_before must be before dwg_not_after');
    }
    -- Blocks may lag behind clocks: a grant that begins within the next 65 seconds is taken.
    IF idos.parse_date($dwg_not_before) > @block_timestamp + 65
        OR @block_timestamp > idos.parse_date($dwg_not_after) {
        error('this write grant can only be used after dwg_not_before and before dwg_not_after');
    }
    IF NOT idos.dwg_verify_owner($dwg_owner, $wallet_type, $public_key, $dwg_grantee, $dwg_issuer_public_key,
        $dwg_id::text, $dwg_access_grant_timelock, $dwg_not_before, $dwg_not_after, $dwg_signature) {
        error('verify owner failed');
    }
    RETURN $owner_id, $locked_until;
};

-- What goes with an original and a copy that were written by a grant, which is used up by that.
CREATE OR REPLACE ACTION use_write_grant($original_id uuid, $copy_id uuid, $locked_until int8, $content_hash text,
    $dwg_owner text, $dwg_grantee text, $dwg_issuer_public_key text, $dwg_id uuid, $dwg_access_grant_timelock text,
    $dwg_not_before text, $dwg_not_after text) PRIVATE {
    INSERT INTO shared_credentials (original_id, copy_id) VALUES ($original_id, $copy_id);
    create_access_grant($dwg_grantee, $copy_id, $locked_until, $content_hash, 'delegated_write_grant', $dwg_id::text);
    INSERT INTO consumed_write_grants (id, owner_wallet_identifier, grantee_wallet_identifier, issuer_public_key,
            original_credential_id, copy_credential_id, access_grant_timelock, not_usable_before, not_usable_after)
        VALUES ($dwg_id, $dwg_owner, $dwg_grantee, $dwg_issuer_public_key, $original_id, $copy_id,
            $dwg_access_grant_timelock, $dwg_not_before, $dwg_not_after);
};

-- An original and its copy by a user's grant. The caller is not asked for: anybody may bring a valid set.
CREATE OR REPLACE ACTION create_credentials_by_dwg($issuer_auth_public_key text,
    $original_encryptor_public_key text, $original_credential_id uuid, $original_content text,
    $original_public_notes text, $original_public_notes_signature text, $original_broader_signature text,
    $copy_encryptor_public_key text, $copy_credential_id uuid, $copy_content text,
    $copy_public_notes_signature text, $copy_broader_signature text, $content_hash text, $dwg_owner text,
    $dwg_grantee text, $dwg_issuer_public_key text, $dwg_id uuid, $dwg_access_grant_timelock text,
    $dwg_not_before text, $dwg_not_after text, $dwg_signature text) PUBLIC {
    capture_gas(0::numeric(6,2));
    $owner_id, $locked_until := check_write_grant($issuer_auth_public_key, $dwg_owner, $dwg_grantee,
        $dwg_issuer_public_key, $dwg_id, $dwg_access_grant_timelock, $dwg_not_before, $dwg_not_after, $dwg_signature);

    IF NOT idos.assert_credential_signatures($issuer_auth_public_key, $original_public_notes,
        $original_public_notes_signature, $original_content, $original_broader_signature) {
        error('an original credential signature is wrong');
    }
    IF NOT idos.assert_credential_signatures($issuer_auth_public_key, '', $copy_public_notes_signature,
        $copy_content, $copy_broader_signature) {
        error('a copy credential signature is wrong');
    }

    -- The inserter of both is the grant, not the issuer.
    $inserter := $dwg_id::text;
    $verifiable_credential_id := id_in_notes($original_public_notes);
    INSERT INTO credentials (id, user_id, verifiable_credential_id, public_notes, content, encryptor_public_key,
            issuer_auth_public_key, inserter)
        VALUES ($original_credential_id, $owner_id, $verifiable_credential_id, $original_public_notes,
            $original_content, $original_encryptor_public_key, $issuer_auth_public_key, $inserter);
    INSERT INTO credentials (id, user_id, public_notes, content, encryptor_public_key, issuer_auth_public_key,
            inserter)
        VALUES ($copy_credential_id, $owner_id, '', $copy_content, $copy_encryptor_public_key,
            $issuer_auth_public_key, $inserter);
    use_write_grant($original_credential_id, $copy_credential_id, $locked_until, $content_hash, $dwg_owner,
        $dwg_grantee, $dwg_issuer_public_key, $dwg_id, $dwg_access_grant_timelock, $dwg_not_before, $dwg_not_after);
};

-- Whoever has the key that a credential was issued with may change its notes: every credential of that key with
-- this id in its notes. The id by which they are found stays, whatever the new notes say.
CREATE OR REPLACE ACTION edit_public_notes_as_issuer($public_notes_id text, $public_notes text) PUBLIC {
    capture_gas(0::numeric(6,2));
    UPDATE credentials SET public_notes = $public_notes
        WHERE issuer_auth_public_key = @caller AND verifiable_credential_id = $public_notes_id;
};

CREATE OR REPLACE ACTION credential_exist_as_inserter($id uuid) PUBLIC VIEW RETURNS (credential_exist bool) {
    get_inserter();
    RETURN credential_exist($id);
};

-- What those do with whom a credential is shared ----------------------------------------------------------------

-- The copy, with the notes of its original: null if that is gone.
CREATE OR REPLACE ACTION get_credential_shared($id uuid) PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid,
    public_notes text, content text, encryptor_public_key text, issuer_auth_public_key text, inserter text) {
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
    RETURN SELECT c.id, c.user_id, o.public_notes, c.content, c.encryptor_public_key, c.issuer_auth_public_key,
            c.inserter
        FROM credentials AS c LEFT JOIN shared_credentials AS s ON c.id = s.copy_id
            LEFT JOIN credentials AS o ON s.original_id = o.id
        WHERE c.id = $id ORDER BY s.original_id;
};

-- Copies whose original is still there, with the original's notes. The issuer, if one is given, is the original's.
CREATE OR REPLACE ACTION get_credentials_shared_by_user($user_id uuid, $original_issuer_auth_public_key text)
PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid, public_notes text, encryptor_public_key text,
    issuer_auth_public_key text, inserter text, original_id uuid) {
    RETURN SELECT DISTINCT c.id AS id, c.user_id AS user_id, o.public_notes AS public_notes,
            c.encryptor_public_key AS encryptor_public_key, c.issuer_auth_public_key AS issuer_auth_public_key,
            c.inserter AS inserter, s.original_id AS original_id
        FROM credentials AS c JOIN access_grants AS g ON c.id = g.data_id
            JOIN shared_credentials AS s ON c.id = s.copy_id
            JOIN credentials AS o ON s.original_id = o.id
        WHERE c.user_id = $user_id AND lower(g.ag_grantee_wallet_identifier) = lower(@caller)
            AND ($original_issuer_auth_public_key IS NULL
                OR o.issuer_auth_public_key = $original_issuer_auth_public_key)
        ORDER BY c.id, s.original_id;
};

CREATE OR REPLACE ACTION get_sibling_credential_id($content_hash text) PUBLIC VIEW RETURNS (id uuid) {
    RETURN SELECT c.id FROM credentials AS c JOIN access_grants AS g ON c.id = g.data_id
        WHERE g.content_hash = $content_hash AND lower(g.ag_grantee_wallet_identifier) = lower(@caller)
        ORDER BY c.id LIMIT 1;
};

-- Removes the copy and every grant for it, locked or not.
CREATE OR REPLACE ACTION rescind_shared_credential($credential_id uuid) PUBLIC {
    capture_gas(0::numeric(6,2));
    $is_shared := false;
    FOR $copy IN SELECT c.id AS id FROM credentials AS c JOIN access_grants AS g ON c.id = g.data_id
            JOIN shared_credentials AS s ON c.id = s.copy_id
            JOIN credentials AS o ON s.original_id = o.id
        WHERE c.id = $credential_id AND lower(g.ag_grantee_wallet_identifier) = lower(@caller) {
        $is_shared := true;
    }
    IF NOT $is_shared {
        error('can not find the credential shared to you');
    }
    DELETE FROM credentials WHERE id = $credential_id;
    DELETE FROM access_grants WHERE data_id = $credential_id;
};

-- What users do with their own ----------------------------------------------------------------------------------

-- Copies included, without content.
CREATE OR REPLACE ACTION get_credentials() PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid, public_notes text,
    issuer_auth_public_key text, inserter text, original_id uuid) {
    $user_id := caller_user();
    RETURN SELECT c.id, c.user_id, c.public_notes, c.issuer_auth_public_key, c.inserter, s.original_id
        FROM credentials AS c LEFT JOIN shared_credentials AS s ON c.id = s.copy_id
        WHERE c.user_id = $user_id ORDER BY c.id, s.original_id;
};

CREATE OR REPLACE ACTION get_credential_owned($id uuid) PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid,
    public_notes text, content text, encryptor_public_key text, issuer_auth_public_key text, inserter text) {
    $user_id := caller_user();
    RETURN SELECT id, user_id, public_notes, content, encryptor_public_key, issuer_auth_public_key, inserter
        FROM credentials WHERE id = $id AND user_id = $user_id;
};

CREATE OR REPLACE ACTION add_credential($id uuid, $issuer_auth_public_key text, $encryptor_public_key text,
    $content text, $public_notes text, $public_notes_signature text, $broader_signature text) PUBLIC {
    capture_gas(0::numeric(6,2));
    IF NOT idos.assert_credential_signatures($issuer_auth_public_key, $public_notes, $public_notes_signature,
        $content, $broader_signature) {
        error('signature is wrong');
    }
    $verifiable_credential_id := id_in_notes($public_notes);
    $user_id := caller_user();
    INSERT INTO credentials (id, user_id, verifiable_credential_id, public_notes, content, encryptor_public_key,
            issuer_auth_public_key)
        VALUES ($id, $user_id, $verifiable_credential_id, $public_notes, $content, $encryptor_public_key,
            $issuer_auth_public_key);
};

-- Neither what is granted to somebody nor a copy can be edited. Somebody else's is passed over in silence.
CREATE OR REPLACE ACTION edit_credential($id uuid, $public_notes text, $public_notes_signature text,
    $broader_signature text, $content text, $encryptor_public_key text, $issuer_auth_public_key text) PUBLIC {
    capture_gas(0::numeric(6,2));
    $user_id := caller_user();
    FOR $grant IN SELECT id FROM access_grants WHERE data_id = $id LIMIT 1 {
        error('can not edit shared credential');
    }
    FOR $copy IN SELECT c.id AS id FROM credentials AS c JOIN shared_credentials AS s ON c.id = s.copy_id
        WHERE c.id = $id AND c.user_id = $user_id {
        error('can not edit shared credential');
    }
    IF NOT idos.assert_credential_signatures($issuer_auth_public_key, $public_notes, $public_notes_signature,
        $content, $broader_signature) {
        error('signature is wrong');
    }
    $verifiable_credential_id := id_in_notes($public_notes);
    UPDATE credentials SET verifiable_credential_id = $verifiable_credential_id, public_notes = $public_notes,
        content = $content, encryptor_public_key = $encryptor_public_key,
        issuer_auth_public_key = $issuer_auth_public_key
        WHERE id = $id AND user_id = $user_id;
};

-- Removing an original leaves its copies and the grants for them.
CREATE OR REPLACE ACTION remove_credential($id uuid) PUBLIC {
    capture_gas(0::numeric(6,2));
    IF NOT credential_belongs_to_caller($id) {
        error('the credential does not belong to the caller');
    }
    IF has_locked_access_grants($id) {
        error('there are locked access grants for this credential');
    }
    DELETE FROM credentials WHERE id = $id;
    DELETE FROM access_grants WHERE data_id = $id;
};

CREATE OR REPLACE ACTION share_credential($id uuid, $original_credential_id uuid, $public_notes text,
    $public_notes_signature text, $broader_signature text, $content text, $content_hash text,
    $encryptor_public_key text, $issuer_auth_public_key text, $grantee_wallet_identifier text,
    $locked_until int8) PUBLIC {
    capture_gas(0::numeric(6,2));
    IF NOT credential_belongs_to_caller($original_credential_id) {
        error('original credential does not belong to the caller');
    }
    IF $public_notes != '' {
        error('shared credentials cannot have public_notes, it must be an empty string');
    }
    add_credential($id, $issuer_auth_public_key, $encryptor_public_key, $content, $public_notes,
        $public_notes_signature, $broader_signature);
    INSERT INTO shared_credentials (original_id, copy_id) VALUES ($original_credential_id, $id);
    create_access_grant($grantee_wallet_identifier, $id, $locked_until, $content_hash, 'user', @caller);
};
