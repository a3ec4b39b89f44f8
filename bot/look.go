package bot

import (
	"bufio"
	"fmt"
	"image"
	_ "image/gif" // formats that Telegram's clients send
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"tuidan/refund"
)

// maxPixels is what a picture may have. It is judged by the header before
// anything is decoded: 48 KB can hold 400 megapixels.
const maxPixels = 40_000_000

// minContrast is the least difference in tone, of 255, that a picture must have to
// be compared with others: below it there is only the noise of compression.
const minContrast = 8

// decoding bounds how many pictures are open at once: each may take 160 MB.
var decoding = make(chan struct{}, 2)

// lookAt returns a picture's perceptual hash; false for a document that is no
// picture, and for a picture with nothing on it to compare. A picture that does not
// open, or would be too large open, fails with a SealError of Unreadable, and a
// document that shows nothing, such as a program, with one of WrongKind. Open reads
// the file from its beginning.
func lookAt(open func() (io.Reader, error), file refund.File) (look uint64, ok bool, err error) {
	begin := func() (*bufio.Reader, *watched, error) {
		r, err := open()
		if err != nil {
			return nil, nil, fmt.Errorf("seal: %w", err)
		}
		disk := &watched{reader: r}
		return bufio.NewReaderSize(disk, 32<<10), disk, nil
	}
	bad := func(disk *watched, fail refund.Fail, format string, args ...any) error {
		if disk.err != nil {
			return fmt.Errorf("seal: %w", disk.err)
		}
		return sealError(fail, format, args...)
	}
	whole, disk, err := begin()
	if err != nil {
		return 0, false, err
	}
	head, _ := whole.Peek(512) // less in a short file
	kind := http.DetectContentType(head)
	switch kind {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
	default:
		claimed := file.Kind == refund.PhotoFile
		for _, kind := range []string{"jpeg", "jpg", "png", "gif", "webp"} {
			claimed = claimed || strings.EqualFold(file.MIME, "image/"+kind)
		}
		if claimed {
			return 0, false, bad(disk, refund.Unreadable, "no picture inside")
		}
		if !legible(kind) {
			return 0, false, bad(disk, refund.WrongKind, "a file of %s", kind)
		}
		return 0, false, nil
	}
	config, _, err := image.DecodeConfig(whole)
	if err != nil {
		return 0, false, bad(disk, refund.Unreadable, "picture's header: %w", err)
	}
	if config.Width < 1 || config.Height < 1 || config.Width > maxPixels/config.Height {
		return 0, false, bad(disk, refund.Unreadable, "picture of %d×%d", config.Width, config.Height)
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	if whole, disk, err = begin(); err != nil {
		return 0, false, err
	}
	picture, err := decodePicture(whole)
	if err != nil {
		return 0, false, bad(disk, refund.Unreadable, "picture: %w", err)
	}
	look, ok = dHash(picture)
	return look, ok, nil
}

// legible reports whether a document of this kind can be looked at without more
// than a phone has. Programs and archives are not handed on to merchants.
func legible(kind string) bool {
	return kind == "application/pdf" || strings.HasPrefix(kind, "text/plain")
}

// decodePicture decodes what somebody sent. Decoders have panicked on hostile
// input before; that is one unreadable picture and not the desk's end.
func decodePicture(r io.Reader) (picture image.Image, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("decoder panicked: %v", cause)
		}
	}()
	picture, _, err = image.Decode(r)
	return picture, err
}

// dHash is the difference hash of a picture: one bit for each of 8×8 places,
// set where the picture gets darker to the right. Recompression and scaling
// change few bits. It is false for a picture of one tone, which would look like
// every other one. (N. Krawetz, "Kind of Like That", 2013)
func dHash(picture image.Image) (hash uint64, ok bool) {
	small := image.NewGray(image.Rect(0, 0, 9, 8))
	draw.BiLinear.Scale(small, small.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	darkest, lightest := slices.Min(small.Pix), slices.Max(small.Pix)
	for y := range 8 {
		for x := range 8 {
			hash <<= 1
			if small.GrayAt(x, y).Y > small.GrayAt(x+1, y).Y {
				hash |= 1
			}
		}
	}
	return hash, lightest-darkest >= minContrast
}
