package idos

import (
	"bytes"
	"crypto/ed25519"

	"filippo.io/edwards25519"
)

// verifyEd25519 says whether the signature (64 bytes) is by the key (32 bytes) over the message, strictly, as
// crates/idos-wallet/src/ed25519.rs does.
//
// Go's own check demands a canonical S. Others, it included, accept keys and commitments R of low order, for
// which a signature needs no secret, and second spellings of a key, which would be second identities of a wallet.
func verifyEd25519(key, message, signature []byte) bool {
	if len(key) != ed25519.PublicKeySize || len(signature) != ed25519.SignatureSize {
		return false
	}
	return isStrongPoint(key) && isStrongPoint(signature[:32]) && ed25519.Verify(key, message, signature)
}

// isStrongPoint says whether these 32 bytes are the canonical spelling of a point that is not of low order.
func isStrongPoint(encoded []byte) bool {
	point, err := new(edwards25519.Point).SetBytes(encoded)
	if err != nil || !bytes.Equal(point.Bytes(), encoded) {
		return false
	}
	isOfLowOrder := new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1
	return !isOfLowOrder
}
