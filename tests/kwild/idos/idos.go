// Package idos is what makes a kwild node idOS-like: the precompile extension "idos", whose functions the schema
// calls, and the authenticators of the signature types that kwild does not bring.
//
// The real extension is not public. What its functions must do follows from the public schema, the SDK and the
// documents; where those leave a choice, this package does the same as the development node of this repository
// (crates/idos-devnode/src/extension and crates/idos-wallet), so that one test suite holds for both nodes.
//
// Everything here runs while blocks are executed, on all validators alike. So nothing depends on the time, on
// chance or on the machine, and input of every kind ends in an answer or in an error whose text is always the same.
package idos

import (
	"fmt"

	"github.com/kwilteam/kwil-db/extensions/auth"
	"github.com/kwilteam/kwil-db/extensions/precompiles"
)

// Name is under what a database finds the extension: USE idos AS idos.
const Name = "idos"

// Register makes the extension and the authenticators known to kwild. It must run once, before the node starts.
func Register() error {
	if err := precompiles.RegisterPrecompile(Name, precompiles.Precompile{Methods: methods()}); err != nil {
		return fmt.Errorf("extension %s: %w", Name, err)
	}
	for name, authenticator := range authenticators {
		if err := auth.RegisterAuthenticator(auth.ModAdd, name, authenticator); err != nil {
			return fmt.Errorf("authenticator %s: %w", name, err)
		}
	}
	return nil
}
