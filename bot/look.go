package bot

import (
	"errors"
	"fmt"
	"image"
	_ "image/gif" // formats that Telegram's clients send
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"tuidan/refund"
)

// maxPixels is what a picture may have. It is judged by the header before
// anything is decoded: 48 KB can hold 400 megapixels.
const maxPixels = 40_000_000

// decoding bounds how many pictures are open at once: each may take 160 MB.
var decoding = make(chan struct{}, 2)

// lookAt returns a picture's perceptual hash; false for a document that is no
// picture. A picture that does not open, or would be too large open, fails with
// a SealError of Unreadable.
func lookAt(f *os.File, file refund.File) (look uint64, ok bool, err error) {
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, false, fmt.Errorf("seal: %w", err)
	}
	switch http.DetectContentType(head[:n]) {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
	default:
		claimed := file.Kind == refund.PhotoFile
		for _, kind := range []string{"jpeg", "jpg", "png", "gif", "webp"} {
			claimed = claimed || strings.EqualFold(file.MIME, "image/"+kind)
		}
		if claimed {
			return 0, false, sealError(refund.Unreadable, "no picture inside")
		}
		return 0, false, nil
	}
	whole := io.NewSectionReader(f, 0, refund.MaxFileBytes+1)
	config, _, err := image.DecodeConfig(whole)
	if err != nil {
		return 0, false, sealError(refund.Unreadable, "picture's header: %w", err)
	}
	if config.Width < 1 || config.Height < 1 || config.Width > maxPixels/config.Height {
		return 0, false, sealError(refund.Unreadable, "picture of %d×%d", config.Width, config.Height)
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	if _, err := whole.Seek(0, io.SeekStart); err != nil {
		return 0, false, fmt.Errorf("seal: %w", err)
	}
	picture, err := decodePicture(whole)
	if err != nil {
		return 0, false, sealError(refund.Unreadable, "picture: %w", err)
	}
	return dHash(picture), true, nil
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
// change few bits. (N. Krawetz, "Kind of Like That", 2013)
func dHash(picture image.Image) uint64 {
	small := image.NewGray(image.Rect(0, 0, 9, 8))
	draw.BiLinear.Scale(small, small.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	var hash uint64
	for y := range 8 {
		for x := range 8 {
			hash <<= 1
			if small.GrayAt(x, y).Y > small.GrayAt(x+1, y).Y {
				hash |= 1
			}
		}
	}
	return hash
}
