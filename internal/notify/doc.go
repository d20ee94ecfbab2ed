// Package notify tells people what a sweep did: one message a sweep and
// channel, to a webhook, or to a robot of DingTalk, Feishu, WeCom or Slack.
//
// Make a [Notifier] of the policy with [For]; call [Notifier.Send] with the
// sweep's report when its stops are over. A channel
// that is down costs at most [Options.Timeout], and fails nothing: Send returns
// its error for the log.
//
//	notify:
//	  - name: oncall                    # unique; what a rule's notify: names
//	    kind: dingtalk                  # dingtalk | feishu | wecom | slack | webhook
//	    urlEnv: ONCALL_URL              # the environment variable that holds the URL
//	    secretEnv: ONCALL_SECRET        # and the one that holds the secret, if messages are signed
//	    on: [stopped, withheld]         # default: stopped, withheld, failed, undecided, warned; planned, too
//	    at: {withheld: [all]}           # whom a robot mentions, of what; a list: of withheld and failed
//	    language: zh                    # en (the default) | zh
//	    timeZone: Asia/Shanghai         # of the times in its messages; default: UTC
//	  - name: audit
//	    kind: webhook
//	    url: https://audit.example.com/flowreaper    # a URL without a secret in it may stand here
//	    template: "{{.Policy}}: {{.Stopped.Count}} stopped"
//
// Package policy reads and checks the list; [Check] tries the templates. A rule
// may name the channels that hear of its executions with a notify of its own; a
// rule without one is heard of in all. That the limits withheld a sweep's stops concerns
// every rule, so every channel that is on: withheld hears of it.
//
// # What is told
//
// stopped: executions that were stopped. withheld: a limit was exceeded, and
// nothing was stopped. failed: a stop was refused or has not taken effect, or
// the sweep met errors. undecided: a rule could not be evaluated. warned: what will be stopped by a rule with
// warnBefore; Options.Warned hears which of it a message named that a channel took, since what
// none did is not stopped. planned: a rule in mode
// plan would have stopped it, which only a channel hears of that names it. A sweep of
// which none is true sends nothing.
//
// Sweeps come every minute, and what is wrong is wrong in each. So what lasts is
// told when it begins, and then hourly: the withholding, each failure, each
// undecided execution, each code of errors. That it has ended is told by
// silence. The memory of what was told is the Notifier's, and ends with its
// process: after a cold start something may be told once more. What a channel
// could not be told, it is told by the next sweep that still finds it. What was stopped, or planned, is told once
// an execution: a report has it once, so what could not be told of it waits here, the latest 1,000;
// but what is refused again, by the far end or by the channel's own template, while what is new alone is
// taken, waits no longer: it would silence the channel.
//
// # A webhook
//
// POSTs a [Message] as JSON. With a secret it adds two headers:
//
//	X-Flowreaper-Timestamp: 1785632400          seconds since 1970
//	X-Flowreaper-Signature: v1=<hex>            HMAC-SHA256(secret, timestamp + "." + body)
//
// Any 2xx answer is a success. With a body of one's own (body.go) what is sent is that, with fields of the
// Message filled in.
//
// # Robots
//
// Are sent what their vendors document. A file a vendor says where: what its robots take, what
// signs it, how long it may be, how many are taken, and what is refused. A message that would be
// longer names fewer executions. There is one a sweep, which is fewer than any vendor allows. All but Slack refuse with HTTP 200 and a code, so the code is read; what is
// refused is said with the next step. DingTalk and Feishu robots that are secured by
// keywords let these messages pass with the keyword flowreaper.
//
// A robot mentions those of at, of what they are to wake for alone: of what lasts hourly, as it is
// told. They stand at the end, and are never cut.
//
// # What may not happen
//
// Secrets come from the environment only, and appear in no error: a robot's
// URL is one. Messages go over TLS, unless
// to this machine, and to no other place than the URL's: redirects are not
// followed. Names, inputs and errors that come from the cloud can't make
// links, mentions or formatting out of a message.
package notify
