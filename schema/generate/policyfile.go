package main

import (
	"github.com/invopop/jsonschema"

	"github.com/flowreaper/flowreaper/policy"
)

// These types are the form of a policy file, for its schema alone: package
// policy reads the file by hand, to say of each mistake where it is. Their
// comments are the descriptions that editors show, so they speak to the person
// who writes a policy. A test holds their keys and the reader's equal.

// A policy: rules that say which workflow executions are stopped.
type policyFile struct {
	// The version of the policy language: 1.
	Version version `yaml:"version"`
	// The policy's name, for reports. Default: policy.
	Policy name `yaml:"policy,omitempty"`
	// A policy beside this one whose rules and all else this one adds to, such as base.yaml. protect only grows, limits only tighten, mode only softens.
	Extends string `yaml:"extends,omitempty" jsonschema:"minLength=1"`
	// What happens to what the rules condemn. plan (the default): it is reported. enforce: it is stopped.
	Mode mode `yaml:"mode,omitempty"`
	// Constants for conditions and causes, such as {etl_limit: 2h}: vars.etl_limit. A text that reads as a duration is one.
	Vars vars `yaml:"vars,omitempty"`
	// Lists of days by their names, for a window's except and also.
	Calendars calendars `yaml:"calendars,omitempty"`
	// What is never stopped, whatever a rule says: flows OR when.
	Protect protection `yaml:"protect,omitempty"`
	// How much sweeps may stop. Where more is condemned all of it is withheld, and the run fails.
	Limits limits `yaml:"limits,omitempty"`
	// What executions cost, for maxCost and execution.cost.
	Pricing pricing `yaml:"pricing,omitempty"`
	// Where people hear what the function's sweeps did: at most 20 channels.
	Notify []channel `yaml:"notify,omitempty" jsonschema:"minItems=1,maxItems=20"`
	// The rules. Any may condemn; the first that condemns and enforces speaks.
	Rules []rule `yaml:"rules,omitempty" jsonschema:"minItems=1"`
}

// JSONSchemaExtend asks for rules, its own or those of a base.
func (policyFile) JSONSchemaExtend(s *jsonschema.Schema) { anyOf(s, "rules", "extends") }

// What is never stopped.
type protection struct {
	// Flows that are protected: globs of their names. The last match wins, ! excludes.
	Flows globs `yaml:"flows,omitempty"`
	// A time of some days in which nothing is stopped, or a list of them.
	Window windows `yaml:"window,omitempty"`
	// A condition that protects. An error protects, too.
	When condition `yaml:"when,omitempty"`
}

// JSONSchemaExtend asks for one of them.
func (protection) JSONSchemaExtend(s *jsonschema.Schema) { anyOf(s, "flows", "window", "when") }

// How much sweeps may stop.
type limits struct {
	// The most stops in any time of per. Default: 100.
	MaxStops int `yaml:"maxStops,omitempty" jsonschema:"minimum=0"`
	// The time that maxStops counts in. Default: 1h.
	Per duration `yaml:"per,omitempty"`
	// The largest share of the live executions that one sweep may condemn, such as 50% (the default).
	MaxShare share `yaml:"maxShare,omitempty"`
	// So many may be stopped, whatever their share. Default: 10.
	Floor int `yaml:"floor,omitempty" jsonschema:"minimum=0"`
	// What happens when more is condemned. withhold (the default): nothing is stopped. trickle: the most overdue are, as many as the limits allow, and the rest is withheld.
	Over string `yaml:"over,omitempty" jsonschema:"enum=withhold,enum=trickle"`
}

// What executions cost.
type pricing struct {
	// The currency, such as CNY; for people.
	Currency string `yaml:"currency,omitempty"`
	// The price of a step transition. Rules that read a cost then read histories, 1 to 6 calls an execution.
	PerTransition amount `yaml:"perTransition,omitempty"`
	// Prices of a minute's run. The last whose flows match wins.
	PerMinute []minutePrice `yaml:"perMinute,omitempty" jsonschema:"minItems=1"`
}

// JSONSchemaExtend asks for one of the two prices.
func (pricing) JSONSchemaExtend(s *jsonschema.Schema) { anyOf(s, "perTransition", "perMinute") }

// The price of a minute of some flows.
type minutePrice struct {
	// The flows: globs of their names. Default: all.
	Flows globs `yaml:"flows,omitempty"`
	// The price of a minute.
	Price amount `yaml:"price"`
}

// Where people hear what a sweep did: one message a sweep. Secrets are in the environment, never here.
type channel struct {
	// The channel's name, unique: lower-case letters, digits and -. A rule's notify names it.
	Name ruleName `yaml:"name"`
	// webhook: a message as JSON. dingtalk, feishu (Lark, too), wecom: a robot in a group there. slack: an incoming webhook of Slack's.
	Kind policy.ChannelKind `yaml:"kind"`
	// The URL, https, if there is no secret in it; else urlEnv.
	URL string `yaml:"url,omitempty" jsonschema:"pattern=^https?://"`
	// The environment variable that holds the URL, such as ONCALL_URL.
	URLEnv variable `yaml:"urlEnv,omitempty"`
	// The environment variable that holds the secret with which messages are signed. Default: they aren't. wecom and slack sign nothing.
	SecretEnv variable `yaml:"secretEnv,omitempty"`
	// What the channel hears of. Default: all but planned, which is what a rule in mode plan would have stopped.
	On news `yaml:"on,omitempty"`
	// Whom a robot's messages mention, of what: {withheld: [all], failed: ["13800000000"]}. A list is of withheld and failed.
	// dingtalk, wecom: mobile numbers and members' IDs. feishu: open_ids and user_ids. slack: IDs of members and user groups, here. all: everybody.
	At mentions `yaml:"at,omitempty"`
	// The message's language. Default: en.
	Language string `yaml:"language,omitempty" jsonschema:"enum=en,enum=zh"`
	// The time zone of the times in its messages, such as Asia/Shanghai. Default: UTC.
	TimeZone string `yaml:"timeZone,omitempty"`
	// A text of your own in the place of the language's, as a Go text/template, such as {{.Policy}}: {{.Stopped.Count}} stopped.
	Template string `yaml:"template,omitempty" jsonschema:"minLength=1"`
	// A webhook's whole body in the place of flowreaper's: JSON, or the same as YAML, with ${title}, ${text}, ${stopped.count} and the like in it.
	Body body `yaml:"body,omitempty"`
}

// JSONSchemaExtend asks for one place of the URL.
func (channel) JSONSchemaExtend(s *jsonschema.Schema) {
	for _, key := range []string{"url", "urlEnv"} {
		s.OneOf = append(s.OneOf, &jsonschema.Schema{Required: []string{key}})
	}
}

// A rule. It condemns where all its conditions hold.
type rule struct {
	// The rule's name, unique in the policy: lower-case letters, digits and -.
	Name ruleName `yaml:"name"`
	// What the rule is for, in words.
	Description string `yaml:"description,omitempty"`
	// The flows: globs of their names, case-sensitive. The last match wins, ! excludes, and a list that begins with ! begins from all. Default: all.
	Flows globs `yaml:"flows,omitempty"`
	// The longest that an execution may run: a duration such as 2h30m, or vars.NAME.
	MaxRuntime limit `yaml:"maxRuntime,omitempty"`
	// A time of the day by which the execution must have ended, however long it has run.
	EndBy endBy `yaml:"endBy,omitempty"`
	// A condition in expr, such as execution.input.priority == "low" and execution.age > duration("2h").
	When condition `yaml:"when,omitempty"`
	// How long before the stop the rule's channels are warned, such as 30m. What no channel has heard of is not stopped.
	WarnBefore duration `yaml:"warnBefore,omitempty"`
	// When the rule judges: a window, or a list of which one must be open.
	Window windows `yaml:"window,omitempty"`
	// What the rule judges on. Default: timer and manual.
	On triggers `yaml:"on,omitempty"`
	// plan softens the policy's enforce for this rule; nothing hardens it.
	Mode mode `yaml:"mode,omitempty"`
	// The most that an execution may cost, in the currency of pricing, which it needs.
	MaxCost amount `yaml:"maxCost,omitempty"`
	// The most live executions of one flow, or of what countBy says. The surplus is condemned.
	MaxConcurrent int `yaml:"maxConcurrent,omitempty" jsonschema:"minimum=1"`
	// What maxConcurrent counts: flow (the default) is each flow by itself, rule all flows of the rule together, anything else an expression over flow, execution.name and execution.input, such as execution.input.customer: what has the same value is counted together.
	CountBy string `yaml:"countBy,omitempty" jsonschema:"minLength=1"`
	// Which executions are stopped first. Default: of a surplus and on events the newest, else the most overdue.
	StopFirst string `yaml:"stopFirst,omitempty" jsonschema:"enum=newest,enum=oldest"`
	// count: the children of a distributed Map count as executions of the flow. Needed with maxConcurrent on such flows.
	MapChildren string `yaml:"mapChildren,omitempty" jsonschema:"enum=count"`
	// The error that the execution is stopped with. Default: FlowReaper.<name>.
	Error string `yaml:"error,omitempty" jsonschema:"minLength=1,maxLength=128"`
	// The cause that the execution is stopped with, with expressions in ${…}. Default: the explanation.
	Cause string `yaml:"cause,omitempty" jsonschema:"minLength=1"`
	// none lifts the policy's limits. Only for a rule with on: [event].
	Limits string `yaml:"limits,omitempty" jsonschema:"enum=none"`
	// How long an accepted event stays in force, for a rule on events. Default: 30m.
	For duration `yaml:"for,omitempty"`
	// The channels that hear of the rule's executions, by their names. Default: all. []: none.
	Notify channelNames `yaml:"notify,omitempty"`
}

// JSONSchemaExtend says which keys need others.
func (rule) JSONSchemaExtend(s *jsonschema.Schema) {
	anyOf(s, "flows", "maxRuntime", "endBy", "when", "window", "on", "maxCost", "maxConcurrent")
	event := &jsonschema.Schema{Enum: []any{"event"}}
	only, some := on(&jsonschema.Schema{Type: "array", Items: event}, event), on(&jsonschema.Schema{Type: "array", Contains: event}, event)
	s.AllOf = []*jsonschema.Schema{
		needs("countBy", &jsonschema.Schema{Required: []string{"maxConcurrent"}}),
		needs("mapChildren", &jsonschema.Schema{Required: []string{"maxConcurrent"}}),
		needs("limits", only),
		needs("for", some),
	}
}

// A list of days.
type calendar struct {
	// Days and ranges of days: 2027-01-01, or 2027-02-15..2027-02-23.
	Days dates `yaml:"days,omitempty"`
	// An iCalendar file beside the policy, whose all-day events give days, too: holidays.ics.
	File fileName `yaml:"file,omitempty"`
}

// JSONSchemaExtend asks for days or a file.
func (calendar) JSONSchemaExtend(s *jsonschema.Schema) {
	anyOf(s, "days", "file")
}

// The moments by which an execution must have ended: it is condemned from the first after its start on.
type endBy struct {
	// The time of the day: 08:00.
	Time string `yaml:"time" jsonschema:"pattern=^([01][0-9]|2[0-3]):[0-5][0-9]$"`
	// The IANA name of the time zone, such as Asia/Shanghai. Default: UTC.
	TimeZone string `yaml:"timeZone,omitempty"`
	// Names and ranges of days, comma-separated: Mon-Fri, or Sat,Sun. Default: every day.
	Days string `yaml:"days,omitempty"`
	// Days of the month from 1 to 31, last and last-2, and ranges, comma-separated. Default: every day.
	MonthDays monthDays `yaml:"monthDays,omitempty"`
	// Calendars whose days are left out, by their names.
	Except calendarNames `yaml:"except,omitempty"`
	// Calendars whose days count too, by their names.
	Also calendarNames `yaml:"also,omitempty"`
}

// A time of some days.
type window struct {
	// Names and ranges of days, comma-separated: Mon-Fri, or Sat,Sun. Default: every day.
	Days string `yaml:"days,omitempty"`
	// Days of the month from 1 to 31, last and last-2 (two days before the last), and ranges, comma-separated: 4..27, or last-2..last, 1..3. Default: every day.
	MonthDays monthDays `yaml:"monthDays,omitempty"`
	// From and to, exclusive: 09:00-18:00. 22:00-06:00 belongs to the day on which it opens. Default: the whole day.
	Hours string `yaml:"hours,omitempty" jsonschema:"pattern=^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"`
	// Calendars whose days are left out, by their names.
	Except calendarNames `yaml:"except,omitempty"`
	// Calendars whose days count too, by their names, whatever the other keys say.
	Also calendarNames `yaml:"also,omitempty"`
	// The IANA name of the time zone, such as Asia/Shanghai. Default: UTC.
	TimeZone string `yaml:"timeZone,omitempty"`
}

// JSONSchemaExtend asks for days or hours.
func (window) JSONSchemaExtend(s *jsonschema.Schema) {
	anyOf(s, "days", "monthDays", "hours", "except", "also")
}
