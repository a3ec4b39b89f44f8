package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"tuidan/orders"
	"tuidan/payouts"
	"tuidan/refund"
	"tuidan/simulator"
)

// command is one line of the table. It returns what is printed to standard
// output, for stdout and cmp.
type command struct {
	usage string
	// acts tells that the desk settles afterwards.
	acts bool
	// negates tells that "!" may stand before it.
	negates bool
	run     func(ctx context.Context, w *World, neg bool, args []string) (string, error)
}

// commands is the table. It is filled by init, since the commands look into it.
var commands map[string]command

func init() {
	commands = map[string]command{
		"buyer": {usage: "buyer NAME start|rawstart|say|tap|photo|album|send|forward|edit|answer|locale|block|unblock …", acts: true,
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				if err := atLeast(args, 2); err != nil {
					return "", err
				}
				return "", w.buyer(args[0], args[1], args[2:])
			}},
		"merchant": {usage: "merchant NAME [in ORDER] tap|reply|say|photo|album|send|edit|answer …", acts: true,
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				if err := atLeast(args, 2); err != nil {
					return "", err
				}
				return "", w.inGroup(args[0], args[1], args[2:], true)
			}},
		"stranger": {usage: "stranger NAME tap|say …", acts: true,
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				if err := atLeast(args, 2); err != nil {
					return "", err
				}
				return "", w.inGroup(args[0], args[1], args[2:], false)
			}},
		"member": {usage: "member NAME joins|leaves|removed|promoted|hidden|demoted|owns", acts: true,
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				if err := exactly(args, 2); err != nil {
					return "", err
				}
				return "", w.member(args[0], args[1])
			}},
		"mentioned": {usage: "[!] mentioned NAME", negates: true,
			run: func(_ context.Context, w *World, neg bool, args []string) (string, error) {
				if err := exactly(args, 1); err != nil {
					return "", err
				}
				return "", w.mentioned(neg, args[0])
			}},
		"sees": {usage: "[!] sees buyer NAME|group|topic ORDER|staff NAME REGEX", negates: true,
			run: func(_ context.Context, w *World, neg bool, args []string) (string, error) {
				screen, rest, err := w.screenOf(args)
				if err != nil {
					return "", err
				}
				if len(rest) != 1 {
					return "", errUsage
				}
				return "", w.sees(neg, screen, rest[0])
			}},
		"holds": {usage: "holds buyer NAME|group|staff NAME CAPTION CONTENT",
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				on, rest, err := w.screenOf(args)
				if err != nil {
					return "", err
				}
				if len(rest) != 2 {
					return "", errUsage
				}
				return "", w.holds(on, rest[0], rest[1])
			}},
		"answered": {usage: "[!] answered NAME REGEX", negates: true,
			run: func(_ context.Context, w *World, neg bool, args []string) (string, error) {
				if err := exactly(args, 2); err != nil {
					return "", err
				}
				return "", w.answered(neg, args[0], args[1])
			}},
		"screen": {usage: "screen buyer NAME|group|topic ORDER|staff NAME",
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				screen, rest, err := w.screenOf(args)
				if err != nil {
					return "", err
				}
				return w.show(screen), exactly(rest, 0)
			}},
		"answers": {usage: "answers buyer NAME|group|topic ORDER|staff NAME REGEX ANSWERED",
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				screen, rest, err := w.screenOf(args)
				if err != nil {
					return "", err
				}
				if len(rest) != 2 {
					return "", errUsage
				}
				return "", w.answersTo(screen, rest[0], rest[1])
			}},
		"together": {usage: "together buyer NAME|group|topic ORDER|staff NAME COUNT",
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				screen, rest, err := w.screenOf(args)
				if err != nil {
					return "", err
				}
				if len(rest) != 1 {
					return "", errUsage
				}
				return "", w.together(screen, rest[0])
			}},
		"pinned": {usage: "[!] pinned ORDER", negates: true,
			run: func(_ context.Context, w *World, neg bool, args []string) (string, error) {
				if err := exactly(args, 1); err != nil {
					return "", err
				}
				return "", w.pinned(neg, args[0])
			}},
		"topic": {usage: "topic ORDER none | topic ORDER open|closed [NAME [ICON]]",
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				if len(args) < 2 || len(args) > 4 {
					return "", errUsage
				}
				return "", w.topicIs(args[0], args[1], args[2:])
			}},
		"timeline": {usage: "[!] timeline ORDER REGEX", negates: true,
			run: func(ctx context.Context, w *World, neg bool, args []string) (string, error) {
				if err := exactly(args, 2); err != nil {
					return "", err
				}
				return "", w.timeline(ctx, neg, args[0], args[1])
			}},
		"picture": {usage: "picture FILE SEED [noise]", run: picture},
		"order": {usage: "order ORDER KEY=VALUE…", acts: true,
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				if err := atLeast(args, 2); err != nil {
					return "", err
				}
				return "", w.changeOrder(args[0], args[1:])
			}},
		"source": {usage: "source down|up", acts: true,
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				if len(args) != 1 || args[0] != "down" && args[0] != "up" {
					return "", errUsage
				}
				w.stage.Orders.Down(args[0] == "down")
				return "", nil
			}},
		"supplier": {usage: "supplier ORDER adjusts|refunds|refuses [REASON]|unable|silent", acts: true,
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				if err := atLeast(args, 2); err != nil {
					return "", err
				}
				key, ok := w.orderKey(args[0])
				if !ok {
					return "", fmt.Errorf("there is no order %s", args[0])
				}
				behaviour, err := orders.ParseBehaviour(args[1:]...)
				if err != nil {
					return "", err
				}
				return "", w.stage.Supplier.Behave(key, behaviour)
			}},
		"callback": {usage: "callback ORDER [failed]", acts: true,
			run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
				if len(args) == 0 || len(args) > 2 || len(args) == 2 && args[1] != "failed" {
					return "", errUsage
				}
				key, ok := w.orderKey(args[0])
				if !ok {
					return "", fmt.Errorf("there is no order %s", args[0])
				}
				order, _ := w.stage.Orders.Peek(key)
				return "", w.desk.Hint(ctx, order, len(args) == 2)
			}},
		"channel": {usage: "channel ok|slow|fails|unknown|arrives|reverses|broke|closed | channel refunds ORDER AMOUNT", acts: true,
			run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
				if len(args) == 3 && args[0] == "refunds" {
					return "", w.refundBeside(ctx, args[1], args[2])
				}
				if err := exactly(args, 1); err != nil {
					return "", err
				}
				behaviour, err := payouts.ParseBehaviour(args[0])
				if err != nil {
					return "", err
				}
				return "", w.stage.Channel.Behave(behaviour, "")
			}},
		"telegram": {usage: "telegram fault METHOD CODE [TIMES] [retry_after=N] | migrates | removes-bot | returns-bot | denies pins|topics|both | allows | topics on|off | deletes-topic ORDER", acts: true,
			run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
				if err := atLeast(args, 1); err != nil {
					return "", err
				}
				return "", w.telegram(args[0], args[1:])
			}},
		"clock": {usage: "clock +26h | clock TIME", run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
			if err := exactly(args, 1); err != nil {
				return "", err
			}
			to, err := moment(w.clock.Now(), args[0])
			if err != nil {
				return "", err
			}
			if to.Before(w.clock.Now()) {
				return "", fmt.Errorf("time moves forward only, and it is %s", w.clock.Now().Format(time.RFC3339))
			}
			return "", w.Pass(ctx, to)
		}},
		"policy": {usage: "policy FILE", run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
			if err := exactly(args, 1); err != nil {
				return "", err
			}
			data, err := w.file(args[0])
			if err != nil {
				return "", err
			}
			// In force once somebody has the desk read it.
			return "", os.WriteFile(filepath.Join(w.files, "policy.yaml"), data, 0o666)
		}},
		"restart": {usage: "restart [+26h]", run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
			at := w.clock.Now()
			if len(args) > 0 {
				if err := exactly(args, 1); err != nil {
					return "", err
				}
				var err error
				if at, err = moment(at, args[0]); err != nil {
					return "", err
				}
			}
			return "", w.Restart(ctx, at)
		}},
		"crash": {usage: "crash | crash INSTRUCTIONS", run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
			if len(args) == 0 {
				return "", w.Crash(ctx)
			}
			// The desk dies at that many instructions from now, in the middle of
			// what the next commands have it do, and is started again.
			instructions, err := strconv.Atoi(args[0])
			if err != nil || instructions < 1 || len(args) > 1 {
				return "", errUsage
			}
			w.desk.CrashAfter(instructions)
			return "", nil
		}},
		"status": {usage: "status ORDER STATUS", run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
			if err := exactly(args, 2); err != nil {
				return "", err
			}
			return "", w.status(ctx, args[0], args[1])
		}},
		"payouts": {usage: "payouts ORDER COUNT [AMOUNT]", run: func(_ context.Context, w *World, _ bool, args []string) (string, error) {
			if len(args) != 2 && len(args) != 3 {
				return "", errUsage
			}
			return "", w.payouts(args[0], args[1], strings.Join(args[2:], ""))
		}},
		"decision": {usage: "decision ORDER OUTCOME [RULE]", run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
			if len(args) != 2 && len(args) != 3 {
				return "", errUsage
			}
			return "", w.decision(ctx, args[0], args[1], strings.Join(args[2:], ""))
		}},
		"liable": {usage: "liable ORDER PARTY", run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
			if err := exactly(args, 2); err != nil {
				return "", err
			}
			return "", w.liable(ctx, args[0], args[1])
		}},
		"next": {usage: "next ORDER PARTY [WITHIN]", run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
			if len(args) != 2 && len(args) != 3 {
				return "", errUsage
			}
			return "", w.next(ctx, args[0], args[1], strings.Join(args[2:], ""))
		}},
		"invariants": {usage: "invariants", run: func(ctx context.Context, w *World, _ bool, args []string) (string, error) {
			if err := exactly(args, 0); err != nil {
				return "", err
			}
			return "", w.Invariants(ctx)
		}},
	}
}

var errUsage = errors.New("usage")

func exactly(args []string, n int) error {
	if len(args) != n {
		return errUsage
	}
	return nil
}

func atLeast(args []string, n int) error {
	if len(args) < n {
		return errUsage
	}
	return nil
}

// Commands returns the usage of every command, sorted.
func Commands() []string {
	var usages []string
	for _, c := range commands {
		usages = append(usages, c.usage)
	}
	slices.Sort(usages)
	return usages
}

// Do runs one command of the table and lets the desk settle. It returns what the
// command prints. The error says in words what was expected and what is there.
func (w *World) Do(ctx context.Context, neg bool, name string, args []string) (string, error) {
	c, ok := commands[name]
	if !ok {
		return "", fmt.Errorf("there is no command %q", name)
	}
	if neg && !c.negates {
		return "", fmt.Errorf("%q cannot be negated", name)
	}
	out, err := c.run(ctx, w, neg, args)
	if errors.Is(err, errUsage) {
		return "", fmt.Errorf("usage: %s", c.usage)
	}
	if err == nil && c.acts {
		err = w.settle(ctx)
	}
	return out, err
}

// moment reads "+26h" or a time in RFC 3339.
func moment(now time.Time, text string) (time.Time, error) {
	if after, ok := strings.CutPrefix(text, "+"); ok {
		d, err := time.ParseDuration(after)
		if err != nil {
			return time.Time{}, err
		}
		return now.Add(d), nil
	}
	return time.Parse(time.RFC3339, text)
}

// picture writes a made-up picture into the script's folder.
func picture(_ context.Context, w *World, _ bool, args []string) (string, error) {
	if len(args) < 2 || len(args) > 3 || len(args) == 3 && args[2] != "noise" {
		return "", errUsage
	}
	if !local(args[0]) {
		return "", fmt.Errorf("%q lies outside the script's folder", args[0])
	}
	data, err := makePicture(args[1], len(args) == 3)
	if err != nil {
		return "", err
	}
	path := filepath.Join(w.files, args[0])
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return "", err
	}
	return "", os.WriteFile(path, data, 0o666)
}

// changeOrder changes an order in the shop's system, or what its supplier says
// of it.
// refundBeside has somebody pay an order back in the channel's own pages, of which
// the desk hears nothing.
func (w *World) refundBeside(ctx context.Context, no, amount string) error {
	key, ok := w.orderKey(no)
	if !ok {
		return fmt.Errorf("there is no order %s", no)
	}
	order, err := w.stage.Orders.Order(ctx, key)
	if err != nil {
		return err
	}
	paid, err := refund.ParseMoney(amount, order.Amount.Currency)
	if err != nil {
		return err
	}
	receipt, err := w.stage.Channel.Refund(ctx, refund.Payout{Key: "beside " + no, Amount: paid, ChargeID: order.ChargeID})
	if err == nil && receipt.State != refund.Accepted {
		err = fmt.Errorf("the channel says %s", receipt.State)
	}
	return err
}

func (w *World) changeOrder(no string, pairs []string) error {
	key, ok := w.orderKey(no)
	if !ok {
		return fmt.Errorf("there is no order %s", no)
	}
	var columns []string
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return errUsage
		}
		if !slices.Contains(orders.SandboxColumns(), name) {
			columns = append(columns, pair)
			continue
		}
		if err := w.stage.Supplier.ApplyColumn(key, name, value); err != nil {
			return err
		}
	}
	if len(columns) == 0 {
		return nil
	}
	return w.stage.Orders.Edit(key, w.columns(w.began), columns...)
}

// telegram brings about what goes wrong there.
func (w *World) telegram(what string, args []string) error {
	switch what {
	case "fault":
		fault, err := parseFault(args)
		if err == nil {
			w.sim.Fault(fault)
		}
		return err
	case "migrates":
		for _, group := range w.groups {
			group.Migrate()
		}
		return nil
	case "removes-bot", "returns-bot", "denies", "allows":
		return w.changeBot(what, args)
	case "topics":
		if err := exactly(args, 1); err != nil || args[0] != "on" && args[0] != "off" {
			return errUsage
		}
		for _, group := range w.groups {
			group.SetForum(args[0] == "on")
		}
		return nil
	case "deletes-topic":
		if err := exactly(args, 1); err != nil {
			return err
		}
		group, topic, ok := w.topicOf(args[0])
		if !ok {
			return fmt.Errorf("%w: order %s has no topic", ErrNothing, args[0])
		}
		return group.DeleteTopic(topic.ID)
	}
	return errUsage
}

// changeBot changes what the bot is in the groups.
func (w *World) changeBot(what string, args []string) error {
	denied := map[string]simulator.Rights{"pins": {Pins: true}, "topics": {Topics: true}, "both": {Pins: true, Topics: true}}
	if what == "denies" {
		if _, known := denied[strings.Join(args, "")]; !known {
			return errUsage
		}
	} else if err := exactly(args, 0); err != nil {
		return err
	}
	return w.hand(func() error {
		for i, group := range w.groups {
			by := w.sim.User("admin")
			if staff := w.plan.Shops[i].Staff; len(staff) > 0 {
				by = w.Person(staff[0].Name)
			}
			switch what {
			case "removes-bot":
				group.RemoveBot(by)
			case "returns-bot":
				group.AddBot(by, models.ChatMemberTypeAdministrator)
			case "denies":
				group.DenyBot(by, denied[args[0]])
			case "allows":
				group.DenyBot(by, simulator.Rights{})
			}
		}
		return nil
	})
}

// parseFault reads "METHOD CODE [TIMES] [retry_after=N]". CODE may also be drop
// (the connection is cut), lost (done, but the answer is lost) or html.
func parseFault(args []string) (simulator.Fault, error) {
	if len(args) < 2 || len(args) > 4 {
		return simulator.Fault{}, errUsage
	}
	fault := simulator.Fault{Method: args[0], Times: 1}
	switch args[1] {
	case "drop":
		fault.Drop = true
	case "lost":
		fault.Drop, fault.Applied = true, true
	case "html":
		fault.HTML = true
	default:
		code, err := strconv.Atoi(args[1])
		if err != nil || code < 300 || code > 599 {
			return fault, fmt.Errorf("CODE %q is no HTTP error", args[1])
		}
		fault.Code = code
	}
	for _, arg := range args[2:] {
		if seconds, ok := strings.CutPrefix(arg, "retry_after="); ok {
			n, err := strconv.Atoi(seconds)
			if err != nil || n < 0 {
				return fault, fmt.Errorf("retry_after %q is no number of seconds", seconds)
			}
			fault.RetryAfter = n
			continue
		}
		n, err := strconv.Atoi(arg)
		if err != nil || n < 1 {
			return fault, fmt.Errorf("TIMES %q is no number", arg)
		}
		fault.Times = n
	}
	return fault, nil
}
