package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// Memory is what a process knows from sweep to sweep: which executions run,
// when to look again, and which stops were tried. Sweeps that share one share
// its limits; they run one after the other. It holds no credentials.
//
// A memory with a file outlives its process.
type Memory struct {
	mu    sync.Mutex // held by the sweep under way
	watch *watch.Watch
	file  *watch.File // nil: the memory ends with the process
	quota *cloudflow.Quota
	tick  time.Duration
	once  bool // one sweep, that nothing follows
	plans bool // it reads the file, and writes nothing

	flows      map[string]*policy.Flow // in scope, by key
	ids        map[string]string       // the name of the flow that has an Id; "" where several have
	questions  map[string]policy.Query // what is asked about each
	notCovered []result.FlowNote
	leftOut    map[string]*policy.Flow // counted with flows in scope, and not in scope, by key
	partial    bool                    // the flows' latest listing failed
	restored   bool                    // the file's flows were told
	asked      *policy.Scope           // that all flows were asked about
	streamed   map[string]*policy.Flow // all flows by key, as last listed for an event
	streamedAt time.Time
	giveWay    map[string]bool // flows that let others go first in the next sweep, by key
	doubts     error

	telling sync.Mutex     // of the two below; a sweep may be under way
	given   []watch.Warned // warnings that went out, not yet taken in
	offset  time.Duration  // of CloudFlow's clock from ours, by the latest sweep
}

// MemoryOptions is what NewMemory needs. The zero value is a memory without a
// file, for a tick of a minute.
type MemoryOptions struct {
	// File is where the memory is kept, in two slots; "" keeps it in the
	// process alone. What another account or region has left there is not
	// believed. Mount is the file system that it is on; nil is this machine's.
	File            string
	Mount           watch.Mount
	Account, Region string

	// Tick is the time between two sweeps; 1m when 0.
	Tick time.Duration

	// Quota is the one that the sweeps' source keeps to, whose levels are saved
	// and restored; nil: none.
	Quota *cloudflow.Quota

	// Urgent has the first sweep begin with some tokens where their levels are not
	// known, since an event doesn't wait.
	Urgent bool

	// Now is the time of loading; the zero time is now.
	Now time.Time
}

// NewMemory makes a memory, of what the file knows if there is one. It is
// always usable; the error says what of the file was not believed, and why.
func NewMemory(o MemoryOptions) (*Memory, error) {
	m := &Memory{quota: o.Quota, tick: cmp.Or(o.Tick, time.Minute), flows: map[string]*policy.Flow{}, ids: map[string]string{}, questions: map[string]policy.Query{}}
	options := watch.Options{Account: o.Account, Region: o.Region, Tick: m.tick}
	if o.Quota != nil {
		options.ListRate = o.Quota.Rates()[cloudflow.OpListExecutions].PerSecond
	}
	if o.File == "" {
		m.watch = watch.New(options)
		m.prime(o.Urgent)
		return m, nil
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	m.file = watch.NewFile(o.File)
	if o.Mount != nil {
		m.file = watch.NewFileOn(o.Mount, o.File)
	}
	m.watch, m.doubts = m.file.Load(options, o.Now)
	m.restoreLevels()
	m.prime(o.Urgent)
	return m, m.doubts
}

// primed is how many calls of each operation an event's sweep begins with, half of
// the burst that is documented, where nobody knows what is left of it.
const primed = 4

func (m *Memory) prime(urgent bool) {
	if urgent && m.quota != nil && len(m.watch.Buckets) == 0 {
		m.quota.Prime(primed)
	}
}

// Ledger is the file in which sweeps that have no Memory count the stops that they
// try, of one account and region.
type Ledger struct {
	File            string
	Account, Region string
}

// oneShot is the memory of a sweep that nothing follows: nil, or the ledger, is all
// that it has.
func oneShot(l *Ledger, now time.Time) *Memory {
	m := &Memory{
		watch: watch.New(watch.Options{OneShot: true}), tick: time.Minute, once: true,
		flows: map[string]*policy.Flow{}, ids: map[string]string{}, questions: map[string]policy.Query{},
	}
	if l != nil {
		m.file = watch.NewFile(l.File)
		m.watch, m.doubts = m.file.Load(watch.Options{OneShot: true, Account: l.Account, Region: l.Region}, now)
	}
	return m
}

// kind is what the report calls the ledger.
func (m *Memory) kind() string {
	if m.file != nil {
		return "file"
	}
	return "memory"
}

// save writes the file, if there is one; a ledger alone only to mend it.
func (m *Memory) save(now time.Time) error {
	if m.file == nil || m.plans || m.once && (m.doubts == nil || m.foreign()) {
		return nil
	}
	m.saveLevels()
	return m.hinted(m.file.Save(m.watch, now))
}

// claim counts stops that are about to be tried, in the file if there is one, and
// learns what other processes have counted. After an error they must not be tried.
func (m *Memory) claim(tries []watch.Try, now time.Time) error {
	if m.file == nil || m.plans {
		m.watch.Ledger.Add(tries...)
		return nil
	}
	if m.once && m.foreign() {
		return m.hinted(m.doubts)
	}
	m.saveLevels()
	return m.hinted(m.file.Claim(m.watch, now, tries...))
}

// foreign says that what was named as a ledger is another account's, or a function's
// state: it is left alone.
func (m *Memory) foreign() bool { return errors.Is(m.doubts, watch.ErrForeign) }

func (m *Memory) hinted(err error) error {
	if err == nil {
		return nil
	}
	if m.once {
		return fmt.Errorf("%w; name another ledger with --ledger FILE, or none with --ledger none", err)
	}
	return fmt.Errorf("%w; FLOWREAPER_STATE must name a file in a folder that exists and can be written", err)
}

// refresh takes in what another process wrote since: events that it accepted, and
// which of them it works on. What can't be read now, saving fails on.
func (m *Memory) refresh(now time.Time) {
	if m.file != nil {
		_ = m.file.Refresh(m.watch, now)
	}
}

// doubted are the executions of which a stop was tried lately.
func (m *Memory) doubted(now time.Time) map[judge.Key]bool {
	all := map[judge.Key]bool{}
	for _, t := range m.watch.Lately(now) {
		all[judge.Key{Flow: t.Flow, Execution: t.Execution}] = true
	}
	return all
}

func (m *Memory) restoreLevels() {
	if m.quota == nil || len(m.watch.Buckets) == 0 {
		return
	}
	levels := map[string]cloudflow.Level{}
	for operation, b := range m.watch.Buckets {
		levels[operation] = cloudflow.Level{Tokens: b.Tokens, At: b.At}
	}
	m.quota.Restore(levels)
}

func (m *Memory) saveLevels() {
	if m.quota == nil {
		return
	}
	buckets, rates := watch.Buckets{}, m.quota.Rates()
	for operation, level := range m.quota.Levels() {
		buckets[operation] = watch.Bucket{Tokens: level.Tokens, Rate: rates[operation].PerSecond, At: level.At}
	}
	if m.watch.Buckets == nil {
		m.watch.Buckets = watch.Buckets{}
	}
	maps.Copy(m.watch.Buckets, buckets)
}

// lost says why stops tried by earlier processes may not be counted, in a window
// that began then; "" when they all are. The loss may have been another
// process's to find.
func (m *Memory) lost(from time.Time) string {
	switch since := m.watch.Ledger.KnownSince(); {
	case !since.After(from):
		return ""
	case errors.Is(m.doubts, watch.ErrLost):
		return strings.ReplaceAll(m.doubts.Error(), "\n", "; ")
	default:
		return fmt.Sprintf("%v, but only since %s", watch.ErrLost, since.Format(time.RFC3339))
	}
}

// keepStreamed keeps all flows, as they were listed for an event.
func (m *Memory) keepStreamed(flows []*policy.Flow, now time.Time) {
	m.streamed, m.streamedAt = map[string]*policy.Flow{}, now
	for _, flow := range flows {
		m.streamed[judge.FlowKey(flow)] = flow
	}
}
