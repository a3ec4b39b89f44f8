// Tuidan is the refund desk for shops of virtual goods: buyers talk to a Telegram
// bot, merchants decide in a Telegram group, and the shop's own rules decide
// whatever rules can decide. See `tuidan help`.
package main

import (
	"os"

	"tuidan/app"
)

func main() {
	os.Exit(app.Main(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
