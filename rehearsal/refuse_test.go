package rehearsal

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script string
		want         string // part of the refusal; "" when the script may run
	}{
		{"the table", "buyer li start T1001\nsees buyer li 'a.*b$'\n! sees group x\n[linux] clock +2h\n", ""},
		{"the borrowed", "screen group\nstdout 'a'\ncmp stdout want\ngrep -count=2 a want\nskip 'why'\nstop\n-- want --\na\n", ""},
		{"carried files", "picture a/b.png 7\nbuyer li photo a/b.png 'what $ is it'\nbuyer li album a/b.png c.png\n-- orders.csv --\nx\n-- dir/more.txt --\ny\n", ""},
		{"a quote in quotes", "buyer li say 'it''s $5'\n", ""},
		{"a comment", "# exec rm -rf $HOME\nbuyer li start # exec\n", ""},

		{"exec", "exec rm -rf /\n", `1: refused: command "exec" is not in the table`},
		{"exec behind a condition", "\n[linux] [!windows] exec ls\n", `2: refused: command "exec"`},
		{"exec negated", "! exec ls\n", `command "exec"`},
		{"exec in quotes", "'exec' ls\n", `command "exec"`},
		{"exec in pieces", "e'xe'c ls\n", `command "exec"`},
		{"env", "env HOME=/\n", `command "env"`},
		{"cd", "cd /\n", `command "cd"`},
		{"cp", "cp /etc/passwd x\n", `command "cp"`},
		{"symlink", "symlink x -> /etc\n", `command "symlink"`},
		{"stdin", "stdin x\n", `command "stdin"`},
		{"mkdir", "mkdir x\n", `command "mkdir"`},
		{"unquote", "unquote x\n", `command "unquote"`},
		{"cmpenv", "cmpenv x y\n", `command "cmpenv"`},
		{"kill", "kill\n", `command "kill"`},
		{"carriage returns", "buyer li start\r\nexec ls\r\n", `2: refused: command "exec"`},

		{"variable", "grep root $HOME/x\n", "would be expanded"},
		{"variable in a command", "$X ls\n", "would be expanded"},
		{"variable in pieces", "grep a $'HOME'\n", "would be expanded"},
		{"variable in braces", "cmp stdout ${WORK}/x\n", "would be expanded"},

		{"cmp absolute", "cmp stdout /etc/passwd\n", `path "/etc/passwd" leads out`},
		{"cmp above", "cmp stdout ../x\n", `path "../x" leads out`},
		{"cmp above by a detour", "cmp a/../../x stdout\n", "leads out"},
		{"cmp like a flag", "cmp -/../../etc/passwd stdout\n", "leads out"},
		{"grep absolute", "grep root /etc/passwd\n", "leads out"},
		{"grep absolute after a count", "grep -count=1 root /etc/passwd\n", "leads out"},
		{"grep above", "grep root '..'\n", "leads out"},
		{"photo absolute", "buyer li photo /etc/passwd\n", "leads out"},
		{"album above", "buyer li album a.png ../b.png\n", "leads out"},
		{"merchant's photo", "merchant wang photo /etc/passwd\n", "leads out"},
		{"picture above", "picture ../a.png 1\n", "leads out"},
		{"backslash", "picture 'a\\..\\..\\b.png' 1\n", "leads out"},
		{"drive", "picture 'c:x.png' 1\n", "leads out"},
		{"empty path", "grep a ''\n", "leads out"},

		{"section absolute", "-- /etc/cron.d/x --\n", `1: refused: file "/etc/cron.d/x" lies outside`},
		{"section above", "buyer li start\n-- a --\n1\n2\n-- a/../../x --\n", `5: refused: file "a/../../x"`},
		{"section without a name", "-- --", "has no name"},
		{"section by a variable", "-- $HOME/x --\n", "lies outside"},
		{"section with a backslash", "-- ..\\x --\n", "lies outside"},

		{"section in the desk's data", "-- .tmp/desk/tuidan.db --\n", "lies outside"},
		{"picture over the desk's data", "picture .tmp/desk/tuidan.db 1\n", "leads out"},
		{"hidden below", "picture a/.b.png 1\n", "leads out"},

		{"program looked for", "[exec:ssh] buyer li start\n", "looks at the machine"},
		{"network looked for", "[!net] buyer li start\n", "looks at the machine"},
		{"quote left open", "buyer li say 'ab\n", "unterminated"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := Refuse("x.txtar", []byte(test.script))
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && !errors.Is(err, ErrRefused):
				t.Errorf("not refused, but %v", err)
			case test.want != "" && !strings.Contains(err.Error(), test.want):
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestRefuseTellsAll finds every fault of a script, with its line.
func TestRefuseTellsAll(t *testing.T) {
	t.Parallel()
	err := Refuse("x.txtar", []byte("exec ls\nbuyer li start\ncmp a /b\n-- ../c --\n"))
	for _, line := range []int{1, 3, 4} {
		if want := fmt.Sprintf("x.txtar:%d: ", line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if err := Refuse("x.txtar", make([]byte, maxScript+1)); !errors.Is(err, ErrRefused) {
		t.Errorf("a script of %d bytes: %v", maxScript+1, err)
	}
}

// FuzzRefuse looks for a script that passes and yet has testscript run something
// else: what passes has only known words at the head of each line.
func FuzzRefuse(f *testing.F) {
	f.Add("buyer li say 'a'\n")
	f.Add("[linux] ! exec ls\n-- a --\n")
	f.Add("e'xe'c 'a''b' $X # c\n")
	f.Fuzz(func(t *testing.T, script string) {
		if Refuse("x", []byte(script)) != nil {
			return
		}
		for _, line := range strings.Split(script, "\n") {
			if strings.HasPrefix(line, "-- ") {
				return
			}
			words, err := Fields(line)
			if err != nil {
				t.Fatalf("%q passed: %v", line, err)
			}
			for _, word := range words {
				if word == "exec" && words[0] == "exec" {
					t.Fatalf("%q passed", line)
				}
			}
		}
	})
}

func TestPicturesFollowFromTheirSeed(t *testing.T) {
	t.Parallel()
	a, err := makePicture("7", false)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := makePicture("7", false)
	c, _ := makePicture("8", false)
	noisy, err := makePicture("7", true)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Error("one seed gives two pictures")
	}
	if string(a) == string(c) || string(a) == string(noisy) {
		t.Error("another seed, or noise, gives the same picture")
	}
}
