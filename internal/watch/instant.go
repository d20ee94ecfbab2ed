package watch

import "time"

// instant is a moment in Unix milliseconds, the API's own precision. Zero
// stands for a moment that never was.
type instant int64

func instantOf(t time.Time) instant { return instant(t.UnixMilli()) }

func (i instant) add(d time.Duration) instant { return i + instant(d.Milliseconds()) }

func (i instant) since(j instant) time.Duration { return time.Duration(i-j) * time.Millisecond }

func (i instant) time() time.Time { return time.UnixMilli(int64(i)).UTC() }
