package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tuidan/refund"
	"tuidan/rehearsal"
	"tuidan/simulator"
	"tuidan/storage/bolt"
)

type demoOptions struct {
	data string // folder that is kept; empty: a temporary one
	in   io.Reader
	out  io.Writer
}

// demo runs the simulator and the real desk with the sample shop: it plays one
// conversation, then lets the person at the terminal go on.
func demo(ctx context.Context, o demoOptions) (err error) {
	plan, err := Rehearsed("")
	if err != nil {
		return err
	}
	folder := o.data
	if folder == "" {
		if folder, err = os.MkdirTemp("", "tuidan-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	next, cases, err := lookInto(ctx, folder)
	if err != nil {
		return err
	}
	world, err := rehearsal.New(ctx, rehearsal.Options{Plan: plan, Folder: folder, Start: time.Now().Truncate(time.Second), NextUpdate: next})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() {
		// A Ctrl-C ends the conversation, not the clean stop.
		err = errors.Join(err, world.Close(context.WithoutCancel(ctx)))
	}()
	d := &demoChat{world: world, screen: newScreen(o.out), who: "li"}
	d.screen.line("%s", d.screen.ink(bold, "tuidan demo"))
	d.screen.line("The real desk, a Telegram in memory, and the shop %s. Buyers write on the left,", plan.Shops[0].Title)
	d.screen.line("the desk answers, and the merchants' group is on the right. Nothing leaves this machine.")
	if cases > 0 {
		d.screen.line("\nWelcome back: %s has %d cases, so nothing is played first.", o.data, cases)
	} else if err := d.play(ctx); err != nil {
		return leave(ctx, err)
	}
	return leave(ctx, d.converse(ctx, o.in))
}

// leave forgets errors that only say that somebody pressed Ctrl-C.
func leave(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// lookInto reads from a folder that was used before where Telegram's numbers go
// on, and how many cases there are.
func lookInto(ctx context.Context, folder string) (next int64, cases int, err error) {
	if _, err := os.Stat(filepath.Join(folder, storeFile)); err != nil {
		return 0, 0, nil // a new folder
	}
	store, err := openStore(folder, bolt.Options{})
	if err != nil {
		return 0, 0, err
	}
	err = store.View(ctx, func(r refund.Reader) error {
		if next, err = r.Offset(); err != nil {
			return err
		}
		return r.Each(func(refund.Case) error { cases++; return nil })
	})
	return next, cases, errors.Join(err, store.Close())
}

// demoChat is the conversation at the terminal.
type demoChat struct {
	world   *rehearsal.World
	screen  *screen
	who     string
	buttons []choice
}

// choice is a button that a number presses.
type choice struct {
	message simulator.Message
	button  simulator.Button
}

// play plays the conversation that ships with the demo.
func (d *demoChat) play(ctx context.Context) error {
	script, err := sample.ReadFile("sample/demo.txt")
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(script), "\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			d.screen.title(title)
			continue
		}
		words, err := rehearsal.Fields(line)
		if err != nil || len(words) == 0 {
			continue
		}
		if err := d.command(ctx, words); err != nil {
			return fmt.Errorf("demo.txt:%d: %w", i+1, err)
		}
	}
	return nil
}

func (d *demoChat) command(ctx context.Context, words []string) error {
	before, pressing := simulator.Press{}, ""
	if len(words) > 3 && words[2] == "tap" {
		pressing = words[1]
		before, _ = d.world.Person(pressing).LastPress()
	}
	if words[0] == "clock" {
		d.screen.line("%s", d.screen.ink(faint, "   … "+strings.TrimPrefix(words[1], "+")+" later"))
	}
	labels := d.labels()
	if _, err := d.world.Do(ctx, false, words[0], words[1:]); err != nil {
		return err
	}
	if pressing != "" {
		if press, ok := d.world.Person(pressing).LastPress(); ok && !slices.Equal(press.QueryIDs, before.QueryIDs) {
			d.screen.pressed(pressing, labels[press.Data], d.world.Staff(pressing))
			d.screen.answered(d.world, pressing)
		}
	}
	d.screen.update(d.world)
	return nil
}

// labels are the labels of all buttons on any screen, by what they send.
func (d *demoChat) labels() map[string]string {
	labels := make(map[string]string)
	chats := d.world.Groups()
	for _, name := range d.world.People() {
		chats = append(chats, d.world.Person(name).ID())
	}
	for _, chat := range chats {
		for _, m := range d.world.Simulator().Messages(chat) {
			for _, b := range slices.Concat(m.Buttons...) {
				labels[b.CallbackData] = b.Label
			}
		}
	}
	return labels
}

const demoHelp = `
  TEXT            write it: a buyer to the bot, a merchant in the group, in the topic where something was said last
  1, 2, …         press that button
  /open ORDER     open the chat from the order's page, as its link does
  /photo [TEXT]   send a picture, with a caption
  /as NAME        be somebody else: li, mei, anybody; or of the staff wang, zhao, chen
  /clock +2h      let time pass
  /orders         the orders to try
  /help           this; //help asks the bot for its own
  /quit           leave
  Other commands go to the bot: /start, /status, /cancel, /human, /language.`

// converse reads lines until the input or ctx ends.
func (d *demoChat) converse(ctx context.Context, in io.Reader) error {
	lines := make(chan string)
	go func() {
		// It ends with the input, or with the process: a read cannot be called off.
		defer close(lines)
		scanner := bufio.NewScanner(in)
		for scanner.Scan() {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	d.screen.title("Your turn. You are the buyer li.")
	d.screen.line("%s", strings.TrimPrefix(demoHelp, "\n"))
	for {
		d.prompt()
		var line string
		var ok bool
		select {
		case line, ok = <-lines:
		case <-ctx.Done():
		}
		if !ok {
			d.screen.line("")
			return nil
		}
		quit, err := d.obey(ctx, strings.TrimSpace(line))
		if err != nil && ctx.Err() != nil || quit {
			return err
		}
		if err != nil {
			d.screen.line("  %s", d.screen.ink(faint, err.Error()))
		}
	}
}

// prompt numbers the buttons that the person can press, and asks.
func (d *demoChat) prompt() {
	d.buttons = d.choices()
	for i, c := range d.buttons {
		what := ""
		if d.world.Staff(d.who) {
			what, _, _ = strings.Cut(c.message.Text+c.message.Caption, "\n")
			what = d.screen.ink(faint, "  "+what)
		}
		d.screen.line("  %s %s%s", d.screen.ink(bold, fmt.Sprintf("%2d", i+1)), c.button.Label, what)
	}
	fmt.Fprintf(d.screen.out, "%s ", d.screen.ink(bold, d.who+">"))
}

// maxCards is how many of a group's newest messages have their buttons numbered.
const maxCards = 3

// choices are the buttons of the newest message that has any; in a group, of the
// newest few.
func (d *demoChat) choices() []choice {
	most := 1
	if d.world.Staff(d.who) {
		most = maxCards
	}
	var found []choice
	messages := d.world.Simulator().Messages(d.world.Home(d.who))
	for i := len(messages) - 1; i >= 0 && most > 0; i-- {
		m := messages[i]
		if m.Deleted || !m.FromBot || len(m.Buttons) == 0 {
			continue
		}
		most--
		for _, b := range slices.Concat(m.Buttons...) {
			found = append(found, choice{m, b})
		}
	}
	return found
}

// obey does what a line says. It reports whether to quit.
func (d *demoChat) obey(ctx context.Context, line string) (quit bool, err error) {
	command, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	number, notNumber := strconv.Atoi(line)
	switch {
	case line == "":
		return false, nil
	case command == "/quit" || command == "/exit":
		return true, nil
	case command == "/help":
		d.screen.line("%s", demoHelp)
		return false, nil
	case command == "/orders":
		d.orders()
		return false, nil
	case command == "/as" && rest != "":
		d.who = strings.Fields(rest)[0]
		role := "a buyer"
		if d.world.Staff(d.who) {
			role = "one of the staff, in the group"
		}
		d.screen.line("  %s", d.screen.ink(faint, "You are "+d.who+", "+role+"."))
		return false, nil
	case command == "/clock" && rest != "":
		return false, d.command(ctx, []string{"clock", rest})
	case command == "/open" && rest != "":
		return false, d.command(ctx, []string{"buyer", d.who, "start", rest})
	case command == "/photo":
		err = d.world.SendPicture(ctx, d.who, strconv.Itoa(len(d.screen.shown)), rest)
	case notNumber == nil && number >= 1 && number <= len(d.buttons):
		c := d.buttons[number-1]
		d.screen.pressed(d.who, c.button.Label, d.world.Staff(d.who))
		if err = d.world.Press(ctx, d.who, c.message, c.button); err == nil {
			d.screen.answered(d.world, d.who)
		}
	case notNumber == nil && number >= 0 && number < 100:
		return false, fmt.Errorf("there is no button %d here", number)
	case strings.HasPrefix(line, "//") && !d.world.Staff(d.who): // staff begin notes so
		err = d.world.Write(ctx, d.who, line[1:])
	default:
		err = d.world.Write(ctx, d.who, line)
	}
	d.screen.update(d.world)
	return false, err
}

// orders lists what there is to try.
func (d *demoChat) orders() {
	names := make(map[refund.PersonID]string)
	for _, name := range d.world.People() {
		names[refund.PersonID(d.world.Person(name).ID())] = name
	}
	for _, order := range d.world.Orders() {
		buyer := names[order.BuyerID]
		if buyer == "" {
			buyer = "(" + order.Contact + ")"
		}
		d.screen.line("  %-7s %-10s %-11s %s %s", order.No, buyer, order.State, order.Title, order.Amount)
	}
}
