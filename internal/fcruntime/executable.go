package fcruntime

import (
	"fmt"
	"os"
)

// Executable says what is wrong with a file as a function's binary, which a flag names.
func Executable(flag, file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w; 'make build' builds bin/flowreaper-function", flag, err)
	case info.IsDir():
		return fmt.Errorf("%s: %s is a folder; name the binary in it", flag, file)
	case info.Mode()&0o111 == 0:
		return fmt.Errorf("%s: %s isn't executable; name the function's binary, or run 'chmod +x %s'", flag, file, file)
	}
	return nil
}
