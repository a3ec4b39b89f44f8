package app

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// prompt reads what somebody types, a line at a time, so that an interrupt ends the
// waiting at once. A read that nobody waits for any more is the next one's. It is for
// one goroutine.
type prompt struct {
	in   *bufio.Reader
	file *os.File   // the terminal; nil: it is none
	came chan typed // of the read under way; nil: there is none
}

// typed is a line without the spaces around it, or why there is none.
type typed struct {
	text string
	err  error // io.EOF at the end of the input
}

func newPrompt(in io.Reader) *prompt {
	p := &prompt{in: bufio.NewReader(in)}
	if file, ok := in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.file = file
	}
	return p
}

// next has a line read and returns where it comes. Whoever took it says so with took.
func (p *prompt) next() <-chan typed {
	return p.start(func() (string, error) {
		text, err := p.in.ReadString('\n')
		if errors.Is(err, io.EOF) && text != "" {
			err = nil
		}
		return text, err
	})
}

func (p *prompt) took() { p.came = nil }

func (p *prompt) start(read func() (string, error)) <-chan typed {
	if p.came == nil {
		came := make(chan typed, 1)
		p.came = came
		go func() {
			text, err := read()
			came <- typed{strings.TrimSpace(text), err}
		}()
	}
	return p.came
}

// line waits for a line. It fails with io.EOF and with the context's error.
func (p *prompt) line(ctx context.Context) (string, error) { return p.await(ctx, p.next()) }

func (p *prompt) await(ctx context.Context, came <-chan typed) (string, error) {
	select {
	case one := <-came:
		p.took()
		return one.text, one.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// hidden is line without showing what is typed, where that is a terminal.
func (p *prompt) hidden(ctx context.Context) (string, error) {
	if p.file == nil {
		return p.line(ctx)
	}
	fd := int(p.file.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	text, err := p.await(ctx, p.start(func() (string, error) {
		text, err := term.ReadPassword(fd)
		return string(text), err
	}))
	if ctx.Err() != nil {
		_ = term.Restore(fd, before) // the read that is left behind would keep it dark
	}
	return text, err
}
