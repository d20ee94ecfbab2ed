package judge

import (
	"errors"
	"fmt"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// Missing says of an error, for people, that a flow or an execution isn't there; any other is
// as it was.
func Missing(err error, flow, execution string) error {
	var api *cloudflow.Error
	if errors.As(err, &api) {
		switch api.Code {
		case cloudflow.CodeFlowNotExists:
			return fmt.Errorf("there is no flow %s in this account and region\nCheck the name, which is case-sensitive, and --region", plain.Text(flow))
		case cloudflow.CodeExecutionNotExists:
			return fmt.Errorf("the flow %s has no execution %s\nCheck the name; CloudFlow forgets executions that ended long ago", plain.Text(flow), plain.Text(execution))
		}
	}
	return err
}
