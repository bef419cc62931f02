package idos

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"unicode/utf8"
)

// nep413Tag marks a payload as NEP-413, so that its signature can never be one of a NEAR transaction.
const nep413Tag = 1<<31 + 413

// signedPayload is what idOS takes as the signature of a NEAR wallet (crates/idos-wallet/src/nep413.rs):
//
//	length of the payload  u16, big endian
//	tag                    u32, little endian, 2^31 + 413
//	message                u32, little endian, length; UTF-8
//	nonce                  32 bytes
//	recipient              u32, little endian, length; UTF-8
//	callback URL           00, or 01 and u32, little endian, length; UTF-8
//	signature              64 bytes
//
// The message inside is not kept: some wallets leave it out, and the one that is claimed takes its place.
type signedPayload struct {
	nonce       []byte
	recipient   []byte
	hasCallback bool // none and an empty one are two payloads, as for borsh
	callbackURL []byte
	signature   []byte
}

// readSignedPayload reads a blob to its end. It does not verify the signature.
func readSignedPayload(blob []byte) (signed signedPayload, ok bool) {
	outer := reader{rest: blob}
	payload := reader{rest: outer.take(uint64(outer.uint16BE()))}
	signed.signature = outer.take(ed25519.SignatureSize)

	isTagged := payload.uint32LE() == nep413Tag
	payload.text()
	signed.nonce = payload.take(32)
	signed.recipient = payload.text()
	switch callback := payload.take(1); {
	case len(callback) == 1 && callback[0] == 0:
	case len(callback) == 1 && callback[0] == 1:
		signed.hasCallback = true
		signed.callbackURL = payload.text()
	default:
		return signedPayload{}, false
	}
	return signed, isTagged && outer.isDone() && payload.isDone()
}

// digest is what the key signs: SHA-256 of the payload with this message in it.
func (p signedPayload) digest(message []byte) [32]byte {
	out := binary.LittleEndian.AppendUint32(nil, nep413Tag)
	out = appendText(out, message)
	out = append(out, p.nonce...)
	out = appendText(out, p.recipient)
	if p.hasCallback {
		out = appendText(append(out, 1), p.callbackURL)
	} else {
		out = append(out, 0)
	}
	return sha256.Sum256(out)
}

func appendText(out, text []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(text))), text...)
}

// reader takes apart a text of known form. After a failure it gives nothing more, and is never done.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(length uint64) []byte {
	if r.failed || length > uint64(len(r.rest)) {
		r.failed = true
		return nil
	}
	head := r.rest[:length]
	r.rest = r.rest[length:]
	return head
}

func (r *reader) uint16BE() uint16 {
	if bytes := r.take(2); len(bytes) == 2 {
		return binary.BigEndian.Uint16(bytes)
	}
	return 0
}

func (r *reader) uint32LE() uint32 {
	if bytes := r.take(4); len(bytes) == 4 {
		return binary.LittleEndian.Uint32(bytes)
	}
	return 0
}

func (r *reader) text() []byte {
	text := r.take(uint64(r.uint32LE()))
	if !utf8.Valid(text) {
		r.failed = true
	}
	return text
}

func (r *reader) isDone() bool {
	return !r.failed && len(r.rest) == 0
}
