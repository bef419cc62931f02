-- Wallets, and which user an identifier means.
--
-- Where letter case does not matter, lower() is asked, which goes by the locale of the database: it must be the same on
-- all validators.

-- The wallet that an identifier means: one row always, of nulls if there is none.
CREATE OR REPLACE ACTION wallet_of($identifier text) PRIVATE VIEW
RETURNS (id uuid, user_id uuid, wallet_type text, public_key text) {
    FOR $wallet IN SELECT id, user_id, wallet_type, public_key FROM wallets
        WHERE (wallet_type = 'EVM' AND lower(address) = lower($identifier))
            OR (wallet_type IN ('XRPL', 'Stellar') AND address = $identifier)
            OR (wallet_type IN ('NEAR', 'FaceSign') AND public_key = $identifier)
        ORDER BY id LIMIT 1 {
        RETURN $wallet.id, $wallet.user_id, $wallet.wallet_type, $wallet.public_key;
    }
    RETURN NULL, NULL, NULL, NULL;
};

-- The caller's user; null if the caller has none, which no comparison is true of and no table takes.
CREATE OR REPLACE ACTION caller_user() PRIVATE VIEW RETURNS (user_id uuid) {
    _, $user_id, _, _ := wallet_of(@caller);
    RETURN $user_id;
};

-- Knows addresses, of wallets of any type, and no public keys.
CREATE OR REPLACE ACTION has_profile($address text) PUBLIC VIEW RETURNS (has_profile bool) {
    FOR $wallet IN SELECT id FROM wallets WHERE lower(address) = lower($address) LIMIT 1 {
        RETURN true;
    }
    RETURN false;
};

-- What both ways to write a wallet check first, in this order.
CREATE OR REPLACE ACTION check_wallet($id uuid, $address text, $public_key text, $wallet_type text, $message text,
    $signature text) PRIVATE VIEW {
    IF $wallet_type != 'EVM' AND $wallet_type != 'NEAR' AND $wallet_type != 'XRPL' AND $wallet_type != 'Stellar'
        AND $wallet_type != 'FaceSign' {
        error('unsupported wallet type');
    }
    IF NOT idos.is_wallet_valid($address, $public_key, $wallet_type, $message, $signature) {
        error('wallet is invalid');
    }
    IF $wallet_type != 'EVM' {
        IF $public_key IS NULL {
            error('wallet require a public_key to be given');
        }
        FOR $other IN SELECT id FROM wallets
            WHERE id != $id AND wallet_type IN ('NEAR', 'Stellar', 'XRPL', 'FaceSign') AND public_key = $public_key
            LIMIT 1 {
            error('wallet public key already exists in idos');
        }
    }
    -- The address of a NEAR wallet is a name that anybody can claim to know; that of FaceSign is its key.
    IF $wallet_type = 'EVM' OR $wallet_type = 'XRPL' OR $wallet_type = 'Stellar' {
        FOR $other IN SELECT id FROM wallets
            WHERE id != $id AND ((wallet_type = 'EVM' AND lower(address) = lower($address))
                OR (wallet_type IN ('XRPL', 'Stellar') AND address = $address))
            LIMIT 1 {
            error('wallet address already exists in idos');
        }
    }
};

-- Asks who the caller is only after all that; an empty public key stays empty.
CREATE OR REPLACE ACTION upsert_wallet_as_inserter($id uuid, $user_id uuid, $address text, $public_key text,
    $wallet_type text, $message text, $signature text) PUBLIC {
    capture_gas(0::numeric(6,2));
    check_wallet($id, $address, $public_key, $wallet_type, $message, $signature);
    $inserter := get_inserter();
    INSERT INTO wallets (id, user_id, address, public_key, wallet_type, message, signature, inserter)
        VALUES ($id, $user_id, $address, $public_key, $wallet_type, $message, $signature, $inserter)
        ON CONFLICT (id) DO UPDATE SET user_id = $user_id, address = $address, public_key = $public_key,
            wallet_type = $wallet_type, message = $message, signature = $signature, inserter = $inserter;
};

CREATE OR REPLACE ACTION add_wallet($id uuid, $address text, $public_key text, $wallet_type text, $message text,
    $signature text) PUBLIC {
    capture_gas(0::numeric(6,2));
    check_wallet($id, $address, $public_key, $wallet_type, $message, $signature);
    IF $public_key = '' {
        $public_key := NULL;
    }
    $user_id := caller_user();
    INSERT INTO wallets (id, user_id, address, public_key, wallet_type, message, signature)
        VALUES ($id, $user_id, $address, $public_key, $wallet_type, $message, $signature);
};

CREATE OR REPLACE ACTION get_wallets() PUBLIC VIEW RETURNS TABLE (id uuid, user_id uuid, address text,
    public_key text, wallet_type text, message text, signature text, inserter text) {
    $user_id := caller_user();
    RETURN SELECT id, user_id, address, public_key, wallet_type, message, signature, inserter
        FROM wallets WHERE user_id = $user_id ORDER BY id;
};

-- Not the wallet that the caller signs with, unless another one of the user has the same identifier.
CREATE OR REPLACE ACTION remove_wallet($id uuid) PUBLIC {
    capture_gas(0::numeric(6,2));
    $user_id := caller_user();
    $connected := 0;
    $is_connected := false;
    FOR $wallet IN SELECT id FROM wallets
        WHERE user_id = $user_id AND ((wallet_type = 'EVM' AND lower(address) = lower(@caller))
            OR (wallet_type IN ('XRPL', 'Stellar') AND address = @caller)
            OR (wallet_type IN ('NEAR', 'FaceSign') AND public_key = @caller)) {
        $connected := $connected + 1;
        IF $wallet.id = $id {
            $is_connected := true;
        }
    }
    IF $is_connected AND $connected = 1 {
        error('You can not delete a wallet you are connected with. To delete this wallet you have to connect other wallet.');
    }
    DELETE FROM wallets WHERE id = $id AND user_id = $user_id;
};
