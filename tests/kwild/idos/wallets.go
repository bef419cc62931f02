package idos

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
)

// How much is looked at, in bytes, as in crates/idos-wallet/src/proof.rs. The SDK's own messages have about a
// hundred, write grants five hundred; the signatures of NEAR hold the message, in hexadecimal.
const (
	maxMessageLen   = 16 * 1024
	maxSignatureLen = 40 * 1024
	maxAddressLen   = 256
	maxPublicKeyLen = 256
)

// walletType is the name of a type of wallet, as in the column wallet_type. It is compared case-sensitively.
type walletType string

const (
	walletEVM      walletType = "EVM"
	walletNEAR     walletType = "NEAR"
	walletXRPL     walletType = "XRPL"
	walletStellar  walletType = "Stellar"
	walletFaceSign walletType = "FaceSign"
)

// isWalletValid is the function is_wallet_valid: whether the wallet of this address and key signed the message.
// Anything missing or malformed is simply not valid. What each type of wallet needs (crates/idos-wallet/src/proof.rs):
//
//	type      address            public key                  signature
//	EVM       0x, 40 hex digits  ignored                     0x, 65 bytes in hex, EIP-191
//	NEAR      account id         ed25519: and base58         hex of signedPayload
//	XRPL      r…                 33 bytes in hex             hex: 64 bytes (Ed25519) or DER (secp256k1)
//	Stellar   G…                 G… or 32 bytes in hex       64 bytes in hex or base64, plain or SEP-53
//	FaceSign  the public key     32 bytes in hex             64 bytes in hex
//
// The address must belong to the key wherever it can be derived from it. It says nothing about when or for whom
// the message was signed.
func isWalletValid(address, publicKey, kind, message, signature *string) bool {
	if address == nil || kind == nil || message == nil || signature == nil {
		return false
	}
	if len(*address) > maxAddressLen || isTooLong(publicKey) {
		return false
	}
	of := walletType(*kind)
	keyText := publicKey
	if of == walletEVM {
		keyText = address
	}
	if keyText == nil {
		return false
	}
	key, ok := parseKey(of, *keyText)
	return ok && isAddressOf(of, *address, key) && isSignature(of, key, *message, *signature)
}

// isSignedBy says whether a wallet that is already known signed the message, as in write grants and access
// grants. The identifier is what idOS calls the owner: the address for EVM, XRPL and Stellar, the public key for
// NEAR and FaceSign. The public key is that of the stored wallet, and must belong to the identifier; EVM wallets
// have none (what is stored is free text that nobody has checked), and where the identifier is the key, it may
// be null.
func isSignedBy(of walletType, identifier string, publicKey *string, message, signature string) bool {
	if len(identifier) > maxAddressLen || of != walletEVM && isTooLong(publicKey) {
		return false
	}
	var key []byte
	var ok bool
	switch of {
	case walletEVM:
		key, ok = parseKey(of, identifier)
	case walletNEAR, walletFaceSign:
		key, ok = parseKey(of, identifier)
		if ok && publicKey != nil {
			var stored []byte
			stored, ok = parseKey(of, *publicKey)
			ok = ok && bytes.Equal(stored, key)
		}
	case walletXRPL, walletStellar:
		if publicKey == nil {
			return false
		}
		key, ok = parseKey(of, *publicKey)
		ok = ok && isAddressOf(of, identifier, key)
	}
	return ok && isSignature(of, key, message, signature)
}

func isTooLong(publicKey *string) bool {
	return publicKey != nil && len(*publicKey) > maxPublicKeyLen
}

// parseKey reads what a signature is checked against: the public key, or the address of an EVM wallet.
func parseKey(of walletType, text string) ([]byte, bool) {
	switch of {
	case walletEVM:
		return parseEvmAddress(text)
	case walletNEAR:
		return parseNearKey(text)
	case walletXRPL:
		return parseXrplKey(text)
	case walletStellar:
		return parseStellarKey(text)
	case walletFaceSign:
		return parseHexKey(text)
	default:
		return nil, false
	}
}

// parseHexKey reads an Ed25519 key in hexadecimal of either case.
func parseHexKey(text string) ([]byte, bool) {
	key, err := hex.DecodeString(text)
	return key, err == nil && len(key) == ed25519.PublicKeySize
}

// isAddressOf says whether the address can be this key's, as far as that can be known without asking a chain.
func isAddressOf(of walletType, address string, key []byte) bool {
	switch of {
	case walletEVM:
		return true // the key is the address
	case walletNEAR:
		return isNearAccountOf(address, key)
	case walletXRPL:
		return xrplAddress(key) == address
	case walletStellar:
		named, ok := parseStellarAddress(address)
		return ok && bytes.Equal(named, key)
	case walletFaceSign:
		named, ok := parseHexKey(address)
		return ok && bytes.Equal(named, key)
	default:
		return false
	}
}

// isSignature checks the text of a signature. An empty message proves nothing, and is refused.
func isSignature(of walletType, key []byte, message, signature string) bool {
	if message == "" || len(message) > maxMessageLen || len(signature) > maxSignatureLen {
		return false
	}
	switch of {
	case walletEVM:
		decoded, ok := parse0x(signature)
		return ok && verifyEvm(key, []byte(message), decoded)
	case walletStellar:
		decoded, ok := parseStellarSignature(signature)
		return ok && verifyStellar(key, []byte(message), decoded)
	}
	decoded, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	switch of {
	case walletNEAR:
		return verifyNear(key, []byte(message), decoded)
	case walletXRPL:
		return verifyXrpl(key, []byte(message), decoded)
	case walletFaceSign:
		return verifyEd25519(key, []byte(message), decoded)
	default:
		return false
	}
}
