package app

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"tuidan/bot"
	"tuidan/refund"
)

// A code is shown in the terminal of who sets the desk up, and who sends it to the
// bot proves that he saw it there. It has eight letters and digits that are not mixed
// up when read aloud: 39 bits, of which nobody guesses one within its time and the
// tries there are.
const (
	codeLetters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength  = 8
	codeLife    = 15 * time.Minute
	wrongEach   = 5  // wrong codes of one person, who is not listened to after that
	wrongAll    = 20 // of all people together, after which every code is another one
)

// groupCode is what a code pairs that gives no role.
const groupCode = refund.NoRole

// pairCode is one code that was given out. It pairs once.
type pairCode struct {
	text string
	role refund.Role // groupCode: a group
	ends time.Time
}

// shown is the code as it is written: ABCD-EFGH.
func (c pairCode) shown() string { return c.text[:codeLength/2] + "-" + c.text[codeLength/2:] }

// newCode makes a code at a time.
func newCode(role refund.Role, now time.Time) pairCode {
	text := make([]byte, codeLength)
	for i := range text {
		// 240 is the largest multiple of 30 that a byte holds, so all letters are alike.
		for b := [1]byte{255}; ; {
			if _, _ = rand.Read(b[:]); b[0] < 240 { // it never fails
				text[i] = codeLetters[int(b[0])%len(codeLetters)]
				break
			}
		}
	}
	return pairCode{text: string(text), role: role, ends: now.Add(codeLife)}
}

// codeIn finds what a text has in the form of a code, however it is written; false
// when there is nothing like one.
func codeIn(text string) (string, bool) {
	for _, word := range strings.Fields(text) {
		word = strings.ToUpper(strings.ReplaceAll(word, "-", ""))
		if len(word) == codeLength && strings.Trim(word, codeLetters) == "" {
			return word, true
		}
	}
	return "", false
}

// pairResult is what became of a message while a desk is set up.
type pairResult int

const (
	pairNothing pairResult = iota // nothing to do with setting up
	pairWrong                     // a wrong code
	pairGroup                     // the group is paired
	pairPerson                    // a person is
	pairPublic                    // a person's code was sent in a group, where all can read it
	pairPrivate                   // the group's code was sent in private
	pairAgain                     // so many wrong codes that all are other ones now
)

// pairing is what was given out and what came of it. It asks nobody.
type pairing struct {
	codes  []pairCode
	wrong  map[refund.PersonID]int
	all    int // wrong codes since the codes were made
	group  refund.ChatID
	title  string // of the group
	people []StaffConfig
	roles  bool                     // come from the group: here are agents only
	own    map[refund.PersonID]bool // who was paired here
}

func newPairing() *pairing {
	return &pairing{wrong: map[refund.PersonID]int{}, own: map[refund.PersonID]bool{}}
}

// give makes a code, in place of an unused one of its kind.
func (p *pairing) give(role refund.Role, now time.Time) pairCode {
	p.codes = slices.DeleteFunc(p.codes, func(c pairCode) bool { return c.role == role })
	code := newCode(role, now)
	p.codes = append(p.codes, code)
	return code
}

// expired takes the codes out whose time is over, and returns what they were for.
func (p *pairing) expired(now time.Time) (roles []refund.Role) {
	p.codes = slices.DeleteFunc(p.codes, func(c pairCode) bool {
		over := !now.Before(c.ends)
		if over {
			roles = append(roles, c.role)
		}
		return over
	})
	return roles
}

// hear takes a message. The code that it used is returned with what became of it.
func (p *pairing) hear(m bot.Overheard, now time.Time) (pairResult, pairCode) {
	if m.Moved != 0 && m.Chat == p.group && p.group != 0 {
		p.group = m.Moved
		return pairNothing, pairCode{}
	}
	text, ok := codeIn(m.Text)
	if !ok || p.wrong[m.Person] >= wrongEach {
		return pairNothing, pairCode{}
	}
	p.expired(now)
	// All are compared, each in the same time, so that no answer says how near one was.
	found := -1
	for i := range p.codes {
		if subtle.ConstantTimeCompare([]byte(p.codes[i].text), []byte(text)) == 1 {
			found = i
		}
	}
	if found < 0 {
		p.wrong[m.Person]++
		if p.all++; p.all >= wrongAll {
			p.all = 0
			for i := range p.codes {
				p.codes[i] = newCode(p.codes[i].role, now)
			}
			return pairAgain, pairCode{}
		}
		return pairWrong, pairCode{}
	}
	code := p.codes[found]
	switch {
	case code.role == groupCode && !m.Group:
		return pairPrivate, code
	case code.role != groupCode && m.Group:
		p.codes[found] = newCode(code.role, now)
		return pairPublic, p.codes[found]
	}
	p.codes = slices.Delete(p.codes, found, found+1)
	if code.role == groupCode {
		p.group, p.title = m.Chat, m.Title
		return pairGroup, code
	}
	p.join(m, code.role)
	return pairPerson, code
}

// join adds a person, or changes what he may do. Names stand on cards, so no two are alike.
func (p *pairing) join(m bot.Overheard, role refund.Role) {
	p.own[m.Person] = true
	p.people = slices.DeleteFunc(p.people, func(one StaffConfig) bool { return one.ID == int64(m.Person) })
	name, taken := strings.TrimSpace(m.Name), func(name string) bool {
		return name == "" || slices.ContainsFunc(p.people, func(one StaffConfig) bool { return one.Name == name })
	}
	for n := 2; taken(name); n++ {
		name = strings.TrimSpace(fmt.Sprintf("%s %d", m.Name, n))
	}
	p.people = append(p.people, StaffConfig{ID: int64(m.Person), Name: name, Role: string(role)})
}

// lacks returns what a desk still needs before it can run: its group, and an owner
// unless the group has him.
func (p *pairing) lacks() (roles []refund.Role) {
	if p.group == 0 {
		roles = append(roles, groupCode)
	}
	if !p.roles && !slices.ContainsFunc(p.people, func(one StaffConfig) bool { return one.Role == string(refund.OwnerOf) }) {
		roles = append(roles, refund.OwnerOf)
	}
	return roles
}
