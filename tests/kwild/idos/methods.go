package idos

import (
	"github.com/kwilteam/kwil-db/common"
	"github.com/kwilteam/kwil-db/core/types"
	"github.com/kwilteam/kwil-db/extensions/precompiles"
)

// methods are the functions of the extension, with the parameters and the results that the schema expects. All
// of them are pure.
//
// Those that judge something take nulls, and judge them to be wrong. The others take none: the engine refuses a
// null before it calls them.
func methods() []precompiles.Method {
	return []precompiles.Method{
		method("is_wallet_valid", types.BoolType,
			params(nullable("address"), nullable("public_key"), nullable("wallet_type"), nullable("message"),
				nullable("signature")),
			func(a *arguments) (any, error) {
				return isWalletValid(a.text(), a.text(), a.text(), a.text(), a.text()), nil
			}),
		method("assert_credential_signatures", types.BoolType,
			params(nullable("issuer_auth_public_key"), nullable("public_notes"),
				nullable("public_notes_signature"), nullable("content"), nullable("broader_signature")),
			func(a *arguments) (any, error) {
				return isCredentialGenuine(a.text(), a.text(), a.text(), a.text(), a.text()), nil
			}),
		method("assert_reference_signatures", types.BoolType,
			params(nullable("issuer_auth_public_key"), nullable("public_notes"),
				nullable("public_notes_signature"), nullable("content_uri"), nullable("broader_signature")),
			func(a *arguments) (any, error) {
				return isCredentialNamed(a.text(), a.text(), a.text(), a.text(), a.text()), nil
			}),
		method("is_content_uri", types.BoolType,
			params(nullable("uri")),
			func(a *arguments) (any, error) {
				return isContentURI(a.text()), nil
			}),
		method("get_verifiable_credential_id", types.TextType,
			params(nullable("public_notes")),
			func(a *arguments) (any, error) {
				return verifiableCredentialID(a.text()), nil
			}),
		method("dwg_message", types.TextType,
			params(text("owner"), text("grantee"), text("issuer_public_key"), text("id"),
				text("access_grant_timelock"), text("not_usable_before"), text("not_usable_after")),
			func(a *arguments) (any, error) {
				return a.writeGrant(a.text()).text()
			}),
		method("dwg_verify_owner", types.BoolType,
			params(nullable("owner"), nullable("wallet_type"), nullable("public_key"), nullable("grantee"),
				nullable("issuer_public_key"), nullable("id"), nullable("access_grant_timelock"),
				nullable("not_usable_before"), nullable("not_usable_after"), nullable("signature")),
			func(a *arguments) (any, error) {
				owner := a.owner()
				return owner.hasSigned(a.writeGrant(owner.identifier), a.text()), nil
			}),
		method("dag_message", types.TextType,
			params(text("owner"), text("grantee"), text("data_id"),
				precompiles.NewPrecompileValue("locked_until", types.IntType, false), text("content_hash")),
			func(a *arguments) (any, error) {
				return a.delegatedAccessGrant(a.text()).text()
			}),
		method("verify_owner", types.BoolType,
			params(nullable("owner"), nullable("wallet_type"), nullable("public_key"), nullable("grantee"),
				nullable("data_id"), precompiles.NewPrecompileValue("locked_until", types.IntType, true),
				nullable("content_hash"), nullable("signature")),
			func(a *arguments) (any, error) {
				owner := a.owner()
				return owner.hasSigned(a.delegatedAccessGrant(owner.identifier), a.text()), nil
			}),
		method("parse_date", types.IntType,
			params(text("date")),
			func(a *arguments) (any, error) {
				return parseDate(a.text())
			}),
		method("validate_not_usable_times", types.BoolType,
			params(text("not_usable_before"), text("not_usable_after")),
			func(a *arguments) (any, error) {
				return isWindow(a.text(), a.text())
			}),
	}
}

// method makes a function that everybody may call, that changes nothing and that answers with one value.
func method(
	name string, result *types.DataType, parameters []precompiles.PrecompileValue,
	answer func(*arguments) (any, error),
) precompiles.Method {
	return precompiles.Method{
		Name:            name,
		AccessModifiers: []precompiles.Modifier{precompiles.PUBLIC, precompiles.VIEW},
		Parameters:      parameters,
		Returns: &precompiles.MethodReturn{
			Fields: params(precompiles.NewPrecompileValue(name, result, false)),
		},
		Handler: func(_ *common.EngineContext, _ *common.App, inputs []any, give func([]any) error) error {
			given := arguments(inputs)
			value, err := answer(&given)
			if err != nil {
				return err
			}
			return give([]any{value})
		},
	}
}

func params(values ...precompiles.PrecompileValue) []precompiles.PrecompileValue {
	return values
}

func text(name string) precompiles.PrecompileValue {
	return precompiles.NewPrecompileValue(name, types.TextType, false)
}

func nullable(name string) precompiles.PrecompileValue {
	return precompiles.NewPrecompileValue(name, types.TextType, true)
}

// arguments are those of one call that have not been taken yet. The engine has compared their number, their types
// and their nulls with the parameters.
//
// Go evaluates the calls in an argument list or a literal from left to right, which is the order of the
// parameters.
type arguments []any

// text takes the next argument: nil if it is null.
func (a *arguments) text() *string { return next[string](a) }

func (a *arguments) owner() grantOwner {
	return grantOwner{identifier: a.text(), walletType: a.text(), publicKey: a.text()}
}

func (a *arguments) writeGrant(owner *string) writeGrant {
	return writeGrant{
		owner: owner, grantee: a.text(), issuerPublicKey: a.text(), id: a.text(), accessGrantTimelock: a.text(),
		notUsableBefore: a.text(), notUsableAfter: a.text(),
	}
}

func (a *arguments) delegatedAccessGrant(owner *string) delegatedAccessGrant {
	return delegatedAccessGrant{
		owner: owner, grantee: a.text(), dataID: a.text(), lockedUntil: next[int64](a), contentHash: a.text(),
	}
}

func next[T any](a *arguments) *T {
	if len(*a) == 0 {
		return nil
	}
	value, ok := (*a)[0].(T)
	*a = (*a)[1:]
	if !ok {
		return nil
	}
	return &value
}
