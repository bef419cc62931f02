package idos

import (
	"crypto/ed25519"
	"errors"

	"github.com/kwilteam/kwil-db/core/crypto"
	"github.com/kwilteam/kwil-db/core/crypto/auth"
)

// The signature types that kwild does not bring, under their names on the wire, as
// crates/idos-wallet/src/transaction.rs has them.
const (
	// Nep413 signs as NEAR wallets do: the blob of readSignedPayload. Sender: the 32-byte key. Caller: ed25519:
	// and base58 of the key, which is what the schema's wallets hold.
	Nep413 = "nep413"
	// Xrpl signs as XRPL wallets do. Sender: the 33-byte key with its prefix. Caller: the r… address.
	Xrpl = "xrpl"
	// Sep53 signs as Stellar wallets do. Sender and caller: the 56 characters of the G… address. Known from
	// branches of the SDK only.
	Sep53 = "sep53"
)

var authenticators = map[string]auth.Authenticator{
	Nep413: authenticator{
		readSender: func(sender []byte) ([]byte, bool) { return sender, len(sender) == ed25519.PublicKeySize },
		caller:     nearKeyText,
		verify:     verifyNear,
	},
	Xrpl: authenticator{
		readSender: func(sender []byte) ([]byte, bool) { return sender, isXrplKey(sender) },
		caller:     xrplAddress,
		verify:     verifyXrpl,
	},
	Sep53: authenticator{
		readSender: func(sender []byte) ([]byte, bool) { return parseStellarAddress(string(sender)) },
		caller:     stellarAddress,
		verify:     verifySep53,
	},
}

var (
	errSender    = errors.New("the sender is malformed for its signature type")
	errSignature = errors.New("the signature is not the sender's over this text")
)

// authenticator checks the signatures of transactions and of authenticated calls, and names the @caller.
type authenticator struct {
	// readSender gives the public key of a sender of the right form.
	readSender func(sender []byte) (key []byte, ok bool)
	caller     func(key []byte) string
	verify     func(key, message, signature []byte) bool
}

// Verify implements auth.Authenticator.
func (a authenticator) Verify(sender, message, signature []byte) error {
	key, ok := a.readSender(sender)
	if !ok {
		return errSender
	}
	if !a.verify(key, message, signature) {
		return errSignature
	}
	return nil
}

// Identifier implements auth.Authenticator: the @caller of a sender, without any proof of it.
func (a authenticator) Identifier(sender []byte) (string, error) {
	key, ok := a.readSender(sender)
	if !ok {
		return "", errSender
	}
	return a.caller(key), nil
}

// KeyType implements auth.Authenticator. It is a part of the account's name: ed25519 for all types of idOS, also
// where the XRPL key is on secp256k1, since that is how clients name their accounts.
func (authenticator) KeyType() crypto.KeyType {
	return crypto.KeyTypeEd25519
}
