package intents

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// quick are settings with which training takes no time.
func quick() Settings {
	settings := DefaultSettings()
	settings.Bytes, settings.Examples, settings.plan.epochs = 200_000, 4, 2
	return settings
}

var smallOnce = sync.OnceValues(func() (*Model, error) {
	c, err := bundledOnce()
	if err != nil {
		return nil, err
	}
	var some []Example
	for i := 0; i < len(c.Training); i += 60 {
		some = append(some, c.Training[i].Example)
	}
	settings := quick()
	settings.Products = c.Products
	m, err := Train(some, nil, settings)
	if err != nil {
		return nil, err
	}
	m.Origin.Command = "tuidan intents train"
	m.Origin.Data = map[string]string{"en.tsv": "00"}
	return m, nil
})

// small is a model of few sentences.
func small(t testing.TB) *Model {
	t.Helper()
	m, err := smallOnce()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func encoded(t testing.TB, m *Model) []byte {
	t.Helper()
	file, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func shippedModel(t testing.TB) *Model {
	t.Helper()
	m, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sealed puts a right header before a body.
func sealed(body []byte) []byte {
	file := binary.BigEndian.AppendUint16([]byte(fileMagic), fileVersion)
	file = binary.BigEndian.AppendUint32(file, uint32(len(body)))
	hash := sha256.Sum256(body)
	return slices.Concat(file, hash[:], body)
}

// described is a body that says what it has, before its arrays.
func described(t testing.TB, parts ...any) (body []byte) {
	t.Helper()
	for _, part := range parts {
		text, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		body = binary.BigEndian.AppendUint32(body, uint32(len(text)))
		body = append(body, text...)
	}
	return body
}

// sections are where the parts of a model's file begin, and its end.
func sections(t testing.TB, m *Model, file []byte) []int {
	t.Helper()
	starts := []int{0, len(fileMagic), len(fileMagic) + 2, len(fileMagic) + 6, headerSize}
	at := headerSize
	for range 2 {
		at += 4
		starts = append(starts, at)
		at += int(binary.BigEndian.Uint32(file[at-4:]))
		starts = append(starts, at)
	}
	for _, array := range m.arrays() {
		at += binary.Size(array)
		starts = append(starts, at)
	}
	if at != len(file) {
		t.Fatalf("sections end at %d of %d bytes", at, len(file))
	}
	return starts
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	m := small(t)
	file := encoded(t, m)
	got, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if again := encoded(t, got); !bytes.Equal(file, again) {
		t.Error("encoding what was loaded gives another file")
	}
	if diff := cmp.Diff(m.Labels, got.Labels) + cmp.Diff(m.Origin, got.Origin); diff != "" {
		t.Error(diff)
	}
	for _, s := range bundledCorpus(t).Validation[:200] {
		if was, is := m.Classify(s.Text), got.Classify(s.Text); was != is {
			t.Fatalf("%q is read as %v before, %v after", s.Text, was, is)
		}
	}
}

// TestRefusedModels damages a file in every way; each refusal says why.
func TestRefusedModels(t *testing.T) {
	t.Parallel()
	m := small(t)
	file := encoded(t, m)
	body := file[headerSize:]
	starts := sections(t, m, file)
	changed := func(at int, to ...byte) []byte {
		file := bytes.Clone(file)
		copy(file[at:], to)
		return file
	}
	resealed := func(at int, to ...byte) []byte {
		body := bytes.Clone(body)
		copy(body[at-headerSize:], to)
		return sealed(body)
	}
	biasAt, firstAt, acceptAt := starts[8+4], starts[8+6], len(file)-4
	nan := binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN())))
	infinite := binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(math.Inf(1))))
	labels := []string{"a", "b"}
	for _, test := range []struct {
		name string
		file []byte
		is   error
		says string
	}{
		{"nothing", nil, ErrForeignModel, "not a model"},
		{"another file", []byte("PK\x03\x04 and so on, longer than any header would have to be to be taken for one of ours"), ErrForeignModel, "not a model"},
		{"newer", changed(len(fileMagic), 0, fileVersion+1), ErrNewerModel, "a newer tuidan made this model: layout 2, known up to 1"},
		{"much newer", changed(len(fileMagic), 0xff, 0xff), ErrNewerModel, "layout 65535"},
		{"version 0", changed(len(fileMagic), 0, 0), ErrBrokenModel, "layout 0"},
		{"wrong length", changed(len(fileMagic)+2, 0xff, 0xff, 0xff, 0xff), ErrBrokenModel, "where its header says 4294967295"},
		{"wrong hash", changed(len(fileMagic)+6, make([]byte, sha256.Size)...), ErrBrokenModel, "SHA-256"},
		{"something behind", append(bytes.Clone(file), 0), ErrBrokenModel, "where its header says"},
		{"something behind, sealed", sealed(append(bytes.Clone(body), 0)), ErrBrokenModel, "its weights have"},
		{"something less, sealed", sealed(body[:len(body)-1]), ErrBrokenModel, "its weights have"},
		{"nothing but a header", sealed(nil), ErrBrokenModel, "description is cut off"},
		{"no sizes", sealed(described(t, Origin{})), ErrBrokenModel, "description is cut off"},
		{"no JSON", sealed([]byte("\x00\x00\x00\x02{]")), ErrBrokenModel, "read its description"},
		{"long description", sealed([]byte("\xff\xff\xff\xff{}")), ErrBrokenModel, "description is cut off"},
		{"one label", sealed(described(t, Origin{}, sizes{Labels: labels[:1], Networks: 1, Grams: 1})), ErrBrokenModel, "it cannot have 1 labels"},
		{"no network", sealed(described(t, Origin{}, sizes{Labels: labels, Grams: 1})), ErrBrokenModel, "0 networks"},
		{"too many networks", sealed(described(t, Origin{}, sizes{Labels: labels, Networks: 3, Grams: 1})), ErrBrokenModel, "3 networks"},
		{"no grams", sealed(described(t, Origin{}, sizes{Labels: labels})), ErrBrokenModel, "0 grams"},
		{"grams below zero", sealed(described(t, Origin{}, sizes{Labels: labels, Networks: 1, Grams: -1})), ErrBrokenModel, "-1 grams"},
		{"too many grams", sealed(described(t, Origin{}, sizes{Labels: labels, Networks: 1, Grams: math.MaxInt64})), ErrBrokenModel, "9223372036854775807 grams"},
		{"grams without weights", sealed(described(t, Origin{}, sizes{Labels: labels, Networks: 1, Grams: maxGrams})), ErrBrokenModel, "its weights have 0 bytes"},
		{"examples below zero", sealed(described(t, Origin{}, sizes{Labels: labels, Networks: 1, Grams: 1, Examples: -1})), ErrBrokenModel, "-1 examples"},
		{"too many examples", sealed(described(t, Origin{}, sizes{Labels: labels, Networks: 1, Grams: 1, Examples: math.MaxInt64})), ErrBrokenModel, "examples"},
		{"weight that is no number", resealed(biasAt, nan...), ErrBrokenModel, "a weight of it is no number"},
		{"infinite weight", resealed(acceptAt, infinite...), ErrBrokenModel, "a weight of it is no number"},
		{"examples out of order", resealed(firstAt+4, 0xff, 0xff, 0xff, 0xff), ErrBrokenModel, "its examples are out of order"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, err := Load(test.file)
			if m != nil || !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %v that says %q", err, test.is, test.says)
			}
		})
	}
	for i, start := range starts {
		// Cut off at each section's beginning and around it.
		for _, at := range []int{start - 1, start, start + 1} {
			if at < 0 || at >= len(file) {
				continue
			}
			want, says := ErrBrokenModel, "where its header says"
			switch {
			case at < len(fileMagic):
				want, says = ErrForeignModel, ""
			case at < headerSize:
				says = "ends within its header"
			}
			if _, err := Load(file[:at]); !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
				t.Errorf("cut off at %d (section %d): got %v, want %v that says %q", at, i, err, want, says)
			}
		}
		// One byte of each section.
		if start == len(file) {
			continue
		}
		want := ErrBrokenModel
		switch i {
		case 0:
			want = ErrForeignModel
		case 1:
			want = ErrNewerModel
		}
		if _, err := Load(changed(start, file[start]^0x40)); !errors.Is(err, want) {
			t.Errorf("byte %d (section %d) changed: got %v, want %v", start, i, err, want)
		}
	}
}

// TestAbsurdSizes: a file cannot make the program take much more memory than the
// file itself has.
func TestAbsurdSizes(t *testing.T) {
	const most = 32 << 20
	padding := make([]byte, 2<<20)
	many := make([]string, 100_000)
	for name, file := range map[string][]byte{
		"examples": sealed(append(described(t, Origin{}, sizes{Labels: []string{"a", "b"}, Networks: 1, Grams: 1, Examples: len(padding)}), padding...)),
		"grams":    sealed(described(t, Origin{}, sizes{Labels: []string{"a", "b"}, Networks: 1, Grams: maxGrams})),
		"labels":   sealed(described(t, Origin{}, sizes{Labels: many, Networks: 1, Grams: 1})),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Load(file); !errors.Is(err, ErrBrokenModel) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > most {
			t.Errorf("%s: refusing a file of %d bytes took %d", name, len(file), took)
		}
	}
}

// TestShippedModel holds the model in the program against its limits and against
// the sentences that it says it was made of.
func TestShippedModel(t *testing.T) {
	t.Parallel()
	const mostOnDisk, mostInMemory = 4_000_000, 10_000_000
	m, corpus := shippedModel(t), bundledCorpus(t)
	if len(shipped) > mostOnDisk {
		t.Errorf("%d bytes on disk, at most %d", len(shipped), mostOnDisk)
	}
	if !bytes.Equal(encoded(t, m), shipped) {
		t.Error("encoding it gives another file")
	}
	if got := inMemory(m); got > mostInMemory {
		t.Errorf("%d bytes in memory, at most %d", got, mostInMemory)
	} else {
		t.Logf("%d bytes on disk, %d in memory", len(shipped), got)
	}
	var labels []string
	for _, intent := range refund.Intents() {
		labels = append(labels, string(intent))
	}
	slices.Sort(labels)
	if diff := cmp.Diff(labels, m.Labels); diff != "" {
		t.Errorf("labels: %s", diff)
	}
	want := Origin{Command: "tuidan intents train --data intents/data --out intents/model.bin", Examples: len(corpus.Training), Data: corpus.Hashes, Products: corpus.Products}
	if diff := cmp.Diff(want, m.Origin); diff != "" {
		t.Errorf("it was not made of these sentences (%s makes it anew):\n%s", want.Command, diff)
	}
	// What it says of its own sureness comes from these validation sentences and
	// this code.
	if got := m.judged(Examples(corpus.Validation)); got != m.judge {
		t.Errorf("its judge is %+v, these sentences give %+v", m.judge, got)
	}
}

// inMemory is what a model takes, with what one message needs.
func inMemory(m *Model) uintptr {
	s := m.borrow()
	s.read(strings.Repeat("我充了半小时没到账 ", 400), m.products)
	total := unsafe.Sizeof(*m) + unsafe.Sizeof(*s)
	for _, n := range []uintptr{
		4 * uintptr(cap(m.keys)), uintptr(cap(m.idf)),
		uintptr(cap(m.examples)), 4 * uintptr(cap(m.first)), 4 * uintptr(cap(m.grams.keys)), 2 * uintptr(cap(m.grams.rows)),
		unsafe.Sizeof(*simplified()),
		4 * uintptr(cap(s.seen)), 4 * uintptr(cap(s.runes)), unsafe.Sizeof(token{}) * uintptr(cap(s.tokens)), 4 * uintptr(cap(s.keys)),
		2 * uintptr(cap(s.rows)), 4 * uintptr(cap(s.hidden)), 4 * uintptr(cap(s.logits)), uintptr(cap(s.nearest)), uintptr(cap(s.plain)),
	} {
		total += n
	}
	for _, n := range m.layers {
		total += unsafe.Sizeof(n) + uintptr(cap(n.scale)) + uintptr(cap(n.weights)) + 4*uintptr(cap(n.output))
	}
	for _, names := range m.products {
		for _, name := range names {
			total += 64 + 8*uintptr(cap(name)) // with its part of the map, about
		}
	}
	return total
}

// FuzzLoad looks for files that break loading, as they are and under a right
// header. What is taken must come out again as it went in.
func FuzzLoad(f *testing.F) {
	m := small(f)
	file := encoded(f, m)
	f.Add(shipped[:headerSize+600])
	f.Add(file)
	for _, at := range sections(f, m, file) {
		f.Add(file[:at])
	}
	f.Add(described(f, Origin{Command: "x"}, sizes{Labels: []string{"a", "b"}, Networks: 1, Grams: 1, Examples: 1}))
	f.Add(append(described(f, Origin{}, sizes{Labels: []string{"a", "b"}, Networks: 1, Grams: 1}), make([]byte, 6+hiddenUnits+4*hiddenUnits+8*(hiddenUnits+1)+12+4*(3*int(signCount)+1))...))
	f.Add(file[headerSize:])
	f.Fuzz(func(t *testing.T, contents []byte) {
		for _, file := range [][]byte{contents, sealed(contents)} {
			m, err := Load(file)
			if err != nil {
				if m != nil || !errors.Is(err, ErrForeignModel) && !errors.Is(err, ErrNewerModel) && !errors.Is(err, ErrBrokenModel) {
					t.Fatalf("%v, %v", m, err)
				}
				continue
			}
			m.Classify("我充了半小时没到账")
			if again, err := Load(encoded(t, m)); err != nil || !cmp.Equal(again.Origin, m.Origin) || !slices.Equal(again.layers[0].weights, m.layers[0].weights) {
				t.Fatalf("came out other than it went in: %v", err)
			}
		}
	})
}
