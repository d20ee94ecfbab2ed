// Package schema holds the JSON Schemas of the files that people write, with
// which editors complete and check them, and of the reports and audits that programs read:
//
//	# yaml-language-server: $schema=./policy.schema.json
//
// They are generated from Go types by the command beside it. What a schema
// accepts may still be refused: conditions are compiled by package policy alone.
package schema

import _ "embed" // the schemas

//go:generate go run ./generate

// Policy is the schema of policy files.
//
//go:embed policy.schema.json
var Policy string

// PolicyTest is the schema of files of policy tests.
//
//go:embed policytest.schema.json
var PolicyTest string

// Fleet is the schema of the files of fleets.
//
//go:embed fleet.schema.json
var Fleet string

// Report is the schema of the report of a sweep.
//
//go:embed report.schema.json
var Report string

// Audit is the schema of what flowreaper audit found.
//
//go:embed audit.schema.json
var Audit string
