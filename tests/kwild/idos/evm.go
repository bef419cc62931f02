package idos

import (
	"encoding/hex"
	"strings"

	"github.com/kwilteam/kwil-db/core/crypto"
	"github.com/kwilteam/kwil-db/core/crypto/auth"
)

// parseEvmAddress reads 0x and 40 hexadecimal digits of any case. The checksum of EIP-55 is not looked at:
// wallets and nodes compare addresses without case.
func parseEvmAddress(text string) ([]byte, bool) {
	address, ok := parse0x(text)
	return address, ok && len(address) == auth.EthAddressIdentLength
}

func parse0x(text string) ([]byte, bool) {
	digits, ok := strings.CutPrefix(text, "0x")
	if !ok {
		return nil, false
	}
	bytes, err := hex.DecodeString(digits)
	return bytes, err == nil
}

// verifyEvm says whether the wallet of this address signed the message by EIP-191. The signature is r, s and v, 65
// bytes; v is 27 or 28, or 0 or 1 as some libraries write it. A high s is accepted, as Ethereum's ecrecover does.
func verifyEvm(address, message, signature []byte) bool {
	if len(signature) != crypto.Secp256k1SignatureLength {
		return false
	}
	switch signature[crypto.RecoveryIDOffset] {
	case 0, 1, 27, 28:
		// The check of kwild's own signature type secp256k1_ep, which alone would take more values of v.
		return auth.EthSecp256k1Authenticator{}.Verify(address, message, signature) == nil
	default:
		return false
	}
}
