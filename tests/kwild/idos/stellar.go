package idos

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
)

const (
	// stellarAddressLen is the length of a G… address, in characters.
	stellarAddressLen = 56
	// stellarAccount is the first byte of what a G… address spells: SEP-23's version "account id".
	stellarAccount = 6 << 3
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// parseStellarAddress reads the key of a G… address (SEP-23): base32 of the version, the key and a checksum.
func parseStellarAddress(text string) ([]byte, bool) {
	if len(text) != stellarAddressLen {
		return nil, false
	}
	decoded, err := base32Text.DecodeString(text)
	if err != nil || len(decoded) != 1+ed25519.PublicKeySize+2 || decoded[0] != stellarAccount {
		return nil, false
	}
	key := decoded[1 : 1+ed25519.PublicKeySize]
	return key, stellarAddress(key) == text
}

func stellarAddress(key []byte) string {
	decoded := append([]byte{stellarAccount}, key...)
	return base32Text.EncodeToString(binary.LittleEndian.AppendUint16(decoded, crc16(decoded)))
}

// crc16 is CRC-16/XMODEM.
func crc16(bytes []byte) uint16 {
	var crc uint16
	for _, b := range bytes {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// parseStellarKey reads a key as the schema's comments have it (G…) or as the SDK has it (hexadecimal).
func parseStellarKey(text string) ([]byte, bool) {
	if key, ok := parseStellarAddress(text); ok {
		return key, true
	}
	return parseHexKey(text)
}

// parseStellarSignature reads 64 bytes in hexadecimal or base64, which differ in length.
func parseStellarSignature(text string) ([]byte, bool) {
	if signature, err := hex.DecodeString(text); err == nil && len(signature) == ed25519.SignatureSize {
		return signature, true
	}
	return decodeBase64(text)
}

// verifyStellar takes both kinds of signature that are in use: plain ones (the SDK's checker and server signers)
// and those by SEP-53 (wallets). What idOS' nodes take is not public; both prove possession of the key.
func verifyStellar(key, message, signature []byte) bool {
	return verifyEd25519(key, message, signature) || verifySep53(key, message, signature)
}

// verifySep53 says whether the key signed the message by SEP-53.
func verifySep53(key, message, signature []byte) bool {
	digest := sha256.Sum256(append([]byte("Stellar Signed Message:\n"), message...))
	return verifyEd25519(key, digest[:], signature)
}
