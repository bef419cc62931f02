package idos

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"golang.org/x/crypto/sha3"
)

// These are the edges that crates/idos-wallet/tests/strictness has, so that both sides draw them alike.

const message = "Sign this message to prove you own this wallet"

// seed is the private key of the test wallets here.
var seed = []byte(strings.Repeat("\x07", 32))

func edKey() (ed25519.PrivateKey, []byte) {
	key := ed25519.NewKeyFromSeed(seed)
	return key, key.Public().(ed25519.PublicKey)
}

// Every encoding of the eight points of low order, canonical or not.
var lowOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

func TestKeysOfLowOrderVerifyNothing(t *testing.T) {
	lax := 0
	for _, keyText := range lowOrder {
		key := unhex(t, keyText)
		if isStrongPoint(key) {
			t.Errorf("%s is taken for a key", keyText)
		}
		for _, r := range lowOrder {
			signature := append(unhex(t, r), make([]byte, 32)...)
			if ed25519.Verify(key, []byte(message), signature) {
				lax++
			}
			if verifyEd25519(key, []byte(message), signature) {
				t.Errorf("key %s, R %s", keyText, r)
			}
		}
	}
	if lax == 0 {
		t.Error("Go's own check has become strict: ours may be superfluous")
	}
}

// With the secret, S = k·a belongs to the neutral point as R.
func TestAnROfLowOrderIsRefused(t *testing.T) {
	private, key := edKey()
	neutral := unhex(t, lowOrder[2])
	hash := sha512.New()
	hash.Write(neutral)
	hash.Write(key)
	hash.Write([]byte(message))
	k, err := edwards25519.NewScalar().SetUniformBytes(hash.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	secret := sha512.Sum512(private.Seed())
	a, err := edwards25519.NewScalar().SetBytesWithClamping(secret[:32])
	if err != nil {
		t.Fatal(err)
	}
	signature := append(neutral, edwards25519.NewScalar().Multiply(k, a).Bytes()...)
	if !ed25519.Verify(key, []byte(message), signature) {
		t.Error("the signature is not what this test means")
	}
	if verifyEd25519(key, []byte(message), signature) {
		t.Error("accepted")
	}
}

// The other way to spell a key would be another identity for the same wallet.
func TestKeysAreReadInTheirCanonicalSpellingOnly(t *testing.T) {
	seen := 0
	for small := byte(2); small < 19; small++ {
		canonical := make([]byte, 32)
		canonical[0] = small
		other := []byte(strings.Repeat("\xFF", 32)) // 2^255 - 19 + small
		other[0], other[31] = 0xED+small, 0x7F
		if isStrongPoint(canonical) {
			seen++
		}
		if isStrongPoint(other) {
			t.Errorf("2^255 - 19 + %d", small)
		}
	}
	if seen <= 3 {
		t.Error("about half of these are points of the curve")
	}
}

func TestSOfAnEd25519SignatureMustBeCanonical(t *testing.T) {
	private, key := edKey()
	signature := ed25519.Sign(private, []byte(message))
	if !verifyEd25519(key, []byte(message), signature) {
		t.Fatal("a good signature is refused")
	}
	order := unhex(t, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	carry := uint16(0)
	for i, add := range order {
		sum := uint16(signature[32+i]) + uint16(add) + carry
		signature[32+i], carry = byte(sum), sum>>8
	}
	if carry != 0 || verifyEd25519(key, []byte(message), signature) {
		t.Error("S + L is accepted")
	}
}

func evmKey() (*secp256k1.PrivateKey, string) {
	key := secp256k1.PrivKeyFromBytes(seed)
	hash := sha3.NewLegacyKeccak256()
	hash.Write(key.PubKey().SerializeUncompressed()[1:])
	return key, "0x" + hex.EncodeToString(hash.Sum(nil)[12:])
}

// signedByEvm is a proof as a wallet makes it.
func signedByEvm(message string) proof {
	key, address := evmKey()
	hash := sha3.NewLegacyKeccak256()
	fmt.Fprintf(hash, "\x19Ethereum Signed Message:\n%d%s", len(message), message)
	compact := ecdsa.SignCompact(key, hash.Sum(nil), false) // v, r, s
	return proof{"EVM", address, nil, message, "0x" + hex.EncodeToString(append(compact[1:], compact[0]))}
}

func TestEvmSignatures(t *testing.T) {
	good := signedByEvm(message)
	bytes := unhex(t, good.signature[2:])
	with := func(rs []byte, v byte) bool {
		changed := good
		changed.signature = "0x" + hex.EncodeToString(append(append([]byte{}, rs...), v))
		return changed.isValid()
	}
	v := bytes[64]
	var accepted []byte
	for candidate := range 256 {
		if with(bytes[:64], byte(candidate)) {
			accepted = append(accepted, byte(candidate))
		}
	}
	if len(accepted) != 2 || accepted[0] != v-27 || accepted[1] != v {
		t.Errorf("values of v that verify: %v", accepted)
	}

	// (r, n - s) with the other parity recovers the same address, and ecrecover takes it.
	high := highS(bytes[32:64])
	flipped := append(append([]byte{}, bytes[:32]...), high...)
	if !with(flipped, 55-v) || with(flipped, v) || with(bytes[:64], 55-v) {
		t.Error("a high s is accepted with the parity that belongs to it, and no other")
	}

	for _, cased := range []string{strings.ToLower(good.address[2:]), strings.ToUpper(good.address[2:])} {
		changed := good
		changed.address, changed.signature = "0x"+cased, "0x"+strings.ToUpper(good.signature[2:])
		if !changed.isValid() {
			t.Errorf("address %s", changed.address)
		}
		for _, address := range []string{cased, "0X" + cased, "0x" + cased + "0", "0x"} {
			changed.address = address
			if changed.isValid() {
				t.Errorf("address %s", address)
			}
		}
	}
	changed := good
	changed.signature = "0X" + good.signature[2:]
	if changed.isValid() {
		t.Error("a signature with 0X")
	}
	zeros := "0x" + strings.Repeat("00", 64)
	order := secp256k1.S256().N.Text(16)
	for _, signature := range []string{
		zeros + "1b", zeros + "00", "0x" + order + good.signature[66:], good.signature[:66] + order + "1b", "0x",
	} {
		changed.signature = signature
		if changed.isValid() {
			t.Errorf("signature %s", signature)
		}
	}
}

func highS(s []byte) []byte {
	n := secp256k1.S256().N
	return new(big.Int).Sub(n, new(big.Int).SetBytes(s)).FillBytes(make([]byte, 32))
}

// nearProof signs a payload, and lets a test change what is handed on of it.
// callback is all that follows the recipient.
func nearProof(address, recipient, callback string, change func(*nearPayload)) proof {
	private, key := edKey()
	payload := nearPayload{tag: nep413Tag, message: message, nonce: strings.Repeat("\x09", 32), recipient: recipient}
	payload.callback = callback
	signed, ok := readSignedPayload(payload.blob(make([]byte, 64)))
	if !ok {
		panic("the test's own payload")
	}
	digest := signed.digest([]byte(message))
	signature := ed25519.Sign(private, digest[:])
	change(&payload)
	publicKey := nearKeyText(key)
	return proof{"NEAR", address, &publicKey, message, hex.EncodeToString(payload.blob(signature))}
}

// noCallback is how a payload says that it has no callback URL.
const noCallback = "\x00"

type nearPayload struct {
	tag                                   uint32
	message, nonce, recipient, callback   string
	missing, extra, extraInside, shortens int
}

func (p nearPayload) blob(signature []byte) []byte {
	payload := binary.LittleEndian.AppendUint32(nil, p.tag)
	payload = append(payload, lengthAndText(p.message)+p.nonce+lengthAndText(p.recipient)+p.callback...)
	payload = append(payload, make([]byte, p.extraInside)...)
	blob := binary.BigEndian.AppendUint16(nil, uint16(len(payload)-p.shortens))
	blob = append(append(blob, payload...), signature...)
	return append(blob[:len(blob)-p.missing], make([]byte, p.extra)...)
}

func lengthAndText(text string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(text)))) + text
}

func TestNearSignatures(t *testing.T) {
	for name, row := range map[string]struct {
		change   func(*nearPayload)
		accepted bool
	}{
		"unchanged":                   {func(*nearPayload) {}, true},
		"no message inside":           {func(p *nearPayload) { p.message = "" }, true},
		"another message inside":      {func(p *nearPayload) { p.message = "something else" }, true},
		"an empty callback URL":       {func(p *nearPayload) { p.callback = "\x01\x00\x00\x00\x00" }, false},
		"a message that is not UTF-8": {func(p *nearPayload) { p.message = "\xFF" }, false},
		"a callback URL":              {func(p *nearPayload) { p.callback = "\x01" + lengthAndText("https://example.org") }, false},
		"a callback URL of no text":   {func(p *nearPayload) { p.callback = "\x01" + lengthAndText("\xC0") }, false},
		"neither some nor none":       {func(p *nearPayload) { p.callback = "\x02" }, false},
		"no callback URL at all":      {func(p *nearPayload) { p.callback = "" }, false},
		"a callback URL cut short":    {func(p *nearPayload) { p.callback = "\x01\x05\x00\x00\x00http" }, false},
		"another recipient":           {func(p *nearPayload) { p.recipient = "idos-issuer" }, false},
		"a recipient of no text":      {func(p *nearPayload) { p.recipient = "\xFF" }, false},
		"another nonce":               {func(p *nearPayload) { p.nonce = strings.Repeat("\x01", 32) }, false},
		"a short nonce":               {func(p *nearPayload) { p.nonce = p.nonce[1:] }, false},
		"another tag":                 {func(p *nearPayload) { p.tag++ }, false},
		"a byte after the payload":    {func(p *nearPayload) { p.extraInside = 1 }, false},
		"a byte after the signature":  {func(p *nearPayload) { p.extra = 1 }, false},
		"a signature cut short":       {func(p *nearPayload) { p.missing = 1 }, false},
		"a payload cut short":         {func(p *nearPayload) { p.shortens = 1 }, false},
	} {
		if nearProof("alice.near", "idos.network", noCallback, row.change).isValid() != row.accepted {
			t.Errorf("%s: accepted must be %t", name, row.accepted)
		}
	}
	// Any recipient and any callback URL, if they are what was signed. An empty one is one.
	for _, callback := range []string{"https://example.org/?a=b", ""} {
		signed := "\x01" + lengthAndText(callback)
		if !nearProof("alice.near", "idos-issuer", signed, func(*nearPayload) {}).isValid() {
			t.Errorf("another recipient, with the callback URL %q", callback)
		}
		if nearProof("alice.near", "idos-issuer", signed, func(p *nearPayload) { p.callback = noCallback }).isValid() {
			t.Errorf("the callback URL %q, signed and taken away", callback)
		}
	}
	huge := nearProof("alice.near", "idos.network", noCallback, func(*nearPayload) {})
	huge.signature = "0008" + "9d010080" + "ffffffff" + strings.Repeat("00", 64) // a message of 4 GiB
	if huge.isValid() {
		t.Error("a length beyond the blob")
	}
}

func TestNearAccounts(t *testing.T) {
	_, key := edKey()
	implicit := hex.EncodeToString(key)
	for account, accepted := range map[string]bool{
		implicit:                  true,
		strings.ToUpper(implicit): true, // as the SDK writes it
		"00" + implicit[2:]:       false,
		"alice.near":              true,
		"a-b_c.d9.testnet":        true,
		"ok":                      true,
		"100":                     true,
		strings.Repeat("g", 64):   true,
		"0x12.near":               true,
		"":                        false,
		"a":                       false,
		"Alice.near":              false,
		"alice..near":             false,
		".near":                   false,
		"near.":                   false,
		"alice-":                  false,
		"a_-b":                    false,
		"al ice":                  false,
		"álice":                   false,
		"alice.near\n":            false,
		strings.Repeat("a", 65):   false,
		// has_profile compares addresses across types: this name would claim the profile of an EVM wallet.
		"0x" + strings.Repeat("1a", 20): false,
	} {
		if nearProof(account, "idos.network", noCallback, func(*nearPayload) {}).isValid() != accepted {
			t.Errorf("account %q: accepted must be %t", account, accepted)
		}
	}
}

func TestNearKeys(t *testing.T) {
	_, key := edKey()
	text := nearKeyText(key)
	for changed, accepted := range map[string]bool{
		text:                                    true,
		strings.TrimPrefix(text, "ed25519:"):    false,
		strings.ToUpper(text):                   false,
		"ed25519:" + hex.EncodeToString(key):    false,
		text + "1":                              false,
		"ed25519:1" + text[len("ed25519:"):]:    false,
		"ed25519:":                              false,
		"ed25519: " + text[len("ed25519:"):]:    false,
		"ed25519:0OIl":                          false,
		"ed25519:é":                             false,
		"ed25519:" + strings.Repeat("1", 32):    true, // 32 zeros
		"ed25519:" + strings.Repeat("1", 33):    false,
		"ed25519:" + strings.Repeat("z", 44):    false, // 33 bytes
		"ed25519:1" + strings.Repeat("z", 42):   true,  // not a point, which shows later
		"secp256k1:" + text[len("ed25519:"):]:   false,
		"ed25519:ed25519:" + text[8:]:           false,
		"ed25519:" + strings.Repeat("z", 10000): false,
	} {
		if _, ok := parseNearKey(changed); ok != accepted {
			t.Errorf("key %.60q: read must be %t", changed, accepted)
		}
	}
}

// xrplProof is a proof by the secp256k1 key, with this signature.
func xrplProof(signature []byte) proof {
	key := secp256k1.PrivKeyFromBytes(seed).PubKey().SerializeCompressed()
	publicKey := strings.ToUpper(hex.EncodeToString(key))
	return proof{"XRPL", xrplAddress(key), &publicKey, message, hex.EncodeToString(signature)}
}

func TestXrplSignaturesInDerHaveOneSpelling(t *testing.T) {
	digest := sha512Half(message)
	good := ecdsa.Sign(secp256k1.PrivKeyFromBytes(seed), digest).Serialize()
	if !xrplProof(good).isValid() {
		t.Fatal("a good signature is refused")
	}
	body, bodyLen := good[2:], good[1]
	rLen := good[3]
	r, s := good[4:4+rLen], good[4+int(rLen)+2:]
	sLen := byte(len(s))
	cat := func(parts ...[]byte) []byte {
		var out []byte
		for _, part := range parts {
			out = append(out, part...)
		}
		return out
	}
	high := highS(s)
	highDer := cat([]byte{2, 33, 0}, high)
	rDer := cat([]byte{2, rLen}, r)
	for name, signature := range map[string][]byte{
		"a long length":           cat([]byte{0x30, 0x81, bodyLen}, body),
		"a padded r":              cat([]byte{0x30, bodyLen + 1, 2, rLen + 1, 0}, r, []byte{2, sLen}, s),
		"another tag":             cat([]byte{0x31}, good[1:]),
		"a byte after it":         cat(good, []byte{0}),
		"a byte after s":          cat([]byte{0x30, bodyLen + 1}, body, []byte{0}),
		"r = 0":                   cat([]byte{0x30, sLen + 5, 2, 1, 0, 2, sLen}, s),
		"a negative r":            cat([]byte{0x30, sLen + 5, 2, 1, 0x80, 2, sLen}, s),
		"nothing in it":           {0x30, 0},
		"nothing":                 {},
		"s and no r":              cat([]byte{0x30, sLen + 2, 2, sLen}, s),
		"64 bytes and no DER":     cat(make([]byte, 32-len(s)), s, s),
		"a high s":                cat([]byte{0x30, byte(len(rDer) + len(highDer))}, rDer, highDer),
		"r beyond the order":      cat([]byte{0x30, 35 + 2 + sLen, 2, 33, 0}, bytesOf(0xFF, 32), []byte{2, sLen}, s),
		"an indefinite length":    cat([]byte{0x30, 0x80}, body, []byte{0, 0}),
		"the signature of itself": cat([]byte{0x30, bodyLen + 2}, good),
	} {
		if xrplProof(signature).isValid() {
			t.Errorf("%s is accepted: %x", name, signature)
		}
	}
}

func TestXrplKeys(t *testing.T) {
	digest := sha512Half(message)
	signature := ecdsa.Sign(secp256k1.PrivKeyFromBytes(seed), digest).Serialize()
	good := xrplProof(signature)
	for _, prefix := range []string{"00", "04", "06", "EC", "EE"} {
		changed := good
		key := prefix + (*good.publicKey)[2:]
		changed.publicKey = &key
		if changed.isValid() {
			t.Errorf("prefix %s", prefix)
		}
		if _, err := authenticators[Xrpl].Identifier(unhex(t, key)); err == nil {
			t.Errorf("a sender with the prefix %s", prefix)
		}
	}
	// x = 5 is on no point of secp256k1; the second is beyond the field.
	for _, x := range []string{strings.Repeat("00", 31) + "05", strings.Repeat("ff", 32)} {
		if authenticators[Xrpl].Verify(unhex(t, "02"+x), []byte(message), signature) == nil {
			t.Errorf("x = %s", x)
		}
	}
	lower := strings.ToLower(*good.publicKey)
	good.publicKey = &lower
	if !good.isValid() {
		t.Error("a key in lower case is refused")
	}
}

func stellarProof() proof {
	private, key := edKey()
	publicKey := hex.EncodeToString(key)
	signature := hex.EncodeToString(ed25519.Sign(private, []byte(message)))
	return proof{"Stellar", stellarAddress(key), &publicKey, message, signature}
}

func TestOnlyAGAddressIsAStellarAddress(t *testing.T) {
	good := stellarProof()
	if !good.isValid() {
		t.Fatal("a good proof is refused")
	}
	_, key := edKey()
	spell := func(version byte, payload []byte) string {
		decoded := append([]byte{version}, payload...)
		decoded = binary.LittleEndian.AppendUint16(decoded, crc16(decoded))
		return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(decoded)
	}
	if spell(6<<3, key) != good.address {
		t.Fatal("the test spells addresses otherwise")
	}
	badChecksum := good.address[:55] + "A"
	if badChecksum == good.address {
		badChecksum = good.address[:55] + "B"
	}
	for name, address := range map[string]string{
		"a key in hexadecimal": *good.publicKey,
		"a secret":             spell(18<<3, key),
		"a muxed account":      spell(12<<3, append(append([]byte{}, key...), make([]byte, 8)...)),
		"a contract":           spell(2<<3, key),
		"a wrong checksum":     badChecksum,
		"lower case":           strings.ToLower(good.address),
		"a shorter key":        spell(6<<3, key[1:]),
		"a longer key":         spell(6<<3, append([]byte{0}, key...)),
		"a line break":         good.address[:55] + "\n",
		"a line break more":    good.address + "\n",
	} {
		changed := good
		changed.address = address
		if changed.isValid() {
			t.Errorf("%s: %q", name, address)
		}
		if _, err := authenticators[Sep53].Identifier([]byte(address)); err == nil {
			t.Errorf("%s: %q as a sender", name, address)
		}
	}
	// The example of SEP-23.
	const known = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"
	if key, ok := parseStellarAddress(known); !ok || stellarAddress(key) != known {
		t.Error("the example of SEP-23 is not read")
	}
}

func TestBase64HasOneSpelling(t *testing.T) {
	private, _ := edKey()
	seenSpecial := false
	for n := range 8 {
		good := stellarProof()
		good.message = fmt.Sprintf("%s %d", message, n)
		signature := ed25519.Sign(private, []byte(good.message))
		standard := base64.StdEncoding.EncodeToString(signature)
		good.signature = standard
		if !good.isValid() {
			t.Errorf("%s is refused", standard)
		}
		seenSpecial = seenSpecial || strings.ContainsAny(standard, "+/")
		// 64 bytes leave 4 bits unused in the last digit before the padding.
		last := strings.IndexByte(base64Digits, standard[85])
		for _, other := range []string{
			strings.TrimRight(standard, "="), standard + "\n", standard[:40] + "\r\n" + standard[40:],
			base64.URLEncoding.EncodeToString(signature), standard[:85] + string(base64Digits[last+1]) + "==",
		} {
			changed := good
			changed.signature = other
			if other != standard && changed.isValid() {
				t.Errorf("%q is accepted", other)
			}
		}
	}
	if !seenSpecial {
		t.Error("no signature held a character that the alphabets write differently")
	}
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func TestHexadecimalIsReadInEitherCase(t *testing.T) {
	for name, good := range goodProofs(t) {
		if strings.Contains(name, "base64") {
			continue
		}
		prefix := ""
		if good.walletType == "EVM" {
			prefix = "0x"
		}
		digits := strings.TrimPrefix(good.signature, prefix)
		for _, cased := range []string{strings.ToLower(digits), strings.ToUpper(digits)} {
			changed := good
			changed.signature = prefix + cased
			if !changed.isValid() {
				t.Errorf("%s: %s", name, changed.signature)
			}
		}
	}
	face := goodProofs(t)["facesign"]
	upper := strings.ToUpper(face.address)
	face.address = upper
	if !face.isValid() {
		t.Error("a FaceSign address in upper case is refused")
	}
}

func sha512Half(text string) []byte {
	digest := sha512.Sum512([]byte(text))
	return digest[:32]
}

func bytesOf(value byte, length int) []byte {
	return []byte(strings.Repeat(string([]byte{value}), length))
}
