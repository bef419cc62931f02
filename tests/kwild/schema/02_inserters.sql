-- Inserters, the organisations that may write for others, and their delegates, the keys that do it.

CREATE OR REPLACE ACTION add_inserter_as_owner($id uuid, $name text) OWNER PUBLIC {
    INSERT INTO inserters (id, name) VALUES ($id, $name);
};

CREATE OR REPLACE ACTION delete_inserter_as_owner($id uuid) OWNER PUBLIC {
    DELETE FROM inserters WHERE id = $id;
};

CREATE OR REPLACE ACTION add_delegate_as_owner($address text, $inserter_id uuid) OWNER PUBLIC {
    INSERT INTO delegates (address, inserter_id) VALUES (lower($address), $inserter_id);
};

-- Takes the address as it is stored, and does not lower it: idOS does not either.
CREATE OR REPLACE ACTION delete_delegate_as_owner($address text) OWNER PUBLIC {
    DELETE FROM delegates WHERE address = $address;
};

-- Compares exactly. Callers with an EVM key are in mixed case, delegates in lower case: such a key inserts nothing.
CREATE OR REPLACE ACTION get_inserter_or_null() PRIVATE VIEW RETURNS (name text) {
    FOR $row IN SELECT i.name AS name
        FROM delegates AS d JOIN inserters AS i ON d.inserter_id = i.id
        WHERE d.address = @caller {
        RETURN $row.name;
    }
    RETURN NULL;
};

CREATE OR REPLACE ACTION get_inserter() PRIVATE VIEW RETURNS (name text) {
    $name := get_inserter_or_null();
    IF $name IS NULL {
        error('Unauthorized inserter');
    }
    RETURN $name;
};
