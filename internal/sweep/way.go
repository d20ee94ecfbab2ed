package sweep

import "github.com/flowreaper/flowreaper/internal/cloudflow"

// A list that has no end, or whose end no sweep gets to, would be the first to be
// read in every sweep for as long as an event that is about it is in force, and
// nothing else would ever be looked at. So what an event's looks began and did not
// get to the end of, though half of the quota went there, gives way in the next
// sweep: to what else the event is about, and to the looks that are due on a timer.
// In the one after that it has its turn again.

// givesWay says that others are looked at before this survey's flow.
func (s *sweep) givesWay(v *survey) bool { return s.memory.giveWay[keyOf(v.flow)] }

// giveWay are the flows that give way in the next sweep.
func (s *sweep) giveWay() map[string]bool {
	begun, pages := map[string]bool{}, 0
	for _, e := range s.inForce {
		for _, v := range e.pending() {
			if v.read > 0 && !s.givesWay(v) {
				begun[keyOf(v.flow)] = true
				pages += v.read
			}
		}
	}
	if quota := s.rate(cloudflow.OpListExecutions) * s.Now().Sub(s.started).Seconds(); 2*float64(pages) < quota {
		return nil
	}
	return begun
}
