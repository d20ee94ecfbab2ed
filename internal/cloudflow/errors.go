package cloudflow

// Class says what to do about an error.
type Class int

const (
	Retry     Class = iota // throttled, a conflict, a server or network fault: try again, later
	Tolerated              // the goal is reached: already completed, or gone
	Item                   // this item fails; the others go on
	Operation              // this flow or operation fails, loudly; the rest goes on
	Fatal                  // nothing can work: the whole sweep ends
)

// Error is the error of every call, after its retries.
type Error struct {
	Operation  string // such as StopExecution
	Code       string // the API's code, such as ExecutionAlreadyCompleted; "" when no answer came
	Message    string
	HTTPStatus int // 0 when no answer came
	RequestID  string
	Class      Class
	MaybeDone  bool  // an attempt may have reached the server, its answer lost
	Err        error // the network's or decoder's error beneath, if any
}

func (e *Error) Error() string { panic("unwritten") }

// Unwrap returns the error beneath.
func (e *Error) Unwrap() error { return e.Err }
