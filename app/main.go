// Package app is the program: it builds everything in one straight line, starts
// it, and stops it in reverse.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitOK    = 0
	exitWrong = 1 // what was asked for failed, or what was checked is wrong
	exitUsage = 2 // the command line makes no sense
)

const description = `The refund desk for shops of virtual goods, on Telegram.

Examples:
  tuidan demo                                try the desk: no token, no network
  tuidan check --config tuidan.yaml          name every mistake in config, policy and orders
  tuidan serve --config tuidan.yaml          open the desk
  tuidan rehearse tests/rehearsals/*.txtar   play conversations against it`

// commandLine is what kong reads.
type commandLine struct {
	Demo struct {
		Data string `help:"Folder to keep the demo's data in. Without it everything is in a temporary folder that is removed." placeholder:"DIR"`
	} `cmd:"" help:"Play a conversation in the terminal, then chat as buyer or merchant. Example: tuidan demo"`
	Serve struct {
		Config string `help:"The config file; see tuidan.example.yaml." placeholder:"FILE" default:"tuidan.yaml"`
	} `cmd:"" help:"Open the desk. Example: TUIDAN_TELEGRAM_TOKEN=… tuidan serve --config tuidan.yaml"`
	Check struct {
		Config string `help:"The config file; see tuidan.example.yaml." placeholder:"FILE" default:"tuidan.yaml"`
	} `cmd:"" help:"Check config, policies, order files and texts without starting; name every mistake with file, line and column. Example: tuidan check --config tuidan.yaml"`
	Doctor struct {
		Config string `help:"The config file; see tuidan.example.yaml." placeholder:"FILE" default:"tuidan.yaml"`
		Locale string `help:"The language, such as en; without it each shop's." placeholder:"LOCALE"`
	} `cmd:"" help:"Show what shops, suppliers and payment channels can and cannot do, and try the connections to the shops. It only reads, also while a desk runs. Example: tuidan doctor --config tuidan.yaml"`
	Policy   policyLine `cmd:"" help:"Check, print, try and publish the shops' rules, and explain what they decide. Example: tuidan policy check policy.yaml"`
	Rehearse struct {
		Files   []string `arg:"" name:"file" help:"Scripts of conversations (.txtar). A script is data: what could reach beyond its own folder is refused."`
		Verbose bool     `help:"Show the desk's log too." short:"v"`
	} `cmd:"" help:"Play scripts of conversations against the whole desk. Example: tuidan rehearse refund.txtar"`
	Intents intentsLine `cmd:"" help:"Train, try and evaluate the model that reads messages. Example: tuidan intents classify"`
	Keys    struct {
		New struct {
			File string `arg:"" help:"The file to make. One that is there is never replaced."`
		} `cmd:"" help:"Make the key file that evidence is sealed with. Example: tuidan keys new secrets/evidence.keys"`
		Rotate struct {
			File string `arg:"" help:"The key file."`
		} `cmd:"" help:"Add a key to the file, to seal with from the desk's next start on; the old ones still open what they sealed. Example: tuidan keys rotate secrets/evidence.keys"`
	} `cmd:"" help:"Make and rotate the keys that evidence is sealed with. Example: tuidan keys new secrets/evidence.keys"`
	Evidence struct {
		File   string `arg:"" help:"The sealed file: evidence/CASE/SHA-256.sealed in the data folder."`
		Config string `help:"The config file, which names the keys." placeholder:"FILE" default:"tuidan.yaml"`
	} `cmd:"" help:"Open a sealed file and write what is in it to standard output. Example: tuidan evidence data/evidence/1.1/….sealed > picture.jpg"`
	Erase struct {
		Buyer  int64  `arg:"" help:"The buyer's Telegram id."`
		Config string `help:"The config file, which names the data and the keys." placeholder:"FILE" default:"tuidan.yaml"`
	} `cmd:"" help:"Delete what is kept about a buyer, as his own /forget does, while the desk is stopped. Example: tuidan erase 123456789"`
	Export struct {
		Case   paperOptions  `cmd:"" help:"The record of an order's requests: what happened, decisions, payments and the evidence's checksums, as a page to print or hand in. Example: tuidan export case T1001 > T1001.html"`
		Ledger exportOptions `cmd:"" help:"The ledger: what was paid back and where it was booked, what is owed, came back or was given up. Example: tuidan export ledger --csv --from 2026-03-01 > march.csv"`
	} `cmd:"" help:"Write records of a shop to standard output. Example: tuidan export ledger --csv"`
	Version struct{} `cmd:"" help:"Print the version. Example: tuidan version"`
	Help    struct {
		Command []string `arg:"" optional:"" help:"The command to explain."`
	} `cmd:"" help:"Explain the program or a command. Example: tuidan help serve"`
}

// Main runs the program and returns its exit code: 0, 1 when what was asked for
// failed, 2 for a command line that makes no sense.
func Main(args, environment []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:], "--help")
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	var line commandLine
	exited, code := false, exitOK
	parser, err := kong.New(&line, kong.Name("tuidan"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Exit(func(with int) { exited, code = true, with }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if err != nil {
		panic("app: the command line is declared wrongly: " + err.Error())
	}
	parsed, err := parser.Parse(args)
	if exited { // help was asked for and written
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "tuidan: %v\nTry: tuidan help\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch command, rest, _ := strings.Cut(parsed.Command(), " "); command {
	case "demo":
		err = demo(ctx, demoOptions{data: line.Demo.Data, in: stdin, out: stdout})
	case "serve":
		err = openAndServe(ctx, line.Serve.Config, environment, stderr)
	case "check":
		return check(line.Check.Config, environment, stdout, stderr)
	case "doctor":
		err = doctor(ctx, line.Doctor.Config, line.Doctor.Locale, environment, stdout, stderr)
	case "policy":
		err = runPolicy(ctx, rest, &line.Policy, environment, stdout, stderr)
	case "rehearse":
		err = rehearseFiles(line.Rehearse.Files, line.Rehearse.Verbose, stdout, stderr)
	case "intents":
		stop() // an interrupt ends the process at once: files are replaced whole
		err = runIntents(context.Background(), rest, &line.Intents, args, environment, stdin, stdout, stderr)
	case "keys":
		err = runKeys(rest, line.Keys.New.File, line.Keys.Rotate.File, stdout)
	case "evidence":
		err = openEvidence(line.Evidence.File, line.Evidence.Config, environment, stdout, stderr)
	case "erase":
		err = eraseBuyer(ctx, line.Erase.Buyer, line.Erase.Config, environment, stdout, stderr)
	case "export":
		if strings.HasPrefix(rest, "case") {
			err = exportCase(ctx, line.Export.Case, environment, stdout, stderr)
			break
		}
		err = exportLedger(ctx, line.Export.Ledger, environment, stdout, stderr)
	case "version":
		fmt.Fprintln(stdout, "tuidan", version())
	}
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errSaid):
		return exitWrong
	}
	fmt.Fprintf(stderr, "tuidan: %v\n", err)
	return exitWrong
}

// errSaid is a failure that was told already.
var errSaid = errors.New("failed")

func openAndServe(ctx context.Context, file string, environment []string, stderr io.Writer) error {
	setup, err := LoadConfig(file, environment)
	if err != nil {
		return tellProblems(err, stderr)
	}
	return serve(ctx, setup, logger(setup.Config.Log, stderr))
}

// tellProblems writes every problem and says how many there are.
func tellProblems(err error, to io.Writer) error {
	problems, ok := errors.AsType[Problems](err)
	if !ok {
		return err
	}
	fmt.Fprintln(to, problems.Error())
	fmt.Fprintf(to, "\n%d %s\n", len(problems), map[bool]string{true: "mistake", false: "mistakes"}[len(problems) == 1])
	return errSaid
}

// logger writes logs in the form that the config asks for.
func logger(config LogConfig, to io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(config.Level)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if config.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// version is what the build says of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	version := info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			version += " " + setting.Value[:12]
		}
	}
	return version + " " + info.GoVersion
}
