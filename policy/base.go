package policy

import (
	"path/filepath"
	"slices"
	"strings"
)

// maxFiles is how many files a policy may be made of: its own and a chain of bases.
const maxFiles = 5

// open parses a file and puts it over those that it rests on. Nil after a mistake
// that hides the rest.
func (r *reader) open(name string, data []byte, read func(string) ([]byte, error)) *node {
	src := &source{name: name}
	r.files, r.src = append(r.files, src), src
	root := r.parse(data)
	if root == nil || root.kind != mapping {
		return root
	}
	r.duplicates(root)
	if n := root.value("version"); n != nil && (n.kind != scalar || n.text != "1") {
		r.wrong(n, "1", "this tuidan reads version 1 of policies")
	}
	n := root.value("base")
	if n == nil {
		return root
	}
	given := r.word(n, "base")
	if given == "" {
		return nil
	}
	path := filepath.FromSlash(given)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(name), path)
	}
	var chain []string
	for _, file := range r.files {
		chain = append(chain, file.name)
	}
	circle := slices.IndexFunc(chain, func(file string) bool { return filepath.Clean(file) == filepath.Clean(path) })
	switch {
	case read == nil:
		r.wrong(n, "", "a policy that stands by itself has no base")
		return nil
	case circle >= 0:
		r.wrong(n, "", "files are each other's base in a circle: %s", strings.Join(append(chain[circle:], path), " → "))
		return nil
	case len(chain) == maxFiles:
		r.wrong(n, "", "a policy is made of at most %d files, each the base of the one before", maxFiles)
		return nil
	}
	below, err := read(path)
	if err != nil {
		r.wrong(n, "", "the base cannot be read: %s", err)
		return nil
	}
	base := r.open(path, below, read)
	if base == nil {
		return nil
	}
	if base.kind != mapping {
		r.wrong(base, "", "a policy is written as names with values, not as %s", base.kind)
		return nil
	}
	return r.over(root, base)
}

// duplicates tells names that one file gives twice.
func (r *reader) duplicates(n *node) {
	for _, item := range n.items {
		r.duplicates(item)
	}
	seen := make(map[string]*node, len(n.entries))
	n.entries = slices.DeleteFunc(n.entries, func(e entry) bool {
		r.duplicates(e.value)
		first := seen[e.key.text]
		if e.key.kind != scalar || e.key.text == "" {
			return false // which is told when it is read
		}
		if first != nil {
			r.wrong(e.key, "", "`%s` stands twice; it was already given in line %d", e.key.text, first.line)
			return true
		}
		seen[e.key.text] = e.key
		return false
	})
}

// over puts a file over its base, section by section.
func (r *reader) over(own, base *node) *node {
	merged := overlay(own, base, func(section string, own, base *node) *node {
		switch section {
		case "suppliers", "kinds", "deadlines":
			return overlay(own, base, overEntry)
		case "products":
			return r.overProducts(own, base)
		case "refusals", "working_hours":
			return overlay(own, base, nil)
		case "evidence":
			return overEvidence(own, base)
		case "rules", "guards":
			return r.overList(section, own, base)
		}
		return own
	})
	order := policyForm.names()
	at := func(e entry) int {
		if i := slices.Index(order, e.key.text); i >= 0 {
			return i
		}
		return len(order) // which is told when it is read
	}
	slices.SortStableFunc(merged.entries, func(a, b entry) int { return at(a) - at(b) })
	return merged
}

// overlay puts names with values over others: what both have is own, or what both
// makes of the two. What has another shape is left to be told when it is read.
func overlay(own, base *node, both func(name string, own, base *node) *node) *node {
	switch {
	case own.kind == empty:
		return base
	case own.kind != mapping || base.kind == empty:
		return own
	case base.kind != mapping:
		return base
	}
	merged := *own
	merged.entries = slices.Clone(base.entries)
	place := make(map[string]int, len(base.entries))
	for i, e := range base.entries {
		place[e.key.text] = i
	}
	for _, e := range own.entries {
		i, known := place[e.key.text]
		switch {
		case !known:
			merged.entries = append(merged.entries, e)
			continue
		case e.value.kind == empty:
			continue // as if it were not there
		case both != nil && merged.entries[i].value.kind != empty:
			e.value = both(e.key.text, e.value, merged.entries[i].value)
		}
		merged.entries[i] = e
	}
	return &merged
}

// overEntry puts the values of one entry over another's. Lists, texts and amounts are
// whole: only what is itself made of parts is put together.
func overEntry(_ string, own, base *node) *node {
	return overlay(own, base, func(name string, own, base *node) *node {
		if name == "remind" || own.kind != mapping || name == "unanswered" || name == "title" {
			return own
		}
		return overlay(own, base, nil)
	})
}

// overProducts puts products over the base's, without those that are switched off.
func (r *reader) overProducts(own, base *node) *node {
	var off []string
	if own.kind == mapping && base.kind == mapping {
		for _, e := range own.entries {
			if base.value(e.key.text) != nil && r.isOff(e.value) {
				off = append(off, e.key.text)
			}
		}
	}
	merged := overlay(own, base, overEntry)
	if len(off) > 0 {
		merged.entries = slices.DeleteFunc(merged.entries, func(e entry) bool { return slices.Contains(off, e.key.text) })
	}
	return merged
}

// overEvidence puts what a file asks for before the base's. A reason that the file
// names is asked for by the file alone.
func overEvidence(own, base *node) *node {
	if own.kind != list || base.kind != list {
		return ownList(own, base)
	}
	named := map[string]bool{}
	for _, item := range own.items {
		if reasons := item.value("reasons"); reasons != nil {
			for _, reason := range reasons.items {
				named[reason.text] = true
			}
		}
	}
	merged := *own
	merged.items = slices.Clone(own.items)
	for _, item := range base.items {
		reasons := item.value("reasons")
		if reasons == nil || !slices.ContainsFunc(reasons.items, func(n *node) bool { return named[n.text] }) {
			merged.items = append(merged.items, item)
			continue
		}
		left := *reasons
		left.items = slices.DeleteFunc(slices.Clone(reasons.items), func(n *node) bool { return named[n.text] })
		if len(left.items) == 0 {
			continue
		}
		kept := *item
		kept.entries = slices.Clone(item.entries)
		for i := range kept.entries {
			if kept.entries[i].value == reasons {
				kept.entries[i].value = &left
			}
		}
		merged.items = append(merged.items, &kept)
	}
	return &merged
}

// overList puts rules or guards over the base's: one of the same name takes the
// place of the base's or switches it off, others go before.
func (r *reader) overList(section string, own, base *node) *node {
	if own.kind != list || base.kind != list {
		return ownList(own, base)
	}
	named := func(item *node) string {
		if n := item.value("name"); n != nil {
			return n.text
		}
		return ""
	}
	known := map[string]bool{}
	for _, item := range base.items {
		if name := named(item); name != "" {
			known[name] = true
		}
	}
	merged := *own
	merged.items = nil
	instead := map[string][]*node{}
	for _, item := range own.items {
		name := named(item)
		switch {
		case !known[name]:
			merged.items = append(merged.items, item)
		case r.isOff(item):
			instead[name] = append(instead[name], nil)
			r.off[name] = r.off[name] || section == "guards"
		default:
			instead[name] = append(instead[name], item)
		}
	}
	for _, item := range base.items {
		with, replaced := instead[named(item)]
		if !replaced {
			merged.items = append(merged.items, item)
		}
		for _, other := range with {
			if other != nil {
				merged.items = append(merged.items, other)
			}
		}
		instead[named(item)] = with[:0]
	}
	return &merged
}

// ownList chooses between two of which not both are lists.
func ownList(own, base *node) *node {
	if own.kind == empty || own.kind == list && base.kind != empty {
		return base
	}
	return own
}

// isOff reports whether an entry says only that the base's of its name is switched
// off: {name: …, off: true}, or NAME: {off: true}.
func (r *reader) isOff(n *node) bool {
	off := n.value("off")
	if n.kind != mapping || off == nil {
		return false
	}
	if off.kind != scalar || off.text != "true" || off.quoted {
		r.wrong(off, "true", "off is true, or left away")
		return true
	}
	for _, e := range n.entries {
		if e.key.text != "off" && e.key.text != "name" {
			r.wrong(e.key, "", "what is switched off has no `%s`", short(e.key.text))
			break
		}
	}
	return true
}

// noneToSwitchOff says that an entry of a list switches off what is not there.
func (r *reader) noneToSwitchOff(item, list *node, what string) {
	var known []string
	for _, other := range list.items {
		if name := other.value("name"); name != nil && other != item {
			known = append(known, name.text)
		}
	}
	n := either(item.value("name"), item)
	r.wrong(n, r.nearest(n.text, known), "there is no %s `%s` in a base to switch off", what, short(n.text))
}
