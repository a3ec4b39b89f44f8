package intents

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// A model file is
//
//	"tuidan intents\n"  what it is
//	uint16              version of the layout, big-endian like all numbers here
//	uint32              length of what follows the hash
//	[32]byte            SHA-256 of what follows
//	uint32, JSON        Origin
//	uint32, JSON        sizes
//	arrays              in the order of arrays(), by sizes
const (
	fileMagic   = "tuidan intents\n"
	fileVersion = 1
	headerSize  = len(fileMagic) + 2 + 4 + sha256.Size
)

// Reasons why a model file is refused.
var (
	ErrForeignModel = errors.New("not a model of tuidan intents")
	ErrNewerModel   = errors.New("a newer tuidan made this model")
	ErrBrokenModel  = errors.New("the model file is damaged")
)

// Origin says where a model comes from.
type Origin struct {
	Command  string            `json:"command"`            // that made it
	Examples int               `json:"examples"`           // that it learnt
	Data     map[string]string `json:"data,omitempty"`     // SHA-256 of each file of examples
	Products []string          `json:"products,omitempty"` // names read as "a product"
}

// sizes are what is needed to cut the arrays.
type sizes struct {
	Labels   []string `json:"labels"`
	Networks int      `json:"networks"`
	Grams    int      `json:"grams"`
	Examples int      `json:"examples"`
}

// bytes is what the arrays take.
func (s *sizes) bytes() int64 {
	networks, grams, labels, examples := int64(s.Networks), int64(s.Grams), int64(len(s.Labels)), int64(s.Examples)
	const judges = 4 * (3*int64(signCount) + 1)
	network := grams*(1+hiddenUnits) + 4*hiddenUnits + 4*labels*(hiddenUnits+1)
	return grams*(4+1) + networks*network + 4*(labels+1) + examples*hiddenUnits + judges
}

// arrays are the parts of a model in their order on disk.
func (m *Model) arrays() []any {
	arrays := []any{m.keys, m.idf}
	for i := range m.layers {
		n := &m.layers[i]
		arrays = append(arrays, n.scale, n.weights, n.bias[:], n.output)
	}
	return append(arrays, m.first, m.examples, m.judge.right[:], m.judge.outside[:], m.judge.either[:], []float32{m.judge.accept})
}

// Encode writes the model as a file's contents.
func (m *Model) Encode() ([]byte, error) {
	var body bytes.Buffer
	for _, part := range []any{m.Origin, sizes{Labels: m.Labels, Networks: len(m.layers), Grams: len(m.idf),
		Examples: len(m.examples) / hiddenUnits}} {
		text, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("encode the model's description: %w", err)
		}
		body.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
		body.Write(text)
	}
	for _, array := range m.arrays() {
		if err := binary.Write(&body, binary.BigEndian, array); err != nil {
			return nil, fmt.Errorf("encode the model: %w", err)
		}
	}
	hash := sha256.Sum256(body.Bytes())
	file := binary.BigEndian.AppendUint16([]byte(fileMagic), fileVersion)
	file = binary.BigEndian.AppendUint32(file, uint32(body.Len()))
	file = append(file, hash[:]...)
	return append(file, body.Bytes()...), nil
}

// Load reads a model from a file's contents. The error says why a file is
// refused: ErrForeignModel, ErrNewerModel or ErrBrokenModel.
func Load(file []byte) (*Model, error) {
	if !bytes.HasPrefix(file, []byte(fileMagic)) {
		return nil, ErrForeignModel
	}
	if len(file) < headerSize {
		return nil, fmt.Errorf("%w: it ends within its header", ErrBrokenModel)
	}
	rest := file[len(fileMagic):]
	if version := binary.BigEndian.Uint16(rest); version > fileVersion {
		return nil, fmt.Errorf("%w: layout %d, known up to %d", ErrNewerModel, version, fileVersion)
	} else if version == 0 {
		return nil, fmt.Errorf("%w: layout 0", ErrBrokenModel)
	}
	length := binary.BigEndian.Uint32(rest[2:])
	body := file[headerSize:]
	if int64(len(body)) != int64(length) {
		return nil, fmt.Errorf("%w: %d bytes where its header says %d", ErrBrokenModel, len(body), length)
	}
	if hash := sha256.Sum256(body); !bytes.Equal(hash[:], rest[6:6+sha256.Size]) {
		return nil, fmt.Errorf("%w: its SHA-256 is not the one in its header", ErrBrokenModel)
	}
	m := &Model{}
	if err := m.decode(body); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBrokenModel, err)
	}
	return m, nil
}

func (m *Model) decode(body []byte) error {
	var size sizes
	for _, part := range []any{&m.Origin, &size} {
		if len(body) < 4 || int64(len(body)-4) < int64(binary.BigEndian.Uint32(body)) {
			return errors.New("its description is cut off")
		}
		length := int(binary.BigEndian.Uint32(body))
		if err := json.Unmarshal(body[4:4+length], part); err != nil {
			return fmt.Errorf("read its description: %w", err)
		}
		body = body[4+length:]
	}
	if len(size.Labels) < 2 || size.Networks < 1 || size.Networks > maxNetworks || size.Grams < 1 || size.Grams > maxGrams ||
		size.Examples < 0 || size.Examples > len(body) {
		return fmt.Errorf("it cannot have %d labels, %d networks, %d grams and %d examples", len(size.Labels), size.Networks, size.Grams, size.Examples)
	}
	// Before anything of these sizes is made.
	if want := size.bytes(); want != int64(len(body)) {
		return fmt.Errorf("its weights have %d bytes, not the %d of their sizes", len(body), want)
	}
	m.Labels = size.Labels
	m.keys, m.idf = make([]uint32, size.Grams), make([]uint8, size.Grams)
	m.layers = make([]layers, size.Networks)
	for i := range m.layers {
		m.layers[i] = layers{scale: make([]uint8, size.Grams), weights: make([]int8, size.Grams*hiddenUnits),
			output: make([]float32, len(size.Labels)*(hiddenUnits+1))}
	}
	m.first = make([]uint32, len(size.Labels)+1)
	m.examples = make([]int8, size.Examples*hiddenUnits)
	accept := make([]float32, 1)
	reader := bytes.NewReader(body)
	arrays := m.arrays()
	arrays[len(arrays)-1] = accept
	for _, array := range arrays {
		if err := binary.Read(reader, binary.BigEndian, array); err != nil {
			return fmt.Errorf("read its weights: %w", err)
		}
		if numbers, ok := array.([]float32); ok {
			for _, v := range numbers {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					return errors.New("a weight of it is no number")
				}
			}
		}
	}
	m.judge.accept = accept[0]
	for label := range m.Labels {
		if m.first[label] > m.first[label+1] || int(m.first[label+1]) > size.Examples {
			return errors.New("its examples are out of order")
		}
	}
	m.index()
	return nil
}
