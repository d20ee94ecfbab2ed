package fcruntime

import (
	"bytes"
	"io"
	"sync"
)

// lineWriter passes on whole lines only, so that the child's two streams never meet
// within one. It never fails: a log that can't be written must not stop the child that
// writes it. It is used by one goroutine at a time.
type lineWriter struct {
	to   *syncWriter // the two streams'
	rest []byte      // a line's beginning
}

func (l *lineWriter) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	if end > 0 {
		_, _ = l.to.Write(append(l.rest, p[:end]...))
		l.rest = l.rest[:0]
	}
	l.rest = append(l.rest, p[end:]...)
	return len(p), nil
}

func (l *lineWriter) flush() {
	if len(l.rest) > 0 {
		_, _ = l.to.Write(append(l.rest, '\n'))
		l.rest = nil
	}
}

// syncWriter lets several write to one stream.
type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// tailSize is how much of the child's stderr an error quotes, in bytes.
const tailSize = 2048

// tail keeps the last tailSize bytes that were written.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p[max(0, len(p)-tailSize):]...)
	t.kept = t.kept[max(0, len(t.kept)-tailSize):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(bytes.ToValidUTF8(t.kept, nil)))
}
