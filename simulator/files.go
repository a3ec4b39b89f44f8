package simulator

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // pictures come in these formats
	"image/jpeg"
	_ "image/png" // pictures come in these formats
	"io"
	"mime"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/go-telegram/bot/models"
)

// maxDownload is the largest file that a bot may download, in bytes (Bot API: getFile).
const maxDownload = 20 << 20

// fileStore holds every file that was ever sent. It has its own lock, because pictures are decoded outside Server.mu.
type fileStore struct {
	mu     sync.Mutex
	last   int
	byID   map[string]*file
	byPath map[string]*file
}

type file struct {
	id, uniqueID, path string
	name, mime         string
	size               int64 // bytes; 0 where it is not known before the download
	width, height      int
	sizes              []models.PhotoSize // of the photo that this is one size of
	open               func() (io.ReaderAt, int64, error)
}

// folders are where Telegram keeps each kind of file, and the name's ending when the file has none.
var folders = map[string]struct{ folder, ending string }{
	"photo":      {"photos", ".jpg"},
	"document":   {"documents", ""},
	"video":      {"videos", ".mp4"},
	"animation":  {"animations", ".mp4"},
	"audio":      {"music", ".mp3"},
	"voice":      {"voice", ".oga"},
	"video_note": {"video_notes", ".mp4"},
	"sticker":    {"stickers", ".webp"},
}

func (st *fileStore) add(kind string, f file) *file {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.last++
	place := folders[kind]
	ending := path.Ext(f.name)
	if ending == "" {
		ending = place.ending
	}
	f.id = fmt.Sprintf("BQACAgUAAxkBAAI%08x", st.last)
	f.uniqueID = fmt.Sprintf("AgAD%08x", st.last)
	f.path = fmt.Sprintf("%s/file_%d%s", place.folder, st.last, ending)
	st.byID[f.id], st.byPath[f.path] = &f, &f
	return &f
}

func (st *fileStore) get(id string) *file {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.byID[id]
}

func (st *fileStore) addBytes(kind, name, mimeType string, data []byte) *file {
	if mimeType == "" {
		mimeType = mime.TypeByExtension(path.Ext(name))
	}
	return st.add(kind, file{name: name, mime: mimeType, size: int64(len(data)), open: inMemory(data)})
}

func inMemory(data []byte) func() (io.ReaderAt, int64, error) {
	return func() (io.ReaderAt, int64, error) { return bytes.NewReader(data), int64(len(data)), nil }
}

// photoEdges are the longest edges, in pixels, of the smaller sizes that Telegram makes of a photo.
var photoEdges = []int{90, 320, 800}

// addPhoto stores a picture with its smaller sizes, which are only made when somebody downloads them. Unlike Telegram it
// keeps the largest size as it was given, so that a test can compare bytes. What is no picture has one size.
func (st *fileStore) addPhoto(data []byte) []models.PhotoSize {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		config = image.Config{Width: photoEdges[1], Height: photoEdges[1]}
	}
	original := file{
		mime: "image/jpeg", size: int64(len(data)), width: config.Width, height: config.Height, open: inMemory(data),
	}
	longest := max(config.Width, config.Height)
	var variants []file
	for _, edge := range photoEdges {
		if edge < longest && err == nil {
			w, h := max(1, config.Width*edge/longest), max(1, config.Height*edge/longest)
			variants = append(variants, file{mime: "image/jpeg", width: w, height: h, open: shrunk(data, w, h)})
		}
	}
	var sizes []models.PhotoSize
	var stored []*file
	for _, f := range append(variants, original) {
		kept := st.add("photo", f)
		stored = append(stored, kept)
		sizes = append(sizes, models.PhotoSize{
			FileID: kept.id, FileUniqueID: kept.uniqueID, Width: kept.width, Height: kept.height, FileSize: int(kept.size),
		})
	}
	st.mu.Lock()
	for _, f := range stored {
		f.sizes = sizes
	}
	st.mu.Unlock()
	return sizes
}

// shrunk makes a JPEG of the picture in the given size, taking the nearest pixel for each.
func shrunk(data []byte, width, height int) func() (io.ReaderAt, int64, error) {
	return func() (io.ReaderAt, int64, error) {
		source, _, err := image.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, 0, err
		}
		bounds := source.Bounds()
		small := image.NewRGBA(image.Rect(0, 0, width, height))
		for y := range height {
			for x := range width {
				at := source.At(bounds.Min.X+x*bounds.Dx()/width, bounds.Min.Y+y*bounds.Dy()/height)
				small.Set(x, y, color.RGBAModel.Convert(at))
			}
		}
		var out bytes.Buffer
		if err := jpeg.Encode(&out, small, nil); err != nil {
			return nil, 0, err
		}
		return bytes.NewReader(out.Bytes()), int64(out.Len()), nil
	}
}

// addGenerated stores a file of any size that takes no memory: its bytes follow from their position.
func (st *fileStore) addGenerated(kind, name, mimeType string, size int64) *file {
	return st.add(kind, file{
		name: name, mime: mimeType, size: size,
		open: func() (io.ReaderAt, int64, error) { return generated(size), size, nil },
	})
}

type generated int64

func (size generated) ReadAt(p []byte, offset int64) (int, error) {
	for i := range p {
		at := offset + int64(i)
		if at >= int64(size) {
			return i, io.EOF
		}
		p[i] = byte(uint64(at) * 0x9E3779B97F4A7C15 >> 56)
	}
	return len(p), nil
}

func (f *file) asMedia() *wireMedia {
	return &wireMedia{
		FileID: f.id, FileUniqueID: f.uniqueID, FileName: f.name, MimeType: f.mime, FileSize: f.size,
		Width: f.width, Height: f.height,
	}
}

// FileBytes is what the bot would download for a file_id.
func (s *Server) FileBytes(fileID string) ([]byte, error) {
	f := s.files.get(fileID)
	if f == nil {
		return nil, fmt.Errorf("no file %q", fileID)
	}
	content, size, err := f.open()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(content, 0, size))
}

func (s *Server) getFile(p *params) (apply, error) {
	f := s.files.get(p.text("file_id"))
	switch {
	case f == nil:
		return nil, badRequest("invalid file_id")
	case f.size > maxDownload:
		return nil, badRequest("file is too big")
	}
	return func() (any, error) {
		return models.File{FileID: f.id, FileUniqueID: f.uniqueID, FileSize: f.size, FilePath: f.path}, nil
	}, nil
}

// serveFile answers a download (Bot API: getFile), ranges included.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	s.files.mu.Lock()
	f := s.files.byPath[name]
	s.files.mu.Unlock()
	if f == nil || f.size > maxDownload {
		writeError(w, errNotFound)
		return
	}
	fault := s.takeFault("file", 0)
	if fault != nil {
		s.hold(r.Context(), fault)
		if fault.replaces() {
			fault.answer(w)
			return
		}
	}
	content, size, err := f.open()
	if err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(content, 0, size))
}
