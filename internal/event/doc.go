// Package event reads what sets a sweep off: the bytes that Function Compute
// hands to the function, or a file that stands in for them on the terminal.
//
// [Decode] turns a body into events, or says what is wrong with it, where, and
// what was expected. It is pure: no clock, no network. Whether an event is too
// old or from the future is the engine's business; [Event.HasTime] says
// whether the event named a time at all.
//
// These bodies are understood. An object is what the first matching row says:
//
//	an object with            kind        data                  time
//	alertName, alertState     alarm       the object            timestamp
//	specversion               cloudevent  its data              time
//	… and an alert as data,   alarm       the alert             time, else the alert's
//	or its body, or message
//	triggerTime, triggerName  timer       the object            triggerTime
//	alert.alertStatus         alarm       the object            time, else the alert's
//	kind: "manual"            manual      the object            time, if there is one
//	anything else             custom      the object            time, if there is one
//
// A form is an object of texts, and must be an alarm.
//
// Times are RFC 3339 with an offset, which may lack its colon (Log Service's
// page shows +0800), or with the Chinese zone by name. A time without a zone is
// refused: it could be hours old, or of tomorrow.
//
// An array holds several of them, as objects or as texts that hold objects (an
// event stream's form), but neither timers nor manual ones: a time trigger and
// a person send one event, and what arrives in batches comes from elsewhere.
//
// # A timer event
//
// triggerTime, triggerName and payload, all texts. Source: Function Compute's
// page "Trigger event format". The event's subject is the trigger's name.
//
// # A CloudEvent
//
// As EventBridge delivers it. specversion must be "1.0"; id, source and type
// must be there. Source: EventBridge's page "Event overview", CloudEvents 1.0.
// The event's data is the CloudEvent's data where that is an object, and empty
// where it is anything else; a rule reads event.data.action, not
// event.data.data.action. Attributes of EventBridge's own (aliyunregionid …)
// are not shown to rules; [Event.Encode] keeps them.
//
// # A CloudMonitor threshold alert
//
// JSON or a form, as CloudMonitor's page "Use the alert callback feature to
// send notifications about threshold-triggered alerts" records both. The
// event's id is transId, its type metricName, its source metricProject, its
// subject alertName. Fields stay as they came (a form's are all texts), but
// for dimensions, which is parsed where it is a text: JSON, or the form's own
// {instanceId=i-1, userId=12}. alertState is OK, ALERT or ALARM (both are
// documented), or INSUFFICIENT_DATA; an alert that ends is an alarm event too,
// so a rule asks for the state. timestamp is in seconds or in milliseconds:
// both are documented.
//
// How EventBridge wraps such an alert could not be confirmed. A CloudEvent
// whose data has alertName and alertState as texts is taken for one: kind
// alarm, the alert as data, and the CloudEvent's own id, type, source, subject
// and time. Any other form stays a cloudevent, whose data rules can read.
//
// An HTTP source of EventBridge's (type eventbridge:Events:HTTPEvent) has what was
// posted as its data's body, an object or a text; a queue's (mns:Queue:SendMessage)
// has it as its data's messageBody, a text or base64 of it. So an alert is found
// there, too: as JSON or as a form, and no deeper. A target that is handed the body
// alone may get it as a JSON text: a body that is a text is decoded once more.
//
// # A CloudMonitor event subscription
//
// What a subscription policy pushes, to a function directly, to a queue or to a
// webhook: an object whose alert has alertStatus, TRIGGERED or RESOLVED; or a form
// whose fields hold their objects as JSON. Sources: CloudMonitor's pages "Configure
// callbacks for system event-triggered alerts" and "Process alert notifications
// through Function Compute", and what people published of what they got. The
// event's id is alert.traceId, its type alert.eventName, its source alert.product,
// its subject strategyName, the subscription policy's name. Data is the object,
// with the fields that hold JSON as what they hold. time is in milliseconds.
//
// # A manual invocation
//
//	s invoke -e '{"kind":"manual"}'
//
// An empty body is refused: `s invoke` without -e and a console left blank
// send one by mistake. The console's default test event, an object of key1,
// key2 and key3, is a custom event.
//
// # A custom event
//
// Any other JSON object. id, type, source and subject are taken from it where
// they are texts. A time that can't be read is refused, not overlooked: an
// event without a time counts as one of now.
package event
