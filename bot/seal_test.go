package bot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/bits"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"tuidan/bot/locker"
	"tuidan/engine"
	"tuidan/refund"
)

// scene draws a picture with shapes; another seed, another picture.
func scene(w, h, seed int) image.Image {
	picture := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := x*16/w, y*16/h
			picture.Set(x, y, color.Gray{uint8((u*u*seed*37 + v*(seed*91+u*13)) % 256)})
		}
	}
	return picture
}

func encode(t *testing.T, picture image.Image, quality int) []byte {
	var b bytes.Buffer
	var err error
	if quality == 0 {
		err = png.Encode(&b, picture)
	} else {
		err = jpeg.Encode(&b, picture, &jpeg.Options{Quality: quality})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is the header of a picture that is far larger than its file.
func bomb(t *testing.T) []byte {
	small := encode(t, scene(8, 8, 1), 0)
	binary.BigEndian.PutUint32(small[16:], 20000)
	binary.BigEndian.PutUint32(small[20:], 20000)
	binary.BigEndian.PutUint32(small[29:], crc32.ChecksumIEEE(small[12:29]))
	return small
}

func newLocker(t *testing.T) *locker.Locker {
	t.Helper()
	keys, err := locker.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return &locker.Locker{Keys: keys, Dir: t.TempDir()}
}

func TestSeal(t *testing.T) {
	api, client := newAPI(t)
	safe := newLocker(t)
	now := time.Date(2026, 11, 23, 12, 0, 0, 5, time.UTC)
	sealer := &Sealer{Client: client, Locker: safe, Now: func() time.Time { return now }}
	api.reply(func(c call) (int, string) {
		id := fmt.Sprint(c.params["file_id"])
		switch id {
		case "toobig":
			return refusal(400, "Bad Request: file is too big")
		case "wrong":
			return refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
		case "invalid":
			return refusal(400, "Bad Request: invalid file_id")
		case "down":
			return 502, "<html>"
		}
		return 200, fmt.Sprintf(`{"ok":true,"result":{"file_id":%q,"file_path":"documents/%s"}}`, id, id)
	})
	api.files = map[string][]byte{
		"documents/photo": encode(t, scene(640, 480, 3), 90),
		"documents/text":  []byte("a log\n"),
		"documents/pdf":   []byte("%PDF-1.7 a receipt"),
		"documents/app":   []byte("PK\x03\x04 a program"),
		"documents/bomb":  bomb(t),
		"documents/torn":  encode(t, scene(64, 64, 3), 90)[:200],
		"documents/huge":  make([]byte, refund.MaxFileBytes+1),
	}
	for _, test := range []struct {
		id   string
		file refund.File
		fail refund.Fail
		look bool
	}{
		{"photo", refund.File{Kind: refund.PhotoFile}, "", true},
		{"photo", refund.File{Kind: refund.DocumentFile, MIME: "image/jpeg"}, "", true},
		{"text", refund.File{Kind: refund.DocumentFile, MIME: "text/plain"}, "", false},
		{"text", refund.File{Kind: refund.DocumentFile, MIME: "image/png"}, refund.Unreadable, false},
		{"text", refund.File{Kind: refund.PhotoFile}, refund.Unreadable, false},
		{"pdf", refund.File{Kind: refund.DocumentFile, MIME: "application/pdf"}, "", false},
		{"app", refund.File{Kind: refund.DocumentFile, MIME: "text/plain"}, refund.WrongKind, false},
		{"bomb", refund.File{Kind: refund.DocumentFile}, refund.Unreadable, false},
		{"torn", refund.File{Kind: refund.PhotoFile}, refund.Unreadable, false},
		{"huge", refund.File{Kind: refund.DocumentFile}, refund.TooBig, false},
		{"told", refund.File{Kind: refund.DocumentFile, Size: refund.MaxFileBytes + 1}, refund.TooBig, false},
		{"toobig", refund.File{Kind: refund.DocumentFile}, refund.TooBig, false},
		{"wrong", refund.File{Kind: refund.DocumentFile}, refund.Unreachable, false},
		{"invalid", refund.File{Kind: refund.DocumentFile}, refund.Unreadable, false},
		{"down", refund.File{Kind: refund.DocumentFile}, refund.Unreachable, false},
		{"absent", refund.File{Kind: refund.DocumentFile}, refund.Unreachable, false},
	} {
		test.file.FileID, test.file.UniqueID = test.id, "u"
		job := refund.Job{Case: "1.1", File: &test.file, Item: refund.Picture, Message: 9}
		evidence, err := sealer.Seal(t.Context(), job)
		if test.fail != "" {
			if failed, ok := errors.AsType[*engine.SealError](err); !ok || failed.Fail != test.fail {
				t.Errorf("%s: %v, want %s", test.id, err, test.fail)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.id, err)
			continue
		}
		content := api.files["documents/"+test.id]
		sum := sha256.Sum256(content)
		stored, err := safe.Open("1.1", evidence.SHA256)
		if err != nil || !bytes.Equal(stored, content) || evidence.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: stored %d bytes as %s, %v", test.id, len(stored), evidence.SHA256, err)
		}
		if evidence.HasLook != test.look || evidence.Size != int64(len(content)) || evidence.UniqueID != "u" ||
			evidence.Item != refund.Picture || evidence.Message != 9 || evidence.SealedAt.Nanosecond() != 0 {
			t.Errorf("%s: %+v", test.id, evidence)
		}
	}
	left, _ := filepath.Glob(filepath.Join(safe.Dir, "evidence", "1.1", ".part-*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSealForwardedText(t *testing.T) {
	_, client := newAPI(t)
	safe := newLocker(t)
	sealer := &Sealer{Client: client, Locker: safe, Now: time.Now}
	evidence, err := sealer.Seal(t.Context(), refund.Job{Case: "1.1", Text: "商家：不退", Item: refund.Conversation})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := safe.Open("1.1", evidence.SHA256); string(text) != "商家：不退" || err != nil {
		t.Errorf("stored %q, %v", text, err)
	}
	for _, id := range []refund.CaseID{"", "../../etc", "1/2.1"} {
		if _, err := sealer.Seal(t.Context(), refund.Job{Case: id, Text: "x"}); err == nil {
			t.Errorf("case %q was sealed", id)
		}
	}
}

func TestPicturesLookAlike(t *testing.T) {
	original := scene(1280, 960, 3)
	half := image.NewRGBA(image.Rect(0, 0, 640, 480))
	draw.BiLinear.Scale(half, half.Bounds(), original, original.Bounds(), draw.Src, nil)
	again, err := jpeg.Decode(bytes.NewReader(encode(t, half, 40)))
	if err != nil {
		t.Fatal(err)
	}
	look := func(picture image.Image) uint64 {
		hash, ok := dHash(picture)
		if !ok {
			t.Error("there is something on each of these pictures")
		}
		return hash
	}
	if d := bits.OnesCount64(look(original) ^ look(again)); d > refund.MaxPictureDistance {
		t.Errorf("a recompressed picture differs in %d bits", d)
	}
	if d := bits.OnesCount64(look(original) ^ look(scene(1280, 960, 8))); d <= refund.MaxPictureDistance {
		t.Errorf("another picture differs in %d bits only", d)
	}
	if _, ok := dHash(image.NewGray(image.Rect(0, 0, 300, 200))); ok {
		t.Error("an empty picture looks like every other empty one")
	}
}

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 4, ""},
		{"abcd", 4, "abcd"},
		{"ab\ncd", 4, "ab|cd"},
		{"ab\n\n\ncd", 4, "ab|cd"},
		{"abcdef", 4, "abcd|ef"},
		{"🙂🙂🙂", 4, "🙂🙂|🙂"},
		{"a🙂🙂", 4, "a🙂|🙂"},
		{"a\nb\nc\nd", 5, "a\nb|c\nd"},
	} {
		if got := strings.Join(split(test.text, test.limit), "|"); got != test.want {
			t.Errorf("%q at %d: %q, want %q", test.text, test.limit, got, test.want)
		}
	}
	if got := clip("🙂🙂🙂", 5); got != "🙂🙂…" {
		t.Errorf("clipped to %q", got)
	}
}

func wordsOf(key string) refund.Words { return refund.Words{Key: key} }
