-- Attributes: plain facts about a user.

CREATE OR REPLACE ACTION add_attribute_as_inserter($id uuid, $user_id uuid, $attribute_key text, $value text)
PUBLIC {
    capture_gas(0::numeric(6,2));
    $inserter := get_inserter();
    INSERT INTO user_attributes (id, user_id, attribute_key, value, inserter)
        VALUES ($id, $user_id, $attribute_key, $value, $inserter);
};

CREATE OR REPLACE ACTION add_attribute($id uuid, $attribute_key text, $value text) PUBLIC {
    capture_gas(0::numeric(6,2));
    $user_id := caller_user();
    INSERT INTO user_attributes (id, user_id, attribute_key, value)
        VALUES ($id, $user_id, $attribute_key, $value);
};

CREATE OR REPLACE ACTION get_attributes() PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid, attribute_key text,
    value text, original_id uuid) {
    $user_id := caller_user();
    RETURN SELECT a.id, a.user_id, a.attribute_key, a.value, s.original_id
        FROM user_attributes AS a LEFT JOIN shared_user_attributes AS s ON a.id = s.copy_id
        WHERE a.user_id = $user_id ORDER BY a.id, s.original_id;
};

CREATE OR REPLACE ACTION edit_attribute($id uuid, $attribute_key text, $value text) PUBLIC {
    capture_gas(0::numeric(6,2));
    $user_id := caller_user();
    FOR $copy IN SELECT a.id AS id FROM user_attributes AS a JOIN shared_user_attributes AS s ON a.id = s.copy_id
        WHERE a.id = $id AND a.user_id = $user_id {
        error('Can not edit shared attribute');
    }
    UPDATE user_attributes SET attribute_key = $attribute_key, value = $value
        WHERE id = $id AND user_id = $user_id;
};

CREATE OR REPLACE ACTION remove_attribute($id uuid) PUBLIC {
    capture_gas(0::numeric(6,2));
    $user_id := caller_user();
    DELETE FROM user_attributes WHERE id = $id AND user_id = $user_id;
};

-- Whose the original is, is not checked.
CREATE OR REPLACE ACTION share_attribute($id uuid, $original_attribute_id uuid, $attribute_key text, $value text)
PUBLIC {
    capture_gas(0::numeric(6,2));
    add_attribute($id, $attribute_key, $value);
    INSERT INTO shared_user_attributes (original_id, copy_id) VALUES ($original_attribute_id, $id);
};
