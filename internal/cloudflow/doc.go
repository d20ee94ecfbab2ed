// Package cloudflow speaks the CloudFlow API (fnf, version 2019-03-15), and is
// the only package that does.
//
// Make a [Client] with [New] for one sweep, with the credentials of that
// sweep; call the operations by their names. Listings are iterators over
// pages: an error ends them, and what came before it is not the whole answer.
// Every error is an [*Error] with a [Class] that says what to do about it.
//
//	client, err := cloudflow.New(cloudflow.Options{Endpoint: …, Credentials: …})
//	for page, err := range client.ListExecutions(ctx, cloudflow.ExecutionQuery{FlowName: "etl-nightly", Status: "Running"}) {
//		if err != nil { … }
//		for _, execution := range page.Items { … }
//	}
package cloudflow
