package idos

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/mr-tron/base58"
	"golang.org/x/crypto/ripemd160" // deprecated for new uses; the ledger's addresses are made with it
)

const (
	// xrplKeyLen is the length of a public key with its prefix, in bytes.
	xrplKeyLen = 33
	// xrplEd25519 says "Ed25519" where a compressed secp256k1 key has 02 or 03.
	xrplEd25519 = 0xED
)

var xrplAlphabet = base58.NewAlphabet("rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz")

// isXrplKey says whether these are 33 bytes with a prefix that the ledger knows. Whether it is a point of its
// curve shows when it verifies.
func isXrplKey(key []byte) bool {
	return len(key) == xrplKeyLen && (key[0] == xrplEd25519 || key[0] == 2 || key[0] == 3)
}

// parseXrplKey reads a key in hexadecimal.
func parseXrplKey(text string) ([]byte, bool) {
	key, err := hex.DecodeString(text)
	return key, err == nil && isXrplKey(key)
}

// xrplAddress is the classic address of a key: base58check, in Ripple's alphabet, of 00 and RIPEMD-160 of SHA-256
// of the key with its prefix.
func xrplAddress(key []byte) string {
	inner := sha256.Sum256(key)
	hash := ripemd160.New()
	hash.Write(inner[:])
	account := hash.Sum([]byte{0})
	once := sha256.Sum256(account)
	twice := sha256.Sum256(once[:])
	return base58.EncodeAlphabet(append(account, twice[:4]...), xrplAlphabet)
}

// verifyXrpl says whether the key signed the message as ripple-keypairs does: 64 bytes over the message for
// Ed25519, otherwise DER with a low s, as the ledger demands, over the first half of its SHA-512.
func verifyXrpl(key, message, signature []byte) bool {
	if !isXrplKey(key) {
		return false
	}
	if key[0] == xrplEd25519 {
		return verifyEd25519(key[1:], message, signature)
	}
	point, err := secp256k1.ParsePubKey(key)
	if err != nil {
		return false
	}
	parsed, err := ecdsa.ParseDERSignature(signature)
	if err != nil {
		return false
	}
	if s := parsed.S(); s.IsOverHalfOrder() {
		return false
	}
	digest := sha512.Sum512(message)
	return parsed.Verify(digest[:32], point)
}
