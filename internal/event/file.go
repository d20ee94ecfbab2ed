package event

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// Read reads what --event names: a file, or - for stdin.
func Read(file string, stdin io.Reader) ([]byte, error) {
	if file == "-" {
		body, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("--event: reading stdin: %w", err)
		}
		return body, nil
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--event: %w; testdata/events has an example of each kind", err)
	}
	return body, nil
}

// One is Decode for a body that holds a single event.
func One(body []byte) (Event, error) {
	all, err := Decode(body)
	switch {
	case err != nil:
		return Event{}, errors.New(plain.Text(err.Error()))
	case len(all) != 1:
		return Event{}, fmt.Errorf("it holds %d events, and here one is judged at a time: give each a file of its own", len(all))
	}
	return all[0], nil
}
