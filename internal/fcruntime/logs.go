package fcruntime

import (
	"bytes"
	"io"
	"sync"
)

// lockedWriter serialises the child's two streams. It never fails: a log that
// can't be written must not stop the child that writes it.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.w.Write(p)
	return len(p), nil
}

// lineWriter passes on whole lines only, so that two streams never meet within
// one. It is used by one goroutine at a time.
type lineWriter struct {
	w    io.Writer
	rest []byte // a line's beginning
}

func (l *lineWriter) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	if end > 0 {
		_, _ = l.w.Write(append(l.rest, p[:end]...))
		l.rest = l.rest[:0]
	}
	l.rest = append(l.rest, p[end:]...)
	return len(p), nil
}

func (l *lineWriter) flush() {
	if len(l.rest) > 0 {
		_, _ = l.w.Write(append(l.rest, '\n'))
		l.rest = nil
	}
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
