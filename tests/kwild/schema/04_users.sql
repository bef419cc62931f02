-- Users: inserters add and change them, and they read themselves.

CREATE OR REPLACE ACTION add_user_as_inserter($id uuid, $recipient_encryption_public_key text,
    $encryption_password_store text) PUBLIC {
    capture_gas(0::numeric(6,2));
    $inserter := get_inserter();
    INSERT INTO users (id, recipient_encryption_public_key, encryption_password_store, inserter)
        VALUES ($id, $recipient_encryption_public_key, $encryption_password_store, $inserter);
};

-- Any inserter, any user; an unknown one is passed over in silence.
CREATE OR REPLACE ACTION update_user_pub_key_as_inserter($id uuid, $recipient_encryption_public_key text,
    $encryption_password_store text) PUBLIC {
    capture_gas(0::numeric(6,2));
    get_inserter();
    UPDATE users SET recipient_encryption_public_key = $recipient_encryption_public_key,
        encryption_password_store = $encryption_password_store
        WHERE id = $id;
};

CREATE OR REPLACE ACTION get_user() PUBLIC VIEW RETURNS (id uuid, recipient_encryption_public_key text,
    encryption_password_store text) {
    $user_id := caller_user();
    RETURN SELECT id, recipient_encryption_public_key, encryption_password_store FROM users WHERE id = $user_id;
};

CREATE OR REPLACE ACTION get_user_as_inserter($id uuid) PUBLIC VIEW RETURNS (id uuid,
    recipient_encryption_public_key text, encryption_password_store text, inserter text) {
    get_inserter();
    RETURN SELECT id, recipient_encryption_public_key, encryption_password_store, inserter FROM users
        WHERE id = $id;
};
