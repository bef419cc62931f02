package idos

import (
	"math/big"
	"strings"
	"testing"
)

// A panic in here would stop all validators, and two answers to one question would part them.

func optional(text string, isGiven bool) *string {
	if !isGiven {
		return nil
	}
	return &text
}

func FuzzIsWalletValid(f *testing.F) {
	for _, p := range goodProofs(f) {
		key := ""
		if p.publicKey != nil {
			key = *p.publicKey
		}
		f.Add(p.address, key, p.publicKey != nil, p.walletType, p.message, p.signature)
	}
	for _, p := range sdkProofs(f) {
		key := ""
		if p.publicKey != nil {
			key = *p.publicKey
		}
		f.Add(p.address, key, p.publicKey != nil, p.walletType, p.message, p.signature)
	}
	f.Fuzz(func(t *testing.T, address, key string, hasKey bool, kind, message, signature string) {
		given := proof{kind, address, optional(key, hasKey), message, signature}
		isValid := given.isValid()
		if given.isValid() != isValid {
			t.Fatal("two answers")
		}
		// Whoever has proved to own a wallet can sign for it.
		if isValid && !given.isSigned() {
			t.Fatal("the proof of a wallet whose signatures are refused")
		}
		isSignedBy(walletType(kind), address, given.publicKey, message, signature)
	})
}

func FuzzAuthenticators(f *testing.F) {
	for _, row := range transactions(f) {
		f.Add(row.tx.Signature.Type, unhex(f, row.tx.Sender), []byte(row.text), unbase64(f, row.tx.Signature.Sig))
	}
	var file kwilVectors
	readVectors(f, "kwil.json", &file)
	stellar, xrpl := file.WalletProofs.Stellar, file.WalletProofs.XrplSecp256k1
	f.Add(Sep53, []byte(stellar.Address), []byte(stellar.Message), unhex(f, stellar.Sep53Signature))
	f.Add(Xrpl, unhex(f, xrpl.PublicKey), []byte(xrpl.Message), unhex(f, xrpl.Signature))
	f.Fuzz(func(t *testing.T, kind string, sender, text, signature []byte) {
		for name, authenticator := range authenticators {
			err := authenticator.Verify(sender, text, signature)
			caller, callerErr := authenticator.Identifier(sender)
			if err == nil && callerErr != nil {
				t.Fatalf("%s: a signature of nobody: %v", name, callerErr)
			}
			if callerErr == nil && caller == "" {
				t.Fatalf("%s: no caller", name)
			}
		}
	})
}

func FuzzIsCredentialGenuine(f *testing.F) {
	for _, genuine := range genuineCredentials(f) {
		row := genuine.row
		f.Add(genuine.key, row.PublicNotes, row.PublicNotesSignature, row.Content, row.BroaderSignature)
	}
	f.Fuzz(func(t *testing.T, key, notes, notesSignature, content, signature string) {
		row := signedRow{content, notes, notesSignature, signature}
		if row.isGenuine(key) != row.isGenuine(key) {
			t.Fatal("two answers")
		}
	})
}

func FuzzVerifiableCredentialID(f *testing.F) {
	f.Add(`{"id":"a","level":"basic"}`)
	f.Add(`{"id":"\ud83d\ude00\\","x":[[{}]]}`)
	f.Fuzz(func(t *testing.T, notes string) {
		if id := verifiableCredentialID(&notes); id != verifiableCredentialID(&notes) {
			t.Fatal("two answers")
		}
	})
}

func FuzzParseDate(f *testing.F) {
	f.Add("2026-01-02T03:04:05Z")
	f.Add("0000-02-29T23:59:59Z")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := parseDate(&text)
		isInForm := len(text) == 20
		for i := 0; isInForm && i < len(text); i++ {
			switch pattern := "dddd-dd-ddTdd:dd:ddZ"[i]; pattern {
			case 'd':
				isInForm = '0' <= text[i] && text[i] <= '9'
			default:
				isInForm = text[i] == pattern
			}
		}
		if err == nil && !isInForm {
			t.Fatalf("%q is read as a time", text)
		}
	})
}

func FuzzGrants(f *testing.F) {
	f.Add("0xAb", "EVM", "key", "grantee", "issuer", "id", "a", "b", "c", "0x00", int64(5))
	f.Fuzz(func(t *testing.T, owner, kind, key, grantee, issuer, id, timelock, before, after, signature string, until int64) {
		dwg := writeGrant{&owner, &grantee, &issuer, &id, &timelock, &before, &after}
		dag := delegatedAccessGrant{&owner, &grantee, &id, &until, &issuer}
		by := grantOwner{&owner, &kind, &key}
		for grant, count := range map[interface{ text() (string, error) }]int{dwg: 8, dag: 6} {
			text, err := grant.text()
			if err == nil && strings.Count(text, "\n")+1 != count {
				t.Fatalf("the text has not %d lines: %q", count, text)
			}
			if by.hasSigned(grant, &signature) && err != nil {
				t.Fatal("signed, and has no text")
			}
		}
	})
}

// The library's decoder against base 58 as one learns it in school.
func FuzzNearKey(f *testing.F) {
	f.Add("ed25519:FAe4sisG95oZ42w7buUn5qEE4TAnfTTFPiguZUHmhiF")
	f.Add("ed25519:" + strings.Repeat("1", 32))
	f.Add("ed25519:\xc0")
	f.Fuzz(func(t *testing.T, text string) {
		key, ok := parseNearKey(text)
		expected, isKey := schoolNearKey(text)
		if ok != isKey || ok && (string(key) != string(expected) || nearKeyText(key) != text) {
			t.Fatalf("%q is read as %x, %t", text, key, ok)
		}
	})
}

func schoolNearKey(text string) ([]byte, bool) {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	digits, ok := strings.CutPrefix(text, "ed25519:")
	if !ok {
		return nil, false
	}
	value := new(big.Int)
	for _, digit := range []byte(digits) {
		index := strings.IndexByte(alphabet, digit)
		if index < 0 {
			return nil, false
		}
		value.Mul(value, big.NewInt(58)).Add(value, big.NewInt(int64(index)))
	}
	zeros := len(digits) - len(strings.TrimLeft(digits, "1"))
	key := append(make([]byte, zeros), value.Bytes()...)
	return key, len(key) == 32
}

func FuzzStellarAddress(f *testing.F) {
	f.Add("GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ")
	f.Fuzz(func(t *testing.T, text string) {
		if key, ok := parseStellarAddress(text); ok && (len(key) != 32 || stellarAddress(key) != text) {
			t.Fatalf("%q is a second spelling of %s", text, stellarAddress(key))
		}
	})
}
