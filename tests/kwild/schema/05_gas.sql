-- Gas, fees and tokens. idOS has two token bridges; here both are empty, so that nobody can pay with tokens.

CREATE OR REPLACE ACTION check_balance($address text, $token text) PUBLIC VIEW
RETURNS (balance numeric(78,0)) {
    IF $token = 'IDOS' OR $token = 'USDC' {
        RETURN 0::numeric(78,0);
    }
    error('invalid token');
};

-- The first of the addresses that may hold the caller's tokens that does; null if none does.
CREATE OR REPLACE ACTION get_wallet_with_balance($token text) PUBLIC VIEW RETURNS (wallet_address text) {
    IF has_profile(@caller) {
        $user_id := caller_user();
        FOR $wallet IN SELECT address FROM wallets WHERE user_id = $user_id AND wallet_type = 'EVM' ORDER BY id {
            IF check_balance($wallet.address, $token) > 0::numeric(78,0) {
                RETURN $wallet.address;
            }
        }
    } ELSE {
        IF check_balance(@caller, $token) > 0::numeric(78,0) {
            RETURN @caller;
        }
    }
    RETURN NULL;
};

-- Takes tokens from the caller: fails, since the bridges are empty.
CREATE OR REPLACE ACTION pay($token text) PRIVATE {
    $wallet_address := get_wallet_with_balance($token);
    IF $wallet_address IS NULL {
        error('no wallet with balance found');
    }
};

CREATE OR REPLACE ACTION request_withdrawal($token text) PUBLIC {
    pay($token);
};

CREATE OR REPLACE ACTION request_balance_withdrawal($token text, $evm_address_to text) OWNER PUBLIC {
    check_balance($evm_address_to, $token);
};

-- From tokens as people count them to their smallest part, of 18 decimal places.
CREATE OR REPLACE ACTION from_human_units($amount numeric(6,2)) PRIVATE VIEW
RETURNS (new_amount numeric(78,0)) {
    $precise := $amount::numeric(78,2) * '1000000000000000000'::numeric(78,0);
    RETURN $precise::numeric(78,0);
};

CREATE OR REPLACE ACTION get_allowance() PUBLIC VIEW RETURNS (gas_allowance numeric(78,0)) {
    $user_id := caller_user();
    RETURN SELECT gas_allowance FROM users WHERE id = $user_id;
};

CREATE OR REPLACE ACTION update_allowance($amount numeric(78,0)) PRIVATE {
    $user_id := caller_user();
    UPDATE users SET gas_allowance = $amount WHERE id = $user_id;
};

-- Takes the amount from the allowance of the caller's user, and what that does not cover from the user's tokens.
-- Whether there is an allowance goes by the caller's address: users of NEAR have none.
CREATE OR REPLACE ACTION capture_gas($amount_human numeric(6,2)) PRIVATE {
    $zero := 0::numeric(78,0);
    $amount := from_human_units($amount_human);
    IF has_profile(@caller) {
        $allowance := $zero;
        FOR $row IN get_allowance() {
            $allowance := $row.gas_allowance;
        }
        IF $allowance < $amount {
            update_allowance($zero);
            $amount := $amount - $allowance;
        } ELSE {
            update_allowance($allowance - $amount);
            $amount := $zero;
        }
    }
    IF $amount > $zero {
        pay('IDOS');
    }
};

CREATE OR REPLACE ACTION action_costing_gas() PUBLIC {
    capture_gas(1.2::numeric(6,2));
};

CREATE OR REPLACE ACTION action_costing_idos_token($amount numeric(78,0)) PUBLIC {
    pay('IDOS');
};

CREATE OR REPLACE ACTION get_issuer_fee($credential_id uuid) PUBLIC VIEW RETURNS (issuer_fee numeric(78,0)) {
    FOR $credential IN SELECT issuer_fee FROM credentials WHERE id = $credential_id {
        RETURN $credential.issuer_fee;
    }
    error('credential not found');
};

CREATE OR REPLACE ACTION capture_fee($credential_id uuid) PRIVATE {
    pay('USDC');
};

CREATE OR REPLACE ACTION action_costing_fee($credential_id uuid) PUBLIC {
    capture_fee($credential_id);
};
