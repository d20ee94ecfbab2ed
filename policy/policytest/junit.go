package policytest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// The elements of JUnit's XML, as far as CI systems read it.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the report as the XML that CI systems read: a suite a file, and
// one for the rules that no case exercises.
func (r *Report) JUnit(w io.Writer) error {
	all := junitSuites{}
	for _, f := range r.Files {
		all.add(f.junit())
	}
	if len(r.Missed) > 0 {
		all.add(missedJUnit(r.Missed))
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func (s *junitSuites) add(suite junitSuite) {
	suite.Tests = len(suite.Cases)
	for _, c := range suite.Cases {
		if c.Failure != nil {
			suite.Failures++
		}
	}
	s.Suites = append(s.Suites, suite)
	s.Tests += suite.Tests
	s.Failures += suite.Failures
}

func (f FileReport) junit() junitSuite {
	suite := junitSuite{Name: f.File}
	for _, c := range f.Cases {
		one := junitCase{Name: c.Name, Class: f.Policy, File: f.File, Line: c.Line}
		if !c.Passed {
			var texts []string
			for _, failure := range c.Failures {
				texts = append(texts, failure.text(f.File))
			}
			first := c.Failures[0]
			d := first.Differences[0]
			one.Failure = &junitFailure{
				Message: fmt.Sprintf("%s/%s: %s: want %s, got %s", first.Flow, first.Execution, d.What, d.Want, d.Got),
				Text:    strings.Join(texts, "\n"),
			}
		}
		suite.Cases = append(suite.Cases, one)
	}
	return suite
}

func missedJUnit(missed []MissedRule) junitSuite {
	suite := junitSuite{Name: "coverage"}
	for _, m := range missed {
		suite.Cases = append(suite.Cases, junitCase{
			Name: m.Rule, Class: m.Policy, File: m.Policy, Line: m.Line, Failure: &junitFailure{Message: m.String()},
		})
	}
	return suite
}
