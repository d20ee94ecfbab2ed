package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/flowreaper/flowreaper/internal/strictjson"
)

// version is of history.json and of the columns.
const version = 1

var form = strictjson.Form{
	Kind: fmt.Sprintf("history of version %d", version), Version: version,
	Remedy: "use the flowreaper that wrote it, or record into a new folder",
}

// CoverageFile tells what is covered.
const CoverageFile = "history.json"

// Coverage is what a history knows of, as history.json says it.
type Coverage struct {
	Version    int            `json:"version"`           // 1
	Account    string         `json:"account,omitzero"`  // its id; "" where nobody could tell
	Region     string         `json:"region,omitzero"`   // "" where nobody could tell
	Endpoint   string         `json:"endpoint,omitzero"` // that answered last
	Recordings []Recording    `json:"recordings"`        // what was recorded when, the last one last
	Flows      []FlowCoverage `json:"flows"`             // by id
}

// End is when it was recorded last; the zero time where it doesn't tell.
func (c *Coverage) End() (end time.Time) {
	for _, r := range c.Recordings {
		for _, at := range []time.Time{r.StartedAt, r.FinishedAt} {
			if at.After(end) {
				end = at
			}
		}
	}
	return end
}

// Recording is one run of flowreaper record.
type Recording struct {
	Flowreaper string    `json:"flowreaper"` // its version
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt,omitzero"` // the zero time: it was killed, or still goes on
	Complete   bool      `json:"complete"`            // all that it was to record came
	Since      time.Time `json:"since"`               // how far back it was to look
	Flows      []string  `json:"flows,omitempty"`     // the globs that it was narrowed to
	WithInput  bool      `json:"withInput,omitzero"`
	Redact     []string  `json:"redact,omitempty"` // the globs of the keys whose values were blanked
	Pages      int       `json:"pages"`            // that it listed
	Rows       int       `json:"rows"`             // that it wrote
}

// FlowCoverage is what of one flow is known: all executions that started from From
// to before To, but for those in Gaps, and for those that CloudFlow had forgotten
// when it was asked, of which nobody knows.
type FlowCoverage struct {
	ID   string    `json:"id"` // "name:" and the name of a flow that CloudFlow gave no Id of
	Name string    `json:"name"`
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`

	Pages int   `json:"pages"` // that were listed for it, all recordings together
	Rows  int   `json:"rows"`  // that they brought
	Gaps  []Gap `json:"gaps,omitempty"`

	// Lost is how many executions were live when they were seen last, and were not
	// there any more when they were asked for again: how they ended nobody knows.
	Lost int `json:"lost,omitzero"`
	// GoneAt is when the flow itself was not there any more.
	GoneAt time.Time `json:"goneAt,omitzero"`
	// Oldest is the earliest startedTime that CloudFlow still had when From was
	// recorded; the zero time: none. From may lie before all that it keeps.
	Oldest time.Time `json:"oldest,omitzero"`

	// What rules may read of the flow, as it was at the last recording.
	Description      string            `json:"description,omitzero"`
	ExecutionMode    string            `json:"executionMode,omitzero"` // "" is Standard
	RoleARN          string            `json:"roleArn,omitzero"`
	CreatedTime      time.Time         `json:"createdTime,omitzero"`
	LastModifiedTime time.Time         `json:"lastModifiedTime,omitzero"`
	ResourceGroupID  string            `json:"resourceGroupId,omitzero"`
	Environment      map[string]string `json:"environment,omitempty"`
	EnvironmentDoubt string            `json:"environmentDoubt,omitzero"` // why Environment can't be relied on
	DistributedMap   bool              `json:"distributedMap,omitzero"`
	Absent           []string          `json:"absent,omitempty"` // fields that nothing is known of, in the API's words
}

// Express says of a flow, as far as anything is known of it, that nothing of it is ever
// stopped.
func (c *FlowCoverage) Express() bool { return c != nil && c.ExecutionMode == "Express" }

// Gap is a stretch of startedTimes in which executions may be missing.
type Gap struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// Flow is what is known of a flow; nil where nothing is.
func (c *Coverage) Flow(id string) *FlowCoverage {
	i, ok := c.find(id)
	if !ok {
		return nil
	}
	return &c.Flows[i]
}

func (c *Coverage) find(id string) (int, bool) {
	return slices.BinarySearchFunc(c.Flows, id, func(f FlowCoverage, id string) int { return strings.Compare(f.ID, id) })
}

// Put sets what is known of a flow.
func (c *Coverage) Put(f FlowCoverage) {
	i, ok := c.find(f.ID)
	if ok {
		c.Flows[i] = f
		return
	}
	c.Flows = slices.Insert(c.Flows, i, f)
}

// ErrNone is wrapped by the error of a folder that is not there, or empty.
var ErrNone = errors.New("there is no history")

// ReadCoverage reads history.json. Its error wraps ErrNone where a new history may
// be begun in dir.
func ReadCoverage(dir string) (*Coverage, error) {
	text, err := os.ReadFile(filepath.Join(dir, CoverageFile))
	if err != nil {
		return nil, notThere(dir, err)
	}
	c, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not what flowreaper record writes: %w", filepath.Join(dir, CoverageFile), err)
	}
	return c, nil
}

// notThere says of a folder without a readable history.json what it is instead.
func notThere(dir string, err error) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is no history, but a file\n%s", dir, nameOne)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the history can't be read: %w", err)
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: there is no folder %s; flowreaper record --out %s makes one", ErrNone, dir, dir)
	case err != nil:
		return fmt.Errorf("the history can't be read: %w", err)
	case onlyLeftovers(entries):
		return fmt.Errorf("%w: the folder %s is empty; flowreaper record --out %s fills it", ErrNone, dir, dir)
	}
	return fmt.Errorf("%s is no history: it has no %s, but %s\n%s", dir, CoverageFile, named(entries), nameOne)
}

const nameOne = "Name the folder that flowreaper record wrote, or one that isn't there yet to record into"

// onlyLeftovers says that nothing is there but what a killed recording left behind.
func onlyLeftovers(entries []fs.DirEntry) bool {
	return !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !leftover(e.Name()) })
}

func named(entries []fs.DirEntry) string {
	const most = 3
	var names []string
	for _, e := range entries[:min(most, len(entries))] {
		names = append(names, fmt.Sprintf("%q", e.Name()))
	}
	if len(entries) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

func decode(text []byte) (*Coverage, error) {
	c := &Coverage{}
	if err := strictjson.Read(text, c, form); err != nil {
		return nil, err
	}
	return c, c.check()
}

// check says what can't be of an account.
func (c *Coverage) check() error {
	for i := range c.Flows {
		f := &c.Flows[i]
		switch {
		case f.ID == "" || f.Name == "":
			return fmt.Errorf("its /flows/%d has no id, or no name", i)
		case i > 0 && c.Flows[i-1].ID >= f.ID:
			return fmt.Errorf("its /flows/%d is there twice, or out of order: %q after %q", i, f.ID, c.Flows[i-1].ID)
		case f.To.Before(f.From):
			return fmt.Errorf("its /flows/%d ends before it begins: from %s to %s", i, f.From.Format(time.RFC3339), f.To.Format(time.RFC3339))
		}
	}
	return nil
}

// Save writes history.json, whole or not at all.
func (c *Coverage) Save(dir string) error {
	c.Version = version
	text, err := json.Marshal(c, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("the history can't be written: %w", err)
	}
	return WriteFile(filepath.Join(dir, CoverageFile), append(text, '\n'))
}
