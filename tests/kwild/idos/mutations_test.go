package idos

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/kwilteam/kwil-db/core/crypto/auth"
)

// isNamed says whether the account is not of the kind that spells its key. Its name is taken on trust.
func isNamed(p proof) bool {
	key, err := hex.DecodeString(p.address)
	return p.walletType == "NEAR" && (err != nil || len(key) != 32)
}

// Nothing of a good proof can be changed, in the text of any field.
func TestNoByteOfAProofCanBeChanged(t *testing.T) {
	for name, good := range goodProofs(t) {
		fields := map[string]func(*proof) *string{
			"address":   func(p *proof) *string { return &p.address },
			"message":   func(p *proof) *string { return &p.message },
			"signature": func(p *proof) *string { return &p.signature },
		}
		if good.publicKey != nil {
			fields["key"] = func(p *proof) *string {
				copied := *p.publicKey
				p.publicKey = &copied
				return p.publicKey
			}
		}
		for field, of := range fields {
			skip := func(int) bool { return false }
			if good.walletType == "NEAR" && field == "signature" {
				// The message inside is not looked at.
				skip = func(i int) bool { return i >= 2*10 && i < 2*(10+len(good.message)) }
			}
			original := good
			text := *of(&original)
			for i := range len(text) {
				if skip(i) {
					continue
				}
				for _, flip := range []byte{0x01, 0x02, 0x10, 0x80} {
					changed := good
					*of(&changed) = text[:i] + string([]byte{text[i] ^ flip}) + text[i+1:]
					if changed.isValid() && !isNamed(changed) {
						t.Fatalf("%s: byte %d of the %s ^ %#x is accepted", name, i, field, flip)
					}
					// The owner of a known NEAR or FaceSign wallet is named by its key.
					isAsked := field != "address" || good.walletType != "NEAR" && good.walletType != "FaceSign"
					if isAsked && changed.isSigned() {
						t.Fatalf("%s: byte %d of the %s ^ %#x is accepted of a known wallet", name, i, field, flip)
					}
				}
			}
			for _, changedText := range []string{
				"", text + " ", " " + text, text + "\n", text + "\x00", text[1:], text[:len(text)-1], text + text,
				"0x" + text, strings.TrimPrefix(text, "0x") + "00",
			} {
				changed := good
				*of(&changed) = changedText
				if changed.isValid() && !isNamed(changed) {
					t.Errorf("%s: %s %q is accepted", name, field, changedText)
				}
			}
		}
		for _, kind := range []string{"", "EVM", "NEAR", "XRPL", "Stellar", "FaceSign", "evm", "Evm", "unknown"} {
			changed := good
			changed.walletType = kind
			if changed.isValid() != (kind == good.walletType) {
				t.Errorf("%s: wallet type %q", name, kind)
			}
		}
	}
}

// No bit of a transaction's signature, text and sender can be changed.
func TestNoBitOfATransactionCanBeChanged(t *testing.T) {
	type signed struct{ sender, text, signature []byte }
	goods := map[string]signed{}
	kinds := map[string]string{}
	for id, row := range transactions(t) {
		if kind := row.tx.Signature.Type; authenticators[kind] != nil {
			goods[id], kinds[id] = signed{
				unhex(t, row.tx.Sender), []byte(row.text), unbase64(t, row.tx.Signature.Sig),
			}, kind
		}
	}
	var file kwilVectors
	readVectors(t, "kwil.json", &file)
	stellar, xrpl := file.WalletProofs.Stellar, file.WalletProofs.XrplSecp256k1
	goods[Sep53], kinds[Sep53] = signed{
		[]byte(stellar.Address), []byte(stellar.Message), unhex(t, stellar.Sep53Signature),
	}, Sep53
	goods["xrpl secp256k1"], kinds["xrpl secp256k1"] = signed{
		unhex(t, xrpl.PublicKey), []byte(xrpl.Message), unhex(t, xrpl.Signature),
	}, Xrpl
	if len(goods) != 4 {
		t.Fatalf("%d transactions", len(goods))
	}

	for id, good := range goods {
		authenticator := authenticators[kinds[id]]
		if err := authenticator.Verify(good.sender, good.text, good.signature); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		check := func(what string, bytes []byte, isFree func(int) bool) {
			for i := range bytes {
				for bit := range 8 {
					bytes[i] ^= 1 << bit
					err := authenticator.Verify(good.sender, good.text, good.signature)
					bytes[i] ^= 1 << bit
					if err == nil && !isFree(i) {
						t.Fatalf("%s: bit %d of byte %d of the %s", id, bit, i, what)
					}
				}
			}
		}
		nothing := func(int) bool { return false }
		check("sender", good.sender, nothing)
		check("text", good.text, nothing)
		check("signature", good.signature, func(i int) bool {
			// The message inside a NEP-413 blob is not looked at.
			return kinds[id] == Nep413 && i >= 10 && i < 10+len(good.text)
		})
		expectMalformedInputToFail(t, id, authenticator, good.sender, good.text, good.signature)
	}
}

func expectMalformedInputToFail(
	t *testing.T, id string, authenticator auth.Authenticator, sender, text, signature []byte,
) {
	t.Helper()
	for name, change := range map[string]func([]byte) []byte{
		"nothing":   func([]byte) []byte { return nil },
		"one less":  func(b []byte) []byte { return b[:len(b)-1] },
		"one more":  func(b []byte) []byte { return append(append([]byte{}, b...), 0) },
		"no first":  func(b []byte) []byte { return b[1:] },
		"much more": func(b []byte) []byte { return append(append([]byte{}, b...), make([]byte, 1<<20)...) },
	} {
		if authenticator.Verify(change(sender), text, signature) == nil {
			t.Errorf("%s: sender with %s", id, name)
		}
		if _, err := authenticator.Identifier(change(sender)); err == nil {
			t.Errorf("%s: caller of a sender with %s", id, name)
		}
		if authenticator.Verify(sender, change(text), signature) == nil {
			t.Errorf("%s: text with %s", id, name)
		}
		if authenticator.Verify(sender, text, change(signature)) == nil {
			t.Errorf("%s: signature with %s", id, name)
		}
	}
}

func TestNoByteOfACredentialCanBeChanged(t *testing.T) {
	for name, genuine := range genuineCredentials(t) {
		fields := map[string]func(*signedRow, *string) *string{
			"key":              func(_ *signedRow, key *string) *string { return key },
			"notes":            func(r *signedRow, _ *string) *string { return &r.PublicNotes },
			"notes' signature": func(r *signedRow, _ *string) *string { return &r.PublicNotesSignature },
			"content":          func(r *signedRow, _ *string) *string { return &r.Content },
			"signature":        func(r *signedRow, _ *string) *string { return &r.BroaderSignature },
		}
		for field, of := range fields {
			original, originalKey := genuine.row, genuine.key
			text := *of(&original, &originalKey)
			changes := []string{text + " ", " " + text, text + "\n", "\n" + text, text + "A", text + "===="}
			// Each byte of a short text, about a hundred of a long one.
			for i := 0; i < len(text); i += 1 + len(text)/100 {
				for _, flip := range []byte{0x01, 0x80} {
					changes = append(changes, text[:i]+string([]byte{text[i] ^ flip})+text[i+1:])
				}
			}
			if field == "content" || strings.HasSuffix(field, "signature") {
				changes = append(changes, strings.TrimRight(text, "=")+"\r\n"+strings.Repeat("=", strings.Count(text, "=")))
			}
			for _, change := range changes {
				row, key := genuine.row, genuine.key
				*of(&row, &key) = change
				if row.isGenuine(key) {
					t.Fatalf("%s: %s %q is accepted", name, field, change)
				}
			}
		}
	}
	original := genuineCredentials(t)["original"]
	if !original.row.isGenuine(strings.ToUpper(original.key)) {
		t.Error("the key is refused in upper case")
	}
}

func TestFieldsThatAreTooLongAreRefused(t *testing.T) {
	for name, good := range goodProofs(t) {
		long := strings.Repeat("a", maxPublicKeyLen+1)
		changed := good
		changed.publicKey = &long
		if changed.isValid() {
			t.Errorf("%s: a long key is accepted", name)
		}
	}
	// An EVM wallet's key is free text, but in a proof it has a length.
	evm := goodProofs(t)["evm"]
	for length, accepted := range map[int]bool{0: true, maxPublicKeyLen: true, maxPublicKeyLen + 1: false} {
		key := strings.Repeat("k", length)
		evm.publicKey = &key
		if evm.isValid() != accepted {
			t.Errorf("a key of %d bytes for an EVM wallet", length)
		}
		if !evm.isSigned() {
			t.Errorf("a stored key of %d bytes of a known EVM wallet", length)
		}
	}
	for length, accepted := range map[int]bool{maxMessageLen: true, maxMessageLen + 1: false} {
		proof := signedByEvm(strings.Repeat("m", length))
		if proof.isValid() != accepted || proof.isSigned() != accepted {
			t.Errorf("a message of %d bytes", length)
		}
	}
}

func TestAProofWithoutAFieldIsRefused(t *testing.T) {
	for name, good := range goodProofs(t) {
		given := []*string{&good.address, good.publicKey, &good.walletType, &good.message, &good.signature}
		for i := range given {
			without := append([]*string{}, given...)
			without[i] = nil
			isKeyOfEvm := i == 1 && good.walletType == "EVM"
			if isWalletValid(without[0], without[1], without[2], without[3], without[4]) != isKeyOfEvm {
				t.Errorf("%s without argument %d", name, i+1)
			}
		}
	}
}

// A wallet that is known is checked by its identifier and its stored key.
func TestAKnownWalletNeedsItsKey(t *testing.T) {
	for name, good := range goodProofs(t) {
		other := "GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7" // of SEP-23
		keyMayBeMissing := good.walletType == "EVM" || good.walletType == "NEAR" || good.walletType == "FaceSign"
		for what, key := range map[string]*string{"no": nil, "another": &other} {
			accepted := isSignedBy(walletType(good.walletType), good.identifier(), key, good.message, good.signature)
			expected := good.walletType == "EVM" || key == nil && keyMayBeMissing
			if accepted != expected {
				t.Errorf("%s with %s key: %t", name, what, accepted)
			}
		}
		if isSignedBy(walletType(good.walletType), other, good.publicKey, good.message, good.signature) {
			t.Errorf("%s is accepted under another identifier", name)
		}
		if isSignedBy("unknown", good.identifier(), good.publicKey, good.message, good.signature) {
			t.Errorf("%s is accepted under an unknown type", name)
		}
	}
}
