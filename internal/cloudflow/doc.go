// Package cloudflow speaks the CloudFlow API (fnf, version 2019-03-15), and is
// the only package that does.
//
// Make a [Client] with [New] for one sweep, with the credentials of that
// sweep; call the operations by their names; [Client.Close] it. Listings are
// iterators over pages: an error ends them, and what came before it is not the
// whole answer. Every error of a call is an [*Error] with a [Class] that says
// what to do about it; calls have been retried before it is returned.
//
//	client, err := cloudflow.New(cloudflow.Options{Region: …, Credentials: …, Quota: quota})
//	defer client.Close()
//	for page, err := range client.ListExecutions(ctx, cloudflow.ExecutionQuery{FlowName: "etl-nightly", Status: "Running"}) {
//		if err != nil { … }
//		for _, execution := range page.Items { … }
//	}
//
// What outlives a sweep holds no credentials: a [Quota] knows how many calls
// the account has left and is kept from sweep to sweep, and so may be an
// [HTTPClient] with its open connections.
//
// One call goes, top down: operations.go names the parameters, retry.go tries
// and waits, quota.go waits for a token, send.go sends and tells the kinds of
// failure apart, decode.go reads the answer while it arrives.
//
// # Why not the generated SDK
//
// The official SDK, github.com/alibabacloud-go/fnf-20190315, is generated code
// of a few lines an operation over darabonba-openapi's CallApiWithCtx. This
// client stands on what that calls for fnf, with the same parameters and the
// same signature on the wire, because the module proxy that it was built with
// could not serve the generated module, and because the generated code decodes
// every answer through maps, definitions and outputs included. To swap it in:
// embed its client in [Client] in place of the openapi one, made from the same
// configuration (see newTransport in send.go: HttpClient is the seam that
// everything else hangs on), and let Client.send fill its request structs
// instead of a map of parameters.
//
// The SDK has a debugging aid of its own: with DEBUG=dara in the environment
// it prints every request to stdout, security tokens included. That is decided
// before any of our code runs, so New refuses to work then: see [CheckDebug].
package cloudflow
