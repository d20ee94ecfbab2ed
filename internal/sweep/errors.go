package sweep

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/fault"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
)

// fatal turns an error that leaves nothing to hope for into the sweep's own,
// and returns nil for every other.
func fatal(err error) *result.Error {
	var api *cloudflow.Error
	if !errors.As(err, &api) || api.Class != cloudflow.Fatal {
		return nil
	}
	kind, _, _ := strings.Cut(api.Code, ".") // the gateway goes on behind a dot
	switch strings.ToLower(kind) {
	case "requesttimetooskewed", "invalidtimestamp":
		return &result.Error{Code: result.CodeClockSkew, Err: err}
	case "invalidaccesskeyid", "signaturenotmatch", "signaturedoesnotmatch", "incompletesignature",
		"invalidsecuritytoken", "missingsecuritytoken":
		return &result.Error{Code: result.CodeCredentials, Err: err}
	}
	return &result.Error{Code: result.CodeSweep, Err: err}
}

// codeOf is the code under which the report counts an error.
func codeOf(err error) string {
	var api *cloudflow.Error
	switch {
	case fault.Is(err):
		return "Fault"
	case errors.As(err, new(*judge.NoStartedTime)):
		return "NoStartedTime"
	case !errors.As(err, &api):
		return string(result.CodeSweep)
	case api.Code != "":
		return api.Code
	case api.HTTPStatus != 0:
		return fmt.Sprintf("HTTP%d", api.HTTPStatus)
	}
	return "NoAnswer"
}

// hopeless says that asking the same of other executions of a flow ends alike: the
// listing is forbidden, or would never end.
func hopeless(err error) bool {
	var api *cloudflow.Error
	return errors.As(err, &api) && api.Class == cloudflow.Operation
}
