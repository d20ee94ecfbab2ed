// Package policytest tests policies: a file of cases, each with a fixed now, an
// event, flows and executions, and what is wanted of the policy.
//
//	file, err := policytest.Parse("policy_test.yaml", text)   // policy.Errors: every mistake, with its place
//	var suite policytest.Suite
//	err := suite.Run(file, os.ReadFile)                       // reads and compiles file.PolicyPath()
//	report := suite.Report(true)                              // with coverage
//	report.Text(os.Stdout)                                    // or report.JUnit, or encoding/json
//
// An execution with nothing wanted of it must be kept: a rule that condemns
// what nobody expected fails the test. So does a rule that could not be
// evaluated. What the sweep adds to a verdict (limits, the clock, verifying) is
// not tested here.
package policytest
