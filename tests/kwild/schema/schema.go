// Package schema is the schema of an idOS-like network of ours: tables and actions that clients of idOS find on its
// nodes, written from public descriptions of them. A network has it from its first block on.
package schema

import (
	"context"
	"embed"
	"fmt"

	"github.com/kwilteam/kwil-db/common"
	"github.com/kwilteam/kwil-db/extensions/hooks"
)

// mount makes the functions of the extension callable as idos.f(…).
const mount = "USE IF NOT EXISTS idos AS idos;"

//go:embed *.sql
var files embed.FS

// Register has a new network run the schema at its genesis. The extension "idos" must be registered, too.
func Register() error {
	return hooks.RegisterGenesisHook("idos_schema", load)
}

// load runs outside of any transaction and above all privileges, on every validator alike. Inserters and delegates
// are not in the schema: the owner of the database adds them.
func load(ctx context.Context, app *common.App, _ *common.ChainContext) error {
	parts, err := read()
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := app.Engine.ExecuteWithoutEngineCtx(ctx, app.DB, part.sql, nil, nil); err != nil {
			return fmt.Errorf("schema: %s: %w", part.name, err)
		}
	}
	return nil
}

// part is a file of the schema, or the mount before them.
type part struct {
	name string
	sql  string
}

// read gives the parts in the order in which they are to be run: that of their names, after the mount.
func read() ([]part, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	parts := []part{{name: "mount", sql: mount}}
	for _, entry := range entries {
		sql, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{name: entry.Name(), sql: string(sql)})
	}
	return parts, nil
}
