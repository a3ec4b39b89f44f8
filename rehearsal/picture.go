package rehearsal

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// The size of a made-up picture, in pixels, and the quality of its noisy copy.
const (
	pictureWidth, pictureHeight = 240, 320
	noisyQuality                = 40
)

// makePicture returns a PNG that follows from the seed alone. The noisy one is
// a copy of it that was recompressed and made half as large, as apps do.
func makePicture(seed string, noisy bool) ([]byte, error) {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(seed)) // a hash never fails
	random := rand.New(rand.NewPCG(sum.Sum64(), 1))
	shade := func() color.RGBA {
		return color.RGBA{R: uint8(random.UintN(256)), G: uint8(random.UintN(256)), B: uint8(random.UintN(256)), A: 255}
	}
	canvas := image.NewRGBA(image.Rect(0, 0, pictureWidth, pictureHeight))
	draw.Draw(canvas, canvas.Rect, image.NewUniform(shade()), image.Point{}, draw.Src)
	for range 24 {
		x, y := random.IntN(pictureWidth), random.IntN(pictureHeight)
		box := image.Rect(x, y, x+20+random.IntN(100), y+20+random.IntN(100))
		draw.Draw(canvas, box, image.NewUniform(shade()), image.Point{}, draw.Src)
	}
	var picture image.Image = canvas
	if noisy {
		var squeezed bytes.Buffer
		if err := jpeg.Encode(&squeezed, canvas, &jpeg.Options{Quality: noisyQuality}); err != nil {
			return nil, err
		}
		lossy, err := jpeg.Decode(&squeezed)
		if err != nil {
			return nil, err
		}
		half := image.NewRGBA(image.Rect(0, 0, pictureWidth/2, pictureHeight/2))
		draw.ApproxBiLinear.Scale(half, half.Rect, lossy, lossy.Bounds(), draw.Src, nil)
		picture = half
	}
	var out bytes.Buffer
	err := png.Encode(&out, picture)
	return out.Bytes(), err
}
