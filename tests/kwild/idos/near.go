package idos

import (
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/mr-tron/base58"
)

const nearKeyPrefix = "ed25519:"

// parseNearKey reads "ed25519:" and base58 of 32 bytes.
func parseNearKey(text string) ([]byte, bool) {
	digits, ok := strings.CutPrefix(text, nearKeyPrefix)
	if !ok {
		return nil, false
	}
	key, err := base58.Decode(digits)
	return key, err == nil && len(key) == 32
}

func nearKeyText(key []byte) string {
	return nearKeyPrefix + base58.Encode(key)
}

// verifyNear says whether the key signed the message by NEP-413. The recipient is not compared: browsers sign for
// idos.network, servers for idos-issuer, and nothing shows that a node compares them.
func verifyNear(key, message, blob []byte) bool {
	signed, ok := readSignedPayload(blob)
	if !ok {
		return false
	}
	digest := signed.digest(message)
	return verifyEd25519(key, digest[:], signed.signature)
}

var (
	// nearAccount is words of a-z and 0-9, held together by single dots, hyphens or underscores.
	nearAccount = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)
	// ethereumLike accounts belong to secp256k1 keys, and idOS would mistake one for somebody's EVM address.
	ethereumLike = regexp.MustCompile(`^0x[0-9a-f]{40}$`)
)

// isNearAccountOf says whether the account can be this key's, as far as that can be known without asking the
// chain: the name of an implicit account is its key, a chosen name is taken on trust.
func isNearAccountOf(account string, key []byte) bool {
	// Lower case by NEAR's rules, but the SDK writes it in upper case.
	if named, err := hex.DecodeString(account); err == nil && len(named) == 32 {
		return string(named) == string(key)
	}
	return 2 <= len(account) && len(account) <= 64 && nearAccount.MatchString(account) &&
		!ethereumLike.MatchString(account)
}
