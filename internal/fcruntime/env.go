package fcruntime

import (
	"crypto/rand"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Inherit is a parent's environment without the names that Function Compute
// reserves (FC_…): what it told the parent isn't true of the child.
func Inherit(parent []string) []string {
	return slices.DeleteFunc(slices.Clone(parent), func(variable string) bool {
		return strings.HasPrefix(variable, "FC_")
	})
}

// InheritKeyless is Inherit without the access key, which a function must take
// from each invocation. Where the code lies may be said on purpose.
func InheritKeyless(parent []string) []string {
	env := slices.DeleteFunc(Inherit(parent), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"}, name)
	})
	for _, variable := range parent {
		if strings.HasPrefix(variable, "FC_FUNC_CODE_PATH=") {
			env = append(env, variable)
		}
	}
	return env
}

// environment is what the child sees: Options.Env, and what Function Compute
// sets by its documentation where Env leaves it unset. FC_RUNTIME_API is always
// ours. Function Compute also sets ALIBABA_CLOUD_ACCESS_KEY_ID, …_SECRET and
// …_SECURITY_TOKEN, once for an instance that outlives them; this runtime
// leaves them out, so that a function which relies on them is found out.
func environment(o Options, api string) []string {
	env := []string{
		"FC_FUNC_CODE_PATH=" + filepath.Dir(o.Binary),
		"FC_ACCOUNT_ID=" + o.AccountID,
		"FC_FUNCTION_HANDLER=" + filepath.Base(o.Binary),
		"FC_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(o.MemoryMB),
		"FC_FUNCTION_NAME=" + o.FunctionName,
		"FC_REGION=" + o.Region,
		"FC_INSTANCE_ID=c-" + strings.ToLower(rand.Text()),
		"FC_FUNCTION_VERSION=LATEST",
	}
	// Of two values for one name os/exec takes the last.
	env = append(env, o.Env...)
	return append(env, "FC_RUNTIME_API="+api)
}
