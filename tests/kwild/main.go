// Idos-kwild is kwild, the node software that idOS nodes run, with an extension `idos` and a schema that this
// repository wrote from public descriptions of the real ones: a local network that is idOS-like, and is not idOS.
//
// Its commands are kwild's: see `idos-kwild --help`.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"idos-kwild/idos"
	"idos-kwild/schema"

	"github.com/kwilteam/kwil-db/app"
)

func main() {
	for _, register := range []func() error{idos.Register, schema.Register} {
		if err := register(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := app.RunRootCmd(ctx); err != nil {
		os.Exit(1)
	}
}
