package app

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const variablePrefix = "TUIDAN_"

// Variable returns the environment variable of a key: shops[0].group is
// TUIDAN_SHOPS_0_GROUP.
func Variable(key string) string {
	return variablePrefix + variableName(strings.NewReplacer("[", ".", "]", "").Replace(key))
}

// variableName writes names in capitals and apart by underscores.
func variableName(key string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// environment lays the variables over what the file said. Each is found by going
// down the keys, so an unknown one is a mistake and not passed over.
func (r *reader) environment(variables []string, into *Config) {
	variables = slices.Clone(variables)
	slices.SortFunc(variables, func(a, b string) int { // lists grow by their numbers
		return strings.Compare(padNumbers(a), padNumbers(b))
	})
	here, err := os.Getwd()
	if err != nil {
		here = ""
	}
	for _, variable := range variables {
		name, text, ok := strings.Cut(variable, "=")
		rest, ours := strings.CutPrefix(name, variablePrefix)
		if !ok || !ours {
			continue
		}
		if why := r.overlay(reflect.ValueOf(into).Elem(), "", rest, name, text, here); why != "" {
			r.problems = append(r.problems, Problem{File: "environment", Text: name + ": " + why})
		}
	}
}

// padNumbers makes texts sort by the numbers in them.
func padNumbers(text string) string {
	parts := strings.Split(text, "_")
	for i, part := range parts {
		if n, err := strconv.Atoi(part); err == nil {
			parts[i] = fmt.Sprintf("%06d", n)
		}
	}
	return strings.Join(parts, "_")
}

// overlay sets what the rest of a variable's name means below v. It returns what
// is wrong, "" when nothing is.
func (r *reader) overlay(v reflect.Value, key, rest, name, text, folder string) string {
	switch v.Kind() {
	case reflect.Struct:
		// The longest key that fits: token_file goes before token.
		best := -1
		for i, field := range fields(v.Type()) {
			head := variableName(field)
			fits := rest == head || strings.HasPrefix(rest, head+"_")
			if fits && (best < 0 || len(head) > len(variableName(fields(v.Type())[best]))) {
				best = i
			}
		}
		if best < 0 {
			return "there is no such key"
		}
		field := fields(v.Type())[best]
		return r.overlay(v.Field(best), join(key, field), strings.TrimPrefix(rest[len(field):], "_"), name, text, folder)
	case reflect.Slice:
		number, rest, _ := strings.Cut(rest, "_")
		i, err := strconv.Atoi(number)
		if err != nil || i < 0 {
			return fmt.Sprintf("after %s comes the number of an entry", variableName(key))
		}
		if i > v.Len() {
			return fmt.Sprintf("entry %d comes before entry %d is there", i, v.Len())
		}
		if i == v.Len() {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		}
		return r.overlay(v.Index(i), fmt.Sprintf("%s[%d]", key, i), rest, name, text, folder)
	case reflect.Map:
		return r.overlayMap(v, key, rest, name, text, folder)
	}
	if rest != "" {
		return "there is no such key"
	}
	r.sources[key] = name
	why := r.set(v, text, folder)
	r.broken[key] = why != "" // else it mends what the file has
	return why
}

// overlayMap finds the entry by what stands before one of its keys.
func (r *reader) overlayMap(v reflect.Value, key, rest, name, text, folder string) string {
	if v.Type().Elem().Kind() != reflect.Struct {
		return "this stands in the file alone"
	}
	entry, tail := "", ""
	for _, field := range fields(v.Type().Elem()) {
		if head, ok := strings.CutSuffix(rest, "_"+variableName(field)); ok && (entry == "" || len(head) < len(entry)) {
			entry, tail = head, variableName(field)
		}
	}
	if entry == "" {
		return "there is no such key"
	}
	id := strings.ToLower(entry)
	for _, known := range v.MapKeys() {
		if variableName(known.String()) == entry {
			id = known.String()
		}
	}
	if !validName(id) {
		return fmt.Sprintf("%q is no name", id)
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	item := reflect.New(v.Type().Elem()).Elem()
	if had := v.MapIndex(reflect.ValueOf(id)); had.IsValid() {
		item.Set(had)
	}
	why := r.overlay(item, join(key, id), tail, name, text, folder)
	v.SetMapIndex(reflect.ValueOf(id), item)
	return why
}
