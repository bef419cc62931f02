package idos

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// The texts of write grants and access grants, and whether an owner signed one.
//
// The text that a view hands out and the text that a signature is checked against are made by one function each.
// Their exact bytes on idOS' nodes are not public: a client must always fetch them. These are the development
// node's (crates/idos-devnode/src/extension/grants.rs): "key: value" lines joined by newlines, without one at the
// end. Each value is used byte for byte as it was given.

// writeGrant is what a delegated write grant says.
type writeGrant struct {
	owner, grantee, issuerPublicKey, id                  *string
	accessGrantTimelock, notUsableBefore, notUsableAfter *string
}

// text is the function dwg_message: the text to sign.
func (g writeGrant) text() (string, error) {
	return lines("dwg_message", "delegatedWriteGrant", []field{
		{"owner", g.owner},
		{"consumer", g.grantee},
		{"issuer public key", g.issuerPublicKey},
		{"id", g.id},
		{"access grant timelock", g.accessGrantTimelock},
		{"not usable before", g.notUsableBefore},
		{"not usable after", g.notUsableAfter},
	})
}

// delegatedAccessGrant is what a delegated access grant says.
type delegatedAccessGrant struct {
	owner, grantee, dataID *string
	lockedUntil            *int64
	contentHash            *string
}

// text is the function dag_message: the text to sign.
func (g delegatedAccessGrant) text() (string, error) {
	var lockedUntil *string
	if g.lockedUntil != nil {
		seconds := strconv.FormatInt(*g.lockedUntil, 10)
		lockedUntil = &seconds
	}
	return lines("dag_message", "delegatedAccessGrant", []field{
		{"data id", g.dataID},
		{"owner", g.owner},
		{"grantee", g.grantee},
		{"locked until", lockedUntil},
		{"content hash", g.contentHash},
	})
}

// grantOwner is the wallet that must have signed a grant, as the database holds it.
type grantOwner struct {
	// identifier is the address for EVM, XRPL and Stellar, the public key for NEAR and FaceSign.
	identifier            *string
	walletType, publicKey *string
}

// hasSigned is the function dwg_verify_owner or verify_owner: whether the owner signed the text of the grant in
// the way of the wallet's type. A comment in the public schema says that idOS' nodes do the latter for EVM
// wallets only; here, as in the development node, every type can.
func (o grantOwner) hasSigned(grant interface{ text() (string, error) }, signature *string) bool {
	message, err := grant.text()
	if err != nil || o.walletType == nil || o.identifier == nil || signature == nil {
		return false
	}
	return isSignedBy(walletType(*o.walletType), *o.identifier, o.publicKey, message, *signature)
}

// field is a line of a grant.
type field struct {
	name  string
	value *string
}

// lines refuses values that would break out of their line: two different grants must not have one text. A grant
// with a null has none; of the functions that hand out texts, the engine refuses the null before.
func lines(function, operation string, fields []field) (string, error) {
	var out strings.Builder
	out.WriteString("operation: " + operation)
	for _, field := range fields {
		if field.value == nil {
			return "", fmt.Errorf("%s: the %s is null", function, field.name)
		}
		if strings.ContainsFunc(*field.value, unicode.IsControl) {
			return "", fmt.Errorf("%s: the %s has a control character", function, field.name)
		}
		out.WriteString("\n" + field.name + ": " + *field.value)
	}
	return out.String(), nil
}
